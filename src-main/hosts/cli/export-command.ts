/** `hopscope export`: writes what the name of the target says. */
import { closeSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { writeConnLog } from "../../engine/export/conn-log";
import { DecapsulatedExport } from "../../engine/export/decapsulated-export";
import { PacketRows, type RowFormat } from "../../engine/export/packet-export";
import { writeHubble } from "../../engine/export/hubble-export";
import { writeIpfixCsv } from "../../engine/export/ipfix-export";
import { journeyMarks } from "../../engine/export/journey-marks";
import { PcapngExport, type PacketMark } from "../../engine/export/pcapng-export";
import { ParquetExport } from "../../engine/export/parquet-export";
import type { JoinedResult } from "../../engine/join/join-result";
import { FlowTable } from "../../engine/flows/flow-table";
import type { Batch } from "../../engine/kernel/batch";
import type { Workspace } from "../../engine/session/workspace";
import { chooseFields } from "./fields-command";
import { readFacts, readJoined } from "./joined-run";
import { writeReport } from "./report-export";
import { writeAll } from "./output";
import { type RunOptions, readCaptures } from "./run";
import { PacketSelection } from "./selection";
import { UsageError } from "./usage";

export interface ExportOptions extends Omit<RunOptions, "flows"> {
  readonly to: string;
  readonly filter: string | undefined;
  readonly fields: readonly string[];
  /** Only this connection's. */
  readonly connection: string | undefined;
  /** Mark packets with their journey. */
  readonly journeys: boolean;
  /** Tunnels to take off the packets of a pcapng file, Infinity all; 0: none. */
  readonly decapsulate?: number;
  readonly cluster: readonly string[];
  readonly clockOffsets: readonly string[];
}

/** Targets made of connections: the captures are joined first. */
type JoinedTarget = "hubble.json" | "ipfix.csv" | "html";
type Target = "pcapng" | "parquet" | RowFormat | "conn.log" | JoinedTarget;

function targetOf(path: string): Target {
  const name = path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1).toLowerCase();
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

/** Writes beside the target and moves into place at the end: a failed export leaves no half file, and an input may be the target. */
class Output {
  private readonly part: string;
  private readonly fd: number;

  constructor(private readonly path: string) {
    this.part = `${path}.part-${process.pid}`;
    try {
      this.fd = path === "-" ? 1 : openSync(this.part, "w");
    } catch (error) {
      throw new UsageError(
        `--to ${path}: cannot be written (${error instanceof Error ? error.message : String(error)})`,
      );
    }
  }

  readonly write = (bytes: Uint8Array): void => {
    if (this.fd === 1) writeAll(1, bytes);
    else for (let at = 0; at < bytes.length;) at += writeSync(this.fd, bytes, at);
  };

  done(): void {
    if (this.fd === 1) return;
    closeSync(this.fd);
    renameSync(this.part, this.path);
  }

  discard(): void {
    if (this.fd === 1) return;
    closeSync(this.fd);
    rmSync(this.part, { force: true });
  }
}

export async function runExport(options: ExportOptions): Promise<number> {
  const target = targetOf(options.to);
  const selection = new PacketSelection(options.filter);
  const fields = options.fields.length ? chooseFields(options.fields) : [];
  if (fields.length && (target === "pcapng" || target === "parquet" || target === "conn.log"))
    throw new UsageError(`-e chooses columns; ${target} has its own`);
  if ((target === "conn.log" || target === "parquet") && selection.needsStreams)
    throw new UsageError(
      `-Y ${options.filter ?? ""}: ${target} is made of flows; TCP analysis and stream numbers cannot select them`,
    );
  const isJoined = target === "hubble.json" || target === "ipfix.csv" || target === "html";
  if (isJoined && target !== "html" && options.filter !== undefined)
    throw new UsageError(`-Y selects packets; ${target} is made of connections: choose one with --connection`);
  if (isJoined && fields.length) throw new UsageError(`-e chooses columns; ${target} has its own`);
  if (!isJoined && target !== "pcapng" && options.connection !== undefined)
    throw new UsageError(`--connection: choose the target pcapng, html, hubble.json or ipfix.csv, not ${target}`);
  if (target !== "pcapng" && options.journeys)
    throw new UsageError(`--journeys marks the packets of a pcapng file; ${target} has no place for it`);
  if (target !== "pcapng" && options.decapsulate)
    throw new UsageError(
      `--decapsulate writes the packets that tunnels carry: choose the target pcapng, not ${target}`,
    );
  const asking = selection.needsJoin ? `-Y ${options.filter ?? ""}` : fields.find((f) => f.needsJoin)?.name;
  const joined = asking === undefined ? undefined : await readFacts(asking, options);
  const output = new Output(options.to);
  try {
    const exitCode = isJoined
      ? target === "html"
        ? await writeReport(options, selection, output.write)
        : await writeJoined(options, target, output)
      : await writeTarget({ ...options, joined }, target, selection, fields, output);
    if (exitCode === 2) output.discard();
    else output.done();
    return exitCode;
  } catch (error) {
    output.discard();
    throw error;
  }
}

async function writeJoined(
  options: ExportOptions,
  target: Exclude<JoinedTarget, "html">,
  output: Output,
): Promise<number> {
  const { joined, exitCode } = await readJoined(options);
  if (!joined) return exitCode;
  const { result } = joined;
  const index = connectionOf(result, options.connection);
  const encoder = new TextEncoder();
  let pending = "";
  const write = (text: string): void => {
    pending += text;
    if (pending.length < 1 << 18) return;
    output.write(encoder.encode(pending));
    pending = "";
  };
  if (target === "hubble.json") writeHubble(result, index, write);
  else writeIpfixCsv(result, index, write);
  output.write(encoder.encode(pending));
  return exitCode;
}

interface PacketWriter {
  take(batch: Batch, keep: Uint8Array | undefined): void;
  end(): void;
}

function packetWriter(
  options: ExportOptions,
  workspace: Workspace,
  output: Output,
  filtered: boolean,
  markOf?: (file: number, frameNumber: number) => PacketMark | undefined,
): PacketWriter {
  return options.decapsulate
    ? new DecapsulatedExport(workspace, output.write, options.decapsulate, markOf)
    : new PcapngExport(workspace, output.write, filtered, markOf);
}

/** Joins the captures, then reads them once more and writes the packets with what joining says of them. */
async function writeMarked(options: ExportOptions, selection: PacketSelection, output: Output): Promise<number> {
  const { joined, exitCode } = await readJoined(options);
  if (!joined) return exitCode;
  const marks = journeyMarks(joined.result, connectionOf(joined.result, options.connection));
  const onlyMarked = options.connection !== undefined;
  const filtered = onlyMarked || selection.filter !== undefined;
  const markOf = (file: number, frameNumber: number): PacketMark | undefined => marks[file]?.get(frameNumber);
  let writer: PacketWriter | undefined;
  const { run } = await readCaptures(
    { ...options, flows: selection.needsStreams ? "streams" : "none", keepBlocks: true },
    (batch, r) => {
      writer ??= packetWriter(options, r.workspace, output, filtered, markOf);
      let keep = selection.of(batch, r.context);
      if (onlyMarked) {
        const chosen = keep;
        keep = Uint8Array.from({ length: batch.packetCount }, (_, i) =>
          (!chosen || chosen[i]) && markOf(batch.file, batch.numberBefore + i + 1) ? 1 : 0,
        );
      }
      writer.take(batch, keep);
    },
  );
  writer ??= packetWriter(options, run.workspace, output, filtered, markOf);
  writer.end();
  return exitCode;
}

/** Index of the connection; undefined: all of them. */
function connectionOf(result: JoinedResult, id: string | undefined): number | undefined {
  const index = id === undefined ? undefined : result.find(id);
  if (index !== undefined && index < 0)
    throw new UsageError(`no connection has the id ${id}; hopscope connections lists them`);
  return index;
}

async function writeTarget(
  options: ExportOptions,
  target: Exclude<Target, JoinedTarget>,
  selection: PacketSelection,
  fields: ReturnType<typeof chooseFields>,
  output: Output,
): Promise<number> {
  if (target === "conn.log") {
    const { run, exitCode } = await readCaptures({ ...options, flows: "flows" }, undefined, (batch, r) => {
      const keep = selection.of(batch, r.context);
      if (keep) batch.dropEvents(keep);
    });
    if (exitCode !== 2) writeConnLog(run.handle, new FlowTable(run.handle), output.write);
    return exitCode;
  }
  if (target === "parquet") {
    let writer: ParquetExport | undefined;
    const { run, exitCode } = await readCaptures({ ...options, flows: "sightings" }, (batch, r) => {
      writer ??= new ParquetExport(r.workspace, r.handle, output.write);
      writer.take(batch, selection.of(batch, r.context));
    });
    writer ??= new ParquetExport(run.workspace, run.handle, output.write);
    writer.end();
    return exitCode;
  }
  if (target === "pcapng" && (options.journeys || options.connection !== undefined))
    return writeMarked(options, selection, output);
  if (target === "pcapng") {
    let writer: PacketWriter | undefined;
    const { run, exitCode } = await readCaptures(
      { ...options, flows: selection.needsStreams ? "streams" : "none", keepBlocks: true },
      (batch, r) => {
        writer ??= packetWriter(options, r.workspace, output, selection.filter !== undefined);
        writer.take(batch, selection.of(batch, r.context));
      },
    );
    writer ??= packetWriter(options, run.workspace, output, selection.filter !== undefined);
    writer.end();
    return exitCode;
  }
  let rows: PacketRows | undefined;
  const { run, exitCode } = await readCaptures(
    { ...options, flows: fields.length ? "streams" : "point-streams" },
    (batch, r) => {
      rows ??= new PacketRows(target, fields, r.workspace, r.context, output.write);
      rows.take(batch, selection.of(batch, r.context));
    },
  );
  rows ??= new PacketRows(target, fields, run.workspace, run.context, output.write);
  rows.end();
  return exitCode;
}
