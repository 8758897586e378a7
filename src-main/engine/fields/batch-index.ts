/**
 * The layers of a batch sorted by kind, made once a batch: field collectors walk the rows they care for and no others.
 */
import type { Batch } from "../kernel/batch";

export interface KindRows {
  count: number;
  /** Layer row, ascending. */
  rows: Uint32Array;
  /** Packet of the row. */
  packets: Uint32Array;
  /** 1 for the packet's outermost layer of this kind, 2 for the next … */
  ordinals: Uint8Array;
}

const KINDS = 64;

export class BatchIndex {
  readonly kinds: KindRows[] = Array.from({ length: KINDS }, () => ({
    count: 0,
    rows: new Uint32Array(256),
    packets: new Uint32Array(256),
    ordinals: new Uint8Array(256),
  }));
  batch: Batch;

  constructor(batch: Batch) {
    this.batch = batch;
  }

  /** Points the index at a batch. */
  build(batch: Batch): void {
    this.batch = batch;
    for (const k of this.kinds) k.count = 0;
    const { layerKind, firstLayer, meta } = batch;
    const kinds = this.kinds;
    for (let packet = 0, n = batch.packetCount; packet < n; packet++) {
      const first = firstLayer[packet] as number;
      const last = first + ((meta[packet] as number) & 0xff);
      for (let row = first; row < last; row++) {
        const k = kinds[layerKind[row] as number] as KindRows;
        const at = k.count;
        if (at === k.rows.length) grow(k);
        k.rows[at] = row;
        k.packets[at] = packet;
        k.ordinals[at] = at > 0 && k.packets[at - 1] === packet ? (k.ordinals[at - 1] as number) + 1 : 1;
        k.count = at + 1;
      }
    }
  }

  of(kind: number): KindRows {
    return this.kinds[kind] as KindRows;
  }
}

function grow(k: KindRows): void {
  const n = k.rows.length * 2;
  const rows = new Uint32Array(n);
  rows.set(k.rows);
  k.rows = rows;
  const packets = new Uint32Array(n);
  packets.set(k.packets);
  k.packets = packets;
  const ordinals = new Uint8Array(n);
  ordinals.set(k.ordinals);
  k.ordinals = ordinals;
}
