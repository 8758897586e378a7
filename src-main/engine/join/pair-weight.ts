/**
 * Weighs whether two flows with different tuples are one, by packets that share a key. In bits, roughly: how unlikely it is
 * that two different conversations look so.
 *
 * | what | bits |
 * |---|---|
 * | sequence number, random looking (else 6) | 20 |
 * | acknowledgment number, random looking (else 4) | 20 |
 * | TSval (small ones 6) | 20 |
 * | IP identification, first (small ones 6); each further one | 12; 4, up to 12 |
 * | payload of UDP, ICMP, others (short ones 8, pings that all say the same 12); each further one | 20; 6, up to 12 |
 * | payload of TCP of 16 bytes or more | 6 |
 * | one end's address and port kept; of the other end address or port | 16; 6 |
 * | only ports or only addresses kept | 8 |
 * | on one clock: within 50 ms, forth and back in opposite order | 10 |
 * | routed in between (TTL less by some hops) | 6 |
 * | UDP: questions and answers nested, said once (nested-exchange.ts); asked where the rest is not enough | 30 |
 *
 * 40 are needed, 60 when neither end was kept, 75 when both were seen on one wire with one TTL, and never only sequence numbers and kept ends:
 * a scanner's probes have those too. At one point, with one TTL and the same MACs, only what lies one within the other is taken (isNested).
 * Any contradiction (identification, TSval, payload, order, TTL growing on the way) refuses the pair.
 * What was sent again has the key of what it repeats: of the repetitions on one side the one that is the other side's packet is taken.
 */
import { EVIDENCE_ACK, EVIDENCE_ID, EVIDENCE_PAYLOAD, EVIDENCE_TIME, EVIDENCE_TIMESTAMP } from "./evidence";
import { isNestedExchange, isOtherDevice } from "./nested-exchange";
import { samePacket } from "./same-packet";
import {
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  type SightingColumns,
  W_ACK,
  W_EXTRA,
  W_HASH,
  W_ID,
  W_LENGTH,
  W_SEQ,
} from "./sighting-columns";

/** Initial numbers below this are made by hand or by a generator: real ones are random 32-bit numbers, one in 4096 is below. */
const RANDOM_FROM = 1 << 20;
const NEEDED = 40;
const NEEDED_WITHOUT_KEPT_END = 60;
const NEEDED_AT_ONE_POINT = 75;
const NESTED = 30;
/** What must come from elsewhere than sequence numbers and kept ends. */
const INDEPENDENT = 12;
const NEAR_NS = 50e6;
const FAR_NS = 1e9;
const REPETITIONS = 16;
/** A bridge that translates passes on within this, and shows at least so many packets. */
const SWITCHED_NS = 1e6;
const ALIKE_NEEDED = 4;
/** Clock reads of two interfaces may be that much out of order. */
const JITTER_NS = 20e3;

/** Two sets of flows that share packets under different tuples. */
export interface CandidatePair {
  /** A flow of each. */
  readonly f: number;
  readonly g: number;
  /** Rows of the same packet: first[i] in the first set, second[i] in the second. */
  readonly first: readonly number[];
  readonly second: readonly number[];
}

export interface PairWeight {
  readonly weight: number;
  /** EVIDENCE_* */
  readonly bits: number;
  /** 1: endpoint A of the first flow is B of the second. */
  readonly swapped: number;
  /** Both were seen at one point with one TTL; a capture of all interfaces: at one device of it. */
  readonly atOnePoint: boolean;
}

export function weighPair(
  columns: SightingColumns,
  fileOfPoint: readonly number[],
  pair: CandidatePair,
): PairWeight | undefined {
  const { f, g } = pair;
  const protocol = columns.protocol(f);
  if (columns.protocol(g) !== protocol || columns.v6(f) !== columns.v6(g)) return undefined;
  if (isGroup(columns, f) || isGroup(columns, g)) return undefined;
  const swapped = columns.direction(pair.first[0] as number) ^ columns.direction(pair.second[0] as number);
  const kept = keptEnds(columns, f, g, swapped);

  let bits = 0;
  let matched = 0;
  let seq = 0;
  let ack = 0;
  let timestamp = 0;
  let payload = 0;
  let payloads = 0;
  /** Echoes may all carry the same. */
  const hashes = new Set<number>();
  const ids = new Set<number>();
  let idBits = 0;
  let contradicted = 0;
  let near = 0;
  let clocked = 0;
  let routed = 0;
  let unrouted = 0;
  let atOnePoint = false;
  /** Order in time of the two flows' packets, by direction of the first: -1, 0 unknown, 1. */
  const sign = [0, 0];
  /** Pairs of packets that only their addresses tell apart, and in which order, by direction: the sum of -1 and 1. */
  let alike = 0;
  const nested = [0, 0];
  for (let i = 0; i < pair.first.length; i++) {
    let x = pair.first[i] as number;
    let y = pair.second[i] as number;
    const fx = columns.flow(x);
    const fy = columns.flow(y);
    if ((columns.direction(x) ^ columns.direction(y)) !== swapped) {
      contradicted++;
      continue;
    }
    const oneClock = fileOfPoint[columns.point(fx)] === fileOfPoint[columns.point(fy)];
    if (!isSame(columns, x, y, protocol, oneClock)) {
      const again = repetition(columns, x, (r) => isSame(columns, r, y, protocol, oneClock));
      if (again >= 0) x = again;
      else y = repetition(columns, y, (r) => isSame(columns, x, r, protocol, oneClock));
      if (y < 0) {
        contradicted++;
        continue;
      }
    }
    const same = samePacket(columns, x, y, protocol);
    const ttlX = (columns.word(x, W_ID) >>> 8) & 255;
    const ttlY = (columns.word(y, W_ID) >>> 8) & 255;
    const px = columns.point(fx);
    const py = columns.point(fy);
    if (oneClock) {
      const apart = columns.timeNs(y) - columns.timeNs(x);
      clocked++;
      if (Math.abs(apart) <= NEAR_NS) near++;
      if (Math.abs(apart) > JITTER_NS) {
        const d = columns.direction(x);
        const s = Math.sign(apart);
        // Later with more hops left: not the same packet.
        if (s > 0 ? ttlY > ttlX : ttlX > ttlY) {
          contradicted++;
          continue;
        }
        if (sign[d] === 0) sign[d] = s;
      }
      if (px === py) {
        atOnePoint ||= ttlX === ttlY && !isOtherDevice(columns, x, y);
        if (ttlX === ttlY && sameMacs(columns, x, y)) {
          const d = columns.direction(x);
          const s = Math.sign(apart) || Math.sign(y - x);
          nested[d] = (nested[d] as number) + s;
          alike++;
          if (Math.abs(apart) > SWITCHED_NS) return undefined;
        }
      }
    }
    if (ttlX === ttlY) unrouted++;
    else routed++;
    matched++;
    bits |= same;
    const id = columns.word(x, W_ID) >>> 16;
    if (same & EVIDENCE_ID && !ids.has(id)) {
      ids.add(id);
      idBits = Math.max(idBits, id > 255 ? 12 : 6);
    }
    if (protocol === PROTOCOL_TCP) {
      seq = Math.max(seq, columns.word(x, W_SEQ) >= RANDOM_FROM ? 20 : 6);
      if (same & EVIDENCE_ACK) ack = Math.max(ack, columns.word(x, W_ACK) >= RANDOM_FROM ? 20 : 4);
      if (same & EVIDENCE_TIMESTAMP) timestamp = Math.max(timestamp, columns.word(x, W_EXTRA) >= 65536 ? 20 : 6);
      if (same & EVIDENCE_PAYLOAD && columns.word(x, W_LENGTH) >>> 8 >= 16) payload = 6;
    } else if (same & EVIDENCE_PAYLOAD) {
      payloads++;
      hashes.add(columns.word(x, W_HASH));
      payload = Math.max(payload, columns.word(x, W_LENGTH) >>> 8 >= 12 ? 20 : 8);
    }
  }
  if (matched === 0 || contradicted * 2 > matched) return undefined;
  if (alike > 0 && !isNested(alike, nested[0] as number, nested[1] as number)) return undefined;
  // What goes there later comes back earlier; in a hairpin both may be seen within the clock's jitter.
  if (sign[0] !== 0 && sign[0] === sign[1] && !kept.hairpin) return undefined;
  if (ids.size > 0) idBits += Math.min(12, (ids.size - 1) * 4);
  if (payloads > 2 && hashes.size === 1) payload = Math.min(payload, 12);
  else payload += Math.min(12, Math.max(0, hashes.size - 1) * 6);
  const time = clocked > 0 && near === clocked ? 10 : 0;
  if (time) bits |= EVIDENCE_TIME;
  const independent = idBits + timestamp + payload + (ack === 20 ? time : 0);
  if (independent < INDEPENDENT) return undefined;
  let weight = seq + ack + timestamp + idBits + payload + kept.bits + time + (routed > unrouted ? 6 : 0);
  const needed = atOnePoint ? NEEDED_AT_ONE_POINT : kept.sides === 0 ? NEEDED_WITHOUT_KEPT_END : NEEDED;
  if (weight < needed) {
    if (protocol !== PROTOCOL_UDP || weight + NESTED < needed) return undefined;
    if (!isNestedExchange(columns, fileOfPoint, pair, swapped, NEAR_NS)) return undefined;
    weight += NESTED;
  }
  return { weight, bits, swapped, atOnePoint };
}

/**
 * A bridge that translates leaves TTL and MACs alone, as conversations that only look alike do. There each packet to the server is
 * seen behind its translation and each answer before it, without exception.
 */
function isNested(alike: number, there: number, back: number): boolean {
  return alike >= ALIKE_NEEDED && there * back < 0 && Math.abs(there) + Math.abs(back) === alike;
}

function isSame(columns: SightingColumns, x: number, y: number, protocol: number, oneClock: boolean): boolean {
  if (samePacket(columns, x, y, protocol) === 0) return false;
  return !oneClock || Math.abs(columns.timeNs(y) - columns.timeNs(x)) <= FAR_NS;
}

/** A row of the same flow that sends again what `row` sends (or sent it before) and `fits`; -1: none of the first REPETITIONS does. */
function repetition(columns: SightingColumns, row: number, fits: (row: number) => boolean): number {
  const flow = columns.flow(row);
  const end = columns.start[flow + 1] as number;
  let looked = 0;
  for (let i = columns.start[flow] as number; i < end && looked < REPETITIONS; i++) {
    const other = columns.order[i] as number;
    if (
      columns.direction(other) !== columns.direction(row) ||
      columns.word(other, W_SEQ) !== columns.word(row, W_SEQ) ||
      columns.word(other, W_LENGTH) !== columns.word(row, W_LENGTH) ||
      // Of what carries nothing the hash is one of window and options.
      (columns.word(other, W_LENGTH) >>> 8 > 0 && columns.word(other, W_HASH) !== columns.word(row, W_HASH))
    )
      continue;
    looked++;
    if (fits(other)) return other;
  }
  return -1;
}

/** How much of the ends is the same on both sides. */
function keptEnds(
  columns: SightingColumns,
  f: number,
  g: number,
  swapped: number,
): { readonly bits: number; readonly sides: number; readonly hairpin: boolean } {
  let sides = 0;
  let address = 0;
  let port = 0;
  const echo = columns.isIcmp(f);
  for (let end = 0; end < 2; end++) {
    const a = columns.address(f, end) === columns.address(g, end ^ swapped);
    // An echo has no ports: its identifier is the client's, and may be small and the same in many pods.
    if (echo) {
      if (a) sides++;
      continue;
    }
    const p = columns.port(f, end) === columns.port(g, end ^ swapped);
    if (a && p) sides++;
    else if (a) address++;
    else if (p) port++;
  }
  const bits = sides ? 16 + (address || port ? 6 : 0) : address || port ? 8 : 0;
  const hairpin = columns.address(f, 0) === columns.address(f, 1) || columns.address(g, 0) === columns.address(g, 1);
  return { bits, sides, hairpin };
}

/** Multicast and broadcast go to many, from many: nobody translates them. */
function isGroup(columns: SightingColumns, flow: number): boolean {
  for (let end = 0; end < 2; end++) {
    const a = columns.address(flow, end);
    if (columns.v6(flow) ? columns.bytes[columns.address6At(a)] === 0xff : a >>> 28 === 14 || a === 0xffffffff)
      return true;
  }
  return false;
}

function sameMacs(columns: SightingColumns, x: number, y: number): boolean {
  const fx = columns.flow(x);
  const fy = columns.flow(y);
  const a = columns.macsAt(fx, columns.direction(x));
  const b = columns.macsAt(fy, columns.direction(y));
  if (columns.macSeen(fx, columns.direction(x)) !== 1 || columns.macSeen(fy, columns.direction(y)) !== 1) return false;
  for (let i = 0; i < 12; i++) if (columns.bytes[a + i] !== columns.bytes[b + i]) return false;
  return true;
}
