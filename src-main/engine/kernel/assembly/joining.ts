/**
 * The parts of joining that look at every sighting: rows by flow, and which rows of one connection are one packet. What is decided about flows is decided in engine/join; these are its inner loops.
 *
 * ```
 * indexSightings   order[start[f]] … order[start[f + 1] - 1]: the rows of flow f, in reading order
 * fetchConnection  brings a connection's rows and flows into the cache
 * groupPackets     rows of a connection ─► groups of equal packets, each a list in order of aligned time
 * ```
 */
import {
  GROUPS_ALONE,
  GROUPS_FIRST_WAY,
  GROUPS_IN,
  GROUP_BYTES,
  GROUP_FRAGMENTS,
  GROUP_HEADER_BYTES,
  GROUP_NEXT_WAY,
  GROUP_OFFLOAD,
  GROUP_OF_WAY,
  GROUP_POINTS,
  GROUP_REPEATED,
  GROUP_WORD,
  JOINT_BYTES,
  NO_ROW,
  SIGHTING_BYTES,
  SIGHTING_CARRIED,
  SIGHTING_CUT,
  SIGHTING_FRAGMENT,
  SIGHTING_NO_TRANSPORT,
  SIGHTING_SEGMENT_SHIFT,
} from "./abi";
import { flowCount, flowRow } from "./flow-rows";
import { setFlows, setParents, setStart } from "./flow-sets";
import { stir, zeroed } from "./hash";
import { allocate } from "./host";
import { sightingCount, sightingSegments } from "./sightings";

const SEGMENT_MASK: u32 = (1 << SIGHTING_SEGMENT_SHIFT) - 1;

/** Rows of one packet. More without identification were sent again and again: keeping 600,000 in order had not ended after four minutes. */
const LONGEST_PATH: u32 = 64;

let segments: usize = 0;
export let start: usize = 0;
export let order: usize = 0;
/** By flow: u32 capture point. By point: f64 scale, f64 shift, u32 rank, u32 resolution in ns. */
let points: usize = 0;
let clocks: usize = 0;
/** By flow · 2 + direction: u16 rank; 0: the points' ranks are used. Then, ns: the coarsest clock's resolution, else 0. */
let flowRanks: usize = 0;
let coarsest: f64 = 0;
let baseSeconds: i64 = 0;
let pointTotal: u32 = 0;

// Scratch of groupPackets
let capacity: u32 = 0;
let table: usize = 0;
let joints: usize = 0;
let groups: usize = 0;
let seen: usize = 0;

// @ts-ignore: decorator
@inline
export function rowAt(row: u32): usize {
  return (load<u32>(segments + ((row >> SIGHTING_SEGMENT_SHIFT) << 2)) as usize) + (row & SEGMENT_MASK) * SIGHTING_BYTES;
}

/** Sorts the rows by flow. Afterwards `rowOrder` and `rowStart` say where they are. */
export function indexSightings(): void {
  segments = sightingSegments();
  const flows = flowCount();
  const rows = sightingCount();
  start = zeroed((flows + 2) << 2);
  order = allocate((rows + 1) << 2);
  // start[f + 1] counts, then is where flow f's next row goes, and ends as where flow f + 1 begins.
  for (let r: u32 = 0; r < rows; r++) {
    const at = start + (((load<u32>(rowAt(r) + 12) >> 1) + 2) << 2);
    store<u32>(at, load<u32>(at) + 1);
  }
  for (let f: u32 = 2; f <= flows; f++) store<u32>(start + (f << 2), load<u32>(start + (f << 2)) + load<u32>(start + ((f - 1) << 2)));
  for (let r: u32 = 0; r < rows; r++) {
    const at = start + (((load<u32>(rowAt(r) + 12) >> 1) + 1) << 2);
    const to = load<u32>(at);
    store<u32>(order + (to << 2), r);
    store<u32>(at, to + 1);
  }
}
export function rowOrder(): usize {
  return order;
}
export function rowStart(): usize {
  return start;
}

/** Keeps the compiler from leaving touches out. */
let touched: u32 = 0;

/**
 * Brings the rows and the flows of a connection into the cache: they lie far apart. Loads that do not wait for each other overlap,
 * those between branches, and those of who reads facts off them, do not: groupPackets alone took a quarter longer without.
 */
export function fetchConnection(set: u32): void {
  const flows = setFlows();
  const last = load<u32>(setStart() + ((set + 1) << 2));
  let sum: u32 = 0;
  for (let i = load<u32>(setStart() + (set << 2)); i < last; i++) {
    const f = load<u32>(flows + (i << 2));
    const flow = flowRow(f);
    sum += load<u32>(flow) ^ load<u32>(flow + 64);
    const end = load<u32>(start + ((f + 1) << 2));
    for (let k = load<u32>(start + (f << 2)); k < end; k++) {
      const r = rowAt(load<u32>(order + (k << 2)));
      sum += load<u32>(r) ^ load<u32>(r + 40);
    }
  }
  touched += sum;
}

/**
 * Says what groupPackets needs: `pointOfFlow` u32 by flow; `clock` by point 24 bytes: f64 scale, f64 shift in ns, u32 rank, u32
 * resolution in ns; `count` points; times count from second `base`; no connection has more than `rows` rows.
 */
export function configureGroups(pointOfFlow: usize, clock: usize, count: u32, base: f64, rows: u32): void {
  points = pointOfFlow;
  clocks = clock;
  pointTotal = count;
  baseSeconds = base as i64;
  flowRanks = 0;
  coarsest = 0;
  seen = zeroed((count + 1) << 2);
  if (rows <= capacity) return;
  capacity = rows;
  let slots: u32 = 16;
  while (slots < rows << 1) slots <<= 1;
  table = allocate(slots << 2);
  joints = allocate(rows * JOINT_BYTES);
  groups = allocate((GROUP_HEADER_BYTES << 1) + rows * GROUP_BYTES);
}

/** Ranks by flow · 2 + direction (u16) in place of the points'; clocks are `resolution` ns or finer (join/station-order.ts). */
export function configureRanks(ranks: usize, resolution: f64): void {
  flowRanks = ranks;
  coarsest = resolution;
}

export function groupTable(): usize {
  return groups;
}
export function jointTable(): usize {
  return joints;
}

// @ts-ignore: decorator
@inline
function timeOf(r: usize, point: u32): f64 {
  const t = load<i64>(r);
  const ns = (((t >> 30) - baseSeconds) * 1000000000 + (t & 0x3fffffff)) as f64;
  const c = clocks + point * 24;
  return ns * load<f64>(c) + load<f64>(c + 8);
}

/** Of a TCP header that was not captured whole neither flags nor payload length are known: 0. */
// @ts-ignore: decorator
@inline
function isHeaderCut(bits: u32, word: u32): bool {
  return (bits & SIGHTING_CUT) != 0 && !word;
}

/** TSval: 0 where the options were cut off. */
// @ts-ignore: decorator
@inline
function sameTimestamp(x: u32, y: u32): bool {
  return x == y || !x || !y;
}

/** Rows that are one packet by all that survives. */
// @ts-ignore: decorator
@inline
function equal(x: usize, y: usize, tcp: bool): bool {
  const bx = load<u32>(x + 36);
  const by = load<u32>(y + 36);
  if (bx >> 16 != by >> 16 || (bx ^ by) & SIGHTING_FRAGMENT) return false;
  if (bx & SIGHTING_FRAGMENT) return true;
  const lx = load<u32>(x + 32);
  const ly = load<u32>(y + 32);
  // A TCP header that was cut off tells no more than this.
  if (tcp && (isHeaderCut(bx, lx) || isHeaderCut(by, ly)))
    return bx >> 16 != 0 && load<u32>(x + 16) == load<u32>(y + 16) && load<u32>(x + 40) == load<u32>(y + 40);
  if (lx >> 8 != ly >> 8 || (lx ^ ly) & 23) return false;
  if (tcp)
    return (
      load<u32>(x + 16) == load<u32>(y + 16) &&
      load<u32>(x + 20) == load<u32>(y + 20) &&
      (bx >> 16 != 0 || sameTimestamp(load<u32>(x + 24), load<u32>(y + 24)))
    );
  const hx = load<u32>(x + 28);
  const hy = load<u32>(y + 28);
  return load<u32>(x + 24) == load<u32>(y + 24) && (hx == hy || (bx >> 16 != 0 && (!hx || !hy)));
}

/** Clocks of two points tell nothing about times that are so close: they are not one clock, and the coarser one counts in longer steps. */
function isWithinStep(a: usize, b: usize, apart: f64): bool {
  const x = clocks + load<u32>(a + 12) * 24;
  const y = clocks + load<u32>(b + 12) * 24;
  const rx = load<u32>(x + 20);
  const ry = load<u32>(y + 20);
  if (apart >= (max(rx, ry) as f64)) return false;
  return rx != ry || load<f64>(x) != load<f64>(y) || load<f64>(x + 8) != load<f64>(y + 8);
}

/**
 * Joint a comes before joint b: by aligned time, then by hops left (each router takes one), then by rank of the station or of the point, then
 * by row.
 */
// @ts-ignore: decorator
@inline
function before(a: usize, b: usize): bool {
  const ta = load<f64>(a);
  const tb = load<f64>(b);
  if (ta != tb) {
    const apart = abs<f64>(ta - tb);
    if (apart >= coarsest || !isWithinStep(a, b, apart)) return ta < tb;
  }
  const la = load<u8>(rowAt(load<u32>(a + 8)) + 37);
  const lb = load<u8>(rowAt(load<u32>(b + 8)) + 37);
  if (la != lb) return la > lb;
  if (flowRanks) {
    const fa = load<u16>(flowRanks + (load<u32>(rowAt(load<u32>(a + 8)) + 12) << 1));
    const fb = load<u16>(flowRanks + (load<u32>(rowAt(load<u32>(b + 8)) + 12) << 1));
    if (fa != fb) return fa < fb;
    if (ta != tb) return ta < tb;
  }
  const ra = load<u32>(clocks + load<u32>(a + 12) * 24 + 16);
  const rb = load<u32>(clocks + load<u32>(b + 12) * 24 + 16);
  if (ra != rb) return ra < rb;
  return load<u32>(a + 8) < load<u32>(b + 8);
}

/**
 * Groups the rows of a connection (flow-sets.ts: a set) by packet. `serverIsA` 1: endpoint A of its lowest flow is the server. Returns
 * the number of groups, both directions together; headers (one a direction, to the server first) and groups are in `groupTable`,
 * their rows in `jointTable`.
 */
export function groupPackets(set: u32, serverIsA: u32, tcp: bool): u32 {
  const flows = setFlows();
  const parents = setParents();
  const first = load<u32>(setStart() + (set << 2));
  const last = load<u32>(setStart() + ((set + 1) << 2));
  let most: u32 = 0;
  for (let i = first; i < last; i++) {
    const f = load<u32>(flows + (i << 2));
    most += load<u32>(start + ((f + 1) << 2)) - load<u32>(start + (f << 2));
  }
  if (most > capacity) throw new Error("connection larger than announced");
  let mask: u32 = 15;
  while (mask + 1 < most << 1) mask = (mask << 1) | 1;
  memory.fill(table, 0, (mask + 1) << 2);
  memory.fill(seen, 0, pointTotal << 2);
  memory.fill(groups, 0, GROUP_HEADER_BYTES << 1);
  for (let d: u32 = 0; d < 2; d++) {
    const h = groups + d * GROUP_HEADER_BYTES;
    store<u32>(h + 12, NO_ROW);
    store<u32>(h + 16, NO_ROW);
    store<f64>(h + 32, Infinity);
    store<f64>(h + 40, -Infinity);
    store<u32>(h + GROUPS_FIRST_WAY, NO_ROW);
    store<u32>(h + 48, NO_ROW); // shortest and longest segment, data groups, points that saw data
  }
  const base = groups + (GROUP_HEADER_BYTES << 1);
  let found: u32 = 0;
  let used: u32 = 0;
  for (let i = first; i < last; i++) {
    const f = load<u32>(flows + (i << 2));
    const flip = (load<u32>(parents + (f << 2)) & 1) ^ serverIsA;
    const point = load<u32>(points + (f << 2));
    const end = load<u32>(start + ((f + 1) << 2));
    for (let k = load<u32>(start + (f << 2)); k < end; k++) {
      const row = load<u32>(order + (k << 2));
      const r = rowAt(row);
      const direction = (load<u32>(r + 12) & 1) ^ flip;
      const header = groups + direction * GROUP_HEADER_BYTES;
      const bits = load<u32>(r + 36);
      const word = load<u32>(r + 32);
      if (bits & SIGHTING_FRAGMENT) store<u32>(header, load<u32>(header) | GROUP_FRAGMENTS);
      const joint = joints + used * JOINT_BYTES;
      const time = timeOf(r, point);
      store<f64>(joint, time);
      store<u32>(joint + 8, row);
      store<u32>(joint + 12, point);
      store<u32>(joint + 16, NO_ROW);
      store<u32>(header + 4, load<u32>(header + 4) + 1);
      const firstTime = load<f64>(header + 32);
      if (time < firstTime || (time == firstTime && row < load<u32>(header + 12))) {
        store<f64>(header + 32, time);
        store<u32>(header + 12, row);
      }
      const lastTime = load<f64>(header + 40);
      if (time > lastTime || (time == lastTime && row > load<u32>(header + 16))) {
        store<f64>(header + 40, time);
        store<u32>(header + 16, row);
      }
      let h = stir(0x3c6ef372 + direction, bits >> 16);
      if (!(bits & SIGHTING_FRAGMENT)) {
        if (tcp) h = stir(stir(h, load<u32>(r + 16)), bits >> 16 ? 0 : load<u32>(r + 20));
        else if (!(bits >> 16)) h = stir(h, load<u32>(r + 28));
      }
      let slot = h & mask;
      for (;;) {
        const v = load<u32>(table + (slot << 2));
        if (!v) {
          const g = base + found * GROUP_BYTES;
          store<u32>(table + (slot << 2), ++found);
          store<u32>(g, used);
          store<u32>(g + 4, 1 | (direction << 31));
          store<u32>(g + 8, word);
          store<u32>(g + 12, load<u32>(r + 16));
          store<u32>(g + 16, row);
          // Whose it is, is found out by looking at all of them (PacketMatcher.mergeCut).
          if (tcp && isHeaderCut(bits, word) && !(bits >> 16 && load<u32>(r + 16))) store<u32>(header, load<u32>(header) | GROUP_REPEATED);
          const length = word >> 8;
          if (length) {
            if (length < load<u32>(header + 48)) store<u32>(header + 48, length);
            if (length > load<u32>(header + 52)) store<u32>(header + 52, length);
            store<u32>(header + 56, load<u32>(header + 56) + 1);
          }
          break;
        }
        const g = base + (v - 1) * GROUP_BYTES;
        if (load<u32>(g + 4) >> 31 == direction && equal(rowAt(load<u32>(g + 16)), r, tcp)) {
          const members = (load<u32>(g + 4) & 0x7fffffff) + 1;
          store<u32>(g + 4, load<u32>(g + 4) + 1);
          if (!load<u32>(g + 8)) store<u32>(g + 8, word);
          if (members > LONGEST_PATH && !(bits >> 16)) {
            store<u32>(header, load<u32>(header) | GROUP_REPEATED);
            store<u32>(joint + 16, load<u32>(g));
            store<u32>(g, used);
            break;
          }
          // Into its place in time; the lists are as long as the path.
          let at: u32 = NO_ROW;
          let next = load<u32>(g);
          let repeated = false;
          while (next != NO_ROW) {
            const j = joints + next * JOINT_BYTES;
            if (load<u32>(j + 12) == point) repeated = true;
            if (before(joint, j)) break;
            at = next;
            next = load<u32>(j + 16);
          }
          for (let rest = next; rest != NO_ROW; rest = load<u32>(joints + rest * JOINT_BYTES + 16))
            if (load<u32>(joints + rest * JOINT_BYTES + 12) == point) repeated = true;
          if (repeated && !(bits >> 16)) store<u32>(header, load<u32>(header) | GROUP_REPEATED);
          store<u32>(joint + 16, next);
          if (at == NO_ROW) store<u32>(g, used);
          else store<u32>(joints + at * JOINT_BYTES + 16, used);
          break;
        }
        slot = (slot + 1) & mask;
      }
      if (word >> 8 && !(load<u32>(seen + (point << 2)) & (1 << direction))) {
        store<u32>(seen + (point << 2), load<u32>(seen + (point << 2)) | (1 << direction));
        store<u32>(header + 60, load<u32>(header + 60) + 1);
      }
      used++;
    }
  }
  summarise(base, found, tcp, mask);
  listWays(base, found);
  for (let d: u32 = 0; d < 2; d++) {
    const h = groups + d * GROUP_HEADER_BYTES;
    const split =
      tcp && load<u32>(h + 56) > 1 && load<u32>(h + 48) != load<u32>(h + 52) && load<u32>(h + 60) > 1;
    if (split && load<u32>(h + 20)) store<u32>(h, load<u32>(h) | GROUP_OFFLOAD);
  }
  return found;
}

/**
 * Behind `joint`, which is of `point`, stand two that nothing tells apart in time: one of the same point comes first. A capture of
 * all interfaces sees a packet come and go, and the next machine may see it come in the same microsecond.
 */
// @ts-ignore: decorator
@inline
function keepTogether(joint: usize, point: u32): void {
  const n = load<u32>(joint + 16);
  if (n == NO_ROW) return;
  const a = joints + n * JOINT_BYTES;
  const m = load<u32>(a + 16);
  if (m == NO_ROW || load<u32>(a + 12) == point) return;
  const b = joints + m * JOINT_BYTES;
  if (load<u32>(b + 12) != point || load<f64>(a) != load<f64>(b)) return;
  if (load<u8>(rowAt(load<u32>(a + 8)) + 37) != load<u8>(rowAt(load<u32>(b + 8)) + 37)) return;
  // Between a card's bare packet and the one it carries lies a tunnel's device.
  if (flowRanks && (load<u32>(rowAt(load<u32>(joint + 8)) + 36) ^ load<u32>(rowAt(load<u32>(b + 8)) + 36)) & SIGHTING_CARRIED) return;
  store<u32>(joint + 16, m);
  store<u32>(a + 16, load<u32>(b + 16));
  store<u32>(b + 16, n);
}

/**
 * Adds to each group the hash of the points its rows crossed and whether it sends again what was sent; to the header payload
 * bytes, groups sent again, and (at 20) whether some data was not seen at every point.
 */
function summarise(base: usize, found: u32, tcp: bool, mask: u32): void {
  if (tcp) memory.fill(table, 0, (mask + 1) << 2);
  for (let g: u32 = 0; g < found; g++) {
    const at = base + g * GROUP_BYTES;
    const direction = load<u32>(at + 4) >> 31;
    const header = groups + direction * GROUP_HEADER_BYTES;
    let hash: u32 = 0x811c9dc5;
    let last: u32 = NO_ROW;
    for (let k = load<u32>(at); k != NO_ROW; k = load<u32>(joints + k * JOINT_BYTES + 16)) {
      const p = load<u32>(joints + k * JOINT_BYTES + 12);
      keepTogether(joints + k * JOINT_BYTES, p);
      if (p != last) hash = stir(hash, p + 1);
      last = p;
    }
    store<u32>(at + 20, hash);
    const word = load<u32>(at + 8);
    const length = word >> 8;
    store<f64>(header + 24, load<f64>(header + 24) + (length as f64));
    if (length && (load<u32>(at + 4) & 0x7fffffff) < load<u32>(header + 60)) store<u32>(header + 20, 1);
    if (!tcp || !(length || word & 3)) continue;
    // By sequence number the longest so far: what is no longer was sent before.
    const seq = load<u32>(at + 12);
    let slot = stir(0x165667b1 + direction, seq) & mask;
    for (;;) {
      const v = load<u32>(table + (slot << 2));
      if (!v) {
        store<u32>(table + (slot << 2), g + 1);
        break;
      }
      const other = base + (v - 1) * GROUP_BYTES;
      if (load<u32>(other + 12) == seq && load<u32>(other + 4) >> 31 == direction) {
        if (load<u32>(other + 8) >> 8 >= length) store<u32>(header + 8, load<u32>(header + 8) + 1);
        else store<u32>(table + (slot << 2), g + 1);
        break;
      }
      slot = (slot + 1) & mask;
    }
  }
}

/** Counts groups, and lists the ways they went by their first groups, in order. Ways are few. */
function listWays(base: usize, found: u32): void {
  for (let g: u32 = 0; g < found; g++) {
    const at = base + g * GROUP_BYTES;
    const members = load<u32>(at + 4);
    const header = groups + (members >> 31) * GROUP_HEADER_BYTES;
    store<u32>(header + GROUPS_IN, load<u32>(header + GROUPS_IN) + 1);
    if ((members & 0x7fffffff) == 1) store<u32>(header + GROUPS_ALONE, load<u32>(header + GROUPS_ALONE) + 1);
    const hash = load<u32>(at + GROUP_POINTS);
    const data = load<u32>(at + GROUP_WORD) > 255;
    let link = header + GROUPS_FIRST_WAY;
    for (;;) {
      const first = load<u32>(link);
      if (first == NO_ROW) {
        store<u32>(link, g);
        store<u32>(at + GROUP_OF_WAY, 1);
        store<u32>(at + GROUP_NEXT_WAY, NO_ROW);
        break;
      }
      const way = base + first * GROUP_BYTES;
      if (load<u32>(way + GROUP_POINTS) == hash && load<u32>(way + GROUP_WORD) > 255 == data) {
        store<u32>(way + GROUP_OF_WAY, load<u32>(way + GROUP_OF_WAY) + 1);
        break;
      }
      link = way + GROUP_NEXT_WAY;
    }
  }
}
