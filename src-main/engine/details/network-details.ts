/** Details of the network layer: IPv4, IPv6 and its extension headers, IPsec, multicast. */
import { formatIpv4, formatIpv6 } from "../../../src-shared/model/address";
import {
  LAYER_AH,
  LAYER_ESP,
  LAYER_ICMP,
  LAYER_ICMPV6,
  LAYER_IGMP,
  LAYER_IPV4,
  LAYER_IPV6,
  LAYER_IPV6_DSTOPTS,
  LAYER_IPV6_FRAGMENT,
  LAYER_IPV6_HOPOPTS,
  LAYER_IPV6_ROUTING,
  LAYER_PIM,
} from "../../../src-shared/model/layer-kind";
import { captured, readUint } from "../fields/field";
import { ipv4Available } from "../fields/network-fields";
import { type BitField, type Layout, fieldText, shortHex } from "../layouts/layout";
import {
  AH,
  DESTINATION_OPTIONS,
  ESP,
  FRAGMENT,
  HOP_BY_HOP,
  IGMP,
  IPV4_HEADER,
  IPV6_HEADER,
  PIM,
  ROUTING,
} from "../layouts/network-layouts";
import type { OpenNode } from "./detail-tree";
import { type Drawing, drawHeader, plural } from "./drawing";
import { drawIcmp, drawIcmpv6 } from "./icmp-details";

/** Draws a header of the network layer; undefined if `kind` is none. */
export function drawNetwork(d: Drawing, row: number, kind: number): OpenNode | undefined {
  const { tree, batch } = d;
  const p = batch.layerPtr[row] as number;
  const here = Math.max(captured(batch, row), 0);
  const plain = (layout: Layout, detail = ""): OpenNode => drawHeader(d, row, layout, detail);
  switch (kind) {
    case LAYER_IPV4:
      return drawIpv4(d, row, p);
    case LAYER_IPV6: {
      const detail =
        here >= 40 ? `, Src: ${formatIpv6(batch.bytes, p + 8)}, Dst: ${formatIpv6(batch.bytes, p + 24)}` : "";
      return plain(IPV6_HEADER, detail);
    }
    case LAYER_IPV6_HOPOPTS:
    case LAYER_IPV6_DSTOPTS: {
      const node = plain(kind === LAYER_IPV6_HOPOPTS ? HOP_BY_HOP : DESTINATION_OPTIONS);
      tree.generated(node, { text: `Length: ${plural(batch.layerHeader[row] as number, "byte")}` });
      drawIpv6Options(d, node, p, Math.min(here, batch.layerHeader[row] as number));
      return node;
    }
    case LAYER_IPV6_ROUTING: {
      const node = plain(ROUTING);
      const end = Math.min(here, batch.layerHeader[row] as number);
      // Types 0 and 4 list addresses behind four more bytes (RFC 2460, RFC 8754).
      const type = here >= 3 ? batch.bytes[p + 2] : 255;
      if (end > 4) tree.add(node, { text: "Reserved", at: p + 4, length: Math.min(4, end - 4) });
      let at = 8;
      for (let n = 1; at + 16 <= end && (type === 0 || type === 2 || type === 4); at += 16, n++)
        tree.add(node, { text: `Address[${n}]: ${formatIpv6(batch.bytes, p + at)}`, at: p + at, length: 16 });
      if (at < end) tree.add(node, { text: "Type-specific data", at: p + at, length: end - at });
      return node;
    }
    case LAYER_IPV6_FRAGMENT:
      return plain(FRAGMENT);
    case LAYER_AH: {
      const node = plain(AH);
      const end = Math.min(here, batch.layerHeader[row] as number);
      if (end > 12)
        tree.add(node, { text: `AH ICV: ${shortHex(batch.bytes, p + 12, p + end)}`, at: p + 12, length: end - 12 });
      return node;
    }
    case LAYER_ESP: {
      const node = plain(ESP);
      if (here > 8)
        tree.add(undefined, { text: `Encrypted payload (${plural(here - 8, "byte")})`, at: p + 8, length: here - 8 });
      return node;
    }
    case LAYER_ICMP:
      return drawIcmp(d, row, p, here);
    case LAYER_ICMPV6:
      return drawIcmpv6(d, row, p, here);
    case LAYER_IGMP: {
      const node = plain(IGMP);
      node.length = here;
      if (here > 8) tree.add(node, { text: "Group records or auxiliary data", at: p + 8, length: here - 8 });
      return node;
    }
    case LAYER_PIM: {
      const node = plain(PIM);
      // A Register carries a packet; anything else is the message's own.
      const carries = row + 1 < (batch.firstLayer[d.packet] as number) + batch.layersOf(d.packet);
      const end = carries ? Math.min(8, here) : here;
      node.length = end;
      if (end > 4) tree.add(node, { text: "Message", at: p + 4, length: end - 4 });
      return node;
    }
    default:
      return undefined;
  }
}

function drawIpv4(d: Drawing, row: number, p: number): OpenNode {
  const { tree, batch } = d;
  const { bytes } = batch;
  const here = ipv4Available(batch, row);
  const detail =
    here >= 20
      ? `, Src: ${formatIpv4(readUint(bytes, p + 12, 4))}, Dst: ${formatIpv4(readUint(bytes, p + 16, 4))}`
      : "";
  const header = here >= 1 ? ((bytes[p] as number) & 15) * 4 : 0;
  const node = tree.protocol(d.parent, IPV4_HEADER, row, detail);
  const isVersion4 = here >= 1 && (bytes[p] as number) >> 4 === 4;
  if (header < 20 || !isVersion4) {
    if (here >= 1) {
      const [version, length] = IPV4_HEADER.fields as readonly [BitField, BitField];
      tree.field(node, p, version);
      // Of another version, the filter has no header length.
      tree.field(node, p, isVersion4 ? length : { ...length, name: "" });
      const wrong = isVersion4 ? `Bogus IP header length (${header}, must be at least 20)` : "Bogus IPv4 version";
      tree.expert(node, "error", "Protocol", wrong);
    }
    return node;
  }
  for (const field of IPV4_HEADER.fields) {
    if ((field.at + field.bits) / 8 > here) continue;
    if (field.name === "ip.len") {
      const total = readUint(bytes, p + 2, 2);
      const stated = batch.layerLength[row] as number;
      const drawn = tree.field(
        node,
        p,
        field,
        total === 0
          ? `Total Length: ${stated} bytes (reported as 0, presumed to be because of "TCP segmentation offload" (TSO))`
          : undefined,
      );
      if (total === 0) drawn.literal = String(stated);
      if (total > 0 && total < header)
        tree.expert(drawn, "error", "Protocol", `IPv4 total length exceeds packet length (${total} bytes)`);
    } else if (field.name === "ip.checksum") {
      const status =
        d.context.verifyChecksums && captured(batch, row) >= header
          ? d.context.kernel.sum16(p, header, 0) === 0xffff
            ? 1
            : 0
          : 2;
      tree.field(
        node,
        p,
        field,
        `${fieldText(bytes, p, field)} [${["incorrect", "correct", "validation disabled"][status]}]`,
      );
      const word = ["Bad", "Good", "Unverified"][status] ?? "";
      tree.generated(node, {
        text: `Header checksum status: ${word}`,
        field: "ip.checksum.status",
        literal: String(status),
      });
    } else {
      const drawn = tree.field(node, p, field);
      if (field.name === "ip.ttl" && (bytes[p + 8] as number) <= 1 && !isLocalMulticast(bytes, p + 16, here))
        tree.expert(drawn, "note", "Sequence", `"Time To Live" only ${bytes[p + 8]}`);
    }
  }

  const end = Math.min(here, header);
  if (end > 20) drawIpv4Options(d, node, p + 20, p + end);
  return node;
}

/** Multicast that routers do not forward may have any TTL (RFC 5771 section 4). */
const isLocalMulticast = (bytes: Uint8Array, at: number, here: number): boolean =>
  here >= 20 && readUint(bytes, at, 4) >>> 28 === 14;

const IP_OPTIONS: ReadonlyMap<number, string> = new Map([
  [0, "End of Options List (EOL)"],
  [1, "No-Operation (NOP)"],
  [7, "Record Route"],
  [68, "Time Stamp"],
  [130, "Security"],
  [131, "Loose Source Route"],
  [134, "Commercial Security"],
  [136, "Stream ID"],
  [137, "Strict Source Route"],
  [148, "Router Alert"],
]);

function drawIpv4Options(d: Drawing, node: OpenNode, start: number, end: number): void {
  const { tree } = d;
  const { bytes } = tree;
  const options = tree.add(node, { text: `Options: (${plural(end - start, "byte")})`, at: start, length: end - start });
  const names: string[] = [];
  let at = start;
  while (at < end) {
    const kind = bytes[at] as number;
    const name = IP_OPTIONS.get(kind) ?? `Unknown (${kind})`;
    names.push(name);
    if (kind <= 1) {
      tree.add(options, { text: `IP Option - ${name}`, at, length: kind === 0 ? end - at : 1 });
      if (kind === 0) break;
      at++;
      continue;
    }
    const length = at + 1 < end ? (bytes[at + 1] as number) : 0;
    if (length < 2 || at + length > end) {
      const rest = tree.add(options, { text: `IP Option - ${name}`, at, length: end - at });
      tree.expert(rest, "error", "Malformed", "The option's length does not fit the header");
      break;
    }
    const option = tree.add(options, { text: `IP Option - ${name} (${plural(length, "byte")})`, at, length });
    tree.add(option, { text: `Type: ${kind}`, at, length: 1 });
    tree.add(option, { text: `Length: ${length}`, at: at + 1, length: 1 });
    if (length > 2)
      tree.add(option, { text: `Data: ${shortHex(bytes, at + 2, at + length)}`, at: at + 2, length: length - 2 });
    at += length;
  }
  options.text += names.length > 0 ? `, ${names.join(", ")}` : "";
}

const IPV6_OPTIONS: ReadonlyMap<number, string> = new Map([
  [0, "Pad1"],
  [1, "PadN"],
  [4, "Tunnel Encapsulation Limit"],
  [5, "Router Alert"],
  [0x26, "Quick-Start"],
  [0x63, "RPL Option"],
  [0xc2, "Jumbo Payload"],
  [0xc9, "Home Address"],
]);

function drawIpv6Options(d: Drawing, node: OpenNode, p: number, end: number): void {
  const { tree } = d;
  const { bytes } = tree;
  let at = 2;
  while (at < end) {
    const kind = bytes[p + at] as number;
    const name = IPV6_OPTIONS.get(kind) ?? `Unknown IPv6 Option (${kind})`;
    const length = kind === 0 ? 1 : at + 1 < end ? 2 + (bytes[p + at + 1] as number) : 1;
    if (at + length > end) {
      const rest = tree.add(node, { text: name, at: p + at, length: end - at });
      tree.expert(rest, "error", "Malformed", "The option's length does not fit the header");
      return;
    }
    const option = tree.add(node, { text: name, at: p + at, length });
    tree.add(option, { text: `Type: ${name} (0x${kind.toString(16).padStart(2, "0")})`, at: p + at, length: 1 });
    if (kind !== 0) {
      tree.add(option, { text: `Length: ${length - 2}`, at: p + at + 1, length: 1 });
      if (length > 2)
        tree.add(option, {
          text: `${name}: ${kind === 5 && length === 4 ? routerAlert(readUint(bytes, p + at + 2, 2)) : shortHex(bytes, p + at + 2, p + at + length)}`,
          at: p + at + 2,
          length: length - 2,
        });
    }
    at += length;
  }
}

/** RFC 2711. */
const routerAlert = (value: number): string => `${["MLD", "RSVP", "Active Network"][value] ?? "Reserved"} (${value})`;
