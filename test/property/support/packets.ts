/** Real packets to start from, with their link types, and pcap/pcapng around packets of any link type. */
import { readFileSync } from "node:fs";
import { LAYER_FLAG_REASSEMBLED } from "../../../src-main/engine/kernel/assembly/abi";
import { openSource } from "../../../src-main/engine/sources/open-source";
import type { CaptureOnDisk } from "./captures";
import { Engine, PiecesSource } from "./engine";

export interface SeedPacket {
  readonly linkType: number;
  readonly bytes: Uint8Array;
  /** Length on the wire. */
  readonly length: number;
  /** Where its layers begin, ascending; the first is 0. */
  readonly layers: readonly { readonly kind: number; readonly at: number }[];
}

/** The packets of captures, at most `perFile` of each, none longer than `maxLength`. Damaged files give what can be read. */
export async function readPackets(
  captures: readonly CaptureOnDisk[],
  perFile: number,
  maxLength: number,
): Promise<SeedPacket[]> {
  const engine = new Engine("none");
  const found: SeedPacket[] = [];
  for (const { path } of captures) {
    const linkTypes: number[] = [];
    let taken = 0;
    const compressed = readFileSync(path).readUInt8(0) !== 0x0a && /gz|zst|lz4/.test(path);
    const source = compressed ? await openSource(path) : new PiecesSource(new Uint8Array(readFileSync(path)));
    const packets: { point: number; seed: Omit<SeedPacket, "linkType"> }[] = [];
    const run = await engine.run(
      source,
      (batch) => {
        for (let i = 0; i < batch.packetCount && taken < perFile; i++) {
          const captured = batch.captured[i] as number;
          if (captured > maxLength || captured === 0) continue;
          taken++;
          const data = batch.data[i] as number;
          const layers: { kind: number; at: number }[] = [];
          const first = batch.firstLayer[i] as number;
          for (let row = first; row < first + batch.layersOf(i); row++) {
            if ((batch.layerFlags[row] as number) & LAYER_FLAG_REASSEMBLED) break;
            const at = (batch.layerPtr[row] as number) - data;
            if (at >= captured) break;
            layers.push({ kind: batch.layerKind[row] as number, at });
          }
          packets.push({
            point: batch.point[i] as number,
            seed: { bytes: batch.bytes.slice(data, data + captured), length: batch.length[i] as number, layers },
          });
        }
      },
      { rows: false },
    );
    for (const event of run.events) if (event.kind === "interface") linkTypes.push(event.interface.linkType);
    const pointBase = engine.pointsBefore;
    for (const { point, seed } of packets) found.push({ ...seed, linkType: linkTypes[point - pointBase] ?? 1 });
  }
  return found;
}

export interface PacketToWrite {
  readonly linkType: number;
  readonly bytes: Uint8Array;
  readonly length?: number;
  /** Seconds. */
  readonly time?: number;
}

/** A pcapng section with an interface for each link type. Nothing is checked: the packets may lie about everything. */
export function writePcapng(packets: readonly PacketToWrite[]): Uint8Array {
  const linkTypes = [...new Set(packets.map((p) => p.linkType))];
  const size = 28 + linkTypes.length * 20 + packets.reduce((sum, p) => sum + 32 + ((p.bytes.length + 3) & ~3), 0);
  const out = new Uint8Array(size);
  const view = new DataView(out.buffer);
  let p = 0;
  const block = (type: number, total: number): number => {
    view.setUint32(p, type, true);
    view.setUint32(p + 4, total, true);
    view.setUint32(p + total - 4, total, true);
    p += total;
    return p - total + 8;
  };
  let at = block(0x0a0d0d0a, 28);
  view.setUint32(at, 0x1a2b3c4d, true);
  view.setUint16(at + 4, 1, true);
  view.setBigInt64(at + 8, -1n, true);
  for (const linkType of linkTypes) view.setUint16(block(1, 20), linkType, true);
  packets.forEach((packet, i) => {
    at = block(6, 32 + ((packet.bytes.length + 3) & ~3));
    const time =
      1700000000000000n + (packet.time === undefined ? BigInt(i) * 1000n : BigInt(Math.round(packet.time * 1e6)));
    view.setUint32(at, linkTypes.indexOf(packet.linkType), true);
    view.setUint32(at + 4, Number(time >> 32n), true);
    view.setUint32(at + 8, Number(time & 0xffffffffn), true);
    view.setUint32(at + 12, packet.bytes.length, true);
    view.setUint32(at + 16, packet.length ?? packet.bytes.length, true);
    out.set(packet.bytes, at + 20);
  });
  return out;
}

/** A pcap of one packet: nothing lies behind its last byte. */
export function writePcap(packet: PacketToWrite): Uint8Array {
  const out = new Uint8Array(40 + packet.bytes.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, 0xa1b2c3d4, true);
  view.setUint16(4, 2, true);
  view.setUint16(6, 4, true);
  view.setUint32(16, 262144, true);
  view.setUint32(20, packet.linkType, true);
  view.setUint32(24, 1700000000, true);
  view.setUint32(32, packet.bytes.length, true);
  view.setUint32(36, packet.length ?? packet.bytes.length, true);
  out.set(packet.bytes, 40);
  return out;
}
