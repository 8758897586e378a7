/**
 * `hopscope simulate`: a scenario to a recording, with what the cluster's API would have told and the truth beside it.
 *
 * ```
 * hopscope simulate vxlan --seed 7 --out x.pcapng --cluster-out c.json --truth-out t.json
 * hopscope simulate ./my.yaml --live | wireshark -k -i -
 * ```
 */
import { closeSync, existsSync, openSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { stringify } from "yaml";
import { nearest } from "../../../src-shared/base/nearest";
import { writeFailureMessage } from "../../engine/export/output-file";
import { decodeText } from "../../engine/cluster/documents";
import { LiveSimulation, type SimulationOptions } from "../../engine/simulate/live-simulation";
import type { CapturePoint } from "../../engine/simulate/record/capture-points";
import { PcapngSink, SplitSink } from "../../engine/simulate/record/pcapng-sink";
import { checkFaultsMeetSomething } from "../../engine/simulate/rehearsal";
import { readScenario, ScenarioError } from "../../engine/simulate/scenario/read-scenario";
import type { FaultSpec } from "../../engine/simulate/scenario/fault-schema";
import type { Scenario } from "../../engine/simulate/scenario/schema";
import { findScenario, SCENARIOS } from "../../engine/simulate/scenarios/catalogue";
import { objectList } from "../../engine/simulate/world/cluster-objects";
import { FaultError, FAULTS, parseFault, withFaults } from "../../engine/simulate/world/fault-catalogue";
import { makeFolder } from "../shared/make-folder";
import { PipeClosed, print, printError, writeAll } from "./output";
import { EXIT_DONE } from "./run";
import { UsageError } from "./usage";

export interface SimulateOptions {
  /** Name of a built-in scenario, or a file. */
  readonly scenario: string | undefined;
  readonly list: boolean;
  /** Prints the scenario as YAML in place of running it. */
  readonly show: boolean;
  readonly seed: number;
  readonly out: string | undefined;
  /** Folder for one file per network namespace. */
  readonly split: string | undefined;
  readonly clusterOut: string | undefined;
  readonly truthOut: string | undefined;
  readonly conntrackOut: string | undefined;
  readonly live: boolean;
  readonly faults: readonly string[];
  readonly seconds: number | undefined;
  /** Machines, pods or MACHINE/DEVICE to record at; empty: as the scenario says. */
  readonly points: readonly string[];
}

/** How often the live mode looks at the clock, milliseconds. */
const TICK_MS = 10;
const LARGEST_SCENARIO = 10_000_000;

export async function runSimulate(options: SimulateOptions): Promise<number> {
  if (options.list) {
    print(listText());
    return EXIT_DONE;
  }
  if (options.scenario === undefined)
    throw new UsageError("no scenario is named: hopscope simulate --list shows them, or give a file such as ./my.yaml");
  const scenario = withOptions(loadScenario(options.scenario), options);
  if (options.show) {
    print(stringify(scenario));
    return EXIT_DONE;
  }
  if (options.out !== undefined && options.split !== undefined)
    throw new UsageError("--out writes one file, --split one for each namespace: choose one of them");
  checkPlaces(options);
  const toStdout = options.out === "-" || (options.out === undefined && options.split === undefined);
  if (toStdout && process.stdout.isTTY)
    throw new UsageError("a recording is no text for a terminal: give --out X.pcapng, or pipe it on");
  const recording = new Recording(scenario, options, toStdout);
  try {
    if (options.live) await runLive(recording.simulation);
    else recording.simulation.advance(recording.simulation.endNs);
  } catch (error) {
    // The reader has enough: what was asked for beside the recording is still written.
    if (!(error instanceof PipeClosed)) throw error;
  } finally {
    recording.finish();
  }
  return EXIT_DONE;
}

function listText(): string {
  const width = Math.max(...SCENARIOS.map((s) => s.name.length)) + 2;
  const faultWidth = Math.max(...Object.keys(FAULTS).map((k) => k.length)) + 2;
  return [
    ...SCENARIOS.map((s) => `${s.name.padEnd(width)}${s.title}`),
    "",
    "Faults for any scenario, --fault NAME or NAME=VALUE:",
    ...Object.entries(FAULTS).map(
      ([kind, { title, parameter }]) =>
        `${kind.padEnd(faultWidth)}${title}${parameter === undefined ? "" : ` (${parameter})`}`,
    ),
    "",
  ].join("\n");
}

function loadScenario(name: string): Scenario {
  const known = findScenario(name);
  if (known) return known;
  if (!/[./\\]/.test(name) && !existsSync(name)) {
    const like = nearest(
      name,
      SCENARIOS.map((s) => s.name),
    );
    throw new UsageError(
      `no scenario is named ${name}${like === undefined ? "" : `; did you mean ${like}?`} (hopscope simulate --list shows them)`,
    );
  }
  let text: string;
  try {
    const stats = statSync(name);
    if (!stats.isFile() && !stats.isFIFO()) throw new Error("expected a file with a scenario in YAML or JSON");
    if (stats.size > LARGEST_SCENARIO) throw new Error(`it has ${stats.size} bytes: no scenario is that long`);
    text = decodeText(readFileSync(name));
  } catch (error) {
    throw new UsageError(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
  try {
    return readScenario(name, text);
  } catch (error) {
    if (error instanceof ScenarioError) throw new UsageError(error.message);
    throw error;
  }
}

function withOptions(scenario: Scenario, options: SimulateOptions): Scenario {
  const faults: FaultSpec[] = options.faults.map((text) => {
    try {
      return parseFault(text);
    } catch (error) {
      if (error instanceof FaultError) throw new UsageError(error.message);
      throw error;
    }
  });
  const broken: Scenario = {
    ...withFaults(scenario, faults),
    ...(options.seconds !== undefined && { seconds: options.seconds }),
  };
  try {
    checkFaultsMeetSomething(broken, (broken.faults ?? []).slice(scenario.faults?.length ?? 0), options.seed);
  } catch (error) {
    if (error instanceof FaultError) throw new UsageError(`${scenario.name}: ${error.message}`);
    // What else is wrong with the scenario is told when it is run.
    if (!(error instanceof RangeError)) throw error;
  }
  return {
    ...broken,
    ...(options.points.length > 0 && { capture: { ...scenario.capture, points: [...options.points] } }),
  };
}

/** Each output has a place of its own. */
function checkPlaces({ out, split, clusterOut, truthOut, conntrackOut }: SimulateOptions): void {
  const taken = new Map<string, string>();
  for (const [option, path] of Object.entries({ "--out": out, "--cluster-out": clusterOut, "--truth-out": truthOut })) {
    if (path === undefined) continue;
    const other = taken.get(resolve(path));
    if (other !== undefined)
      throw new UsageError(`${other} and ${option} both write ${path}: give each a file of its own`);
    taken.set(resolve(path), option);
  }
  for (const [option, path] of Object.entries({ "--split": split, "--conntrack-out": conntrackOut }))
    if (path === "") throw new UsageError(`${option} needs a folder`);
}

class Recording {
  readonly simulation: LiveSimulation;
  readonly #sink: PcapngSink | SplitSink;
  readonly #files: number[] = [];
  readonly #idOf: (point: CapturePoint) => string;

  constructor(
    scenario: Scenario,
    private readonly options: SimulateOptions,
    toStdout: boolean,
  ) {
    const comment = `scenario ${scenario.name}, seed ${options.seed}`;
    const { split, out, live } = options;
    // The first sink only exists once the simulation knows its names: points that come before are handed on then.
    const early: CapturePoint[] = [];
    let sink: PcapngSink | SplitSink | undefined;
    const simulationOptions: SimulationOptions = {
      seed: options.seed,
      truth: options.truthOut !== undefined,
      conntrack: options.conntrackOut !== undefined,
      sink: {
        point: (point) => {
          if (sink) sink.point(point);
          else early.push(point);
        },
        packet: (point, timeNs, bytes) => {
          sink?.packet(point, timeNs, bytes);
        },
      },
    };
    try {
      this.simulation = new LiveSimulation(scenario, simulationOptions);
    } catch (error) {
      if (error instanceof RangeError || error instanceof FaultError)
        throw new UsageError(`${scenario.name}: ${error.message}`);
      throw error;
    }
    this.#checkPoints();
    this.#makeRoom();
    const { startTimeNs, names } = this.simulation;
    const open = (path: string): PcapngSink => {
      const fd = this.#open(path);
      return new PcapngSink(
        (chunk) => {
          if (fd === 1) writeAll(fd, chunk);
          else writing(path, () => writeAll(fd, chunk));
        },
        { startTimeNs, comment, names, flushEach: live },
      );
    };
    if (split !== undefined) {
      writing(split, () => makeFolder(split));
      const parts = new SplitSink((namespace) => open(join(split, `${namespace}.pcapng`)));
      sink = parts;
      this.#idOf = (point) => `${point.namespace}.pcapng#${parts.interfaceOf(point) ?? 0}`;
    } else {
      const file = toStdout ? "-" : (out ?? "-");
      const one = open(file);
      sink = one;
      this.#idOf = (point) => `${basename(file)}#${one.interfaceOf(point) ?? 0}`;
    }
    this.#sink = sink;
    for (const point of early) sink.point(point);
    if (live) sink.flush();
  }

  /** A name that nothing has would silently record nothing. */
  #checkPoints(): void {
    const { places } = this.simulation;
    for (const wanted of this.options.points) {
      if (places.includes(wanted)) continue;
      const near = nearest(wanted, places);
      const known = places.filter((place) => !place.includes("/")).join(" ");
      throw new UsageError(
        `--point ${wanted}: there is no such machine, pod or MACHINE/DEVICE; ${near === undefined ? "there are" : `did you mean ${near}? There are`}: ${known}`,
      );
    }
  }

  #open(path: string): number {
    if (path === "-") return 1;
    const fd = writing(path, () => openSync(path, "w"));
    this.#files.push(fd);
    return fd;
  }

  /** What is written at the end is looked for at the beginning: nobody waits for a recording that ends in an error. */
  #makeRoom(): void {
    const { clusterOut, truthOut, conntrackOut } = this.options;
    for (const path of [clusterOut, truthOut])
      if (path !== undefined) closeSync(writing(path, () => openSync(path, "a")));
    if (conntrackOut !== undefined) writing(conntrackOut, () => makeFolder(conntrackOut));
  }

  finish(): void {
    try {
      this.#sink.flush();
    } catch (error) {
      if (!(error instanceof PipeClosed)) throw error;
    }
    for (const fd of this.#files) closeSync(fd);
    const { clusterOut, truthOut, conntrackOut } = this.options;
    if (clusterOut !== undefined) this.#writeCluster(clusterOut);
    if (truthOut !== undefined) writeText(truthOut, `${JSON.stringify(this.simulation.truth(this.#idOf), null, 1)}\n`);
    if (conntrackOut !== undefined)
      for (const [name, lines] of this.simulation.conntrackLines)
        writeText(join(conntrackOut, `conntrack-${name}.txt`), lines.map((line) => `${line}\n`).join(""));
  }

  /** One file is one moment: where things changed, each further state goes to NAME.2.json, NAME.3.json … */
  #writeCluster(path: string): void {
    const { snapshots } = this.simulation;
    snapshots.forEach(({ objects }, i) => {
      const name = i === 0 ? path : path.replace(/(\.[^./\\]*)?$/, (ending) => `.${i + 1}${ending}`);
      writeText(name, objectList(objects));
    });
    if (snapshots.length > 1)
      printError(
        `hopscope: the cluster changed: ${snapshots.length} states in ${basename(path)} and ${snapshots.length - 1} more beside it (in ${dirname(path)}); give them all with --cluster`,
      );
  }
}

function writeText(path: string, text: string): void {
  writing(path, () => writeFileSync(path, text));
}

/** Does what may fail at `path`. Throws a UsageError that says why it did. */
function writing<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new UsageError(`${path}: ${writeFailureMessage(error)}`);
  }
}

/** Virtual time keeps up with the clock until the end, or until Ctrl+C: the file is whole either way. */
async function runLive(simulation: LiveSimulation): Promise<void> {
  const began = process.hrtime.bigint();
  let ended = false;
  const end = (): void => {
    ended = true;
  };
  process.once("SIGINT", end);
  process.once("SIGTERM", end);
  try {
    while (!ended && !simulation.done) {
      simulation.advance(Number(process.hrtime.bigint() - began));
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
  } finally {
    process.off("SIGINT", end);
    process.off("SIGTERM", end);
  }
}
