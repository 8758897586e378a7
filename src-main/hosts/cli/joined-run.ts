/** Reads captures, joins them, and adds what a cluster file tells: what connections, journeys, findings and model share. */
import type { Cluster } from "../../../src-shared/model/cluster";
import type { ToldTranslation } from "../../../src-shared/model/told-translation";
import type { JoinedResult } from "../../engine/join/join-result";
import { PacketCounter } from "../../engine/join/packet-counter";
import { JoinedFacts } from "../../engine/fields/joined-facts";
import type { Batch } from "../../engine/kernel/batch";
import { printError } from "./output";
import { showWork } from "./progress";
import { type CaptureRun, EXIT_PARTLY, EXIT_UNUSABLE, type RunOptions, readCaptures, worse } from "./run";
import { UsageError } from "./usage";

/** What is told for joining. */
export interface JoiningOptions {
  /** Cluster files (kubectl get … -o json|yaml). */
  readonly cluster: readonly string[];
  /** "FILE=SECONDS" */
  readonly clockOffsets: readonly string[];
  /** Files of conntrack's output. */
  readonly conntrack: readonly string[];
}

export interface JoinedRunOptions extends Omit<RunOptions, "flows">, JoiningOptions {
  /** Called with every batch, after its flows and sightings were taken. */
  readonly observe?: (batch: Batch, run: CaptureRun) => void;
}

export interface JoinedRun {
  readonly run: CaptureRun;
  readonly result: JoinedResult;
  readonly cluster: Cluster | undefined;
  /** What connection tracking told. */
  readonly told: readonly ToldTranslation[];
}

/** `joined` is undefined when nothing could be read; the exit code says so too. */
export async function readJoined(
  options: JoinedRunOptions,
): Promise<{ readonly joined: JoinedRun | undefined; readonly exitCode: number }> {
  const clockOffsets = parseClockOffsets(options.clockOffsets);
  const { cluster, told, trouble } = await readTold(options);
  // Comes in while the decode thread starts.
  const joining = import("../../engine/join/join-captures");
  const counter = new PacketCounter();
  const startedMs = Date.now();
  const { run, exitCode } = await readCaptures({ ...options, flows: "sightings" }, (batch, r) => {
    counter.take(batch);
    options.observe?.(batch, r);
  });
  if (exitCode === EXIT_UNUSABLE) return { joined: undefined, exitCode };
  const known = new Set(run.workspace.files.flatMap((f) => [f.name, f.label]));
  for (const name of clockOffsets.keys())
    if (!known.has(name)) throw new UsageError(`--clock-offset ${name}=…: no capture file has this name`);
  const { joinRun } = await joining;
  const done = showWork("joining", startedMs);
  const result = joinRun(run.handle, run.workspace, counter, { ...(cluster && { cluster }), clockOffsets, told });
  done();
  return { joined: { run, result, cluster, told }, exitCode: trouble ? worse(exitCode, EXIT_PARTLY) : exitCode };
}

/** Reads what is told; problems are printed. The readers (YAML's alone takes 15 ms) are loaded only where there is something. */
async function readTold({ cluster: clusterFiles, conntrack }: JoiningOptions): Promise<{
  readonly cluster: Cluster | undefined;
  readonly told: readonly ToldTranslation[];
  readonly trouble: boolean;
}> {
  if (clusterFiles.length === 0 && conntrack.length === 0) return { cluster: undefined, told: [], trouble: false };
  const { formatClusterProblem, loadCluster } = await import("../../engine/cluster/load-cluster");
  const { loadConntrack } = await import("../../engine/cluster/load-conntrack");
  const load = clusterFiles.length > 0 ? loadCluster(clusterFiles) : undefined;
  const { entries: told, problems } = loadConntrack(conntrack);
  const all = [...(load?.problems ?? []), ...problems];
  for (const problem of all) printError(`hopscope: ${formatClusterProblem(problem)}`);
  return { cluster: load?.cluster, told, trouble: all.length > 0 };
}

/**
 * For fields and filters that ask what joining says, and for `connection`, an id: reads and joins the captures, to be read once
 * more afterwards. No facts: nothing could be read, the second reading will say why. Throws a UsageError if there is no such
 * connection.
 */
export async function readFacts(
  what: string,
  options: Omit<JoinedRunOptions, "observe">,
  connection?: string,
): Promise<{ readonly facts: JoinedFacts | undefined; readonly exitCode: number }> {
  if (options.inputs.includes("-") || options.follow)
    throw new UsageError(`${what} asks for joined captures, which are read twice: save what comes in to a file first`);
  const { joined, exitCode } = await readJoined({ ...options, quiet: true });
  if (joined && connection !== undefined) connectionIndex(joined.result, connection);
  if (!joined) return { facts: undefined, exitCode };
  const { joinedColumns } = await import("../../engine/join/joined-columns");
  return { facts: new JoinedFacts(joinedColumns(joined.result)), exitCode };
}

/** Index of the connection with this id. */
export function connectionIndex(result: JoinedResult, id: string): number {
  const index = result.find(id);
  if (index < 0) throw new UsageError(`no connection has the id ${id}; hopscope connections lists them`);
  return index;
}

function parseClockOffsets(values: readonly string[]): Map<string, number> {
  const offsets = new Map<string, number>();
  for (const value of values) {
    const at = value.lastIndexOf("=");
    const seconds = Number(value.slice(at + 1));
    if (at < 1 || value.length === at + 1 || !Number.isFinite(seconds))
      throw new UsageError(`--clock-offset ${value}: expected FILE=SECONDS, for example n2.pcapng=-0.35`);
    offsets.set(value.slice(0, at), seconds);
  }
  return offsets;
}
