/**
 * Writes the packets of a view, or some of them, to a file: pcapng (blocks copied as they are), CSV, JSON and NDJSON with the
 * columns that are shown, in the order of the view, or Zeek's conn.log of their flows.
 */
import { hostileCsvCell } from "../../../src-shared/base/csv";
import { baseName } from "../../../src-shared/base/file-name";
import { TextWriter } from "../../../src-shared/base/text-writer";
import { PACKET_COLUMNS } from "../../../src-shared/contract/columns";
import { ContractError } from "../../../src-shared/contract/messages";
import type { Params } from "../../../src-shared/contract/requests";
import type { PacketId, Written } from "../../../src-shared/contract/results";
import { writeConnLog } from "../export/conn-log";
import { OutputError, OutputFile } from "../export/output-file";
import { type AddedComments, PcapngExport } from "../export/pcapng-export";
import { FlowTable } from "../flows/flow-table";
import type { Batch } from "../kernel/batch";
import { passOver } from "./captures-pass";
import type { RequestContext } from "./handlers";
import type { PacketView } from "./packet-view";
import { CellPrinter } from "./row-cells";

type Format = "pcapng" | "csv" | "json" | "ndjson" | "conn.log";

const ROWS_AT_ONCE = 512;

/** @throws ContractError "invalid-request" for a name that says no format, "file" where it cannot be written, "cancelled" */
export async function writeExport(
  view: PacketView,
  params: Params<"export.write">,
  context: RequestContext,
): Promise<Written> {
  const format = formatOf(params.path);
  await view.whenComplete(context.signal);
  const ids = params.packets ? Uint32Array.from(params.packets) : view.ids(0, view.rows);
  for (const id of ids)
    if (id >= view.captures.index.count) throw new ContractError("gone", `there is no packet ${id} to write`);
  let file: OutputFile | undefined;
  try {
    file = new OutputFile(params.path);
    if (format === "pcapng") await writePcapng(view, ids, file, context);
    else if (format === "conn.log") await writeFlows(view, ids, file, context);
    else await writeRows(view, ids, params.columns, format, file, context);
    file.done();
  } catch (error) {
    file?.discard();
    throw error instanceof OutputError ? new ContractError("file", error.message) : error;
  }
  return { path: params.path, packets: ids.length, bytes: file.bytes };
}

function formatOf(path: string): Format {
  const name = baseName(path).toLowerCase();
  if (name === "conn.log" || name.endsWith(".conn.log")) return "conn.log";
  const ending = /\.(pcapng|csv|json|ndjson)$/.exec(name)?.[1];
  if (!ending)
    throw new ContractError(
      "invalid-request",
      `"${name}": expected a name that ends in .pcapng .csv .json .ndjson or is conn.log`,
    );
  return ending as Format;
}

/** One byte a packet of a batch: 1 if it is to be written. */
function keeper(view: PacketView, ids: Uint32Array): (batch: Batch, firstId: number) => Uint8Array {
  const { index } = view.captures;
  const chosen = new Uint8Array(index.count);
  for (const id of ids) chosen[id] = 1;
  return (batch, firstId) => {
    const end = Math.min(index.rangeOf(batch.file)[1], firstId + batch.packetCount);
    const keep = new Uint8Array(batch.packetCount);
    keep.set(chosen.subarray(firstId, end));
    return keep;
  };
}

async function writePcapng(
  view: PacketView,
  ids: Uint32Array,
  file: OutputFile,
  context: RequestContext,
): Promise<void> {
  const keep = keeper(view, ids);
  const filtered = ids.length < view.captures.index.count;
  const added = addedComments(view);
  let writer: PcapngExport | undefined;
  const pass = await passOver(view.captures, {
    flows: "none",
    keepBlocks: true,
    signal: context.signal,
    batch: (batch, firstId, { workspace }) => {
      writer ??= new PcapngExport(workspace, file.write, filtered, undefined, added);
      writer.take(batch, keep(batch, firstId));
      context.progress(firstId, view.captures.index.count, "writing");
    },
  });
  writer ??= new PcapngExport(pass.workspace, file.write, filtered, undefined, added);
  writer.end();
}

/** The notes the window told of; without any, files are copied as they are. */
function addedComments({ captures }: PacketView): AddedComments | undefined {
  const { notes, index } = captures;
  if (notes.isEmpty) return undefined;
  return {
    ofPacket: (file, frameNumber) => notes.commentsFor(index.rangeOf(file)[0] + frameNumber - 1),
    ofFile: notes.fileComments(),
  };
}

async function writeFlows(
  view: PacketView,
  ids: Uint32Array,
  file: OutputFile,
  context: RequestContext,
): Promise<void> {
  const keep = keeper(view, ids);
  const pass = await passOver(view.captures, {
    flows: "flows",
    signal: context.signal,
    select: (batch, firstId) => {
      batch.dropEvents(keep(batch, firstId));
      context.progress(firstId, view.captures.index.count, "writing");
    },
  });
  writeConnLog(pass.handle, new FlowTable(pass.handle), file.write);
}

async function writeRows(
  view: PacketView,
  ids: Uint32Array,
  columns: readonly string[],
  format: "csv" | "json" | "ndjson",
  file: OutputFile,
  context: RequestContext,
): Promise<void> {
  const shown = columns.length > 0 ? columns : PACKET_COLUMNS.filter((c) => c.shown).map((c) => c.id);
  const names = shown.map((id) => PACKET_COLUMNS.find((c) => c.id === id)?.label ?? id);
  const printer = new CellPrinter(view.captures, shown);
  const timeColumn = shown.indexOf("time");
  const out = new TextWriter(1 << 18);
  if (format === "csv") out.text(`${names.map(hostileCsvCell).join(",")}\r\n`);
  let written = 0;
  let above: PacketId = -1;
  for (let from = 0; from < ids.length; from += ROWS_AT_ONCE) {
    const part = ids.subarray(from, from + ROWS_AT_ONCE);
    const rows = printer.print(part, above);
    rows.forEach((cells, i) => {
      const id = part[i] as number;
      if (timeColumn >= 0) cells[timeColumn] = timeText(view, id);
      if (format === "csv") out.text(`${cells.map(hostileCsvCell).join(",")}\r\n`);
      else {
        const values = cells.map((text, c) => (isNumber(shown[c] as string) && text !== "" ? Number(text) : text));
        const lead = format === "ndjson" ? "" : written > 0 ? ",\n" : "[\n";
        const object = JSON.stringify(Object.fromEntries(values.map((value, c) => [names[c] as string, value])));
        out.text(`${lead}${object}${format === "ndjson" ? "\n" : ""}`);
      }
      written++;
    });
    above = part[part.length - 1] as number;
    file.write(out.bytes());
    out.clear();
    context.progress(written, ids.length, "writing");
    await context.breathe();
  }
  if (format === "json") out.text(written > 0 ? "\n]\n" : "[]\n");
  file.write(out.bytes());
}

function isNumber(column: string): boolean {
  return column === "number" || column === "length" || column === "stream";
}

/** Seconds since the epoch. */
function timeText(view: PacketView, id: PacketId): string {
  const { index } = view.captures;
  const writer = new TextWriter(32);
  writer.time(index.seconds(id), index.nanoseconds(id));
  return writer.toString();
}
