/** Reads the lines of the traffic notation (traffic.ts), one after the other, into interfaces and packets. */
import { parseIp, parseMac } from "../../src-shared/wire/write/address";
import { type CaptureTime, MICROSECONDS, NANOSECONDS, type Resolution } from "../../src-shared/wire/write/capture-time";
import { ethernet, MAC_BROADCAST } from "../../src-shared/wire/write/ethernet";
import { fragmentLayers } from "../../src-shared/wire/write/fragment";
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
import { nullLoopback, openBsdLoopback } from "../../src-shared/wire/write/null-loop";
import { ppp } from "../../src-shared/wire/write/pppoe";
import { Identifications } from "./traffic-ip";
import { type Message, networkLayers, readMessage, repeatMessage, type Told } from "./traffic-messages";
import {
  defined,
  LINKS,
  type Traffic,
  type TrafficCounts,
  type TrafficInterface,
  type TrafficLink,
  type TrafficPacket,
} from "./traffic-model";
import { macOf, Names } from "./traffic-names";
import { TcpStreams } from "./traffic-tcp";
import { Arguments, type SourceLine, type Token } from "./traffic-text";
import { readWraps, type Wrap } from "./traffic-tunnels";

const DEFAULT_START: CaptureTime = { seconds: Date.UTC(2024, 2, 1, 10) / 1000, nanoseconds: 0 };

export class TrafficParser {
  #start = DEFAULT_START;
  #lastTime: CaptureTime = DEFAULT_START;
  readonly #interfaces: TrafficInterface[] = [];
  #interfacesDeclared = false;
  readonly #told: Told = {
    names: new Names(),
    identifications: new Identifications(),
    streams: new TcpStreams(),
    messages: new Map(),
  };
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
    const resolved = this.#told.names.address(address.word);
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
      i += 3;
      let mac: string | undefined;
      const extra = tokens[i];
      if (extra?.word.startsWith("mac=") === true) {
        mac = extra.word.slice(4);
        line.check(extra, () => parseMac(extra.word.slice(4)));
        i++;
      }
      const endpoint = this.#told.names.endpoint(line, value);
      this.#told.names.define(line, name, { ...endpoint, mac: mac ?? endpoint.mac });
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
        this.#told.messages.get(source.word) ?? line.fail(`no line before has the label "${source.word}"`, source);
      wraps = readWraps(line, rest.slice(2), this.#told);
      args = new Arguments(
        line,
        rest.slice(2).filter((token) => token.groups === undefined),
      );
      message = repeatMessage(line, known.message, verb.word === "again", args, this.#told);
      interfaceId = at === undefined ? known.interfaceId : this.#interfaceId(line, at);
    } else {
      const arrow = rest[1];
      const to = rest[2];
      if (arrow?.word !== ">" || to === undefined)
        line.fail("a packet line goes on with A > B, seen LABEL or again LABEL", verb);
      const { names } = this.#told;
      const pair = { src: names.endpoint(line, verb), dst: names.endpoint(line, to) };
      if (pair.src.address.includes(":") !== pair.dst.address.includes(":"))
        line.fail("one address is IPv4, the other IPv6", to);
      wraps = readWraps(line, rest.slice(3), this.#told);
      args = new Arguments(
        line,
        rest.slice(3).filter((token) => token.groups === undefined),
      );
      message = readMessage(line, pair, args, this.#told);
      interfaceId = this.#interfaceId(line, at);
    }
    if (label !== undefined) {
      const name = label.word.slice(0, -1);
      if (this.#told.messages.has(name)) line.fail(`the label "${name}" is used twice`, label);
      this.#told.messages.set(name, { message, interfaceId });
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
    const smac = this.#told.names.mac(line, args.value("smac")) ?? macOf(outerEnds.src);
    const dmac = this.#told.names.mac(line, args.value("dmac")) ?? macOf(outerEnds.dst);
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
}

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
    linkType: LINKS.ethernet,
    resolution: NANOSECONDS,
    timeOffsetSeconds: undefined,
    snapLength: 0,
    index,
    description: undefined,
  };
}
