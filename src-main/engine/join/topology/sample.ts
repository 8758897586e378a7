/**
 * The connections that are looked at for what they say of the network: some evenly over the recording, so that the usual is usual among them
 * too, and two of every kind, so that a pod that said one thing in a million is heard. Half a recording of 50,000 took 250 ms; these 170.
 */
import type { ConnectionTable } from "../connection-table";

/** Connections looked at evenly over the recording, of fewer all. */
const EVENLY = 4000;
/** Connections looked at of each address at a point, of each path and tunnel. */
const OF_A_KIND = 2;
/** Of kinds at most so many: a scan of a whole network is an address a connection. */
const MOST = 40000;

/** Numbers of connections, ascending. */
export function sampleConnections(table: ConnectionTable): number[] {
  const { count } = table;
  const list: number[] = [];
  const step = Math.max(1, Math.ceil(count / EVENLY));
  const seen = new Map<number, number>();
  const isRare = (what: number, value: number, where: number): boolean => {
    // Two kinds of one hash may miss one of a kind, no more.
    const kind = mix(mix(what, value), where);
    const times = seen.get(kind) ?? 0;
    if (times >= OF_A_KIND) return false;
    seen.set(kind, times + 1);
    return true;
  };
  for (let c = 0; c < count; c++) {
    const path = table.path[c] as number;
    const back = table.returnPath[c] as number;
    const there = table.paths[path] ?? [];
    const answer = table.paths[back] ?? [];
    // Each counts, whatever the others say.
    const client = isRare(1, table.clientAddress[c] as number, there[0] ?? -1);
    const server = isRare(2, table.serverAddress[c] as number, answer[0] ?? there[there.length - 1] ?? -1);
    const asked = isRare(3, table.requestedAddress[c] as number, table.changes[c] === 0 ? 0 : 1);
    const carried = isRare(4, table.carriers[c] as number, 0);
    const way = isRare(5, path, 0);
    const wayBack = isRare(6, back, 0);
    const isKind = client || server || asked || carried || way || wayBack;
    if (c % step === 0 || (isKind && list.length < MOST)) list.push(c);
  }
  return list;
}

/** `most` of a list, evenly; all of a shorter one. */
export function evenly<T>(list: readonly T[], most: number): readonly T[] {
  if (list.length <= most) return list;
  return Array.from({ length: most }, (_, i) => list[Math.floor((i * list.length) / most)] as T);
}

function mix(a: number, b: number): number {
  const h = Math.imul(a ^ b, 0x9e3779b1);
  return Math.imul(h ^ (h >>> 15), 0x85ebca6b) ^ (h >>> 13);
}
