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
 * | icmp request, icmp reply | ident= seq= (ICMPv6 between IPv6 addresses) |
 * | icmp unreachable KIND quoting LABEL | KIND: net host protocol port admin; IPv6: no-route admin address port; quote=BYTES |
 * | icmp time-exceeded quoting LABEL, icmp too-big mtu= quoting LABEL | the quote is the labelled packet's innermost IP packet |
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
 * | vxlan(vni=1, A > B), geneve(vni=1, A > B, option=CLASS:TYPE:HEX) | Ethernet; sport= (default a hash of the inner flow) dport= checksum= |
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
 * | dir=in, dir=out comment="…" drops= packetid= queue= | pcapng options; dir also sets the packet type of a cooked capture |
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
import { type Address, parseHex, parseIp, parseMac } from "../../src-shared/wire/write/address";
import { ARP_REPLY, ARP_REQUEST, arp } from "../../src-shared/wire/write/arp";
import { collectChunks } from "../../src-shared/wire/write/capture-chunks";
import { type CaptureTime, MICROSECONDS, NANOSECONDS, type Resolution } from "../../src-shared/wire/write/capture-time";
import type { Checksum } from "../../src-shared/wire/write/checksum";
import { DHCP_MESSAGE_TYPES, dhcp } from "../../src-shared/wire/write/dhcp";
import {
  DNS_NXDOMAIN,
  DNS_SERVFAIL,
  DNS_TYPES,
  type DnsRecord,
  type DnsType,
  dnsQuery,
  dnsResponse,
} from "../../src-shared/wire/write/dns";
import { ethernet, MAC_BROADCAST, qinq, vlan } from "../../src-shared/wire/write/ethernet";
import { fragmentLayers } from "../../src-shared/wire/write/fragment";
import { geneve, type GeneveOption } from "../../src-shared/wire/write/geneve";
import { erspan, gre } from "../../src-shared/wire/write/gre";
import { httpRequest, httpResponse } from "../../src-shared/wire/write/http";
import {
  icmpEchoReply,
  icmpEchoRequest,
  icmpFragmentationNeeded,
  icmpTimeExceeded,
  icmpUnreachable,
} from "../../src-shared/wire/write/icmp";
import {
  icmpv6EchoReply,
  icmpv6EchoRequest,
  icmpv6PacketTooBig,
  icmpv6TimeExceeded,
  icmpv6Unreachable,
  neighbourAdvertisement,
  neighbourSolicitation,
} from "../../src-shared/wire/write/icmpv6";
import { ipv4 } from "../../src-shared/wire/write/ipv4";
import { destinationOptions, hopByHop, ipv6, routing } from "../../src-shared/wire/write/ipv6";
import { buildPacket, type Layer } from "../../src-shared/wire/write/layer";
import {
  ARPHRD_ETHER,
  PACKET_BROADCAST,
  PACKET_HOST,
  PACKET_MULTICAST,
  PACKET_OUTGOING,
  sll,
  sll2,
} from "../../src-shared/wire/write/linux-cooked";
import { mpls } from "../../src-shared/wire/write/mpls";
import { nullLoopback, openBsdLoopback } from "../../src-shared/wire/write/null-loop";
import { filler, payload } from "../../src-shared/wire/write/payload";
import { PcapWriter } from "../../src-shared/wire/write/pcap";
import { type PacketFlags, PcapngWriter } from "../../src-shared/wire/write/pcapng";
import { ppp, pppoe } from "../../src-shared/wire/write/pppoe";
import { tcp, TCP_FLAGS, type TcpFlag, type TcpOption } from "../../src-shared/wire/write/tcp";
import { tlsClientHello } from "../../src-shared/wire/write/tls";
import { udp } from "../../src-shared/wire/write/udp";
import { vxlan } from "../../src-shared/wire/write/vxlan";
import { wireguardData } from "../../src-shared/wire/write/wireguard";
import { Arguments, parseNumber, SourceLine, type Token } from "./traffic-text";

export { TrafficError } from "./traffic-text";

const LINKS = { ethernet: 1, ppp: 9, raw: 101, sll: 113, sll2: 276, null: 0, loop: 108 } as const;
export type TrafficLink = keyof typeof LINKS;

export interface TrafficInterface {
  /** Without the @; undefined for the one that no line names. */
  readonly name: string | undefined;
  readonly link: TrafficLink;
  readonly linkType: number;
  readonly resolution: Resolution;
  readonly timeOffsetSeconds: number | undefined;
  /** 0 = no limit. */
  readonly snapLength: number;
  /** For SLL2. */
  readonly index: number;
  readonly description: string | undefined;
}

export interface TrafficPacket {
  /** The line it was written on, from 1; fragments share one. */
  readonly line: number;
  readonly label: string | undefined;
  /** Position in `interfaces`. */
  readonly interfaceId: number;
  readonly time: CaptureTime;
  readonly layers: readonly Layer[];
  /** As on the wire. */
  readonly bytes: Uint8Array;
  /** Bytes the capture kept, from `snap=` or the interface. */
  readonly capturedLength: number;
  readonly comment: string | undefined;
  readonly flags: PacketFlags | undefined;
  readonly drops: number | undefined;
  readonly packetId: bigint | undefined;
  readonly queue: number | undefined;
}

export interface TrafficCounts {
  readonly interfaceId: number;
  readonly time: CaptureTime;
  readonly received: number | undefined;
  readonly dropped: number | undefined;
}

export interface Traffic {
  readonly interfaces: readonly TrafficInterface[];
  readonly packets: readonly TrafficPacket[];
  readonly hosts: readonly { readonly address: string; readonly names: readonly string[] }[];
  readonly counts: readonly TrafficCounts[];
}

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
      ...(packet.comment === undefined ? {} : { comments: [packet.comment] }),
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

interface Endpoint {
  readonly address: string;
  readonly port: number | undefined;
  readonly mac: string | undefined;
}

interface IpFields {
  readonly ttl: number;
  readonly id: number;
  readonly df: boolean;
  readonly tos: number;
  readonly wrongSum: boolean;
  readonly options: Uint8Array | undefined;
  readonly flowLabel: number;
  readonly extensions: readonly string[];
  readonly frag: number | undefined;
}

/** What a tunnel or tag puts before the packet. */
interface Wrap {
  /** Outermost layers first; `inner` are the inner flow's ends, for a source port that hashes them. */
  readonly layers: (inner: Pair) => readonly Layer[];
  /** Its own IP header, if it has one: the frame around it goes from and to these. */
  readonly ends: Pair | undefined;
  /** Ethernet follows, with these MACs if given. */
  readonly frame: { readonly smac: string | undefined; readonly dmac: string | undefined } | undefined;
  readonly frag: number | undefined;
}

interface Pair {
  readonly src: Endpoint;
  readonly dst: Endpoint;
}

/** The network-layer packet of a line: what `seen` and `again` repeat. */
interface Message extends Pair {
  /** Undefined for ARP. */
  readonly ip: IpFields | undefined;
  readonly protocol: number | undefined;
  readonly checksum: Checksum | undefined;
  readonly ident: number | undefined;
  readonly body: (message: Message) => readonly Layer[];
}

/** One direction of a TCP connection. */
interface SequenceState {
  isn: number;
  next: number;
}

const DEFAULT_START: CaptureTime = { seconds: Date.UTC(2024, 2, 1, 10) / 1000, nanoseconds: 0 };
const FIRST_ISN = 1000;
const SECOND_ISN = 5000;
const CONTENT_WORDS = ["dns", "http", "tls", "dhcp"];
const UNREACHABLE_CODES: Readonly<Record<string, number>> = { net: 0, host: 1, protocol: 2, port: 3, admin: 13 };
const UNREACHABLE_V6_CODES: Readonly<Record<string, number>> = { "no-route": 0, admin: 1, address: 3, port: 4 };

class TrafficParser {
  #start = DEFAULT_START;
  #lastTime: CaptureTime = DEFAULT_START;
  readonly #interfaces: TrafficInterface[] = [];
  #interfacesDeclared = false;
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #messages = new Map<string, { readonly message: Message; readonly interfaceId: number }>();
  readonly #sequences = new Map<string, SequenceState>();
  /** Directions that a translation made out of others: counted with those. */
  readonly #aliases = new Map<string, string>();
  readonly #identifications = new Map<string, number>();
  readonly #packets: TrafficPacket[] = [];
  readonly #hosts: { address: string; names: string[] }[] = [];
  readonly #counts: TrafficCounts[] = [];

  result(): Traffic {
    return { interfaces: this.#interfaces, packets: this.#packets, hosts: this.#hosts, counts: this.#counts };
  }

  readLine(line: SourceLine): void {
    const tokens = line.tokens();
    const [first, second] = tokens;
    if (first === undefined) return;
    if (first.word === "start") this.#readStart(line, tokens);
    else if (first.word === "host" && second?.word !== "=") this.#readHost(line, tokens);
    else if (first.word === "counts" && second?.word !== "=") this.#readCounts(line, tokens);
    else if (second?.word === "=" && first.word.startsWith("@")) this.#readInterface(line, first, tokens.slice(2));
    else if (second?.word === "=") this.#readEndpoints(line, tokens);
    else this.#readPacket(line, tokens);
  }

  // ---- lines that are not packets

  #readStart(line: SourceLine, tokens: readonly Token[]): void {
    const value = tokens[1] ?? line.fail("start is followed by a time", tokens[0]);
    if (this.#packets.length > 0) line.fail("start comes before the packets", tokens[0]);
    if (/^\d+(\.\d+)?$/.test(value.word)) {
      this.#start = parseSeconds(line, value.word, value);
    } else {
      const ms = Date.parse(value.word);
      if (Number.isNaN(ms)) line.fail(`"${value.word}" is neither seconds nor a date like 2024-03-01T10:00:00Z`, value);
      this.#start = { seconds: Math.floor(ms / 1000), nanoseconds: (ms - Math.floor(ms / 1000) * 1000) * 1_000_000 };
    }
    this.#lastTime = this.#start;
  }

  #readHost(line: SourceLine, tokens: readonly Token[]): void {
    const [, address, ...names] = tokens;
    if (address === undefined || names.length === 0)
      line.fail("host is followed by an address and its names", tokens[0]);
    const resolved = this.#endpoints.get(address.word)?.address ?? address.word;
    line.check(address, () => parseIp(resolved));
    this.#hosts.push({ address: resolved, names: names.map((name) => name.word) });
  }

  #readCounts(line: SourceLine, tokens: readonly Token[]): void {
    const args = new Arguments(line, tokens.slice(1));
    const interfaceId = this.#interfaceId(line, args.expect("an @interface"));
    this.#counts.push({
      interfaceId,
      time: this.#lastTime,
      received: args.number("received"),
      dropped: args.number("dropped"),
    });
    args.finish();
  }

  #readInterface(line: SourceLine, name: Token, tokens: readonly Token[]): void {
    const args = new Arguments(line, tokens);
    const link = args.expect("a link type");
    if (!(link.word in LINKS))
      line.fail(`"${link.word}" is none of the link types ${Object.keys(LINKS).join(", ")}`, link);
    if (!this.#interfacesDeclared && this.#interfaces.length > 0)
      line.fail("interfaces are declared before the packets", name);
    this.#interfacesDeclared = true;
    if (this.#interfaces.some((one) => one.name === name.word.slice(1)))
      line.fail(`${name.word} is declared twice`, name);
    const resolution = args.value("resolution");
    this.#interfaces.push({
      name: name.word.slice(1),
      link: link.word as TrafficLink,
      linkType: LINKS[link.word as TrafficLink],
      resolution: resolution === undefined ? NANOSECONDS : parseResolution(line, resolution.value, resolution.token),
      timeOffsetSeconds: args.number("offset"),
      snapLength: args.number("snap") ?? 0,
      index: args.number("index") ?? this.#interfaces.length + 1,
      description: args.text("description"),
    });
    args.finish();
  }

  /** name = address[:port] [mac=…], several to a line. */
  #readEndpoints(line: SourceLine, tokens: readonly Token[]): void {
    for (let i = 0; i < tokens.length;) {
      const name = tokens[i] ?? line.fail("a name is missing");
      const value = tokens[i + 2];
      if (!/^[a-z_][\w-]*$/i.test(name.word)) line.fail(`"${name.word}" is not a name`, name);
      if (tokens[i + 1]?.word !== "=" || value === undefined)
        line.fail(`after "${name.word}" comes "= address" or "= address:port"`, name);
      if (this.#endpoints.has(name.word)) line.fail(`"${name.word}" is defined twice`, name);
      i += 3;
      let mac: string | undefined;
      const extra = tokens[i];
      if (extra?.word.startsWith("mac=") === true) {
        mac = extra.word.slice(4);
        line.check(extra, () => parseMac(extra.word.slice(4)));
        i++;
      }
      const endpoint = this.#endpoint(line, value);
      this.#endpoints.set(name.word, { ...endpoint, mac: mac ?? endpoint.mac });
    }
  }

  // ---- packet lines

  #readPacket(line: SourceLine, tokens: readonly Token[]): void {
    const rest = [...tokens];
    const label = rest[0]?.word.endsWith(":") === true ? rest.shift() : undefined;
    const time = this.#time(line, rest.shift() ?? line.fail("a time is missing", label));
    const at = rest[0]?.word.startsWith("@") === true ? rest.shift() : undefined;
    const verb = rest[0];
    if (verb === undefined) line.fail("a packet line goes on with A > B, seen LABEL or again LABEL", at ?? tokens[0]);

    let message: Message;
    let wraps: Wrap[];
    let args: Arguments;
    let interfaceId: number;
    if (verb.word === "seen" || verb.word === "again") {
      const source = rest[1] ?? line.fail(`${verb.word} is followed by a label`, verb);
      const known =
        this.#messages.get(source.word) ?? line.fail(`no line before has the label "${source.word}"`, source);
      wraps = this.#wraps(line, rest, 2);
      args = new Arguments(
        line,
        rest.slice(2).filter((token) => token.groups === undefined),
      );
      message = this.#repeat(line, known.message, verb.word === "again", args);
      interfaceId = at === undefined ? known.interfaceId : this.#interfaceId(line, at);
    } else {
      const arrow = rest[1];
      const to = rest[2];
      if (arrow?.word !== ">" || to === undefined)
        line.fail("a packet line goes on with A > B, seen LABEL or again LABEL", verb);
      const pair = { src: this.#endpoint(line, verb), dst: this.#endpoint(line, to) };
      if (pair.src.address.includes(":") !== pair.dst.address.includes(":"))
        line.fail("one address is IPv4, the other IPv6", to);
      wraps = this.#wraps(line, rest, 3);
      args = new Arguments(
        line,
        rest.slice(3).filter((token) => token.groups === undefined),
      );
      message = this.#message(line, pair, args);
      interfaceId = this.#interfaceId(line, at);
    }
    if (label !== undefined) {
      const name = label.word.slice(0, -1);
      if (this.#messages.has(name)) line.fail(`the label "${name}" is used twice`, label);
      this.#messages.set(name, { message, interfaceId });
    }
    this.#lastTime = time;
    this.#emit(line, { message, wraps, args, interfaceId, time, label: label?.word.slice(0, -1) });
  }

  #emit(
    line: SourceLine,
    given: {
      message: Message;
      wraps: readonly Wrap[];
      args: Arguments;
      interfaceId: number;
      time: CaptureTime;
      label: string | undefined;
    },
  ): void {
    const { message, wraps, args, interfaceId } = given;
    const port = this.#interfaces[interfaceId] ?? line.fail("no such interface");
    const outerEnds = wraps.find((wrap) => wrap.ends !== undefined)?.ends ?? message;
    const smac = this.#mac(line, args.value("smac")) ?? macOf(outerEnds.src);
    const dmac = this.#mac(line, args.value("dmac")) ?? macOf(outerEnds.dst);
    const direction = args.choice("dir", ["in", "out"]);
    const layers: Layer[] = linkLayers(port, { smac, dmac, direction, pad: args.number("pad"), fcs: args.flag("fcs") });
    let cut: { index: number; size: number } | undefined;
    wraps.forEach((wrap, i) => {
      if (wrap.frag !== undefined) cut = { index: layers.length, size: wrap.frag };
      layers.push(...wrap.layers(message));
      if (wrap.frame !== undefined) {
        const ends = wraps.slice(i + 1).find((later) => later.ends !== undefined)?.ends ?? message;
        layers.push(ethernet({ src: wrap.frame.smac ?? macOf(ends.src), dst: wrap.frame.dmac ?? macOf(ends.dst) }));
      }
    });
    if (message.ip?.frag !== undefined) cut = { index: layers.length, size: message.ip.frag };
    layers.push(...networkLayers(message));

    const snap = args.number("snap");
    const order = args.value("order");
    const comment = args.text("comment");
    const drops = args.number("drops");
    const packetId = args.number("packetid");
    const queue = args.number("queue");
    args.finish();

    line.check(undefined, () => {
      let pieces: (readonly Layer[])[] = [layers];
      if (cut !== undefined) {
        pieces = fragmentLayers(layers, {
          maxPayload: cut.size,
          index: cut.index,
          identification: message.ip?.id ?? 1,
        });
        if (order !== undefined) {
          pieces = order.value
            .split(",")
            .map(
              (n) => pieces[Number(n) - 1] ?? line.fail(`there are ${pieces.length} fragments, no "${n}"`, order.token),
            );
        }
      }
      pieces.forEach((piece, i) => {
        const bytes = buildPacket(piece);
        const limit = snap ?? (port.snapLength === 0 ? bytes.length : port.snapLength);
        this.#packets.push({
          line: line.number,
          label: given.label,
          interfaceId,
          time: addNanoseconds(given.time, i * 1000),
          layers: piece,
          bytes,
          capturedLength: Math.min(limit, bytes.length),
          comment,
          flags: direction === undefined ? undefined : { direction: direction === "in" ? "inbound" : "outbound" },
          drops,
          packetId: packetId === undefined ? undefined : BigInt(packetId),
          queue,
        });
      });
    });
  }

  /** A `seen` or `again` line: the labelled message with what this line changes. */
  #repeat(line: SourceLine, original: Message, sentAgain: boolean, args: Arguments): Message {
    const src = args.value("src");
    const dst = args.value("dst");
    const pair = {
      src: src === undefined ? original.src : this.#moved(line, src, original.src),
      dst: dst === undefined ? original.dst : this.#moved(line, dst, original.dst),
    };
    if (pair.src !== original.src || pair.dst !== original.dst) {
      this.#alias(pair.src, pair.dst, this.#direction(original.src, original.dst));
      this.#alias(pair.dst, pair.src, this.#direction(original.dst, original.src));
    }
    const hops = args.number("hops") ?? 0;
    let ip = original.ip;
    if (ip !== undefined) {
      const nextId = sentAgain && ip.id !== 0 ? this.#identification(pair) : ip.id;
      ip = this.#ipFields(line, args, { ...ip, id: nextId, ttl: ip.ttl - hops }, pair);
    }
    const ident = args.number("ident") ?? original.ident;
    const checksum = parseChecksum(line, args) ?? original.checksum;
    if (original.ip === undefined && pair.dst === original.dst) return original;
    return { ...original, ...pair, ip, ident, checksum };
  }

  #direction(from: Endpoint, to: Endpoint): string {
    const key = `${endpointKey(from)}>${endpointKey(to)}`;
    return this.#aliases.get(key) ?? key;
  }

  #alias(from: Endpoint, to: Endpoint, counted: string): void {
    const key = `${endpointKey(from)}>${endpointKey(to)}`;
    if (key !== counted && !this.#sequences.has(key)) this.#aliases.set(key, counted);
  }

  #moved(line: SourceLine, given: { readonly token: Token; readonly value: string }, from: Endpoint): Endpoint {
    const to = this.#endpoint(line, { ...given.token, word: given.value });
    return { ...to, port: to.port ?? from.port };
  }

  #message(line: SourceLine, pair: Pair, args: Arguments): Message {
    const what = args.expect("what is sent (tcp, udp, icmp, …)");
    const v6 = pair.src.address.includes(":");
    const checksum = parseChecksum(line, args);
    const base = { ...pair, checksum, ident: undefined, protocol: undefined };
    const ip = (df = true): IpFields =>
      this.#ipFields(line, args, { ...defaultIp(df), id: this.#identification(pair) }, pair);
    const needPorts = (): { sport: number; dport: number } => ({
      sport: pair.src.port ?? line.fail("the sender has no port", what),
      dport: pair.dst.port ?? line.fail("the receiver has no port", what),
    });

    switch (what.word) {
      case "tcp": {
        needPorts();
        const body = this.#tcpBody(line, pair, args, what);
        return { ...base, ip: ip(), body };
      }
      case "dns":
      case "udp":
      case "dhcp": {
        needPorts();
        const content = this.#content(line, args, what.word === "udp" ? undefined : what, false);
        return {
          ...base,
          ip: ip(),
          body: (m) => [udp({ ...portsOf(m), checksum: m.checksum ?? "right" }), ...content],
        };
      }
      case "wireguard": {
        const data = wireguardData({
          receiver: args.number("receiver") ?? 1,
          counter: args.number("counter") ?? 0,
          innerLength: args.number("len") ?? 64,
        });
        return {
          ...base,
          src: { ...pair.src, port: pair.src.port ?? 51820 },
          dst: { ...pair.dst, port: pair.dst.port ?? 51820 },
          ip: ip(),
          body: (m) => [udp({ ...portsOf(m), checksum: m.checksum ?? "right" }), data],
        };
      }
      case "ip": {
        const protocol = args.number("proto") ?? line.fail("ip needs proto=", what);
        const content = this.#content(line, args, undefined, false);
        return {
          ...base,
          protocol,
          ip: ip(),
          body: () => [payload(new Uint8Array(0), { ipProtocol: protocol }), ...content],
        };
      }
      case "icmp":
        return this.#icmp(line, args, base, ip, v6);
      case "arp": {
        const kind = args.expect('"request" or "reply"');
        if (kind.word !== "request" && kind.word !== "reply") line.fail('after arp comes "request" or "reply"', kind);
        const request = kind.word === "request";
        const macs = { senderMac: macOf(pair.src), senderIp: pair.src.address, targetIp: pair.dst.address };
        const layer = arp(
          request ? { operation: ARP_REQUEST, ...macs } : { operation: ARP_REPLY, ...macs, targetMac: macOf(pair.dst) },
        );
        // A request goes to everyone; that its target has a MAC of its own is what is being asked.
        return {
          ...base,
          dst: request ? { ...pair.dst, mac: MAC_BROADCAST } : pair.dst,
          ip: undefined,
          body: () => [layer],
        };
      }
      case "nd": {
        const kind = args.expect('"solicit" or "advertise"');
        if (!v6) line.fail("neighbour discovery is between IPv6 addresses", what);
        if (kind.word === "solicit") {
          const target = pair.dst.address;
          const group = solicitedNode(target);
          return {
            ...base,
            dst: { address: group, port: undefined, mac: undefined },
            ip: { ...ip(), ttl: 255 },
            body: (m) => [neighbourSolicitation({ target, sourceMac: macOf(m.src), checksum: m.checksum ?? "right" })],
          };
        }
        if (kind.word !== "advertise") line.fail('after nd comes "solicit" or "advertise"', kind);
        return {
          ...base,
          ip: { ...ip(), ttl: 255 },
          body: (m) => [
            neighbourAdvertisement({
              target: pair.src.address,
              targetMac: macOf(m.src),
              solicited: true,
              override: true,
              checksum: m.checksum ?? "right",
            }),
          ],
        };
      }
      default:
        return line.fail(`"${what.word}" is none of tcp, udp, icmp, dns, dhcp, arp, nd, wireguard, ip`, what);
    }
  }

  #icmp(
    line: SourceLine,
    args: Arguments,
    base: Omit<Message, "body" | "ip">,
    ip: () => IpFields,
    v6: boolean,
  ): Message {
    const kind = args.expect("request, reply, unreachable, time-exceeded or too-big");
    const sum = (m: Message): { checksum: Checksum } => ({ checksum: m.checksum ?? "right" });
    /** ICMP has no pseudo-header to leave a partial sum of. */
    const sum4 = (m: Message): { checksum: Exclude<Checksum, "partial"> } => ({
      checksum: m.checksum === undefined || m.checksum === "partial" ? "right" : m.checksum,
    });

    if (kind.word === "request" || kind.word === "reply") {
      const request = kind.word === "request";
      const ident = args.number("ident") ?? 1;
      const sequence = args.number("seq") ?? 1;
      const content = this.#content(line, args, undefined, false);
      return {
        ...base,
        ident,
        ip: ip(),
        body: (m) => {
          const ids = { identifier: m.ident ?? ident, sequence };
          if (v6) return [(request ? icmpv6EchoRequest : icmpv6EchoReply)({ ...ids, ...sum(m) }), ...content];
          return [(request ? icmpEchoRequest : icmpEchoReply)({ ...ids, ...sum4(m) }), ...content];
        },
      };
    }

    const codes = v6 ? UNREACHABLE_V6_CODES : UNREACHABLE_CODES;
    let code = 0;
    if (kind.word === "unreachable") {
      const which = args.expect(`what is unreachable (${Object.keys(codes).join(", ")})`);
      code = codes[which.word] ?? line.fail(`"${which.word}" is none of ${Object.keys(codes).join(", ")}`, which);
    } else if (kind.word !== "time-exceeded" && kind.word !== "too-big") {
      line.fail(`"${kind.word}" is none of request, reply, unreachable, time-exceeded, too-big`, kind);
    }
    const mtu = args.number("mtu") ?? (kind.word === "too-big" ? line.fail("too-big needs mtu=", kind) : 0);
    const quoting = args.expect('"quoting LABEL"');
    if (quoting.word !== "quoting") line.fail('an ICMP error goes on with "quoting LABEL"', quoting);
    const quoted = args.expect("the label of the quoted packet");
    const known = this.#messages.get(quoted.word) ?? line.fail(`no line before has the label "${quoted.word}"`, quoted);
    const quote = line.check(quoted, () => buildPacket(networkLayers(known.message)));
    const quoteLength = args.number("quote");
    const data = { quote, ...defined("quoteLength", quoteLength) };
    return {
      ...base,
      ip: ip(),
      body: (m) => {
        if (kind.word === "too-big")
          return [
            v6
              ? icmpv6PacketTooBig({ ...data, mtu, ...sum(m) })
              : icmpFragmentationNeeded({ ...data, mtu, ...sum4(m) }),
          ];
        if (kind.word === "time-exceeded")
          return [v6 ? icmpv6TimeExceeded({ ...data, ...sum(m) }) : icmpTimeExceeded({ ...data, ...sum4(m) })];
        return [v6 ? icmpv6Unreachable({ ...data, code, ...sum(m) }) : icmpUnreachable({ ...data, code, ...sum4(m) })];
      },
    };
  }

  #tcpBody(line: SourceLine, pair: Pair, args: Arguments, what: Token): Message["body"] {
    const flagsToken = args.expect("the flags (SYN,ACK,… or none)");
    const flags = flagsToken.word === "none" ? [] : flagsToken.word.split(",");
    for (const flag of flags) {
      if (!TCP_FLAGS.includes(flag as TcpFlag))
        line.fail(`"${flag}" is none of the flags ${TCP_FLAGS.join(", ")}; none is written "none"`, flagsToken);
    }
    const has = (flag: TcpFlag): boolean => flags.includes(flag);
    const key = this.#direction(pair.src, pair.dst);
    const own = this.#sequences.get(key);
    const peer = this.#sequences.get(this.#direction(pair.dst, pair.src));

    const seq =
      this.#sequenceValue(line, args.value("seq"), own) ?? own?.next ?? (peer === undefined ? FIRST_ISN : SECOND_ISN);
    const ack = this.#sequenceValue(line, args.value("ack"), peer) ?? (has("ACK") ? (peer?.next ?? 0) : 0);
    const window = args.number("win");
    const urgent = args.number("urg");
    const options: TcpOption[] = [];
    const mss = args.number("mss");
    if (mss !== undefined) options.push({ kind: "mss", value: mss });
    if (args.flag("sackok")) options.push({ kind: "sack-permitted" });
    const ts = args.value("ts");
    if (ts !== undefined) {
      const [value, echo] = ts.value.split(",").map((part) => parseNumber(line, part, ts.token));
      options.push({ kind: "timestamps", value: value ?? 0, echo: echo ?? 0 });
    }
    const ws = args.number("ws");
    if (ws !== undefined) options.push({ kind: "nop" }, { kind: "window-scale", shift: ws });
    const sack = args.value("sack");
    if (sack !== undefined) {
      // "isn+1-isn+1461" would be ambiguous with "next-1": the blocks' ends are separated by "..", too.
      const blocks = sack.value.split(",").map((block): readonly [number, number] => {
        const ends = block
          .split(block.includes("..") ? ".." : "-")
          .map((end) => this.#sequenceValue(line, { token: sack.token, value: end }, peer));
        const [left, right] = ends;
        if (left === undefined || right === undefined || ends.length !== 2)
          line.fail("sack is written sack=LEFT-RIGHT or sack=isn+1..isn+100", sack.token);
        return [left, right];
      });
      options.push({ kind: "sack", blocks });
    }
    const content = this.#content(line, args, undefined, true);
    const length = line.check(what, () => buildPacket(content).length);

    const state = own ?? { isn: seq, next: seq };
    const after = (seq + length + (has("SYN") ? 1 : 0) + (has("FIN") ? 1 : 0)) >>> 0;
    // A retransmission written out by hand must not take the count back; 2^31 is where "before" turns into "after".
    if ((after - state.next) >>> 0 < 0x80000000) state.next = after;
    this.#sequences.set(key, state);

    return (m) => [
      tcp({
        ...portsOf(m),
        seq,
        ack,
        flags: flags as TcpFlag[],
        options,
        checksum: m.checksum ?? "right",
        ...defined("window", window),
        ...defined("urgent", urgent),
      }),
      ...content,
    ];
  }

  #sequenceValue(
    line: SourceLine,
    given: { readonly token: Token; readonly value: string } | undefined,
    state: SequenceState | undefined,
  ): number | undefined {
    if (given === undefined) return undefined;
    const [, base, sign, amount] = /^(isn|next)(?:([+-])(\d+))?$/.exec(given.value) ?? [];
    if (base === undefined) return parseNumber(line, given.value, given.token);
    if (state === undefined)
      return line.fail(`"${base}" is not known yet: no segment of that direction came before`, given.token);
    const value = (base === "isn" ? state.isn : state.next) + (sign === "-" ? -1 : 1) * Number(amount ?? 0);
    return ((value % 0x100000000) + 0x100000000) % 0x100000000;
  }

  /** What is carried: strings, bytes, filler, or a message of an application protocol. `keyword` was read already for "dns …". */
  #content(line: SourceLine, args: Arguments, keyword: Token | undefined, overTcp: boolean): Layer[] {
    const layers: Layer[] = [];
    let word = keyword;
    if (word === undefined && CONTENT_WORDS.includes(args.peek()?.word ?? "")) word = args.next();
    if (word !== undefined) {
      const application = word;
      layers.push(line.check(application, () => this.#application(line, args, application, overTcp)));
    }
    for (let token = args.peek(); token !== undefined; token = args.peek()) {
      const bytes = token.bytes;
      if (bytes !== undefined && token.word === "") layers.push(payload(bytes));
      else if (token.word.startsWith("hex:"))
        layers.push(payload(line.check(token, () => parseHex((token?.word ?? "").slice(4)))));
      else break;
      args.next();
    }
    const length = args.number("len");
    if (length !== undefined) layers.push(filler(length));
    return layers;
  }

  #application(line: SourceLine, args: Arguments, word: Token, overTcp: boolean): Layer {
    switch (word.word) {
      case "dns": {
        const kind = args.expect("query, answer, nxdomain or servfail");
        const idToken = args.expect("the id");
        const id = parseNumber(line, idToken.word, idToken);
        const type = args.expect("the record type");
        if (!(type.word in DNS_TYPES))
          line.fail(`"${type.word}" is none of ${Object.keys(DNS_TYPES).join(", ")}`, type);
        const name = args.expect("the name").word;
        const question = { id, type: type.word as DnsType, name, overTcp };
        const ttl = args.number("rttl") ?? 30;
        const soa: DnsRecord = {
          name: "cluster.local",
          type: "SOA",
          ttl,
          primary: "ns.dns.cluster.local",
          mailbox: "hostmaster.cluster.local",
          serial: 1709287200,
          negativeTtl: 30,
        };
        if (kind.word === "query") return dnsQuery(question);
        if (kind.word === "nxdomain")
          return dnsResponse({ ...question, rcode: DNS_NXDOMAIN, authoritative: true, authority: [soa] });
        if (kind.word === "servfail") return dnsResponse({ ...question, rcode: DNS_SERVFAIL });
        if (kind.word !== "answer") line.fail(`"${kind.word}" is none of query, answer, nxdomain, servfail`, kind);
        const target = args.text("cname");
        const answers: DnsRecord[] = target === undefined ? [] : [{ name, type: "CNAME", ttl, target }];
        for (
          let token = args.peek();
          token?.word !== undefined && /^[\da-f.:]+$/i.test(token.word);
          token = args.peek()
        ) {
          answers.push({
            name: target ?? name,
            type: token.word.includes(":") ? "AAAA" : "A",
            ttl,
            address: token.word,
          });
          args.next();
        }
        // No data for this type is said with the zone's SOA, too.
        return dnsResponse({ ...question, answers, ...(answers.length === 0 ? { authority: [soa] } : {}) });
      }
      case "http": {
        const first = args.expect("a method or a status");
        const body = (): { body?: Uint8Array } => (args.peek()?.word === "" ? defined("body", args.next()?.bytes) : {});
        if (/^\d{3}$/.test(first.word)) return httpResponse({ status: Number(first.word), ...body() });
        const target = args.expect("the request's target").word;
        return httpRequest({
          method: first.word,
          target,
          host: args.text("host") ?? line.fail("an http request needs host=", first),
          ...body(),
        });
      }
      case "tls": {
        const kind = args.expect('"hello"');
        if (kind.word !== "hello") line.fail('after tls comes "hello"', kind);
        return tlsClientHello({
          ...defined("serverName", args.text("sni")),
          ...defined("alpn", args.text("alpn")?.split(",")),
        });
      }
      default: {
        const kind = args.expect("the DHCP message type");
        const type =
          DHCP_MESSAGE_TYPES.find((one) => one === kind.word) ??
          line.fail(`"${kind.word}" is none of ${DHCP_MESSAGE_TYPES.join(", ")}`, kind);
        return dhcp({
          type,
          xid: args.number("xid") ?? 1,
          clientMac: this.#mac(line, args.value("for")) ?? line.fail("dhcp needs for=NAME or for=MAC", kind),
          ...defined("yourIp", this.#address(args.text("your"))),
          ...defined("serverId", this.#address(args.text("server"))),
          ...defined("requestedIp", this.#address(args.text("requested"))),
          ...defined("leaseSeconds", args.number("lease")),
          ...defined("subnetMask", args.text("mask")),
          ...defined("router", this.#address(args.text("router"))),
          ...defined("dnsServer", this.#address(args.text("dns"))),
          ...defined("hostName", args.text("host")),
        });
      }
    }
  }

  // ---- tunnels

  #wraps(line: SourceLine, tokens: readonly Token[], from: number): Wrap[] {
    return tokens
      .slice(from)
      .filter((token) => token.groups !== undefined)
      .map((token) => this.#wrap(line, token));
  }

  #wrap(line: SourceLine, token: Token): Wrap {
    const flat = (token.groups ?? []).flat();
    const arrow = flat.findIndex((one) => one.word === ">");
    let ends: Pair | undefined;
    const rest = [...flat];
    if (arrow >= 0) {
      const from = flat[arrow - 1] ?? line.fail("an address is missing before >", flat[arrow]);
      const to = flat[arrow + 1] ?? line.fail("an address is missing after >", flat[arrow]);
      ends = { src: this.#endpoint(line, from), dst: this.#endpoint(line, to) };
      rest.splice(arrow - 1, 3);
    }
    const args = new Arguments(line, rest);
    const wrap = line.check(token, () => this.#wrapOf(line, token, args, ends));
    args.finish();
    return wrap;
  }

  #wrapOf(line: SourceLine, token: Token, args: Arguments, ends: Pair | undefined): Wrap {
    const plain = (layers: readonly Layer[]): Wrap => ({
      layers: () => layers,
      ends: undefined,
      frame: undefined,
      frag: undefined,
    });
    const number = (what: string): number => {
      const word = args.expect(what);
      return parseNumber(line, word.word, word);
    };
    switch (token.word) {
      case "vlan":
        return plain([vlan({ id: number("the VLAN id"), ...defined("priority", args.number("prio")) })]);
      case "qinq":
        return plain(qinq(number("the outer VLAN id"), number("the inner VLAN id")));
      case "mpls": {
        const labels = [number("a label")];
        while (args.peek() !== undefined) labels.push(number("a label"));
        return plain(labels.map((label) => mpls({ label })));
      }
      case "pppoe":
        return plain([pppoe({ session: number("the session id") }), ppp()]);
    }

    const between = ends ?? line.fail(`${token.word}(…) needs A > B, the tunnel's ends`, token);
    const fields = this.#ipFields(line, args, { ...defaultIp(true), id: this.#identification(between) }, between);
    const ip = ipLayers(between, fields);
    const tunnel = (layers: (inner: Pair) => readonly Layer[], framed: boolean): Wrap => ({
      layers: (inner) => [...ip, ...layers(inner)],
      ends: between,
      frame: framed
        ? { smac: this.#mac(line, args.value("smac")), dmac: this.#mac(line, args.value("dmac")) }
        : undefined,
      frag: fields.frag,
    });
    const overUdp = (defaultPort: number | undefined, header: readonly Layer[], framed: boolean): Wrap => {
      const sport = args.number("sport") ?? between.src.port;
      const dport =
        args.number("dport") ??
        between.dst.port ??
        defaultPort ??
        line.fail(`${token.word}(…) needs a destination port`, token);
      const checksum = parseChecksum(line, args) ?? "right";
      return tunnel((inner) => [udp({ sport: sport ?? flowPort(inner), dport, checksum }), ...header], framed);
    };
    const greHeader = (sequence = args.number("seq")): Layer =>
      gre({
        ...(args.flag("csum") ? { checksum: "right" as const } : {}),
        ...defined("key", args.number("key")),
        ...defined("sequence", sequence),
      });

    switch (token.word) {
      case "vxlan":
        return overUdp(4789, [vxlan({ vni: args.number("vni") ?? line.fail("vxlan(…) needs vni=", token) })], true);
      case "geneve": {
        const option = args.value("option");
        const options = option === undefined ? [] : [parseGeneveOption(line, option.value, option.token)];
        return overUdp(
          6081,
          [geneve({ vni: args.number("vni") ?? line.fail("geneve(…) needs vni=", token), options })],
          true,
        );
      }
      case "ipudp":
        return overUdp(undefined, [], false);
      case "ipip":
        return tunnel(() => [], false);
      case "gre": {
        const header = greHeader();
        return tunnel(() => [header], false);
      }
      case "gretap": {
        const header = greHeader();
        return tunnel(() => [header], true);
      }
      case "erspan": {
        const header = greHeader(args.number("seq") ?? 0);
        const mirror = erspan({ session: args.number("session") ?? 1, ...defined("vlan", args.number("vlan")) });
        return tunnel(() => [header, mirror], true);
      }
      default:
        return line.fail(
          `"${token.word}" is none of vxlan, geneve, gre, gretap, erspan, ipip, ipudp, vlan, qinq, mpls, pppoe`,
          token,
        );
    }
  }

  // ---- words

  #ipFields(line: SourceLine, args: Arguments, base: IpFields, pair: Pair): IpFields {
    const extensions = args.value("ext");
    for (const name of extensions?.value.split(",") ?? []) {
      if (!["hop", "routing", "dst"].includes(name))
        line.fail(`"${name}" is none of the extension headers hop, routing, dst`, extensions?.token);
      if (!pair.src.address.includes(":")) line.fail("extension headers are IPv6's", extensions?.token);
    }
    const ipopts = args.value("ipopts");
    const frag = args.number("frag") ?? base.frag;
    const df = args.flag("df") ? true : args.flag("nodf") || frag !== undefined ? false : base.df;
    return {
      ttl: args.number("ttl") ?? base.ttl,
      id: args.number("id") ?? base.id,
      df,
      tos: args.number("tos") ?? base.tos,
      wrongSum: args.choice("ipsum", ["wrong", "right"]) === "wrong",
      options: ipopts === undefined ? base.options : line.check(ipopts.token, () => parseHex(ipopts.value)),
      flowLabel: args.number("flow") ?? base.flowLabel,
      extensions: extensions?.value.split(",") ?? base.extensions,
      frag,
    };
  }

  /** Counts up per pair of addresses, as Linux does for datagrams that may be fragmented; starts at a value that differs per pair. */
  #identification(pair: Pair): number {
    const key = `${pair.src.address}>${pair.dst.address}`;
    const id = this.#identifications.get(key) ?? 0x1000 + (hash(key) & 0x3fff);
    this.#identifications.set(key, id + 1);
    return id & 0xffff;
  }

  #time(line: SourceLine, token: Token): CaptureTime {
    const relative = token.word.startsWith("+");
    const time = parseSeconds(line, relative ? token.word.slice(1) : token.word, token);
    const from = relative ? this.#lastTime : this.#start;
    return addNanoseconds({ seconds: from.seconds + time.seconds, nanoseconds: from.nanoseconds }, time.nanoseconds);
  }

  #interfaceId(line: SourceLine, token: Token | undefined): number {
    if (token === undefined) {
      if (this.#interfaces.length > 1 || (this.#interfaces[0]?.name !== undefined && !this.#interfacesDeclared)) {
        line.fail("there are several interfaces: say which one (@name, after the time)");
      }
      if (this.#interfaces.length === 0) this.#interfaces.push(ethernetInterface(undefined, 1));
      return 0;
    }
    const name = token.word.slice(1);
    const at = this.#interfaces.findIndex((one) => one.name === name);
    if (at >= 0) return at;
    if (this.#interfacesDeclared)
      line.fail(
        `${token.word} is not declared (there are ${this.#interfaces.map((one) => `@${one.name}`).join(", ")})`,
        token,
      );
    if (this.#interfaces[0] !== undefined && this.#interfaces[0].name === undefined)
      line.fail("lines before this one name no interface: name it on all of them", token);
    this.#interfaces.push(ethernetInterface(name, this.#interfaces.length + 1));
    return this.#interfaces.length - 1;
  }

  #endpoint(line: SourceLine, token: Token): Endpoint {
    const { word } = token;
    const known = this.#endpoints.get(word);
    if (known !== undefined) return known;
    const port = (text: string | undefined): number | undefined => {
      if (text === undefined) return undefined;
      const value = parseNumber(line, text, token);
      return value > 65535 ? line.fail(`${value} is not a port`, token) : value;
    };
    const address = (text: string): string => {
      line.check(token, () => parseIp(text));
      return text;
    };
    const [, v6, v6port] = /^\[([^\]]+)\](?::(\d+))?$/.exec(word) ?? [];
    if (v6 !== undefined) return { address: address(v6), port: port(v6port), mac: undefined };
    const [, name, namePort] = /^([^:]+):(\d+)$/.exec(word) ?? [];
    const named = this.#endpoints.get(name ?? "");
    if (named !== undefined) return { ...named, port: port(namePort) };
    if (name !== undefined && name.includes("."))
      return { address: address(name), port: port(namePort), mac: undefined };
    if (/[.:]/.test(word)) return { address: address(word), port: undefined, mac: undefined };
    const names = [...this.#endpoints.keys()];
    return line.fail(
      `"${word}" is neither an address nor a name defined before${names.length > 0 ? ` (${names.join(", ")})` : ""}`,
      token,
    );
  }

  #address(value: string | undefined): string | undefined {
    return value === undefined ? undefined : (this.#endpoints.get(value)?.address ?? value);
  }

  #mac(line: SourceLine, given: { readonly token: Token; readonly value: string } | undefined): string | undefined {
    if (given === undefined) return undefined;
    const named = this.#endpoints.get(given.value);
    if (named !== undefined) return macOf(named);
    line.check(given.token, () => parseMac(given.value));
    return given.value;
  }
}

// ---- from words to layers

function linkLayers(
  port: TrafficInterface,
  given: { smac: string; dmac: string; direction: "in" | "out" | undefined; pad: number | undefined; fcs: boolean },
): Layer[] {
  const { smac, dmac } = given;
  const received =
    dmac === MAC_BROADCAST ? PACKET_BROADCAST : (parseMac(dmac)[0] ?? 0) & 1 ? PACKET_MULTICAST : PACKET_HOST;
  const cooked = {
    packetType: given.direction === "out" ? PACKET_OUTGOING : received,
    arphrd: ARPHRD_ETHER,
    address: smac,
  };
  switch (port.link) {
    case "ethernet":
      return [
        ethernet({
          src: smac,
          dst: dmac,
          ...defined("minLength", given.pad),
          ...(given.fcs ? { fcs: "right" as const } : {}),
        }),
      ];
    case "sll":
      return [sll(cooked)];
    case "sll2":
      return [sll2({ ...cooked, interfaceIndex: port.index })];
    case "null":
      return [nullLoopback()];
    case "loop":
      return [openBsdLoopback()];
    case "ppp":
      return [ppp({ addressControl: true })];
    case "raw":
      return [];
  }
}

function networkLayers(message: Message): Layer[] {
  return [...(message.ip === undefined ? [] : ipLayers(message, message.ip)), ...message.body(message)];
}

function ipLayers(pair: Pair, ip: IpFields): Layer[] {
  const { src, dst } = pair;
  if (src.address.includes(":")) {
    const extensions = ip.extensions.map((name): Layer => {
      if (name === "hop") return hopByHop({ options: [{ type: 5, data: Uint8Array.of(0, 0) }] }); // router alert
      if (name === "routing") return routing({ segmentsLeft: 0, segments: [dst.address] });
      return destinationOptions({ options: [] });
    });
    return [
      ipv6({ src: src.address, dst: dst.address, hopLimit: ip.ttl, trafficClass: ip.tos, flowLabel: ip.flowLabel }),
      ...extensions,
    ];
  }
  return [
    ipv4({
      src: src.address,
      dst: dst.address,
      ttl: ip.ttl,
      identification: ip.id,
      dontFragment: ip.df,
      tos: ip.tos,
      checksum: ip.wrongSum ? "wrong" : "right",
      ...defined("options", ip.options),
    }),
  ];
}

function defaultIp(df: boolean): IpFields {
  return {
    ttl: 64,
    id: 0,
    df,
    tos: 0,
    wrongSum: false,
    options: undefined,
    flowLabel: 0,
    extensions: [],
    frag: undefined,
  };
}

function portsOf(pair: Pair): { sport: number; dport: number } {
  return { sport: pair.src.port ?? 0, dport: pair.dst.port ?? 0 };
}

/** Broadcast and multicast MACs for such addresses (RFC 1112, RFC 2464), else 02:00 and the address's last four bytes. */
function macOf(end: Endpoint): string {
  if (end.mac !== undefined) return end.mac;
  const bytes = parseIp(end.address);
  const hex = (part: Uint8Array): string => Array.from(part, (byte) => byte.toString(16).padStart(2, "0")).join(":");
  if (end.address === "255.255.255.255") return MAC_BROADCAST;
  if (bytes.length === 4 && (bytes[0] ?? 0) >= 224)
    return `01:00:5e:${hex(Uint8Array.of((bytes[1] ?? 0) & 0x7f, bytes[2] ?? 0, bytes[3] ?? 0))}`;
  if (bytes.length === 16 && bytes[0] === 0xff) return `33:33:${hex(bytes.slice(12))}`;
  return `02:00:${hex(bytes.slice(-4))}`;
}

function solicitedNode(address: Address): string {
  const [a = 0, b = 0, c = 0] = parseIp(address).slice(13);
  const hex = (value: number): string => value.toString(16);
  return `ff02::1:ff${hex(a).padStart(2, "0")}:${hex((b << 8) | c)}`;
}

/** As tunnel end points choose it: from the upper half, by a hash of the inner flow. */
function flowPort(inner: Pair): number {
  return 0xc000 + (hash(`${endpointKey(inner.src)}>${endpointKey(inner.dst)}`) & 0x3fff);
}

function endpointKey(end: Endpoint): string {
  return `${end.address} ${end.port ?? ""}`;
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return (value ^ (value >>> 16)) >>> 0;
}

function parseChecksum(line: SourceLine, args: Arguments): Checksum | undefined {
  const found = args.value("checksum");
  if (found === undefined) return undefined;
  const { value } = found;
  return value === "right" || value === "wrong" || value === "partial" || value === "none"
    ? value
    : parseNumber(line, value, found.token);
}

function parseGeneveOption(line: SourceLine, text: string, token: Token): GeneveOption {
  const [, optionClass, type, data] = /^([0-9a-f]{1,4}):([0-9a-f]{1,2}):([0-9a-f]*)$/i.exec(text) ?? [];
  if (optionClass === undefined || type === undefined || data === undefined)
    line.fail("a Geneve option is written option=CLASS:TYPE:DATA, all hexadecimal", token);
  const typeByte = parseInt(type, 16);
  return {
    class: parseInt(optionClass, 16),
    type: typeByte & 0x7f,
    critical: typeByte > 0x7f,
    data: line.check(token, () => parseHex(data)),
  };
}

function parseResolution(line: SourceLine, text: string, token: Token): Resolution {
  if (text === "us") return MICROSECONDS;
  if (text === "ns") return NANOSECONDS;
  if (text === "ms") return { base: 10, exponent: 3 };
  const [, base, exponent] = /^(2|10)\^(\d+)$/.exec(text) ?? [];
  if (base === undefined) line.fail(`"${text}" is none of ms, us, ns, 10^N, 2^N`, token);
  return { base: base === "2" ? 2 : 10, exponent: Number(exponent) };
}

function parseSeconds(line: SourceLine, text: string, token: Token): CaptureTime {
  const [, seconds, fraction = ""] = /^(\d+)(?:\.(\d{1,9}))?$/.exec(text) ?? [];
  if (seconds === undefined) line.fail(`"${text}" is not a time in seconds (at most nine decimals)`, token);
  return { seconds: Number(seconds), nanoseconds: Number(fraction.padEnd(9, "0")) };
}

function addNanoseconds(time: CaptureTime, nanoseconds: number): CaptureTime {
  const sum = time.nanoseconds + nanoseconds;
  return { seconds: time.seconds + Math.floor(sum / 1e9), nanoseconds: sum % 1e9 };
}

function ethernetInterface(name: string | undefined, index: number): TrafficInterface {
  return {
    name,
    link: "ethernet",
    linkType: 1,
    resolution: NANOSECONDS,
    timeOffsetSeconds: undefined,
    snapLength: 0,
    index,
    description: undefined,
  };
}

/** { key: value }, or nothing if there is no value: an optional property is left out rather than set to undefined. */
function defined<K extends string, T>(key: K, value: T | undefined): { [P in K]?: T } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: T });
}
