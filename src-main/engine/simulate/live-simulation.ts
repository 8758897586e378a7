/**
 * A scenario that runs: built once, advanced by whoever owns the time (the command as fast as it can, the window in real time),
 * recorded into a sink, told what else to do while it runs.
 *
 * ```
 * const live = new LiveSimulation(scenario, { seed: 1, sink });
 * live.advance(250e6)                 virtual nanoseconds from the start
 * live.inject({ fault: { kind: "loss", share: 0.2 } })
 * ```
 * No clocks and no timers here: the same calls give the same bytes.
 */
import { askForAddresses, startMachinePrograms } from "./apps/programs";
import { Traffic, type TrafficOutcome } from "./apps/traffic";
import type { FindingKind } from "../../../src-shared/model/finding";
import type { NameRecord } from "../../../src-shared/wire/write/pcapng";
import { createNetwork } from "./network/network";
import type { Network } from "./network/api/network";
import { type CapturePoint, CapturePoints, type CaptureSink } from "./record/capture-points";
import type { TruthConnection } from "./record/true-connection";
import { TruthRecorder } from "./record/truth";
import type { FaultSpec } from "./scenario/fault-schema";
import type { Scenario, TrafficSpec } from "./scenario/schema";
import { buildWorld } from "./world/build-world";
import type { ApiObject } from "./world/cluster-objects";
import { Controller, type ClusterSnapshot } from "./world/controller";
import { DEFAULT_SECONDS, expectedFindings, FAULTS, type FaultInfo } from "./world/fault-catalogue";
import { Faults } from "./world/faults";
import { baseOf, fullName } from "./world/names";
import { nsOf } from "./world/time";
import { clusterIps, podAddresses, type World } from "./world/world";

const DEFAULT_START = "2026-01-01T00:00:00Z";
const NS_PER_MS = 1_000_000n;

export interface SimulationOptions {
  readonly seed: number;
  readonly sink: CaptureSink;
  /** Keeps what truth needs (about 1 KB a packet). Default false. */
  readonly truth?: boolean;
  /** Keeps connection tracking's event lines. Default false. */
  readonly conntrack?: boolean;
  /** In place of the scenario's. */
  readonly seconds?: number;
}

/** What can be thrown in while it runs. */
export type Injection = { readonly traffic: TrafficSpec } | { readonly fault: FaultSpec };

export interface Injectable {
  readonly traffic: readonly { readonly title: string; readonly spec: TrafficSpec }[];
  readonly faults: readonly FaultInfo[];
}

export interface Truth {
  readonly version: 1;
  readonly scenario: string;
  readonly seed: number;
  readonly connections: readonly TruthConnection[];
  /** Kinds of findings that the faults are to show. */
  readonly findings: readonly FindingKind[];
}

export class LiveSimulation {
  readonly endNs: number;
  readonly startTimeNs: bigint;
  /** Virtual time over real time, for `advanceReal`. */
  speed = 1;
  onOutcome: ((outcome: TrafficOutcome) => void) | undefined;
  readonly #network: Network;
  readonly #world: World;
  readonly #controller: Controller;
  readonly #points: CapturePoints;
  readonly #faults: Faults;
  readonly #traffic: Traffic;
  readonly #truth: TruthRecorder | undefined;
  readonly #conntrack = new Map<string, string[]>();
  #paused = false;

  /** Throws RangeError or FaultError with a sentence for whoever wrote the scenario. */
  constructor(
    readonly scenario: Scenario,
    private readonly options: SimulationOptions,
  ) {
    this.endNs = nsOf(options.seconds ?? scenario.seconds ?? DEFAULT_SECONDS);
    this.startTimeNs = BigInt(Date.parse(scenario.start ?? DEFAULT_START)) * NS_PER_MS;
    this.#network = createNetwork({ seed: options.seed, startTimeNs: this.startTimeNs });
    const world = buildWorld(scenario, this.#network);
    this.#world = world;
    this.#controller = new Controller(world);
    this.#controller.start();
    this.#points = new CapturePoints(world, options.sink);
    this.#points.start(this.#network);
    this.#controller.onPodStarted = (pod) => {
      this.#points.addPod(pod);
    };
    if (options.truth === true) {
      const truth = new TruthRecorder(world, this.#network);
      this.#truth = truth;
      this.#points.onPacket = (point, timeNs, bytes, journey) => {
        truth.seen(point, timeNs, bytes, journey);
      };
    }
    if (options.conntrack === true) this.#watchConntrack();
    this.#faults = new Faults(world, this.#controller);
    this.#traffic = new Traffic(world, this.endNs);
    this.#traffic.onOutcome = (outcome) => {
      this.onOutcome?.(outcome);
    };
    for (const machine of world.machines.values()) startMachinePrograms(world, machine);
    for (const machine of world.machines.values()) askForAddresses(world, machine);
    for (const fault of scenario.faults ?? []) this.#faults.add(fault, 0);
    for (const traffic of scenario.traffic ?? []) this.#traffic.start(traffic, 0);
    for (const change of scenario.changes ?? [])
      this.#network.schedule(nsOf(change.at), () => {
        this.#controller.apply(change);
      });
  }

  get nowNs(): number {
    return this.#network.nowNs;
  }

  get done(): boolean {
    return this.#network.nowNs >= this.endNs;
  }

  /** When something happens next; Infinity: nothing will. */
  get nextEventNs(): number {
    return this.#network.nextEventNs;
  }

  get points(): readonly CapturePoint[] {
    return this.#points.points;
  }

  /** Machines and pods with their devices, as `capture.points` names them. */
  get places(): readonly string[] {
    const later = (this.scenario.changes ?? []).flatMap((c) =>
      c.kind === "create-pod" ? [baseOf(fullName(c.name))] : [],
    );
    return [
      ...this.#network.namespaces.flatMap(({ name, devices }) => [
        name,
        ...devices.map((device) => `${name}/${device.name}`),
      ]),
      ...later,
    ];
  }

  get packets(): number {
    return this.#points.packets;
  }

  get paused(): boolean {
    return this.#paused;
  }

  set paused(value: boolean) {
    this.#paused = value;
  }

  /** Runs up to and including that virtual time, at most to the end. */
  advance(toNs: number): void {
    this.#network.run(Math.min(toNs, this.endNs));
  }

  /** So much real time has passed: runs `speed` times as much, unless paused. */
  advanceReal(realNs: number): void {
    if (!this.#paused) this.advance(this.#network.nowNs + realNs * this.speed);
  }

  /** Runs until the next packet is recorded; false if none comes before the end. */
  step(): boolean {
    const before = this.#points.packets;
    while (this.#points.packets === before) if (!this.#network.step(this.endNs)) return false;
    return true;
  }

  /** Begins now; times in it count from now. Throws FaultError if the scenario has nothing that the fault could break. */
  inject(injection: Injection): void {
    if ("fault" in injection) this.#faults.add(injection.fault, this.#network.nowNs);
    else this.#traffic.start(injection.traffic, this.#network.nowNs);
  }

  /** What can be injected here: the scenario's own lines of traffic, once each, and every fault. */
  get injectable(): Injectable {
    return {
      traffic: (this.scenario.traffic ?? []).map((spec) => ({
        title: trafficTitle(spec),
        spec: { ...spec, at: 0, times: 1 },
      })),
      faults: Object.entries(FAULTS).map(([kind, info]) => ({ kind: kind as FaultInfo["kind"], ...info })),
    };
  }

  /** Names for recordings: pods and Services by address, as known now. */
  get names(): readonly NameRecord[] {
    const records: NameRecord[] = [];
    for (const cluster of this.#world.clusters.values()) {
      for (const pod of cluster.pods.values())
        for (const address of podAddresses(pod))
          records.push({ address, names: [`${pod.name.split("/").reverse().join(".")}.pod.${cluster.domain}`] });
      for (const service of cluster.services.values())
        for (const address of clusterIps(service))
          records.push({ address, names: [`${service.name.split("/").reverse().join(".")}.svc.${cluster.domain}`] });
    }
    return records;
  }

  /** States of the API, one after another. */
  get snapshots(): readonly ClusterSnapshot[] {
    return this.#controller.snapshots;
  }

  get objects(): readonly ApiObject[] {
    return this.#controller.snapshots.at(-1)?.objects ?? [];
  }

  /** Needs option `truth`. `idOf` names points as the written files do ("n1.pcapng#0"). */
  truth(idOf: (point: CapturePoint) => string): Truth {
    if (!this.#truth) throw new RangeError("this simulation keeps no truth: ask for it when it is made");
    return {
      version: 1,
      scenario: this.scenario.name,
      seed: this.options.seed,
      connections: this.#truth.connections(this.startTimeNs, idOf),
      findings: expectedFindings(this.scenario),
    };
  }

  /** Lines of `conntrack -E -o timestamp,extended` by machine. Needs option `conntrack`. */
  get conntrackLines(): ReadonlyMap<string, readonly string[]> {
    const lines = new Map<string, readonly string[]>();
    for (const [name, own] of this.#conntrack)
      lines.set(name, this.#faults.active.staleConntrack.has(name) ? own.map(staleLine) : own);
    return lines;
  }

  #watchConntrack(): void {
    for (const machine of this.#world.machines.values()) {
      const { conntrack } = machine.namespace;
      if (!conntrack.enabled) continue;
      const lines: string[] = [];
      this.#conntrack.set(machine.name, lines);
      conntrack.onEvent = ({ text }) => {
        lines.push(text);
      };
    }
  }
}

/** The line of another moment: the endpoint has another address. Only what was translated differs. */
function staleLine(line: string): string {
  const tuples = [...line.matchAll(/src=(\S+) dst=(\S+)/g)];
  const [first, second] = tuples;
  if (!first || !second || first[2] === second[1] || second.index === undefined) return line;
  const other = (second[1] ?? "").replace(/\d+$/, (last) => String((Number(last) % 250) + 3));
  return `${line.slice(0, second.index)}${line.slice(second.index).replace(`src=${second[1] ?? ""}`, `src=${other}`)}`;
}

function trafficTitle(spec: TrafficSpec): string {
  const from = spec.from.pod ?? spec.from.node ?? spec.from.machine ?? "?";
  if (spec.kind === "dns") return `${from} looks up ${spec.name}`;
  if (spec.kind === "dhcp") return `${from} asks for an address`;
  const { to } = spec;
  const name = to.name ?? to.service ?? to.pod ?? to.node ?? to.machine ?? to.address ?? "itself";
  const family = to.family === undefined ? "" : ` (${to.family})`;
  return `${spec.kind} from ${from} to ${name}${to.port === undefined ? "" : `:${to.port}`}${family}`;
}
