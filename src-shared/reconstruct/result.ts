/**
 * What joining gives: capture points with roles, the clocks of the files, every sighting, the connections they form, and the
 * journeys of one connection's packets. The words are those of the glossary (docs/ARCHITECTURE.md, "Words").
 *
 * ```
 * sighting  row of SightingColumns: one network-layer packet seen once
 *    │  many rows
 *    ▼
 * journey   all sightings of the same network-layer packet, in hop order        built on demand, per connection
 *    │  many
 *    ▼
 * connection  one end-to-end conversation through every translation and carrier   built on demand, by index
 * ```
 *
 * A recording may hold millions of connections, so they are no array of objects: `connection(i)` builds one when asked.
 */
import type { PointRole } from "../model/point-role";

/** An address (RFC 5952 text) and a port. ICMP echo: the identifier is the client's port, the server's is 0. */
export interface Endpoint {
  readonly ip: string;
  readonly port: number;
}

/** A side of a connection and where it lives; null: the given files do not show it. */
export interface PlacedEndpoint extends Endpoint {
  /** "namespace/name" when told by a cluster file or the capture; a name such as "pod 10.0.1.5" is never made up. */
  readonly pod: string | null;
  readonly node: string | null;
  /** Of what is no pod: as a capture's name resolution calls it, or a container's name. Hostile text. */
  readonly name?: string;
  /** Containers and processes that comments or interfaces tell, "a or b". Hostile text. */
  readonly container?: string;
  readonly process?: string;
  /** What told the names, if that was no cluster file and no name resolution. */
  readonly namedBy?: ToldBy;
}

/** Comments of packets, or the description of an interface, as other tools write them. */
export type ToldBy = "comment" | "interface";

/** One interface of one capture file. Index in `JoinResult.points` = the point's number in sightings and paths. */
export interface Point {
  /** "n1.pcapng#2" */
  readonly id: string;
  /** Index of the file in the workspace, and its base name. */
  readonly fileIndex: number;
  readonly file: string;
  readonly interface: string | null;
  readonly role: PointRole;
  /** Why this role: "name", "link-type", "tunnel end point", "traffic" …; told by a person: "told". */
  readonly roleEvidence: readonly string[];
  /** Machine the point is on: node name if told, else inferred ("n1" from the file, or the node's address); null: unknown. */
  readonly node: string | null;
  /** Index in `topology.machines`; points with the same one share a clock. */
  readonly machine: number;
  readonly namespace: string | null;
  /** The pod whose NIC it is, or whose veth; null: none or unknown. */
  readonly pod: string | null;
  /** The pod's address when role is pod-nic or host-veth and traffic shows it. */
  readonly podAddress: string | null;
  readonly packets: number;
}

/** Clock of a file against the reference file (the one that shares most packets with others). */
export interface ClockOffset {
  readonly fileIndex: number;
  readonly file: string;
  /** Seconds to add to this file's times to get the reference's; times are never rewritten. */
  readonly seconds: number;
  /** Half the range the two-way packets leave open; 0 when told; null when nothing ties the file to another. */
  readonly errorSeconds: number | null;
  /** Drift in parts per million where long recordings show one. */
  readonly driftPpm: number;
  readonly source: "reference" | "estimated" | "told" | "unknown";
  /** Packet pairs the estimate rests on. */
  readonly pairs: number;
}

/** Where one sighting is: times are those of the file, uncorrected. */
export interface Sightings {
  /** Rows; every non-quoted network layer of every packet has one, quoted headers of ICMP errors have one each. */
  readonly count: number;
  /** Index of the packet over the workspace in reading order; its frame.number in its file. */
  packet(row: number): number;
  file(row: number): number;
  frameNumber(row: number): number;
  point(row: number): number;
  seconds(row: number): number;
  nanoseconds(row: number): number;
  /** Nanoseconds on the reference clock from `JoinResult.baseSeconds` on (offset and drift applied): for differences and order. */
  alignedNs(row: number): number;
  /** 1: outermost network layer of its packet. */
  depth(row: number): number;
  /** Row of the network layer that carries this one in the same packet; -1 none. */
  carrier(row: number): number;
  /** The network layer lies in an ICMP error: it quotes an earlier packet. */
  quoted(row: number): boolean;
  /** It carries another network layer (tunnel). */
  carries(row: number): boolean;
  ipVersion(row: number): 4 | 6;
  source(row: number): string;
  destination(row: number): string;
  /** 0 where the protocol has none or the header was cut. */
  sourcePort(row: number): number;
  destinationPort(row: number): number;
  /** IP protocol number of the transport. */
  protocol(row: number): number;
  ttl(row: number): number;
  /** IPv4 identification; 0 for IPv6 without a fragment header. */
  identification(row: number): number;
  dontFragment(row: number): boolean;
  fragment(row: number): boolean;
  /** Bytes of the IP packet as its header states. */
  ipLength(row: number): number;
  /** Transport payload bytes as the headers state. */
  payloadLength(row: number): number;
  /** FIN 1 SYN 2 RST 4 PSH 8 ACK 16; 0 for others. */
  tcpFlags(row: number): number;
  tcpSeq(row: number): number;
  tcpAck(row: number): number;
  /** 0: no timestamp option. */
  tcpTsval(row: number): number;
  /** ICMP type << 8 | code, -1 for others. */
  icmpTypeCode(row: number): number;
  /** Tunnel that carries it: kind, VNI; null: none. */
  tunnel(
    row: number,
  ): { readonly kind: EncapsulationKind; readonly vni: number | null; readonly port: number | null } | null;
  /** Connection the sighting belongs to; -1 none (see Accounting). */
  connection(row: number): number;
}

export type EncapsulationKind =
  "vxlan" | "geneve" | "gre" | "gtpu" | "ipip" | "6in4" | "4in6" | "6in6" | "ip-udp" | "wireguard" | "esp";

export interface Encapsulation {
  readonly kind: EncapsulationKind;
  /** VNI or key; null where the kind has none. */
  readonly vni: number | null;
  /** UDP destination port; null for IP protocols. */
  readonly port: number | null;
  /** As sent from the client's side. */
  readonly outer: { readonly src: string; readonly dst: string };
}

/** What shows that two sightings are the same packet. A join without one is a defect. */
export type Evidence =
  | "tcp-seq"
  | "tcp-ack"
  | "tcp-timestamp"
  | "payload"
  | "ip-id"
  | "dns-id"
  | "icmp-seq"
  | "byte-range"
  | "quoted-header"
  /** An ICMP error quotes the translated header. */
  | "icmp-quote"
  | "time-order"
  | "conntrack";

export interface Translation {
  readonly kind: "dnat" | "snat" | "icmp-id";
  /** The address that changed, before and after, in the direction client to server. */
  readonly from: Endpoint;
  readonly to: Endpoint;
  /** Last point before and first point after it, client to server; null: not seen on that side. */
  readonly between: readonly [number | null, number | null];
  readonly node: string | null;
  readonly evidence: readonly Evidence[];
  /** Packets that show it. */
  readonly packets: number;
}

export type ConnectionKind =
  | "container-to-container"
  | "pod-to-pod"
  | "node-to-pod"
  | "pod-to-node"
  | "node-to-node"
  | "pod-to-service"
  | "node-to-service"
  | "external-to-service"
  | "egress"
  | "external-to-pod"
  | "external"
  | "unknown";

/** A name that was looked up, all its questions folded into one: search domains, A and AAAA. Names are hostile text. */
export interface DnsLookup {
  /** What was asked for, without search domains. */
  readonly name: string;
  /** The name that was answered. */
  readonly answeredAs: string;
  /** Names that were tried before, and how each ended. */
  readonly tried: readonly { readonly name: string; readonly result: string }[];
  /** "A", "AAAA" … */
  readonly types: readonly string[];
  /** CNAME: names that stand in its place, in order. */
  readonly aliases: readonly string[];
  readonly addresses: readonly string[];
}

/** A connection that belongs with another one: DNS lookup → connection, Ingress leg → leg. */
export interface RelatedConnection {
  readonly relation: "dns-lookup" | "dns-for" | "ingress-to" | "ingress-from";
  /** Index of the other connection. */
  readonly connection: number;
  /** In words, with the evidence. */
  readonly detail: string;
  /** Another one fits as well; all of them are listed. */
  readonly ambiguous: boolean;
  /** Of DNS relations. */
  readonly lookup?: DnsLookup;
}

export interface Connection {
  /** Stable for the same input. */
  readonly id: string;
  readonly index: number;
  readonly protocol: "tcp" | "udp" | "icmp" | "icmpv6" | "sctp" | "other";
  readonly protocolNumber: number;
  readonly kind: ConnectionKind;
  readonly locality: "same-node" | "cross-node" | "outside" | "unknown";
  readonly hairpin: boolean;
  readonly client: PlacedEndpoint;
  /** What the client addressed; null: the files show the packets only behind the translation. */
  readonly requested: Endpoint | null;
  readonly server: PlacedEndpoint;
  readonly seenByServerAs: Endpoint | null;
  /** "namespace/name" if told; else null (a Service address inferred from DNAT is in `topology.services`). */
  readonly service: string | null;
  readonly translations: readonly Translation[];
  readonly encapsulations: readonly Encapsulation[];
  /** Capture points in hop order that most data packets crossed, client to server; indices into points. */
  readonly path: readonly number[];
  readonly returnPath: readonly number[];
  readonly otherPaths: number;
  /** Row of the first and last sighting by aligned time. */
  readonly firstSighting: number;
  readonly lastSighting: number;
  readonly firstTime: string;
  readonly lastTime: string;
  readonly sightings: number;
  /** Journeys: network-layer packets as sent. */
  readonly distinct: number;
  /** Journeys that were not seen at a later point of the path where they were to be expected, while it was recorded. */
  readonly missing: number;
  readonly retransmissions: number;
  readonly bytesFromClient: number;
  readonly bytesFromServer: number;
  /** Zeek's conn_state at the point that saw most of it. */
  readonly state: string;
  readonly ambiguous: boolean;
  /** Indices of the connections that are equally good as the other half of this one. */
  readonly alternatives: readonly number[];
  /** "node" "pod" "service" "kind" "direction": inferred, not told. */
  readonly inferred: readonly string[];
  /** What connection tracking told and the packets do not show: "client" "requested". */
  readonly told: readonly ("client" | "requested")[];
  /** Evidence of the joins between its flows. */
  readonly evidence: readonly Evidence[];
  /** Connections this one belongs with. */
  readonly related: readonly RelatedConnection[];
}

export interface Journey {
  /** Number within the connection, from 0, by time of the first sighting. */
  readonly index: number;
  readonly direction: "to-server" | "to-client";
  /** Rows in hop order. With segmentation offload several rows at one point: the pieces. */
  readonly sightings: readonly number[];
  /** Capture points in hop order, each once in a row. */
  readonly points: readonly number[];
  /** Index of the journey whose bytes this one sends again; -1 none. */
  readonly retransmissionOf: number;
  /** The first point of the path behind the last one seen that was recorded then; -1: seen all the way, or nobody looked. */
  readonly missingAt: number;
  /** Last point it was seen at. */
  readonly lastSeen: number;
  /** Points that saw it more often than the path explains (delivered twice). */
  readonly duplicates: number;
  /** Of the payload of the connection, counted once. */
  readonly payloadLength: number;
  readonly evidence: readonly Evidence[];
}

/** Where each sighting went: the numbers add up to `sightings`. */
export interface Accounting {
  readonly packets: number;
  /** Packets without any network layer that was understood, by reason: "arp", "cut short", "not decoded", "other protocol". */
  readonly withoutNetworkLayer: Readonly<Record<string, number>>;
  readonly sightings: number;
  /** In a connection, seen at two points or more. */
  readonly joined: number;
  /** In a connection, seen at one point only, by reason: "one capture point", "no other point saw it", "ambiguous". */
  readonly alone: Readonly<Record<string, number>>;
  /** Outer headers of tunnels: they carry, they are in no connection of their own. */
  readonly carriers: number;
  /** Quoted headers of ICMP errors, tied to the packet they complain about or not. */
  readonly quotedTied: number;
  readonly quotedUntied: number;
}

/** A machine: points of one clock. Node, router, outside host. */
export interface Machine {
  readonly name: string;
  readonly nameSource: "told" | "file" | "address";
  readonly kind: "node" | "router" | "outside" | "unknown";
  /** Addresses it owns (node addresses, tunnel end points, bridge addresses). */
  readonly addresses: readonly string[];
  readonly points: readonly number[];
}

export interface AddressPlace {
  readonly network: "node" | "pod" | "service" | "outside" | "unknown";
  readonly pod: string | null;
  readonly node: string | null;
  /** "told" by a cluster file or capture, "inferred" from traffic. */
  readonly source: "told" | "inferred";
}

export interface Topology {
  readonly machines: readonly Machine[];
  /** What an address is, as far as it is known. */
  place(address: string): AddressPlace | null;
  /** Service addresses: told, or inferred from DNAT. */
  readonly services: readonly {
    readonly name: string | null;
    readonly endpoint: Endpoint;
    readonly protocol: string;
    readonly backends: readonly Endpoint[];
    readonly source: "told" | "inferred";
  }[];
}

export interface JoinResult {
  readonly points: readonly Point[];
  readonly clocks: readonly ClockOffset[];
  readonly topology: Topology;
  readonly sightings: Sightings;
  /** Seconds since the epoch that `alignedNs` counts from. */
  readonly baseSeconds: number;
  readonly connectionCount: number;
  /** Builds connection `index`, 0 … connectionCount - 1, ordered by first time. */
  connection(index: number): Connection;
  /** The same without what is related to it: `related` is empty. */
  unrelated(index: number): Connection;
  /** The same as its packets alone show it, without what connection tracking told. */
  shown(index: number): Connection;
  /** Its id, without building it. */
  connectionId(index: number): string;
  /** Whether its packets show translations, without building it. */
  isTranslated(index: number): boolean;
  /** Its packets, joined; ordered by time of the first sighting. */
  journeys(index: number): readonly Journey[];
  /** Rows of quoted headers (ICMP errors) that complain about packets of this connection. */
  complaints(index: number): readonly number[];
  readonly accounting: Accounting;
}
