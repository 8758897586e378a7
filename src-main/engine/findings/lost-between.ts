/**
 * Packets seen at one capture point and not at the next, though the rest of their connection went there. A capture shows no
 * drop, only absence: so an absence counts only where the later point was recording, and where somebody missed the packet (it
 * was sent again, or asked for and never answered).
 *
 * ```
 *   X ──●──●──●──►        Y ──●─────●──►        the second packet is last seen at X
 *       X ──●──────●──►   Y ─────◄ACK──●──►     acknowledged behind Y before it is sent again: it arrived, Y's capture has a gap
 * ```
 */
import type { Finding } from "../../../src-shared/model/finding";
import type { Connection, Journey } from "../../../src-shared/reconstruct/result";
import { arrivedUnseen } from "./arrived-unseen";
import { count, type FindingContext, type FindingFamily, lastRow, upsert } from "./context";
import { ECHO_TYPES } from "./echo";
import { isSuperPacket, repeatedJourneys, superPacketsText } from "./hop-neighbours";
import { onNode, shellWord } from "./shell";

interface Hop {
  readonly from: number;
  readonly to: number;
  readonly lost: number[];
  /** Not seen behind the hop either, but they arrived. */
  readonly unseen: number[];
  readonly connections: Connection[];
  repeated: number;
  passed: number;
  /** Bytes of the smallest packet lost. */
  smallestLost: number;
  /** Sizes of packets that passed. */
  readonly passedSizes: Set<number>;
}

/** Share of a hop's packets from which on it is no accident, and how many there must be to say so. */
const MOST_LOST = 0.5;
const LEAST_LOST = 3;
/** Of what was lost, packets whose time is held against ARP's questions. */
const MOST_LOOKED_AT = 100;
/** Smaller packets fit everywhere (RFC 8200 section 5). */
const SMALLEST_MTU = 1280;

export function lostBetween(context: FindingContext): FindingFamily {
  const hops = new Map<string, Hop>();
  const { sightings } = context.join;
  return {
    visit(connection, journeys, claimed) {
      if (!journeys.some((j) => j.missingAt >= 0)) return;
      const repeated = repeatedJourneys(journeys);
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
          unseen: [],
          connections: [],
          repeated: 0,
          passed: 0,
          smallestLost: Infinity,
          passedSizes: new Set<number>(),
        }));
        touched.add(hop);
        if (arrivedUnseen(context, journeys, journey)) {
          hop.unseen.push(row);
          continue;
        }
        hop.lost.push(row);
        if (again) hop.repeated++;
        hop.smallestLost = Math.min(hop.smallestLost, sightings.ipLength(row));
      }
      for (const hop of touched) {
        hop.connections.push(connection);
        for (const journey of journeys) {
          const at = journey.points.indexOf(hop.from);
          if (at < 0 || journey.points.lastIndexOf(hop.to) < at) continue;
          hop.passed++;
          hop.passedSizes.add(sightings.ipLength(lastRow(journey)));
        }
      }
    },
    finish: () =>
      [...hops.values()].flatMap((hop) => [
        ...(hop.lost.length > 0 ? [sayLost(context, hop)] : []),
        ...(hop.unseen.length > 0 ? [sayUnseen(context, hop)] : []),
      ]),
  };
}

function sayLost(context: FindingContext, hop: Hop): Finding {
  const from = context.point(hop.from);
  const to = context.point(hop.to);
  const toText = context.pointText(hop.to);
  const drops = context.dropsAt(hop.to);
  const sameNode = from.machine === to.machine;
  const share = hop.lost.length / (hop.lost.length + hop.passed);
  // What the capture itself lost is not seen either.
  const isCapture = drops !== null && drops >= hop.lost.length + hop.unseen.length;
  const sizes = [...hop.passedSizes];
  const largestPassed = Math.max(0, ...sizes.filter((bytes) => !isSuperPacket(bytes, hop.smallestLost)));
  const superPassed = Math.max(0, ...sizes.filter((bytes) => isSuperPacket(bytes, hop.smallestLost)));
  const isLarge = hop.smallestLost > Math.max(SMALLEST_MTU, largestPassed);
  return context.finding({
    kind: "lost-between",
    about: `${from.id}>${to.id}`,
    severity: isCapture ? "note" : share >= MOST_LOST && hop.lost.length >= LEAST_LOST ? "error" : "warn",
    title: isCapture
      ? `${count(hop.lost.length, "packet")} not seen at ${toText}, whose capture lost ${drops} itself`
      : `${count(hop.lost.length, "packet")} lost between ${context.pointText(hop.from)} and ${toText}`,
    text: `Last seen at ${context.pointText(hop.from)}, never at ${toText}, where ${count(hop.passed, "other packet")} of the same ${hop.connections.length === 1 ? "connection" : "connections"} arrived. ${hop.repeated} of ${hop.lost.length} were sent again.`,
    inference: isCapture,
    where: [from.id, to.id, ...[from.node, to.node].filter((n) => n !== null)],
    evidence: [
      `${toText} was recording: its file has packets from before and after`,
      `${count(hop.repeated, "lost packet")} sent again by the sender, ${hop.lost.length - hop.repeated} never answered`,
      `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} % of the packets at this hop`,
      ...(isLarge && superPassed > 0 ? [superPacketsText(superPassed)] : []),
    ],
    fits: [
      ...waitedInVain(context, hop, sameNode),
      ...(drops !== null && drops > 0 ? [`the capture at ${toText} lost ${drops} packets itself`] : []),
      ...(sameNode
        ? [
            `the kernel of ${from.node ?? "the node"} dropped them: a firewall rule, a full queue, the return path check`,
          ]
        : ["the network between the two dropped them: congestion, a bad link, a policer"]),
      ...(isLarge
        ? [`an MTU below ${hop.smallestLost} bytes: the largest packet that passed has ${largestPassed}`]
        : []),
    ],
    ruledOut: [
      ...(drops === 0 ? [`a capture gap: ${toText} reports no lost packets`] : []),
      ...(largestPassed >= hop.smallestLost
        ? [`MTU: packets as large passed (${largestPassed} bytes; the smallest lost has ${hop.smallestLost})`]
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
}

/** What a rule translated to an address that nobody has waits in the kernel for ARP's answer, and is given up. */
function waitedInVain(context: FindingContext, { lost, to }: Hop, sameNode: boolean): string[] {
  if (!sameNode) return [];
  const { machine } = context.point(to);
  const asked = new Set<string>();
  for (const row of lost.slice(0, MOST_LOOKED_AT))
    for (const { address } of context.askedInVain(machine, context.ns(row))) asked.add(address);
  if (asked.size === 0) return [];
  return [
    `${[...asked].slice(0, 3).join(", ")}: nobody has ${asked.size === 1 ? "this address" : "these addresses"}, the machine asks for ${asked.size === 1 ? "it" : "them"} at the time, and what a rule leads there waits for the answer in vain`,
  ];
}

/** The receiver has them, the capture has not. */
function sayUnseen(context: FindingContext, { from, to, unseen, connections }: Hop): Finding {
  const { id, node } = context.point(to);
  const toText = context.pointText(to);
  const drops = context.dropsAt(to);
  return context.finding({
    kind: "lost-between",
    about: `gap ${context.pointId(from)}>${id}`,
    severity: "note",
    title: `The capture at ${toText} has a gap: ${count(unseen.length, "packet")} arrived and ${unseen.length === 1 ? "is" : "are"} not in it`,
    text: `Seen at ${context.pointText(from)}, not at ${toText}, and acknowledged behind it before the sender sent the same again.`,
    inference: true,
    where: [id, ...(node === null ? [] : [node])],
    evidence: [
      `an acknowledgment of the data is seen at ${toText} or behind it, and no other packet had brought the data there`,
    ],
    fits: [
      drops !== null && drops > 0 ? `the capture lost ${drops} packets itself` : "the capture program was too slow",
      "they took a way around this point",
    ],
    ruledOut: ["loss: the receiver acknowledged them"],
    rows: unseen,
    connections,
    check: [onNode(node, "tcpdump -B 65536 -s 128 …   # a larger buffer and a smaller snap length lose less")],
  });
}

/** A question (UDP, ICMP echo) to one receiver, not to a group, in a burst that got fewer answers than it has questions; or an answer. */
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
  // The answer itself is what got lost.
  if (journey.direction === "to-client") return true;
  // Burst: questions up to the first answer, then answers up to the next question.
  let start = journeys.indexOf(journey);
  while (start > 0 && journeys[start - 1]?.direction === "to-server") start--;
  let answer = start;
  while (journeys[answer]?.direction === "to-server") answer++;
  let end = answer;
  while (journeys[end]?.direction === "to-client") end++;
  return end - answer < answer - start;
}
