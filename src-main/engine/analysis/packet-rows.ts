/**
 * The sightings of a packet: rows grouped by packet, 8 bytes a row and 4 a packet. Packets are numbered over the files in the
 * order they were joined.
 */
import type { Sightings } from "../../../src-shared/reconstruct/result";

export class PacketRows {
  /** Rows of packet p: rows[start[p]] … rows[start[p + 1] - 1]. */
  readonly #start: Uint32Array;
  readonly #rows: Uint32Array;
  /** First packet of each file. */
  readonly #first: number[] = [];

  constructor(sightings: Sightings) {
    const { count } = sightings;
    let most = -1;
    for (let row = 0; row < count; row++) most = Math.max(most, sightings.packet(row));
    const start = new Uint32Array(most + 2);
    for (let row = 0; row < count; row++) {
      const packet = sightings.packet(row);
      start[packet + 1] = (start[packet + 1] as number) + 1;
      this.#first[sightings.file(row)] ??= packet - sightings.frameNumber(row) + 1;
    }
    for (let p = 0; p <= most; p++) start[p + 1] = (start[p + 1] as number) + (start[p] as number);
    const next = start.slice();
    this.#rows = new Uint32Array(count);
    for (let row = 0; row < count; row++) {
      const packet = sightings.packet(row);
      this.#rows[next[packet] as number] = row;
      next[packet] = (next[packet] as number) + 1;
    }
    this.#start = start;
  }

  /** Rows of a packet, outermost layer first; none for one without a network layer. */
  of(packet: number): readonly number[] {
    const from = this.#start[packet];
    const to = this.#start[packet + 1];
    return from === undefined || to === undefined ? [] : Array.from(this.#rows.subarray(from, to));
  }

  /** Number of a file's first packet; NaN: none of its packets has a network layer. */
  first(file: number): number {
    return this.#first[file] ?? NaN;
  }
}
