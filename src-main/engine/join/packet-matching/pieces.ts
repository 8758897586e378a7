/**
 * Pieces of packets: groups that are part of what another station saw as one packet.
 *
 * ```
 * super-packet  ├───────────────┤  at a veth           whole     ├───────────────┤
 * segments      ├────┼────┼─────┤  at a card, behind   fragments ├──────┤├───────┤  of the same identification
 * ```
 * The station nearest to the sender cuts the journeys: what it saw as one packet was sent as one.
 */
import { SIGHTING_FRAGMENT } from "../../kernel/assembly/abi";
import { type SightingColumns, W_ID, W_IP_LENGTH, W_LENGTH, W_SEQ } from "../sighting-columns";
import { isHeaderCut } from "./cut-headers";

/** A piece may be seen so much before the super-packet it is of: clocks of interfaces. */
const COPY_NS = 2e6;
/** A piece of a super-packet follows it within this. */
const OFFLOAD_NS = 1e9;

/** Fragments and their whole are seen within this. */
const FRAGMENT_NS = 5e9;

/** Packets of one direction. A group is a list of positions in `rows`, by time. */
export interface MatchedPackets {
  readonly columns: SightingColumns;
  readonly rows: Uint32Array;
  /** Aligned time of each position, ns. */
  readonly times: Float64Array;
  /** Where a row was seen: points, and what stands for several at one point. */
  readonly stationOf: (row: number) => number;
  /** Order of two positions: below 0, the first one comes first. */
  readonly before: (a: number, b: number) => number;
}

/** Segments of a super-packet. Groups whose bytes lie in a longer group that other stations saw become its pieces. Undefined: there are none. */
export function mergeOffload(packets: MatchedPackets, members: readonly number[][]): number[][] | undefined {
  const { columns, rows, times } = packets;
  // Data groups by sequence number relative to the first one.
  const headers = headerBytes(packets, members);
  /** Its first row that kept the header, else its first. */
  const told = (g: readonly number[]): number => {
    const of = g.map((k) => rows[k] as number);
    return of.find((row) => !isHeaderCut(columns, columns.at(row))) ?? (of[0] as number);
  };
  const lengthOf = (g: readonly number[]): number => {
    const row = told(g);
    const length = columns.word(row, W_LENGTH) >>> 8;
    // Of what was cut within its header, the network layer still tells how much it carried.
    if (length > 0 || !isHeaderCut(columns, columns.at(row))) return length;
    return headers > 0 ? Math.max(0, columns.word(row, W_IP_LENGTH) - headers) : 0;
  };
  const seqOf = (g: readonly number[]): number => columns.word(told(g), W_SEQ);
  const data = members.filter((g) => lengthOf(g) > 0);
  if (data.length < 2) return undefined;
  let shortest = Infinity;
  let longest = 0;
  const stations = new Set<number>();
  for (const g of data) {
    shortest = Math.min(shortest, lengthOf(g));
    longest = Math.max(longest, lengthOf(g));
    for (const k of g) stations.add(packets.stationOf(rows[k] as number));
  }
  if (shortest === longest || stations.size < 2) return undefined;
  // Nothing to do where every group was seen at every station.
  if (data.every((g) => g.length >= stations.size)) return undefined;
  const base = seqOf(data[0] as number[]);
  const relative = (g: readonly number[]): number => (seqOf(g) - base) | 0;
  const time = (g: readonly number[]): number => times[g[0] as number] as number;
  // The station nearest to the sender cuts the journeys: what it saw as one packet was sent as one.
  const origin = originStation(packets, members);
  const sees = (g: readonly number[], s: number): boolean => g.some((k) => packets.stationOf(rows[k] as number) === s);
  const owners = data.filter((g) => sees(g, origin)).sort((a, b) => relative(a) - relative(b) || time(a) - time(b));
  if (owners.length === 0) return undefined;
  const starts = owners.map(relative);
  let longestOwner = 0;
  for (const g of owners) longestOwner = Math.max(longestOwner, lengthOf(g));
  const pieces = new Map<readonly number[], number[]>();
  const taken = new Set<readonly number[]>();
  for (const g of data) {
    if (sees(g, origin)) continue;
    const at = relative(g);
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((starts[middle] as number) <= at) low = middle + 1;
      else high = middle;
    }
    let best: readonly number[] | undefined;
    let bestApart = Infinity;
    for (let i = low - 1; i >= 0 && (starts[i] as number) > at - longestOwner; i--) {
      const owner = owners[i] as number[];
      if ((starts[i] as number) + lengthOf(owner) <= at) continue;
      const apart = time(g) - time(owner);
      if (apart < -COPY_NS || apart > OFFLOAD_NS) continue;
      if (Math.abs(apart) < bestApart) {
        bestApart = Math.abs(apart);
        best = owner;
      }
    }
    if (!best) continue;
    const list = pieces.get(best);
    if (list) list.push(...g);
    else pieces.set(best, [...g]);
    taken.add(g);
  }
  if (taken.size === 0) return undefined;
  return members
    .filter((g) => !taken.has(g))
    .map((g) => {
      const more = pieces.get(g);
      return more ? [...g, ...more].sort((a, b) => packets.before(a, b)) : g;
    });
}

/** Bytes of IP and TCP headers of a segment with payload; 0: there is none. They are the same in all of a connection. */
function headerBytes({ columns, rows }: MatchedPackets, members: readonly (readonly number[])[]): number {
  for (const g of members) {
    const row = rows[g[0] as number] as number;
    const length = columns.word(row, W_LENGTH) >>> 8;
    if (length > 0) return Math.max(0, columns.word(row, W_IP_LENGTH) - length);
  }
  return 0;
}

/** The station that others hardly ever precede: the sender's. Of several such, the one that saw most. */
function originStation({ rows, stationOf }: MatchedPackets, members: readonly (readonly number[])[]): number {
  const first = new Map<number, number>();
  const later = new Map<number, number>();
  for (const g of members) {
    if (g.length < 2) continue;
    const stations = new Set(g.map((k) => stationOf(rows[k] as number)));
    if (stations.size < 2) continue;
    let counts = first;
    for (const s of stations) {
      counts.set(s, (counts.get(s) ?? 0) + 1);
      counts = later;
    }
  }
  let best = stationOf(rows[(members[0] as number[])[0] as number] as number);
  let bestShare = -1;
  let bestSeen = 0;
  for (const [s, n] of first) {
    const seen = n + (later.get(s) ?? 0);
    const share = n / seen;
    if (share > bestShare || (share === bestShare && seen > bestSeen)) {
      bestShare = share;
      bestSeen = seen;
      best = s;
    }
  }
  return best;
}

/** Fragments with the identification of a packet that was whole elsewhere are its pieces. */
export function mergeFragments(packets: MatchedPackets, members: readonly number[][]): number[][] {
  const { columns, rows, times } = packets;
  const isFragment = (g: readonly number[]): boolean =>
    (columns.word(rows[g[0] as number] as number, W_ID) & SIGHTING_FRAGMENT) !== 0;
  if (!members.some(isFragment)) return members.slice();
  const whole = new Map<number, number[]>();
  members.forEach((g, i) => {
    if (isFragment(g)) return;
    const id = columns.word(rows[g[0] as number] as number, W_ID) >>> 16;
    const list = whole.get(id);
    if (list) list.push(i);
    else whole.set(id, [i]);
  });
  const out = members.map((g) => g.slice());
  const gone = new Set<number>();
  members.forEach((g, i) => {
    if (!isFragment(g)) return;
    const id = columns.word(rows[g[0] as number] as number, W_ID) >>> 16;
    const near = (whole.get(id) ?? []).find(
      (w) =>
        Math.abs((times[(members[w] as number[])[0] as number] as number) - (times[g[0] as number] as number)) <
        FRAGMENT_NS,
    );
    if (near === undefined) return;
    out[near]?.push(...g);
    gone.add(i);
  });
  return out.filter((_, i) => !gone.has(i)).map((g) => g.sort((a, b) => packets.before(a, b)));
}
