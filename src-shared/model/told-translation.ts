/**
 * Translations as a machine's connection tracking tells them (`conntrack -L`, `conntrack -E`, /proc/net/nf_conntrack): the truth
 * that translations found in packets are compared with.
 *
 * ```
 * original  client → requested         what the first packet looked like when it came
 * reply     server → seen-by-server    what an answer looks like when it comes
 *
 * original.destination ≠ reply.source       DNAT
 * original.source      ≠ reply.destination  SNAT
 * ```
 */

/** One direction. Ports are 0 where the protocol has none; ICMP: the identifier is the source port, 0 the destination's. */
export interface ToldTuple {
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
}

export interface ToldTranslation {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** Seconds since the epoch as written ("1795180101.725458"); null: the line has none. */
  readonly time: string | null;
  /** entry: a line of a list, not of an event stream. */
  readonly event: "new" | "update" | "destroy" | "entry";
  readonly protocol: "tcp" | "udp" | "icmp" | "icmpv6" | "sctp" | "other";
  readonly protocolNumber: number;
  /** SYN_SENT, ESTABLISHED, …; null where the protocol has none. */
  readonly state: string | null;
  readonly original: ToldTuple;
  readonly reply: ToldTuple;
  /** UNREPLIED, ASSURED, OFFLOAD … */
  readonly flags: readonly string[];
  readonly zone: number | null;
  readonly mark: number | null;
}

export interface ToldChange {
  readonly kind: "dnat" | "snat";
  readonly from: { readonly ip: string; readonly port: number };
  readonly to: { readonly ip: string; readonly port: number };
}

/** Entries older or younger than a connection by more are of another use of the same ports. */
export const SAME_TIME_SECONDS = 30;

/** What the entry translates; nothing, if the reply is the original turned round. */
export function toldChanges(told: ToldTranslation): readonly ToldChange[] {
  const { original, reply } = told;
  const changes: ToldChange[] = [];
  const add = (kind: ToldChange["kind"], from: ToldChange["from"], to: ToldChange["to"]): void => {
    if (from.ip !== to.ip || from.port !== to.port) changes.push({ kind, from, to });
  };
  add(
    "dnat",
    { ip: original.destination, port: original.destinationPort },
    { ip: reply.source, port: reply.sourcePort },
  );
  add(
    "snat",
    { ip: original.source, port: original.sourcePort },
    { ip: reply.destination, port: reply.destinationPort },
  );
  return changes;
}
