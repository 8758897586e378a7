/**
 * _ws.expert: what the details mark as worth a look, as fields that filters can ask for. The notes are those of the details
 * tree: TCP's flags and analysis, messages of HTTP, headers that cannot be read.
 */
import { FIN, RST, SYN } from "../../../src-shared/model/header-numbers";
import { LAYER_TCP } from "../../../src-shared/model/layer-kind";
import { httpText, visitHttp } from "../../../src-shared/wire/http";
import { type ValueColumn, appendString, appendValue } from "../../../src-shared/tables/value-column";
import {
  ANALYSIS_DUPLICATE_ACK,
  ANALYSIS_REPLY,
  LAYER_FLAG_QUOTED,
  NO_ROW,
  STOP_HEADER,
  STOP_LENGTH,
} from "../kernel/assembly/abi";
import type { Batch } from "../kernel/batch";
import { ApplicationLayers } from "./application-layers";
import { DuplicateAcks } from "./duplicate-acks";
import { type Field, captured, packetField, readUint } from "./field";
import type { FieldContext } from "./field-context";
import { MESSAGE_HTTP } from "./payload-segment";
import { TCP_NOTES } from "./tcp-notes";
import { visitTcpOptions } from "./transport-fields";

/** PI_* of Wireshark. */
export const EXPERT_SEVERITIES: ReadonlyMap<number, string> = new Map([
  [0x100000, "Comment"],
  [0x200000, "Chat"],
  [0x400000, "Note"],
  [0x600000, "Warning"],
  [0x800000, "Error"],
]);
export const EXPERT_GROUPS: ReadonlyMap<number, string> = new Map([
  [0x02000000, "Sequence"],
  [0x07000000, "Malformed"],
]);
const SEVERITY = { chat: 0x200000, note: 0x400000, warn: 0x600000, error: 0x800000 } as const;
const SEQUENCE = 0x02000000;
const OPTION_SACK = 5;
const MALFORMED = 0x07000000;

const duplicateAcks = new WeakMap<FieldContext, { readonly acks: DuplicateAcks; batch: string }>();

/** Those of a batch; undefined where packets are decoded in any order. */
function duplicatesOf(batch: Batch, context: FieldContext): DuplicateAcks | undefined {
  if (context.times) return undefined;
  let known = duplicateAcks.get(context);
  if (!known)
    duplicateAcks.set(context, (known = { acks: new DuplicateAcks(context.pointStreams === true), batch: "" }));
  const key = `${batch.file} ${batch.numberBefore} ${batch.packetCount}`;
  if (known.batch !== key) known.acks.observe(batch);
  known.batch = key;
  return known.acks;
}

/** By file, stream and capture point: the side (ANALYSIS_REPLY or 0) that sent FIN first. Batches come in order. */
const closers = new WeakMap<FieldContext, Map<string, number>>();

/** Whether the FIN at `row` is of the side that closes first; undefined where packets are decoded in any order. */
function closesFirst(batch: Batch, context: FieldContext, packet: number, row: number): boolean | undefined {
  if (context.times) return undefined;
  let known = closers.get(context);
  if (!known) closers.set(context, (known = new Map<string, number>()));
  const key = `${batch.file} ${batch.stream[row]} ${context.pointStreams === true ? batch.point[packet] : 0}`;
  const side = (batch.analysis[row] as number) & ANALYSIS_REPLY;
  const first = known.get(key);
  if (first === undefined) known.set(key, side);
  return first === undefined || first === side;
}

/** The first block of a SACK option tells bytes that came twice (RFC 2883 section 4): below the acknowledgment, or in the next block. */
function tellsDuplicate(batch: Batch, row: number): boolean {
  const { bytes } = batch;
  const ack = readUint(bytes, (batch.layerPtr[row] as number) + 8, 4);
  const isUpTo = (a: number, b: number): boolean => ((b - a) | 0) >= 0;
  let found = false;
  visitTcpOptions(batch, row, (kind, at, length, available) => {
    if (kind !== OPTION_SACK || length < 10 || available < length) return;
    const left = readUint(bytes, at + 2, 4);
    const right = readUint(bytes, at + 6, 4);
    found = isUpTo(right, ack);
    if (!found && length >= 18)
      found = isUpTo(readUint(bytes, at + 10, 4), left) && isUpTo(right, readUint(bytes, at + 14, 4));
  });
  return found;
}

type Visit = (packet: number, severity: number, group: number, text: string) => void;

function visitExperts(batch: Batch, context: FieldContext, visit: Visit): void {
  const layers = ApplicationLayers.of(batch, context);
  const duplicates = duplicatesOf(batch, context);
  let message = 0;
  for (let packet = 0; packet < batch.packetCount; packet++) {
    const first = batch.firstLayer[packet] as number;
    const last = first + batch.layersOf(packet);
    for (let row = first; row < last; row++)
      if (batch.layerKind[row] === LAYER_TCP) visitSegment(batch, context, duplicates, packet, row, visit);
    for (; layers.messagePackets[message] === packet; message++)
      visitHttpLine(batch, layers, layers.messageRows[message] as number, (text) =>
        visit(packet, SEVERITY.chat, SEQUENCE, text),
      );
    const stop = batch.stopReason(packet);
    if (stop === STOP_LENGTH || stop === STOP_HEADER)
      visit(packet, SEVERITY.error, MALFORMED, "Malformed Packet (Exception occurred)");
  }
}

/** The first line of an HTTP message; what goes on from earlier segments has none. */
function visitHttpLine(batch: Batch, layers: ApplicationLayers, row: number, visit: (text: string) => void): void {
  if (layers.messages[row] !== MESSAGE_HTTP) return;
  const { bytes } = batch;
  const from = layers.starts[row] as number;
  const end = layers.ends[row] as number;
  let isLine = false;
  const line = (): void => {
    isLine = true;
  };
  visitHttp(bytes, from, end, { request: line, response: line });
  if (!isLine) return;
  let to = from;
  while (to < end && bytes[to] !== 10 && bytes[to] !== 13) to++;
  // The line's end is told too, as Wireshark escapes it.
  const cr = bytes[to] === 13 && to < end ? "\\r" : "";
  const lf = bytes[cr ? to + 1 : to] === 10 && (cr ? to + 1 : to) < end ? "\\n" : "";
  visit(httpText(bytes, from, to) + cr + lf);
}

function visitSegment(
  batch: Batch,
  context: FieldContext,
  duplicates: DuplicateAcks | undefined,
  packet: number,
  row: number,
  visit: Visit,
): void {
  if ((batch.layerFlags[row] as number) & LAYER_FLAG_QUOTED || captured(batch, row) < 20) return;
  const p = batch.layerPtr[row] as number;
  const flags = batch.bytes[p + 13] as number;
  const server = readUint(batch.bytes, flags & 16 ? p : p + 2, 2);
  if (flags & SYN)
    visit(
      packet,
      SEVERITY.chat,
      SEQUENCE,
      `Connection establish ${flags & 16 ? "acknowledge (SYN+ACK)" : "request (SYN)"}: server port ${server}`,
    );
  if (flags & FIN) {
    visit(packet, SEVERITY.chat, SEQUENCE, "Connection finish (FIN)");
    const isFirst = batch.stream[row] === NO_ROW ? undefined : closesFirst(batch, context, packet, row);
    if (isFirst !== undefined)
      visit(
        packet,
        SEVERITY.note,
        SEQUENCE,
        `This frame ${isFirst ? "initiates" : "undergoes"} the connection closing`,
      );
  }
  if (flags & RST) visit(packet, SEVERITY.warn, SEQUENCE, "Connection reset (RST)");
  if (tellsDuplicate(batch, row)) visit(packet, SEVERITY.warn, SEQUENCE, "D-SACK Sequence");
  if (batch.stream[row] === NO_ROW) return;
  const analysis = batch.analysis[row] as number;
  for (const note of TCP_NOTES) {
    if (!(analysis & note.mask)) continue;
    const again = note.mask === ANALYSIS_DUPLICATE_ACK ? duplicates?.of(packet) : undefined;
    visit(packet, SEVERITY[note.severity], SEQUENCE, again ? `${note.text} (#${again.count})` : note.text);
  }
}

function expertField(
  name: string,
  label: string,
  kind: "none" | "uint" | "string",
  append: (out: ValueColumn, packet: number, severity: number, group: number, text: string) => void,
): Field {
  return {
    name,
    label,
    kind,
    protocol: "_ws.expert",
    hexDigits: 0,
    needsStreams: true,
    collect({ batch }, out, context) {
      visitExperts(batch, context, (packet, severity, group, text) => append(out, packet, severity, group, text));
    },
  };
}

export const EXPERT_FIELDS: readonly Field[] = [
  expertField("_ws.expert", "Something worth a look", "none", (out, packet) => {
    // Once a packet.
    if (out.count === 0 || out.packet[out.count - 1] !== packet) appendValue(out, packet, 1, 1);
  }),
  expertField("_ws.expert.severity", "How grave it is: Chat, Note, Warning, Error", "uint", (out, packet, severity) =>
    appendValue(out, packet, 1, severity),
  ),
  expertField("_ws.expert.group", "What it is about: Sequence, Malformed", "uint", (out, packet, _severity, group) =>
    appendValue(out, packet, 1, group),
  ),
  expertField("_ws.expert.message", "Its text", "string", (out, packet, _severity, _group, text) =>
    appendString(out, packet, 1, text),
  ),
  packetField({ name: "_ws.malformed", label: "A header that cannot be read", kind: "none" }, (batch, packet, out) => {
    const stop = batch.stopReason(packet);
    if (stop === STOP_LENGTH || stop === STOP_HEADER) appendValue(out, packet, 1, 1);
  }),
];
