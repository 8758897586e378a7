/**
 * Weighs whether two flows with different tuples are one, by packets that share a key. In bits, roughly: how unlikely it is
 * that two different conversations look so.
 *
 * | what | bits |
 * |---|---|
 * | sequence number, random looking (else 6) | 20 |
 * | acknowledgment number, random looking (else 4) | 20 |
 * | TSval (small ones 6) | 20 |
 * | IP identification, first (small ones 6); each further one, also of what was sent again | 12; 4, up to 12 |
 * | payload of UDP, ICMP, others (short ones 8, pings that all say the same 12); each further one | 20; 6, up to 12 |
 * | type and sequence of an echo whose payload says little | 6 |
 * | payload that many say, from one sender's address and port; only on one clock, near, and routed or bridged in between | 12 |
 * | payload of TCP of 16 bytes or more | 6 |
 * | one end's address and port kept; of the other end address or port | 16; 6 |
 * | only ports or only addresses kept | 8 |
 * | on one clock: within 50 ms, forth and back in opposite order | 10 |
 * | routed in between (TTL less by some hops), or bridged (isBridged) | 6 |
 * | UDP and echoes: questions and answers nested (nested-exchange.ts); asked where the rest is not enough | 30 |
 * | UDP and echoes of two clocks, no end kept: mirrored (mirrored-exchange.ts); asked where the rest is not enough | 24 |
 *
 * 40 are needed, 60 when neither end was kept, 75 when both were seen on one wire with one TTL, and never only sequence numbers and kept ends:
 * a scanner's probes have those too. At one point, with one TTL and the same MACs, only what lies one within the other is taken (isNested).
 * Any contradiction (identification, TSval, payload, order, TTL growing on the way) refuses the pair.
 * What was sent again has the key of what it repeats: of the repetitions on one side the one that is the other side's packet is taken.
 */
import {
  EVIDENCE_ACK,
  EVIDENCE_ICMP_SEQ,
  EVIDENCE_ID,
  EVIDENCE_PAYLOAD,
  EVIDENCE_TIME,
  EVIDENCE_TIMESTAMP,
  NO_ROW,
} from "./abi";
import { allocate } from "./host";
import { rowAt } from "./joining";
import {
  ICMP,
  ICMP6,
  TCP,
  UDP,
  addressOf,
  apartNs,
  directionOf,
  fileOf,
  firstByte6,
  isV6,
  pointOf,
  portsOf,
  protocolOf,
  rowIn,
  rowNumber,
  rowsFrom,
  rowsTo,
  ttlOf,
} from "./matched-flows";
import { isMirroredExchange } from "./mirrored-exchange";
import { isNestedExchange, isOtherDevice } from "./nested-exchange";
import { samePacket } from "./same-packet";
import { macOf } from "./sightings";

/** Initial numbers below this are made by hand or by a generator: real ones are random 32-bit numbers, one in 4096 is below. */
const RANDOM_FROM: u32 = 1 << 20;
const NEEDED: u32 = 40;
const NEEDED_WITHOUT_KEPT_END: u32 = 60;
const NEEDED_AT_ONE_POINT: u32 = 75;
const NESTED: u32 = 30;
const MIRRORED: u32 = 24;
/** Payload of fewer than 12 bytes; what an echo's sequence adds to it. */
const SHORT_PAYLOAD: u32 = 8;
const SEQUENCE: u32 = 6;
/** What must come from elsewhere than sequence numbers and kept ends. */
const INDEPENDENT: u32 = 12;
/** Bits of a payload that many say. */
const SAID_BY_MANY: u32 = 12;
const NEAR_NS: i64 = 50000000;
const FAR_NS: i64 = 1000000000;
const REPETITIONS: u32 = 16;
/** A bridge that translates passes on within this; at one point it shows at least so many packets. */
const SWITCHED_NS: i64 = 1000000;
const ALIKE_NEEDED: i32 = 4;
/** Clock reads of two interfaces may be that much out of order. */
const JITTER_NS: i64 = 20000;

// What was found out about the pair that was weighed last
let bits: u32 = 0;
let swapped: u32 = 0;
let atOnePoint: bool = false;
let keptBits: u32 = 0;
let keptSides: u32 = 0;
/** Of a pair that many say the same as: a bridge may have passed all packets on; in which order, by direction; where MACs are the same (1, 2). */
let bridged: bool = false;
let bridgedA: i32 = 0;
let bridgedB: i32 = 0;
let keptMacs: u32 = 0;

/** Different identifications and hashes of a pair: as many as it has packets. */
let seenIds: usize = 0;
let seenHashes: usize = 0;

/** EVIDENCE_* of the pair that was weighed last. */
export function pairEvidence(): u32 {
  return bits;
}
/** 1: endpoint A of the first flow is B of the second. */
export function pairSwapped(): u32 {
  return swapped;
}
/** Both were seen at one point with one TTL; a capture of all interfaces: at one device of it. */
export function pairAtOnePoint(): bool {
  return atOnePoint;
}

/**
 * Weighs flows `f` and `g` by `count` packets (`most` at most, whatever the pair): `list` has u32 row of a flow of the first set, u32 row
 * of one of the second by packet; `crowded`: many say the same, and what was found besides is the end that sent first. 0: not one connection.
 */
export function weighPair(f: u32, g: u32, list: usize, count: u32, most: u32, crowded: bool): u32 {
  const protocol = protocolOf(f);
  const v6 = isV6(f);
  if (protocolOf(g) != protocol || isV6(g) != v6) return 0;
  if (isGroup(f, v6) || isGroup(g, v6)) return 0;
  if (!seenIds) {
    seenIds = allocate(most << 2);
    seenHashes = allocate(most << 2);
  }
  swapped = directionOf(rowAt(load<u32>(list))) ^ directionOf(rowAt(load<u32>(list + 4)));
  findKeptEnds(f, g);
  bits = 0;
  atOnePoint = false;
  let matched: u32 = 0;
  let seq: u32 = 0;
  let ack: u32 = 0;
  let timestamp: u32 = 0;
  let payload: u32 = 0;
  let payloads: u32 = 0;
  /** Echoes may all carry the same. */
  let hashes: u32 = 0;
  let ids: u32 = 0;
  let idBits: u32 = 0;
  let contradicted: u32 = 0;
  let near: u32 = 0;
  let clocked: u32 = 0;
  let routed: u32 = 0;
  let unrouted: u32 = 0;
  /** Order in time of the two flows' packets, by direction of the first: -1, 0 unknown, 1. */
  let signA: i32 = 0;
  let signB: i32 = 0;
  /** Pairs of packets that only their addresses tell apart, and in which order, by direction: the sum of -1 and 1. */
  let alike: i32 = 0;
  let nestedA: i32 = 0;
  let nestedB: i32 = 0;
  bridged = crowded;
  keptMacs = 0;
  bridgedA = 0;
  bridgedB = 0;
  for (let i: u32 = 0; i < count; i++) {
    let rowX = load<u32>(list + (i << 3));
    let rowY = load<u32>(list + (i << 3) + 4);
    let x = rowAt(rowX);
    let y = rowAt(rowY);
    const fx = load<u32>(x + 12) >> 1;
    const fy = load<u32>(y + 12) >> 1;
    const direction = directionOf(x);
    if ((direction ^ directionOf(y)) != swapped) {
      contradicted++;
      continue;
    }
    const px = pointOf(fx);
    const py = pointOf(fy);
    const oneClock = fileOf(px) == fileOf(py);
    if (!isSame(x, y, protocol, oneClock)) {
      const again = repetition(fx, x, y, protocol, oneClock);
      if (again != NO_ROW) rowX = again;
      else rowY = repetition(fy, y, x, protocol, oneClock);
      if (rowY == NO_ROW) {
        contradicted++;
        continue;
      }
      x = rowAt(rowX);
      y = rowAt(rowY);
    }
    const same = samePacket(x, y, protocol);
    const ttlX = ttlOf(x);
    const ttlY = ttlOf(y);
    if (oneClock) {
      const apart = apartNs(x, y);
      clocked++;
      if (apart <= NEAR_NS && apart >= -NEAR_NS) near++;
      if (apart > JITTER_NS || apart < -JITTER_NS) {
        // Later with more hops left: not the same packet.
        if (apart > 0 ? ttlY > ttlX : ttlX > ttlY) {
          contradicted++;
          continue;
        }
        const sign = apart > 0 ? 1 : -1;
        if (direction) {
          if (!signB) signB = sign;
        } else if (!signA) signA = sign;
      }
      if (px == py && ttlX == ttlY) {
        if (!isOtherDevice(x, y)) atOnePoint = true;
        if (sameMacs(fx, fy, x, y)) {
          if (apart > SWITCHED_NS || apart < -SWITCHED_NS) return 0;
          const order = apart != 0 ? (apart > 0 ? 1 : -1) : rowY > rowX ? 1 : -1;
          if (direction) nestedB += order;
          else nestedA += order;
          alike++;
        }
      }
    }
    if (ttlX == ttlY) unrouted++;
    else routed++;
    matched++;
    if (bridged) lookBridged(fx, fy, x, y);
    bits |= same;
    const id = load<u16>(x + 38) as u32;
    if (same & EVIDENCE_ID && isNew(seenIds, ids, id)) {
      ids++;
      idBits = max<u32>(idBits, id > 255 ? 12 : 6);
    }
    const length = load<u32>(x + 32) >> 8;
    if (protocol == TCP) {
      seq = max<u32>(seq, load<u32>(x + 16) >= RANDOM_FROM ? 20 : 6);
      if (same & EVIDENCE_ACK) ack = max<u32>(ack, load<u32>(x + 20) >= RANDOM_FROM ? 20 : 4);
      if (same & EVIDENCE_TIMESTAMP) timestamp = max<u32>(timestamp, load<u32>(x + 24) >= 65536 ? 20 : 6);
      if (same & EVIDENCE_PAYLOAD && length >= 16) payload = 6;
    } else if (same & EVIDENCE_PAYLOAD) {
      payloads++;
      if (isNew(seenHashes, hashes, load<u32>(x + 28))) hashes++;
      payload = max<u32>(payload, length >= 12 ? 20 : SHORT_PAYLOAD);
    }
  }
  if (matched == 0 || contradicted << 1 > matched) return 0;
  if (alike > 0 && !isNested(alike, nestedA, nestedB)) return 0;
  // What goes there later comes back earlier; in a hairpin both may be seen within the clock's jitter.
  if (signA != 0 && signA == signB && !isHairpin(f) && !isHairpin(g)) return 0;
  if (ids > 0) idBits += min<u32>(12, (ids - 1) << 2);
  if (payloads > 2 && hashes == 1) payload = min<u32>(payload, 12);
  else if (hashes > 1) payload += min<u32>(12, (hashes - 1) * 6);
  const time: u32 = clocked > 0 && near == clocked ? 10 : 0;
  if (time) bits |= EVIDENCE_TIME;
  const passedOn = routed > unrouted || isBridged();
  if (crowded) {
    if (!time || !passedOn) return 0;
    idBits = 0;
    payload = min<u32>(payload, SAID_BY_MANY);
  }
  const independent = idBits + timestamp + payload + (ack == 20 ? time : 0);
  const isEcho = bits & EVIDENCE_ICMP_SEQ && (portsOf(f) & 0x8000) == 0;
  if (independent < INDEPENDENT && !isEcho) return 0;
  const echoBits: u32 = isEcho && payload <= SHORT_PAYLOAD ? SEQUENCE : 0;
  let weight = seq + ack + timestamp + idBits + payload + echoBits + keptBits + time + (passedOn ? 6 : 0);
  if (protocol == TCP && ids == 1 && idBits < 12) weight += repeatedIdBits(list);
  const needed = atOnePoint ? NEEDED_AT_ONE_POINT : keptSides == 0 ? NEEDED_WITHOUT_KEPT_END : NEEDED;
  if (weight < needed || independent < INDEPENDENT) {
    if (
      (protocol == UDP || isEcho) &&
      clocked == 0 &&
      contradicted == 0 &&
      weight + MIRRORED >= needed &&
      isMirroredExchange(list, count, swapped, protocol)
    )
      return weight + MIRRORED;
    // Of a ping that says what all say, one end at least is the same.
    if (protocol != UDP && !(isEcho && keptSides > 0)) return 0;
    if (weight + NESTED < needed) return 0;
    if (!isNestedExchange(list, count, most, swapped, NEAR_NS)) return 0;
    weight += NESTED;
  }
  return weight;
}

/**
 * A bridge that translates leaves TTL and MACs alone, as conversations that only look alike do. There each packet to the server is
 * seen behind its translation and each answer before it, without exception.
 */
function isNested(alike: i32, there: i32, back: i32): bool {
  return alike >= ALIKE_NEEDED && there * back < 0 && abs(there) + abs(back) == alike;
}

/** Looks whether a bridge that translates may have made packet `y` of packet `x`, or the other way round, on its way from port to port. */
function lookBridged(fx: u32, fy: u32, x: usize, y: usize): void {
  const apart = apartNs(x, y);
  if (pointOf(fx) == pointOf(fy) || ttlOf(x) != ttlOf(y) || apart > SWITCHED_NS || apart < -SWITCHED_NS) {
    bridged = false;
    return;
  }
  const order: i32 = apart > 0 ? 1 : apart < 0 ? -1 : 0;
  const before: i32 = directionOf(x) ? bridgedB : bridgedA;
  if (order * before < 0) bridged = false;
  if (order && directionOf(x)) bridgedB = order;
  else if (order) bridgedA = order;
  if (sameMacs(fx, fy, x, y)) keptMacs |= directionOf(x) ? 2 : 1;
}

/**
 * All packets were passed on by a bridge that translates. Its answers keep their MACs, those of server and client, and lose the server's
 * address; questions go to another MAC. What is copied from port to port may keep its stamp too: one way they are apart.
 *
 * ```
 *   port of the client   C > V   c > gateway            V > C   s > c   later
 *   port of the server   C > P   c > s         later    P > C   s > c
 * ```
 */
function isBridged(): bool {
  if (!bridged || bridgedA * bridgedB > 0) return false;
  return (keptMacs & 1 && bridgedA != 0) || (keptMacs & 2 && bridgedB != 0);
}

/** Adds a value to `count` different ones; false: it is one of them. */
function isNew(seen: usize, count: u32, value: u32): bool {
  for (let i: u32 = 0; i < count; i++) if (load<u32>(seen + (i << 2)) == value) return false;
  store<u32>(seen + (count << 2), value);
  return true;
}

function isSame(x: usize, y: usize, protocol: u32, oneClock: bool): bool {
  if (!samePacket(x, y, protocol)) return false;
  if (!oneClock) return true;
  const apart = apartNs(x, y);
  return apart <= FAR_NS && apart >= -FAR_NS;
}

/** A row of `flow` that sends again what its row `r` sends (or sent it before) and is the same as `other`; NO_ROW: none of the first REPETITIONS is. */
function repetition(flow: u32, r: usize, other: usize, protocol: u32, oneClock: bool): u32 {
  const end = rowsTo(flow);
  const word = load<u32>(r + 32);
  let looked: u32 = 0;
  for (let i = rowsFrom(flow); i < end && looked < REPETITIONS; i++) {
    const again = rowIn(i);
    if (
      directionOf(again) != directionOf(r) ||
      load<u32>(again + 16) != load<u32>(r + 16) ||
      load<u32>(again + 32) != word ||
      // Of what carries nothing the hash is one of window and options.
      (word >> 8 > 0 && load<u32>(again + 28) != load<u32>(r + 28))
    )
      continue;
    looked++;
    if (isSame(again, other, protocol, oneClock)) return rowNumber(i);
  }
  return NO_ROW;
}

/**
 * A small identification says little; those of a SYN that is sent again say more where each is the other side's, too: 4 bits for each further one, up
 * to 12. `list`: as in weighPair, of its first packet.
 */
function repeatedIdBits(list: usize): u32 {
  const x = rowAt(load<u32>(list));
  const y = rowAt(load<u32>(list + 4));
  const fx = load<u32>(x + 12) >> 1;
  const oneClock = fileOf(pointOf(fx)) == fileOf(pointOf(load<u32>(y + 12) >> 1));
  if (load<u32>(x + 32) >> 8 || !(load<u32>(x + 32) & 2)) return 0;
  let last = load<u16>(x + 38) as u32;
  let further: u32 = 0;
  let looked: u32 = 0;
  const end = rowsTo(fx);
  for (let i = rowsFrom(fx); i < end && looked < REPETITIONS; i++) {
    const again = rowIn(i);
    const id = load<u16>(again + 38) as u32;
    if (directionOf(again) != directionOf(x) || load<u32>(again + 16) != load<u32>(x + 16)) continue;
    looked++;
    if (id == 0 || id == last || id == (load<u16>(x + 38) as u32)) continue;
    if (repetition(load<u32>(y + 12) >> 1, y, again, TCP, oneClock) == NO_ROW) return 0;
    last = id;
    further++;
  }
  return min<u32>(12, further << 2);
}

/** How much of the ends is the same on both sides: `keptBits`, `keptSides`. */
function findKeptEnds(f: u32, g: u32): void {
  keptSides = 0;
  let address = false;
  let port = false;
  const protocol = protocolOf(f);
  const echo = protocol == ICMP || protocol == ICMP6;
  for (let end: u32 = 0; end < 2; end++) {
    const a = addressOf(f, end) == addressOf(g, end ^ swapped);
    // An echo has no ports: its identifier is the client's, and may be small and the same in many pods.
    const p = !echo && portAt(f, end) == portAt(g, end ^ swapped);
    if (a && (p || echo)) keptSides++;
    else if (!echo) {
      if (a) address = true;
      else if (p) port = true;
    }
  }
  keptBits = keptSides ? 16 + (address || port ? 6 : 0) : address || port ? 8 : 0;
}

// @ts-ignore: decorator
@inline
function portAt(flow: u32, end: u32): u32 {
  return end ? portsOf(flow) & 0xffff : portsOf(flow) >> 16;
}

// @ts-ignore: decorator
@inline
function isHairpin(flow: u32): bool {
  return addressOf(flow, 0) == addressOf(flow, 1);
}

/** Multicast and broadcast go to many, from many: nobody translates them. */
function isGroup(flow: u32, v6: bool): bool {
  for (let end: u32 = 0; end < 2; end++) {
    const a = addressOf(flow, end);
    if (v6 ? firstByte6(a) == 0xff : a >> 28 == 14 || a == 0xffffffff) return true;
  }
  return false;
}

/** The first packets of the two flows in these directions have the same MACs. */
function sameMacs(fx: u32, fy: u32, x: usize, y: usize): bool {
  const a = macOf(fx) + (directionOf(x) << 4);
  const b = macOf(fy) + (directionOf(y) << 4);
  if (load<u32>(a + 12) != 1 || load<u32>(b + 12) != 1) return false;
  return load<u64>(a) == load<u64>(b) && load<u32>(a + 8) == load<u32>(b + 8);
}
