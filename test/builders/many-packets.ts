/** Large captures without effort: classic pcap, UDP between a few hosts, one packet a millisecond. */
const HEAD = 24;
const RECORD = 16;
const FRAME = 60;

export interface ManyPackets {
  readonly count: number;
  /** Seconds since the epoch of the first packet. */
  readonly seconds?: number;
  /** Hosts 10.0.x.y, x.y counting up to this many. */
  readonly hosts?: number;
}

export function manyPackets({ count, seconds = 1_700_000_000, hosts = 200 }: ManyPackets): Uint8Array {
  const bytes = new Uint8Array(HEAD + count * (RECORD + FRAME));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0xa1b2c3d4, true);
  view.setUint16(4, 2, true);
  view.setUint16(6, 4, true);
  view.setUint32(16, 65535, true);
  view.setUint32(20, 1, true);
  for (let i = 0; i < count; i++) {
    const at = HEAD + i * (RECORD + FRAME);
    view.setUint32(at, seconds + Math.floor(i / 1000), true);
    view.setUint32(at + 4, (i % 1000) * 1000, true);
    view.setUint32(at + 8, FRAME, true);
    view.setUint32(at + 12, FRAME, true);
    const frame = at + RECORD;
    bytes.set([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0], frame);
    view.setUint16(frame + 16, FRAME - 14);
    view.setUint16(frame + 18, i & 0xffff);
    view.setUint8(frame + 22, 64);
    view.setUint8(frame + 23, 17);
    const host = i % hosts;
    bytes.set([10, 0, host >> 8, host & 255, 10, 1, 0, 1], frame + 26);
    view.setUint16(frame + 34, 40000 + host);
    view.setUint16(frame + 36, 5000 + (i % 3));
    view.setUint16(frame + 38, FRAME - 34);
  }
  return bytes;
}
