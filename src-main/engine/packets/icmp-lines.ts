/** Lines about ICMP (RFC 792), ICMPv6 (RFC 4443, RFC 4861) and IGMP (RFC 2236, RFC 3376), in Wireshark's words. */
import { formatIpv4, formatIpv6, formatMac } from "../../../src-shared/model/address";
import { LAYER_IPV4, LAYER_IPV6 } from "../../../src-shared/model/layer-kind";
import { captured, readUint } from "../fields/field";
import type { Batch } from "../kernel/batch";
import { ICMPV6_CODES, ICMPV6_TYPES, ICMP_CODES, ICMP_TYPES } from "../layouts/network-names";
import { MOST_MESSAGES } from "./message-line";

const hex4 = (value: number): string => `0x${value.toString(16).padStart(4, "0")}`;
/** Wireshark pads the names of types, so that what follows stands in a column. */
const NAME_WIDTH = 20;
/** Echo, timestamp, information and address mask, requests and replies: they carry an identifier and a number. */
const WITH_IDENTIFIER: ReadonlySet<number> = new Set([0, 8, 13, 14, 15, 16, 17, 18]);

/** `requestNumber`: frame.number of the request this answers, 0 where it is not known. */
export function icmpLine(batch: Batch, row: number, requestNumber: number): string {
  const { bytes } = batch;
  const p = batch.layerPtr[row] as number;
  const here = captured(batch, row);
  if (here < 2) return "";
  const type = bytes[p] as number;
  const code = bytes[p + 1] as number;
  const name = (ICMP_TYPES.get(type) ?? `Type ${type}`).padEnd(NAME_WIDTH);
  if (WITH_IDENTIFIER.has(type)) {
    if (here < 8) return name.trimEnd();
    const seq = readUint(bytes, p + 6, 2);
    let text = `${name} id=${hex4(readUint(bytes, p + 4, 2))}, seq=${seq}/${((seq & 255) << 8) | (seq >> 8)}`;
    const ip = carrier(batch, row, LAYER_IPV4);
    if (ip >= 0) text += `, ttl=${bytes[(batch.layerPtr[ip] as number) + 8]}`;
    return requestNumber > 0 ? `${text} (request in ${requestNumber})` : text;
  }
  const codes = ICMP_CODES.get(type);
  return codes ? `${name} (${codes.get(code) ?? `code ${code}`})` : name.trimEnd();
}

const ECHO_REQUEST_6 = 128;
const ECHO_REPLY_6 = 129;
const ROUTER_SOLICITATION = 133;
const ROUTER_ADVERTISEMENT = 134;
const NEIGHBOR_SOLICITATION = 135;
const NEIGHBOR_ADVERTISEMENT = 136;
/** Of neighbour discovery: where the options begin (RFC 4861 section 4). */
const ND_OPTIONS_AT: ReadonlyMap<number, number> = new Map([
  [ROUTER_SOLICITATION, 8],
  [ROUTER_ADVERTISEMENT, 16],
  [NEIGHBOR_SOLICITATION, 24],
  [NEIGHBOR_ADVERTISEMENT, 24],
]);
const ADVERTISEMENT_FLAGS = [
  [0x80, "rtr"],
  [0x40, "sol"],
  [0x20, "ovr"],
] as const;

export function icmpv6Line(batch: Batch, row: number, requestNumber: number): string {
  const { bytes } = batch;
  const p = batch.layerPtr[row] as number;
  const here = captured(batch, row);
  if (here < 4) return "";
  const type = bytes[p] as number;
  const name = ICMPV6_TYPES.get(type) ?? `Type ${type}`;
  if (type === ECHO_REQUEST_6 || type === ECHO_REPLY_6) {
    if (here < 8) return name;
    let text = `${name} id=${hex4(readUint(bytes, p + 4, 2))}, seq=${readUint(bytes, p + 6, 2)}`;
    const ip = carrier(batch, row, LAYER_IPV6);
    if (ip >= 0) text += `, hop limit=${bytes[(batch.layerPtr[ip] as number) + 7]}`;
    return requestNumber > 0 ? `${text} (request in ${requestNumber})` : text;
  }
  const options = ND_OPTIONS_AT.get(type);
  if (options === undefined) {
    const codes = ICMPV6_CODES.get(type);
    return codes ? `${name} (${codes.get(bytes[p + 1] as number) ?? `Unknown (${bytes[p + 1]})`})` : name;
  }
  const mac = linkAddress(batch, row, options);
  if (type === NEIGHBOR_SOLICITATION && here >= 24)
    return `${name} for ${formatIpv6(bytes, p + 8)}${mac && ` from ${mac}`}`;
  if (type === NEIGHBOR_ADVERTISEMENT && here >= 24) {
    const flags = ADVERTISEMENT_FLAGS.filter(([bit]) => (bytes[p + 4] as number) & bit).map(([, text]) => text);
    const told = flags.length > 0 ? ` (${flags.join(", ")})` : "";
    return `${name} ${formatIpv6(bytes, p + 8)}${told}${mac && ` is at ${mac}`}`;
  }
  return name + (mac && ` from ${mac}`);
}

/** The link-layer address of the first such option, "" if there is none. type(1) length(1, in 8 bytes) … */
function linkAddress(batch: Batch, row: number, from: number): string {
  const { bytes } = batch;
  const end = batch.layerEnd[row] as number;
  let at = (batch.layerPtr[row] as number) + from;
  for (let count = 0; at + 8 <= end && count < MOST_MESSAGES; count++) {
    const length = (bytes[at + 1] as number) * 8;
    if (length === 0) break;
    if ((bytes[at] === 1 || bytes[at] === 2) && length === 8) return formatMac(bytes, at + 2);
    at += length;
  }
  return "";
}

/** Row of the network layer of kind `kind` that carries `row`, -1 where another one does. */
function carrier(batch: Batch, row: number, kind: number): number {
  for (let at = row - 1; at >= 0 && row - at < 8; at--) {
    if (batch.layerKind[at] === kind) return at;
    if (batch.layerKind[at] === LAYER_IPV4 || batch.layerKind[at] === LAYER_IPV6) return -1;
  }
  return -1;
}

export interface IgmpLine {
  readonly protocol: string;
  readonly info: string;
}

/** type(1) code(1) checksum(2) group(4); version 3 has more behind it. */
export function igmpLine(batch: Batch, row: number): IgmpLine {
  const { bytes } = batch;
  const p = batch.layerPtr[row] as number;
  const size = (batch.layerLength[row] as number) || captured(batch, row);
  const here = captured(batch, row);
  const at = (offset: number, width: number): number =>
    offset + width <= here ? readUint(bytes, p + offset, width) : 0;
  const group = (offset: number): string => (offset + 4 <= here ? formatIpv4(at(offset, 4)) : "");
  switch (at(0, 1)) {
    case 0x11: {
      if (at(1, 1) === 0) return { protocol: "IGMPv1", info: "Membership Query" };
      const specific = at(4, 4) !== 0;
      let info = specific ? `Membership Query, specific for group ${group(4)}` : "Membership Query, general";
      if (size < 12) return { protocol: "IGMPv2", info };
      const sources = Math.min(at(10, 2), MOST_MESSAGES);
      if (sources > 0) info += `, source${sources > 1 ? "s" : ""} {${addresses(group, 12, sources)}}`;
      return { protocol: "IGMPv3", info };
    }
    case 0x12:
      return { protocol: "IGMPv1", info: "Membership Report" };
    case 0x16:
      return { protocol: "IGMPv2", info: `Membership Report group ${group(4)}`.trimEnd() };
    case 0x17:
      return { protocol: "IGMPv2", info: `Leave Group ${group(4)}`.trimEnd() };
    case 0x22: {
      let info = "Membership Report";
      const records = Math.min(at(6, 2), MOST_MESSAGES);
      let offset = 8;
      for (let i = 0; i < records && offset + 8 <= here; i++) {
        info += ` / ${groupRecord(at(offset, 1), group(offset + 4), group, offset + 8, at(offset + 2, 2))}`;
        offset += 8 + at(offset + 2, 2) * 4 + at(offset + 1, 1) * 4;
      }
      return { protocol: "IGMPv3", info };
    }
    default:
      return { protocol: "IGMP", info: here > 0 ? `Unknown Type:0x${at(0, 1).toString(16).padStart(2, "0")}` : "" };
  }
}

const addresses = (group: (offset: number) => string, from: number, count: number): string =>
  Array.from({ length: Math.min(count, MOST_MESSAGES) }, (_, i) => group(from + i * 4))
    .filter((text) => text !== "")
    .join(", ");

/** Record types 1 to 6 (RFC 3376 section 4.2.12): include and exclude lists, as state or as change. */
function groupRecord(
  type: number,
  name: string,
  group: (offset: number) => string,
  from: number,
  sources: number,
): string {
  const list = `${sources > 1 ? "sources in " : "source "}{${addresses(group, from, sources)}}`;
  switch (type) {
    case 1:
    case 3:
      return sources === 0 ? `Leave group ${name}` : `Join group ${name} for ${list}`;
    case 2:
    case 4:
      if (sources === 0) return `Join group ${name} for any sources`;
      return `Join group ${name}, for source${sources > 1 ? "s" : ""} not in {${addresses(group, from, sources)}}`;
    case 5:
      return `New source {${addresses(group, from, sources)}} for group ${name}`;
    case 6:
      return `Block source {${addresses(group, from, sources)}} for group ${name}`;
    default:
      return `group ${name}`;
  }
}
