/**
 * _ws.expert: what the details mark as worth a look, as fields that filters can ask for. The notes are those of the details
 * tree: TCP's flags and analysis, messages of HTTP, headers that cannot be read.
 */
import { FIN, RST, SYN } from "../../../src-shared/model/header-numbers";
import { LAYER_TCP } from "../../../src-shared/model/layer-kind";
import { httpText, visitHttp } from "../../../src-shared/wire/http";
import { type ValueColumn, appendString, appendValue } from "../../../src-shared/tables/value-column";
import { LAYER_FLAG_QUOTED, NO_ROW, STOP_HEADER, STOP_LENGTH } from "../kernel/assembly/abi";
import type { Batch } from "../kernel/batch";
import { ApplicationLayers } from "./application-layers";
import { type Field, captured, packetField, readUint } from "./field";
import type { FieldContext } from "./field-context";
import { MESSAGE_HTTP } from "./payload-segment";
import { TCP_NOTES } from "./tcp-notes";

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
const MALFORMED = 0x07000000;

type Visit = (packet: number, severity: number, group: number, text: string) => void;

function visitExperts(batch: Batch, context: FieldContext, visit: Visit): void {
  const layers = ApplicationLayers.of(batch, context);
  let message = 0;
  for (let packet = 0; packet < batch.packetCount; packet++) {
    const first = batch.firstLayer[packet] as number;
    const last = first + batch.layersOf(packet);
    for (let row = first; row < last; row++)
      if (batch.layerKind[row] === LAYER_TCP) visitSegment(batch, packet, row, visit);
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
  visit(httpText(bytes, from, to));
}

function visitSegment(batch: Batch, packet: number, row: number, visit: Visit): void {
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
  if (flags & FIN) visit(packet, SEVERITY.chat, SEQUENCE, "Connection finish (FIN)");
  if (flags & RST) visit(packet, SEVERITY.warn, SEQUENCE, "Connection reset (RST)");
  if (batch.stream[row] === NO_ROW) return;
  const analysis = batch.analysis[row] as number;
  for (const note of TCP_NOTES) if (analysis & note.mask) visit(packet, SEVERITY[note.severity], SEQUENCE, note.text);
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
