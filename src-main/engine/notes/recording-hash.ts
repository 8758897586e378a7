/**
 * What a recording is recognised by when its file was moved, renamed, compressed or converted: its first packets.
 *
 * ```
 * h1:  SHA-256 over, for each of the first 32 packets:   seconds (i64) microseconds (u32) length (u32) captured (u32) bytes
 * ```
 * Nanoseconds are cut to microseconds, and neither the format nor interfaces are in it: pcap and pcapng of the same packets
 * have the same hash. The number of packets is not in it either, so that a capture that still grows keeps its hash.
 */
import { createHash } from "node:crypto";
import type { PacketAnchor } from "../../../src-shared/annotations/annotation";
import { TextWriter } from "../../../src-shared/base/text-writer";
import type { PacketId } from "../../../src-shared/contract/results";
import type { Batch } from "../kernel/batch";
import type { OpenCaptures } from "../service/handlers";

/** Enough that captures begun at the same time at neighbouring points differ; little enough that 1 GB costs nothing. */
const FIRST_PACKETS = 32;

/** Hash of a file's recording; null while fewer than 32 of its packets are read and more may come, or where it has none. */
export function recordingHash(captures: OpenCaptures, file: number): string | null {
  const [from, to] = captures.index.rangeOf(file);
  const whole = captures.complete || captures.index.filesBegun > file + 1;
  if (to === from || (to - from < FIRST_PACKETS && !whole)) return null;
  const hash = createHash("sha256");
  const head = Buffer.alloc(20);
  const ids = Array.from({ length: Math.min(FIRST_PACKETS, to - from) }, (_, i) => from + i);
  captures.reader.decodeAll(ids, ({ batch }) => {
    for (let i = 0; i < batch.packetCount; i++) {
      head.writeBigInt64LE(BigInt(batch.seconds(i)), 0);
      head.writeUInt32LE(Math.floor(batch.nanoseconds(i) / 1000), 8);
      head.writeUInt32LE(batch.length[i] as number, 12);
      head.writeUInt32LE(batch.captured[i] as number, 16);
      hash.update(head).update(bytesOf(batch, i));
    }
  });
  return `h1:${hash.digest("hex").slice(0, 32)}`;
}

/** 16 hexadecimal digits of SHA-256 over a packet's length on the wire (u32) and its captured bytes. */
export function packetCheck(batch: Batch, packet: number): string {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(batch.length[packet] as number);
  return createHash("sha256").update(length).update(bytesOf(batch, packet)).digest("hex").slice(0, 16);
}

/** The anchor of a packet whose file has the hash `recording`. */
export function anchorOf(captures: OpenCaptures, packet: PacketId, recording: string): PacketAnchor {
  const { batch } = captures.reader.decode(packet);
  const { index } = captures;
  const time = new TextWriter(32);
  time.time(index.seconds(packet), index.nanoseconds(packet));
  return { recording, ordinal: index.number(packet), time: time.toString(), check: packetCheck(batch, 0) };
}

function bytesOf(batch: Batch, packet: number): Uint8Array {
  const at = batch.data[packet] as number;
  // A copy: hashing does not take shared memory.
  return batch.bytes.slice(at, at + (batch.captured[packet] as number));
}
