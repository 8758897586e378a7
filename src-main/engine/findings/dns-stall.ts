/**
 * A resolver that waited: a question nobody answered, asked again seconds later (five, unless resolv.conf says otherwise).
 *
 * ```
 *  0.000  A    web.shop.svc ─►          ◄─ answer          A and AAAA leave one socket at the same moment; where both are
 *  0.000  AAAA web.shop.svc ─► ?                           translated at once, the second may be dropped (conntrack clash)
 *  5.005  AAAA web.shop.svc ─►          ◄─ answer
 * ```
 * Looked for where the client's packets are first seen. Questions that expand the search list have other names, so they are
 * no repetitions.
 */
import { dnsTypeName } from "../layouts/dns-names";
import type { DnsMessageRow } from "./dns-messages";
import type { DirectionVerdict } from "../../../src-shared/model/network-policy";
import type { Connection } from "../../../src-shared/reconstruct/result";
import { count, durationText, type FindingContext, type FindingFamily, upsert } from "./context";
import { policyVerdict } from "./policy-silence";
import { kubectl, kubectlExec, onNode, tcpdump } from "./shell";

interface Question {
  readonly message: DnsMessageRow;
  readonly row: number;
  readonly ns: number;
  readonly connection: number;
  /** First answer, on the reference clock; Infinity: none. */
  answeredNs: number;
}

interface Stall {
  readonly client: string;
  readonly name: string;
  readonly type: number;
  readonly first: Question;
  readonly again: Question;
  /** A question of another type left the same socket within a moment, and whether it was answered before this one was asked again. */
  readonly twin: "answered" | "silent" | null;
}

/** Resolvers wait 1 s at least (resolv.conf timeout:1); a question after more than 15 s is a new one. */
const LEAST_WAIT_NS = 0.9e9;
const MOST_WAIT_NS = 15.5e9;
const TWIN_NS = 20e6;
/** Stalls of one client whose way and policies are looked up. */
const MOST_LOOKED_AT = 1000;
/** Questions of one name and type that can be waiting at once. */
const OPEN_QUESTIONS = 32;

export function dnsStalls(context: FindingContext): FindingFamily {
  return {
    finish: () => {
      const stalls = findStalls(context);
      const byClient = new Map<string, Stall[]>();
      for (const stall of stalls) upsert(byClient, stall.client, (): Stall[] => []).push(stall);
      return [...byClient].map(([client, list]) => {
        const waits = list.map((s) => s.again.ns - s.first.ns);
        const connections = [...new Set(list.flatMap((s) => [s.first.connection, s.again.connection]))].map((i) =>
          context.join.connection(i),
        );
        const [sample] = list as [Stall, ...Stall[]];
        const [connection] = connections as [Connection, ...Connection[]];
        const { pod, node } = connection.client;
        const wait = durationText(waits.sort((a, b) => a - b)[waits.length >> 1] ?? 0);
        const twins = list.filter((s) => s.twin !== null).length;
        // A clash drops the second of two only.
        const clashes = list.filter((s) => s.twin === "answered").length;
        const denied = deniedBy(context, list);
        const translated = connections.some((c) => c.translations.some((t) => t.kind === "dnat"));
        return context.finding({
          kind: "dns-stall",
          about: client,
          severity: "warn",
          title: `${pod ?? client} waits ${wait} for DNS: ${list.length === 1 ? "a question is" : "questions are"} not answered and asked again`,
          text: `${count(list.length, "question")} of ${pod ?? client} got no answer and ${list.length === 1 ? "was" : "were"} repeated after ${wait}, first ${dnsTypeName(sample.type)} ${sample.name}.`,
          inference: false,
          where: [context.pointId(sample.first.message.point), ...[pod, node].filter((n) => n !== null)],
          evidence: [
            ...list
              .slice(0, 5)
              .map(
                (s) =>
                  `${dnsTypeName(s.type)} ${s.name}: asked, no answer for ${durationText(s.again.ns - s.first.ns)}, asked again`,
              ),
            lastSeenText(context, list),
            ...(denied ? [`evaluated from the imported objects: ${denied.reason}`] : []),
            ...(twins
              ? [`${twins} of them left together with the question for the other address family, from the same port`]
              : []),
          ],
          fits: [
            ...(denied ? [denied.reason] : []),
            ...(clashes && translated
              ? [
                  "a conntrack clash: A and AAAA are translated at the same moment and the second is dropped (insert_failed)",
                ]
              : []),
            "the question or its answer is lost on the way",
            "the DNS server is overloaded or its upstream does not answer",
          ],
          ruledOut: ["search list expansion: the same name and type is asked twice"],
          rows: list.flatMap((s) => [s.first.row, s.again.row]),
          connections,
          check: [
            ...(pod === null ? [] : [kubectlExec(pod, "cat /etc/resolv.conf")]),
            ...(denied?.isolatedBy ?? []).map((p) =>
              kubectl("get", "networkpolicy", `${p.meta.namespace}/${p.meta.name}`, " -o yaml"),
            ),
            onNode(node, "conntrack -S | grep -o 'insert_failed=[0-9]*'"),
            onNode(node, tcpdump(null, client, 53, "udp")),
          ],
        });
      });
    },
  };
}

function findStalls(context: FindingContext): readonly Stall[] {
  const { sightings } = context.join;
  const { rows: messages } = context.observer.dns;
  if (messages.length === 0) return [];
  const rowOf = sightingsOf(context, messages);
  // Questions per asker and question, at the point where the asker's packets are first seen.
  const asked = new Map<string, Question[]>();
  const sockets = new Map<string, Question[]>();
  const firstPoints = new Map<number, number>();
  for (const [i, message] of messages.entries()) {
    const row = rowOf[i] ?? -1;
    const index = row < 0 ? -1 : sightings.connection(row);
    if (index < 0) continue;
    let first = firstPoints.get(index);
    if (first === undefined) firstPoints.set(index, (first = firstPoint(context, index)));
    if (message.point !== first) continue;
    const client = message.response ? sightings.destination(row) : sightings.source(row);
    const key = `${client} ${message.type} ${message.name}`;
    if (!message.response) {
      const question: Question = {
        message,
        row,
        ns: sightings.alignedNs(row),
        connection: index,
        answeredNs: Infinity,
      };
      upsert(asked, key, (): Question[] => []).push(question);
      upsert(sockets, `${index}`, (): Question[] => []).push(question);
    } else {
      // Answers what was asked with this id; a repetition with the same id is answered by it, too.
      const ns = sightings.alignedNs(row);
      for (const q of asked.get(key)?.slice(-OPEN_QUESTIONS) ?? [])
        if (q.message.id === message.id && q.connection === index && q.ns <= ns)
          q.answeredNs = Math.min(q.answeredNs, ns);
    }
  }
  const stalls: Stall[] = [];
  for (const [key, list] of asked) {
    list.sort((a, b) => a.ns - b.ns);
    for (let i = 0; i + 1 < list.length; i++) {
      const first = list[i] as Question;
      if (first.answeredNs < first.ns + LEAST_WAIT_NS) continue;
      // A resolver asks again from the same socket; another program may have asked the same meanwhile, and been answered.
      const after = list.slice(i + 1, i + 1 + OPEN_QUESTIONS);
      const again = after.find((q) => q.connection === first.connection) ?? after[0];
      if (!again) continue;
      const wait = again.ns - first.ns;
      if (wait < LEAST_WAIT_NS || wait > MOST_WAIT_NS || first.answeredNs < again.ns) continue;
      stalls.push({
        client: key.slice(0, key.indexOf(" ")),
        name: first.message.name,
        type: first.message.type,
        first,
        again,
        twin: twinOf(sockets.get(`${first.connection}`) ?? [], first, again),
      });
    }
  }
  return stalls;
}

function twinOf(sameSocket: readonly Question[], first: Question, again: Question): Stall["twin"] {
  const twins = sameSocket.filter(
    (q) =>
      q.message.name === first.message.name &&
      q.message.type !== first.message.type &&
      Math.abs(q.ns - first.ns) < TWIN_NS,
  );
  if (twins.length === 0) return null;
  return twins.some((q) => q.answeredNs < again.ns) ? "answered" : "silent";
}

/** Where the questions that were not answered got to: "4 of them are last seen at eth0 of n2". */
function lastSeenText(context: FindingContext, list: readonly Stall[]): string {
  const places = new Map<number, number>();
  for (const { first } of list.slice(0, MOST_LOOKED_AT)) {
    const journey = context.join.journeys(first.connection).find((j) => j.sightings.includes(first.row));
    const point = journey?.lastSeen ?? first.message.point;
    places.set(point, (places.get(point) ?? 0) + 1);
  }
  return `the questions that were not answered are last seen at ${[...places].map(([point, n]) => `${context.pointText(point)} (${n})`).join(", ")}`;
}

/** What the imported policies say of all of them; null: they let one through, or decide nothing. An answer says that they do. */
function deniedBy(context: FindingContext, list: readonly Stall[]): DirectionVerdict | null {
  let denied: DirectionVerdict | null = null;
  for (const index of new Set(list.slice(0, MOST_LOOKED_AT).map((s) => s.first.connection))) {
    const connection = context.join.connection(index);
    const verdict = connection.bytesFromServer > 0 ? null : policyVerdict(context, connection);
    if (!verdict || verdict.allowed) return null;
    denied ??= verdict.egress.allowed ? verdict.ingress : verdict.egress;
  }
  return denied;
}

/** The innermost sighting of each message, -1: none. Messages and rows are in the order of packets. */
function sightingsOf(context: FindingContext, messages: readonly DnsMessageRow[]): Int32Array {
  const { sightings } = context.join;
  const found = new Int32Array(messages.length).fill(-1);
  let from = 0;
  messages.forEach(({ packet }, i) => {
    while (from < sightings.count && sightings.packet(from) < packet) from++;
    for (let row = from; row < sightings.count && sightings.packet(row) === packet; row++)
      if (!sightings.quoted(row) && !sightings.carries(row)) found[i] = row;
  });
  return found;
}

function firstPoint(context: FindingContext, index: number): number {
  const connection = context.join.connection(index);
  return connection.path[0] ?? context.join.sightings.point(connection.firstSighting);
}
