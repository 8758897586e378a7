/** Ties every connection to the DNS lookup that gave its client the address it asked for. */
import { firstIndex } from "../../../src-shared/base/search";
import { ANSWERS_APART_NS, type FoundLookup } from "./dns-lookups";
import type { RelatedSource } from "./related-source";

/** A lookup and the connections that may have been for it. */
export interface LookupTie {
  readonly connection: number;
  readonly lookup: FoundLookup;
  /** Another name of the same address was looked up as well: which one it was for is not shown. */
  readonly ambiguous: boolean;
}

export function tieLookups(source: RelatedSource, lookups: readonly FoundLookup[]): readonly LookupTie[] {
  /** By address, then by client: a Service's address is looked up by all. */
  const byAddress = new Map<string, Map<string, AnsweredLookups>>();
  const clientsOfPod = new Map<string, Set<string>>();
  const carrying = new Set<number>();
  for (const lookup of lookups) {
    for (const c of lookup.connections) carrying.add(c);
    if (lookup.pod !== null) {
      const clients = clientsOfPod.get(lookup.pod);
      if (clients) clients.add(lookup.client);
      else clientsOfPod.set(lookup.pod, new Set([lookup.client]));
    }
    for (const [address, { ttlNs }] of lookup.answered) {
      let byClient = byAddress.get(address);
      if (!byClient) byAddress.set(address, (byClient = new Map<string, AnsweredLookups>()));
      let own = byClient.get(lookup.client);
      if (!own) byClient.set(lookup.client, (own = new AnsweredLookups(address, source.clockErrorNs)));
      own.add(lookup, ttlNs);
    }
  }
  const ties: LookupTie[] = [];
  if (byAddress.size === 0) return ties;
  for (let connection = 0; connection < source.connectionCount; connection++) {
    if (carrying.has(connection)) continue;
    const byClient = byAddress.get(source.askedAddress(connection));
    if (!byClient) continue;
    const client = source.client(connection);
    const startNs = source.firstNs(connection);
    const fitting = byClient.get(client.ip)?.fitting(startNs, null) ?? [];
    // A pod with addresses of both families asks from one and goes to the other.
    if (client.pod !== null)
      for (const ip of clientsOfPod.get(client.pod) ?? [])
        if (ip !== client.ip) fitting.push(...(byClient.get(ip)?.fitting(startNs, client.pod) ?? []));
    const names = fitting.length > 1 ? latestOfNames(fitting) : fitting;
    for (const lookup of names) ties.push({ connection, lookup, ambiguous: names.length > 1 });
  }
  return ties;
}

/** Of each name the latest, in order of time. */
function latestOfNames(lookups: readonly FoundLookup[]): readonly FoundLookup[] {
  const latest = new Map<string, FoundLookup>();
  for (const lookup of lookups) {
    const other = latest.get(lookup.answeredAs);
    if (!other || other.firstNs < lookup.firstNs) latest.set(lookup.answeredAs, lookup);
  }
  return [...latest.values()].sort((a, b) => a.firstNs - b.firstNs);
}

/** Lookups that gave one address to one client, in order of time. */
class AnsweredLookups {
  private readonly lookups: FoundLookup[] = [];
  private readonly names = new Set<string>();
  private longestTtlNs = 0;

  constructor(
    private readonly address: string,
    private readonly errorNs: number,
  ) {}

  add(lookup: FoundLookup, ttlNs: number): void {
    this.lookups.push(lookup);
    this.names.add(lookup.answeredAs);
    this.longestTtlNs = Math.max(this.longestTtlNs, ttlNs);
  }

  /** Lookups whose answer may be used at `ns`, latest first, of each name at least the latest; `pod`: only of this one. */
  fitting(ns: number, pod: string | null): FoundLookup[] {
    const { lookups, errorNs } = this;
    const oldestNs = ns - this.longestTtlNs - errorNs - ANSWERS_APART_NS;
    const found: FoundLookup[] = [];
    for (let i = this.answeredBefore(ns + errorNs) - 1; i >= 0; i--) {
      const lookup = lookups[i] as FoundLookup;
      if (lookup.firstNs < oldestNs) break;
      const answer = lookup.answered.get(this.address);
      if (!answer || answer.ns > ns + errorNs || ns - answer.ns > answer.ttlNs + errorNs) continue;
      if (pod !== null && lookup.pod !== pod) continue;
      if (found.some((other) => other.answeredAs === lookup.answeredAs)) continue;
      found.push(lookup);
      if (found.length === this.names.size) break;
    }
    return found;
  }

  /** How many lookups had their first answer at `ns` or before. */
  private answeredBefore(ns: number): number {
    return firstIndex(this.lookups.length, (index) => (this.lookups[index] as FoundLookup).firstNs > ns);
  }
}
