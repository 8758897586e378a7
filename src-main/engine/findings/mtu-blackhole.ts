/**
 * Large packets vanish, small ones pass, and no ICMP tells the sender why.
 *
 * ```
 *   60 bytes ─►──►──►            by sighting: lost between X and Y again and again, smaller ones of the same direction pass
 * 1500 bytes ─►──x                by answers:  sent again and again, never acknowledged, while the peer keeps answering
 * 1500 bytes ─►──x
 * ```
 * With "fragmentation needed" on its way the sender would learn: if the error is seen, where it was last seen is part of the
 * finding. If the sender then sends smaller packets, path MTU discovery works (RFC 1191) and the losses are part of it: that is
 * "path-mtu", a chat.
 */
import type { Finding } from "../../../src-shared/model/finding";
import { endpointText } from "../../../src-shared/model/endpoint-text";
import type { Connection, Journey } from "../../../src-shared/reconstruct/result";
import { complaintsOf, rowsOf } from "./attempts";
import {
  count,
  type FindingContext,
  type FindingFamily,
  firstRow,
  lastRow,
  placeText,
  repeatedSends,
  rootOf,
  TCP_FIN,
  TCP_SYN,
  upsert,
} from "./context";
import { isAsLarge, isSuperPacket, Neighbours, sizeAt, superPacketsText } from "./hop-neighbours";
import { isTooBig } from "./icmp-errors";
import { onNode } from "./shell";

/** No link that carries IPv6 has a smaller MTU (RFC 8200 section 5): smaller packets that vanish do so for another reason. */
const SMALLEST_MTU = 1280;
/** One of IPv4 may, but hosts need not take more than this (RFC 791 section 3.1); down to here more must speak for it. */
const SMALLEST_MTU_OF_IPV4 = 576;
/** Times each piece of data must have vanished where less speaks for it: a small one, or super-packets that passed. */
const LOSSES_TO_BE_SURE = 3;
/** A connection that said nothing for so long may be forgotten by a firewall or a NAT on the way. */
const FORGOTTEN_NS = 60e9;
/** Times the same data must have been sent without an acknowledgment, where the packets cannot be seen behind the loss. */
const SENDS_WITHOUT_ANSWER = 3;

interface Blackhole {
  /** Points between which the packets vanish; `to` is -1 where nothing behind the loss was captured. */
  readonly from: number;
  readonly to: number;
  readonly direction: Journey["direction"];
  /** After a loss began, the other side or smaller packets of the connection were still seen on the way. */
  heard: boolean;
  smallestLost: number;
  largestPassed: number;
  /** The largest super-packet of segmentation offload that passed; 0: none did. */
  superPassed: number;
  readonly lost: Journey[];
  readonly rows: number[];
  readonly connections: Connection[];
  readonly errors: {
    readonly from: string;
    readonly point: number;
    readonly mtu: number | null;
    readonly row: number;
  }[];
}

interface LossyHop {
  readonly from: number;
  readonly to: number;
  readonly lost: Journey[];
  /** Pieces of data that were lost here twice or more. */
  groups: number;
}

/** Losses that told the sender the path's MTU. */
interface Discovery {
  readonly from: string;
  readonly mtu: number | null;
  readonly point: number;
  readonly rows: number[];
  readonly connections: Connection[];
  lost: number;
}

export function mtuBlackholes(context: FindingContext): FindingFamily {
  const found = new Map<string, Blackhole>();
  const neighbours = new Neighbours(context);
  const discovered = new Map<string, Discovery>();
  return {
    visit(connection, journeys, claimed) {
      if (connection.protocol !== "tcp" || !journeys.some((j) => j.retransmissionOf >= 0)) return;
      for (const direction of ["to-server", "to-client"] as const) {
        takeDiscovery(context, connection, journeys, direction, discovered, claimed);
        const one = inDirection(context, connection, journeys, direction, { found, neighbours });
        if (!one) continue;
        const { from, to } = one;
        const hole = upsert(found, keyOf(from, to, direction), () => ({
          ...one,
          lost: [],
          rows: [],
          connections: [],
          errors: [],
        }));
        hole.smallestLost = Math.min(hole.smallestLost, one.smallestLost);
        hole.largestPassed = Math.max(hole.largestPassed, one.largestPassed);
        hole.superPassed = Math.max(hole.superPassed, one.superPassed);
        hole.heard ||= one.heard;
        hole.connections.push(connection);
        hole.lost.push(...one.lost);
        hole.rows.push(...rowsOf(one.lost));
        hole.errors.push(...one.errors);
        for (const journey of one.lost) claimed.add(journey.index);
      }
    },
    finish: () => [
      ...[...found.values()].map((hole) => say(context, hole)),
      ...[...discovered.values()].map((one) => sayDiscovered(context, one)),
    ],
  };
}

function keyOf(from: number, to: number, direction: Journey["direction"]): string {
  // Where both points are known they say which way the packets go, whoever of the two asked for the connection.
  return to < 0 ? `${from}> ${direction}` : `${from}>${to}`;
}

function inDirection(
  context: FindingContext,
  connection: Connection,
  journeys: readonly Journey[],
  direction: Journey["direction"],
  { found, neighbours }: { readonly found: ReadonlyMap<string, Blackhole>; readonly neighbours: Neighbours },
): Blackhole | null {
  const { sightings } = context.join;
  const mine = journeys.filter((j) => j.direction === direction);
  const sends = repeatedSends(mine.length === journeys.length ? mine : journeys);
  const groups = [...sends.values()].filter(
    (group) => group[0]?.direction === direction && group.every((j) => j.payloadLength > 0 && !isSyn(context, j)),
  );
  if (groups.length === 0) return null;
  const size = (j: Journey): number => sightings.ipLength(lastRow(j));

  // By sighting: the same data vanished at the same hop again and again, and was never seen behind it.
  const vanished = groups.filter(
    (group) => group.filter((j) => j.missingAt >= 0).length >= 2 && !group.some((j) => isArrived(connection, j)),
  );
  const worst = worstHop(context, vanished);
  if (worst) {
    const { from, to, lost } = worst;
    const passed = mine.filter((j) => j.missingAt < 0 && j.points.includes(to));
    // A super-packet of segmentation offload says nothing of the packets on the wire: the smallest send of each piece does.
    const smallestLost = Math.min(...lost.map(size));
    const sizes = passed.map(size);
    const largestPassed = Math.max(0, ...sizes.filter((bytes) => !isSuperPacket(bytes, smallestLost)));
    const superPassed = Math.max(0, ...sizes.filter((bytes) => isSuperPacket(bytes, smallestLost)));
    const leastMtu = sightings.ipVersion(lastRow(lost[0] as Journey)) === 4 ? SMALLEST_MTU_OF_IPV4 : SMALLEST_MTU;
    if (passed.length >= 2 && largestPassed < smallestLost && smallestLost > leastMtu) {
      const startNs = Math.min(...lost.map((j) => context.startNs(j)));
      const heard = heardAfter(context, journeys, direction, lost, worst);
      const destination = sightings.destination(lastRow(lost[0] as Journey));
      const hop = neighbours.evidenceAt(connection.index, { from, to, smallestLost, startNs, destination });
      const isSure = superPassed === 0 && smallestLost > SMALLEST_MTU;
      // Only where small packets get through while large ones do not, or where a router says so, is size what decides.
      const works =
        heard ||
        (hop.smallPassed > hop.smallLost && !wasForgotten(context, mine, startNs)) ||
        found.has(keyOf(from, to, direction)) ||
        tooBigErrors(context, connection).some((e) => e.mtu !== null && e.mtu < smallestLost);
      if (
        hop.largePassed === 0 &&
        hop.smallLost <= hop.smallPassed &&
        works &&
        (isSure || (heard && lost.length >= LOSSES_TO_BE_SURE * worst.groups))
      )
        return blackhole(context, connection, {
          from,
          to,
          direction,
          smallestLost,
          largestPassed,
          superPassed,
          lost,
          heard,
        });
    }
  }
  if (vanished.length > 0) return null;

  // By answers: never acknowledged, though the peer is there.
  const stuck = groups.filter(
    (group) => group.length >= SENDS_WITHOUT_ANSWER && !isAcknowledged(context, journeys, group),
  );
  if (stuck.length === 0) return null;
  const lost = stuck.flat();
  const smallestLost = Math.min(...stuck.map((group) => Math.min(...group.map(size))));
  const others = mine.filter((j) => !lost.includes(j) && !isRepeated(groups, j));
  const delivered = others.filter((j) => isAcknowledged(context, journeys, [j]));
  const largestPassed = Math.max(0, ...delivered.map(size));
  const [first] = lost;
  if (!first || delivered.length === 0 || largestPassed >= smallestLost || smallestLost <= SMALLEST_MTU) return null;
  const receiver = direction === "to-server" ? connection.server : connection.client;
  // Silence of everything may be a peer that is gone, or a firewall that forgot the connection: the peer must be heard.
  const start = Math.min(...lost.map((j) => context.startNs(j)));
  const heard = journeys.some((j) => j.direction !== direction && context.startNs(j) > start);
  if (!heard && (!context.heardFrom(receiver.ip, start) || wasForgotten(context, mine, start))) return null;
  if (largeDelivered(context, neighbours.around(connection.index), first, smallestLost)) return null;
  // The receiver's own NIC saw it: then it is the answers that are lost.
  if (lost.some((j) => isOwnNic(context, j.lastSeen, receiver.ip))) return null;
  return blackhole(context, connection, {
    from: first.lastSeen,
    to: -1,
    direction,
    smallestLost,
    largestPassed,
    superPassed: 0,
    lost,
    heard,
  });
}

/**
 * The hop where most data was lost twice or more. One loss at another hop is something else: what an ICMP error was told about before
 * the sender made smaller packets.
 */
function worstHop(context: FindingContext, groups: readonly (readonly Journey[])[]): LossyHop | undefined {
  const hops = new Map<string, LossyHop>();
  for (const group of groups) {
    const byHop = new Map<string, Journey[]>();
    for (const j of group)
      if (j.missingAt >= 0) upsert(byHop, `${j.lastSeen}>${j.missingAt}`, (): Journey[] => []).push(j);
    for (const [key, lost] of byHop) {
      const [first] = lost;
      if (!first) continue;
      // The last one may be the end of the recording: those before it count.
      const counted = lost.filter((j) => context.wasRecording(j.missingAt, context.ns(lastRow(j))));
      if (counted.length < 2) continue;
      const hop = upsert(hops, key, () => ({ from: first.lastSeen, to: first.missingAt, lost: [], groups: 0 }));
      hop.lost.push(...lost);
      hop.groups++;
    }
  }
  return [...hops.values()].sort((a, b) => b.groups - a.groups)[0];
}

/** With the ICMP errors that should have told the sender. (One that learned sends smaller pieces, which pass: no blackhole.) */
function blackhole(
  context: FindingContext,
  connection: Connection,
  one: Omit<Blackhole, "rows" | "connections" | "errors">,
): Blackhole {
  const errors = tooBigErrors(context, connection).filter((e) => e.mtu === null || e.mtu < one.smallestLost);
  return { ...one, rows: [], connections: [], errors };
}

function tooBigErrors(context: FindingContext, connection: Connection): Blackhole["errors"] {
  const { sightings } = context.join;
  return complaintsOf(context, connection)
    .filter((c) => isTooBig(c))
    .map((c) => ({
      from: c.from,
      point: sightings.point(c.row),
      mtu: context.observer.toldMtu.get(sightings.packet(c.row)) ?? null,
      row: c.row,
    }));
}

/** Packets above the MTU that an ICMP error told, lost, and sent again in smaller pieces that arrived. */
function takeDiscovery(
  context: FindingContext,
  connection: Connection,
  journeys: readonly Journey[],
  direction: Journey["direction"],
  into: Map<string, Discovery>,
  claimed: Set<number>,
): void {
  const [error] = tooBigErrors(context, connection);
  if (!error) return;
  const { sightings } = context.join;
  const lost = journeys.filter(
    (j) =>
      j.direction === direction &&
      j.missingAt >= 0 &&
      (error.mtu === null || sightings.ipLength(lastRow(j)) > error.mtu) &&
      (isAcknowledged(context, journeys, [j]) || isHeeded(context, journeys, j, error.mtu)),
  );
  if (lost.length === 0) return;
  const one = upsert(into, `${error.from} ${error.mtu ?? ""}`, () => ({
    from: error.from,
    mtu: error.mtu,
    point: error.point,
    rows: [],
    connections: [],
    lost: 0,
  }));
  one.rows.push(error.row, ...rowsOf(lost));
  one.connections.push(connection);
  one.lost += lost.length;
  for (const journey of lost) claimed.add(journey.index);
}

/** The sender sent the same data again in packets that fit. */
function isHeeded(context: FindingContext, journeys: readonly Journey[], lost: Journey, mtu: number | null): boolean {
  if (mtu === null) return false;
  const root = rootOf(journeys, lost);
  return journeys.some(
    (j) =>
      j.index > lost.index &&
      j.direction === lost.direction &&
      rootOf(journeys, j) === root &&
      context.join.sightings.ipLength(lastRow(j)) <= mtu,
  );
}

function sayDiscovered(context: FindingContext, { from, mtu, point, rows, connections, lost }: Discovery): Finding {
  const [first] = connections as [Connection, ...Connection[]];
  const { node } = context.point(point);
  const told = mtu === null || mtu === 0 ? "a smaller MTU" : `an MTU of ${mtu}`;
  return context.finding({
    kind: "path-mtu",
    about: `${from} ${mtu ?? ""}`,
    severity: "chat",
    title: `Path MTU discovered: ${from} tells ${told}, and the senders heed it`,
    text: `${count(lost, "packet")} of ${count(connections.length, "connection")} did not fit, were reported with ICMP "fragmentation needed", and were sent again in smaller pieces.`,
    inference: false,
    where: [context.pointId(point), ...(node === null ? [] : [node])],
    evidence: [
      `ICMP error from ${from} about packets of ${endpointText(first.client)} and ${endpointText(first.server)}`,
      "smaller packets with the same data follow",
    ],
    fits: [
      "the sender's interface has a larger MTU than the tunnel or link behind it: every new path costs a round trip",
    ],
    ruledOut: ["a blackhole: the error arrives and the sender adapts"],
    rows,
    connections,
    check: [onNode(node, "ip -d link | grep -E 'mtu|vxlan|geneve|ipip'")],
  });
}

function isOwnNic(context: FindingContext, point: number, address: string): boolean {
  const { role, podAddress } = context.point(point);
  return (role === "pod-nic" || role === "host-veth") && podAddress === address;
}

function isSyn(context: FindingContext, journey: Journey): boolean {
  return (context.join.sightings.tcpFlags(firstRow(journey)) & TCP_SYN) !== 0;
}

function isRepeated(groups: readonly (readonly Journey[])[], journey: Journey): boolean {
  return groups.some((group) => group.includes(journey));
}

/** Whether the other side acknowledged all of what `group` sent. */
function isAcknowledged(context: FindingContext, journeys: readonly Journey[], group: readonly Journey[]): boolean {
  const { sightings } = context.join;
  const [first] = group;
  if (!first) return false;
  const row = firstRow(first);
  const flags = sightings.tcpFlags(row);
  const length = first.payloadLength + (flags & TCP_SYN ? 1 : 0) + (flags & TCP_FIN ? 1 : 0);
  if (length === 0) return true;
  const end = (sightings.tcpSeq(row) + length) >>> 0;
  return journeys.some((j) => {
    if (j.direction === first.direction) return false;
    const answer = firstRow(j);
    return (sightings.tcpFlags(answer) & 16) !== 0 && ((sightings.tcpAck(answer) - end) | 0) >= 0;
  });
}

/** Seen at the end of its path. */
function isArrived(connection: Connection, journey: Journey): boolean {
  const end = (journey.direction === "to-server" ? connection.path : connection.returnPath).at(-1);
  return end !== undefined && journey.points.includes(end);
}

/** The connection goes on: after the loss began the other side got through, or something small of the same direction did. */
function heardAfter(
  context: FindingContext,
  journeys: readonly Journey[],
  direction: Journey["direction"],
  lost: readonly Journey[],
  { from, to }: { readonly from: number; readonly to: number },
): boolean {
  const start = Math.min(...lost.map((j) => context.startNs(j)));
  return journeys.some(
    (j) => context.startNs(j) > start && !lost.includes(j) && j.points.includes(j.direction === direction ? to : from),
  );
}

/** It had been silent for long before `atNs`: state on the way may have been given up. */
function wasForgotten(context: FindingContext, mine: readonly Journey[], atNs: number): boolean {
  const before = Math.max(-Infinity, ...mine.map((j) => context.startNs(j)).filter((ns) => ns < atNs));
  return atNs - before > FORGOTTEN_NS;
}

/** Another connection between the same two delivered packets as large: size is not what decides. */
function largeDelivered(
  context: FindingContext,
  neighbours: Iterable<readonly Journey[]>,
  lost: Journey,
  smallestLost: number,
): boolean {
  const { sightings } = context.join;
  const row = lastRow(lost);
  for (const journeys of neighbours) {
    const large = journeys.filter(
      (j) =>
        j.payloadLength > 0 &&
        j.points.includes(lost.lastSeen) &&
        isAsLarge(sizeAt(context, j, lost.lastSeen), smallestLost) &&
        sightings.source(lastRow(j)) === sightings.source(row) &&
        sightings.destination(lastRow(j)) === sightings.destination(row),
    );
    if (large.some((j) => isAcknowledged(context, journeys, [j]))) return true;
  }
  return false;
}

function say(context: FindingContext, hole: Blackhole): Finding {
  const { from, to, smallestLost, largestPassed, superPassed, lost, connections, errors, direction } = hole;
  const [first] = connections;
  const between =
    to < 0 ? `behind ${context.pointText(from)}` : `between ${context.pointText(from)} and ${context.pointText(to)}`;
  const told = errors.find((e) => e.mtu !== null && e.mtu > 0);
  const sender = first && (direction === "to-server" ? first.client : first.server);
  const receiver = first && (direction === "to-server" ? first.server : first.client);
  const senders = new Set(lost.map((j) => context.join.sightings.source(firstRow(j)))).size;
  const drops = to < 0 ? null : context.dropsAt(to);
  const node = context.point(from).node;
  const overhead = first?.encapsulations.map((e) => e.kind).join(", ") ?? "";
  return context.finding({
    kind: "mtu-blackhole",
    about: `${context.pointId(from)}>${to < 0 ? "" : context.pointId(to)} ${direction}`,
    severity: to < 0 || superPassed > 0 ? "warn" : "error",
    title: `MTU blackhole ${between}: ${smallestLost} bytes vanish, ${largestPassed} pass`,
    text: `${count(lost.length, "packet")} of ${smallestLost} bytes and more from ${sender ? placeText(sender) : "the sender"}${senders > 1 ? ` and ${count(senders - 1, "other")}` : ""} ${to < 0 ? "are sent again and again and never acknowledged" : "vanish each time they are sent"}, while packets up to ${largestPassed} bytes get through.${errors.length ? ` ICMP "fragmentation needed" from ${errors[0]?.from ?? "?"}${told ? ` tells an MTU of ${told.mtu}` : ""}, but the sender goes on.` : ' No ICMP "fragmentation needed" is seen.'}`,
    inference: to < 0 || !hole.heard || superPassed > 0,
    where: [context.pointId(from), ...(to < 0 ? [] : [context.pointId(to)]), ...(node === null ? [] : [node])],
    evidence: [
      `smallest packet lost ${smallestLost} bytes, largest that passed ${largestPassed} bytes`,
      `the lost packets are sent again and lost again${hole.heard ? "; the other side is still heard" : to < 0 ? `; ${receiver?.ip ?? "the receiver"} still answers others` : `; ${context.pointText(to)} goes on recording other packets`}`,
      ...errors.map((e) => `ICMP error from ${e.from} at ${context.pointText(e.point)}`),
      ...(superPassed > 0 ? [superPacketsText(superPassed)] : []),
    ],
    fits: [
      overhead === ""
        ? "a link behind has a smaller MTU than the sender's, and its ICMP errors are filtered or never made"
        : `the tunnel (${overhead}) needs room that the sender's MTU does not leave`,
      ...(hole.heard
        ? []
        : ["a rule that lets the handshake through and drops what follows, or has forgotten the connection"]),
      ...(errors.length ? ["the ICMP error does not reach the sender, or is about an address it does not know"] : []),
    ],
    ruledOut: [
      `loss by chance: ${count(lost.length, "packet")} of that size vanish, every repetition among them, and what is smaller passes`,
      ...(hole.heard ? ["the peer is gone: it is heard after the loss began"] : []),
      ...(drops === 0 ? [`a capture gap: ${context.pointText(to)} reports no lost packets`] : []),
    ],
    rows: [...hole.rows, ...errors.map((e) => e.row)],
    connections,
    check: [
      onNode(sender?.node ?? node, `ping -M do -c 3 -s ${Math.max(0, smallestLost - 28)} ${receiver?.ip ?? ""}`.trim()),
      onNode(sender?.node ?? node, `tracepath -n ${receiver?.ip ?? ""}`.trim()),
      onNode(node, "ip -d link | grep -E 'mtu|vxlan|geneve|ipip'"),
    ],
  });
}
