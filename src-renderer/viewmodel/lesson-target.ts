/** What is selected, as a lesson keeps it: by content, so that it is found in the recording wherever its packets come to lie. */
import type { ConnectionJson } from "../../src-shared/contract/join";
import type { DetailNode, PacketDetails } from "../../src-shared/contract/results";
import type { ConnectionPredicate } from "../../src-shared/lessons/lesson";

/** In their order; the innermost occurrence of each is what people mean. */
const TELLING = [
  "ip.src",
  "ip.dst",
  "ipv6.src",
  "ipv6.dst",
  "arp.opcode",
  "arp.dst.proto_ipv4",
  "icmp.type",
  "icmp.seq",
  "udp.srcport",
  "udp.dstport",
  "dns.id",
  "dns.qry.name",
  "tcp.srcport",
  "tcp.dstport",
  "tcp.flags",
  "tcp.seq_raw",
];

/** A filter that finds the packet by what it says: addresses, ports, sequence numbers; and by the interface it was seen at. */
export function packetFilterOf(packet: PacketDetails): string {
  const found = new Map<string, string>();
  const collect = (nodes: readonly DetailNode[]): void => {
    for (const { field, literal, children } of nodes) {
      if (field !== null && literal !== null && TELLING.includes(field)) found.set(field, literal);
      if (field === "frame.interface_name" && literal !== null) found.set(field, literal);
      collect(children);
    }
  };
  collect(packet.tree);
  const parts = ["frame.interface_name", ...TELLING].flatMap((field) => {
    const literal = found.get(field);
    return literal === undefined ? [] : [`${field} == ${literal}`];
  });
  return parts.length > 0 ? parts.join(" && ") : `frame.number == ${packet.number}`;
}

/** What tells the connection from others: kind and ends; not its id, which depends on the captures that are open. */
export function connectionPredicateOf(connection: ConnectionJson): ConnectionPredicate {
  const { protocol, kind, client, requested, server } = connection;
  return {
    protocol,
    kind,
    "client.ip": client.ip,
    "client.port": client.port,
    ...(requested ? { "requested.ip": requested.ip, "requested.port": requested.port } : { "server.ip": server.ip }),
  };
}
