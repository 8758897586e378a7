/**
 * DNS answers folded into lookups; lookup-ties.ts ties these to the connections they were for.
 *
 * ```
 * resolv.conf: search prod.svc.cluster.local svc.cluster.local cluster.local, ndots:5
 *   web.shop.prod.svc.cluster.local  A AAAA  no such name ┐
 *   web.shop.svc.cluster.local       A AAAA  10.96.0.7    ┘ one lookup of "web.shop": 4 answers, maybe 4 connections
 *                                              │ by client, answered address, time (within the answer's TTL)
 *   10.1.0.5 > 10.96.0.7:80  ◄────────────────┘
 * ```
 * A failed name is folded where its rest behind the common labels is a search domain: the answered name's rest is a suffix of
 * it, or empty, or both were seen to be search domains of this client. Two unrelated names of one first label are not folded.
 */
import type { DnsLookup } from "../../../src-shared/reconstruct/result";
import { dnsResultName, dnsTypeName } from "../layouts/dns-names";
import { byConnection, type RelatedSource } from "./related-source";

/** One lookup and where its messages were. */
export interface FoundLookup extends DnsLookup {
  readonly client: string;
  readonly pod: string | null;
  /** The connection that brought the answer first; then those of the other address family and of the failed names. */
  readonly connections: readonly number[];
  /** When the first address was answered (aligned). */
  readonly firstNs: number;
  /** When each address was first answered (aligned), and for how long it may be used. */
  readonly answered: ReadonlyMap<string, { readonly ns: number; readonly ttlNs: number }>;
}

/** One question with the answers to its types (A and AAAA leave together). */
interface Question {
  readonly name: string;
  readonly firstNs: number;
  readonly connections: number[];
  readonly types: number[];
  readonly aliases: string[];
  readonly answered: Map<string, { ns: number; ttlNs: number }>;
  rcode: number;
  lastNs: number;
}

/** A and AAAA of one name leave together; a resolver that takes turns waits for the first answer. */
export const ANSWERS_APART_NS = 5e9;
/** A resolver that gets no answer waits five seconds before it goes on. */
const CHAIN_NS = 12e9;
/** Failed questions of one client kept in mind. */
const MOST_FAILED = 32;
/** Answers with a shorter life are still used by a client that is busy meanwhile. */
const LEAST_TTL_NS = 5e9;

/** Lookups that gave an address, in order of time. */
export function findLookups(source: RelatedSource): readonly FoundLookup[] {
  const clients = collectQuestions(source);
  const found: FoundLookup[] = [];
  for (const [client, { pod, questions }] of clients) found.push(...foldQuestions(client, pod, questions));
  return found.sort((a, b) => a.firstNs - b.firstNs);
}

interface Client {
  /** The latest question of each name, by the name's number. */
  readonly open: Map<number, Question>;
  readonly ip: string;
  readonly pod: string | null;
  readonly questions: Question[];
}

/** Every answer once, however many points saw it, by client. */
function collectQuestions(source: RelatedSource): Map<string, Client> {
  const { sightings, messages } = source;
  const { dns, texts } = messages;
  const { start, order, row: rowOf } = byConnection(source, dns.packet);
  const clients = new Map<string, Client>();
  const answers: Answer[] = [];
  const time = new Float64Array(dns.count);
  for (let connection = 0; connection < source.connectionCount; connection++) {
    const from = start[connection] as number;
    const to = start[connection + 1] as number;
    if (from === to) continue;
    const { ip, pod } = source.client(connection);
    let client = clients.get(ip);
    if (!client) clients.set(ip, (client = { ip, pod, questions: [], open: new Map() }));
    const differ = (a: number, b: number): number =>
      dns.id.at(a) - dns.id.at(b) || dns.type.at(a) - dns.type.at(b) || dns.name.at(a) - dns.name.at(b);
    const own = order.subarray(from, to);
    for (const message of own) time[message] = sightings.alignedNs(rowOf[message] as number);
    own.sort((a, b) => differ(a, b) || (time[a] as number) - (time[b] as number));
    let before = -1;
    for (const message of own) {
      const ns = time[message] as number;
      const isAgain = before >= 0 && differ(before, message) === 0 && ns - (time[before] as number) < ANSWERS_APART_NS;
      before = message;
      if (!isAgain) answers.push({ message, connection, client, ns });
    }
  }
  answers.sort((a, b) => a.ns - b.ns || a.message - b.message);
  for (const { message, connection, client, ns } of answers) {
    const name = dns.name.at(message);
    const type = dns.type.at(message);
    let question = client.open.get(name);
    if (!question || question.types.includes(type) || ns - question.firstNs > ANSWERS_APART_NS) {
      question = {
        name: texts.text(name),
        firstNs: ns,
        lastNs: ns,
        connections: [],
        types: [],
        aliases: [],
        answered: new Map(),
        rcode: dns.rcode.at(message),
      };
      client.open.set(name, question);
      client.questions.push(question);
    }
    question.types.push(type);
    question.lastNs = ns;
    let gave = false;
    for (let v = dns.first.at(message); v < dns.end(message); v++) {
      const value = dns.values.at(v);
      const text = texts.text(value >>> 1);
      if (value & 1) {
        if (!question.aliases.includes(text)) question.aliases.push(text);
      } else {
        gave = true;
        if (!question.answered.has(text))
          question.answered.set(text, { ns, ttlNs: Math.max(LEAST_TTL_NS, dns.ttl.at(v) * 1e9) });
      }
    }
    // The connection that brought an address comes first.
    if (!question.connections.includes(connection)) {
      if (gave) question.connections.unshift(connection);
      else question.connections.push(connection);
    }
  }
  return clients;
}

interface Answer {
  readonly message: number;
  readonly connection: number;
  readonly client: Client;
  readonly ns: number;
}

function foldQuestions(client: string, pod: string | null, questions: readonly Question[]): FoundLookup[] {
  const lookups: FoundLookup[] = [];
  const domains = new Set<string>();
  let failed: Question[] = [];
  for (const question of questions) {
    failed = failed.filter((f) => question.firstNs - f.lastNs < CHAIN_NS).slice(-MOST_FAILED);
    if (question.answered.size === 0) {
      for (const before of failed) learn(before.name, question.name, domains);
      failed.push(question);
      continue;
    }
    const tried: Question[] = [];
    let asked = question.name;
    for (const before of failed) {
      const base = baseOf(before.name, question.name, domains);
      if (base === null) continue;
      learn(before.name, question.name, domains);
      tried.push(before);
      asked = base;
    }
    failed = failed.filter((f) => !tried.includes(f));
    lookups.push({
      client,
      pod,
      name: asked,
      answeredAs: question.name,
      tried: tried.map((t) => ({ name: t.name, result: t.rcode === 0 ? "no address" : dnsResultName(t.rcode) })),
      types: [...new Set([...tried.flatMap((t) => t.types), ...question.types])].sort((a, b) => a - b).map(dnsTypeName),
      aliases: question.aliases,
      addresses: [...question.answered.keys()],
      firstNs: Math.min(...[...question.answered.values()].map(({ ns }) => ns)),
      answered: question.answered,
      connections: [...new Set([...question.connections, ...tried.flatMap((t) => t.connections)])],
    });
  }
  return lookups;
}

/** What is left of two names behind the labels they begin with; undefined: they begin differently. */
function rests(a: string, b: string): readonly [base: string, restA: string, restB: string] | undefined {
  // Nearly all begin differently, and every name is held against the failed ones before it.
  if (!beginAlike(a, b)) return undefined;
  const x = a.split(".");
  const y = b.split(".");
  let n = 0;
  while (n < x.length && n < y.length && x[n] === y[n]) n++;
  return n === 0 ? undefined : [x.slice(0, n).join("."), x.slice(n).join("."), y.slice(n).join(".")];
}

/** Their first labels are equal. */
function beginAlike(a: string, b: string): boolean {
  const dot = a.indexOf(".");
  const length = dot < 0 ? a.length : dot;
  const other = b.indexOf(".");
  return length === (other < 0 ? b.length : other) && b.startsWith(a.slice(0, length));
}

const isSuffix = (domain: string, of: string): boolean => domain === "" || of.endsWith(`.${domain}`);

/** The name that was asked for where `failed` is it with a search domain and `next` is it with another, or none; null: they differ. */
function baseOf(failed: string, next: string, domains: ReadonlySet<string>): string | null {
  const found = rests(failed, next);
  if (!found) return null;
  const [base, rest, restOfNext] = found;
  if (rest === "") return null;
  if (isSuffix(restOfNext, rest)) return base;
  return domains.has(rest) ? base : null;
}

/** Remembers the search domains that two names tried one after the other show. */
function learn(first: string, second: string, domains: Set<string>): void {
  const found = rests(first, second);
  if (!found) return;
  const [, rest, restOfSecond] = found;
  if (rest === "" || !isSuffix(restOfSecond, rest)) return;
  domains.add(rest);
  if (restOfSecond !== "") domains.add(restOfSecond);
}

/** "web.shop = 10.96.0.7 (A, AAAA; answered as web.shop.svc.cluster.local after 1 name failed)" */
export function lookupText(lookup: DnsLookup): string {
  const notes = [
    lookup.types.join(", "),
    ...(lookup.answeredAs === lookup.name ? [] : [`answered as ${lookup.answeredAs}`]),
    ...(lookup.tried.length === 0
      ? []
      : [`after ${lookup.tried.length} ${lookup.tried.length === 1 ? "name" : "names"} of the search list failed`]),
    ...(lookup.aliases.length === 0 ? [] : [`alias of ${lookup.aliases.at(-1) ?? ""}`]),
  ];
  return `${lookup.name} = ${lookup.addresses.join(", ")} (${notes.join("; ")})`;
}
