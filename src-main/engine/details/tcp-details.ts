/** Details of TCP: the header, its options, and what the sequence analysis found. */
import { ACK, FIN, RST, SYN } from "../../../src-shared/model/header-numbers";
import { LAYER_ICMP, LAYER_IPV4 } from "../../../src-shared/model/layer-kind";
import { captured, readUint } from "../fields/field";
import {
  ANALYSIS_ANY_RETRANSMISSION,
  ANALYSIS_HAS_LENGTH,
  ANALYSIS_OUT_OF_ORDER,
  ANALYSIS_REUSED_PORTS,
  ANALYSIS_ZERO_WINDOW,
  LAYER_FLAG_QUOTED,
  NO_ROW,
} from "../kernel/assembly/abi";
import { TCP_NOTES } from "../fields/tcp-notes";
import type { Batch } from "../kernel/batch";
import { type BitField, fieldEnd, shortHex } from "../layouts/layout";
import { TCP_OPTIONS } from "../layouts/transport-names";
import { TCP } from "../layouts/transport-layouts";
import type { OpenNode } from "./detail-tree";
import { type Drawing, plural } from "./drawing";
import { type StreamFacts, completenessText, scalingText } from "./stream-facts";
import { checksumWords, drawChecksumState } from "./checksum-details";

/** Bytes Wireshark must have before it shows anything behind the ports: flags and window come first. */
const ENOUGH = 16;

export function drawTcp(d: Drawing, row: number): OpenNode {
  const { tree, batch } = d;
  const { bytes } = batch;
  const p = batch.layerPtr[row] as number;
  const here = Math.max(captured(batch, row), 0);
  const u = (offset: number, width: number): number => readUint(bytes, p + offset, width);
  const node = tree.protocol(d.parent, TCP, row, "", Math.max(batch.layerHeader[row] as number, 20));
  const fields = new Map(TCP.fields.map((f) => [f.name ?? "", f]));
  const draw = (name: string, text?: string): OpenNode | undefined => {
    const field = fields.get(name) as BitField;
    return fieldEnd(field) <= here ? tree.field(node, p, field, text) : undefined;
  };
  draw("tcp.srcport");
  draw("tcp.dstport");
  if (here >= 4) node.text += `, Src Port: ${u(0, 2)}, Dst Port: ${u(2, 2)}`;
  const quotedByIcmp =
    ((batch.layerFlags[row] as number) & LAYER_FLAG_QUOTED) !== 0 &&
    batch.layerKind[row - 1] === LAYER_IPV4 &&
    batch.layerKind[row - 2] === LAYER_ICMP;
  if (here < ENOUGH) {
    if (here >= 8 && quotedByIcmp) {
      tree.add(node, {
        text: `Sequence Number: ${u(4, 4)}`,
        field: "tcp.seq",
        literal: String(u(4, 4)),
        at: p + 4,
        length: 4,
      });
      if (here > 8) tree.add(node, { text: "Rest of the header", at: p + 8, length: here - 8 });
    } else if (here > 4) tree.add(node, { text: "Rest of the header", at: p + 4, length: here - 4 });
    return node;
  }
  const stream = batch.stream[row] as number;
  const analysed = stream !== NO_ROW;
  const analysis = analysed ? (batch.analysis[row] as number) : 0;
  const header = (u(12, 1) >> 4) * 4;
  const flags = u(12, 2) & 0xfff;
  const hasLength = (analysis & ANALYSIS_HAS_LENGTH) !== 0;
  const length = Math.max((batch.layerLength[row] as number) - header, 0);
  const seq = quotedByIcmp ? u(4, 4) : (batch.relativeSeq[row] as number);
  const ack = batch.relativeAck[row] as number;
  node.text += `, Seq: ${seq}${flags & ACK ? `, Ack: ${ack}` : ""}${hasLength ? `, Len: ${length}` : ""}`;

  if (analysed) tree.generated(node, { text: `Stream index: ${stream}`, field: "tcp.stream", literal: String(stream) });
  const facts = d.conversation && analysed && d.conversation.stream === stream ? d.conversation : undefined;
  if (facts) tree.generated(node, { text: `Conversation completeness: ${completenessText(facts.completeness)}` });
  if (hasLength)
    tree.generated(node, { text: `TCP Segment Len: ${length}`, field: "tcp.len", literal: String(length) });
  const relative = "    (relative sequence number)";
  tree.add(node, {
    text: `Sequence Number: ${seq}${quotedByIcmp ? "" : relative}`,
    field: "tcp.seq",
    literal: String(seq),
    at: p + 4,
    length: 4,
  });
  if (!quotedByIcmp) draw("tcp.seq_raw");
  if (hasLength) {
    const next = (seq + length + (flags & (SYN | FIN) ? 1 : 0)) >>> 0;
    tree.generated(node, { text: `Next Sequence Number: ${next}${relative}` });
  }
  if (header < 20) {
    tree.add(node, { text: `Acknowledgment Number: ${u(8, 4)}`, at: p + 8, length: 4 });
    const field = draw("tcp.hdr_len");
    if (field) tree.expert(field, "error", "Protocol", `Bogus TCP header length (${header}, must be at least 20)`);
    tree.add(node, { text: "Rest of the header", at: p + 13, length: Math.min(here, 20) - 13 });
    return node;
  }
  tree.add(node, {
    text: `Acknowledgment Number: ${ack}${flags & ACK ? "    (relative ack number)" : ""}`,
    field: "tcp.ack",
    literal: String(ack),
    at: p + 8,
    length: 4,
  });
  draw("tcp.ack_raw");
  draw("tcp.hdr_len");
  drawFlags(d, draw("tcp.flags"), p, flags);
  draw("tcp.window_size_value");
  const window = batch.scaledWindow[row] as number;
  const scaled = tree.generated(node, {
    text: `Calculated window size: ${window}`,
    field: "tcp.window_size",
    literal: String(window),
  });
  if (analysis & ANALYSIS_ZERO_WINDOW) scaled.severity = "warn";
  // The window of a SYN itself is never scaled.
  if (facts && !(flags & SYN))
    tree.generated(node, { text: `Window size scaling factor: ${scalingText(facts.scaling)}` });
  const { word, status } = checksumWords(d, row);
  draw("tcp.checksum", here >= 18 ? `Checksum: 0x${u(16, 2).toString(16).padStart(4, "0")} [${word}]` : undefined);
  if (here >= 18) {
    tree.generated(node, { text: `Checksum Status: ${status}` });
    drawChecksumState(d, node, row, "tcp");
  }
  draw("tcp.urgent_pointer");
  const end = Math.min(header, here);
  if (end > 20) drawOptions(d, node, row, p + 20, p + end);
  if (facts) {
    const times = tree.generated(node, { text: "Timestamps" });
    const since = (text: string, ns: number): void => {
      tree.generated(times, { text: `${text}: ${secondsText(ns)} seconds` });
    };
    since("Time since first frame in this TCP stream", facts.sinceFirstNs);
    since("Time since previous frame in this TCP stream", facts.sinceBeforeNs);
  }
  if (analysed) drawAnalysis(d, node, row, analysis, facts);
  return node;
}

/** "·······AP···" */
function flagLetters(flags: number): string {
  const letters = "FSRPAUECA";
  let text = "";
  for (let bit = 11; bit >= 0; bit--) text += flags & (1 << bit) ? (letters[bit] ?? "R") : "·";
  return text;
}

function drawFlags(d: Drawing, drawn: OpenNode | undefined, p: number, flags: number): void {
  const { tree } = d;
  if (!drawn) return;
  const server = readUint(tree.bytes, flags & ACK ? p : p + 2, 2);
  const below = (name: string): OpenNode => drawn.children.find((c) => c.field === `tcp.flags.${name}`) ?? drawn;
  if (flags & SYN)
    tree.expert(
      below("syn"),
      "chat",
      "Sequence",
      `Connection establish ${flags & ACK ? "acknowledge (SYN+ACK)" : "request (SYN)"}: server port ${server}`,
    );
  if (flags & FIN) tree.expert(below("fin"), "chat", "Sequence", "Connection finish (FIN)");
  if (flags & RST) tree.expert(below("reset"), "warn", "Sequence", "Connection reset (RST)");
  tree.generated(drawn, { text: `TCP Flags: ${flagLetters(flags)}` });
}

/** How an option is called in the list behind "Options:" and in its own line. */
const OPTION_TITLES: ReadonlyMap<number, string> = new Map([
  [0, "End of Option List (EOL)"],
  [1, "No-Operation (NOP)"],
  [2, "Maximum segment size"],
  [3, "Window scale"],
  [4, "SACK permitted"],
  [5, "SACK"],
  [8, "Timestamps"],
  [19, "TCP MD5 signature"],
  [28, "User Timeout"],
  [29, "TCP AO"],
  [30, "Multipath TCP"],
  [34, "TCP Fast Open"],
]);

function drawOptions(d: Drawing, node: OpenNode, row: number, start: number, end: number): void {
  const { tree, batch } = d;
  const { bytes } = batch;
  const options = tree.add(node, { text: `Options: (${plural(end - start, "byte")})`, at: start, length: end - start });
  const kindNode = (option: OpenNode, at: number): void => {
    const kind = bytes[at] as number;
    tree.add(option, { text: `Kind: ${TCP_OPTIONS.get(kind) ?? "Unknown"} (${kind})`, at, length: 1 });
  };
  let at = start;
  while (at < end) {
    const kind = bytes[at] as number;
    const title = OPTION_TITLES.get(kind) ?? `Unknown (${kind})`;
    options.text += `, ${title}`;
    if (kind <= 1) {
      const option = tree.add(options, { text: `TCP Option - ${title}`, at, length: kind === 0 ? end - at : 1 });
      kindNode(option, at);
      if (kind === 0) return;
      at++;
      continue;
    }
    const length = at + 1 < end ? (bytes[at + 1] as number) : 0;
    if (length < 2 || at + length > end) {
      const rest = tree.add(options, { text: `TCP Option - ${title}`, at, length: end - at });
      tree.expert(rest, "error", "Malformed", "The option's length does not fit the header");
      return;
    }
    const option = tree.add(options, { text: `TCP Option - ${title}`, at, length });
    kindNode(option, at);
    tree.add(option, { text: `Length: ${length}`, at: at + 1, length: 1 });
    drawOption(d, option, row, kind, at, length);
    at += length;
  }
}

function drawOption(d: Drawing, option: OpenNode, row: number, kind: number, at: number, length: number): void {
  const { tree, batch } = d;
  const { bytes } = batch;
  const value = (text: string, field: string, number: number, offset: number, width: number): void => {
    tree.add(option, { text: `${text}${number}`, field, literal: String(number), at: at + offset, length: width });
  };
  if (kind === 2 && length === 4) {
    const mss = readUint(bytes, at + 2, 2);
    option.text += `: ${mss} bytes`;
    value("MSS Value: ", "tcp.options.mss_val", mss, 2, 2);
  } else if (kind === 3 && length === 3) {
    const shift = bytes[at + 2] as number;
    option.text += `: ${shift} (multiply by ${2 ** Math.min(shift, 14)})`;
    value("Shift count: ", "tcp.options.wscale.shift", shift, 2, 1);
    tree.generated(option, { text: `Multiplier: ${2 ** Math.min(shift, 14)}` });
  } else if (kind === 5 && length >= 10 && (length - 2) % 8 === 0) {
    const ack = readUint(bytes, (batch.layerPtr[row] as number) + 8, 4);
    const base = batch.stream[row] === NO_ROW ? 0 : ack - (batch.relativeAck[row] as number);
    const edge = (offset: number): number => (readUint(bytes, at + offset, 4) - base) >>> 0;
    for (let o = 2; o < length; o += 8) {
      option.text += ` ${edge(o)}-${edge(o + 4)}`;
      const one = (side: string, offset: number): void => {
        tree.add(option, {
          text: `${side === "le" ? "left" : "right"} edge = ${edge(offset)} (relative)`,
          field: `tcp.options.sack_${side}`,
          literal: String(edge(offset)),
          at: at + offset,
          length: 4,
        });
      };
      one("le", o);
      one("re", o + 4);
    }
    tree.generated(option, { text: `TCP SACK Count: ${(length - 2) / 8}` });
  } else if (kind === 8 && length === 10) {
    const tsval = readUint(bytes, at + 2, 4);
    const tsecr = readUint(bytes, at + 6, 4);
    option.text += `: TSval ${tsval}, TSecr ${tsecr}`;
    value("Timestamp value: ", "tcp.options.timestamp.tsval", tsval, 2, 4);
    value("Timestamp echo reply: ", "tcp.options.timestamp.tsecr", tsecr, 6, 4);
  } else if (length > 2)
    tree.add(option, { text: `Data: ${shortHex(bytes, at + 2, at + length)}`, at: at + 2, length: length - 2 });
}

function drawAnalysis(d: Drawing, node: OpenNode, row: number, analysis: number, facts: StreamFacts | undefined): void {
  const { tree, batch } = d;
  const rtt = initialRtt(batch, row);
  const notes = TCP_NOTES.filter(
    (n) =>
      analysis & n.mask &&
      !(n.mask === ANALYSIS_REUSED_PORTS && analysis & (ANALYSIS_ANY_RETRANSMISSION | ANALYSIS_OUT_OF_ORDER)),
  );
  const answer = facts?.acknowledges;
  const inFlight = facts?.inFlight ?? 0;
  if (rtt === 0 && notes.length === 0 && !answer && inFlight === 0) return;
  const shown = tree.generated(node, { text: "SEQ/ACK analysis" });
  if (answer) {
    tree.generated(shown, { text: `This is an ACK to the segment in frame: ${answer.number}` });
    tree.generated(shown, { text: `The RTT to ACK the segment was: ${secondsText(answer.afterNs)} seconds` });
  }
  if (rtt > 0) {
    const value = secondsText(rtt);
    tree.generated(shown, { text: `iRTT: ${value} seconds`, field: "tcp.analysis.initial_rtt", literal: value });
  }
  if (facts && inFlight > 0) {
    tree.generated(shown, { text: `Bytes in flight: ${inFlight}` });
    tree.generated(shown, { text: `Bytes sent since last PSH flag: ${facts.sincePush}` });
  }
  if (notes.length === 0) return;
  const flags = tree.generated(shown, { text: "TCP Analysis Flags" });
  for (const n of notes) tree.expert(flags, n.severity, "Sequence", n.text, n.field);
}

/** "0.000205635"; times can go back in a file: "-0.000000001" */
function secondsText(ns: number): string {
  const whole = Math.floor(Math.abs(ns) / 1e9);
  return `${ns < 0 ? "-" : ""}${whole}.${String(Math.abs(ns) - whole * 1e9).padStart(9, "0")}`;
}

/** Nanoseconds; 0 if not known, or not shown at this segment. */
function initialRtt(batch: Batch, row: number): number {
  return ((batch.initialRtt[row * 2 + 1] as number) | 0) * 4294967296 + (batch.initialRtt[row * 2] as number);
}
