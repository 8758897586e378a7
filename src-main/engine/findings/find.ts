/**
 * All findings of a joined recording: one pass over the connections and their journeys, each seen by every family.
 *
 * ```
 * specific causes first: they claim the journeys they explain, so that "lost between X and Y" is what nothing else explains
 *
 * wrong checksum ─► no endpoint ─► MTU ─► conntrack clash ─► policy-shaped silence ─► lost between
 * ```
 * Journeys are built per connection and let go: memory does not grow with the recording, only with what is found.
 */
import { type Finding, FINDING_SEVERITIES, type FindingKind } from "../../../src-shared/model/finding";
import { arpConflicts } from "./arp-conflict";
import { asymmetricPaths } from "./asymmetric-path";
import { brokenOuterChecksums } from "./broken-outer-checksum";
import { conntrackClashes } from "./conntrack-clash";
import { type ConntrackComparison, ConntrackDiffers } from "./conntrack-differs";
import { FindingContext, type FindingFamily, type FindingInput } from "./context";
import { cutOnTheWay } from "./cut-on-the-way";
import { dnsStalls } from "./dns-stall";
import { duplicateDeliveries } from "./duplicate-delivery";
import { lostBetween } from "./lost-between";
import { mtuBlackholes } from "./mtu-blackhole";
import { noEndpoints } from "./no-endpoint";
import { policySilence } from "./policy-silence";
import { portReuse } from "./port-reuse";
import { questionSilence } from "./question-silence";
import { RoutedBack } from "./routed-back";
import { SilentQuestions } from "./silent-questions";
import { slowAnswers } from "./slow-answer";
import { slowHops } from "./slow-hop";
import { snatHidesClient } from "./snat-hides-client";
import { ttlSurprises } from "./ttl";

export interface FindingResult {
  /** Worst first, then by the first packet. */
  readonly findings: readonly Finding[];
  /** Findings of a kind beyond MAX_OF_A_KIND (a scan of a network makes thousands). */
  readonly withheld: ReadonlyMap<FindingKind, number>;
  /** Null: no conntrack output was imported. */
  readonly conntrack: ConntrackComparison | null;
}

const MAX_OF_A_KIND = 200;

export function findFindings(input: FindingInput): FindingResult {
  const context = new FindingContext(input);
  const conntrack = new ConntrackDiffers(context);
  const routedBack = new RoutedBack(context);
  const questions = new SilentQuestions(context);
  const families: readonly FindingFamily[] = [
    brokenOuterChecksums(context, questions),
    noEndpoints(context, questions),
    mtuBlackholes(context),
    cutOnTheWay(context),
    conntrackClashes(context),
    policySilence(context, routedBack),
    questionSilence(context, questions, routedBack),
    lostBetween(context),
    portReuse(context),
    dnsStalls(context),
    arpConflicts(context),
    snatHidesClient(context),
    asymmetricPaths(context),
    slowHops(context),
    slowAnswers(context),
    ttlSurprises(context, routedBack),
    duplicateDeliveries(context),
    conntrack,
  ];
  const { join } = input;
  for (let i = 0; i < join.connectionCount; i++) {
    const connection = join.connection(i);
    const journeys = join.journeys(i);
    const claimed = new Set<number>();
    routedBack.visit(connection, journeys);
    questions.visit(connection, journeys);
    for (const family of families) family.visit?.(connection, journeys, claimed);
  }
  const all = withoutExplained(families.flatMap((family) => [...family.finish()]));
  const rank = (f: Finding): number => FINDING_SEVERITIES.indexOf(f.severity);
  const place = (f: Finding): number => f.packets[0]?.packet ?? Infinity;
  all.sort((a, b) => rank(a) - rank(b) || place(a) - place(b) || (a.id < b.id ? -1 : 1));
  const counts = new Map<FindingKind, number>();
  const findings = all.filter((f) => {
    const n = (counts.get(f.kind) ?? 0) + 1;
    counts.set(f.kind, n);
    return n <= MAX_OF_A_KIND;
  });
  return {
    findings,
    withheld: new Map([...counts].flatMap(([kind, n]) => (n > MAX_OF_A_KIND ? [[kind, n - MAX_OF_A_KIND]] : []))),
    conntrack: input.told.length > 0 ? conntrack.comparison : null,
  };
}

/** A refused or unanswered SYN that reused ports is explained by that: no closed port, no policy. */
function withoutExplained(findings: readonly Finding[]): Finding[] {
  const reused = new Set(findings.filter((f) => f.kind === "port-reuse").flatMap((f) => f.connections));
  return findings.filter(
    (f) =>
      !(
        (f.kind === "no-endpoint" || f.kind === "policy-silence") &&
        f.connections.length > 0 &&
        f.connections.every((id) => reused.has(id))
      ),
  );
}
