/**
 * Whether the one interface of a recording is of several machines, merged into it (mergecap -F pcap), by how often its packets were routed.
 *
 * ```
 *   pod 64 ── node ── 63 ── router ── 62 ── node ── 61 pod        all of it at one point: a machine routes a packet once
 * ```
 * A capture of all interfaces is asked nothing: what a router sends back to the machine it came from is routed there twice.
 */
import { type SightingColumns, W_HASH, W_ID, W_LENGTH, W_SEQ } from "../sighting-columns";
import { COOKED, type KnownNetwork } from "./known-network";
import { evenly } from "./sample";

/** Conversations that are looked at, and sightings of each flow. */
const LOOKED_AT = 400;
const FIRST_ROWS = 64;
/** Routers that a packet was sent on by; more are a loop's turns, which one machine sees, too. */
const LEAST = 2;
const MOST = 16;
/** One conversation of so many was routed so often: some that come back do not make it several machines. */
const ONE_OF = 4;

/** `point`: the only one of its machine. */
export function isRoutedAgain(network: KnownNetwork, point: number, sample: readonly number[]): boolean {
  if (COOKED.has(network.input.points[point]?.linkType ?? 0)) return false;
  let own = 0;
  let again = 0;
  for (const c of evenly(sample, LOOKED_AT)) {
    const [path = [], back = []] = network.pathsOf(c);
    if (path.length !== 1 || path[0] !== point || back.some((p) => p !== point)) continue;
    own++;
    if (hopsTaken(network, c, 0) >= LEAST || hopsTaken(network, c, 1) >= LEAST) again++;
  }
  return again > 0 && again * ONE_OF >= own;
}

/** Between sightings of a packet of the connection, to the server (0) or back; 0 for a loop's. */
function hopsTaken({ table, input: { columns, joined } }: KnownNetwork, c: number, way: number): number {
  let first = -1;
  let most = 0;
  let least = 255;
  for (let i = table.flowStart[c] as number; i < (table.flowStart[c + 1] as number); i++) {
    const flow = table.flows[i] as number;
    const direction = way ^ joined.match.sets.swapped(flow) ^ (table.serverIsA[c] as number);
    for (const row of firstRows(columns, flow)) {
      if (columns.direction(row) !== direction) continue;
      if (first < 0) first = row;
      else if (!isAgain(columns, first, row)) continue;
      const ttl = (columns.word(row, W_ID) >>> 8) & 255;
      most = Math.max(most, ttl);
      least = Math.min(least, ttl);
    }
  }
  return most - least > MOST ? 0 : most - least;
}

/** Another sighting of a packet, or what was sent again: it began with as many hops. */
function isAgain(columns: SightingColumns, a: number, b: number): boolean {
  const same = (word: number): boolean => columns.word(a, word) === columns.word(b, word);
  return columns.word(a, W_ID) >>> 16 === columns.word(b, W_ID) >>> 16 && same(W_SEQ) && same(W_LENGTH) && same(W_HASH);
}

function firstRows(columns: SightingColumns, flow: number): Uint32Array {
  const start = columns.start[flow] as number;
  return columns.order.subarray(start, Math.min(columns.start[flow + 1] as number, start + FIRST_ROWS));
}
