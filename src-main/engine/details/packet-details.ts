/**
 * The details of one packet: every header of every nesting as a tree, generated values in [brackets], what stopped decoding
 * and where, and the bytes it all lies in.
 *
 * ```
 * Frame 3: 148 bytes on wire …            bytes 0-147
 * Ethernet II, Src: …, Dst: …             bytes 0-13
 *   Destination: …
 * Internet Protocol Version 4, …          bytes 14-33
 * User Datagram Protocol, …
 * Virtual eXtensible Local Area Network
 * Ethernet II, …                          the inner frame
 * …
 * Data (26 bytes)
 * ```
 * A packet that an ICMP error quotes lies below the ICMP message. Children lie inside their parents, and every byte of the
 * frame lies in a node besides the frame's own.
 */
import type { ByteSource, DetailNode } from "../../../src-shared/contract/results";
import {
  LAYER_ARP,
  LAYER_DHCP,
  LAYER_DNS,
  LAYER_HTTP,
  LAYER_ICMP,
  LAYER_ICMPV6,
  LAYER_IPV4,
  LAYER_PAYLOAD,
  LAYER_RAW,
  LAYER_TCP,
  LAYER_TLS,
  LAYER_UDP,
} from "../../../src-shared/model/layer-kind";
import { linkTypeName } from "../../../src-shared/model/link-type";
import { ApplicationLayers } from "../fields/application-layers";
import {
  MESSAGE_DHCP,
  MESSAGE_DNS,
  MESSAGE_DNS_OVER_TCP,
  MESSAGE_HTTP,
  MESSAGE_LLMNR,
  MESSAGE_MDNS,
  MESSAGE_NONE,
  MESSAGE_SSDP,
  MESSAGE_TLS,
} from "../fields/payload-segment";
import type { FieldContext } from "../fields/field-context";
import { readUint } from "../fields/field";
import {
  LAYER_FLAG_FRAGMENT,
  LAYER_FLAG_QUOTED,
  LAYER_FLAG_REASSEMBLED,
  STOP_CAPTURE,
  STOP_DEPTH,
  STOP_FRAGMENT,
  STOP_HEADER,
  STOP_LENGTH,
  STOP_LINK_TYPE,
  STOP_PROTOCOL,
} from "../kernel/assembly/abi";
import type { Batch } from "../kernel/batch";
import { LAYOUTS } from "../layouts/layout-fields";
import { DetailTree, type OpenNode, type Severity } from "./detail-tree";
import { drawDhcp } from "./dhcp-details";
import { type MessageBounds, drawDns } from "./dns-details";
import { type Drawing, drawData, fieldValues, plural } from "./drawing";
import { drawFrame } from "./frame-details";
import { drawHttp } from "./http-details";
import { drawArp, drawLink } from "./link-details";
import { drawNetwork } from "./network-details";
import type { StreamFacts } from "./stream-facts";
import { drawTls } from "./tls-details";
import { drawTransport } from "./transport-details";

export interface DetailTreeResult {
  readonly tree: readonly DetailNode[];
  readonly sources: readonly ByteSource[];
  /** Lines whose field has another value, or none, in the filter's eyes: they are shown without a filter. */
  readonly unnamed: readonly string[];
}

/**
 * Draws packet `packet` of the batch. Stream numbers and analysis must be in the batch's columns. `context` carries what
 * payloads before have shown of their conversations: one that has seen none decides by ports and bytes alone. `conversation` is
 * what the index says of the packet's TCP stream.
 */
export function drawPacket(
  batch: Batch,
  packet: number,
  context: FieldContext,
  conversation?: StreamFacts,
): DetailTreeResult {
  const tree = new DetailTree(batch);
  const data = batch.data[packet] as number;
  const captured = batch.captured[packet] as number;
  tree.addSource(`Frame (${plural(captured, "byte")})`, data, data + captured);
  const d: Drawing = {
    tree,
    batch,
    packet,
    context,
    applications: ApplicationLayers.of(batch, context),
    conversation,
    parent: undefined,
  };
  drawFrame(d);
  const first = batch.firstLayer[packet] as number;
  const last = first + batch.layersOf(packet);
  let quoting: OpenNode | undefined;
  for (let row = first; row < last; row++) {
    const kind = batch.layerKind[row] as number;
    const flags = batch.layerFlags[row] as number;
    if (flags & LAYER_FLAG_REASSEMBLED) addReassembled(d, row);
    d.parent = flags & LAYER_FLAG_QUOTED ? quoting : undefined;
    const isQuoted = d.parent !== undefined;
    if (kind >= LAYER_DNS) {
      // Behind TCP and UDP it is drawn with them.
      if (!isTransport(batch, row - 1, first)) drawPayload(d, row);
      continue;
    }
    if (kind === LAYER_RAW) continue;
    const node =
      kind === LAYER_ARP
        ? drawArp(d, row)
        : (drawLink(d, row, kind) ?? drawNetwork(d, row, kind) ?? drawTransport(d, row, kind));
    if ((kind === LAYER_ICMP || kind === LAYER_ICMPV6) && !isQuoted) quoting = node;
    if (kind === LAYER_TCP || kind === LAYER_UDP) drawTransportPayload(d, row, last);
  }
  d.parent = undefined;
  drawStop(d, first, last);
  drawRest(d, data, captured, contentEnd(batch, first, last, data));
  for (const root of tree.roots) raise(root);
  return { tree: tree.roots, sources: tree.sources, unnamed: withdrawFilters(d) };
}

function isTransport(batch: Batch, row: number, first: number): boolean {
  return row >= first && (batch.layerKind[row] === LAYER_TCP || batch.layerKind[row] === LAYER_UDP);
}

/** The datagram that fragments made, once a packet. */
function addReassembled(d: Drawing, row: number): void {
  const { batch, tree } = d;
  const p = batch.layerPtr[row] as number;
  if (tree.hasSource(p)) return;
  const length = batch.layerLength[row] as number;
  const version = batch.layerKind[previousNetwork(d, row)] === LAYER_IPV4 ? 4 : 6;
  tree.addSource(`Reassembled IPv${version} (${plural(length, "byte")})`, p, p + length);
  tree.generated(undefined, {
    text: `Reassembled IPv${version}: ${plural(length, "byte")} from several fragments`,
    at: p,
    length,
  });
}

function previousNetwork(d: Drawing, row: number): number {
  let at = row - 1;
  while (at > (d.batch.firstLayer[d.packet] as number) && !((d.batch.layerFlags[at] as number) & LAYER_FLAG_FRAGMENT))
    at--;
  return at;
}

/** What TCP or UDP carries, unless it is a tunnel whose layers follow. */
function drawTransportPayload(d: Drawing, row: number, last: number): void {
  const { batch, tree, applications } = d;
  const p = batch.layerPtr[row] as number;
  const kind = batch.layerKind[row];
  const next = row + 1 < last ? (batch.layerKind[row + 1] as number) : 0;
  if (row + 1 < last && next < LAYER_DNS) return;
  const header = kind === LAYER_TCP ? (batch.layerHeader[row] as number) : 8;
  const start = p + header;
  const end = batch.layerEnd[row] as number;
  if (header < 8 || start >= end) return;
  const message = applications.messages[row] as number;
  const bounds: MessageBounds = { start, end, statedEnd: p + (batch.layerLength[row] as number) };
  if (message !== MESSAGE_NONE) {
    const from = applications.starts[row] as number;
    if (from > start)
      tree.add(d.parent, {
        text: `TCP segment data (${plural(from - start, "byte")})`,
        at: start,
        length: from - start,
      });
    const to = applications.ends[row] as number;
    drawMessage(d, message, { start: from, end: to, statedEnd: applications.statedEnds[row] as number }, true);
    return;
  }
  const names = applications.namesOf(row);
  if (names !== "" && names !== "data") {
    const protocol = names.split(":")[0] ?? names;
    tree.add(d.parent, {
      text: `${protocol.toUpperCase()} (${plural(end - start, "byte")}, not decoded further)`,
      at: start,
      length: end - start,
    });
    return;
  }
  if (next !== 0 && next !== LAYER_PAYLOAD && drawByKernel(d, next, bounds, kind === LAYER_TCP)) return;
  if (kind === LAYER_TCP && names === "") {
    const node = tree.add(d.parent, {
      text: `TCP segment data (${plural(end - start, "byte")})`,
      at: start,
      length: end - start,
    });
    node.literal = null;
    return;
  }
  drawData(d, start, end);
}

function drawMessage(d: Drawing, message: number, bounds: MessageBounds, known: boolean): void {
  switch (message) {
    case MESSAGE_DNS:
      drawDns(d, bounds, "dns", "Domain Name System", known);
      return;
    case MESSAGE_MDNS:
      drawDns(d, bounds, "mdns", "Multicast Domain Name System", known);
      return;
    case MESSAGE_LLMNR:
      drawDns(d, bounds, "llmnr", "Link-local Multicast Name Resolution", known);
      return;
    case MESSAGE_DNS_OVER_TCP:
      drawDnsOverTcp(d, bounds, known);
      return;
    case MESSAGE_DHCP:
      drawDhcp(d, bounds, known);
      return;
    case MESSAGE_HTTP:
      drawHttp(d, bounds, "http", "Hypertext Transfer Protocol", known);
      return;
    case MESSAGE_SSDP:
      drawHttp(d, bounds, "ssdp", "Simple Service Discovery Protocol", known);
      return;
    case MESSAGE_TLS:
      drawTls(d, bounds, known);
      return;
    default:
  }
}

/** What the decoder saw in bytes that nothing else claimed; the filter does not know their fields. */
function drawByKernel(d: Drawing, kind: number, bounds: MessageBounds, overTcp: boolean): boolean {
  const message = new Map([
    [LAYER_DNS, overTcp ? MESSAGE_DNS_OVER_TCP : MESSAGE_DNS],
    [LAYER_DHCP, MESSAGE_DHCP],
    [LAYER_HTTP, MESSAGE_HTTP],
    [LAYER_TLS, MESSAGE_TLS],
  ]).get(kind);
  if (message === undefined) return false;
  drawMessage(d, message, bounds, false);
  return true;
}

/** Messages behind a length of two bytes each (RFC 1035 section 4.2.2). */
function drawDnsOverTcp(d: Drawing, bounds: MessageBounds, known: boolean): void {
  const { tree } = d;
  let at = bounds.start;
  while (at < bounds.end) {
    if (bounds.end - at < 2) {
      tree.add(d.parent, { text: "TCP segment data (1 byte)", at, length: 1 });
      return;
    }
    const length = readUint(tree.bytes, at, 2);
    tree.add(d.parent, { text: `Length: ${length}`, at, length: 2 });
    const end = at + 2 + length;
    if (at + 2 < bounds.end)
      drawDns(d, { start: at + 2, end: Math.min(end, bounds.end), statedEnd: end }, "dns", "Domain Name System", known);
    at = end;
  }
}

function drawPayload(d: Drawing, row: number): void {
  const { batch } = d;
  const p = batch.layerPtr[row] as number;
  const previous = row - 1;
  // An ICMP message draws its own data.
  if (previous >= (batch.firstLayer[d.packet] as number)) {
    const carrier = batch.layerKind[previous];
    if (carrier === LAYER_ICMP || carrier === LAYER_ICMPV6) return;
  }
  const fragment = ((batch.layerFlags[row] as number) & LAYER_FLAG_FRAGMENT) !== 0;
  drawData(d, p, batch.layerEnd[row] as number, fragment ? "Fragment data" : "Data");
}

/** Where what the innermost header of the frame itself speaks of ends; padding and trailers follow. */
function contentEnd(batch: Batch, first: number, last: number, data: number): number {
  let row = last - 1;
  while (row >= first && (batch.layerFlags[row] as number) & LAYER_FLAG_REASSEMBLED) row--;
  return row < first ? data : (batch.layerEnd[row] as number);
}

const NAMES_BY_KIND: ReadonlyMap<number, string> = new Map(LAYOUTS.map((l) => [l.layer, l.title]));

/** What stopped decoding, as a line of its own at the place where it stopped. */
function drawStop(d: Drawing, first: number, last: number): void {
  const { batch, tree, packet } = d;
  const innermost = last > first ? NAMES_BY_KIND.get(batch.layerKind[last - 1] as number) : undefined;
  const where = innermost === undefined ? "" : `: ${innermost}`;
  const limited = (batch.captured[packet] as number) < (batch.length[packet] as number);
  const at = batch.stopAt[packet] as number;
  const say = (text: string, severity?: Severity): void => {
    tree.generated(undefined, { text, severity, at, length: 0 });
  };
  switch (batch.stopReason(packet)) {
    case STOP_CAPTURE:
      if (limited) say(`Packet size limited during capture${where} truncated`, "note");
      else say(`Cut short${where}: its carriers state more bytes than the frame has`, "warn");
      return;
    case STOP_LENGTH:
      say(`Malformed Packet${where}: a length field ends inside a header`, "error");
      return;
    case STOP_HEADER:
      say(`Malformed Packet${where}: the header contradicts itself`, "error");
      return;
    case STOP_DEPTH:
      say("Nested too deeply: what follows is not decoded", "warn");
      return;
    case STOP_LINK_TYPE: {
      const linkType = d.context.points[batch.point[packet] as number]?.linkType ?? -1;
      say(`Link type ${linkType} (${linkTypeName(linkType)}) is not decoded`, "note");
      return;
    }
    case STOP_PROTOCOL:
      say(`Not decoded further: the protocol is not known to Hopscope, or encrypted`);
      return;
    case STOP_FRAGMENT:
      say("A fragment: the rest of the datagram is in other packets");
      return;
    default:
  }
}

/** Bytes of the frame that no node has so far: what decoding left alone, padding and trailers. */
function drawRest(d: Drawing, data: number, captured: number, contentEnd: number): void {
  const { tree } = d;
  const covered = new Uint8Array(captured);
  const mark = (node: OpenNode): void => {
    if (node.source === 0) covered.fill(1, node.offset, node.offset + node.length);
    node.children.forEach(mark);
  };
  tree.roots.slice(1).forEach(mark);
  let at = 0;
  while (at < captured) {
    if (covered[at]) {
      at++;
      continue;
    }
    let end = at;
    while (end < captured && !covered[end]) end++;
    const trailing = end === captured && data + at >= contentEnd;
    if (!trailing) drawData(d, data + at, data + end);
    else {
      const zero = tree.bytes.subarray(data + at, data + end).every((b) => b === 0);
      const text = zero ? "Padding" : "Trailer";
      tree.add(undefined, { text: `${text} (${plural(end - at, "byte")})`, at: data + at, length: end - at });
    }
    at = end;
  }
}

/**
 * Takes the filter from lines for which it would not hold. Headers that are cut or contradict themselves are where this tree
 * and the filter's fields, which follow tshark, differ; a filter that is offered must find the packet.
 */
function withdrawFilters(d: Drawing): string[] {
  const known = new Map<string, ReadonlySet<string>>();
  const withdrawn: string[] = [];
  const visit = (node: OpenNode): void => {
    if (node.field !== null) {
      let values = known.get(node.field);
      if (!values) {
        values = new Set(fieldValues(d, node.field).map(comparable));
        known.set(node.field, values);
      }
      const holds = node.literal === null ? values.size > 0 : values.has(comparable(literalText(node.literal)));
      if (!holds) {
        withdrawn.push(node.text);
        node.field = null;
        node.literal = null;
      }
    }
    node.children.forEach(visit);
  };
  d.tree.roots.forEach(visit);
  return withdrawn;
}

/** Numbers by value, bytes without separators. */
function comparable(text: string): string {
  if (/^(0x[0-9a-f]+|\d+)$/i.test(text)) return String(Number(text));
  return /^[0-9a-f]{2}(:[0-9a-f]{2})+$/i.test(text) ? text.replaceAll(":", "") : text;
}

/** What a literal in quotes stands for. */
function literalText(literal: string): string {
  if (!literal.startsWith('"')) return literal;
  return literal
    .slice(1, -1)
    .replace(/\\(x([0-9a-f]{2})|.)/g, (_all, escaped: string, hex?: string) =>
      hex === undefined ? escaped : String.fromCharCode(Number.parseInt(hex, 16)),
    );
}

const GRAVITY: readonly DetailNode["severity"][] = [null, "chat", "note", "warn", "error"];

/** A parent is as grave as the gravest below it, so that closed branches still tell. */
function raise(node: OpenNode): number {
  let gravest = GRAVITY.indexOf(node.severity);
  for (const child of node.children) gravest = Math.max(gravest, raise(child));
  node.severity = GRAVITY[gravest] ?? null;
  return gravest;
}
