/** `hopscope flows`: every flow at every depth. */
import { TextWriter } from "../../../src-shared/base/text-writer";
import { writeCommunityId } from "../../engine/flows/community-id";
import { type FlowGroups, FlowTable, NO_FLOW_ROW, PROTOCOL_NAMES } from "../../engine/flows/flow-table";
import { FLOW_COLUMNS, printFlows } from "../../engine/flows/flow-text";
import { flush, flushSome, print, writeAll } from "./output";
import { UsageError } from "./usage";
import { type CaptureRun, EXIT_UNUSABLE, type RunOptions, readCaptures } from "./run";

export interface FlowsOptions extends Omit<RunOptions, "flows"> {
  readonly json: boolean;
  /** One row per flow and capture point. */
  readonly perPoint: boolean;
  readonly filter: string | undefined;
}

export async function runFlows(options: FlowsOptions): Promise<number> {
  // The filter and the fields it needs are loaded only for a filter.
  const selection =
    options.filter === undefined ? undefined : new (await import("./selection")).PacketSelection(options.filter);
  if (selection?.needsStreams)
    throw new UsageError(`-Y ${options.filter ?? ""}: TCP analysis and stream numbers cannot select flows`);
  if (selection?.needsJoin)
    throw new UsageError(
      `-Y ${options.filter ?? ""}: flows are counted before anything is joined; hopscope connections joins them`,
    );
  const { run, exitCode } = await readCaptures(
    { ...options, flows: "flows" },
    undefined,
    selection &&
      ((batch, r) => {
        const keep = selection.of(batch, r.context);
        if (keep) batch.dropEvents(keep);
      }),
  );
  if (exitCode === EXIT_UNUSABLE) return exitCode;
  const table = new FlowTable(run.handle);
  const groups = options.perPoint ? undefined : table.groups();
  if (options.json) printJson(run, table, groups);
  else {
    const names = run.workspace.points.map((_, i) => run.workspace.pointId(i));
    if (process.stdout.isTTY) printTable(run, groups, names);
    else {
      print(`${FLOW_COLUMNS.join("\t")}\n`);
      printFlows(run.handle, groups, names, (bytes) => writeAll(1, bytes));
    }
  }
  return exitCode;
}

/** Tables with more rows than this are printed as they come: nobody reads them aligned. */
const MAX_ALIGNED = 5000;

/** For a terminal: columns aligned, numbers to the right. */
function printTable(run: CaptureRun, groups: FlowGroups | undefined, names: readonly string[]): void {
  const decoder = new TextDecoder();
  let text = "";
  printFlows(run.handle, groups, names, (bytes) => {
    text += decoder.decode(bytes, { stream: true });
  });
  const rows = [
    [...FLOW_COLUMNS],
    ...text
      .split("\n")
      .slice(0, -1)
      .map((line) => line.split("\t")),
  ];
  if (rows.length > MAX_ALIGNED) {
    print(`${rows.map((cells) => cells.join("\t")).join("\n")}\n`);
    return;
  }
  const widths = FLOW_COLUMNS.map((_, c) => rows.reduce((w, cells) => Math.max(w, cells[c]?.length ?? 0), 0));
  const numeric = FLOW_COLUMNS.map(
    (_, c) => rows.length > 1 && rows.slice(1).every((cells) => /^[\d.-]*$/.test(cells[c] ?? "")),
  );
  const last = FLOW_COLUMNS.length - 1;
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, c) => (numeric[c] ? cell.padStart(widths[c] ?? 0) : c === last ? cell : cell.padEnd(widths[c] ?? 0)))
      .join("  ");
  print(`${rows.map(line).join("\n")}\n`);
}

function flowCount(table: FlowTable, groups: FlowGroups | undefined): number {
  return groups ? groups.heads.length : table.count;
}

/** Number of the flow a row belongs to, from 1. */
function flowNumber(groups: FlowGroups | undefined, row: number): number {
  return (groups ? (groups.flowOf[row] as number) : row) + 1;
}

function pointsOf(table: FlowTable, groups: FlowGroups | undefined, flow: number): number[] {
  if (!groups) return [table.point];
  const points: number[] = [];
  for (let row = groups.heads[flow] as number; row !== NO_FLOW_ROW; row = groups.next[row] as number)
    points.push(table.seek(row).point);
  return points;
}

function printJson(run: CaptureRun, table: FlowTable, groups: FlowGroups | undefined): void {
  const out = new TextWriter(1 << 19);
  const bytes = run.handle.memory.bytes();
  const id = new TextWriter(32);
  const points = run.workspace.points.map((p, i) => ({
    id: run.workspace.pointId(i),
    file: run.workspace.files[run.workspace.pointFiles[i] ?? 0]?.name ?? "",
    interface: p.name ?? null,
    linkType: p.linkType,
  }));
  out.text(`{"version":1,"points":${JSON.stringify(points)},"flows":[`);
  const total = flowCount(table, groups);
  const time = (seconds: number, nanoseconds: number): string => {
    id.clear();
    id.time(seconds, nanoseconds);
    return id.toString();
  };
  for (let flow = 0; flow < total; flow++) {
    const row = groups ? (groups.best[flow] as number) : flow;
    table.seek(row);
    const seen = pointsOf(table, groups, flow);
    let sightings = 0;
    if (groups) {
      for (let r = groups.heads[flow] as number; r !== NO_FLOW_ROW; r = groups.next[r] as number) {
        table.seek(r);
        sightings += table.packets(0) + table.packets(1);
      }
    }
    table.seek(row);
    if (!groups) sightings = table.packets(0) + table.packets(1);
    const icmp = (table.protocol === 1 || table.protocol === 58) && { type: table.icmpType, code: table.icmpCode };
    id.clear();
    writeCommunityId(id, bytes, run.handle.kernel.communityIdOf(row));
    const communityId = id.toString();
    const carrier = table.carrierRow;
    const object = {
      id: flow + 1,
      protocol: PROTOCOL_NAMES.get(table.protocol) ?? String(table.protocol),
      protocolNumber: table.protocol,
      source: { ip: table.addressText(0), port: table.port(0) },
      destination: { ip: table.addressText(1), port: table.port(1) },
      ...(icmp && { icmp }),
      depth: table.depth,
      tunnel: table.depth > 1 ? { kind: table.tunnel ?? "ip", vni: table.vni || null } : null,
      carrier: carrier === NO_FLOW_ROW ? null : flowNumber(groups, carrier),
      packets: { fromSource: table.packets(0), fromDestination: table.packets(1), sightings },
      bytes: { fromSource: table.bytes(0), fromDestination: table.bytes(1) },
      ipBytes: { fromSource: table.ipBytes(0), fromDestination: table.ipBytes(1) },
      payloadBytes: { fromSource: table.payload(0), fromDestination: table.payload(1) },
      firstTime: time(table.firstSeconds, table.firstNanoseconds),
      lastTime: time(table.lastSeconds, table.lastNanoseconds),
      state: table.connState,
      history: table.history,
      communityId,
      points: seen.map((p) => run.workspace.pointId(p)),
    };
    out.text(`${flow ? "," : ""}\n${JSON.stringify(object)}`);
    flushSome(out);
  }
  out.text("\n]}\n");
  flush(out);
}
