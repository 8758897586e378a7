/** Fields of the transport layer and of the tunnels that ride on it. */
import {
  LAYER_GENEVE,
  LAYER_GRE,
  LAYER_ICMP,
  LAYER_IPV4,
  LAYER_SCTP,
  LAYER_TCP,
  LAYER_UDP,
  LAYER_VXLAN,
  LAYER_WIREGUARD,
} from "../../../src-shared/model/layer-kind";
import { type ValueColumn, appendValue } from "../../../src-shared/tables/value-column";
import {
  ANALYSIS_ACK_LOST_SEGMENT,
  ANALYSIS_ANY_RETRANSMISSION,
  ANALYSIS_DUPLICATE_ACK,
  ANALYSIS_FAST_RETRANSMISSION,
  ANALYSIS_HAS_LENGTH,
  ANALYSIS_KEEP_ALIVE,
  ANALYSIS_KEEP_ALIVE_ACK,
  ANALYSIS_LOST_SEGMENT,
  ANALYSIS_OUT_OF_ORDER,
  ANALYSIS_REUSED_PORTS,
  ANALYSIS_SPURIOUS_RETRANSMISSION,
  ANALYSIS_WINDOW_FULL,
  ANALYSIS_WINDOW_UPDATE,
  ANALYSIS_ZERO_WINDOW,
  ANALYSIS_ZERO_WINDOW_PROBE,
  ANALYSIS_ZERO_WINDOW_PROBE_ACK,
  LAYER_FLAG_QUOTED,
  NO_ROW,
} from "../kernel/assembly/abi";
import type { Batch } from "../kernel/batch";
import {
  type Available,
  type Field,
  type HeaderBits,
  captured,
  protocolField,
  readUint,
  rowField,
  uintField,
} from "./field";

/** Wireshark shows no TCP field behind the ports unless 16 bytes are there: it looks at flags and window first. */
const tcpStart: Available = (batch, row) => {
  const here = captured(batch, row);
  return here < 16 ? (here < 4 ? 0 : 4) : here;
};
/** A header length below 20 ends the header after the sequence number and the length itself. */
export const tcpRest: Available = (batch, row) => {
  const here = tcpStart(batch, row);
  return here >= 16 && headerLength(batch, row) < 20 ? 0 : here;
};
export function headerLength(batch: Batch, row: number): number {
  return ((batch.bytes[(batch.layerPtr[row] as number) + 12] as number) >> 4) * 4;
}

/** A TCP header quoted by an ICMPv4 error: Wireshark shows the sequence number as it is, from 8 bytes on. */
function quotedByIcmp(batch: Batch, row: number): boolean {
  return (
    ((batch.layerFlags[row] as number) & LAYER_FLAG_QUOTED) !== 0 &&
    batch.layerKind[row - 1] === LAYER_IPV4 &&
    batch.layerKind[row - 2] === LAYER_ICMP
  );
}

const tcp = (name: string, label: string, bits: HeaderBits, hexDigits = 0, available = tcpRest): Field =>
  uintField({ name, label, protocol: "tcp", hexDigits }, LAYER_TCP, bits, available);

function analysed(
  name: string,
  label: string,
  value: (batch: Batch, row: number) => number,
  available = tcpRest,
): Field {
  return rowField(
    { name, label, kind: "uint", protocol: "tcp", needsStreams: true },
    LAYER_TCP,
    (batch, row, packet, ordinal, out) => {
      if (available(batch, row) >= 16) appendValue(out, packet, ordinal, value(batch, row));
    },
  );
}

/** What the sequence analysis found comes behind the options: cut short, they take it along. */
const showsAnalysis = (batch: Batch, row: number): boolean =>
  tcpRest(batch, row) >= Math.max(headerLength(batch, row), 20);

function analysisFlag(name: string, label: string, mask: number, twice = false): Field {
  return rowField(
    { name, label, kind: "none", protocol: "tcp", needsStreams: true },
    LAYER_TCP,
    (batch, row, packet, ordinal, out) => {
      if (!((batch.analysis[row] as number) & mask) || !showsAnalysis(batch, row)) return;
      appendValue(out, packet, ordinal, 1);
      if (twice) appendValue(out, packet, ordinal, 1);
    },
  );
}

/**
 * Visits the options of a TCP header; one that would go past its end ends the walk (RFC 9293 section 3.1). The last may be cut
 * short: `available` of its `length` bytes were captured.
 */
export function visitTcpOptions(
  batch: Batch,
  row: number,
  visit: (kind: number, at: number, length: number, available: number) => void,
): void {
  const p = batch.layerPtr[row] as number;
  const end = p + headerLength(batch, row);
  const here = p + captured(batch, row);
  let o = p + 20;
  while (o < end && o < here) {
    const kind = batch.bytes[o] as number;
    if (kind === 0) return;
    if (kind === 1) {
      o++;
      continue;
    }
    if (o + 2 > end || o + 2 > here) return;
    const n = batch.bytes[o + 1] as number;
    if (n < 2 || o + n > end) return;
    visit(kind, o, n, Math.min(n, here - o));
    o += n;
  }
}

function tcpOption(
  name: string,
  label: string,
  wanted: number,
  read: (batch: Batch, at: number, length: number, append: (value: number, end?: number) => void, row: number) => void,
  needsStreams = false,
): Field {
  return rowField(
    { name, label, kind: "uint", protocol: "tcp", needsStreams },
    LAYER_TCP,
    (batch, row, packet, ordinal, out) => {
      if (tcpRest(batch, row) < 20) return;
      visitTcpOptions(batch, row, (kind, at, length, available) => {
        if (kind !== wanted) return;
        // A value of an option that is cut short is there if all of its bytes are.
        const append = (value: number, end = length): void => {
          if (end <= available) appendValue(out, packet, ordinal, value);
        };
        read(batch, at, length, append, row);
      });
    },
  );
}

/** Edges of SACK blocks, relative as the acknowledgment number is. */
const sackEdge = (name: string, label: string, offset: number): Field =>
  tcpOption(
    name,
    label,
    5,
    (batch, at, length, append, row) => {
      const ackRaw = readUint(batch.bytes, (batch.layerPtr[row] as number) + 8, 4);
      const base = batch.stream[row] === NO_ROW ? 0 : ackRaw - (batch.relativeAck[row] as number);
      for (let q = 2 + offset; q + 4 <= length; q += 8) append((readUint(batch.bytes, at + q, 4) - base) >>> 0, q + 4);
    },
    true,
  );

/** Wireshark reads both ports before it shows one. */
const bothPorts: Available = (batch, row) => {
  const here = captured(batch, row);
  return here < 4 ? 0 : here;
};

const port = (protocol: string, layer: number, available = bothPorts): readonly Field[] => [
  uintField({ name: `${protocol}.srcport`, label: "Source port", protocol }, layer, { offset: 0, width: 2 }, available),
  uintField(
    { name: `${protocol}.dstport`, label: "Destination port", protocol },
    layer,
    { offset: 2, width: 2 },
    available,
  ),
  {
    bits: 16,
    ...rowField(
      { name: `${protocol}.port`, label: "Source or destination port", kind: "uint", protocol },
      layer,
      (batch, row, packet, ordinal, out) => {
        const p = batch.layerPtr[row] as number;
        if (available(batch, row) >= 2) appendValue(out, packet, ordinal, readUint(batch.bytes, p, 2));
        if (available(batch, row) >= 4) appendValue(out, packet, ordinal, readUint(batch.bytes, p + 2, 2));
      },
    ),
  },
];

/** A UDP length that cannot be ends the header after the length. */
export const udpChecksum: Available = (batch, row) => {
  const here = captured(batch, row);
  if (here < 8) return here;
  const stated = readUint(batch.bytes, (batch.layerPtr[row] as number) + 4, 2);
  if (stated !== 0) return stated < 8 ? 6 : here;
  // 0 is said by those that are too long for a number; over IPv6 by jumbograms of any length (RFC 2675).
  const isShort = (batch.layerLength[row] as number) <= 0xffff;
  return isShort && batch.layerKind[batch.layerAux[row] as number] === LAYER_IPV4 ? 6 : here;
};

const streamOf = (batch: Batch, row: number, packet: number, ordinal: number, out: ValueColumn): void => {
  if (batch.stream[row] !== NO_ROW) appendValue(out, packet, ordinal, batch.stream[row] as number);
};

const GRE_PPP = 0x880b;
const VXLAN_GPE_PORT = 4790;

/** VXLAN's generic protocol extension, by its port. */
export function isVxlanGpe(batch: Batch, row: number): boolean {
  if (row === 0 || batch.layerKind[row - 1] !== LAYER_UDP) return false;
  const udp = batch.layerPtr[row - 1] as number;
  return [readUint(batch.bytes, udp, 2), readUint(batch.bytes, udp + 2, 2)].includes(VXLAN_GPE_PORT);
}

/** All that the analysis marks. */
const ANY_ANALYSIS = 0x7fff;

export const TRANSPORT_FIELDS: readonly Field[] = [
  protocolField("udp", "User Datagram Protocol", LAYER_UDP),
  ...port("udp", LAYER_UDP),
  uintField({ name: "udp.length", label: "Length", protocol: "udp" }, LAYER_UDP, { offset: 4, width: 2 }),
  uintField(
    { name: "udp.checksum", label: "Checksum", protocol: "udp", hexDigits: 4 },
    LAYER_UDP,
    { offset: 6, width: 2 },
    udpChecksum,
  ),
  rowField(
    { name: "udp.stream", label: "Stream index", kind: "uint", protocol: "udp", needsStreams: true },
    LAYER_UDP,
    streamOf,
  ),
  protocolField("tcp", "Transmission Control Protocol", LAYER_TCP),
  ...port("tcp", LAYER_TCP),
  rowField(
    { name: "tcp.stream", label: "Stream index", kind: "uint", protocol: "tcp", needsStreams: true },
    LAYER_TCP,
    streamOf,
  ),
  rowField(
    { name: "tcp.seq", label: "Sequence number, relative", kind: "uint", protocol: "tcp", needsStreams: true },
    LAYER_TCP,
    (batch, row, packet, ordinal, out) => {
      const here = captured(batch, row);
      if (quotedByIcmp(batch, row)) {
        if (here >= 8) appendValue(out, packet, ordinal, readUint(batch.bytes, (batch.layerPtr[row] as number) + 4, 4));
      } else if (here >= 16) appendValue(out, packet, ordinal, batch.relativeSeq[row] as number);
    },
  ),
  rowField(
    { name: "tcp.seq_raw", label: "Sequence number, as sent", kind: "uint", protocol: "tcp" },
    LAYER_TCP,
    (batch, row, packet, ordinal, out) => {
      if (captured(batch, row) >= 16 && !quotedByIcmp(batch, row))
        appendValue(out, packet, ordinal, readUint(batch.bytes, (batch.layerPtr[row] as number) + 4, 4));
    },
  ),
  analysed("tcp.ack", "Acknowledgment number, relative", (batch, row) => batch.relativeAck[row] as number),
  tcp("tcp.ack_raw", "Acknowledgment number, as sent", { offset: 8, width: 4 }),
  rowField(
    { name: "tcp.hdr_len", label: "Header length, bytes", kind: "uint", protocol: "tcp" },
    LAYER_TCP,
    (batch, row, packet, ordinal, out) => {
      if (captured(batch, row) >= 16) appendValue(out, packet, ordinal, headerLength(batch, row));
    },
  ),
  tcp("tcp.flags", "Flags", { offset: 12, width: 2, mask: 0xfff }, 4),
  tcp("tcp.window_size_value", "Window", { offset: 14, width: 2 }),
  analysed("tcp.window_size", "Window, scaled", (batch, row) => batch.scaledWindow[row] as number),
  rowField(
    { name: "tcp.len", label: "Segment length", kind: "uint", protocol: "tcp", needsStreams: true },
    LAYER_TCP,
    (batch, row, packet, ordinal, out) => {
      if (
        captured(batch, row) >= 16 &&
        (batch.analysis[row] as number) & ANALYSIS_HAS_LENGTH &&
        batch.stream[row] !== NO_ROW
      )
        appendValue(out, packet, ordinal, (batch.layerLength[row] as number) - headerLength(batch, row));
    },
  ),
  tcp("tcp.checksum", "Checksum", { offset: 16, width: 2 }, 4),
  tcpOption("tcp.options.mss_val", "Maximum segment size", 2, (batch, at, length, append) => {
    if (length === 4) append(readUint(batch.bytes, at + 2, 2));
  }),
  tcpOption("tcp.options.wscale.shift", "Window scale", 3, (batch, at, length, append) => {
    if (length === 3) append(batch.bytes[at + 2] as number);
  }),
  tcpOption("tcp.options.timestamp.tsval", "Timestamp value", 8, (batch, at, length, append) => {
    if (length === 10) append(readUint(batch.bytes, at + 2, 4), 6);
  }),
  tcpOption("tcp.options.timestamp.tsecr", "Timestamp echo reply", 8, (batch, at, length, append) => {
    if (length === 10) append(readUint(batch.bytes, at + 6, 4));
  }),
  sackEdge("tcp.options.sack_le", "SACK left edge, relative", 0),
  sackEdge("tcp.options.sack_re", "SACK right edge, relative", 4),
  analysisFlag("tcp.analysis.retransmission", "Retransmission (of any kind)", ANALYSIS_ANY_RETRANSMISSION),
  analysisFlag("tcp.analysis.fast_retransmission", "Fast retransmission", ANALYSIS_FAST_RETRANSMISSION),
  analysisFlag("tcp.analysis.spurious_retransmission", "Spurious retransmission", ANALYSIS_SPURIOUS_RETRANSMISSION),
  analysisFlag("tcp.analysis.out_of_order", "Out of order", ANALYSIS_OUT_OF_ORDER),
  analysisFlag("tcp.analysis.lost_segment", "Previous segment not captured", ANALYSIS_LOST_SEGMENT),
  // Wireshark marks it twice: a field and an expert note of the same name.
  analysisFlag("tcp.analysis.duplicate_ack", "Duplicate ACK", ANALYSIS_DUPLICATE_ACK, true),
  analysisFlag("tcp.analysis.zero_window", "Zero window", ANALYSIS_ZERO_WINDOW),
  analysisFlag("tcp.analysis.keep_alive", "Keep-alive", ANALYSIS_KEEP_ALIVE),
  analysisFlag("tcp.analysis.window_full", "Window full", ANALYSIS_WINDOW_FULL),
  analysisFlag("tcp.analysis.window_update", "Window update", ANALYSIS_WINDOW_UPDATE),
  analysisFlag("tcp.analysis.ack_lost_segment", "Acknowledged segment not captured", ANALYSIS_ACK_LOST_SEGMENT),
  analysisFlag("tcp.analysis.zero_window_probe", "Zero window probe", ANALYSIS_ZERO_WINDOW_PROBE),
  analysisFlag("tcp.analysis.zero_window_probe_ack", "Answer to a zero window probe", ANALYSIS_ZERO_WINDOW_PROBE_ACK),
  analysisFlag("tcp.analysis.keep_alive_ack", "Answer to a keep-alive", ANALYSIS_KEEP_ALIVE_ACK),
  analysisFlag("tcp.analysis.reused_ports", "Ports used again", ANALYSIS_REUSED_PORTS),
  analysisFlag("tcp.analysis.flags", "Something the analysis has a word for", ANY_ANALYSIS),
  rowField(
    {
      name: "tcp.analysis.initial_rtt",
      label: "Initial round-trip time, seconds",
      kind: "time",
      protocol: "tcp",
      needsStreams: true,
    },
    LAYER_TCP,
    (batch, row, packet, ordinal, out) => {
      if (batch.stream[row] === NO_ROW || !showsAnalysis(batch, row)) return;
      const ns = ((batch.initialRtt[row * 2 + 1] as number) | 0) * 4294967296 + (batch.initialRtt[row * 2] as number);
      if (ns === 0) return;
      const seconds = Math.floor(ns / 1e9);
      appendValue(out, packet, ordinal, seconds, ns - seconds * 1e9);
    },
  ),
  protocolField("sctp", "Stream Control Transmission Protocol", LAYER_SCTP),
  ...port("sctp", LAYER_SCTP, captured),
  protocolField("vxlan", "Virtual eXtensible Local Area Network", LAYER_VXLAN),
  rowField(
    { name: "vxlan.flags", label: "Flags", kind: "uint", protocol: "vxlan", hexDigits: 4 },
    LAYER_VXLAN,
    (batch, row, packet, ordinal, out) => {
      // Of the generic protocol extension one byte, of VXLAN two.
      const width = isVxlanGpe(batch, row) ? 1 : 2;
      if (captured(batch, row) >= width)
        appendValue(out, packet, ordinal, readUint(batch.bytes, batch.layerPtr[row] as number, width), width * 2);
    },
  ),
  uintField({ name: "vxlan.vni", label: "VXLAN network identifier", protocol: "vxlan" }, LAYER_VXLAN, {
    offset: 4,
    width: 3,
  }),
  protocolField("geneve", "Generic Network Virtualization Encapsulation", LAYER_GENEVE),
  uintField({ name: "geneve.proto_type", label: "Protocol type", protocol: "geneve", hexDigits: 4 }, LAYER_GENEVE, {
    offset: 2,
    width: 2,
  }),
  uintField(
    { name: "geneve.vni", label: "Virtual network identifier", protocol: "geneve", hexDigits: 6 },
    LAYER_GENEVE,
    { offset: 4, width: 3 },
  ),
  protocolField("gre", "Generic Routing Encapsulation", LAYER_GRE),
  uintField({ name: "gre.proto", label: "Protocol type", protocol: "gre", hexDigits: 4 }, LAYER_GRE, {
    offset: 2,
    width: 2,
  }),
  rowField(
    { name: "gre.key", label: "Key", kind: "uint", protocol: "gre", hexDigits: 8 },
    LAYER_GRE,
    (batch, row, packet, ordinal, out) => {
      if (captured(batch, row) < 4) return;
      const p = batch.layerPtr[row] as number;
      const bits = readUint(batch.bytes, p, 2);
      const offset = 4 + (bits & 0xc000 ? 4 : 0);
      // PPTP (version 1 with PPP) has a length and a call number there.
      const isPptp = (bits & 7) === 1 && readUint(batch.bytes, p + 2, 2) === GRE_PPP;
      if (bits & 0x2000 && !isPptp && captured(batch, row) >= offset + 4)
        appendValue(out, packet, ordinal, readUint(batch.bytes, p + offset, 4));
    },
  ),
  protocolField("wg", "WireGuard", LAYER_WIREGUARD),
];
