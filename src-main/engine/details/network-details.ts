/** Details of the network layer: IPv4, IPv6 and its extension headers, ICMP, IPsec, multicast. */
import { formatHex, formatIpv4, formatIpv6, formatMac } from "../../../src-shared/model/address";
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
import { LAYER_FLAG_QUOTED } from "../kernel/assembly/abi";
import { captured, readUint } from "../fields/field";
import { ipv4Available } from "../fields/network-fields";
import { type BitField, type Layout, fieldText, shortHex } from "../layouts/layout";
import { ICMPV6_CODES, ICMP_CODES, ND_OPTIONS } from "../layouts/network-names";
import {
  AH,
  DESTINATION_OPTIONS,
  ESP,
  FRAGMENT,
  HOP_BY_HOP,
  ICMP,
  ICMPV6,
  ICMPV6_ECHO,
  ICMPV6_MTU,
  ICMPV6_RESERVED,
  ICMPV6_TARGET,
  ICMP_ECHO,
  ICMP_GATEWAY,
  ICMP_MTU,
  ICMP_UNUSED,
  IGMP,
  IPV4_HEADER,
  IPV6_HEADER,
  PIM,
  ROUTING,
} from "../layouts/network-layouts";
import type { OpenNode } from "./detail-tree";
import { type Drawing, plural } from "./drawing";

/** Draws a header of the network layer; undefined if `kind` is none. */
export function drawNetwork(d: Drawing, row: number, kind: number): OpenNode | undefined {
  const { tree, batch } = d;
  const p = batch.layerPtr[row] as number;
  const here = Math.max(captured(batch, row), 0);
  const plain = (layout: Layout, detail = ""): OpenNode => {
    const node = tree.protocol(d.parent, layout, row, detail);
    tree.fields(node, p, layout.fields, tree.available(layout, row));
    return node;
  };
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

const ICMP_QUOTING: ReadonlySet<number> = new Set([3, 4, 5, 11, 12]);

function drawIcmp(d: Drawing, row: number, p: number, here: number): OpenNode {
  const { tree, batch } = d;
  const { bytes } = batch;
  const node = tree.protocol(d.parent, ICMP, row, "", here);
  const type = here >= 1 ? (bytes[p] as number) : 255;
  const quoted = ((batch.layerFlags[row] as number) & LAYER_FLAG_QUOTED) !== 0;
  for (const field of ICMP.fields) {
    if ((field.at + field.bits) / 8 > here) continue;
    if (field.name === "icmp.code") {
      const code = bytes[p + 1] as number;
      const name = ICMP_CODES.get(type)?.get(code);
      tree.field(node, p, field, name === undefined ? undefined : `Code: ${code} (${name})`);
    } else if (field.name === "icmp.checksum") {
      const whole = here === (batch.layerLength[row] as number) && !quoted;
      const good = whole && d.context.kernel.sum16(p, here, 0) === 0xffff;
      tree.field(
        node,
        p,
        field,
        `${fieldText(bytes, p, field)} [${!whole ? "unverified" : good ? "correct" : "incorrect"}]`,
      );
      tree.generated(node, {
        text: `Checksum Status: ${!whole ? "Unverified" : good ? "Good" : "Bad"}`,
        severity: whole && !good ? "error" : undefined,
      });
    } else tree.field(node, p, field);
  }
  const echo = type === 0 || type === 8 || (type >= 13 && type <= 18);
  const more = echo ? ICMP_ECHO : type === 3 && bytes[p + 1] === 4 ? ICMP_MTU : type === 5 ? ICMP_GATEWAY : ICMP_UNUSED;
  tree.fields(node, p, more, here);
  const last = (batch.firstLayer[d.packet] as number) + batch.layersOf(d.packet);
  const quotes = ICMP_QUOTING.has(type) && row + 1 < last && batch.layerKind[row + 1] === LAYER_IPV4;
  if (here > 8 && !quotes) {
    const at = p + 8;
    const length = here - 8;
    const data = tree.add(node, { text: `Data (${plural(length, "byte")})`, at, length });
    tree.add(data, { text: `Data: ${shortHex(bytes, at, at + length)}`, field: "data.data", at, length });
    tree.generated(data, { text: `Length: ${length}` });
  }
  return node;
}

const QUOTING_LIMIT = 4;

function drawIcmpv6(d: Drawing, row: number, p: number, here: number): OpenNode {
  const { tree, batch } = d;
  const { bytes } = batch;
  const node = tree.protocol(d.parent, ICMPV6, row, "", here);
  const type = here >= 1 ? (bytes[p] as number) : 255;
  for (const field of ICMPV6.fields) {
    if ((field.at + field.bits) / 8 > here) continue;
    if (field.name === "icmpv6.checksum") {
      const good = icmpv6Checksum(d, row, p, here);
      const word = good === undefined ? "unverified" : good ? "correct" : "incorrect";
      tree.field(node, p, field, `${fieldText(bytes, p, field)} [${word}]`);
      const status = good === undefined ? "Unverified" : good ? "Good" : "Bad";
      tree.generated(node, { text: `Checksum Status: ${status}`, severity: good === false ? "error" : undefined });
      continue;
    }
    const name = field.name === "icmpv6.code" ? ICMPV6_CODES.get(type)?.get(bytes[p + 1] as number) : undefined;
    tree.field(node, p, field, name === undefined ? undefined : `Code: ${bytes[p + 1]} (${name})`);
  }
  if (here < 8) return node;
  let at = 8;
  if (type === 128 || type === 129) tree.fields(node, p, ICMPV6_ECHO, here);
  else if (type === 2) tree.fields(node, p, ICMPV6_MTU, here);
  else if (type === 134) at = drawRouterAdvertisement(d, node, p, here);
  else tree.fields(node, p, ICMPV6_RESERVED, here);
  if (type === 135 || type === 136 || type === 137) {
    tree.fields(node, p, ICMPV6_TARGET, here);
    at = 24;
    if (type === 137 && here >= 40) {
      tree.add(node, { text: `Destination Address: ${formatIpv6(bytes, p + 24)}`, at: p + 24, length: 16 });
      at = 40;
    }
  }
  const last = (batch.firstLayer[d.packet] as number) + batch.layersOf(d.packet);
  if (type >= 1 && type <= QUOTING_LIMIT && row + 1 < last) return node;
  if (type >= 133 && type <= 137) drawNeighbourOptions(d, node, p, at, here);
  else if (at < here) {
    const data = tree.add(node, { text: `Data (${plural(here - at, "byte")})`, at: p + at, length: here - at });
    tree.add(data, {
      text: `Data: ${shortHex(bytes, p + at, p + here)}`,
      field: "data.data",
      at: p + at,
      length: here - at,
    });
    tree.generated(data, { text: `Length: ${here - at}` });
  }
  return node;
}

/** Whether the checksum over message and pseudo header (RFC 8200 section 8.1) is right; undefined if it cannot be told. */
function icmpv6Checksum(d: Drawing, row: number, p: number, here: number): boolean | undefined {
  const { batch } = d;
  const ip = batch.layerAux[row] as number;
  const quoted = ((batch.layerFlags[row] as number) & LAYER_FLAG_QUOTED) !== 0;
  if (quoted || here !== batch.layerLength[row] || batch.layerKind[ip] !== LAYER_IPV6) return undefined;
  // A routing header may have another last destination than the header.
  for (let at = ip + 1; at < row; at++) if (batch.layerKind[at] === LAYER_IPV6_ROUTING) return undefined;
  const addresses = (batch.layerPtr[ip] as number) + 8;
  let sum = 58 + (here >>> 16) + (here & 0xffff);
  for (let o = 0; o < 32; o += 2) sum += readUint(batch.bytes, addresses + o, 2);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  // The kernel sums words as the machine reads them, least significant byte first.
  const swappedSum = ((sum & 0xff) << 8) | (sum >>> 8);
  return d.context.kernel.sum16(p, here, swappedSum) === 0xffff;
}

function drawRouterAdvertisement(d: Drawing, node: OpenNode, p: number, here: number): number {
  const { tree } = d;
  const { bytes } = tree;
  tree.add(node, { text: `Cur hop limit: ${bytes[p + 4]}`, at: p + 4, length: 1 });
  tree.add(node, { text: `Flags: 0x${(bytes[p + 5] as number).toString(16).padStart(2, "0")}`, at: p + 5, length: 1 });
  tree.add(node, { text: `Router lifetime (s): ${readUint(bytes, p + 6, 2)}`, at: p + 6, length: 2 });
  if (here < 16) return 8;
  tree.add(node, { text: `Reachable time (ms): ${readUint(bytes, p + 8, 4)}`, at: p + 8, length: 4 });
  tree.add(node, { text: `Retrans timer (ms): ${readUint(bytes, p + 12, 4)}`, at: p + 12, length: 4 });
  return 16;
}

/** RFC 4861 section 4.6: lengths count eight bytes. */
function drawNeighbourOptions(d: Drawing, node: OpenNode, p: number, from: number, end: number): void {
  const { tree } = d;
  const { bytes } = tree;
  let at = from;
  while (at + 2 <= end) {
    const kind = bytes[p + at] as number;
    const units = bytes[p + at + 1] as number;
    const name = ND_OPTIONS.get(kind) ?? `Unknown ${kind}`;
    const length = Math.min(units * 8, end - at);
    if (units === 0) {
      const rest = tree.add(node, { text: `ICMPv6 Option (${name})`, at: p + at, length: end - at });
      tree.expert(rest, "error", "Malformed", "Invalid option length (Zero)");
      return;
    }
    const link = (kind === 1 || kind === 2) && length >= 8;
    const option = tree.add(node, {
      text: `ICMPv6 Option (${name}${link ? ` : ${formatMac(bytes, p + at + 2)}` : ""})`,
      at: p + at,
      length,
    });
    tree.add(option, { text: `Type: ${name} (${kind})`, at: p + at, length: 1 });
    tree.add(option, { text: `Length: ${units} (${units * 8} bytes)`, at: p + at + 1, length: 1 });
    if (link)
      tree.add(option, { text: `Link-layer address: ${formatMac(bytes, p + at + 2)}`, at: p + at + 2, length: 6 });
    else if (length > 2)
      tree.add(option, {
        text: `Data: ${formatHex(bytes, p + at + 2, p + at + Math.min(length, 38))}`,
        at: p + at + 2,
        length: length - 2,
      });
    at += length;
  }
  if (at < end) tree.add(node, { text: "Rest of the options", at: p + at, length: end - at });
}
