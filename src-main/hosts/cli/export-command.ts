/** `hopscope export`: writes what the name of the target says. */
import { closeSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { writeConnLog } from "../../engine/export/conn-log";
import { PacketRows, type RowFormat } from "../../engine/export/packet-export";
import { PcapngExport } from "../../engine/export/pcapng-export";
import { FlowTable } from "../../engine/flows/flow-table";
import { chooseFields } from "./fields-command";
import { writeAll } from "./output";
import { type RunOptions, readCaptures } from "./run";
import { PacketSelection } from "./selection";
import { UsageError } from "./usage";

export interface ExportOptions extends Omit<RunOptions, "flows"> {
  readonly to: string;
  readonly filter: string | undefined;
  readonly fields: readonly string[];
}

type Target = "pcapng" | RowFormat | "conn.log";

function targetOf(path: string): Target {
  const name = path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1).toLowerCase();
  if (name === "conn.log" || name.endsWith(".conn.log")) return "conn.log";
  const ending = /\.(pcapng|csv|json|ndjson)$/.exec(name)?.[1];
  if (!ending)
    throw new UsageError(`--to ${path}: expected a name that ends in .pcapng .csv .json .ndjson or is conn.log`);
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
  if (fields.length && (target === "pcapng" || target === "conn.log"))
    throw new UsageError(`-e chooses columns; ${target} has its own`);
  if (target === "conn.log" && selection.needsStreams)
    throw new UsageError(
      `-Y ${options.filter ?? ""}: conn.log is made of flows; TCP analysis and stream numbers cannot select them`,
    );
  const output = new Output(options.to);
  try {
    const exitCode = await writeTarget(options, target, selection, fields, output);
    if (exitCode === 2) output.discard();
    else output.done();
    return exitCode;
  } catch (error) {
    output.discard();
    throw error;
  }
}

async function writeTarget(
  options: ExportOptions,
  target: Target,
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
  if (target === "pcapng") {
    let writer: PcapngExport | undefined;
    const { run, exitCode } = await readCaptures(
      { ...options, flows: selection.needsStreams ? "streams" : "none", keepBlocks: true },
      (batch, r) => {
        writer ??= new PcapngExport(r.workspace, output.write, selection.filter !== undefined);
        writer.take(batch, selection.of(batch, r.context));
      },
    );
    writer ??= new PcapngExport(run.workspace, output.write, selection.filter !== undefined);
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
