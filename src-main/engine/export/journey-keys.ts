/**
 * Sighting keys of captures that were joined: all sightings of a journey have one key, and no other journey has it. So grouping by
 * the key gives the engine's journeys, whatever made that hard: segments split, payload cut, packets sent again, scans.
 *
 * ```
 * journey of sightings with the plain keys   A A A     ─► A       as without joining: joins with captures exported elsewhere
 *                                            B C C     ─► B       that of the longest packet: C are its segments
 * sent again, equal in all that survives     A A       ─► A'      the second A; the third gets another one
 * ```
 */
import type { JoinedResult } from "../join/join-result";
import { PROTOCOL_TCP, type SightingReader, W_HASH, W_LENGTH } from "../join/sighting-columns";
import { numberedKey, sightingKey } from "./sighting-key";

/** 12 bytes a sighting and about 24 a journey. */
export class JourneyKeys {
  /** By row: its key, low word first; of a row without a journey, 0. */
  readonly keys: Uint32Array;
  /** By row: position of its connection, -1: it is of no journey. */
  readonly connection: Int32Array;

  constructor(join: JoinedResult, reader: SightingReader) {
    this.keys = new Uint32Array(reader.count * 2);
    this.connection = new Int32Array(reader.count).fill(-1);
    const given = new KeyCounts();
    const key = new Uint32Array(2);
    for (let i = 0; i < join.connectionCount; i++)
      for (const { sightings } of join.journeys(i)) {
        sightingKey(reader, wholeOf(reader, sightings), key, 0);
        const n = given.add(key);
        if (n > 1) numberedKey(key, 0, n);
        for (const row of sightings) {
          this.keys.set(key, row * 2);
          this.connection[row] = i;
        }
      }
  }
}

/** The sighting that shows most of the packet: the longest one whose payload was not cut, and of these the first. */
function wholeOf(reader: SightingReader, sightings: readonly number[]): number {
  let best = sightings[0] as number;
  let most = -1;
  for (const row of sightings) {
    const length = reader.word(row, W_LENGTH) >>> 8;
    const isHashed = reader.word(row, W_HASH) !== 0 || reader.protocol(reader.flow(row)) === PROTOCOL_TCP;
    const shown = length * 2 + (isHashed ? 1 : 0);
    if (shown <= most) continue;
    most = shown;
    best = row;
  }
  return best;
}

/** How often each key was given: open addressing, low word, high word, count. */
class KeyCounts {
  private slots = new Uint32Array(3 * 1024);
  private used = 0;

  /** Counts the key once more; how often that is. */
  add(key: Uint32Array): number {
    const at = this.find(key[0] as number, key[1] as number);
    this.slots[at] = key[0] as number;
    this.slots[at + 1] = key[1] as number;
    const n = (this.slots[at + 2] = (this.slots[at + 2] as number) + 1);
    if (n === 1 && ++this.used * 6 > this.slots.length) this.grow();
    return n;
  }

  /** The key's slot, or the free one it would get. */
  private find(low: number, high: number): number {
    const { slots } = this;
    const mask = slots.length / 3 - 1;
    for (let i = low & mask; ; i = (i + 1) & mask) {
      const at = i * 3;
      if (slots[at + 2] === 0 || (slots[at] === low && slots[at + 1] === high)) return at;
    }
  }

  private grow(): void {
    const old = this.slots;
    this.slots = new Uint32Array(old.length * 2);
    for (let at = 0; at < old.length; at += 3)
      if (old[at + 2] !== 0)
        this.slots.set(old.subarray(at, at + 3), this.find(old[at] as number, old[at + 1] as number));
  }
}
