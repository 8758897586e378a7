/**
 * Protocol and line of a TCP segment (RFC 9293 section 3.1) as Wireshark words them, and the notes of its analysis in front.
 *
 * ```
 * [TCP Dup ACK 5#1] 40000 → 80 [ACK] Seq=1 Ack=9 Win=501 Len=0 TSval=… TSecr=… SLE=… SRE=…
 * ```
 */
import {
  ANALYSIS_ACK_LOST_SEGMENT,
  ANALYSIS_DUPLICATE_ACK,
  ANALYSIS_FAST_RETRANSMISSION,
  ANALYSIS_KEEP_ALIVE,
  ANALYSIS_KEEP_ALIVE_ACK,
  ANALYSIS_LOST_SEGMENT,
  ANALYSIS_OUT_OF_ORDER,
  ANALYSIS_RETRANSMISSION,
  ANALYSIS_REUSED_PORTS,
  ANALYSIS_SPURIOUS_RETRANSMISSION,
  ANALYSIS_WINDOW_FULL,
  ANALYSIS_WINDOW_UPDATE,
  ANALYSIS_ZERO_WINDOW,
  ANALYSIS_ZERO_WINDOW_PROBE,
  ANALYSIS_ZERO_WINDOW_PROBE_ACK,
  NO_ROW,
} from "../kernel/assembly/abi";
import type { Batch } from "../kernel/batch";
import { captured, readUint } from "../fields/field";
import { visitTcpOptions } from "../fields/transport-fields";
import type { PacketPast } from "./packet-past";

const TCP_FLAGS = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR", "AE"];
const URG = 0x20;
const ACK = 0x10;
const RESERVED = 0xe00;
/** In Wireshark's order, which puts each in front of those before. */
const TCP_NOTES: readonly (readonly [number, string])[] = [
  [ANALYSIS_ZERO_WINDOW_PROBE_ACK, "[TCP ZeroWindowProbeAck] "],
  [ANALYSIS_ZERO_WINDOW, "[TCP ZeroWindow] "],
  [ANALYSIS_ZERO_WINDOW_PROBE, "[TCP ZeroWindowProbe] "],
  [ANALYSIS_DUPLICATE_ACK, "[TCP Dup ACK] "],
  [ANALYSIS_KEEP_ALIVE_ACK, "[TCP Keep-Alive ACK] "],
  [ANALYSIS_KEEP_ALIVE, "[TCP Keep-Alive] "],
  [ANALYSIS_WINDOW_FULL, "[TCP Window Full] "],
  [ANALYSIS_WINDOW_UPDATE, "[TCP Window Update] "],
  [ANALYSIS_ACK_LOST_SEGMENT, "[TCP ACKed unseen segment] "],
  [ANALYSIS_LOST_SEGMENT, "[TCP Previous segment not captured] "],
  [ANALYSIS_OUT_OF_ORDER, "[TCP Out-Of-Order] "],
  [ANALYSIS_SPURIOUS_RETRANSMISSION, "[TCP Spurious Retransmission] "],
  [ANALYSIS_FAST_RETRANSMISSION, "[TCP Fast Retransmission] "],
  [ANALYSIS_RETRANSMISSION, "[TCP Retransmission] "],
  [ANALYSIS_REUSED_PORTS, "[TCP Port numbers reused] "],
];

/** What the analysis of the TCP layer at `row` found, each with a blank behind it; "" where there is nothing to say. */
export function tcpNotes(batch: Batch, packet: number, row: number, past: PacketPast | undefined): string {
  const analysis = batch.stream[row] === NO_ROW ? 0 : (batch.analysis[row] as number);
  let notes = "";
  for (const [bit, text] of TCP_NOTES) {
    if (!(analysis & bit)) continue;
    const origin = bit === ANALYSIS_DUPLICATE_ACK ? past?.duplicateAckOf(batch, packet, row) : undefined;
    notes += origin ? `[TCP Dup ACK ${origin.number}#${origin.count}] ` : text;
  }
  return notes;
}

/** Ports, flags, relative numbers, options; as much of it as was captured. */
export function tcpLine(batch: Batch, row: number): string {
  const p = batch.layerPtr[row] as number;
  const here = captured(batch, row);
  const u = (offset: number, width: number): number => readUint(batch.bytes, p + offset, width);
  if (here < 4) return "";
  const ports = `${u(0, 2)} → ${u(2, 2)}`;
  if (here < 20) return ports;
  const flags = u(12, 2) & 0xfff;
  const names = TCP_FLAGS.filter((_, i) => flags & (1 << i));
  if (flags & RESERVED) names.push("Reserved");
  const analysed = batch.stream[row] !== NO_ROW;
  const ack = analysed ? (batch.relativeAck[row] as number) : u(8, 4);
  const header = (u(12, 1) >> 4) * 4;
  const length = Math.max((batch.layerLength[row] as number) - header, 0);
  let text = `${ports} [${names.join(", ") || "<None>"}] Seq=${analysed ? (batch.relativeSeq[row] as number) : u(4, 4)}`;
  if (flags & ACK) text += ` Ack=${ack}`;
  text += ` Win=${analysed ? (batch.scaledWindow[row] as number) : u(14, 2)}`;
  if (flags & URG) text += ` Urg=${u(18, 2)}`;
  text += ` Len=${length}`;
  visitTcpOptions(batch, row, (kind, at, n, available) => {
    if (available < n) return;
    if (kind === 2 && n === 4) text += ` MSS=${readUint(batch.bytes, at + 2, 2)}`;
    else if (kind === 3 && n === 3) text += ` WS=${2 ** (batch.bytes[at + 2] as number)}`;
    else if (kind === 4) text += " SACK_PERM";
    else if (kind === 8 && n === 10)
      text += ` TSval=${readUint(batch.bytes, at + 2, 4)} TSecr=${readUint(batch.bytes, at + 6, 4)}`;
    // RFC 7413: a request is empty.
    else if (kind === 34) text += n === 2 ? " TFO=R" : " TFO=C";
    else if (kind === 5) {
      const base = analysed ? u(8, 4) - ack : 0;
      for (let q = at + 2; q + 8 <= at + n; q += 8)
        text += ` SLE=${(readUint(batch.bytes, q, 4) - base) >>> 0} SRE=${(readUint(batch.bytes, q + 4, 4) - base) >>> 0}`;
    }
  });
  return text;
}
