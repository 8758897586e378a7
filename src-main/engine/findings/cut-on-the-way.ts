/**
 * Packets that are whole at one capture point and in fragments at the next: a link behind takes less, and nothing forbids to cut.
 *
 * ```
 *   X  ──[ outer │ 1500 ]──►      Y  ──[ outer │ 976 ]──►──[ 524 ]──►      both pieces have to arrive
 * ```
 * It works, at a price. What the sender itself sent in fragments (a large datagram) is no finding.
 */
import type { Finding } from "../../../src-shared/model/finding";
import type { Connection, Journey } from "../../../src-shared/reconstruct/result";
import { count, type FindingContext, type FindingFamily, upsert } from "./context";
import { onNode } from "./shell";

/** In front of the link whose MTU it is. */
interface Hop {
  /** Points where the packets are whole. */
  readonly from: Set<number>;
  readonly to: number;
  readonly connections: Connection[];
  /** Rows of the pieces at `to`, and of the packets at `from`. */
  readonly rows: number[];
  packets: number;
  /** Of them, seen again behind `to`. */
  seenBehind: number;
  /** Packets of the same connections that crossed the hop whole. */
  whole: number;
  /** Bytes of the largest piece, of the largest packet that was left whole. */
  largestPiece: number;
  largestWhole: number;
  /** What is cut is a tunnel's packet, not what it carries. */
  isTunnel: boolean;
}

export function cutOnTheWay(context: FindingContext): FindingFamily {
  const hops = new Map<number, Hop>();
  const { sightings } = context.join;
  return {
    visit(connection, journeys) {
      const touched = new Set<Hop>();
      const cut = new Set<Journey>();
      for (const journey of journeys) {
        const at = cutAt(context, journey);
        if (at < 0) continue;
        cut.add(journey);
        const [before, row] = [journey.sightings[at - 1] as number, journey.sightings[at] as number];
        const [from, to] = [sightings.point(before), sightings.point(row)];
        const hop = upsert(hops, to, () => newHop(to));
        hop.from.add(from);
        touched.add(hop);
        hop.packets++;
        hop.rows.push(before);
        for (const piece of journey.sightings) {
          const fragment = sightings.point(piece) === to ? fragmentOf(context, piece) : -1;
          if (fragment < 0) continue;
          hop.rows.push(piece);
          hop.largestPiece = Math.max(hop.largestPiece, sightings.ipLength(fragment));
          hop.isTunnel ||= fragment !== piece;
        }
        if (journey.lastSeen !== to) hop.seenBehind++;
      }
      for (const hop of touched) {
        hop.connections.push(connection);
        for (const journey of journeys) if (!cut.has(journey)) takeWhole(context, journey, hop);
      }
    },
    finish: () => [...hops.values()].map((hop) => say(context, hop)),
  };
}

function newHop(to: number): Hop {
  return {
    from: new Set(),
    to,
    connections: [],
    rows: [],
    packets: 0,
    seenBehind: 0,
    whole: 0,
    largestPiece: 0,
    largestWhole: 0,
    isTunnel: false,
  };
}

/** Index of the journey's first sighting in fragments, where all before it are whole; -1: none, or already sent so. */
function cutAt(context: FindingContext, { sightings: rows }: Journey): number {
  const { sightings } = context.join;
  const at = rows.findIndex((row) => fragmentOf(context, row) >= 0);
  return at > 0 && sightings.point(rows[at - 1] as number) !== sightings.point(rows[at] as number) ? at : -1;
}

/** The row itself or what carries it, whichever is a fragment; -1: neither. */
function fragmentOf({ join: { sightings } }: FindingContext, row: number): number {
  for (let at = row; at >= 0; at = sightings.carrier(at)) if (sightings.fragment(at)) return at;
  return -1;
}

function outermost({ join: { sightings } }: FindingContext, row: number): number {
  let at = row;
  while (sightings.carrier(at) >= 0) at = sightings.carrier(at);
  return at;
}

function takeWhole(context: FindingContext, { points, sightings: rows }: Journey, hop: Hop): void {
  const { sightings } = context.join;
  const at = points.lastIndexOf(hop.to);
  if (at < 0 || !points.slice(0, at).some((point) => hop.from.has(point))) return;
  hop.whole++;
  for (const row of rows)
    if (sightings.point(row) === hop.to)
      hop.largestWhole = Math.max(hop.largestWhole, sightings.ipLength(outermost(context, row)));
}

function say(context: FindingContext, hop: Hop): Finding {
  const { connections, rows, packets, seenBehind, whole, largestPiece, largestWhole, isTunnel } = hop;
  const before = [...hop.from];
  const from = before.map((point) => context.pointText(point)).join(", ");
  const to = context.pointText(hop.to);
  const nodes = before.map((point) => context.point(point).node);
  const behind = context.point(hop.to).node;
  const kinds = [...new Set(connections.flatMap((c) => c.encapsulations.map((e) => e.kind)))].join(", ");
  const [first] = connections as [Connection, ...Connection[]];
  return context.finding({
    kind: "path-mtu",
    about: `cut ${context.pointId(hop.to)}`,
    severity: "note",
    title: `${isTunnel ? "Tunnel packets" : "Packets"} are cut into fragments in front of ${to}: pieces of at most ${largestPiece} bytes`,
    text: `${count(packets, "packet")} of ${count(connections.length, "connection")} ${packets === 1 ? "is" : "are"} whole at ${from} and in fragments at ${to}; ${whole} others crossed whole. All pieces of a packet have to arrive, only the first shows its ports, and they cost twice the work.`,
    inference: false,
    where: [
      ...[...before, hop.to].map((point) => context.pointId(point)),
      ...[...nodes, behind].filter((name) => name !== null),
    ],
    evidence: [
      `largest piece ${largestPiece} bytes${whole > 0 ? `, largest packet left whole ${largestWhole} bytes` : ""}`,
      ...(seenBehind > 0 ? [`${seenBehind} of ${packets} are seen again behind ${to}`] : []),
    ],
    fits: [
      isTunnel
        ? `the tunnel (${kinds}) sends packets larger than the MTU behind: what it carries leaves no room for its headers`
        : "the MTU behind is smaller than the sender's, and the sender allows its packets to be cut (DF is not set)",
    ],
    ruledOut: [
      "the sender cuts them itself: they are whole at first",
      ...(seenBehind === packets ? ["an MTU blackhole: the pieces arrive"] : []),
    ],
    rows,
    connections,
    check: [
      onNode(behind, "ip -d link | grep -E 'mtu|vxlan|geneve|ipip'"),
      onNode(first.client.node, `tracepath -n ${first.server.ip}`),
      onNode(behind, "nstat -az | grep -E 'Frag|Reasm'"),
    ],
  });
}
