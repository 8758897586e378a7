/** Netfilter of a namespace: chains, rules, targets; connection tracking and its timeouts. */
import type { AddressText, PrefixText } from "./addresses";

/** Tables in the order the kernel asks them: mangle, nat, filter (raw has no use here). */
export type TableName = "mangle" | "nat" | "filter";
export type HookName = "PREROUTING" | "INPUT" | "FORWARD" | "OUTPUT" | "POSTROUTING";

export interface Netfilter {
  /** Makes a chain of one's own; nothing if it is there. */
  addChain(table: TableName, chain: string): void;
  /** Appends (or inserts at `position`) to a chain, also to the built-in ones. An unknown chain is made. */
  append(table: TableName, chain: string, rule: Rule): RuleHandle;
  /** Empties the chain, appends these. */
  replace(table: TableName, chain: string, rules: readonly Rule[]): void;
  insert(table: TableName, chain: string, position: number, rule: Rule): RuleHandle;
  /** Empties the chain. */
  flush(table: TableName, chain: string): void;
  /** Empties and removes it; rules that jump to it do nothing then. */
  removeChain(table: TableName, chain: string): void;
  /** What a built-in chain does at its end. Default ACCEPT. */
  setPolicy(table: TableName, chain: HookName, policy: "ACCEPT" | "DROP"): void;
}

export interface RuleHandle {
  readonly packets: number;
  remove(): void;
}

export interface Rule extends Match {
  readonly target: Target;
  /** Reported with drops. */
  readonly comment?: string;
  /** Conditions that must not hold, each by itself: `{ not: { source: "10.244.0.0/16" } }`. */
  readonly not?: Match;
}

/** All given conditions must hold. */
export interface Match {
  readonly source?: PrefixText | readonly PrefixText[];
  readonly destination?: PrefixText | readonly PrefixText[];
  readonly family?: "IPv4" | "IPv6";
  readonly protocol?: "tcp" | "udp" | "icmp" | "icmpv6" | number;
  readonly sourcePort?: number | readonly [first: number, last: number];
  readonly destinationPort?: number | readonly [first: number, last: number];
  /** A device's name; a trailing + matches any rest. */
  readonly inDevice?: string;
  readonly outDevice?: string;
  readonly mark?: { readonly value: number; readonly mask?: number };
  /** addrtype --dst-type LOCAL. */
  readonly destinationIsLocal?: boolean;
  readonly sourceIsLocal?: boolean;
  readonly state?: readonly ("NEW" | "ESTABLISHED" | "RELATED" | "INVALID" | "DNAT" | "SNAT")[];
  /** statistic --mode random. */
  readonly probability?: number;
  /** statistic --mode nth --every N --packet P. */
  readonly every?: { readonly n: number; readonly packet: number };
  /** recent --name N --rcheck --seconds S --reap (session affinity): the source is in the list. */
  readonly recent?: { readonly list: string; readonly seconds: number };
  readonly icmpType?: number;
  /** tcp flags of a SYN (as --syn). */
  readonly tcpSyn?: boolean;
  /** IP length in bytes, at least. */
  readonly lengthAtLeast?: number;
}

export type Target =
  | { readonly kind: "accept" | "drop" | "return" | "masquerade" }
  /** `rememberIn`: recent --set, also allowed on other targets through `remember`. */
  | { readonly kind: "dnat"; readonly address?: AddressText; readonly port?: number; readonly remember?: string }
  | { readonly kind: "snat"; readonly address: AddressText; readonly ports?: readonly [first: number, last: number] }
  | { readonly kind: "masquerade-random" }
  /** REDIRECT: DNAT to the address of the device it came in on. */
  | { readonly kind: "redirect"; readonly port: number }
  | { readonly kind: "mark"; readonly or?: number; readonly and?: number; readonly xor?: number }
  | {
      readonly kind: "reject";
      readonly with?:
        | "icmp-port-unreachable"
        | "icmp-host-unreachable"
        | "icmp-net-unreachable"
        | "icmp-admin-prohibited"
        | "tcp-reset";
    }
  | { readonly kind: "jump"; readonly chain: string }
  /** TCPMSS --clamp-mss-to-pmtu, or to a value. */
  | { readonly kind: "clamp-mss"; readonly mss?: number }
  | { readonly kind: "notrack" };

export interface Conntrack {
  enabled: boolean;
  /** Called for NEW, UPDATE and DESTROY. */
  onEvent: ((event: ConntrackEvent) => void) | undefined;
  readonly entries: readonly ConntrackEntry[];
  /** `conntrack -D`: all, or those that match. Returns how many. */
  flush(matches?: (entry: ConntrackEntry) => boolean): number;
  /** Seconds for `nf_conntrack_*_timeout`; those not given stay. */
  setTimeouts(seconds: Partial<ConntrackTimeouts>): void;
  /** False brings the classic clash: two packets of one new UDP flow at once, one of them lost. Default true (resolved). */
  resolveClashes: boolean;
}

export interface ConntrackTimeouts {
  tcpSynSent: number;
  tcpSynReceived: number;
  tcpEstablished: number;
  tcpFinWait: number;
  tcpCloseWait: number;
  tcpLastAck: number;
  tcpTimeWait: number;
  tcpClose: number;
  udp: number;
  udpStream: number;
  icmp: number;
  generic: number;
}

export interface ConntrackTuple {
  readonly source: AddressText;
  readonly destination: AddressText;
  /** Ports; for ICMP echo the identifier in both (type and code are in the text). */
  readonly sourcePort: number;
  readonly destinationPort: number;
}

export interface ConntrackEntry {
  readonly id: number;
  readonly protocol: number;
  readonly original: ConntrackTuple;
  readonly reply: ConntrackTuple;
  readonly assured: boolean;
  readonly replied: boolean;
  readonly sourceTranslated: boolean;
  readonly destinationTranslated: boolean;
}

export interface ConntrackEvent {
  readonly type: "NEW" | "UPDATE" | "DESTROY";
  readonly timeNs: number;
  readonly entry: ConntrackEntry;
  /** The line `conntrack -E -o timestamp,extended` prints, without line end. */
  readonly text: string;
}
