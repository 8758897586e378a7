/** Details of a DNS message: header, questions, records. */
import { formatIpv4, formatIpv6 } from "../../../src-shared/model/address";
import { DNS_TYPE_A, DNS_TYPE_AAAA, DNS_TYPE_CNAME, type DnsMessage, visitDns } from "../../../src-shared/wire/dns";
import { dnsName, dnsNameEnd } from "../../../src-shared/wire/dns-name";
import { readUint } from "../fields/field";
import { DNS_COUNTS, DNS_FLAGS, DNS_ID } from "../layouts/application-layouts";
import { fieldEnd, shortHex } from "../layouts/layout";
import { DNS_CLASSES, DNS_OPCODES, DNS_RCODES, DNS_TYPE_NAMES } from "../layouts/dns-names";
import { textLiteral } from "../../../src-shared/model/filter-text";
import type { OpenNode } from "./detail-tree";
import type { Drawing } from "./drawing";
import { durationText } from "./duration-text";

/** Names beyond these many are not drawn: a hostile message can announce 65,535 records. */
const MOST_RECORDS = 500;

export interface MessageBounds {
  readonly start: number;
  readonly end: number;
  /** Where it would end if it were all captured. */
  readonly statedEnd: number;
}

const typeShort = (type: number): string => DNS_TYPE_NAMES.get(type)?.[0] ?? `Unknown (${type})`;
const className = (value: number): string => DNS_CLASSES.get(value) ?? "Unknown";

/** `known`: the filter takes these bytes for DNS too, so fields may be named. */
export function drawDns(d: Drawing, bounds: MessageBounds, protocol: string, title: string, known: boolean): OpenNode {
  const { tree } = d;
  const { bytes } = tree;
  const { start, end } = bounds;
  const node = tree.add(d.parent, {
    text: title,
    field: known ? protocol : undefined,
    at: start,
    length: end - start,
  });
  const name = (field: string): string | undefined => (known ? field : undefined);
  const place = { at: start };
  let queries: OpenNode | undefined;
  let section: OpenNode | undefined;
  let sectionOf = -1;
  let drawn = 0;
  let after = start;
  const row = (
    parent: OpenNode,
    text: string,
    at: number,
    length: number,
    field?: string,
    literal?: string,
  ): OpenNode => tree.add(parent, { text, field: field === undefined ? undefined : name(field), literal, at, length });
  const complete = visitDns(
    bytes,
    start,
    end,
    {
      message(m) {
        node.text += m.isResponse ? " (response)" : " (query)";
        after = drawHeader(d, node, m, known);
      },
      question(q, m) {
        if (++drawn > MOST_RECORDS) return;
        const text = dnsName(bytes, q.name, m);
        queries ??= tree.add(node, { text: "Queries", at: q.name, length: 0 });
        const to = q.typeAt + 4;
        const one = row(
          queries,
          `${text}: type ${typeShort(q.type)}, class ${className(q.class)}`,
          q.name,
          to - q.name,
        );
        drawName(d, one, "Name", q.name, q.typeAt, text, name("dns.qry.name"));
        if (!text.startsWith("<")) {
          tree.generated(one, { text: `Name Length: ${text.length}` });
          tree.generated(one, { text: `Label Count: ${text.split(".").length}` });
        }
        drawType(d, one, q.typeAt, q.type, q.class, name("dns.qry.type"));
        stretch(queries, one);
        after = to;
      },
      record(r, m) {
        if (++drawn > MOST_RECORDS) return;
        const text = dnsName(bytes, r.name, m);
        if (sectionOf !== r.section) {
          sectionOf = r.section;
          const titles = ["Answers", "Authoritative nameservers", "Additional records"];
          section = tree.add(node, { text: titles[r.section] ?? "Records", at: r.name, length: 0 });
        }
        const to = Math.min(r.data + r.dataLength, end);
        const parent = section as OpenNode;
        const isOpt = r.type === 41;
        const one = row(
          parent,
          isOpt ? `${text}: type OPT` : `${text}: type ${typeShort(r.type)}, class ${className(r.class & 0x7fff)}`,
          r.name,
          to - r.name,
        );
        drawName(d, one, "Name", r.name, r.typeAt, text, undefined);
        if (isOpt) {
          row(one, "Type: OPT (41)", r.typeAt, 2);
          row(one, `UDP payload size: ${r.class}`, r.typeAt + 2, 2);
          row(one, `Higher bits in extended RCODE: 0x${(r.ttl >>> 24).toString(16).padStart(2, "0")}`, r.typeAt + 4, 1);
          row(one, `EDNS0 version: ${(r.ttl >>> 16) & 255}`, r.typeAt + 5, 1);
          row(one, `Z: 0x${(r.ttl & 0xffff).toString(16).padStart(4, "0")}`, r.typeAt + 6, 2);
        } else {
          drawType(d, one, r.typeAt, r.type, r.class, undefined);
          row(one, `Time to live: ${r.ttl} (${durationText(r.ttl)})`, r.typeAt + 4, 4);
        }
        row(one, `Data length: ${r.dataLength}`, r.typeAt + 8, 2);
        if (r.hasValue) drawData(d, one, r.type, r.data, r.dataLength, m, name);
        stretch(parent, one);
        after = to;
      },
    },
    bounds.statedEnd,
  );
  if (drawn > MOST_RECORDS)
    tree.generated(node, { text: `${drawn - MOST_RECORDS} more entries are not shown`, ...place });
  if (!complete)
    tree.expert(
      node,
      "error",
      "Malformed",
      bounds.statedEnd > end ? "The message was cut by the capture" : "The message ends inside something it announced",
    );
  if (after < end && drawn <= MOST_RECORDS)
    tree.add(node, {
      text: `${complete ? "Data after the message" : "Bytes that could not be read"}: ${shortHex(bytes, after, end)}`,
      at: after,
      length: end - after,
    });
  return node;
}

/** Makes a group as long as what lies in it. */
function stretch(group: OpenNode, last: OpenNode): void {
  group.length = Math.max(group.length, last.offset + last.length - group.offset);
}

function drawHeader(d: Drawing, node: OpenNode, m: DnsMessage, known: boolean): number {
  const { tree } = d;
  const p = m.start;
  const anonymous = known
    ? (f: typeof DNS_ID): typeof DNS_ID => f
    : (f: typeof DNS_ID): typeof DNS_ID => ({ ...f, name: "" });
  tree.field(node, p, anonymous(DNS_ID));
  const code = m.isResponse ? `, ${DNS_RCODES.get(m.rcode) ?? "Unknown error"}` : "";
  const kind = `${DNS_OPCODES.get(m.opcode) ?? "Unknown operation"}${m.isResponse ? " response" : ""}${code}`;
  const flags = tree.add(node, {
    text: `Flags: 0x${m.flags.toString(16).padStart(4, "0")} ${kind}`,
    at: p + 2,
    length: 2,
  });
  for (const { field, responseOnly } of DNS_FLAGS)
    if (!responseOnly || m.isResponse) tree.field(flags, p, anonymous(field));
  const here = m.end - m.start;
  // In a dynamic update (RFC 2136) the counts mean other things.
  const update = m.opcode === 5;
  const labels = ["Zones", "Prerequisites", "Updates", "Additional RRs"];
  DNS_COUNTS.forEach((field, i) => {
    if (fieldEnd(field) > here) return;
    tree.field(node, p, update ? { ...field, name: "", label: labels[i] ?? field.label } : anonymous(field));
  });
  return p + Math.min(here, 12);
}

function drawName(
  d: Drawing,
  parent: OpenNode,
  label: string,
  at: number,
  end: number,
  text: string,
  field: string | undefined,
): void {
  d.tree.add(parent, { text: `${label}: ${text}`, field, literal: textLiteral(text), at, length: end - at });
}

function drawType(
  d: Drawing,
  parent: OpenNode,
  at: number,
  type: number,
  classNumber: number,
  field: string | undefined,
): void {
  const names = DNS_TYPE_NAMES.get(type);
  const long = names && names[1] !== "" ? ` (${names[1]})` : "";
  d.tree.add(parent, {
    text: `Type: ${names?.[0] ?? "Unknown"}${long} (${type})`,
    field,
    literal: String(type),
    at,
    length: 2,
  });
  // The top bit is mDNS's: a unicast answer is welcome, or other records are to be forgotten (RFC 6762 section 10.2).
  const value = classNumber & 0x7fff;
  d.tree.add(parent, {
    text: `Class: ${className(value)} (0x${classNumber.toString(16).padStart(4, "0")})`,
    at: at + 2,
    length: 2,
  });
}

const TYPE_NS = 2;
const TYPE_SOA = 6;
const TYPE_PTR = 12;
const TYPE_MX = 15;
const TYPE_TXT = 16;
const TYPE_SRV = 33;

function drawData(
  d: Drawing,
  one: OpenNode,
  type: number,
  data: number,
  length: number,
  m: DnsMessage,
  name: (field: string) => string | undefined,
): void {
  const { tree } = d;
  const { bytes } = tree;
  const add = (text: string, at: number, size: number, field?: string, literal?: string): void => {
    tree.add(one, { text, field: field === undefined ? undefined : name(field), literal, at, length: size });
  };
  const target = (label: string, word: string, at: number, field?: string): number => {
    const text = dnsName(bytes, at, m);
    const end = dnsNameEnd(bytes, at, m);
    add(`${label}: ${text}`, at, Math.max(0, Math.min(end, data + length) - at), field, textLiteral(text));
    if (word !== "") one.text += `, ${word} ${text}`;
    return end;
  };
  if (type === DNS_TYPE_A && length === 4) {
    const address = formatIpv4(readUint(bytes, data, 4));
    one.text += `, addr ${address}`;
    add(`Address: ${address}`, data, 4, "dns.a", address);
  } else if (type === DNS_TYPE_AAAA && length === 16) {
    const address = formatIpv6(bytes, data);
    one.text += `, addr ${address}`;
    add(`AAAA Address: ${address}`, data, 16, "dns.aaaa", address);
  } else if (type === DNS_TYPE_CNAME) target("CNAME", "cname", data, "dns.cname");
  else if (type === TYPE_NS) target("Name Server", "ns", data);
  else if (type === TYPE_PTR) {
    target("Domain Name", "", data);
    one.text += `, ${dnsName(bytes, data, m)}`;
  } else if (type === TYPE_MX && length >= 3) {
    add(`Preference: ${readUint(bytes, data, 2)}`, data, 2);
    one.text += `, preference ${readUint(bytes, data, 2)}`;
    target("Mail Exchange", "mx", data + 2);
  } else if (type === TYPE_SRV && length >= 7) {
    ["Priority", "Weight", "Port"].forEach((label, i) => {
      const value = readUint(bytes, data + i * 2, 2);
      one.text += `, ${label.toLowerCase()} ${value}`;
      add(`${label}: ${value}`, data + i * 2, 2);
    });
    target("Target", "target", data + 6);
  } else if (type === TYPE_SOA) {
    let at = target("Primary name server", "mname", data);
    if (at >= 0 && at < data + length) at = target("Responsible authority's mailbox", "", at);
    const labels = ["Serial Number", "Refresh Interval", "Retry Interval", "Expire limit", "Minimum TTL"];
    labels.forEach((label, i) => {
      if (at < 0 || at + 4 > data + length) return;
      const value = readUint(bytes, at, 4);
      add(`${label}: ${value}${i === 0 ? "" : ` (${durationText(value)})`}`, at, 4);
      at += 4;
    });
  } else if (type === TYPE_TXT) {
    let at = data;
    while (at < data + length) {
      const size = Math.min(bytes[at] as number, data + length - at - 1);
      let text = "";
      for (let i = at + 1; i <= at + size; i++) {
        const b = bytes[i] as number;
        text += b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : "\ufffd";
      }
      add(`TXT Length: ${bytes[at]}`, at, 1);
      add(`TXT: ${text}`, at + 1, size);
      at += 1 + size;
    }
  } else add(`Data: ${shortHex(bytes, data, data + length)}`, data, length);
}
