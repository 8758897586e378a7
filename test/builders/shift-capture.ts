/** Little-endian nanosecond pcapng files (as dumpcap writes them here) with their interfaces reordered and their clock bent. */
import { collectChunks } from "../../src-shared/wire/write/capture-chunks";
import { NANOSECONDS, timeFromNanoseconds } from "../../src-shared/wire/write/capture-time";
import { PcapngWriter } from "../../src-shared/wire/write/pcapng";

export interface CaptureContent {
  readonly interfaces: readonly { readonly name: string; readonly linkType: number }[];
  readonly packets: readonly {
    readonly interfaceId: number;
    readonly timeNs: bigint;
    readonly bytes: Uint8Array;
    readonly originalLength: number;
  }[];
}

/** Throws for anything but section, interface and enhanced packet blocks with times in nanoseconds; other blocks are left out. */
export function readCapture(bytes: Uint8Array): CaptureContent {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const interfaces: { name: string; linkType: number }[] = [];
  const packets: CaptureContent["packets"][number][] = [];
  for (let at = 0; at + 12 <= bytes.length;) {
    const type = view.getUint32(at, true);
    const length = view.getUint32(at + 4, true);
    if (type === 0x0a0d0d0a && view.getUint32(at + 8, true) !== 0x1a2b3c4d) throw new Error("big-endian section");
    if (type === 1) {
      let name = "";
      let resolution = 6;
      for (let o = at + 16; o + 4 <= at + length - 4;) {
        const code = view.getUint16(o, true);
        const size = view.getUint16(o + 2, true);
        if (code === 0) break;
        if (code === 2) name = new TextDecoder().decode(bytes.subarray(o + 4, o + 4 + size));
        if (code === 9) resolution = view.getUint8(o + 4);
        o += 4 + ((size + 3) & ~3);
      }
      if (resolution !== 9) throw new Error(`interface ${name} does not count nanoseconds`);
      interfaces.push({ name, linkType: view.getUint16(at + 8, true) });
    } else if (type === 6) {
      const captured = view.getUint32(at + 20, true);
      packets.push({
        interfaceId: view.getUint32(at + 8, true),
        timeNs: (BigInt(view.getUint32(at + 12, true)) << 32n) | BigInt(view.getUint32(at + 16, true)),
        bytes: bytes.subarray(at + 28, at + 28 + captured),
        originalLength: view.getUint32(at + 24, true),
      });
    }
    at += length;
  }
  return { interfaces, packets };
}

export interface Bend {
  /** Position of each interface in the new file. */
  readonly order: readonly number[];
  readonly offsetNs: bigint;
  readonly driftPpm: number;
}

/** The same packets, written by a machine with another clock that names its interfaces in another order. */
export function bendCapture(content: CaptureContent, bend: Bend): Uint8Array {
  const first = content.packets.reduce((t, p) => (p.timeNs < t ? p.timeNs : t), content.packets[0]?.timeNs ?? 0n);
  return collectChunks((sink) => {
    const writer = new PcapngWriter(sink);
    writer.beginSection({});
    const places = content.interfaces.map((_, i) => i).sort((a, b) => (bend.order[a] ?? 0) - (bend.order[b] ?? 0));
    const newId = new Map<number, number>();
    for (const i of places) {
      const one = content.interfaces[i];
      if (one) newId.set(i, writer.addInterface({ ...one, resolution: NANOSECONDS }));
    }
    for (const p of content.packets) {
      const drift = BigInt(Math.round(Number(p.timeNs - first) * bend.driftPpm * 1e-6));
      writer.packet({
        interfaceId: newId.get(p.interfaceId) ?? 0,
        time: timeFromNanoseconds(p.timeNs + bend.offsetNs + drift),
        bytes: p.bytes,
        originalLength: p.originalLength,
      });
    }
    writer.flush();
  });
}
