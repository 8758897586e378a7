/**
 * Packets seen at one capture point and not at the next, though the rest of their connection went there. A capture shows no
 * drop, only absence: so an absence counts only where the later point was recording, and where somebody missed the packet (it
 * was sent again, or asked for and never answered).
 *
 * ```
 *   X ──●──●──●──►        Y ──●─────●──►        the second packet is last seen at X
 * ```
 */
import type { Connection, Journey } from "../../../src-shared/reconstruct/result";
import { count, type FindingContext, type FindingFamily, lastRow, repeatedSends, upsert } from "./context";
import { ECHO_TYPES } from "./echo";
import { onNode, shellWord } from "./shell";

interface Hop {
  readonly from: number;
  readonly to: number;
  readonly lost: number[];
  readonly connections: Connection[];
  repeated: number;
  passed: number;
  /** Bytes of the smallest packet lost, the largest that passed. */
  smallestLost: number;
  largestPassed: number;
}

export function lostBetween(context: FindingContext): FindingFamily {
  const hops = new Map<string, Hop>();
  const { sightings } = context.join;
  return {
    visit(connection, journeys, claimed) {
      if (!journeys.some((j) => j.missingAt >= 0)) return;
      const repeated = new Set<number>();
      for (const [root, sends] of repeatedSends(journeys))
        for (const j of [journeys[root], ...sends]) if (j) repeated.add(j.index);
      const touched = new Set<Hop>();
      for (const journey of journeys) {
        if (journey.missingAt < 0 || claimed.has(journey.index)) continue;
        const row = lastRow(journey);
        if (!context.wasRecording(journey.missingAt, context.ns(row))) continue;
        const again = repeated.has(journey.index);
        if (!again && !isUnanswered(context, connection, journey, journeys)) continue;
        const hop = upsert(hops, `${journey.lastSeen}>${journey.missingAt}`, () => ({
          from: journey.lastSeen,
          to: journey.missingAt,
          lost: [],
          connections: [],
          repeated: 0,
          passed: 0,
          smallestLost: Infinity,
          largestPassed: 0,
        }));
        hop.lost.push(row);
        if (again) hop.repeated++;
        hop.smallestLost = Math.min(hop.smallestLost, sightings.ipLength(row));
        touched.add(hop);
      }
      for (const hop of touched) {
        hop.connections.push(connection);
        for (const journey of journeys) {
          if (!journey.points.includes(hop.from) || !journey.points.includes(hop.to)) continue;
          hop.passed++;
          hop.largestPassed = Math.max(hop.largestPassed, sightings.ipLength(lastRow(journey)));
        }
      }
    },
    finish: () =>
      [...hops.values()].map((hop) => {
        const from = context.point(hop.from);
        const to = context.point(hop.to);
        const toText = context.pointText(hop.to);
        const drops = context.dropsAt(hop.to);
        const sameNode = from.machine === to.machine;
        const share = hop.lost.length / (hop.lost.length + hop.passed);
        return context.finding({
          kind: "lost-between",
          about: `${from.id}>${to.id}`,
          severity: hop.repeated > 0 && share < 0.5 ? "warn" : "error",
          title: `${count(hop.lost.length, "packet")} lost between ${context.pointText(hop.from)} and ${toText}`,
          text: `Last seen at ${context.pointText(hop.from)}, never at ${toText}, where ${count(hop.passed, "other packet")} of the same ${hop.connections.length === 1 ? "connection" : "connections"} arrived. ${hop.repeated} of ${hop.lost.length} were sent again.`,
          inference: false,
          where: [from.id, to.id, ...[from.node, to.node].filter((n) => n !== null)],
          evidence: [
            `${toText} was recording: it has packets from before and after`,
            `${count(hop.repeated, "lost packet")} sent again by the sender, ${hop.lost.length - hop.repeated} never answered`,
            `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} % of the packets at this hop`,
          ],
          fits: [
            ...(drops !== null && drops > 0 ? [`the capture at ${toText} lost ${drops} packets itself`] : []),
            ...(sameNode
              ? [
                  `the kernel of ${from.node ?? "the node"} dropped them: a firewall rule, a full queue, the return path check`,
                ]
              : ["the network between the two dropped them: congestion, a bad link, a policer"]),
          ],
          ruledOut: [
            ...(drops === 0 ? [`a capture gap: ${toText} reports no lost packets`] : []),
            ...(hop.largestPassed >= hop.smallestLost
              ? [`MTU: packets as large passed (${hop.largestPassed} bytes; the smallest lost has ${hop.smallestLost})`]
              : []),
            ...(hop.passed > 0 ? ["a wrong route or rule for all of them: others of the same connections passed"] : []),
          ],
          rows: hop.lost,
          connections: hop.connections,
          check: [
            onNode(from.node, `ip -s link show ${shellWord(from.interface ?? "any")}`),
            onNode(to.node, `ip -s link show ${shellWord(to.interface ?? "any")}`),
            onNode(from.node, "nstat -az | grep -iE 'drop|discard|InErrors|ListenOverflows'"),
            onNode(from.node, "iptables-save -c | grep -E 'DROP|REJECT'"),
          ],
        });
      }),
  };
}

/** A question (UDP, ICMP echo) with no answer behind it before the next question, or such an answer. To one receiver, not to a group. */
function isUnanswered(
  context: FindingContext,
  connection: Connection,
  journey: Journey,
  journeys: readonly Journey[],
): boolean {
  const { sightings } = context.join;
  const isUdp = connection.protocol === "udp";
  if (!isUdp && !ECHO_TYPES.includes(sightings.icmpTypeCode(lastRow(journey)))) return false;
  const to = sightings.destination(lastRow(journey));
  if (/^(22[4-9]|23\d|255)\./.test(to) || to.startsWith("ff")) return false;
  const next = journeys[journeys.indexOf(journey) + 1];
  // The answer itself is what got lost, or there is none.
  return journey.direction === "to-client" || next === undefined || next.direction === "to-server";
}
