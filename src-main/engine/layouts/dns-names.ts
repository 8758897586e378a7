/** Names of numbers in DNS messages, as Wireshark 4.0 writes them. */
import { nameTable } from "./layout";

export const DNS_TYPE_NAMES: ReadonlyMap<number, readonly [short: string, long: string]> = new Map([
  [1, ["A", "Host Address"]],
  [2, ["NS", "authoritative Name Server"]],
  [5, ["CNAME", "Canonical NAME for an alias"]],
  [6, ["SOA", "Start Of a zone of Authority"]],
  [12, ["PTR", "domain name PoinTeR"]],
  [13, ["HINFO", "host information"]],
  [15, ["MX", "Mail eXchange"]],
  [16, ["TXT", "Text strings"]],
  [28, ["AAAA", "IPv6 Address"]],
  [33, ["SRV", "Server Selection"]],
  [35, ["NAPTR", "Naming Authority Pointer"]],
  [41, ["OPT", ""]],
  [43, ["DS", "Delegation Signer"]],
  [46, ["RRSIG", ""]],
  [47, ["NSEC", ""]],
  [48, ["DNSKEY", ""]],
  [50, ["NSEC3", ""]],
  [64, ["SVCB", "General Purpose Service Endpoints"]],
  [65, ["HTTPS", "HTTPS Specific Service Endpoints"]],
  [252, ["AXFR", "transfer of an entire zone"]],
  [255, ["*", "A request for all records the server/cache has available"]],
  [257, ["CAA", "Certification Authority Restriction"]],
]);

export const DNS_CLASSES = nameTable([
  [1, "IN"],
  [3, "CH"],
  [4, "HS"],
  [254, "NONE"],
  [255, "ANY"],
]);

export const DNS_OPCODES = nameTable([
  [0, "Standard query"],
  [1, "Inverse query"],
  [2, "Server status request"],
  [4, "Zone change notification"],
  [5, "Dynamic update"],
]);

export const DNS_RCODES = nameTable([
  [0, "No error"],
  [1, "Format error"],
  [2, "Server failure"],
  [3, "No such name"],
  [4, "Not implemented"],
  [5, "Refused"],
  [6, "Name exists"],
  [7, "RRset exists"],
  [8, "RRset does not exist"],
  [9, "Not authoritative"],
  [10, "Name out of zone"],
]);

/** "AAAA", "type 99" */
export function dnsTypeName(type: number): string {
  return DNS_TYPE_NAMES.get(type)?.[0] ?? `type ${type}`;
}

/** "no such name", "error 23": within a sentence. */
export function dnsResultName(rcode: number): string {
  return DNS_RCODES.get(rcode)?.toLowerCase() ?? `error ${rcode}`;
}
