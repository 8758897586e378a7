/**
 * Makes batches of mutated packets, thousands in a row, straight into the memory the kernel reads from.
 *
 * ```
 * seeds (real packets)     ── copy ──► record ── 1 to 4 mutations ──► record ── … until the batch is full
 *   bytes, layers, fields                 bit, byte, number in a header field, cut, splice, duplicate
 * ```
 */
import {
  LAYER_AH,
  LAYER_ARP,
  LAYER_DNS,
  LAYER_ETHERNET,
  LAYER_GENEVE,
  LAYER_GRE,
  LAYER_GTPU,
  LAYER_ICMP,
  LAYER_ICMPV6,
  LAYER_IPV4,
  LAYER_IPV6,
  LAYER_IPV6_DSTOPTS,
  LAYER_IPV6_FRAGMENT,
  LAYER_IPV6_HOPOPTS,
  LAYER_IPV6_ROUTING,
  LAYER_LLC,
  LAYER_MPLS,
  LAYER_PPP,
  LAYER_PPPOE,
  LAYER_SLL,
  LAYER_SLL2,
  LAYER_TCP,
  LAYER_TLS,
  LAYER_UDP,
  LAYER_VLAN,
  LAYER_VXLAN,
} from "../../src-shared/model/layer-kind";
import type { SeedPacket } from "../property/support/packets";
import { Random } from "./random";

/** Link types of the interfaces a batch has; the last but one is not decoded, the last takes the rest. */
export const LINK_TYPES = [
  1, 113, 276, 0, 108, 9, 12, 14, 101, 228, 229, 147, 7, 50, 104, 105, 107, 127, 129, 149, 178, 192, 226, 239, 242, 258,
] as const;

const MAX_PACKET = 6000;
const BATCH_BYTES = 2_000_000;

/** Numbers in a header that decide what follows: offset and width in bytes. */
const FIELDS: ReadonlyMap<number, readonly (readonly [at: number, width: 1 | 2])[]> = new Map([
  [LAYER_ETHERNET, [[12, 2]]],
  [LAYER_SLL, [[14, 2]]],
  [LAYER_SLL2, [[0, 2]]],
  [LAYER_VLAN, [[2, 2]]],
  [LAYER_MPLS, [[2, 1]]],
  [LAYER_PPPOE, [[4, 2]]],
  [LAYER_PPP, [[0, 2]]],
  [
    LAYER_LLC,
    [
      [0, 1],
      [2, 1],
      [6, 2],
    ],
  ],
  [
    LAYER_ARP,
    [
      [4, 1],
      [5, 1],
    ],
  ],
  [
    LAYER_IPV4,
    [
      [0, 1],
      [2, 2],
      [6, 2],
      [9, 1],
      [4, 2],
    ],
  ],
  [
    LAYER_IPV6,
    [
      [0, 1],
      [4, 2],
      [6, 1],
    ],
  ],
  [
    LAYER_IPV6_HOPOPTS,
    [
      [0, 1],
      [1, 1],
    ],
  ],
  [
    LAYER_IPV6_ROUTING,
    [
      [0, 1],
      [1, 1],
    ],
  ],
  [
    LAYER_IPV6_DSTOPTS,
    [
      [0, 1],
      [1, 1],
    ],
  ],
  [
    LAYER_IPV6_FRAGMENT,
    [
      [0, 1],
      [2, 2],
    ],
  ],
  [
    LAYER_AH,
    [
      [0, 1],
      [1, 1],
    ],
  ],
  [
    LAYER_TCP,
    [
      [0, 2],
      [2, 2],
      [12, 1],
      [13, 1],
      [14, 2],
      [20, 1],
      [21, 1],
    ],
  ],
  [
    LAYER_UDP,
    [
      [0, 2],
      [2, 2],
      [4, 2],
    ],
  ],
  [
    LAYER_ICMP,
    [
      [0, 1],
      [1, 1],
    ],
  ],
  [LAYER_ICMPV6, [[0, 1]]],
  [
    LAYER_VXLAN,
    [
      [0, 2],
      [6, 2],
    ],
  ],
  [
    LAYER_GENEVE,
    [
      [0, 1],
      [2, 2],
    ],
  ],
  [
    LAYER_GRE,
    [
      [0, 2],
      [2, 2],
    ],
  ],
  [
    LAYER_GTPU,
    [
      [0, 1],
      [1, 1],
      [11, 1],
      [12, 1],
    ],
  ],
  [
    LAYER_DNS,
    [
      [4, 2],
      [6, 2],
      [12, 1],
    ],
  ],
  [
    LAYER_TLS,
    [
      [0, 1],
      [3, 2],
    ],
  ],
]);

const BYTES = [
  0, 255, 1, 0x7f, 0x80, 0x45, 0x4f, 0x60, 0x50, 0xf0, 4, 6, 17, 41, 43, 44, 47, 50, 51, 58, 59, 60, 132, 137,
] as const;
const WORDS = [
  0, 0xffff, 1, 7, 8, 19, 20, 21, 40, 0x7fff, 0x8000, 0x2000, 0x2001, 0x1fff, 0x3fff, 0x0800, 0x86dd, 0x8100, 0x88a8,
  0x8847, 0x8864, 0x0806, 0x6558, 0x88be, 0x22eb, 0x880b, 1500, 1501, 1535, 1536, 4789, 8472, 6081, 2152, 53, 67, 51820,
  80, 443,
] as const;
const LENGTHS = [0, 1, 0xffff, 0x10000, 0x0fffffff, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff] as const;

/** Seeds as the mutator wants them: all bytes in one array, positions in others. */
export class SeedBank {
  readonly bytes: Uint8Array;
  readonly count: number;
  readonly start: Uint32Array;
  readonly length: Uint32Array;
  readonly wire: Uint32Array;
  /** Position in LINK_TYPES. */
  readonly link: Uint8Array;
  /** Rows of `layerAt` and of `fieldAt` of each seed. */
  readonly layerFrom: Uint32Array;
  readonly fieldFrom: Uint32Array;
  readonly layerAt: Uint16Array;
  /** Offset << 1 | (width - 1). */
  readonly fieldAt: Uint32Array;
  /** Seeds of each link type. */
  readonly byLink: readonly (readonly number[])[];

  constructor(seeds: readonly SeedPacket[]) {
    const usable = seeds.filter((s) => (LINK_TYPES as readonly number[]).includes(s.linkType));
    this.count = usable.length;
    this.bytes = new Uint8Array(usable.reduce((sum, s) => sum + s.bytes.length, 0));
    this.start = new Uint32Array(this.count);
    this.length = new Uint32Array(this.count);
    this.wire = new Uint32Array(this.count);
    this.link = new Uint8Array(this.count);
    this.layerFrom = new Uint32Array(this.count + 1);
    this.fieldFrom = new Uint32Array(this.count + 1);
    const layers: number[] = [];
    const fields: number[] = [];
    const byLink: number[][] = LINK_TYPES.map(() => []);
    let at = 0;
    usable.forEach((seed, i) => {
      this.bytes.set(seed.bytes, at);
      this.start[i] = at;
      this.length[i] = seed.bytes.length;
      this.wire[i] = Math.max(seed.length, seed.bytes.length);
      const link = (LINK_TYPES as readonly number[]).indexOf(seed.linkType);
      this.link[i] = link;
      byLink[link]?.push(i);
      for (const layer of seed.layers) {
        layers.push(layer.at);
        for (const [offset, width] of FIELDS.get(layer.kind) ?? [])
          if (layer.at + offset + width <= seed.bytes.length) fields.push(((layer.at + offset) << 1) | (width - 1));
      }
      this.layerFrom[i + 1] = layers.length;
      this.fieldFrom[i + 1] = fields.length;
      at += seed.bytes.length;
    });
    this.layerAt = Uint16Array.from(layers);
    this.fieldAt = Uint32Array.from(fields);
    this.byLink = byLink;
  }
}

export interface BatchBytes {
  readonly pcapng: boolean;
  /** Numbers are big-endian. */
  readonly swapped: boolean;
  /** pcap: the link type of all; position in LINK_TYPES. */
  readonly link: number;
  used: number;
  packets: number;
  /** Of each packet: where its bytes begin, how many there are, and its interface. */
  readonly at: Uint32Array;
  readonly captured: Uint32Array;
  readonly wire: Uint32Array;
  readonly links: Uint8Array;
}

/** Fills memory with the records of batch number `batch`: the seed and this number say everything. */
export class BatchMaker {
  private readonly at: Uint32Array;
  private readonly captured: Uint32Array;
  private readonly wire: Uint32Array;
  private readonly links: Uint8Array;

  constructor(
    private readonly bank: SeedBank,
    private readonly seed: number,
    private readonly perBatch: number,
  ) {
    this.at = new Uint32Array(perBatch);
    this.captured = new Uint32Array(perBatch);
    this.wire = new Uint32Array(perBatch);
    this.links = new Uint8Array(perBatch);
  }

  /** Writes records into `memory` from `start` on. The result is overwritten by the next call. */
  make(batch: number, memory: Uint8Array, start: number): BatchBytes {
    const { bank } = this;
    const random = new Random(this.seed, batch);
    const view = new DataView(memory.buffer, memory.byteOffset);
    // Half little-endian pcapng, a quarter big-endian, a quarter pcap of one link type.
    const pcapng = batch % 4 !== 3;
    const swapped = pcapng ? batch % 4 === 1 : (batch >> 2) % 4 === 3;
    const little = !swapped;
    const link = (batch >> 2) % 3 === 0 ? 0 : random.below(LINK_TYPES.length);
    const ofLink = bank.byLink[link] ?? [];
    const limit = start + BATCH_BYTES - MAX_PACKET - 64;
    const head = pcapng ? 28 : 16;
    let p = start;
    let n = 0;
    let clock = batch * 40_000;
    for (; n < this.perBatch && p < limit; n++) {
      const given = pcapng || ofLink.length === 0 ? random.below(bank.count) : random.of(ofLink);
      const data = p + head;
      let length = bank.length[given] as number;
      if (length > MAX_PACKET) length = MAX_PACKET;
      const from = bank.start[given] as number;
      if (length < 96) for (let i = 0; i < length; i++) memory[data + i] = bank.bytes[from + i] as number;
      else memory.set(bank.bytes.subarray(from, from + length), data);
      let wire = bank.wire[given] as number;

      const dice = random.next();
      // One in eight stays whole: what a later one meets (flows, fragments) should be real now and then.
      const rounds = (dice & 1) + ((dice >>> 1) & 1) * 2 + ((dice >>> 2) & 1);
      for (let round = 0; round < rounds; round++) {
        const before = length;
        length = this.mutate(random, memory, data, length, given);
        if (length > before) wire += length - before;
      }
      if (wire < length) wire = length;
      const odd = dice & 0x1f8;
      if (odd === 0) wire = random.of(LENGTHS);
      else if (odd === 8) wire = random.below(2000);
      clock += 10;
      const time = (dice & 0x3fff00) === 0 ? random.next() >>> 0 : clock;
      const iface = (dice & 0xfc00000) === 0 ? random.below(LINK_TYPES.length) : (bank.link[given] as number);
      if (pcapng) {
        const padded = (length + 3) & ~3;
        view.setUint32(p, 6, little);
        view.setUint32(p + 4, 32 + padded, little);
        view.setUint32(p + 8, iface, little);
        view.setUint32(p + 12, 0x60a24, little);
        view.setUint32(p + 16, time, little);
        view.setUint32(p + 20, length, little);
        view.setUint32(p + 24, wire, little);
        view.setUint32(data + padded, 32 + padded, little);
        p = data + padded + 4;
      } else {
        view.setUint32(p, 1_700_000_000 + Math.floor(time / 1e6), little);
        view.setUint32(p + 4, time % 1e6, little);
        view.setUint32(p + 8, length, little);
        view.setUint32(p + 12, wire, little);
        p = data + length;
      }
      this.at[n] = data - start;
      this.captured[n] = length;
      this.wire[n] = wire;
      this.links[n] = pcapng ? iface : link;
    }
    return {
      pcapng,
      swapped,
      link,
      used: p - start,
      packets: n,
      at: this.at,
      captured: this.captured,
      wire: this.wire,
      links: this.links,
    };
  }

  /** One mutation of the packet at `data`; its length afterwards. */
  private mutate(random: Random, memory: Uint8Array, data: number, length: number, given: number): number {
    const { bank } = this;
    const r = random.next();
    const kind = r & 31;
    if (length === 0 && kind < 24) return 0;
    if (kind < 5) {
      const at = data + random.below(length);
      memory[at] = (memory[at] as number) ^ (1 << ((r >>> 8) & 7));
    } else if (kind < 9) {
      // More often near the front, where the headers are.
      const at = data + (r & 0x100 ? random.below(length) : random.below(length < 64 ? length : 64));
      memory[at] = r & 0x200 ? (r & 0x400 ? 0 : 255) : (r >>> 16) & 255;
    } else if (kind < 18) {
      const first = bank.fieldFrom[given] as number;
      const count = (bank.fieldFrom[given + 1] as number) - first;
      if (count === 0) return length;
      const field = bank.fieldAt[first + random.below(count)] as number;
      const at = field >>> 1;
      if (field & 1) {
        if (at + 2 > length) return length;
        const old = ((memory[data + at] as number) << 8) | (memory[data + at + 1] as number);
        const value = r & 0x100 ? random.of(WORDS) : old + ((r >>> 10) & 31) - 16;
        memory[data + at] = value >> 8;
        memory[data + at + 1] = value;
      } else {
        if (at >= length) return length;
        memory[data + at] = r & 0x100 ? random.of(BYTES) : (memory[data + at] as number) + ((r >>> 10) & 15) - 8;
      }
    } else if (kind < 22) {
      return r & 0x100 ? random.below(length + 1) : length - random.below(Math.min(length, 40) + 1);
    } else if (kind < 24) {
      // The same bytes twice: labels, tags, options, whole headers.
      const from = random.below(length);
      const count = Math.min(length - from, 1 + random.below(64), MAX_PACKET - length);
      memory.copyWithin(data + from + count, data + from, data + length);
      return length + count;
    } else if (kind < 26) {
      // Bytes taken out.
      if (length === 0) return 0;
      const from = random.below(length);
      const count = Math.min(length - from, 1 + random.below(32));
      memory.copyWithin(data + from, data + from + count, data + length);
      return length - count;
    } else {
      // The front of this packet, the rest of another, both cut where a layer begins (or anywhere).
      const other = random.below(bank.count);
      const otherLength = bank.length[other] as number;
      const front = Math.min(length, r & 0x100 ? random.below(length + 1) : layerStart(bank, given, random));
      const back = r & 0x200 ? random.below(otherLength) : layerStart(bank, other, random);
      const count = Math.min(otherLength - back, MAX_PACKET - front);
      if (count <= 0) return front;
      const from = (bank.start[other] as number) + back;
      memory.set(bank.bytes.subarray(from, from + count), data + front);
      return front + count;
    }
    return length;
  }
}

function layerStart(bank: SeedBank, seed: number, random: Random): number {
  const first = bank.layerFrom[seed] as number;
  const count = (bank.layerFrom[seed + 1] as number) - first;
  return count === 0 ? 0 : (bank.layerAt[first + random.below(count)] as number);
}
