/** Runs the engine in this process over bytes a test made. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULT_DECODE_OPTIONS, type DecodeOptions } from "../../src-main/engine/decode/decode-options";
import { type FlowMode, type KernelHandle, createKernel, runPipeline } from "../../src-main/engine/decode/pipeline";
import { FieldColumns, printValue } from "../../src-main/engine/fields/field-columns";
import { findField } from "../../src-main/engine/fields/registry";
import { FlowTable } from "../../src-main/engine/flows/flow-table";
import type { Batch } from "../../src-main/engine/kernel/batch";
import { Workspace } from "../../src-main/engine/session/workspace";
import { TextWriter } from "../../src-shared/base/text-writer";

export interface EngineRun {
  readonly handle: KernelHandle;
  readonly workspace: Workspace;
}

/** Reads one capture; `onBatch` sees every batch. */
export async function runEngine(
  bytes: Uint8Array,
  flows: FlowMode,
  options: Partial<DecodeOptions> = {},
  onBatch?: (batch: Batch, run: EngineRun) => void,
): Promise<EngineRun> {
  const folder = mkdtempSync(join(tmpdir(), "hopscope-"));
  try {
    const file = join(folder, "test.pcapng");
    writeFileSync(file, bytes);
    const run: EngineRun = { handle: createKernel(), workspace: new Workspace([file]) };
    await runPipeline(
      run.handle,
      [file],
      { decode: { ...DEFAULT_DECODE_OPTIONS, ...options }, flows, threads: 1 },
      { event: (e) => run.workspace.take(e), batch: (b) => onBatch?.(b, run) },
    );
    return run;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** One line a flow: "tcp 10.0.0.1:1000 > 10.0.0.2:80 5/3 SF ShADadFf". */
export async function flowLines(bytes: Uint8Array, options: Partial<DecodeOptions> = {}): Promise<string[]> {
  const { handle } = await runEngine(bytes, "flows", options);
  const table = new FlowTable(handle);
  const groups = table.groups();
  return [...groups.best].map((row) => {
    table.seek(row);
    const tunnel = table.depth > 1 ? ` in ${table.tunnel ?? "?"}${table.vni ? `/${table.vni}` : ""}` : "";
    const protocol =
      new Map([
        [6, "tcp"],
        [17, "udp"],
        [1, "icmp"],
        [58, "icmpv6"],
      ]).get(table.protocol) ?? String(table.protocol);
    return `${protocol} ${table.addressText(0)}:${table.port(0)} > ${table.addressText(1)}:${table.port(1)} ${table.packets(0)}/${table.packets(1)} ${table.connState} ${table.history || "-"}${tunnel}`;
  });
}

/** The values of fields, a row a packet, occurrences joined by commas; as `hopscope fields` prints them. */
export async function fieldRows(
  bytes: Uint8Array,
  names: readonly string[],
  mode: FlowMode = "streams",
  options: Partial<DecodeOptions> = { reassemble: false },
  verifyChecksums = false,
): Promise<string[][]> {
  const rows: string[][] = [];
  let columns: FieldColumns | undefined;
  await runEngine(bytes, mode, options, (batch, run) => {
    columns ??= new FieldColumns({
      files: run.workspace.files,
      points: run.workspace.points,
      kernel: run.handle.kernel,
      scratch: run.handle.scratch,
      verifyChecksums,
      pointStreams: mode === "point-streams",
      decode: { ...DEFAULT_DECODE_OPTIONS, ...options },
    });
    columns.begin(batch);
    const cell = new TextWriter();
    for (let packet = 0; packet < batch.packetCount; packet++) {
      rows.push(
        names.map((name) => {
          const field = findField(name);
          if (!field || !columns) throw new Error(`no field ${name}`);
          const column = columns.column(name);
          cell.clear();
          let first = true;
          for (let i = 0; i < column.count; i++) {
            if (column.packet[i] !== packet) continue;
            if (!first) cell.byte(44);
            first = false;
            printValue(cell, field, column, i);
          }
          return cell.toString();
        }),
      );
    }
  });
  return rows;
}
