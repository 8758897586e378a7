/**
 * Whether a fault meets anything: the scenario runs with it and without it, unrecorded, and what the two would have recorded is compared.
 * A fault that changes nothing would be a healthy recording that says to be broken.
 */
import { FaultError } from "./world/fault-catalogue";
import { LiveSimulation } from "./live-simulation";
import type { FaultSpec } from "./scenario/fault-schema";
import type { Scenario } from "./scenario/schema";

/** Of a run that goes on; faults of its beginning are recorded while it is built. */
interface Recorded {
  packets: number;
  /** FNV-1a of what was recorded, and a sum beside it. */
  hash: number;
  sum: number;
}

interface Rehearsal {
  readonly live: LiveSimulation;
  readonly recorded: Recorded;
}

const STEP_NS = 1e9;

/**
 * Throws FaultError for a fault, of those added, that changes nothing that could be recorded, or leaves nothing to record. Both runs go on
 * until they differ: most do within the first seconds.
 */
export function checkFaultsMeetSomething(scenario: Scenario, added: readonly FaultSpec[], seed: number): void {
  for (const fault of added) {
    const runs = [
      rehearse(scenario, seed),
      rehearse({ ...scenario, faults: (scenario.faults ?? []).filter((f) => f !== fault) }, seed),
    ] as const;
    const [broken, without] = [runs[0].recorded, runs[1].recorded];
    let differs = false;
    for (let ns = 0; !(differs && broken.packets > 0) && ns < runs[0].live.endNs;) {
      ns += STEP_NS;
      for (const { live } of runs) live.advance(ns);
      differs ||= broken.packets !== without.packets || broken.hash !== without.hash || broken.sum !== without.sum;
    }
    if (!differs && trackedLines(runs[0]) === trackedLines(runs[1]))
      throw new FaultError(
        `fault ${fault.kind} changes nothing that is recorded: none of the traffic meets it (seed ${seed})`,
      );
    if (broken.packets === 0 && without.packets > 0)
      throw new FaultError(`fault ${fault.kind} leaves nothing to record: nothing is sent any more`);
  }
}

function rehearse(scenario: Scenario, seed: number): Rehearsal {
  const recorded: Recorded = { packets: 0, hash: 0x811c9dc5, sum: 0 };
  const take = (value: number): void => {
    recorded.hash = Math.imul(recorded.hash ^ value, 0x01000193);
    recorded.sum = (recorded.sum + value) >>> 0;
  };
  const live = new LiveSimulation(scenario, {
    seed,
    conntrack: true,
    sink: {
      point: () => undefined,
      packet: (_, timeNs, bytes) => {
        recorded.packets++;
        take(timeNs % 0x100000000);
        for (const byte of bytes) take(byte);
      },
    },
  });
  return { live, recorded };
}

function trackedLines({ live }: Rehearsal): string {
  return [...live.conntrackLines].flatMap(([machine, lines]) => [machine, ...lines]).join("\n");
}
