/** `hopscope export`: writes what the name of the target says. */
import { baseName } from "../../../src-shared/base/file-name";
import { writeConnLog } from "../../engine/export/conn-log";
import { DecapsulatedExport } from "../../engine/export/decapsulated-export";
import { OutputFile } from "../../engine/export/output-file";
import { PacketRows, type RowFormat } from "../../engine/export/packet-export";
import { writeHubble } from "../../engine/export/hubble-export";
import { writeIpfixCsv } from "../../engine/export/ipfix-export";
import { JourneyMarks } from "../../engine/export/journey-marks";
import { PcapngExport, type PacketMark } from "../../engine/export/pcapng-export";
import { ParquetExport } from "../../engine/export/parquet-export";
import type { JoinedResult } from "../../engine/join/join-result";
import type { Field } from "../../engine/fields/field";
import { FlowTable } from "../../engine/flows/flow-table";
import type { Batch } from "../../engine/kernel/batch";
import { chooseFields } from "./fields-command";
import { connectionIndex, type JoiningOptions, readFacts, readJoined } from "./joined-run";
import { writeReport } from "./report-export";
import { type CaptureRun, EXIT_DONE, EXIT_UNUSABLE, type RunOptions, readCaptures, worse } from "./run";
import { PacketSelection } from "./selection";
import { UsageError } from "./usage";

export interface ExportOptions extends Omit<RunOptions, "flows">, JoiningOptions {
  readonly to: string;
  readonly filter: string | undefined;
  readonly fields: readonly string[];
  /** Only this connection's. */
  readonly connection: string | undefined;
  /** Say the hop of each packet in a comment. */
  readonly journeys: boolean;
  /** Packets as they are, without what joining tells: the number of their journey, its key. */
  readonly plain: boolean;
  /** Tunnels to take off the packets of a pcapng file, Infinity all; 0: none. */
  readonly decapsulate?: number;
}

/** Text that is gathered before it is written. */
const PENDING_CHARACTERS = 1 << 18;

/** Targets made of connections: the captures are joined first. */
type JoinedTarget = "hubble.json" | "ipfix.csv" | "html";
type Target = "pcapng" | "parquet" | RowFormat | "conn.log" | JoinedTarget;

function targetOf(path: string): Target {
  const name = baseName(path).toLowerCase();
  if (name === "conn.log" || name.endsWith(".conn.log")) return "conn.log";
  const joined = /(?:^|\.)(hubble\.json|ipfix\.csv)$/.exec(name)?.[1];
  if (joined) return joined as JoinedTarget;
  if (name.endsWith(".html")) return "html";
  const ending = /\.(pcapng|parquet|csv|json|ndjson)$/.exec(name)?.[1];
  if (!ending)
    throw new UsageError(
      `--to ${path}: expected a name that ends in .pcapng .parquet .csv .json .ndjson .html conn.log hubble.json or ipfix.csv`,
    );
  return ending as Target;
}

export async function runExport(options: ExportOptions): Promise<number> {
  const target = targetOf(options.to);
  const asked = new PacketSelection(options.filter);
  const fields = options.fields.length ? chooseFields(options.fields) : [];
  checkTarget(target, options, asked, fields);
  const rowsOf = target === "pcapng" || isJoinedTarget(target) ? undefined : options.connection;
  const selection = rowsOf === undefined ? asked : new PacketSelection(withConnection(rowsOf, options.filter));
  const asking =
    rowsOf !== undefined
      ? "--connection"
      : selection.needsJoin
        ? `-Y ${options.filter ?? ""}`
        : fields.find((f) => f.needsJoin)?.name;
  const joining = asking === undefined ? undefined : await readFacts(asking, options, rowsOf);
  const reading = { ...options, joined: joining?.facts };
  const output = new OutputFile(options.to);
  try {
    const written =
      target === "html"
        ? await writeReport(reading, selection, output.write)
        : isJoinedTarget(target)
          ? await writeJoined(reading, target, selection, output)
          : await writeTarget(reading, target, selection, fields, output);
    const exitCode = worse(written, joining?.exitCode ?? EXIT_DONE);
    if (exitCode === EXIT_UNUSABLE) output.discard();
    else output.done();
    return exitCode;
  } catch (error) {
    output.discard();
    throw error;
  }
}

function isJoinedTarget(target: Target): target is JoinedTarget {
  return target === "hubble.json" || target === "ipfix.csv" || target === "html";
}

/** Throws a UsageError for options that the target has no use for. */
function checkTarget(
  target: Target,
  options: ExportOptions,
  selection: PacketSelection,
  fields: readonly Field[],
): void {
  const filter = `-Y ${options.filter ?? ""}`;
  if (fields.length && target !== "csv" && target !== "json" && target !== "ndjson")
    throw new UsageError(`-e chooses columns; ${target} has its own`);
  if ((target === "conn.log" || target === "parquet") && selection.needsStreams)
    throw new UsageError(`${filter}: ${target} is made of flows; TCP analysis and stream numbers cannot select them`);
  if (target === "ipfix.csv" && options.filter !== undefined)
    throw new UsageError(`${filter} selects packets; ${target} is made of connections: choose one with --connection`);
  if (target !== "pcapng" && options.journeys)
    throw new UsageError(`--journeys marks the packets of a pcapng file; ${target} has no place for it`);
  if (target !== "pcapng" && target !== "parquet" && options.plain)
    throw new UsageError(
      `--plain is for pcapng and parquet: packets and sightings without joining; ${target} has neither`,
    );
  if (options.plain && (options.journeys || options.connection !== undefined))
    throw new UsageError("--plain says nothing of journeys: leave --journeys and --connection away, or --plain");
  if (target !== "pcapng" && options.decapsulate)
    throw new UsageError(
      `--decapsulate writes the packets that tunnels carry: choose the target pcapng, not ${target}`,
    );
}

/** The filter, narrowed to the packets of a connection. */
function withConnection(id: string, filter: string | undefined): string {
  const own = `connection.id == ${JSON.stringify(id)}`;
  return filter === undefined || filter.trim() === "" ? own : `${own} && (${filter})`;
}

async function writeJoined(
  options: ExportOptions,
  target: Exclude<JoinedTarget, "html">,
  selection: PacketSelection,
  output: OutputFile,
): Promise<number> {
  const { joined, exitCode } = await readJoined(options);
  if (!joined) return exitCode;
  const { result } = joined;
  const index = chosenIndex(result, options.connection);
  const encoder = new TextEncoder();
  let pending = "";
  const write = (text: string): void => {
    pending += text;
    if (pending.length < PENDING_CHARACTERS) return;
    output.write(encoder.encode(pending));
    pending = "";
  };
  if (target === "ipfix.csv") writeIpfixCsv(result, index, write);
  else writeHubble(result, index, write, selection.filter && (await matchingPackets(options, selection)));
  output.write(encoder.encode(pending));
  return exitCode;
}

/** Reads the files once more: by file, the numbers (frame.number) of the packets that match. */
async function matchingPackets(
  options: ExportOptions,
  selection: PacketSelection,
): Promise<readonly ReadonlySet<number>[]> {
  const matching: Set<number>[] = [];
  await readCaptures({ ...options, flows: "point-streams", quiet: true }, (batch, run) => {
    const numbers = (matching[batch.file] ??= new Set());
    selection.of(batch, run.context)?.forEach((keeps, i) => {
      if (keeps && i < batch.packetCount) numbers.add(batch.numberBefore + i + 1);
    });
  });
  return matching;
}

/** Index of the connection; undefined: all of them. */
function chosenIndex(result: JoinedResult, id: string | undefined): number | undefined {
  return id === undefined ? undefined : connectionIndex(result, id);
}

async function writeTarget(
  options: ExportOptions,
  target: Exclude<Target, JoinedTarget>,
  selection: PacketSelection,
  fields: readonly Field[],
  output: OutputFile,
): Promise<number> {
  switch (target) {
    case "conn.log": {
      const { run, exitCode } = await readCaptures({ ...options, flows: "flows" }, undefined, (batch, r) => {
        const keep = selection.of(batch, r.context);
        if (keep) batch.dropEvents(keep);
      });
      if (exitCode !== EXIT_UNUSABLE) writeConnLog(run.handle, new FlowTable(run.handle), output.write);
      return exitCode;
    }
    case "pcapng":
      return writePcapng(options, selection, output);
    case "parquet":
      return writeParquet(options, selection, output);
    case "csv":
    case "json":
    case "ndjson":
      return writePackets(
        { ...options, flows: fields.length ? "streams" : "point-streams" },
        selection,
        (r) => new PacketRows(target, fields, r.workspace, r.context, output.write),
      );
  }
}

interface PacketWriter {
  take(batch: Batch, keep: Uint8Array | undefined): void;
  end(): void;
}

/** Reads the captures; the writer is made with the first packets, or at the end where there are none. */
async function writePackets(
  options: RunOptions,
  selection: PacketSelection,
  create: (run: CaptureRun) => PacketWriter,
): Promise<number> {
  let writer: PacketWriter | undefined;
  const { run, exitCode } = await readCaptures(options, (batch, r) => {
    writer ??= create(r);
    writer.take(batch, selection.of(batch, r.context));
  });
  (writer ?? create(run)).end();
  return exitCode;
}

/** Joins the captures, for the keys of their journeys; what comes in once or is too large is written while it is read. */
async function writeParquet(options: ExportOptions, selection: PacketSelection, output: OutputFile): Promise<number> {
  const create = ({ workspace, handle }: CaptureRun): ParquetExport =>
    new ParquetExport(workspace, handle, output.write);
  if (options.plain || isReadOnce(options)) return writePackets({ ...options, flows: "sightings" }, selection, create);
  const kept = new KeptPackets();
  const { joined, exitCode } = await readJoined({
    ...options,
    observe: (batch, run) => kept.add(selection.of(batch, run.context), batch.packetCount),
  });
  if (!joined) return exitCode;
  const writer = create(joined.run);
  writer.takeJoined(joined.result, kept.of());
  writer.end();
  return exitCode;
}

/** Which packets a filter keeps: one byte a packet of the workspace, in reading order. */
class KeptPackets {
  private bytes = new Uint8Array(1 << 16);
  private count = 0;
  private isFiltered = false;

  add(keep: Uint8Array | undefined, packets: number): void {
    if (!keep) return;
    this.isFiltered = true;
    if (this.bytes.length < this.count + packets) {
      const more = new Uint8Array((this.count + packets) * 2);
      more.set(this.bytes);
      this.bytes = more;
    }
    this.bytes.set(keep.subarray(0, packets), this.count);
    this.count += packets;
  }

  /** Undefined: there is no filter. */
  of(): Uint8Array | undefined {
    return this.isFiltered ? this.bytes : undefined;
  }
}

function isReadOnce(options: ExportOptions): boolean {
  return options.inputs.includes("-") || options.follow === true;
}

/** Joins the captures first, for the numbers of their journeys; what comes in once (standard input, a growing file) stays as it is. */
async function writePcapng(options: ExportOptions, selection: PacketSelection, output: OutputFile): Promise<number> {
  const isOfConnection = options.connection !== undefined;
  const isAsked = options.journeys || isOfConnection;
  const joining = isAsked || !(options.plain || isReadOnce(options)) ? await readJoined(options) : undefined;
  if (joining && !joining.joined) return joining.exitCode;
  const marks =
    joining?.joined &&
    new JourneyMarks(joining.joined.result, chosenIndex(joining.joined.result, options.connection), isAsked);
  const markOf = marks && ((file: number, frameNumber: number) => marks.of(file, frameNumber));
  const exitCode = await writePackets(
    { ...options, flows: selection.needsStreams ? "streams" : "none", keepBlocks: true, quiet: joining !== undefined },
    selection,
    ({ workspace }) => {
      const writer: PacketWriter = options.decapsulate
        ? new DecapsulatedExport(workspace, output.write, options.decapsulate, markOf)
        : new PcapngExport(workspace, output.write, isOfConnection || selection.filter !== undefined, markOf);
      return isOfConnection && markOf ? onlyMarked(writer, markOf) : writer;
    },
  );
  return worse(exitCode, joining?.exitCode ?? EXIT_DONE);
}

/** Leaves out the packets that have no mark. */
function onlyMarked(
  writer: PacketWriter,
  markOf: (file: number, frameNumber: number) => PacketMark | undefined,
): PacketWriter {
  return {
    take(batch, keep) {
      const marked = Uint8Array.from({ length: batch.packetCount }, (_, i) =>
        (!keep || keep[i]) && markOf(batch.file, batch.numberBefore + i + 1) ? 1 : 0,
      );
      writer.take(batch, marked);
    },
    end: () => writer.end(),
  };
}
