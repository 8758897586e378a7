/**
 * The translation table the kernels would have, as far as the packets show it: one entry for every machine that translated a
 * connection, from that machine's own point of view.
 *
 * ```
 *            client 10.1.0.5:4000                            what conntrack -L of the node would print
 *  node n1   DNAT 10.96.0.1:80 → 10.1.1.9:8080     original  10.1.0.5:4000 → 10.96.0.1:80
 *            SNAT 10.1.0.5     → 10.1.0.1          reply     10.1.1.9:8080 → 10.1.0.1:4000
 *  gateway r SNAT 10.1.0.1     → 198.51.100.1      a second entry: original 10.1.0.1:4000 → 10.1.1.9:8080
 * ```
 * What a machine did is walked from the client to the server: each entry begins with the addresses the one before left.
 */
import type { Connection, Endpoint, JoinResult, Translation } from "../../../src-shared/reconstruct/result";

export interface NatTupleEnds {
  readonly source: Endpoint;
  readonly destination: Endpoint;
}

export interface NatEntry {
  /** Index of the connection. */
  readonly connection: number;
  readonly connectionId: string;
  /** Which of the connection's machines, from 0, client to server. */
  readonly step: number;
  readonly protocol: Connection["protocol"];
  readonly node: string | null;
  readonly original: NatTupleEnds;
  readonly reply: NatTupleEnds;
  readonly translations: readonly Translation[];
  /** Seconds since the epoch, for comparing; the rows of the first and the last sighting for exact times. */
  readonly firstSeconds: number;
  readonly lastSeconds: number;
}

export interface ConntrackState {
  readonly name: string;
  /** Seconds after the last packet until the entry goes: Linux's defaults (nf_conntrack-sysctl.rst). */
  readonly timeoutSeconds: number;
}

export function natEntries(connection: Connection): readonly NatEntry[] {
  if (connection.translations.length === 0) return [];
  const groups = new Map<string, Translation[]>();
  for (const t of connection.translations) {
    // Machines without a name are told apart by where the change was seen.
    const key = t.node ?? `between ${String(t.between[0])} and ${String(t.between[1])}`;
    const group = groups.get(key);
    if (group) group.push(t);
    else groups.set(key, [t]);
  }
  let client: Endpoint = connection.client;
  let server: Endpoint = connection.requested ?? connection.server;
  const left = [...groups.values()];
  const entries: NatEntry[] = [];
  while (left.length > 0) {
    const next = left.findIndex((group) => continues(group, client, server));
    const [group] = left.splice(Math.max(0, next), 1);
    if (!group) break;
    // A gap in what was seen: the machine's own view begins where its changes begin.
    if (next < 0) {
      client = group.find((t) => t.kind !== "dnat")?.from ?? client;
      server = group.find((t) => t.kind === "dnat")?.from ?? server;
    }
    const original = { source: client, destination: server };
    for (const t of group) {
      if (t.kind === "dnat") server = t.to;
      else client = t.to;
    }
    entries.push({
      connection: connection.index,
      connectionId: connection.id,
      step: entries.length,
      protocol: connection.protocol,
      node: group[0]?.node ?? null,
      original,
      reply: { source: server, destination: client },
      translations: group,
      firstSeconds: Number(connection.firstTime),
      lastSeconds: Number(connection.lastTime),
    });
  }
  return entries;
}

/** The group's first change of each side begins with what the side is called now. */
function continues(group: readonly Translation[], client: Endpoint, server: Endpoint): boolean {
  const dnat = group.find((t) => t.kind === "dnat");
  const snat = group.find((t) => t.kind !== "dnat");
  return (!dnat || sameEnd(dnat.from, server)) && (!snat || sameEnd(snat.from, client));
}

export function sameEnd(a: Endpoint, b: Endpoint): boolean {
  return a.ip === b.ip && a.port === b.port;
}

const TCP: Readonly<Record<string, ConntrackState>> = {
  S0: { name: "SYN_SENT", timeoutSeconds: 120 },
  SH: { name: "SYN_SENT", timeoutSeconds: 120 },
  SHR: { name: "SYN_RECV", timeoutSeconds: 60 },
  S1: { name: "ESTABLISHED", timeoutSeconds: 432_000 },
  S2: { name: "CLOSE_WAIT", timeoutSeconds: 60 },
  S3: { name: "CLOSE_WAIT", timeoutSeconds: 60 },
  SF: { name: "TIME_WAIT", timeoutSeconds: 120 },
  REJ: { name: "CLOSE", timeoutSeconds: 10 },
  RSTO: { name: "CLOSE", timeoutSeconds: 10 },
  RSTR: { name: "CLOSE", timeoutSeconds: 10 },
  RSTOS0: { name: "CLOSE", timeoutSeconds: 10 },
  RSTRH: { name: "CLOSE", timeoutSeconds: 10 },
  OTH: { name: "ESTABLISHED", timeoutSeconds: 432_000 },
};

/**
 * The state after the last packet, of TCP from Zeek's word for it, of others from whether somebody answered. Null: connection
 * tracking has no words for the protocol.
 */
export function conntrackState(
  protocol: Connection["protocol"],
  zeek: string,
  answered: boolean,
): ConntrackState | null {
  if (protocol === "tcp") return TCP[zeek] ?? null;
  if (protocol === "udp")
    return answered ? { name: "ASSURED", timeoutSeconds: 120 } : { name: "UNREPLIED", timeoutSeconds: 30 };
  if (protocol === "icmp" || protocol === "icmpv6")
    return { name: answered ? "ANSWERED" : "UNREPLIED", timeoutSeconds: 30 };
  return null;
}

/** Packets of a connection to the server and back, each counted once. */
export function packetsEachWay(join: JoinResult, connection: number): readonly [original: number, reply: number] {
  let original = 0;
  const journeys = join.journeys(connection);
  for (const journey of journeys) if (journey.direction === "to-server") original++;
  return [original, journeys.length - original];
}
