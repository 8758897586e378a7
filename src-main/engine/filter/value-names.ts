/** What values of a field are called in filters: `ip.proto == TCP`. The names are those the details show. */
import { EXPERT_GROUPS, EXPERT_SEVERITIES } from "../fields/expert-fields";
import { DHCP_FIXED, TLS_RECORD } from "../layouts/application-layouts";
import { DNS_OPCODES, DNS_RCODES, DNS_TYPE_NAMES } from "../layouts/dns-names";
import { LAYOUTS } from "../layouts/layout-fields";
import type { BitField, NameTable } from "../layouts/layout";
import { ICMPV6_TYPES, ICMP_TYPES } from "../layouts/network-names";
import { TLS_HANDSHAKES } from "../layouts/tls-names";

let tables: Map<string, NameTable> | undefined;

/** By value; undefined for fields whose values have no names. */
export function valueNames(field: string): NameTable | undefined {
  if (!tables) {
    const dnsTypes = new Map([...DNS_TYPE_NAMES].map(([type, [short]]) => [type, short]));
    tables = new Map<string, NameTable>([
      ["icmp.type", ICMP_TYPES],
      ["icmpv6.type", ICMPV6_TYPES],
      ["dns.qry.type", dnsTypes],
      ["dns.resp.type", dnsTypes],
      ["dns.flags.rcode", DNS_RCODES],
      ["dns.flags.opcode", DNS_OPCODES],
      ["tls.handshake.type", TLS_HANDSHAKES],
      ["_ws.expert.severity", EXPERT_SEVERITIES],
      ["_ws.expert.group", EXPERT_GROUPS],
    ]);
    for (const layout of LAYOUTS) layout.fields.forEach((f) => addNames(tables as Map<string, NameTable>, f));
    for (const f of [...DHCP_FIXED, ...TLS_RECORD]) addNames(tables, f);
  }
  return tables.get(field);
}

function addNames(to: Map<string, NameTable>, field: BitField): void {
  if (field.name !== undefined && field.show.as === "names") to.set(field.name, field.show.names);
  field.children?.forEach((child) => addNames(to, child));
}
