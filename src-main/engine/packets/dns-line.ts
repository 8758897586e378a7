/** A line about DNS, mDNS and LLMNR messages: what is asked, then the records of all sections, as Wireshark lists them. */
import { formatIpv4, formatIpv6 } from "../../../src-shared/model/address";
import { LAYER_UDP } from "../../../src-shared/model/layer-kind";
import {
  type DnsMessage,
  type DnsQuestion,
  type DnsRecord,
  visitDns,
  visitDnsOverTcp,
} from "../../../src-shared/wire/dns";
import { dnsName } from "../../../src-shared/wire/dns-name";
import { readUint } from "../fields/field";
import type { Batch } from "../kernel/batch";
import { DNS_OPCODES, DNS_RCODES, DNS_TYPE_NAMES } from "../layouts/dns-names";

const MDNS_PORT = 5353;
const LLMNR_PORT = 5355;
/** Characters of a line: more is never looked at. */
const LONGEST_LINE = 4000;

const TYPE_A = 1;
const TYPE_SOA = 6;
const TYPE_MX = 15;
const TYPE_AAAA = 28;
const TYPE_SRV = 33;
const TYPE_NSEC = 47;
const TYPE_ANY = 255;
/** Types whose data is a name: NS, CNAME, SOA (its first), MB, MG, MR, PTR, DNAME, NSEC (its first). */
const NAMED: ReadonlySet<number> = new Set([2, 3, 4, 5, TYPE_SOA, 7, 8, 9, 12, 39, TYPE_NSEC]);

export interface DnsLine {
  readonly protocol: string;
  /** "" where not even the message's head is there. */
  readonly info: string;
}

export function dnsLine(batch: Batch, row: number): DnsLine {
  const { bytes } = batch;
  const p = batch.layerPtr[row] as number;
  const end = batch.layerEnd[row] as number;
  const udp = batch.layerKind[row - 1] === LAYER_UDP;
  const port = udp ? (batch.layerPtr[row - 1] as number) : -1;
  const uses = (n: number): boolean =>
    port >= 0 && (readUint(bytes, port, 2) === n || readUint(bytes, port + 2, 2) === n);
  const multicast = uses(MDNS_PORT);
  let head = "";
  let body = "";
  const visitor = {
    message(m: DnsMessage): void {
      // Several messages of a segment: the first leads.
      if (head !== "") return;
      const code = m.isResponse && m.rcode > 0 ? ` ${DNS_RCODES.get(m.rcode) ?? `Unknown error (${m.rcode})`}` : "";
      const operation = DNS_OPCODES.get(m.opcode) ?? `Unknown operation (${m.opcode})`;
      head = `${operation}${m.isResponse ? " response" : ""} 0x${m.id.toString(16).padStart(4, "0")}${code}`;
    },
    question(q: DnsQuestion, m: DnsMessage): void {
      if (body.length > LONGEST_LINE) return;
      body += ` ${typeName(q.type)} ${dnsName(bytes, q.name, m)}`;
      // RFC 6762 section 5.4: a unicast answer is welcome.
      if (multicast) body += q.class & 0x8000 ? `, "QU" question` : `, "QM" question`;
    },
    record(r: DnsRecord, m: DnsMessage): void {
      if (body.length > LONGEST_LINE) return;
      body += ` ${typeName(r.type)}`;
      if (multicast && r.class & 0x8000 && r.type !== 41) body += ", cache flush";
      if (r.hasValue) body += recordValue(bytes, r, m);
    },
  };
  if (udp) visitDns(bytes, p, end, visitor, p + (batch.layerLength[row] as number));
  else visitDnsOverTcp(bytes, p, end, visitor);
  return { protocol: multicast ? "MDNS" : uses(LLMNR_PORT) ? "LLMNR" : "DNS", info: head && head + body };
}

const typeName = (type: number): string =>
  type === TYPE_ANY ? "ANY" : (DNS_TYPE_NAMES.get(type)?.[0] ?? `Unknown (${type})`);

/** What stands behind a record's type, with a blank in front; "" for types that say nothing in a line. */
function recordValue(bytes: Uint8Array, r: DnsRecord, m: DnsMessage): string {
  const at = r.data;
  if (NAMED.has(r.type)) return ` ${dnsName(bytes, at, m)}`;
  switch (r.type) {
    case TYPE_A:
      return ` ${formatIpv4(readUint(bytes, at, 4))}`;
    case TYPE_AAAA:
      return ` ${formatIpv6(bytes, at)}`;
    case TYPE_MX:
      return ` ${readUint(bytes, at, 2)} ${dnsName(bytes, at + 2, m)}`;
    case TYPE_SRV:
      return ` ${readUint(bytes, at, 2)} ${readUint(bytes, at + 2, 2)} ${readUint(bytes, at + 4, 2)} ${dnsName(bytes, at + 6, m)}`;
    default:
      return "";
  }
}
