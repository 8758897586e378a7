/** Details of ICMP (RFC 792) and ICMPv6 (RFC 4443), with router advertisements and the options of neighbour discovery (RFC 4861). */
import { formatHex, formatIpv6, formatMac } from "../../../src-shared/model/address";
import { LAYER_IPV4, LAYER_IPV6, LAYER_IPV6_ROUTING } from "../../../src-shared/model/layer-kind";
import { LAYER_FLAG_QUOTED } from "../kernel/assembly/abi";
import { readUint } from "../fields/field";
import { fieldText, shortHex } from "../layouts/layout";
import { ICMPV6_CODES, ICMP_CODES, ND_OPTIONS } from "../layouts/network-names";
import {
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
} from "../layouts/network-layouts";
import type { OpenNode } from "./detail-tree";
import { type Drawing, plural } from "./drawing";

const ICMP_QUOTING: ReadonlySet<number> = new Set([3, 4, 5, 11, 12]);

export function drawIcmp(d: Drawing, row: number, p: number, here: number): OpenNode {
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

export function drawIcmpv6(d: Drawing, row: number, p: number, here: number): OpenNode {
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
