/** Flows as tab-separated text, printed by the kernel in pieces of 256 KiB. */
import type { KernelHandle } from "../decode/pipeline";
import type { FlowGroups } from "./flow-table";

export const FLOW_COLUMNS: readonly string[] = [
  "flow",
  "proto",
  "source",
  "sport",
  "destination",
  "dport",
  "depth",
  "tunnel",
  "pkts>",
  "bytes>",
  "pkts<",
  "bytes<",
  "start",
  "duration",
  "state",
  "history",
  "community_id",
  "carrier",
  "points",
];

const PIECE = 1 << 18;

/**
 * Calls `write` with the text, piece by piece; the bytes are valid during the call. Without `groups` every row of the
 * table is a flow. `pointNames` are the capture points' ids.
 */
export function printFlows(
  handle: KernelHandle,
  groups: FlowGroups | undefined,
  pointNames: readonly string[],
  write: (bytes: Uint8Array) => void,
): void {
  const { kernel, memory, interned } = handle;
  const encoder = new TextEncoder();
  const names = pointNames.map((name) => encoder.encode(name));
  // A line names every point of its flow, so the room behind a piece must hold all of them.
  const longest = 1024 + names.reduce((sum, n) => sum + n.length + 1, 0);
  const table = memory.allocate(names.length * 8 + 8);
  const put = (words: Uint32Array): number => {
    const at = memory.allocate(words.byteLength);
    new Uint32Array(memory.memory.buffer, at, words.length).set(words);
    return at;
  };
  const entries = new Uint32Array(names.length * 2);
  names.forEach((name, i) => {
    const at = memory.allocate(name.length);
    memory.bytes().set(name, at);
    entries[i * 2] = at;
    entries[i * 2 + 1] = name.length;
  });
  new Uint32Array(memory.memory.buffer, table, entries.length).set(entries);
  const grouped = groups && groups.heads !== groups.flowOf;
  const best = grouped ? put(groups.best) : 0;
  const heads = grouped ? put(groups.heads) : 0;
  const next = grouped ? put(groups.next) : 0;
  const flowOf = grouped ? put(groups.flowOf) : 0;
  const printed = memory.allocate(4);
  const target = memory.allocate(PIECE + longest);
  const total = groups ? groups.heads.length : kernel.flowCount();
  const bytes = memory.bytes();
  const count = new Uint32Array(memory.memory.buffer, printed, 1);
  for (let flow = 0; flow < total;) {
    const n = kernel.printFlows(flow, total, best, heads, next, flowOf, table, interned, target, PIECE, printed);
    write(bytes.subarray(target, target + n));
    flow += count[0] as number;
  }
}
