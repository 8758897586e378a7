/**
 * What the machines' connection tracking tells, beside what the packets show.
 *
 * ```
 * conntrack   10.1.0.11:4000 → 10.96.0.10:80      DNAT to 10.1.1.10:8080
 * packets     10.1.0.11:4000 → 10.96.0.10:80      DNAT to 10.1.1.12:8080        a difference: warn
 *                                                  no packet behind the NAT      not captured: counted, no finding
 * ```
 * Every machine that forwards a connection has its own entry, from its own point of view: an entry belongs to a connection if
 * its original tuple is one that the connection's packets have somewhere.
 */
import type { Finding } from "../../../src-shared/model/finding";
import { type ToldTranslation, toldChanges } from "../../../src-shared/model/told-translation";
import { endpointText } from "../../../src-shared/model/endpoint-text";
import type { Connection, Endpoint, Translation } from "../../../src-shared/reconstruct/result";
import { count, type FindingContext, type FindingFamily, upsert } from "./context";
import { onNode } from "./shell";

export interface ConntrackComparison {
  /** Translations that both tell. */
  readonly agreed: number;
  /** Told, and no packet shows them: not captured there. */
  readonly toldOnly: number;
  /** Connections with a told entry. */
  readonly connections: number;
}

interface Difference {
  readonly connection: Connection;
  readonly told: ToldTranslation;
  readonly text: string;
}

/** Entries older or younger than the connection by more are of another use of the same ports. */
const SAME_TIME_SECONDS = 30;

export class ConntrackDiffers implements FindingFamily {
  readonly #entries = new Map<string, ToldTranslation[]>();
  readonly #differences: Difference[] = [];
  #agreed = 0;
  #toldOnly = 0;
  #connections = 0;

  constructor(private readonly context: FindingContext) {
    for (const told of context.told) {
      const { source, sourcePort, destination, destinationPort } = told.original;
      upsert(
        this.#entries,
        key(told.protocol, { ip: source, port: sourcePort }, { ip: destination, port: destinationPort }),
        (): ToldTranslation[] => [],
      ).push(told);
    }
  }

  get comparison(): ConntrackComparison {
    return { agreed: this.#agreed, toldOnly: this.#toldOnly, connections: this.#connections };
  }

  visit(connection: Connection): void {
    if (this.#entries.size === 0) return;
    const start = Number(connection.firstTime);
    const end = Number(connection.lastTime);
    const seenTold = new Set<string>();
    let matched = false;
    for (const tuple of tuplesOf(connection)) {
      for (const told of this.#entries.get(key(connection.protocol, tuple.client, tuple.server)) ?? []) {
        if (told.time !== null) {
          const time = Number(told.time);
          if (time < start - SAME_TIME_SECONDS || time > end + SAME_TIME_SECONDS) continue;
        }
        matched = true;
        for (const change of toldChanges(told)) {
          const text = `${change.kind} ${endpointText(change.from)} to ${endpointText(change.to)}`;
          if (seenTold.has(text)) continue;
          seenTold.add(text);
          const seen = connection.translations.filter(
            (t) => kindOf(t) === change.kind && same(t.from, change.from, connection.protocol),
          );
          if (seen.length === 0) this.#toldOnly++;
          else if (seen.some((t) => same(t.to, change.to, connection.protocol))) this.#agreed++;
          else
            this.#differences.push({
              connection,
              told,
              text: `${told.file} line ${told.line} tells ${text}, the packets show ${seen.map((t) => endpointText(t.to)).join(", ")}`,
            });
        }
      }
    }
    if (matched) this.#connections++;
  }

  finish(): readonly Finding[] {
    const { context } = this;
    const groups = new Map<string, Difference[]>();
    for (const difference of this.#differences)
      upsert(groups, `${difference.told.file} ${difference.connection.id}`, (): Difference[] => []).push(difference);
    return [...groups].map(([about, list]) => {
      const [{ connection }] = list as [Difference, ...Difference[]];
      const node = connection.translations[0]?.node ?? null;
      const isTimed = list.every((d) => d.told.time !== null);
      return context.finding({
        kind: "conntrack-differs",
        about,
        severity: "warn",
        title: `Connection tracking and packets differ on ${endpointText(connection.client)} to ${endpointText(connection.requested ?? connection.server)}`,
        text: `${count(list.length, "translation")} told by conntrack ${list.length === 1 ? "is" : "are"} not what the packets show.`,
        inference: false,
        where: node === null ? [] : [node],
        evidence: list.map((d) => d.text),
        fits: [
          ...(isTimed ? [] : ["the entry is of another moment: ports were used again"]),
          "the packets of two connections were joined wrongly: look at their journeys",
          "another network namespace with the same addresses",
        ],
        ruledOut: isTimed
          ? [`another use of the ports: the entry's time is within ${SAME_TIME_SECONDS} s of the connection`]
          : [],
        rows: [connection.firstSighting],
        connections: [connection],
        check: [
          onNode(
            node,
            `conntrack -L --orig-src ${connection.client.ip} --orig-dst ${(connection.requested ?? connection.server).ip}`,
          ),
        ],
      });
    });
  }
}

/** The tuples, client first, that a machine on the way may have met: every pair of what client and server were called. */
function tuplesOf(connection: Connection): readonly { readonly client: Endpoint; readonly server: Endpoint }[] {
  const clients = names(connection, "snat", connection.client, connection.seenByServerAs);
  const servers = names(connection, "dnat", connection.requested ?? connection.server, connection.server);
  return clients.flatMap((client) => servers.map((server) => ({ client, server })));
}

function names(
  connection: Connection,
  kind: "snat" | "dnat",
  first: Endpoint,
  last: Endpoint | null,
): readonly Endpoint[] {
  const all = new Map<string, Endpoint>([[endpointText(first), first]]);
  for (const t of connection.translations)
    if (kindOf(t) === kind) for (const e of [t.from, t.to]) all.set(endpointText(e), e);
  if (last) all.set(endpointText(last), last);
  return [...all.values()];
}

/** An identifier that changed is the client's port that changed. */
function kindOf(translation: Translation): "snat" | "dnat" {
  return translation.kind === "dnat" ? "dnat" : "snat";
}

function same(a: Endpoint, b: Endpoint, protocol: string): boolean {
  // Echo: the identifier is told apart from the address (a translation of its own in our result).
  return a.ip === b.ip && (a.port === b.port || protocol === "icmp" || protocol === "icmpv6");
}

function key(protocol: string, client: Endpoint, server: Endpoint): string {
  return `${protocol} ${endpointText(client)} ${endpointText(server)}`;
}
