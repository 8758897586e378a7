/** Fields of the record: number, time, lengths, interface, comments. */
import { decodeUtf8 } from "../../../src-shared/base/text";
import { appendString, appendValue } from "../../../src-shared/tables/value-column";
import { PACKET_BIG_ENDIAN_OPTIONS, PACKET_FAR_TIME, PACKET_NO_TIME } from "../kernel/assembly/abi";
import type { Batch } from "../kernel/batch";
import { readOptions } from "../readers/pcapng-blocks";
import { type Field, packetField } from "./field";
import type { FieldContext } from "./field-context";
import { protocolStack } from "./protocol-stack";

const OPTION_COMMENT = 1;
const OPTION_PACKET_ID = 5;

/** Calls `visit` for each pcapng option of the packet. */
export function visitOptions(
  batch: Batch,
  packet: number,
  visit: (code: number, start: number, length: number, littleEndian: boolean) => void,
): void {
  const at = batch.options[packet] as number;
  if (!at) return;
  const big = (batch.packetFlags(packet) & PACKET_BIG_ENDIAN_OPTIONS) !== 0;
  for (const o of readOptions(batch.bytes, at, at + (batch.optionsLength[packet] as number), big))
    visit(o.code, o.start, o.length, !big);
}

/** Text ends at a zero byte, though writers should leave none: what is behind it is what lay in their memory. */
function optionText(bytes: Uint8Array, start: number, length: number): string {
  const zero = bytes.subarray(start, start + length).indexOf(0);
  return decodeUtf8(bytes, start, start + (zero < 0 ? length : zero));
}

/** The time of an enhanced packet block as its 64 bits say, where the time column cannot hold it. */
function farTime(
  batch: Batch,
  packet: number,
  context: FieldContext,
): { readonly seconds: number; readonly nanoseconds: number } | undefined {
  const point = context.points[batch.point[packet] as number];
  const resolution = /^(2|10)\^-(\d+)$/.exec(point?.resolution ?? "");
  if (!point || !resolution) return undefined;
  const little = !(batch.packetFlags(packet) & PACKET_BIG_ENDIAN_OPTIONS);
  const at = batch.recordAt(packet) + 12;
  const ticks = (BigInt(batch.view.getUint32(at, little)) << 32n) | BigInt(batch.view.getUint32(at + 4, little));
  const units = BigInt(resolution[1] as string) ** BigInt(resolution[2] as string);
  return {
    seconds: Number(ticks / units) + point.offsetSeconds,
    nanoseconds: Number(((ticks % units) * 1_000_000_000n) / units),
  };
}

export const FRAME_FIELDS: readonly Field[] = [
  {
    ...packetField({ name: "frame", label: "Frame", kind: "bytes" }, (batch, packet, out) =>
      appendValue(out, packet, 1, batch.data[packet] as number, batch.captured[packet]),
    ),
    isProtocol: true,
  },
  packetField({ name: "frame.number", label: "Frame number", kind: "uint" }, (batch, packet, out) =>
    appendValue(out, packet, 1, batch.numberBefore + packet + 1),
  ),
  packetField(
    { name: "frame.time_epoch", label: "Epoch time, seconds", kind: "time" },
    (batch, packet, out, context) => {
      const flags = batch.packetFlags(packet);
      if (flags & PACKET_NO_TIME) return;
      const far = flags & PACKET_FAR_TIME ? farTime(batch, packet, context) : undefined;
      if (far) appendValue(out, packet, 1, far.seconds, far.nanoseconds);
      else appendValue(out, packet, 1, batch.seconds(packet), batch.nanoseconds(packet));
    },
  ),
  packetField({ name: "frame.len", label: "Length on the wire, bytes", kind: "uint" }, (batch, packet, out) =>
    // Wireshark's greatest number; a damaged file may say more.
    appendValue(out, packet, 1, Math.min(batch.length[packet] as number, 0x7fffffff)),
  ),
  packetField({ name: "frame.cap_len", label: "Length captured, bytes", kind: "uint" }, (batch, packet, out) =>
    appendValue(out, packet, 1, batch.captured[packet] as number),
  ),
  packetField(
    { name: "frame.interface_id", label: "Interface number", kind: "uint" },
    (batch, packet, out, context) => {
      const point = context.points[batch.point[packet] as number];
      if (context.files[batch.file]?.format !== "pcapng" || !point || batch.isCustomBlock(packet)) return;
      // Wireshark's number is the one within the section.
      appendValue(out, packet, 1, point.numberInSection);
    },
  ),
  packetField(
    { name: "frame.interface_name", label: "Interface name", kind: "string" },
    (batch, packet, out, context) => {
      const point = context.points[batch.point[packet] as number];
      if (context.files[batch.file]?.format !== "pcapng" || !point || batch.isCustomBlock(packet)) return;
      appendString(out, packet, 1, point.name ?? point.description ?? "unknown");
    },
  ),
  packetField(
    { name: "frame.protocols", label: "Protocols in the packet", kind: "string", needsStreams: true },
    (batch, packet, out, context) => {
      const text = protocolStack(batch, packet, context);
      if (text) appendString(out, packet, 1, text);
    },
  ),
  packetField({ name: "frame.comment", label: "Comment", kind: "string" }, (batch, packet, out) =>
    visitOptions(batch, packet, (code, start, length) => {
      if (code === OPTION_COMMENT) appendString(out, packet, 1, optionText(batch.bytes, start, length));
    }),
  ),
  packetField(
    { name: "frame.packet_id", label: "Packet id, the same for one packet on several interfaces", kind: "string" },
    (batch, packet, out) =>
      visitOptions(batch, packet, (code, start, length, littleEndian) => {
        if (code === OPTION_PACKET_ID && length === 8)
          appendString(out, packet, 1, batch.view.getBigUint64(start, littleEndian).toString());
      }),
  ),
];
