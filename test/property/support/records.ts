/** Where the records of a capture begin and end: an independent, simple reading of the two formats, to judge the engine by. */

export interface Records {
  readonly pcapng: boolean;
  /** Bytes before the first record: 24 for pcap, 0 for pcapng. */
  readonly head: number;
  /** Offset after each record or block, ascending. */
  readonly ends: readonly number[];
  /** Offset of each packet record, and of each custom block. */
  readonly packets: readonly number[];
  /** The walk reached the end of the bytes. */
  readonly whole: boolean;
}

const SECTION = 0x0a0d0d0a;
const MAX_RECORD_BYTES = 1_900_000;

export function walkRecords(bytes: Uint8Array): Records {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length >= 4 && view.getUint32(0) === SECTION) return walkPcapng(view);
  return walkPcap(view);
}

function walkPcap(view: DataView): Records {
  const ends: number[] = [];
  const packets: number[] = [];
  if (view.byteLength < 24) return { pcapng: false, head: 24, ends, packets, whole: false };
  const magic = view.getUint32(0);
  const big = magic === 0xa1b2c3d4 || magic === 0xa1b23c4d || magic === 0xa1b2cd34;
  const extra = magic === 0xa1b2cd34 || magic === 0x34cdb2a1 ? 8 : 0;
  const swapped = view.getUint16(4, !big) === 543 || view.getUint16(6, !big) < 3;
  let p = 24;
  while (p + 16 + extra <= view.byteLength) {
    const captured = view.getUint32(p + (swapped ? 12 : 8), !big);
    if (captured > 262144 || p + 16 + extra + captured > view.byteLength) break;
    packets.push(p);
    p += 16 + extra + captured;
    ends.push(p);
  }
  return { pcapng: false, head: 24, ends, packets, whole: p === view.byteLength };
}

function walkPcapng(view: DataView): Records {
  const ends: number[] = [];
  const packets: number[] = [];
  let big = false;
  let p = 0;
  while (p + 12 <= view.byteLength) {
    if (view.getUint32(p) === SECTION) big = view.getUint32(p + 8) === 0x1a2b3c4d;
    const type = view.getUint32(p, !big);
    const total = Math.ceil(view.getUint32(p + 4, !big) / 4) * 4;
    if (total < 12 || p + total > view.byteLength) break;
    // A custom block is listed too, as Wireshark does, if it is kept whole.
    const custom = type === 0xbad || type === 0x40000bad;
    if (type === 6 || type === 3 || type === 2 || (custom && total >= 16 && total <= MAX_RECORD_BYTES)) packets.push(p);
    p += total;
    ends.push(p);
  }
  return { pcapng: true, head: 0, ends, packets, whole: p === view.byteLength };
}
