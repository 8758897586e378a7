/** One rule of a chain, its conditions as numbers: what `iptables` calls matches. */
import type { Match, Rule, RuleHandle } from "../api/netfilter";
import { contains, parsePrefix, type Prefix } from "../addresses";
import { isIpv6 } from "../ipv6-addresses";
import {
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  TRACK_ESTABLISHED,
  TRACK_INVALID,
  TRACK_NEW,
  TRACK_RELATED,
} from "../packet";
import type { NetDevice } from "../parts";

/** What conditions look at: filled once for each packet and hook. */
export interface Subject {
  source: number;
  destination: number;
  protocol: number;
  sourcePort: number;
  destinationPort: number;
  icmpType: number;
  tcpFlags: number;
  length: number;
  mark: number;
  trackState: number;
  destinationTranslated: boolean;
  sourceTranslated: boolean;
  in: NetDevice | undefined;
  out: NetDevice | undefined;
}

/** What conditions need beyond the packet. */
export interface Surroundings {
  isLocal(address: number): boolean;
  random(): number;
  seenWithin(list: string, source: number, seconds: number): boolean;
}

type Condition = (subject: Subject, around: Surroundings) => boolean;

export class CompiledRule {
  readonly rule: Rule;
  packets = 0;
  readonly #conditions: readonly Condition[];

  constructor(rule: Rule) {
    this.rule = rule;
    const refused = rule.not === undefined ? [] : compile(rule.not);
    this.#conditions = [
      ...compile(rule),
      ...refused.map(
        (condition): Condition =>
          (subject, around) =>
            !condition(subject, around),
      ),
    ];
  }

  matches(subject: Subject, around: Surroundings): boolean {
    for (const condition of this.#conditions) if (!condition(subject, around)) return false;
    this.packets++;
    return true;
  }
}

export function handleOf(compiled: CompiledRule, remove: () => void): RuleHandle {
  return {
    get packets() {
      return compiled.packets;
    },
    remove,
  };
}

const PROTOCOLS = { tcp: PROTOCOL_TCP, udp: PROTOCOL_UDP, icmp: PROTOCOL_ICMP, icmpv6: PROTOCOL_ICMPV6 } as const;

const STATES: Readonly<Record<NonNullable<Match["state"]>[number], Condition>> = {
  NEW: (subject) => subject.trackState === TRACK_NEW,
  ESTABLISHED: (subject) => subject.trackState === TRACK_ESTABLISHED,
  RELATED: (subject) => subject.trackState === TRACK_RELATED,
  INVALID: (subject) => subject.trackState === TRACK_INVALID,
  DNAT: (subject) => subject.destinationTranslated,
  SNAT: (subject) => subject.sourceTranslated,
};

function compile(match: Match): Condition[] {
  const conditions: Condition[] = [];
  // Cheap and selective ones first; random ones last, so that they are drawn only for packets that could match.
  if (match.destination !== undefined) {
    const inside = insideOf(match.destination);
    conditions.push((subject) => inside(subject.destination));
  }
  if (match.source !== undefined) {
    const inside = insideOf(match.source);
    conditions.push((subject) => inside(subject.source));
  }
  if (match.family !== undefined) {
    const wanted = match.family === "IPv6";
    conditions.push((subject) => isIpv6(subject.destination) === wanted);
  }
  if (match.protocol !== undefined) {
    const protocol = typeof match.protocol === "number" ? match.protocol : PROTOCOLS[match.protocol];
    conditions.push((subject) => subject.protocol === protocol);
  }
  if (match.destinationPort !== undefined) {
    const [first, last] = portRange(match.destinationPort);
    conditions.push(({ destinationPort: port }) => port >= first && port <= last);
  }
  if (match.sourcePort !== undefined) {
    const [first, last] = portRange(match.sourcePort);
    conditions.push(({ sourcePort: port }) => port >= first && port <= last);
  }
  if (match.inDevice !== undefined) {
    const named = deviceNamed(match.inDevice);
    conditions.push((subject) => named(subject.in));
  }
  if (match.outDevice !== undefined) {
    const named = deviceNamed(match.outDevice);
    conditions.push((subject) => named(subject.out));
  }
  if (match.mark !== undefined) {
    const { value, mask = 0xffffffff } = match.mark;
    conditions.push((subject) => (subject.mark & mask) >>> 0 === value >>> 0);
  }
  if (match.icmpType !== undefined) {
    const { icmpType } = match;
    conditions.push((subject) => subject.icmpType === icmpType);
  }
  if (match.tcpSyn !== undefined) {
    const { tcpSyn } = match;
    conditions.push((subject) => (subject.protocol === PROTOCOL_TCP && (subject.tcpFlags & 0x17) === 0x02) === tcpSyn);
  }
  if (match.lengthAtLeast !== undefined) {
    const { lengthAtLeast } = match;
    conditions.push((subject) => subject.length >= lengthAtLeast);
  }
  if (match.state !== undefined) {
    const wanted = match.state.map((state) => STATES[state]);
    conditions.push((subject, around) => wanted.some((condition) => condition(subject, around)));
  }
  if (match.destinationIsLocal !== undefined) {
    const { destinationIsLocal } = match;
    conditions.push((subject, around) => around.isLocal(subject.destination) === destinationIsLocal);
  }
  if (match.sourceIsLocal !== undefined) {
    const { sourceIsLocal } = match;
    conditions.push((subject, around) => around.isLocal(subject.source) === sourceIsLocal);
  }
  if (match.recent !== undefined) {
    const { list, seconds } = match.recent;
    conditions.push((subject, around) => around.seenWithin(list, subject.source, seconds));
  }
  if (match.probability !== undefined) {
    const { probability } = match;
    conditions.push((_, around) => around.random() < probability);
  }
  if (match.every !== undefined) {
    const { n, packet } = match.every;
    let count = 0;
    conditions.push(() => count++ % n === packet);
  }
  return conditions;
}

function insideOf(prefixes: string | readonly string[]): (address: number) => boolean {
  const list: readonly Prefix[] = (typeof prefixes === "string" ? [prefixes] : prefixes).map(parsePrefix);
  return (address) => {
    for (const prefix of list) if (contains(prefix, address)) return true;
    return false;
  };
}

function portRange(port: number | readonly [number, number]): readonly [number, number] {
  return typeof port === "number" ? [port, port] : port;
}

function deviceNamed(name: string): (device: NetDevice | undefined) => boolean {
  if (!name.endsWith("+")) return (device) => device?.name === name;
  const beginning = name.slice(0, -1);
  return (device) => device?.name.startsWith(beginning) === true;
}
