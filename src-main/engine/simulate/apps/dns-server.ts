/**
 * DNS servers: the cluster's, which knows Services and pods, and plain ones with a table of names.
 *
 * ```
 * web.default.svc.cluster.local      A 10.96.0.10           ClusterIP
 * db.default.svc.cluster.local       A 10.244.1.5, A …      headless: the pods themselves
 * ext.default.svc.cluster.local      CNAME www.example.org  ExternalName, and what that name has
 * ```
 * AAAA is answered where there are IPv6 addresses; of a name that exists without any it is an answer without records; a name nobody has is NXDOMAIN (RFC 2308).
 */
import {
  DNS_NXDOMAIN,
  DNS_PORT,
  type DnsRecord,
  dnsResponse,
  type DnsType,
} from "../../../../src-shared/wire/write/dns";
import { DNS_TYPE_A, DNS_TYPE_AAAA, visitDns } from "../../../../src-shared/wire/dns";
import { dnsName } from "../../../../src-shared/wire/dns-name";
import { formatIpv6 } from "../../../../src-shared/model/address";
import { addressBytes } from "../../../../src-shared/model/ip-range";
import type { Namespace, UdpSocket } from "../network/api/namespaces";
import { baseOf, namespaceOf } from "../world/names";
import { clusterIps, type ClusterState, endpointsOf } from "../world/world";
import { messageBytes } from "./payload";

export interface DnsQuestionRead {
  readonly id: number;
  readonly name: string;
  readonly type: number;
  readonly response: boolean;
  readonly rcode: number;
  /** Of A and AAAA records. */
  readonly addresses: readonly string[];
}

/** Undefined if it is no DNS message with a question. */
export function readDnsMessage(bytes: Uint8Array): DnsQuestionRead | undefined {
  let read: Omit<DnsQuestionRead, "addresses"> | undefined;
  const addresses: string[] = [];
  visitDns(bytes, 0, bytes.length, {
    question: (question, message) => {
      read ??= {
        id: message.id,
        name: dnsName(bytes, question.name, message).toLowerCase(),
        type: question.type,
        response: message.isResponse,
        rcode: message.rcode,
      };
    },
    record: (record) => {
      if (record.type === DNS_TYPE_A && record.dataLength === 4)
        addresses.push(Array.from(bytes.subarray(record.data, record.data + 4)).join("."));
      if (record.type === DNS_TYPE_AAAA && record.dataLength === 16) addresses.push(formatIpv6(bytes, record.data));
    },
  });
  return read && { ...read, addresses };
}

/** What a name has: addresses, another name, both (the other name's addresses), or undefined: there is no such name. */
export interface NameRecords {
  readonly alias?: string;
  readonly addresses: readonly string[];
}

export function serveDns(
  namespace: Namespace,
  zone: string,
  lookUp: (name: string) => NameRecords | undefined,
): UdpSocket {
  return namespace.udp({
    port: DNS_PORT,
    onDatagram: ({ payload, from, to }, socket) => {
      const question = readDnsMessage(payload);
      if (!question || question.response) return;
      socket.send(answer(question, zone, lookUp(question.name)), from, to.address);
    },
  });
}

function answer(question: DnsQuestionRead, zone: string, found: NameRecords | undefined): Uint8Array {
  const type: DnsType = question.type === DNS_TYPE_AAAA ? "AAAA" : "A";
  const { name } = question;
  const answers: DnsRecord[] = [];
  const owner = found?.alias ?? name;
  if (found?.alias !== undefined) answers.push({ name, type: "CNAME", target: found.alias });
  for (const address of found?.addresses ?? [])
    if (address.includes(":") === (type === "AAAA")) answers.push({ name: owner, type, address });
  const empty = answers.every((record) => record.type === "CNAME");
  return messageBytes(
    dnsResponse({
      id: question.id,
      name,
      type,
      authoritative: true,
      ...(found === undefined && { rcode: DNS_NXDOMAIN }),
      answers,
      // Without an answer the zone's SOA says how long to remember that (RFC 2308 section 3).
      ...(empty && {
        authority: [
          {
            name: zone,
            type: "SOA",
            primary: `ns.dns.${zone}`,
            mailbox: `hostmaster.${zone}`,
            serial: 1,
            negativeTtl: 30,
          },
        ],
      }),
    }),
  );
}

/** Names of a table: an address, or another name of the table. */
export function tableLookUp(table: Readonly<Record<string, string>>): (name: string) => NameRecords | undefined {
  return (name) => {
    const value = Object.hasOwn(table, name) ? table[name] : undefined;
    if (value === undefined) return undefined;
    if (addressBytes(value)) return { addresses: [value] };
    const behind = Object.hasOwn(table, value) ? table[value] : undefined;
    return { alias: value, addresses: behind !== undefined && addressBytes(behind) ? [behind] : [] };
  };
}

/** Names of a cluster, then the table of outside names. */
export function clusterLookUp(cluster: ClusterState): (name: string) => NameRecords | undefined {
  const outside = tableLookUp(cluster.spec.dns?.external ?? {});
  return (name) => {
    const suffix = `.svc.${cluster.domain}`;
    if (!name.endsWith(suffix)) return outside(name);
    const labels = name.slice(0, -suffix.length).split(".");
    const service = [...cluster.services.values()].find(
      (s) => baseOf(s.name) === labels.at(-2) && namespaceOf(s.name) === labels.at(-1),
    );
    if (!service || labels.length > 3) return undefined;
    if (service.spec.type === "ExternalName" && service.spec.externalName !== undefined)
      return { alias: service.spec.externalName, addresses: outside(service.spec.externalName)?.addresses ?? [] };
    const [port] = service.ports;
    const pods = port ? endpointsOf(service, port) : [];
    // POD.SERVICE.NAMESPACE names one pod of a headless Service.
    if (labels.length === 3) {
      const one = pods.filter(({ pod }) => baseOf(pod.name) === labels[0]);
      return service.spec.headless === true && one.length > 0 ? { addresses: one.map((e) => e.address) } : undefined;
    }
    const own = clusterIps(service);
    return { addresses: own.length === 0 ? pods.map((e) => e.address) : own };
  };
}
