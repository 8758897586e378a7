/**
 * A text notation for traffic: tests and fixtures say what was on the wire in lines a person can read.
 *
 * ```
 * start 2024-03-01T10:00:00Z                                      # time 0; this is the default
 * client = 10.244.1.11:47004   server = 10.96.10.20:80            # names for address[:port]; mac=… may follow each
 * node1 = 192.168.1.1   node2 = 192.168.1.2   pod = 10.244.2.5:8080
 * @veth0 = ethernet                                               # capture points; without any, one Ethernet interface
 * @eth0  = sll2 index=2 resolution=ns snap=128 description="node NIC"
 *
 * syn: 0.000 @veth0 client > server  tcp SYN mss=1460 ws=7 sackok
 *      0.0002 @eth0 seen syn dst=pod hops=1 vxlan(vni=1, node1 > node2)   # the same packet, NATed, one hop on, in a tunnel
 *      1.000 @veth0 again syn                                     # a retransmission: same bytes, new IP identification
 *      1.001 @veth0 server > client  tcp SYN,ACK
 *      1.002 @veth0 client > server  tcp PSH,ACK "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
 * ```
 * In code: traffic`…` (backslashes stay as written) or parseTraffic(text); then trafficToPcapng / trafficToPcap.
 *
 * ## A packet line
 * `[label:] TIME [@interface] A > B [tunnel(…) …] WHAT [content] [key=value | word …]`
 *
 * - TIME: seconds after the start, exact to the nanosecond; `+0.001` is after the packet line before. Lines may go back in time.
 * - A, B: a name, `name:port`, `10.0.0.1`, `10.0.0.1:80`, `fd00::1`, `[fd00::1]:80`.
 * - MACs are 02:00 and the last four bytes of the address unless said otherwise; `smac=` `dmac=` take a MAC or a name.
 *
 * ## WHAT
 * | what | its words |
 * |---|---|
 * | tcp FLAGS | FLAGS: SYN,ACK,… or none; seq= ack= win= mss= ws= sackok ts=VALUE,ECHO sack=L-R,… urg= |
 * | udp | |
 * | sctp | vtag= (the verification tag); chunks as hex: |
 * | icmp request, icmp reply | ident= seq= (ICMPv6 between IPv6 addresses) |
 * | icmp unreachable KIND quoting LABEL | KIND: net host protocol port admin; IPv6: no-route admin address port; quote=BYTES |
 * | icmp time-exceeded quoting LABEL, icmp too-big mtu= quoting LABEL | the quote is the labelled packet's innermost IP packet |
 * | icmp redirect quoting LABEL | the same; to no gateway of its own |
 * | arp request, arp reply | who-has B tell A; A is-at its MAC (told to B). A > A is gratuitous |
 * | nd solicit, nd advertise | the IPv6 counterpart |
 * | wireguard | receiver= counter= len=; opaque. Ports 51820 unless given |
 * | ip proto= | anything else in IP |
 *
 * TCP seq and ack are tracked per connection when left out (first ones: 1000, 5000). `seq=` also takes
 * `isn+1`, `next-1`, `next+1460` of the sender's own count; `ack=` and `sack=isn+1..isn+100` of the other side's. A `seen` line with a translation
 * makes both address pairs one connection: a reply may be written from the translated side.
 *
 * ## Content of tcp, udp, icmp, ip
 * | content | |
 * |---|---|
 * | "text" | \r \n \t \0 \\ \" \xNN; several are joined |
 * | hex:0102ff, len=1000 | bytes; filler |
 * | dns query ID TYPE NAME | "dns" alone stands for "udp dns" |
 * | dns answer ID TYPE NAME [ADDRESS …] [cname=TARGET] [rttl=30] | |
 * | dns nxdomain ID TYPE NAME, dns servfail … | |
 * | http METHOD TARGET host=HOST ["body"], http STATUS ["body"] | |
 * | tls hello sni= alpn=h2,http/1.1 | |
 * | dhcp TYPE xid= for=NAME-or-MAC your= server= requested= lease= mask= router= dns= host= | TYPE: discover offer request ack … |
 *
 * ## Tunnels and tags, outermost first, around the packet
 * | | inside them |
 * |---|---|
 * | vxlan(vni=1, A > B), geneve(vni=1, A > B, option=CLASS:TYPE:HEX) | Ethernet; sport= (default a hash of the inner flow) dport= checksum= lco (as Linux sums around an inner checksum=partial) |
 * | gretap(A > B, key= seq= csum), erspan(A > B, session=1, vlan= seq=) | Ethernet |
 * | gre(A > B, key= seq= csum), ipip(A > B), ipudp(A:port > B:port) | IP. ipudp: a TUN device behind socat |
 * | vlan(10), qinq(100, 10), mpls(16, 17), pppoe(1) | what was there |
 * Those with addresses also take ttl= id= df nodf tos= frag=; those with Ethernet inside also smac= dmac=.
 *
 * ## Words for any packet line
 * | | |
 * |---|---|
 * | ttl= id= tos= df nodf ipsum=wrong ipopts=HEX flow= ext=hop,routing,dst | the innermost IP header (DF is set and the identification counts up unless said otherwise) |
 * | frag=BYTES order=2,1 | cut into fragments of at most so much IP payload; order: which of them, in which order |
 * | checksum=right, wrong, partial, none, or a number | of the transport header |
 * | smac= dmac= pad=60 fcs | the outermost Ethernet header |
 * | snap=60 | captured length; the packet was longer |
 * | dir=in, dir=out comment="…" drops= packetid= queue= | pcapng options; dir also sets the packet type of a cooked capture; \x0c in a comment begins another one |
 *
 * ## The same packet again
 * - `seen LABEL …`: another sighting of the labelled packet, same identification; `src=` `dst=` (NAT), `ident=` (echo), `hops=1`
 *   (TTL less) change it, and so do the words above.
 * - `again LABEL …`: sent again, with a new identification.
 * Tunnels are those of this line, not of the labelled one. The line may have a label of its own.
 *
 * ## Other lines
 * `host ADDRESS NAME …` (name resolution), `counts @if received= dropped=` (interface statistics), comments from # on.
 */
import { collectChunks } from "../../src-shared/wire/write/capture-chunks";
import { PcapWriter } from "../../src-shared/wire/write/pcap";
import { PcapngWriter } from "../../src-shared/wire/write/pcapng";
import { defined, type Traffic } from "./traffic-model";
import { TrafficParser } from "./traffic-parser";
import { SourceLine } from "./traffic-text";

export type { Traffic } from "./traffic-model";
export { TrafficError } from "./traffic-text";

/** The notation as a template: traffic`0.0 10.0.0.1:1 > 10.0.0.2:2 udp "a\r\n"`. Backslashes stay for the notation to read. */
export function traffic(strings: TemplateStringsArray, ...values: readonly (string | number)[]): Traffic {
  return parseTraffic(String.raw(strings, ...values));
}

/** Throws a TrafficError that shows the line and points at the word. */
export function parseTraffic(text: string): Traffic {
  const parser = new TrafficParser();
  text.split(/\r?\n/).forEach((source, i) => {
    parser.readLine(new SourceLine(source, i + 1));
  });
  return parser.result();
}

export interface TrafficPcapngOptions {
  readonly bigEndian?: boolean;
  /** Comment of the section. */
  readonly comment?: string;
  readonly application?: string;
}

/** The traffic as one pcapng section: interfaces, host names, packets in the order of the lines, statistics. */
export function trafficToPcapng(given: Traffic, options: TrafficPcapngOptions = {}): Uint8Array {
  return collectChunks((sink) => {
    const writer = new PcapngWriter(sink);
    appendTraffic(writer, given, options);
    writer.flush();
  });
}

/** As trafficToPcapng, as a further section of a file being written. */
export function appendTraffic(writer: PcapngWriter, given: Traffic, options: TrafficPcapngOptions = {}): void {
  writer.beginSection({
    bigEndian: options.bigEndian === true,
    ...defined("application", options.application),
    ...(options.comment === undefined ? {} : { comments: [options.comment] }),
  });
  for (const one of given.interfaces) {
    writer.addInterface({
      linkType: one.linkType,
      snapLength: one.snapLength,
      resolution: one.resolution,
      ...defined("name", one.name),
      ...defined("description", one.description),
      ...defined("timeOffsetSeconds", one.timeOffsetSeconds),
    });
  }
  if (given.hosts.length > 0) writer.nameResolution({ records: given.hosts });
  for (const packet of given.packets) {
    writer.packet({
      interfaceId: packet.interfaceId,
      time: packet.time,
      bytes: packet.bytes.subarray(0, packet.capturedLength),
      originalLength: packet.bytes.length,
      ...(packet.comment === undefined ? {} : { comments: packet.comment.split("\f") }),
      ...defined("flags", packet.flags),
      ...defined("dropCount", packet.drops),
      ...defined("packetId", packet.packetId),
      ...defined("queue", packet.queue),
    });
  }
  for (const counts of given.counts) {
    writer.statistics({
      interfaceId: counts.interfaceId,
      time: counts.time,
      ...defined("received", counts.received),
      ...defined("dropped", counts.dropped),
    });
  }
}

/** The traffic as classic pcap. Throws a RangeError if its interfaces have different link types: such a file cannot hold them. */
export function trafficToPcap(
  given: Traffic,
  options: { readonly resolution?: "us" | "ns"; readonly bigEndian?: boolean } = {},
): Uint8Array {
  const linkTypes = new Set(given.interfaces.map((one) => one.linkType));
  const [linkType = 1] = linkTypes;
  if (linkTypes.size > 1)
    throw new RangeError(`a pcap file has one link type, not ${[...linkTypes].join(" and ")}: write pcapng`);
  return collectChunks((sink) => {
    const writer = new PcapWriter(sink, {
      linkType,
      resolution: options.resolution ?? "us",
      bigEndian: options.bigEndian === true,
    });
    for (const packet of given.packets) {
      writer.packet({
        time: packet.time,
        bytes: packet.bytes.subarray(0, packet.capturedLength),
        originalLength: packet.bytes.length,
      });
    }
    writer.flush();
  });
}
