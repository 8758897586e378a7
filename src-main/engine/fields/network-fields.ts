/** Fields of the network layer: IPv4, IPv6, ICMP, ICMPv6. */
import { LAYER_ICMP, LAYER_ICMPV6, LAYER_IPV4, LAYER_IPV6 } from "../../../src-shared/model/layer-kind";
import { appendValue } from "../../../src-shared/tables/value-column";
import type { Batch } from "../kernel/batch";
import {
  type Available,
  type Field,
  type HeaderBits,
  addressField,
  captured,
  readUint,
  protocolField,
  rowField,
  uintField,
} from "./field";

/**
 * Bytes of an IPv4 header that mean something: a header length below 20 ends it after the first byte, a total length below
 * the header's after the fourth (RFC 791 section 3.1).
 */
export const ipv4Available: Available = (batch, row) => {
  const here = captured(batch, row);
  if (here < 1) return 0;
  const p = batch.layerPtr[row] as number;
  const first = batch.bytes[p] as number;
  const header = (first & 15) * 4;
  // Of a version that is none, Wireshark shows no more than that.
  if (first >> 4 !== 4 || header < 20) return 1;
  if (here < 4) return here;
  const total = readUint(batch.bytes, p + 2, 2);
  return total !== 0 && total < header ? 4 : here;
};

/** Where the address of an IPv4 packet's destination lies: the last of a source route, if there is one (RFC 791). */
export function finalDestination(bytes: Uint8Array, header: number, end: number): number {
  const stop = Math.min(end, header + ((bytes[header] as number) & 15) * 4);
  let at = header + 20;
  while (at + 2 < stop) {
    const kind = bytes[at];
    if (kind === 0) break;
    if (kind === 1) {
      at++;
      continue;
    }
    const length = bytes[at + 1] as number;
    if (length < 2 || at + length > stop) break;
    const routed = kind === 131 || kind === 137;
    if (routed && length >= 7 && (bytes[at + 2] as number) + 3 <= length) return at + length - 4;
    at += length;
  }
  return header + 16;
}

const ip = (
  name: string,
  label: string,
  bits: HeaderBits,
  more: { kind?: "uint" | "ipv4" | "bool"; hexDigits?: number } = {},
): Field => uintField({ name, label, protocol: "ip", ...more }, LAYER_IPV4, bits, ipv4Available);

const ip6 = (name: string, label: string, bits: HeaderBits, hexDigits = 0, available = captured): Field =>
  uintField({ name, label, protocol: "ipv6", hexDigits }, LAYER_IPV6, bits, available);

/** Wireshark reads the next header's number before it shows the length. */
const withNextHeader: Available = (batch, row) => {
  const here = captured(batch, row);
  return here < 7 ? 0 : here;
};

/** Wireshark shows no field of an ICMP header of less than six bytes. */
const icmpStart: Available = (batch, row) => {
  const here = captured(batch, row);
  return here < 6 ? 0 : here;
};

/** Both addresses of a header. */
function eitherAddress(name: string, layer: number, kind: "ipv4" | "ipv6", protocol: string): Field {
  const width = kind === "ipv4" ? 4 : 16;
  const first = kind === "ipv4" ? 12 : 8;
  return rowField(
    { name, label: "Source or destination address", kind, protocol },
    layer,
    (batch, row, packet, ordinal, out) => {
      const here = kind === "ipv4" ? ipv4Available(batch, row) : captured(batch, row);
      const p = batch.layerPtr[row] as number;
      if (here >= first + width)
        appendValue(out, packet, ordinal, kind === "ipv4" ? readUint(batch.bytes, p + first, 4) : p + first, width);
      if (here < first + 2 * width) return;
      const to = kind === "ipv4" ? finalDestination(batch.bytes, p, batch.layerEnd[row] as number) : p + first + width;
      appendValue(out, packet, ordinal, kind === "ipv4" ? readUint(batch.bytes, to, 4) : to, width);
    },
  );
}

/** ICMP messages with an identifier and a sequence number: echo, timestamp, information, address mask, extended echo. */
function hasIdentifier(type: number): boolean {
  return type === 0 || type === 8 || (type >= 13 && type <= 18) || type === 42 || type === 43;
}

const icmpWord = (name: string, label: string, offset: number): Field =>
  rowField({ name, label, kind: "uint", protocol: "icmp" }, LAYER_ICMP, (batch, row, packet, ordinal, out) => {
    const p = batch.layerPtr[row] as number;
    const type = batch.bytes[p] as number;
    if (captured(batch, row) < offset + 2 || !hasIdentifier(type)) return;
    // The sequence number of extended echo has one byte (RFC 8335 section 2): to Wireshark another field.
    if (offset === 6 && (type === 42 || type === 43)) return;
    appendValue(out, packet, ordinal, readUint(batch.bytes, p + offset, 2));
  });

export const NETWORK_FIELDS: readonly Field[] = [
  protocolField("ip", "Internet Protocol version 4", LAYER_IPV4),
  {
    name: "ip.version",
    label: "Version",
    kind: "uint",
    protocol: "ip",
    hexDigits: 0,
    needsStreams: false,
    collect(index, out) {
      // Wireshark names the version of both protocols so; rows must come in packet order, outermost first.
      const { batch } = index;
      const a = index.of(LAYER_IPV4);
      const b = index.of(LAYER_IPV6);
      let i = 0;
      let j = 0;
      while (i < a.count || j < b.count) {
        const first = j >= b.count || (i < a.count && (a.rows[i] as number) < (b.rows[j] as number));
        const rows = first ? a : b;
        const at = first ? i++ : j++;
        const row = rows.rows[at] as number;
        if (captured(batch, row) < 1) continue;
        appendValue(
          out,
          rows.packets[at] as number,
          rows.ordinals[at] as number,
          (batch.bytes[batch.layerPtr[row] as number] as number) >> 4,
        );
      }
    },
  },
  rowField(
    { name: "ip.hdr_len", label: "Header length, bytes", kind: "uint", protocol: "ip" },
    LAYER_IPV4,
    (batch, row, packet, ordinal, out) => {
      if (captured(batch, row) < 1) return;
      const b = batch.bytes[batch.layerPtr[row] as number] as number;
      if (b >> 4 === 4) appendValue(out, packet, ordinal, (b & 15) * 4);
    },
  ),
  ip("ip.dsfield.dscp", "Differentiated services codepoint", { offset: 1, width: 1, shift: 2, mask: 63 }),
  rowField(
    { name: "ip.len", label: "Total length", kind: "uint", protocol: "ip" },
    LAYER_IPV4,
    (batch: Batch, row, packet, ordinal, out) => {
      if (ipv4Available(batch, row) < 4) return;
      const v = readUint(batch.bytes, (batch.layerPtr[row] as number) + 2, 2);
      // 0 is segmentation offload: what the frame carries is what was meant.
      appendValue(out, packet, ordinal, v || (batch.layerLength[row] as number));
    },
  ),
  ip("ip.id", "Identification", { offset: 4, width: 2 }, { hexDigits: 4 }),
  ip("ip.flags.df", "Don't fragment", { offset: 6, width: 2, shift: 14, mask: 1 }, { kind: "bool" }),
  ip("ip.flags.mf", "More fragments", { offset: 6, width: 2, shift: 13, mask: 1 }, { kind: "bool" }),
  rowField(
    { name: "ip.frag_offset", label: "Fragment offset, bytes", kind: "uint", protocol: "ip" },
    LAYER_IPV4,
    (batch, row, packet, ordinal, out) => {
      if (ipv4Available(batch, row) < 8) return;
      appendValue(out, packet, ordinal, readUint(batch.bytes, (batch.layerPtr[row] as number) + 6, 2) & 0x1fff);
    },
  ),
  ip("ip.ttl", "Time to live", { offset: 8, width: 1 }),
  ip("ip.proto", "Protocol", { offset: 9, width: 1 }),
  ip("ip.checksum", "Header checksum", { offset: 10, width: 2 }, { hexDigits: 4 }),
  rowField(
    {
      name: "ip.checksum.status",
      label: "Header checksum status (0 bad, 1 good, 2 not verified)",
      kind: "uint",
      protocol: "ip",
    },
    LAYER_IPV4,
    (batch, row, packet, ordinal, out, context) => {
      if (ipv4Available(batch, row) < 12) return;
      if (!context.verifyChecksums) {
        appendValue(out, packet, ordinal, 2);
        return;
      }
      const header = batch.layerHeader[row] as number;
      if (captured(batch, row) < header) appendValue(out, packet, ordinal, 2);
      else
        appendValue(
          out,
          packet,
          ordinal,
          context.kernel.sum16(batch.layerPtr[row] as number, header, 0) === 0xffff ? 1 : 0,
        );
    },
  ),
  ip("ip.src", "Source address", { offset: 12, width: 4 }, { kind: "ipv4" }),
  rowField(
    { name: "ip.dst", label: "Destination address", kind: "ipv4", protocol: "ip" },
    LAYER_IPV4,
    (batch, row, packet, ordinal, out) => {
      if (ipv4Available(batch, row) < 20) return;
      const at = finalDestination(batch.bytes, batch.layerPtr[row] as number, batch.layerEnd[row] as number);
      appendValue(out, packet, ordinal, readUint(batch.bytes, at, 4));
    },
  ),
  eitherAddress("ip.addr", LAYER_IPV4, "ipv4", "ip"),
  protocolField("ipv6", "Internet Protocol version 6", LAYER_IPV6),
  ip6("ipv6.flow", "Flow label", { offset: 0, width: 4, mask: 0xfffff }, 6),
  ip6("ipv6.plen", "Payload length", { offset: 4, width: 2 }, 0, withNextHeader),
  ip6("ipv6.nxt", "Next header", { offset: 6, width: 1 }),
  ip6("ipv6.hlim", "Hop limit", { offset: 7, width: 1 }),
  addressField({ name: "ipv6.src", label: "Source address", kind: "ipv6", protocol: "ipv6" }, LAYER_IPV6, 8),
  addressField({ name: "ipv6.dst", label: "Destination address", kind: "ipv6", protocol: "ipv6" }, LAYER_IPV6, 24),
  eitherAddress("ipv6.addr", LAYER_IPV6, "ipv6", "ipv6"),
  protocolField("icmp", "Internet Control Message Protocol", LAYER_ICMP),
  uintField({ name: "icmp.type", label: "Type", protocol: "icmp" }, LAYER_ICMP, { offset: 0, width: 1 }, icmpStart),
  uintField({ name: "icmp.code", label: "Code", protocol: "icmp" }, LAYER_ICMP, { offset: 1, width: 1 }, icmpStart),
  icmpWord("icmp.ident", "Identifier", 4),
  icmpWord("icmp.seq", "Sequence number", 6),
  protocolField("icmpv6", "Internet Control Message Protocol v6", LAYER_ICMPV6),
  uintField({ name: "icmpv6.type", label: "Type", protocol: "icmpv6" }, LAYER_ICMPV6, { offset: 0, width: 1 }),
  uintField({ name: "icmpv6.code", label: "Code", protocol: "icmpv6" }, LAYER_ICMPV6, { offset: 1, width: 1 }),
];
