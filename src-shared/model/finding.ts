/** Something worth a person's attention, said so that it can be checked: what, where, why it is believed, what speaks against it. */

export type FindingSeverity = "chat" | "note" | "warn" | "error";

/** Families; each is one file of src-main/engine/findings. */
export type FindingKind =
  | "lost-between"
  | "mtu-blackhole"
  | "path-mtu"
  | "snat-hides-client"
  | "asymmetric-path"
  | "policy-silence"
  | "no-endpoint"
  | "broken-outer-checksum"
  | "port-reuse"
  | "conntrack-clash"
  | "conntrack-differs"
  | "dns-stall"
  | "arp-conflict"
  | "slow-hop"
  | "slow-answer"
  | "ttl"
  | "duplicate-delivery";

export interface PacketReference {
  /** Index over the workspace in reading order. */
  readonly packet: number;
  /** Base name of its file. */
  readonly file: string;
  /** frame.number in the file. */
  readonly number: number;
}

export interface Finding {
  /** Kind and what it is about; stable for the same input. */
  readonly id: string;
  readonly kind: FindingKind;
  readonly severity: FindingSeverity;
  readonly title: string;
  /** What happened, in sentences. */
  readonly text: string;
  /** A conclusion from more than packets (policies, timings): what happened behind is not seen. */
  readonly inference: boolean;
  /** Ids of capture points, names of nodes and pods. */
  readonly where: readonly string[];
  readonly evidence: readonly string[];
  /** Causes that fit, likeliest first; empty where the packets themselves show the cause. */
  readonly fits: readonly string[];
  readonly ruledOut: readonly string[];
  /** The first MAX_FINDING_PACKETS that show it. */
  readonly packets: readonly PacketReference[];
  readonly packetCount: number;
  /** Ids of connections; the first MAX_FINDING_CONNECTIONS. */
  readonly connections: readonly string[];
  readonly connectionCount: number;
  /** Commands to run next, with where to run them. */
  readonly check: readonly string[];
}

export const MAX_FINDING_PACKETS = 50;
export const MAX_FINDING_CONNECTIONS = 50;

/** Worst first. */
export const FINDING_SEVERITIES: readonly FindingSeverity[] = ["error", "warn", "note", "chat"];
