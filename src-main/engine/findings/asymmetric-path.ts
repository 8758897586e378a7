/**
 * Answers take another way than questions: by another machine, or by another NIC or tunnel of the same one. Stateful firewalls
 * and the return path check (rp_filter) drop such traffic; direct server return means it.
 *
 * ```
 * client ─► n1 ─► n2 ─► pod          n1 is on the way there only
 *        ◄──────── n2 ◄─
 * ```
 */
import type { Connection, Journey } from "../../../src-shared/reconstruct/result";
import {
  count,
  type FindingContext,
  type FindingFamily,
  firstRow,
  placeText,
  TCP_ACK,
  TCP_FIN,
  TCP_SYN,
  upsert,
} from "./context";
import { onNode } from "./shell";

interface Group {
  readonly there: readonly number[];
  readonly back: readonly number[];
  readonly first: Connection;
  readonly connections: Connection[];
  readonly rows: number[];
}

/** Packets each way that must have taken the ways compared: one alone may be an accident of the capture. */
const PACKETS_EACH_WAY = 2;
/** Points that tell ways between machines apart. Others (bridges, veths) may see copies of one direction only. */
const CROSSINGS = new Set(["node-nic", "tunnel-device", "router-port"]);

export function asymmetricPaths(context: FindingContext): FindingFamily {
  const groups = new Map<string, Group>();
  return {
    visit(connection, journeys) {
      const { path, returnPath } = connection;
      if (path.length === 0 || returnPath.length === 0) return;
      const crossings = (points: readonly number[]): number[] =>
        [...new Set(points)].filter((p) => CROSSINGS.has(context.point(p).role));
      const there = crossings(path);
      const back = crossings(returnPath);
      const thereOnly = there.filter((p) => !back.includes(p));
      const backOnly = back.filter((p) => !there.includes(p));
      const machines = (points: readonly number[]): Set<number> => new Set(points.map((p) => context.point(p).machine));
      // A point missing one way may be a capture of one direction; another point in its place, or a machine left out, is a way.
      const otherPoint = thereOnly.length > 0 && backOnly.length > 0;
      const allThere = machines(path);
      const allBack = machines(returnPath);
      const otherMachine =
        [...allThere].some((m) => !allBack.has(m) && sawBothWays(context, m)) ||
        [...allBack].some((m) => !allThere.has(m) && sawBothWays(context, m));
      if (!otherPoint && !otherMachine) return;
      // Some of the answers do cross what only questions seem to: of the others it was not captured (cut, in fragments, merged).
      const only = (one: readonly number[], other: readonly number[], on: ReadonlySet<number>): number[] =>
        one.filter(
          (p) => !other.includes(p) && (CROSSINGS.has(context.point(p).role) || !on.has(context.point(p).machine)),
        );
      const isCrossed = (direction: Journey["direction"], points: readonly number[]): boolean =>
        journeys.some((j) => j.direction === direction && j.points.some((p) => points.includes(p)));
      if (isCrossed("to-client", only(path, returnPath, allBack))) return;
      if (isCrossed("to-server", only(returnPath, path, allThere))) return;
      const used = (direction: Journey["direction"], points: readonly number[]): Journey[] =>
        journeys.filter(
          (j) => j.direction === direction && j.missingAt < 0 && points.every((p) => j.points.includes(p)),
        );
      const questions = used("to-server", path);
      const answers = used("to-client", returnPath);
      if (questions.length < PACKETS_EACH_WAY || answers.length < PACKETS_EACH_WAY) return;
      if (!isAnswered(context, connection, journeys)) return;
      const group = upsert(groups, `${path.join(">")} ${returnPath.join(">")}`, () => ({
        there: path,
        back: returnPath,
        first: connection,
        connections: [],
        rows: [],
      }));
      group.connections.push(connection);
      group.rows.push(...(questions[0]?.sightings ?? []), ...(answers[0]?.sightings ?? []));
    },
    finish: () =>
      [...groups.values()].map(({ there, back, first, connections, rows }) => {
        const ids = (points: readonly number[]): string => points.map((p) => context.pointId(p)).join(" → ");
        const words = (points: readonly number[]): string => points.map((p) => context.pointText(p)).join(" → ");
        const thereOnly = there.filter((p) => !back.includes(p));
        const backOnly = back.filter((p) => !there.includes(p));
        return context.finding({
          kind: "asymmetric-path",
          about: `${ids(there)} / ${ids(back)}`,
          severity: "note",
          title: `Answers take another way: ${placeText(first.server)} to ${placeText(first.client)}`,
          text: `${count(connections.length, "connection")}: questions cross ${words(there)}, answers ${words(back)}.`,
          inference: false,
          where: [...thereOnly, ...backOnly].map((p) => context.pointId(p)),
          evidence: [
            ...(thereOnly.length
              ? [`only on the way there: ${thereOnly.map((p) => context.pointText(p)).join(", ")}`]
              : []),
            ...(backOnly.length
              ? [`only on the way back: ${backOnly.map((p) => context.pointText(p)).join(", ")}`]
              : []),
          ],
          fits: [
            "routes differ between the machines (two gateways, a more specific route on one side)",
            "direct server return: the node that runs the pod answers the client itself",
          ],
          ruledOut: ["a capture of one direction: these points see traffic both ways"],
          rows,
          connections,
          check: [
            onNode(first.client.node, `ip route get ${first.server.ip}`),
            onNode(first.server.node, `ip route get ${(first.seenByServerAs ?? first.client).ip}`),
            onNode(first.server.node, "sysctl net.ipv4.conf.all.rp_filter; nstat -az TcpExtIPReversePathFilter"),
          ],
        });
      }),
  };
}

/**
 * The answers got to the client: its own point has them, or, where it is left out on the way back, the client acknowledges them. Else
 * their way ends where they were lost, and is no other way.
 */
function isAnswered(context: FindingContext, { path, returnPath }: Connection, journeys: readonly Journey[]): boolean {
  if (path[0] !== undefined && returnPath.includes(path[0])) return true;
  const { sightings } = context.join;
  const answers = new Set(journeys.filter((j) => j.direction === "to-client").map((j) => endOf(context, j)));
  return journeys.some((j) => {
    const row = firstRow(j);
    return j.direction === "to-server" && sightings.tcpFlags(row) & TCP_ACK && answers.has(sightings.tcpAck(row));
  });
}

/** The sequence number behind a TCP packet. */
function endOf(context: FindingContext, journey: Journey): number {
  const { sightings } = context.join;
  const row = firstRow(journey);
  const flags = sightings.tcpFlags(row);
  return (sightings.tcpSeq(row) + journey.payloadLength + (flags & TCP_SYN ? 1 : 0) + (flags & TCP_FIN ? 1 : 0)) >>> 0;
}

/** The machine's captures show traffic in both directions: more than one point, or a point with answers. */
function sawBothWays(context: FindingContext, machine: number): boolean {
  return context.join.points.filter((p) => p.machine === machine && p.packets > 0).length > 1;
}
