/**
 * Chains and hooks of one namespace.
 *
 * ```
 *               PREROUTING    INPUT         FORWARD   OUTPUT        POSTROUTING
 *  tracking     observe       confirm last            observe       confirm last
 *  mangle       x             x             x         x             x
 *  nat          destination   source                  destination   source
 *  filter                     x             x         x
 * ```
 */
import type { HookName, Netfilter, Rule, RuleHandle, TableName, Target } from "../api/netfilter";
import { ipNumber } from "../addresses";
import { patchChecksum16, putU16, u16 } from "../bytes";
import { isIpv6 } from "../ipv6-addresses";
import { isIcmp, type Packet, PROTOCOL_TCP, PROTOCOL_UDP, TRACK_NEW, TRACK_RELATED, TRACK_UNTRACKED } from "../packet";
import {
  ICMP_ADMIN_PROHIBITED,
  ICMP_HOST_UNREACHABLE,
  ICMP_NET_UNREACHABLE,
  ICMP_PORT_UNREACHABLE,
  type NetDevice,
  type NetStack,
} from "../parts";
import { contains } from "../addresses";
import type { Random } from "../random";
import { firstAddress } from "../routing-table";
import type { ConntrackTable } from "./conntrack";
import { type Manipulation, Nat, type NatRange } from "./nat";
import { CompiledRule, handleOf, type Subject, type Surroundings } from "./rule";

const HOOKS: Readonly<Record<TableName, readonly HookName[]>> = {
  mangle: ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
  nat: ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
  filter: ["INPUT", "FORWARD", "OUTPUT"],
};

/** Chains of chains: more is a loop. */
const MAX_JUMPS = 64;

const CONTINUE = 0;
const ACCEPT = 1;
const DROP = 2;

class Chain {
  readonly name: string;
  rules: readonly CompiledRule[] = [];
  policy: "ACCEPT" | "DROP" = "ACCEPT";

  constructor(name: string) {
    this.name = name;
  }
}

const REJECTIONS = {
  "icmp-port-unreachable": ICMP_PORT_UNREACHABLE,
  "icmp-host-unreachable": ICMP_HOST_UNREACHABLE,
  "icmp-net-unreachable": ICMP_NET_UNREACHABLE,
  "icmp-admin-prohibited": ICMP_ADMIN_PROHIBITED,
} as const;

export class NetfilterImpl implements Netfilter {
  readonly conntrack: ConntrackTable;
  readonly #stack: NetStack;
  readonly #nat: Nat;
  readonly #random: Random;
  readonly #tables: Readonly<Record<TableName, Map<string, Chain>>>;
  readonly #recent = new Map<string, Map<number, number>>();
  readonly #subject: Subject = {
    source: 0,
    destination: 0,
    protocol: 0,
    sourcePort: 0,
    destinationPort: 0,
    icmpType: -1,
    tcpFlags: 0,
    length: 0,
    mark: 0,
    trackState: 0,
    destinationTranslated: false,
    sourceTranslated: false,
    in: undefined,
    out: undefined,
  };
  readonly #around: Surroundings;
  /** Where evaluation found its NAT range, if any. */
  #range: NatRange | undefined = undefined;
  #rejected = false;

  constructor(stack: NetStack, conntrack: ConntrackTable) {
    this.#stack = stack;
    this.conntrack = conntrack;
    this.#random = stack.world.random(`netfilter ${stack.name}`);
    this.#nat = new Nat(conntrack, stack.world.random(`nat ${stack.name}`));
    const table = (name: TableName): Map<string, Chain> => new Map(HOOKS[name].map((hook) => [hook, new Chain(hook)]));
    this.#tables = { mangle: table("mangle"), nat: table("nat"), filter: table("filter") };
    this.#around = {
      isLocal: (address) => stack.isLocalAddress(address),
      random: () => this.#random.next(),
      seenWithin: (list, source, seconds) => {
        const seenNs = this.#recent.get(list)?.get(source);
        return seenNs !== undefined && stack.world.nowNs - seenNs <= seconds * 1e9;
      },
    };
  }

  addChain(table: TableName, chain: string): void {
    this.#chain(table, chain);
  }

  #chain(table: TableName, name: string): Chain {
    const chains = this.#tables[table];
    let chain = chains.get(name);
    if (chain === undefined) {
      if ((HOOKS.mangle as readonly string[]).includes(name))
        throw new RangeError(`table ${table} has no chain ${name}`);
      chain = new Chain(name);
      chains.set(name, chain);
    }
    return chain;
  }

  append(table: TableName, chain: string, rule: Rule): RuleHandle {
    return this.insert(table, chain, Infinity, rule);
  }

  insert(table: TableName, chainName: string, position: number, rule: Rule): RuleHandle {
    const chain = this.#chain(table, chainName);
    const compiled = this.#compile(table, rule);
    chain.rules = [...chain.rules.slice(0, position), compiled, ...chain.rules.slice(position)];
    return handleOf(compiled, () => {
      chain.rules = chain.rules.filter((other) => other !== compiled);
    });
  }

  replace(table: TableName, chainName: string, rules: readonly Rule[]): void {
    this.#chain(table, chainName).rules = rules.map((rule) => this.#compile(table, rule));
  }

  #compile(table: TableName, rule: Rule): CompiledRule {
    const { kind } = rule.target;
    const isNat = ["dnat", "snat", "masquerade", "masquerade-random", "redirect"].includes(kind);
    if (isNat && table !== "nat") throw new RangeError(`target ${kind} belongs into table nat, not ${table}`);
    if (table === "nat" || rule.state !== undefined || rule.not?.state !== undefined) this.conntrack.enabled = true;
    return new CompiledRule(rule);
  }

  flush(table: TableName, chain: string): void {
    this.#chain(table, chain).rules = [];
  }

  removeChain(table: TableName, chain: string): void {
    this.#tables[table].delete(chain);
  }

  setPolicy(table: TableName, chain: HookName, policy: "ACCEPT" | "DROP"): void {
    this.#chain(table, chain).policy = policy;
  }

  /** True: the packet goes on. Else it was dropped, and said so. `packet.start` is at the IP header. */
  run(hook: HookName, packet: Packet, input: NetDevice | undefined, output: NetDevice | undefined): boolean {
    const { conntrack } = this;
    const tracks = conntrack.enabled;
    if (tracks && (hook === "PREROUTING" || hook === "OUTPUT")) conntrack.observe(packet);
    if (!this.#table("mangle", hook, packet, input, output)) return false;
    if (tracks && (hook === "PREROUTING" || hook === "OUTPUT"))
      if (!this.#translate("destination", hook, packet, input, output)) return false;
    if (hook !== "PREROUTING" && hook !== "POSTROUTING")
      if (!this.#table("filter", hook, packet, input, output)) return false;
    if (tracks && (hook === "INPUT" || hook === "POSTROUTING")) {
      if (!this.#translate("source", hook, packet, input, output)) return false;
      if (!conntrack.confirm(packet)) {
        this.#stack.world.drop(this.#stack, output ?? input, "conntrack-clash", packet);
        return false;
      }
    }
    return true;
  }

  #table(
    table: TableName,
    hook: HookName,
    packet: Packet,
    input: NetDevice | undefined,
    output: NetDevice | undefined,
  ): boolean {
    const chain = this.#tables[table].get(hook);
    if (chain === undefined || (chain.rules.length === 0 && chain.policy === "ACCEPT")) return true;
    this.#look(packet, input, output);
    const verdict = this.#evaluate(table, chain, packet, 0);
    if (verdict === DROP) return false;
    if (verdict === CONTINUE && chain.policy === "DROP") {
      this.#stack.world.drop(this.#stack, output ?? input, "rule", packet, `policy of ${hook}`);
      return false;
    }
    return true;
  }

  #translate(
    manipulation: Manipulation,
    hook: HookName,
    packet: Packet,
    input: NetDevice | undefined,
    output: NetDevice | undefined,
  ): boolean {
    const connection = packet.track;
    if (connection === undefined) return true;
    if (packet.trackState === TRACK_RELATED) {
      if (isIcmp(packet.protocol)) this.#nat.translateError(packet, manipulation);
      return true;
    }
    const decided = manipulation === "source" ? connection.sourceDecided : connection.destinationDecided;
    if (packet.trackState === TRACK_NEW && !decided && !connection.confirmed) {
      this.#range = undefined;
      if (!this.#table("nat", hook, packet, input, output)) return false;
      this.#nat.decide(connection, manipulation, this.#range);
    }
    this.#nat.translate(packet, manipulation);
    return true;
  }

  #look(packet: Packet, input: NetDevice | undefined, output: NetDevice | undefined): void {
    const subject = this.#subject;
    const { buffer, protocol } = packet;
    const at = packet.transportAt;
    const hasPorts = (protocol === PROTOCOL_TCP || protocol === PROTOCOL_UDP) && packet.end - at >= 8;
    subject.source = packet.source;
    subject.destination = packet.destination;
    subject.protocol = protocol;
    subject.sourcePort = hasPorts ? u16(buffer, at) : -1;
    subject.destinationPort = hasPorts ? u16(buffer, at + 2) : -1;
    subject.icmpType = isIcmp(protocol) ? (buffer[at] ?? -1) : -1;
    subject.tcpFlags = protocol === PROTOCOL_TCP ? (buffer[at + 13] ?? 0) : 0;
    subject.length = packet.length;
    subject.mark = packet.mark;
    subject.trackState = packet.trackState;
    subject.destinationTranslated = packet.track?.destinationTranslated === true;
    subject.sourceTranslated = packet.track?.sourceTranslated === true;
    subject.in = input;
    subject.out = output;
  }

  #evaluate(table: TableName, chain: Chain, packet: Packet, depth: number): number {
    if (depth > MAX_JUMPS) throw new RangeError(`table ${table}: chain ${chain.name} jumps in a circle`);
    for (const compiled of chain.rules) {
      if (!compiled.matches(this.#subject, this.#around)) continue;
      const { target } = compiled.rule;
      if (target.kind === "return") return CONTINUE;
      if (target.kind === "jump") {
        const next = this.#tables[table].get(target.chain);
        const verdict = next === undefined ? CONTINUE : this.#evaluate(table, next, packet, depth + 1);
        if (verdict !== CONTINUE) return verdict;
        continue;
      }
      const verdict = this.#apply(target, packet, compiled.rule.comment);
      if (verdict !== CONTINUE) return verdict;
    }
    return CONTINUE;
  }

  #apply(target: Exclude<Target, { kind: "jump" }>, packet: Packet, comment: string | undefined): number {
    const stack = this.#stack;
    const subject = this.#subject;
    // Answering a rejected packet uses the subject anew.
    const where = subject.out ?? subject.in;
    switch (target.kind) {
      case "accept":
        return ACCEPT;
      case "return":
        return CONTINUE;
      case "drop":
        stack.world.drop(stack, where, "rule", packet, comment);
        return DROP;
      case "reject": {
        const how = target.with ?? "icmp-port-unreachable";
        // Answering passes netfilter itself: once is enough.
        if (!this.#rejected) {
          this.#rejected = true;
          if (how === "tcp-reset") stack.sendTcpReset(packet);
          else stack.sendIcmpError(packet, REJECTIONS[how]);
          this.#rejected = false;
        }
        stack.world.drop(stack, where, "reject", packet, comment);
        return DROP;
      }
      case "mark":
        packet.mark = (((packet.mark & (target.and ?? 0xffffffff)) | (target.or ?? 0)) ^ (target.xor ?? 0)) >>> 0;
        subject.mark = packet.mark;
        return CONTINUE;
      case "dnat": {
        const address = target.address === undefined ? subject.destination : ipNumber(target.address);
        // A rule of iptables is none of ip6tables, and the other way round.
        if (isIpv6(address) !== packet.isIpv6) return CONTINUE;
        if (target.remember !== undefined) this.#remember(target.remember, subject.source);
        this.#range = target.port === undefined ? { address } : { address, ports: [target.port, target.port] };
        return ACCEPT;
      }
      case "redirect": {
        const own = subject.in === undefined ? 0 : firstAddress(subject.in, subject.destination);
        const address = own !== 0 ? own : ipNumber(packet.isIpv6 ? "::1" : "127.0.0.1");
        this.#range = { address, ports: [target.port, target.port] };
        return ACCEPT;
      }
      case "snat": {
        const address = ipNumber(target.address);
        if (isIpv6(address) !== packet.isIpv6) return CONTINUE;
        this.#range = target.ports === undefined ? { address } : { address, ports: target.ports };
        return ACCEPT;
      }
      case "masquerade":
      case "masquerade-random": {
        const address = masqueradeAddress(subject.out, packet.nextHop);
        if (address === 0) {
          stack.world.drop(stack, subject.out, "no-route", packet, comment);
          return DROP;
        }
        this.#range = { address, randomPort: target.kind === "masquerade-random" };
        return ACCEPT;
      }
      case "clamp-mss":
        clampMss(packet, target.mss ?? (subject.out?.mtu ?? 1500) - packet.headerBytes - 20);
        return CONTINUE;
      case "notrack":
        packet.forgetTracking();
        packet.trackState = TRACK_UNTRACKED;
        return CONTINUE;
    }
  }

  #remember(list: string, source: number): void {
    const seen = this.#recent.get(list) ?? new Map<number, number>();
    this.#recent.set(list, seen);
    seen.set(source, this.#stack.world.nowNs);
  }
}

/** The device's address on the next hop's subnet, else its first of that family. */
function masqueradeAddress(device: NetDevice | undefined, nextHop: number): number {
  if (device === undefined) return 0;
  return device.addressList.find(({ prefix }) => contains(prefix, nextHop))?.address ?? firstAddress(device, nextHop);
}

/** Lowers the MSS option of a SYN, never raises it. */
function clampMss(packet: Packet, mss: number): void {
  if (packet.protocol !== PROTOCOL_TCP) return;
  const { buffer, partialChecksum } = packet;
  const at = packet.transportAt;
  if (((buffer[at + 13] as number) & 0x02) === 0) return;
  const end = at + (((buffer[at + 12] as number) >> 4) << 2);
  for (let option = at + 20; option < end;) {
    const kind = buffer[option] as number;
    if (kind === 0) return;
    if (kind === 2) {
      const before = u16(buffer, option + 2);
      if (before <= mss) return;
      putU16(buffer, option + 2, mss);
      if (!partialChecksum) patchChecksum16(buffer, at + 16, before, mss);
      return;
    }
    option += kind === 1 ? 1 : Math.max(2, buffer[option + 1] as number);
  }
}
