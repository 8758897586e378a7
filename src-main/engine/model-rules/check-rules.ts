/**
 * Holds the three rules of the Kubernetes network model against the joined packets.
 *
 * ```
 * pods-reach-pods    client and server are pods, the client asked for the pod's own address:
 *                    same addresses and ports at both ends (for), or translated on the way (against)
 * nodes-reach-pods   the same, one end a node
 * pod-sees-itself    source address at the pod's own NIC  =  address under which another pod or node got the packet,
 *                    address the pod was asked under      =  destination address at its NIC
 *                    (the host's end of its veth pair shows the same packets, so it will do)
 * ```
 * Only what was seen at both ends counts. Services, egress and hairpin translate on purpose: they are no evidence either way.
 */
import { endpointText } from "../../../src-shared/model/endpoint-text";
import {
  MAX_RULE_EVIDENCE,
  type ModelRuleId,
  type RuleEvidence,
  type RuleVerdict,
} from "../../../src-shared/model/model-rule";
import { isIcmpReport } from "../findings/echo";
import type { Connection, JoinResult, Journey, PlacedEndpoint, Point } from "../../../src-shared/reconstruct/result";

interface Tally {
  readonly rule: string;
  readonly for: RuleEvidence[];
  readonly against: RuleEvidence[];
  forCount: number;
  againstCount: number;
  open: number;
}

const RULES: readonly (readonly [ModelRuleId, string])[] = [
  ["pods-reach-pods", "Pods reach all pods without NAT"],
  ["nodes-reach-pods", "Nodes reach pods, and pods nodes, without NAT"],
  ["pod-sees-itself", "A pod sees itself under the address others see it under"],
];

export function checkModelRules(join: JoinResult): readonly RuleVerdict[] {
  const tallies = new Map<ModelRuleId, Tally>(
    RULES.map(([id, rule]) => [id, { rule, for: [], against: [], forCount: 0, againstCount: 0, open: 0 }]),
  );
  const tally = (id: ModelRuleId): Tally => tallies.get(id) as Tally;
  for (let i = 0; i < join.connectionCount; i++) {
    const connection = join.connection(i);
    const rule = directRule(connection);
    if (!rule || isIcmpReport(join, connection)) continue;
    const journeys = join.journeys(i);
    checkDirect(join, tally(rule), connection, journeys);
    checkSelf(join, tally("pod-sees-itself"), connection, journeys);
  }
  return RULES.map(([id]) => verdict(id, tally(id)));
}

/** Null where a translation is meant (Services, hairpin, egress) or no rule speaks of the ends. */
function directRule(connection: Connection): "pods-reach-pods" | "nodes-reach-pods" | null {
  // An ambiguous join proves nothing.
  if (connection.hairpin || connection.ambiguous) return null;
  if (connection.kind === "pod-to-pod") return "pods-reach-pods";
  return connection.kind === "node-to-pod" || connection.kind === "pod-to-node" ? "nodes-reach-pods" : null;
}

function checkDirect(join: JoinResult, tally: Tally, connection: Connection, journeys: readonly Journey[]): void {
  const changed = connection.translations.filter((t) => t.from.ip !== t.to.ip || t.from.port !== t.to.port);
  const crossing = journeys.filter((j) => j.points.length > 1);
  if (changed.length > 0) {
    const texts = changed.map((t) => `${t.kind} ${endpointText(t.from)} to ${endpointText(t.to)}`);
    add(join, tally, "against", connection, `${ends(connection)}: ${texts.join(", ")}`, crossing);
    return;
  }
  const { seenByServerAs: seen, requested, server, client } = connection;
  const bothWays =
    journeys.some((j) => j.direction === "to-server") && journeys.some((j) => j.direction === "to-client");
  const shown =
    crossing.length > 0 &&
    bothWays &&
    seen?.ip === client.ip &&
    seen.port === client.port &&
    requested?.ip === server.ip &&
    requested.port === server.port;
  if (!shown) {
    tally.open++;
    return;
  }
  add(join, tally, "for", connection, `${ends(connection)}: the same addresses and ports at every point`, crossing);
}

/** For each end that is a pod with its own NIC captured: what it has there beside what the other end has. */
function checkSelf(join: JoinResult, tally: Tally, connection: Connection, journeys: readonly Journey[]): void {
  const { client, server, seenByServerAs: seen, requested } = connection;
  const at = nicAddresses(join, journeys);
  const crossing = journeys.filter((j) => j.direction === "to-server" && j.points.length > 1);
  const name = (end: PlacedEndpoint): string => end.pod ?? end.ip;
  const check = (own: string | null, other: string | null, pod: PlacedEndpoint, says: string): void => {
    // Who got it must be somebody else: seen at a point behind the pod's own.
    if (own === null || other === null || crossing.length === 0) tally.open++;
    else {
      const side = own === other ? "for" : "against";
      add(join, tally, side, connection, `${name(pod)} has ${own} at its NIC, ${says} ${other}`, crossing);
    }
  };
  if (connection.kind.startsWith("pod-to-")) check(at.source, seen?.ip ?? null, client, `${name(server)} sees it as`);
  if (connection.kind.endsWith("-to-pod"))
    check(at.destination, requested?.ip ?? null, server, `${name(client)} reaches it as`);
}

/** Source where the client's pod NIC saw the packet first, destination where the server's saw it last; null: not captured. */
function nicAddresses(
  join: JoinResult,
  journeys: readonly Journey[],
): { source: string | null; destination: string | null } {
  const { sightings, points } = join;
  let source: string | null = null;
  let destination: string | null = null;
  for (const journey of journeys) {
    if (journey.direction !== "to-server") continue;
    const [first] = journey.sightings;
    const last = journey.sightings.at(-1);
    if (first === undefined || last === undefined) continue;
    if (isPodsEnd(points[sightings.point(first)]?.role)) source ??= sightings.source(first);
    // A single sighting is at one end, whichever; only with two it is known that this one is the server's.
    if (journey.points.length > 1 && isPodsEnd(points[sightings.point(last)]?.role))
      destination ??= sightings.destination(last);
  }
  return { source, destination };
}

function isPodsEnd(role: Point["role"] | undefined): boolean {
  return role === "pod-nic" || role === "host-veth";
}

function add(
  join: JoinResult,
  tally: Tally,
  side: "for" | "against",
  connection: Connection,
  text: string,
  journeys: readonly Journey[],
): void {
  if (side === "for") tally.forCount++;
  else tally.againstCount++;
  const list = tally[side];
  if (list.length >= MAX_RULE_EVIDENCE) return;
  const { sightings, points } = join;
  // One packet, everywhere it was seen, is what shows it.
  const rows = journeys[0]?.sightings ?? [];
  list.push({
    connection: connection.id,
    text,
    packets: rows.map((row) => ({
      packet: sightings.packet(row),
      file: points[sightings.point(row)]?.file ?? "",
      number: sightings.frameNumber(row),
    })),
  });
}

function verdict(id: ModelRuleId, tally: Tally): RuleVerdict {
  const { forCount, againstCount, open } = tally;
  const connections = (n: number): string => `${n} connection${n === 1 ? "" : "s"}`;
  const rest = open > 0 ? ` ${connections(open)} show nothing: an end was not captured, or no answer came.` : "";
  const text =
    againstCount > 0
      ? `Broken by ${connections(againstCount)}: ${tally.against[0]?.text ?? ""}.${forCount > 0 ? ` Held by ${connections(forCount)}.` : ""}${rest}`
      : forCount > 0
        ? `Held by ${connections(forCount)}, broken by none.${rest}`
        : `No connection in the recording shows it.${rest}`;
  return {
    id,
    rule: tally.rule,
    verdict: againstCount > 0 ? "broken" : forCount > 0 ? "held" : "no-evidence",
    text,
    connectionsFor: forCount,
    connectionsAgainst: againstCount,
    connectionsOpen: open,
    evidenceFor: tally.for,
    evidenceAgainst: tally.against,
  };
}

function ends({ kind, client, server }: Connection): string {
  return `${nameOf(client, kind.startsWith("pod-"))} to ${nameOf(server, kind.endsWith("-pod"))}`;
}

/** "default/web-a (10.1.0.5:80)", "n1 (192.168.0.1:40000)", "a pod on n1 (10.1.0.5:80)" */
function nameOf(end: PlacedEndpoint, isPod: boolean): string {
  const unnamed = end.node === null ? "a pod" : `a pod on ${end.node}`;
  const name = end.pod ?? (isPod ? unnamed : end.node);
  return name === null ? endpointText(end) : `${name} (${endpointText(end)})`;
}
