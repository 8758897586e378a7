/** Details of UDP, SCTP and the tunnels. */
import { hexText } from "../../../src-shared/base/hex";
import {
  LAYER_ERSPAN,
  LAYER_GENEVE,
  LAYER_GRE,
  LAYER_GTPU,
  LAYER_IP_OVER_UDP,
  LAYER_SCTP,
  LAYER_TCP,
  LAYER_UDP,
  LAYER_VXLAN,
  LAYER_WIREGUARD,
} from "../../../src-shared/model/layer-kind";
import { captured, readUint } from "../fields/field";
import { LAYER_FLAG_BY_BYTES, NO_ROW } from "../kernel/assembly/abi";
import { type BitField, type Layout, fieldEnd, shortHex } from "../layouts/layout";
import { ETHER_TYPES } from "../layouts/link-names";
import { SCTP_CHUNKS, WIREGUARD_TYPES } from "../layouts/transport-names";
import {
  ERSPAN,
  ERSPAN_II,
  GENEVE,
  GRE,
  GTPU,
  SCTP,
  UDP,
  VXLAN,
  WIREGUARD,
  WIREGUARD_RECEIVER,
  WIREGUARD_RESPONSE_RECEIVER,
  WIREGUARD_SENDER,
} from "../layouts/transport-layouts";
import type { OpenNode } from "./detail-tree";
import { type Drawing, drawHeader, plural } from "./drawing";
import { drawTcp } from "./tcp-details";
import { checksumWords, drawChecksumState } from "./checksum-details";

/** Draws a header of the transport layer or of a tunnel; undefined if `kind` is none. */
export function drawTransport(d: Drawing, row: number, kind: number): OpenNode | undefined {
  const { tree, batch } = d;
  const { bytes } = batch;
  const p = batch.layerPtr[row] as number;
  const here = Math.max(captured(batch, row), 0);
  const plain = (layout: Layout, detail = "", length?: number): OpenNode => {
    const node = drawHeader(d, row, layout, detail, length);
    if ((batch.layerFlags[row] as number) & LAYER_FLAG_BY_BYTES)
      tree.generated(node, { text: "Recognised by its bytes: the port says nothing of it, or something else" });
    return node;
  };
  switch (kind) {
    case LAYER_TCP:
      return drawTcp(d, row);
    case LAYER_UDP:
      return drawUdp(d, row, p, here);
    case LAYER_SCTP:
      return drawSctp(d, row, p, here);
    case LAYER_VXLAN:
      return plain(VXLAN);
    case LAYER_GENEVE:
      return drawGeneve(
        d,
        plain(
          GENEVE,
          here >= 7
            ? `, VNI: 0x${readUint(bytes, p + 4, 3)
                .toString(16)
                .padStart(6, "0")}`
            : "",
        ),
        row,
        p,
        here,
      );
    case LAYER_GRE:
      return drawGre(d, row, p, here);
    case LAYER_ERSPAN: {
      // Type I has no header.
      if (batch.layerHeader[row] === 0) return tree.protocol(d.parent, ERSPAN, row, " Type I");
      const version = here >= 1 ? (bytes[p] as number) >> 4 : 0;
      const node = plain(ERSPAN, version === 1 ? " Type II" : version === 2 ? " Type III" : "");
      const end = Math.min(here, batch.layerHeader[row] as number);
      if (version === 1) tree.fields(node, p, ERSPAN_II, end);
      else if (end > 4) tree.add(node, { text: "Timestamp and platform header", at: p + 4, length: end - 4 });
      return node;
    }
    case LAYER_WIREGUARD:
      return drawWireguard(d, plain(WIREGUARD, "", here), p, here);
    case LAYER_GTPU: {
      const node = plain(GTPU);
      const end = Math.min(here, batch.layerHeader[row] as number);
      if (end > 8)
        tree.add(node, { text: "Sequence number, N-PDU number, extension headers", at: p + 8, length: end - 8 });
      return node;
    }
    case LAYER_IP_OVER_UDP:
      return tree.generated(d.parent, {
        text: "IP over UDP: the payload of this datagram is an IP packet",
        at: p,
        length: 0,
      });
    default:
      return undefined;
  }
}

function drawUdp(d: Drawing, row: number, p: number, here: number): OpenNode {
  const { tree, batch } = d;
  const { bytes } = batch;
  const detail = here >= 4 ? `, Src Port: ${readUint(bytes, p, 2)}, Dst Port: ${readUint(bytes, p + 2, 2)}` : "";
  const node = tree.protocol(d.parent, UDP, row, detail);
  const available = tree.available(UDP, row);
  for (const field of UDP.fields) {
    if (fieldEnd(field) > available) continue;
    if (field.name !== "udp.checksum") {
      const drawn = tree.field(node, p, field);
      const length = readUint(bytes, p + 4, 2);
      if (field.name === "udp.length" && length > 0 && length < 8)
        tree.expert(drawn, "error", "Malformed", `Bad length value ${length} < 8`);
      continue;
    }
    const { word, status } = checksumWords(d, row);
    tree.field(
      node,
      p,
      field,
      `Checksum: 0x${readUint(bytes, p + 6, 2)
        .toString(16)
        .padStart(4, "0")} [${word}]`,
    );
    tree.generated(node, { text: `Checksum Status: ${status}` });
    drawChecksumState(d, node, row, "udp");
  }
  if (available < 8 && here > available && available >= 6)
    tree.add(node, { text: "Checksum", at: p + 6, length: Math.min(2, here - 6) });
  const stream = batch.stream[row] as number;
  if (stream !== NO_ROW)
    tree.generated(node, { text: `Stream index: ${stream}`, field: "udp.stream", literal: String(stream) });
  return node;
}

/** Chunks: type(1) flags(1) length(2) value, padded to four bytes (RFC 9260 section 3.2). */
function drawSctp(d: Drawing, row: number, p: number, here: number): OpenNode {
  const { tree, batch } = d;
  const { bytes } = batch;
  const detail =
    here >= 4
      ? `, Src Port: ${readUint(bytes, p, 2)} (${readUint(bytes, p, 2)}), Dst Port: ${readUint(bytes, p + 2, 2)} (${readUint(bytes, p + 2, 2)})`
      : "";
  const node = tree.protocol(d.parent, SCTP, row, detail, here);
  tree.fields(node, p, SCTP.fields, here);
  let at = 12;
  while (at + 4 <= here) {
    const type = bytes[p + at] as number;
    const stated = readUint(bytes, p + at + 2, 2);
    const name = SCTP_CHUNKS.get(type) ?? `Unknown (${type})`;
    const padded = Math.max(4, (stated + 3) & ~3);
    const length = Math.min(padded, here - at);
    const chunk = tree.add(node, { text: `${name} chunk`, at: p + at, length });
    tree.add(chunk, { text: `Chunk type: ${name} (${type})`, at: p + at, length: 1 });
    tree.add(chunk, {
      text: `Chunk flags: 0x${(bytes[p + at + 1] as number).toString(16).padStart(2, "0")}`,
      at: p + at + 1,
      length: 1,
    });
    tree.add(chunk, { text: `Chunk length: ${stated}`, at: p + at + 2, length: 2 });
    if (length > 4) drawChunkValue(d, chunk, type, p + at + 4, length - 4, Math.max(0, stated - 4));
    at += length;
  }
  if (at < here) tree.add(node, { text: "Rest of the chunks", at: p + at, length: here - at });
  return node;
}

const SCTP_DATA = 0;

function drawChunkValue(d: Drawing, chunk: OpenNode, type: number, at: number, length: number, stated: number): void {
  const { tree } = d;
  const { bytes } = tree;
  const used = Math.min(stated, length);
  let from = 0;
  if (type === SCTP_DATA && used >= 12) {
    tree.add(chunk, { text: `Transmission sequence number (absolute): ${readUint(bytes, at, 4)}`, at, length: 4 });
    tree.add(chunk, {
      text: `Stream identifier: 0x${readUint(bytes, at + 4, 2)
        .toString(16)
        .padStart(4, "0")}`,
      at: at + 4,
      length: 2,
    });
    tree.add(chunk, { text: `Stream sequence number: ${readUint(bytes, at + 6, 2)}`, at: at + 6, length: 2 });
    tree.add(chunk, { text: `Payload protocol identifier: ${readUint(bytes, at + 8, 4)}`, at: at + 8, length: 4 });
    from = 12;
  }
  if (used > from)
    tree.add(chunk, {
      text: `${type === SCTP_DATA ? "User data" : "Value"}: ${shortHex(bytes, at + from, at + used)}`,
      at: at + from,
      length: used - from,
    });
  if (length > used) tree.add(chunk, { text: "Chunk padding", at: at + used, length: length - used });
}

const GENEVE_CLASSES: ReadonlyMap<number, string> = new Map([
  [0x0100, "Linux"],
  [0x0101, "Open vSwitch (OVS)"],
  [0x0102, "Open Virtual Networking (OVN)"],
  [0x0103, "In-band Network Telemetry (INT)"],
  [0x0104, "VMware"],
  [0x0108, "Amazon"],
  [0x0109, "Cisco"],
  [0x014b, "Cilium"],
]);

/** Options: class(2) type(1) reserved(3 bits) length(5 bits, in words) data (RFC 8926 section 3.5). */
function drawGeneve(d: Drawing, node: OpenNode, row: number, p: number, here: number): OpenNode {
  const { tree, batch } = d;
  const { bytes } = batch;
  const end = Math.min(here, batch.layerHeader[row] as number);
  if (end <= 8) return node;
  const options = tree.add(node, { text: `Options: (${plural(end - 8, "byte")})`, at: p + 8, length: end - 8 });
  let at = 8;
  while (at + 4 <= end) {
    const optionClass = readUint(bytes, p + at, 2);
    const type = bytes[p + at + 2] as number;
    const size = ((bytes[p + at + 3] as number) & 31) * 4;
    const length = Math.min(4 + size, end - at);
    const className = `${GENEVE_CLASSES.get(optionClass) ?? "Unknown"} (${hexText(optionClass, 4)})`;
    const critical = type & 128 ? " (Critical)" : "";
    const option = tree.add(options, {
      text: `Unknown, Class: ${className} Type: ${hexText(type, 2)}${critical}`,
      at: p + at,
      length,
    });
    tree.add(option, { text: `Class: ${className}`, at: p + at, length: 2 });
    tree.add(option, { text: `Type: ${hexText(type, 2)}${critical}`, at: p + at + 2, length: 1 });
    tree.add(option, { text: `Length: ${4 + size} bytes`, at: p + at + 3, length: 1, bitOffset: 3, bitLength: 5 });
    if (length > 4)
      tree.add(option, {
        text: `Unknown Option Data: ${shortHex(bytes, p + at + 4, p + at + length)}`,
        at: p + at + 4,
        length: length - 4,
      });
    if (4 + size > end - at) tree.expert(option, "error", "Malformed", "The option is longer than the header");
    at += length;
  }
  if (at < end) tree.add(options, { text: "Rest of the options", at: p + at, length: end - at });
  return node;
}

const GRE_TITLES: ReadonlyMap<number, string> = new Map([[0x0800, "IP"]]);

function drawGre(d: Drawing, row: number, p: number, here: number): OpenNode {
  const { tree, batch } = d;
  const { bytes } = batch;
  const type = here >= 4 ? readUint(bytes, p + 2, 2) : 0;
  const name = GRE_TITLES.get(type) ?? ETHER_TYPES.get(type) ?? `0x${type.toString(16).padStart(4, "0")} - unknown`;
  const node = tree.protocol(d.parent, GRE, row, here >= 4 ? ` (${name})` : "");
  tree.fields(node, p, GRE.fields, here);
  if (here < 4) return node;
  const bits = readUint(bytes, p, 2);
  const end = Math.min(here, batch.layerHeader[row] as number);
  let at = 4;
  const word = (
    width: number,
    text: (value: number) => string,
    field?: string,
    literal?: (value: number) => string,
  ): void => {
    if (at + width <= end) {
      const value = readUint(bytes, p + at, width);
      tree.add(node, { text: text(value), field, literal: literal?.(value), at: p + at, length: width });
    }
    at += width;
  };
  if (bits & 0xc000) {
    word(2, (v) => `Checksum: 0x${v.toString(16).padStart(4, "0")} [unverified]`);
    word(2, (v) => `Offset: ${v}`);
  }
  const key = (v: number): string => `0x${v.toString(16).padStart(8, "0")}`;
  if (bits & 0x2000) word(4, (v) => `Key: ${key(v)}`, "gre.key", key);
  if (bits & 0x1000) word(4, (v) => `Sequence Number: ${v}`);
  if ((bits & 7) === 1 && bits & 0x80) word(4, (v) => `Acknowledgment Number: ${v}`);
  if (at < end) tree.add(node, { text: "Rest of the header", at: p + at, length: end - at });
  return node;
}

/** Handshake messages name their sender, the others the receiver; all else is opaque (WireGuard white paper section 5.4). */
function drawWireguard(d: Drawing, node: OpenNode, p: number, here: number): OpenNode {
  const { tree } = d;
  const { bytes } = tree;
  const type = here >= 1 ? (bytes[p] as number) : 0;
  node.text = `WireGuard Protocol${WIREGUARD_TYPES.has(type) ? `, ${WIREGUARD_TYPES.get(type)}` : ""}`;
  const index = type === 1 || type === 2 ? WIREGUARD_SENDER : WIREGUARD_RECEIVER;
  let at = 4;
  const draw = (field: BitField): void => {
    if (fieldEnd(field) > here) return;
    tree.field(node, p, field);
    at = fieldEnd(field);
  };
  draw(index);
  if (type === 2) draw(WIREGUARD_RESPONSE_RECEIVER);
  if (type === 4 && here >= 16) {
    let counter = 0n;
    for (let i = 15; i >= 8; i--) counter = counter * 256n + BigInt(bytes[p + i] as number);
    tree.add(node, { text: `Counter: ${counter}`, at: p + 8, length: 8 });
    at = 16;
  }
  if (here > at)
    tree.add(node, {
      text:
        type === 4
          ? `Encrypted Packet (${plural(here - at, "byte")})`
          : `Handshake data (${plural(here - at, "byte")})`,
      at: p + at,
      length: here - at,
    });
  return node;
}
