/** Tunnels and tags around a packet in the traffic notation (traffic.ts). */
import { parseHex } from "../../src-shared/wire/write/address";
import { checksumValue, sumWords } from "../../src-shared/wire/write/checksum";
import { qinq, vlan } from "../../src-shared/wire/write/ethernet";
import { geneve, GENEVE_PORT, type GeneveOption } from "../../src-shared/wire/write/geneve";
import { erspan, gre } from "../../src-shared/wire/write/gre";
import { IPPROTO_UDP } from "../../src-shared/wire/write/ipv4";
import { type Layer, pseudoHeaderSum } from "../../src-shared/wire/write/layer";
import { mpls } from "../../src-shared/wire/write/mpls";
import { ppp, pppoe } from "../../src-shared/wire/write/pppoe";
import { udp } from "../../src-shared/wire/write/udp";
import { vxlan, VXLAN_PORT } from "../../src-shared/wire/write/vxlan";
import { defaultIp, hash, ipLayers, readIpFields } from "./traffic-ip";
import { parseChecksum, type Told } from "./traffic-messages";
import { defined } from "./traffic-model";
import { endpointKey, type Pair } from "./traffic-names";
import { Arguments, parseNumber, type SourceLine, type Token } from "./traffic-text";

/** What a tunnel or tag puts before the packet. */
export interface Wrap {
  /** Outermost layers first; `inner` are the inner flow's ends, for a source port that hashes them. */
  readonly layers: (inner: Pair) => readonly Layer[];
  /** Its own IP header, if it has one: the frame around it goes from and to these. */
  readonly ends: Pair | undefined;
  /** Ethernet follows, with these MACs if given. */
  readonly frame: { readonly smac: string | undefined; readonly dmac: string | undefined } | undefined;
  readonly frag: number | undefined;
}

/** The tunnels and tags among the words of a line, outermost first. */
export function readWraps(line: SourceLine, tokens: readonly Token[], told: Told): Wrap[] {
  return tokens.filter((token) => token.groups !== undefined).map((token) => readWrap(line, token, told));
}

function readWrap(line: SourceLine, token: Token, told: Told): Wrap {
  const flat = (token.groups ?? []).flat();
  const arrow = flat.findIndex((one) => one.word === ">");
  let ends: Pair | undefined;
  const rest = [...flat];
  if (arrow >= 0) {
    const from = flat[arrow - 1] ?? line.fail("an address is missing before >", flat[arrow]);
    const to = flat[arrow + 1] ?? line.fail("an address is missing after >", flat[arrow]);
    ends = { src: told.names.endpoint(line, from), dst: told.names.endpoint(line, to) };
    rest.splice(arrow - 1, 3);
  }
  const args = new Arguments(line, rest);
  const wrap = line.check(token, () => wrapOf(line, token, args, ends, told));
  args.finish();
  return wrap;
}

function wrapOf(line: SourceLine, token: Token, args: Arguments, ends: Pair | undefined, told: Told): Wrap {
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
  const fields = readIpFields(line, args, { ...defaultIp(true), id: told.identifications.next(between) }, between);
  const ip = ipLayers(between, fields);
  const tunnel = (layers: (inner: Pair) => readonly Layer[], framed: boolean): Wrap => ({
    layers: (inner) => [...ip, ...layers(inner)],
    ends: between,
    frame: framed
      ? { smac: told.names.mac(line, args.value("smac")), dmac: told.names.mac(line, args.value("dmac")) }
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
    const isLocal = args.flag("lco");
    const checksum = parseChecksum(line, args) ?? "right";
    const outer = (inner: Pair): Layer => udp({ sport: sport ?? flowPort(inner), dport, checksum });
    return tunnel((inner) => [isLocal ? summedBeforehand(outer(inner)) : outer(inner), ...header], framed);
  };
  const greHeader = (sequence = args.number("seq")): Layer =>
    gre({
      ...(args.flag("csum") ? { checksum: "right" as const } : {}),
      ...defined("key", args.number("key")),
      ...defined("sequence", sequence),
    });

  switch (token.word) {
    case "vxlan":
      return overUdp(VXLAN_PORT, [vxlan({ vni: args.number("vni") ?? line.fail("vxlan(…) needs vni=", token) })], true);
    case "geneve": {
      const option = args.value("option");
      const options = option === undefined ? [] : [parseGeneveOption(line, option.value, option.token)];
      return overUdp(
        GENEVE_PORT,
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

/** As tunnel end points choose it: from the upper half, by a hash of the inner flow. */
function flowPort(inner: Pair): number {
  return 0xc000 + (hash(`${endpointKey(inner.src)}>${endpointKey(inner.dst)}`) & 0x3fff);
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

/** UDP whose checksum counts the innermost TCP or UDP header, left to the device, as if it were filled in: Linux's local checksum offload. */
function summedBeforehand(layer: Layer): Layer {
  return {
    ...layer,
    finish(out, placed, frame) {
      const inner = frame.layers.findLast((l) => l.layer.name === "tcp" || l.layer.name === "udp") ?? placed;
      const field = inner.start + (inner.layer.name === "tcp" ? 16 : 6);
      const left = sumWords(out.view(field).subarray(0, 2));
      out.setU16(placed.start + 4, out.length - placed.start);
      const pseudo = pseudoHeaderSum(out, frame, IPPROTO_UDP, out.length - placed.start);
      const before = sumWords(out.view(placed.start).subarray(0, inner.start - placed.start));
      out.setU16(placed.start + 6, checksumValue("right", pseudo, before + (0xffff - left), true));
    },
  };
}
