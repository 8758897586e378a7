/**
 * One client and many addresses or ports that do not answer: one finding with the list, where one for each would bury the rest.
 *
 * ```
 * client  SYN ─► :20 ?   SYN ─► :21 ?   SYN ─► :22 ?  …       sent again: a client that waits; once each: a scanner
 * ```
 */
import { endpointText } from "../../../src-shared/model/endpoint-text";
import type { PolicyVerdict } from "../../../src-shared/model/network-policy";
import type { Connection, Journey } from "../../../src-shared/reconstruct/result";
import { type Attempt, rowsOf } from "./attempts";
import { count, type FindingContext, type FindingDraft, hostText, upsert } from "./context";

/** From so many targets on, what one client meets everywhere is one finding. */
const MANY = 5;
/** So many must there be of those that got one SYN only. */
const MANY_SINGLES = 20;
/** A kernel sends its SYN again after a second (RFC 6298 section 2): what was not sent again by then will not be. */
const SENT_AGAIN_NS = 1.5e9;
/** A scan of a whole network must not cost memory. */
const MOST_SINGLES = 1 << 14;
const MOST_LISTED = 20;

/** Connections between the same two that nobody answered. */
export interface SilentGroup {
  readonly first: Connection;
  readonly attempt: Attempt;
  readonly verdict: PolicyVerdict | null;
  readonly connections: Connection[];
  readonly rows: number[];
}

export interface Said {
  readonly group: SilentGroup;
  /** What many of them may have in common. */
  readonly cause: string;
  readonly draft: FindingDraft;
}

/** A client whom many addresses and ports do not answer, all for what looks the same: one finding with the list. */
export function scansAsOne(context: FindingContext, said: readonly Said[]): readonly FindingDraft[] {
  const scans = new Map<string, Said[]>();
  for (const one of said) upsert(scans, `${one.group.first.client.ip} ${one.cause}`, (): Said[] => []).push(one);
  return [...scans].flatMap(([key, scan]) =>
    targetsOf(scan).length < MANY ? scan.map((one) => one.draft) : [asScan(context, key, scan)],
  );
}

function asScan(context: FindingContext, key: string, scan: readonly Said[]): FindingDraft {
  const [{ draft, group, cause }] = scan as readonly [Said, ...Said[]];
  const targets = targetsOf(scan);
  const repeated = scan.filter((one) => one.group.attempt.syns.length > 1).length;
  const times = repeated === scan.length ? "each SYN sent again" : `one SYN each to ${scan.length - repeated} of them`;
  const connections = scan.flatMap((one) => one.draft.connections);
  const rows = scan.flatMap((one) => one.draft.rows);
  const addresses = new Set(scan.map((one) => one.group.first.server.ip)).size;
  const who = hostText(group.first.client);
  const last = new Map<number, number>();
  for (const { group: g } of scan)
    last.set(g.attempt.lastSeen, (last.get(g.attempt.lastSeen) ?? 0) + g.connections.length);
  const places = [...last].map(([point, n]) => `${context.pointText(point)} (${n})`).join(", ");
  return {
    ...draft,
    about: `scan ${key}`,
    title: `No answer at ${targets.length} addresses and ports that ${who} asks: ${cause}`,
    text: `${count(connections.length, "connection")} from ${who} to ${targets.length} addresses and ports of ${count(addresses, "host")}, ${times}, last seen at ${places}, and no SYN-ACK, RST or ICMP error comes back from any. The first: ${draft.text}`,
    where: [...new Set(scan.flatMap((one) => one.draft.where))].slice(0, MOST_LISTED),
    evidence: [
      `${targets.slice(0, MOST_LISTED).join(", ")}${targets.length > MOST_LISTED ? ` and ${targets.length - MOST_LISTED} more` : ""}`,
      ...draft.evidence,
    ],
    fits: ["one cause for all: a rule or a missing route on the way, or a scan that is dropped", ...draft.fits],
    rows,
    connections,
  };
}

function targetsOf(scan: readonly Said[]): readonly string[] {
  return [...new Set(scan.map(({ group: { first } }) => endpointText(first.server)))];
}

/** SYNs that were sent once and not answered: worth a word only where one client sends many of them. */
export class SingleSyns {
  readonly #byClient = new Map<string, Map<string, SilentGroup>>();
  #count = 0;
  #hearsAnswers = false;

  constructor(private readonly context: FindingContext) {}

  /** A recording of one direction, or of SYNs alone, has no answers to anything. */
  hear({ protocol }: Connection, journeys: readonly Journey[]): void {
    this.#hearsAnswers ||= protocol === "tcp" && journeys.some((j) => j.direction === "to-client");
  }

  take(connection: Connection, attempt: Attempt): void {
    const { context } = this;
    const [syn] = attempt.syns;
    if (!syn || !context.wasRecording(attempt.lastSeen, context.startNs(syn) + SENT_AGAIN_NS)) return;
    const targets = upsert(this.#byClient, connection.client.ip, () => new Map<string, SilentGroup>());
    const target = endpointText(connection.server);
    const known = targets.get(target);
    if (!known && this.#count >= MOST_SINGLES) return;
    if (!known) this.#count++;
    const group = known ?? { first: connection, attempt, verdict: null, connections: [], rows: [] };
    targets.set(target, group);
    group.connections.push(connection);
    group.rows.push(...rowsOf(attempt.syns));
  }

  /** Those of clients that sent many; after all connections were visited. */
  *ofScans(): Generator<readonly [string, SilentGroup]> {
    if (!this.#hearsAnswers) return;
    for (const [client, targets] of this.#byClient) {
      if (targets.size < MANY_SINGLES) continue;
      for (const [target, group] of targets) yield [`${client}>${target} once`, group];
    }
  }
}
