/**
 * TTLs that say something is wrong.
 *
 * ```
 * loop       the same packet at the same point again and again, TTL less each time
 * expired    ICMP time exceeded about a packet that set out with a TTL no traceroute uses
 * rises      TTL larger behind a hop than before it: somebody made a new packet (a proxy, a tunnel that does not inherit)
 * stranger   a RST with a TTL that no other packet of its sender has: somebody else wrote it
 * ```
 */
import type { Finding } from "../../../src-shared/model/finding";
import { endpointText } from "../../../src-shared/model/endpoint-text";
import type { Connection, Journey } from "../../../src-shared/reconstruct/result";
import { complaintsOf } from "./attempts";
import { count, type FindingContext, type FindingFamily, firstRow, isSeenOnce, TCP_RST, upsert } from "./context";
import { isExpired } from "./icmp-errors";
import { leastLoopCrossings, type RoutedBack } from "./routed-back";
import { onNode } from "./shell";

interface Group {
  readonly connections: Connection[];
  readonly rows: number[];
  readonly example: string;
}

/** traceroute counts from 1; nothing is 30 hops away on purpose. */
export const LEAST_HONEST_TTL = 32;
/** More are not listed one by one. */
const MOST_TTLS = 8;
/** Packets of the sender that must agree on a TTL before another one is strange. */
const LEAST_OTHERS = 3;

export function ttlSurprises(context: FindingContext, routedBack: RoutedBack): FindingFamily {
  const { sightings } = context.join;
  const loops = new Map<string, Group>();
  const expired = new Map<string, Group>();
  const rises = new Map<string, Group>();
  const strangers = new Map<string, Group>();
  const add = (
    map: Map<string, Group>,
    key: string,
    connection: Connection,
    rows: readonly number[],
    example: string,
  ): void => {
    const group = upsert(map, key, () => ({ connections: [], rows: [], example }));
    if (group.connections.at(-1) !== connection) group.connections.push(connection);
    group.rows.push(...rows);
  };

  const lookForLoop = (connection: Connection, journey: Journey): void => {
    // What NAT or a tunnel's end sent back the way it came is another packet from there on: it may cross everything once more.
    const crossings = new Map<string, number[]>();
    for (const row of journey.sightings) {
      const tuple = `${sightings.source(row)} ${sightings.destination(row)} ${sightings.depth(row)}`;
      upsert(crossings, `${sightings.point(row)} ${tuple}`, (): number[] => []).push(row);
    }
    for (const rows of crossings.values()) {
      const point = sightings.point(rows[0] as number);
      const ttls = falling(
        rows.sort((a, b) => context.ns(a) - context.ns(b) || a - b).map((row) => sightings.ttl(row)),
      );
      if (ttls.length >= leastLoopCrossings(context, point))
        add(loops, context.pointId(point), connection, rows, `${ttlsText(ttls)} at ${context.pointText(point)}`);
    }
  };

  /** Turns of one packet that were joined as connections of their own, because a NAT on the way gave each other ports. */
  const takeTurns = (): void => {
    for (const { point, rows, connections } of routedBack.loops()) {
      const ttls = [...rows.keys()].sort((a, b) => b - a);
      const example = `${ttlsText(ttls)} at ${context.pointText(point)}`;
      const group = upsert(loops, context.pointId(point), () => ({ connections: [], rows: [], example }));
      group.connections.push(...connections.filter((c) => !group.connections.includes(c)));
      group.rows.push(...rows.values());
    }
  };

  const look = (connection: Connection, journey: Journey): void => {
    const isOnce = isSeenOnce(journey);
    if (!isOnce) lookForLoop(connection, journey);
    // A hairpin crosses the same points there and back, and pieces of a super-packet overtake each other: no order to rely on.
    // A packet that was doubled on the way goes on twice: the steps of the two mix.
    if (connection.hairpin || !isOnce) return;
    // Sent more than once, with nothing to tell one sending from the other: which sighting is of which is not certain.
    if (journey.retransmissionOf >= 0 && sightings.identification(firstRow(journey)) === 0) return;
    for (let i = 1; i < journey.sightings.length; i++) {
      const [a, b] = [journey.sightings[i - 1] as number, journey.sightings[i] as number];
      const [from, to] = [sightings.point(a), sightings.point(b)];
      // Order between clocks is an estimate: a rise that the error explains is none.
      if (sightings.ttl(b) <= sightings.ttl(a) || context.ns(b) - context.ns(a) <= context.clockErrorNs(from, to))
        continue;
      if (sightings.ipVersion(a) !== sightings.ipVersion(b)) continue;
      add(
        rises,
        `${context.pointId(from)}>${context.pointId(to)}`,
        connection,
        [a, b],
        `TTL ${sightings.ttl(a)} becomes ${sightings.ttl(b)}`,
      );
    }
  };

  const lookForStranger = (connection: Connection, journeys: readonly Journey[]): void => {
    if (connection.protocol !== "tcp") return;
    for (const direction of ["to-server", "to-client"] as const) {
      const mine = journeys.filter((j) => j.direction === direction);
      const resets = mine.filter((j) => sightings.tcpFlags(firstRow(j)) & TCP_RST);
      if (resets.length === 0) continue;
      for (const reset of resets) {
        const row = firstRow(reset);
        const point = sightings.point(row);
        const others = mine
          .filter((j) => j !== reset && !(sightings.tcpFlags(firstRow(j)) & TCP_RST))
          .flatMap((j) => j.sightings.filter((r) => sightings.point(r) === point))
          .map((r) => sightings.ttl(r));
        const usual = new Set(others);
        if (others.length < LEAST_OTHERS || usual.size !== 1 || usual.has(sightings.ttl(row))) continue;
        const sender = direction === "to-server" ? connection.client : connection.server;
        add(
          strangers,
          `${endpointText(sender)} at ${context.pointId(point)}`,
          connection,
          [row],
          `RST with TTL ${sightings.ttl(row)}, all other packets with ${[...usual].join()}`,
        );
      }
    }
  };

  return {
    visit(connection, journeys) {
      for (const journey of journeys) look(connection, journey);
      lookForStranger(connection, journeys);
      for (const complaint of complaintsOf(context, connection)) {
        if (!isExpired(complaint)) continue;
        const initial = Math.max(0, ...journeys.map((j) => sightings.ttl(firstRow(j))));
        if (initial < LEAST_HONEST_TTL) continue;
        // The very packet it quotes may be a traceroute's among others: its own first sighting decides.
        const quotedId = sightings.identification(complaint.quoted);
        const quoted = journeys.find((j) => quotedId !== 0 && sightings.identification(firstRow(j)) === quotedId);
        if (quoted && sightings.ttl(firstRow(quoted)) < LEAST_HONEST_TTL) continue;
        if (!quoted && journeys.some((j) => sightings.ttl(firstRow(j)) < LEAST_HONEST_TTL)) continue;
        add(
          expired,
          complaint.from,
          connection,
          [complaint.row],
          `time exceeded from ${complaint.from}, packets set out with TTL ${initial}`,
        );
      }
    },
    finish: () => {
      takeTurns();
      return [
        ...say(context, loops, "loop", "error", (_, [place]) => ({
          title: `Routing loop: packets cross ${place} again and again`,
          text: "The same packets come by with a smaller TTL each time; where a NAT gives each turn another port, each turn counts as a connection.",
          fits: [
            "two machines each take the other for the next hop (routes of a removed node, overlapping pod ranges)",
          ],
          ruledOut: [
            "retransmissions: identification and TTL show the same packet",
            "a bridge loop: the TTL falls, so it is routed",
          ],
          check: ["ip route get DESTINATION", "ip route show table all"],
        })),
        ...say(context, expired, "expired", "warn", (key) => ({
          title: `${key} says: time to live exceeded`,
          text: "Packets that set out with an ordinary TTL ran out of hops.",
          fits: ["a routing loop behind the last point seen"],
          ruledOut: ["traceroute: its packets set out with a small TTL"],
          check: ["ip route get DESTINATION", "tracepath -n DESTINATION"],
        })),
        ...say(context, rises, "rises", "note", (_, [before, behind]) => ({
          title: `TTL rises between ${before} and ${behind}`,
          text: "A forwarded packet keeps its TTL or loses one: one that has more was made anew.",
          fits: ["a device in between that writes packets itself (transparent proxy, TTL mangling)"],
          ruledOut: ["clock error: the order is certain"],
          check: ["iptables-save -t mangle | grep -i ttl"],
        })),
        ...say(context, strangers, "stranger", "warn", (key, [place]) => ({
          title: `A RST in the name of ${key.slice(0, key.indexOf(" at "))}, seen at ${place}, was written by somebody else`,
          text: "Its TTL is not that of the sender's other packets.",
          fits: ["a firewall or node that rejects with a TCP reset", "a middlebox that cuts connections"],
          ruledOut: ["another route: all other packets have one TTL"],
          check: ["iptables-save | grep -- --reject-with"],
        })),
      ];
    },
  };
}

/** "TTL 62, 61, 60 … 1: 62 crossings" */
function ttlsText(ttls: readonly number[]): string {
  const list = ttls.length > MOST_TTLS ? `${ttls.slice(0, 3).join(", ")} … ${ttls.at(-1) ?? ""}` : ttls.join(", ");
  return `TTL ${list}: ${ttls.length} crossings`;
}

/** The values that are less than all before them. */
function falling(values: readonly number[]): readonly number[] {
  const least: number[] = [];
  for (const value of values) if (least.length === 0 || value < (least.at(-1) as number)) least.push(value);
  return least;
}

function say(
  context: FindingContext,
  groups: ReadonlyMap<string, Group>,
  what: string,
  severity: Finding["severity"],
  /** `places`: of the points that saw the packets. */
  words: (key: string, places: readonly string[]) => Pick<Finding, "title" | "text" | "fits" | "ruledOut" | "check">,
): Finding[] {
  return [...groups].map(([key, { connections, rows, example }]) => {
    const [first] = connections;
    const points = [...new Set(rows.map((row) => context.join.sightings.point(row)))];
    const { check, ...rest } = words(
      key,
      points.map((point) => context.pointText(point)),
    );
    const node = points[0] === undefined ? null : context.point(points[0]).node;
    const destination = first?.server.ip ?? "";
    return context.finding({
      kind: "ttl",
      about: `${what} ${key}`,
      severity,
      ...rest,
      text: `${rest.text} ${count(connections.length, "connection")}${first ? `, for example from ${first.client.ip} to ${endpointText(first.server)}` : ""}.`,
      inference: false,
      where: [...points.slice(0, 4).map((p) => context.pointId(p)), ...(node === null ? [] : [node])],
      evidence: [example],
      rows,
      connections,
      check: check.map((command) => onNode(node, command.replace("DESTINATION", destination))),
    });
  });
}
