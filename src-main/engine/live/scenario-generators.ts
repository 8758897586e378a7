/** The simulator's scenarios as generators: in the window what `hopscope simulate --live` is in a terminal. */
import type { InjectChoice } from "../../../src-shared/contract/live";
import type { Injection, LiveSimulation } from "../simulate/live-simulation";
import { clusterText, recordInto } from "../simulate/record/one-file";
import type { PcapngSink } from "../simulate/record/pcapng-sink";
import type { Scenario, TrafficSpec } from "../simulate/scenario/schema";
import { SCENARIOS } from "../simulate/scenarios/catalogue";
import { parseFault } from "../simulate/world/fault-catalogue";
import type { GeneratedRecording, Generator, GeneratorOptions } from "./generated-recording";

/** A day: it runs until somebody stops it, and its traffic with it. */
const SECONDS = 86_400;
/** A scenario says everything once; while one looks on each line comes again after so long, seconds. */
const AGAIN_SECONDS = 3;

export const SCENARIO_GENERATORS: readonly Generator[] = SCENARIOS.map((scenario) => ({
  name: scenario.name,
  title: scenario.title,
  text: scenario.description ?? "",
  setting: { name: "seed", label: "Seed: the same number makes the same packets", value: 1 },
  create: (options, startSeconds) => new SimulatedRecording(scenario, seedOf(options), startSeconds),
  clusterText: (options) => clusterText(recordInto(() => undefined, scenario, { seed: seedOf(options) }).simulation),
}));

function seedOf(options: GeneratorOptions): number {
  const seed = options["seed"] ?? 1;
  if (typeof seed !== "number" || !Number.isInteger(seed) || seed < 0)
    throw new Error(`seed is a whole number from 0, not ${String(seed)}`);
  return seed;
}

/** Addresses are asked for once. */
function repeated(spec: TrafficSpec): TrafficSpec {
  if (spec.kind === "dhcp") return spec;
  return { ...spec, times: "always", every: Math.max(spec.every ?? 0, AGAIN_SECONDS) };
}

class SimulatedRecording implements GeneratedRecording {
  readonly choices: readonly InjectChoice[];
  private readonly injections = new Map<string, Injection>();
  private readonly simulation: LiveSimulation;
  private readonly sink: PcapngSink;
  private chunks: Uint8Array[] = [];

  constructor(scenario: Scenario, seed: number, startSeconds: number) {
    const start = new Date(startSeconds * 1000).toISOString();
    const running: Scenario = { ...scenario, start, traffic: (scenario.traffic ?? []).map(repeated) };
    const recording = recordInto((chunk) => this.chunks.push(chunk), running, { seed, seconds: SECONDS });
    this.simulation = recording.simulation;
    this.sink = recording.sink;
    const choices: InjectChoice[] = [];
    const { traffic, faults } = this.simulation.injectable;
    traffic.forEach(({ title, spec }, i) => {
      const id = `traffic:${i}`;
      this.injections.set(id, { traffic: spec });
      choices.push({ id, title, group: "Traffic" });
    });
    for (const { kind, title } of faults) {
      const id = `fault:${kind}`;
      this.injections.set(id, { fault: parseFault(kind) });
      choices.push({ id, title, group: "Faults" });
    }
    this.choices = choices;
  }

  advance(toNs: number): readonly Uint8Array[] {
    this.simulation.advance(toNs);
    this.sink.flush();
    const { chunks } = this;
    this.chunks = [];
    return chunks;
  }

  nextNs(): number | null {
    return this.simulation.done ? null : Math.min(this.simulation.nextEventNs, this.simulation.endNs);
  }

  inject(choice: string): void {
    const injection = this.injections.get(choice);
    if (!injection) throw new Error(`there is nothing called "${choice}" to inject`);
    this.simulation.inject(injection);
  }
}
