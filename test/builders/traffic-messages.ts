/** The network-layer packet of a line in the traffic notation (traffic.ts): TCP, UDP, ICMP, ARP and what else is sent. */
import { ARP_REPLY, ARP_REQUEST, arp } from "../../src-shared/wire/write/arp";
import type { Checksum } from "../../src-shared/wire/write/checksum";
import { MAC_BROADCAST } from "../../src-shared/wire/write/ethernet";
import {
  ICMP_ADMIN_PROHIBITED,
  ICMP_HOST_UNREACHABLE,
  ICMP_NET_UNREACHABLE,
  ICMP_PORT_UNREACHABLE,
  ICMP_PROTOCOL_UNREACHABLE,
  icmp,
  icmpEchoReply,
  icmpEchoRequest,
  icmpFragmentationNeeded,
  icmpTimeExceeded,
  icmpUnreachable,
} from "../../src-shared/wire/write/icmp";
import {
  ICMPV6_ADDRESS_UNREACHABLE,
  ICMPV6_ADMIN_PROHIBITED,
  ICMPV6_NO_ROUTE,
  ICMPV6_PORT_UNREACHABLE,
  icmpv6,
  icmpv6EchoReply,
  icmpv6EchoRequest,
  icmpv6PacketTooBig,
  icmpv6TimeExceeded,
  icmpv6Unreachable,
  neighbourAdvertisement,
  neighbourSolicitation,
} from "../../src-shared/wire/write/icmpv6";
import { buildPacket, type Layer } from "../../src-shared/wire/write/layer";
import { payload } from "../../src-shared/wire/write/payload";
import { sctp } from "../../src-shared/wire/write/sctp";
import { udp } from "../../src-shared/wire/write/udp";
import { WIREGUARD_PORT, wireguardData } from "../../src-shared/wire/write/wireguard";
import { readContent } from "./traffic-content";
import { defaultIp, type Identifications, type IpFields, ipLayers, readIpFields } from "./traffic-ip";
import { defined } from "./traffic-model";
import { type Endpoint, type Given, macOf, type Names, type Pair, portsOf, solicitedNode } from "./traffic-names";
import type { TcpStreams } from "./traffic-tcp";
import { type Arguments, parseNumber, type SourceLine } from "./traffic-text";

/** The network-layer packet of a line: what `seen` and `again` repeat. */
export interface Message extends Pair {
  /** Undefined for ARP. */
  readonly ip: IpFields | undefined;
  readonly protocol: number | undefined;
  readonly checksum: Checksum | undefined;
  readonly ident: number | undefined;
  readonly body: (message: Message) => readonly Layer[];
}

/** What the lines before have told. */
export interface Told {
  readonly names: Names;
  readonly identifications: Identifications;
  readonly streams: TcpStreams;
  /** By label, with where it was seen. */
  readonly messages: Map<string, { readonly message: Message; readonly interfaceId: number }>;
}

const UNREACHABLE_CODES: Readonly<Record<string, number>> = {
  net: ICMP_NET_UNREACHABLE,
  host: ICMP_HOST_UNREACHABLE,
  protocol: ICMP_PROTOCOL_UNREACHABLE,
  port: ICMP_PORT_UNREACHABLE,
  admin: ICMP_ADMIN_PROHIBITED,
};
const UNREACHABLE_V6_CODES: Readonly<Record<string, number>> = {
  "no-route": ICMPV6_NO_ROUTE,
  admin: ICMPV6_ADMIN_PROHIBITED,
  address: ICMPV6_ADDRESS_UNREACHABLE,
  port: ICMPV6_PORT_UNREACHABLE,
};

export function networkLayers(message: Message): Layer[] {
  return [...(message.ip === undefined ? [] : ipLayers(message, message.ip)), ...message.body(message)];
}

/** A `seen` or `again` line: the labelled message with what this line changes. */
export function repeatMessage(
  line: SourceLine,
  original: Message,
  sentAgain: boolean,
  args: Arguments,
  told: Told,
): Message {
  const src = args.value("src");
  const dst = args.value("dst");
  const pair = {
    src: src === undefined ? original.src : moved(line, src, original.src, told.names),
    dst: dst === undefined ? original.dst : moved(line, dst, original.dst, told.names),
  };
  if (pair.src !== original.src || pair.dst !== original.dst) told.streams.translate(original, pair);
  const hops = args.number("hops") ?? 0;
  let ip = original.ip;
  if (ip !== undefined) {
    const nextId = sentAgain && ip.id !== 0 ? told.identifications.next(pair) : ip.id;
    ip = readIpFields(line, args, { ...ip, id: nextId, ttl: ip.ttl - hops }, pair);
  }
  const ident = args.number("ident") ?? original.ident;
  const checksum = parseChecksum(line, args) ?? original.checksum;
  if (original.ip === undefined && pair.dst === original.dst) return original;
  return { ...original, ...pair, ip, ident, checksum };
}

function moved(line: SourceLine, given: Given, from: Endpoint, names: Names): Endpoint {
  const to = names.endpoint(line, { ...given.token, word: given.value });
  return { ...to, port: to.port ?? from.port };
}

/** What is sent from A to B. */
export function readMessage(line: SourceLine, pair: Pair, args: Arguments, told: Told): Message {
  const what = args.expect("what is sent (tcp, udp, icmp, …)");
  const v6 = pair.src.address.includes(":");
  const checksum = parseChecksum(line, args);
  const base = { ...pair, checksum, ident: undefined, protocol: undefined };
  const ip = (df = true): IpFields =>
    readIpFields(line, args, { ...defaultIp(df), id: told.identifications.next(pair) }, pair);
  const needPorts = (): { sport: number; dport: number } => ({
    sport: pair.src.port ?? line.fail("the sender has no port", what),
    dport: pair.dst.port ?? line.fail("the receiver has no port", what),
  });

  switch (what.word) {
    case "tcp": {
      needPorts();
      const body = told.streams.segment(line, pair, args, what, () =>
        readContent(line, args, told.names, undefined, true),
      );
      return { ...base, ip: ip(), body };
    }
    case "dns":
    case "udp":
    case "dhcp": {
      needPorts();
      const content = readContent(line, args, told.names, what.word === "udp" ? undefined : what, false);
      return {
        ...base,
        ip: ip(),
        body: (m) => [udp({ ...portsOf(m), checksum: m.checksum ?? "right" }), ...content],
      };
    }
    case "sctp": {
      needPorts();
      const verificationTag = args.number("vtag") ?? 0;
      const content = readContent(line, args, told.names, undefined, false);
      return { ...base, ip: ip(), body: (m) => [sctp({ ...portsOf(m), verificationTag }), ...content] };
    }
    case "wireguard": {
      const data = wireguardData({
        receiver: args.number("receiver") ?? 1,
        counter: args.number("counter") ?? 0,
        innerLength: args.number("len") ?? 64,
      });
      return {
        ...base,
        src: { ...pair.src, port: pair.src.port ?? WIREGUARD_PORT },
        dst: { ...pair.dst, port: pair.dst.port ?? WIREGUARD_PORT },
        ip: ip(),
        body: (m) => [udp({ ...portsOf(m), checksum: m.checksum ?? "right" }), data],
      };
    }
    case "ip": {
      const protocol = args.number("proto") ?? line.fail("ip needs proto=", what);
      const content = readContent(line, args, told.names, undefined, false);
      return {
        ...base,
        protocol,
        ip: ip(),
        body: () => [payload(new Uint8Array(0), { ipProtocol: protocol }), ...content],
      };
    }
    case "icmp":
      return readIcmp(line, args, base, ip, told);
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
      return line.fail(`"${what.word}" is none of tcp, udp, sctp, icmp, dns, dhcp, arp, nd, wireguard, ip`, what);
  }
}

function readIcmp(
  line: SourceLine,
  args: Arguments,
  base: Omit<Message, "body" | "ip">,
  ip: () => IpFields,
  told: Told,
): Message {
  const v6 = base.src.address.includes(":");
  const kind = args.expect("request, reply, unreachable, time-exceeded, too-big or redirect");
  const sum = (m: Message): { checksum: Checksum } => ({ checksum: m.checksum ?? "right" });
  /** ICMP has no pseudo-header to leave a partial sum of. */
  const sum4 = (m: Message): { checksum: Exclude<Checksum, "partial"> } => ({
    checksum: m.checksum === undefined || m.checksum === "partial" ? "right" : m.checksum,
  });

  if (kind.word === "request" || kind.word === "reply") {
    const request = kind.word === "request";
    const ident = args.number("ident") ?? 1;
    const sequence = args.number("seq") ?? 1;
    const content = readContent(line, args, told.names, undefined, false);
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
  } else if (kind.word !== "time-exceeded" && kind.word !== "too-big" && kind.word !== "redirect") {
    line.fail(`"${kind.word}" is none of request, reply, unreachable, time-exceeded, too-big, redirect`, kind);
  }
  const mtu = args.number("mtu") ?? (kind.word === "too-big" ? line.fail("too-big needs mtu=", kind) : 0);
  const quoting = args.expect('"quoting LABEL"');
  if (quoting.word !== "quoting") line.fail('an ICMP error goes on with "quoting LABEL"', quoting);
  const quoted = args.expect("the label of the quoted packet");
  const known = told.messages.get(quoted.word) ?? line.fail(`no line before has the label "${quoted.word}"`, quoted);
  const quote = line.check(quoted, () => buildPacket(networkLayers(known.message)));
  const quoteLength = args.number("quote");
  const data = { quote, ...defined("quoteLength", quoteLength) };
  return {
    ...base,
    ip: ip(),
    body: (m) => {
      if (kind.word === "redirect") {
        // For the host (code 1), to a gateway 0.0.0.0 (RFC 792); IPv6: target and destination before the option with the quote (RFC 4861 section 4.5).
        if (!v6) return [icmp({ type: 5, code: 1, data: quote, ...sum4(m) })];
        const option = new Uint8Array(40 + Math.ceil(quote.length / 8) * 8);
        option.set([4, option.length / 8 - 4], 32);
        option.set(quote, 40);
        return [icmpv6({ type: 137, code: 0, data: option, ...sum(m) })];
      }
      if (kind.word === "too-big")
        return [
          v6 ? icmpv6PacketTooBig({ ...data, mtu, ...sum(m) }) : icmpFragmentationNeeded({ ...data, mtu, ...sum4(m) }),
        ];
      if (kind.word === "time-exceeded")
        return [v6 ? icmpv6TimeExceeded({ ...data, ...sum(m) }) : icmpTimeExceeded({ ...data, ...sum4(m) })];
      return [v6 ? icmpv6Unreachable({ ...data, code, ...sum(m) }) : icmpUnreachable({ ...data, code, ...sum4(m) })];
    },
  };
}

export function parseChecksum(line: SourceLine, args: Arguments): Checksum | undefined {
  const found = args.value("checksum");
  if (found === undefined) return undefined;
  const { value } = found;
  return value === "right" || value === "wrong" || value === "partial" || value === "none"
    ? value
    : parseNumber(line, value, found.token);
}
