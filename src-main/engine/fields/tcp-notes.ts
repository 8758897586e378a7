/** What the TCP analysis of a segment found, in Wireshark's words: for details, the expert table and filters. */
import {
  ANALYSIS_ACK_LOST_SEGMENT,
  ANALYSIS_ANY_RETRANSMISSION,
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
} from "../kernel/assembly/abi";

/**
 * Whether a segment's payload was seen before or comes out of its turn: dissectors are not shown it, as Wireshark's preference
 * "do not call subdissectors for error packets" has it.
 */
export const isRepeated = (analysis: number): boolean =>
  (analysis & (ANALYSIS_RETRANSMISSION | ANALYSIS_OUT_OF_ORDER)) !== 0 &&
  (analysis & ANALYSIS_SPURIOUS_RETRANSMISSION) === 0;

/** Wireshark's words for what the analysis found, gravest sort first shown. */
export const TCP_NOTES: readonly {
  readonly mask: number;
  readonly severity: "chat" | "note" | "warn";
  readonly text: string;
  readonly field: string;
}[] = [
  {
    mask: ANALYSIS_REUSED_PORTS,
    severity: "note",
    text: "A new tcp session is started with the same ports as an earlier session in this trace",
    field: "tcp.analysis.reused_ports",
  },
  {
    mask: ANALYSIS_LOST_SEGMENT,
    severity: "warn",
    text: "Previous segment(s) not captured (common at capture start)",
    field: "tcp.analysis.lost_segment",
  },
  {
    mask: ANALYSIS_ACK_LOST_SEGMENT,
    severity: "warn",
    text: "ACKed segment that wasn't captured (common at capture start)",
    field: "tcp.analysis.ack_lost_segment",
  },
  {
    mask: ANALYSIS_OUT_OF_ORDER,
    severity: "warn",
    text: "This frame is a (suspected) out-of-order segment",
    field: "tcp.analysis.out_of_order",
  },
  {
    mask: ANALYSIS_FAST_RETRANSMISSION,
    severity: "note",
    text: "This frame is a (suspected) fast retransmission",
    field: "tcp.analysis.fast_retransmission",
  },
  {
    mask: ANALYSIS_SPURIOUS_RETRANSMISSION,
    severity: "note",
    text: "This frame is a (suspected) spurious retransmission",
    field: "tcp.analysis.spurious_retransmission",
  },
  {
    mask: ANALYSIS_ANY_RETRANSMISSION,
    severity: "note",
    text: "This frame is a (suspected) retransmission",
    field: "tcp.analysis.retransmission",
  },
  { mask: ANALYSIS_DUPLICATE_ACK, severity: "note", text: "Duplicate ACK", field: "tcp.analysis.duplicate_ack" },
  { mask: ANALYSIS_ZERO_WINDOW, severity: "warn", text: "TCP Zero Window segment", field: "tcp.analysis.zero_window" },
  {
    mask: ANALYSIS_WINDOW_FULL,
    severity: "warn",
    text: "TCP window specified by the receiver is now completely full",
    field: "tcp.analysis.window_full",
  },
  { mask: ANALYSIS_WINDOW_UPDATE, severity: "chat", text: "TCP window update", field: "tcp.analysis.window_update" },
  { mask: ANALYSIS_KEEP_ALIVE, severity: "note", text: "TCP keep-alive segment", field: "tcp.analysis.keep_alive" },
  {
    mask: ANALYSIS_KEEP_ALIVE_ACK,
    severity: "note",
    text: "ACK to a TCP keep-alive segment",
    field: "tcp.analysis.keep_alive_ack",
  },
  {
    mask: ANALYSIS_ZERO_WINDOW_PROBE,
    severity: "note",
    text: "TCP Zero Window Probe",
    field: "tcp.analysis.zero_window_probe",
  },
  {
    mask: ANALYSIS_ZERO_WINDOW_PROBE_ACK,
    severity: "note",
    text: "ACK to a TCP Zero Window Probe",
    field: "tcp.analysis.zero_window_probe_ack",
  },
];
