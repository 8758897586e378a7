/**
 * What the machines' connection tracking tells, beside what the packets show.
 *
 * ```
 * conntrack   10.1.0.11:4000 → 10.96.0.10:80      DNAT to 10.1.1.10:8080
 * packets     10.1.0.11:4000 → 10.96.0.10:80      DNAT to 10.1.1.12:8080        a difference: warn
 *                                                  no packet behind the NAT      not captured: counted, no finding
 * ```
 * Every machine that forwards a connection has its own entry, from its own point of view: an entry belongs to a connection if
 * its original tuple is one that the connection's packets have somewhere, or its reply the answer to one: a machine translates its
 * own calls before any device sees them.
 */
import type { Finding } from "../../../src-shared/model/finding";
import {
  SAME_TIME_SECONDS,
  type ToldChange,
  type ToldTranslation,
  toldChanges,
} from "../../../src-shared/model/told-translation";
import { type ToldUse, toldUses, usesAt } from "../../../src-shared/model/told-uses";
import { endpointText } from "../../../src-shared/model/endpoint-text";
import type { Connection, Endpoint, Translation } from "../../../src-shared/reconstruct/result";
import { addToGroup } from "../../../src-shared/base/grouping";
import { seenWhereSent } from "../join/told-nat";
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

export class ConntrackDiffers implements FindingFamily {
  readonly #byOriginal = new Map<string, ToldUse[]>();
  readonly #byReply = new Map<string, ToldUse[]>();
  readonly #differences: Difference[] = [];
  #agreed = 0;
  #toldOnly = 0;
  #connections = 0;

  constructor(private readonly context: FindingContext) {
    for (const use of toldUses(context.told)) {
      const { told } = use;
      const { original, reply } = told;
      const client = { ip: original.source, port: original.sourcePort };
      const server = { ip: original.destination, port: original.destinationPort };
      addToGroup(this.#byOriginal, key(told.protocol, client, server), use);
      if (toldChanges(told).length === 0) continue;
      const asked = { ip: reply.destination, port: reply.destinationPort };
      addToGroup(this.#byReply, key(told.protocol, asked, { ip: reply.source, port: reply.sourcePort }), use);
    }
  }

  get comparison(): ConntrackComparison {
    return { agreed: this.#agreed, toldOnly: this.#toldOnly, connections: this.#connections };
  }

  visit({ index }: Connection): void {
    if (this.#byOriginal.size === 0) return;
    const connection = this.context.join.shown(index);
    const seenTold = new Set<string>();
    const lines = this.#linesOf(connection);
    for (const told of lines) {
      for (const change of toldChanges(told)) {
        const text = `${change.kind} ${endpointText(change.from)} to ${endpointText(change.to)}`;
        if (seenTold.has(text)) continue;
        seenTold.add(text);
        const other = this.#shownInstead(connection, change);
        if (other === "same") this.#agreed++;
        else if (other === "nothing") this.#toldOnly++;
        else
          this.#differences.push({
            connection,
            told,
            text: `${told.file} line ${told.line} tells ${text}, the packets show ${other}`,
          });
      }
    }
    if (lines.length > 0) this.#connections++;
  }

  /**
   * Entries of this use of the connection's ports, of each file and tuple one: the nearest. Of those that are as near it is the one that the
   * packets show.
   */
  #linesOf(connection: Connection): readonly ToldTranslation[] {
    const start = Number(connection.firstTime);
    const end = Number(connection.lastTime);
    const tuples = tuplesOf(connection).map(({ client, server }) => key(connection.protocol, client, server));
    const isShown = ({ told }: ToldUse): boolean =>
      toldChanges(told).every((change) => ["same", "nothing"].includes(this.#shownInstead(connection, change)));
    const linesBy = (entries: ReadonlyMap<string, readonly ToldUse[]>): readonly ToldTranslation[] =>
      tuples.flatMap((t) => {
        const byFile = new Map<string, ToldUse[]>();
        for (const use of entries.get(t) ?? []) addToGroup(byFile, use.told.file, use);
        return [...byFile.values()].flatMap((uses) => {
          const near = usesAt(uses, start, end);
          const use = near.find(isShown) ?? near[0];
          return use ? [use.told] : [];
        });
      });
    const known = linesBy(this.#byOriginal);
    // One machine translates a packet once: what it tells of the ends that it gave away itself is another call from the same port.
    const lines = known.filter((line) => !known.some((before) => isGivenBy(before, line)));
    // A machine that knows what was sent has told: what else it gave the same ports to is another call.
    const files = new Set(lines.map(({ file }) => file));
    return [...new Set([...lines, ...linesBy(this.#byReply).filter(({ file }) => !files.has(file))])];
  }

  /** "same", "nothing", or what it is in the packets, in words. */
  #shownInstead(connection: Connection, change: ToldChange): string {
    const { protocol } = connection;
    const ofKind = connection.translations.filter((t) => kindOf(t) === change.kind);
    // Of an echo whose identifier alone was changed that is all there is to compare.
    const alike = (a: Endpoint, b: Endpoint): boolean =>
      change.from.ip === change.to.ip ? a.ip === b.ip && a.port === b.port : same(a, b, protocol);
    const seen = ofKind.filter((t) => alike(t.from, change.from));
    if (seen.length > 0)
      return seen.some((t) => alike(t.to, change.to)) ? "same" : seen.map((t) => endpointText(t.to)).join(", ");
    const backward = ofKind.filter((t) => alike(t.to, change.to));
    if (backward.length > 0) return backward.map((t) => `${endpointText(t.from)} before it`).join(", ");
    const asked = connection.requested ?? connection.server;
    const front = change.kind === "snat" ? connection.client : asked;
    return same(front, change.to, protocol) && seenWhereSent(connection, this.context.join.points)
      ? `${endpointText(connection.client)} call ${endpointText(asked)} where they were sent`
      : "nothing";
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
          ? [
              `another use of the ports: of the entries that have them this one is nearest in time to the connection, within ${SAME_TIME_SECONDS} s`,
            ]
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

/** `line` is of the machine that `before` is of, and begins with the ends that `before` ends with. */
function isGivenBy(before: ToldTranslation, line: ToldTranslation): boolean {
  const { original } = line;
  const { reply } = before;
  return (
    before !== line &&
    before.file === line.file &&
    before.zone === line.zone &&
    toldChanges(before).length > 0 &&
    original.source === reply.destination &&
    original.sourcePort === reply.destinationPort &&
    original.destination === reply.source &&
    original.destinationPort === reply.sourcePort
  );
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
