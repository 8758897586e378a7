/**
 * The joining's result as the window gets it (contract/join.ts): connections as JSON, journeys with packets one can select, the
 * topology. Built when asked for; nothing is kept.
 */
import type {
  ConnectionJourneys,
  JoinPoint,
  JourneyInfo,
  PacketJourney,
  SightingInfo,
  TopologyInfo,
} from "../../../src-shared/contract/join";
import type { Connection, JoinResult, Journey, Point } from "../../../src-shared/reconstruct/result";
import { ICMPV6_TYPES, ICMP_TYPES } from "../layouts/network-names";
import { connectionJson } from "../join/connection-json";

/** More packets of one connection than a person can look at. */
const MOST_JOURNEYS = 5000;

/** `packetOf` gives the window's id of a packet by file and frame.number; -1 where the window does not have it. */
export type PacketOf = (file: number, frameNumber: number) => number;

export function joinPoints(join: JoinResult): readonly JoinPoint[] {
  return join.points.map((point, at) => ({
    point: at,
    id: point.id,
    name: pointName(join, at),
    role: point.role,
    node: point.node,
    pod: point.pod,
    roleEvidence: point.roleEvidence,
  }));
}

/**
 * The interface's name; where several have that name with the file's in front, or, where one file holds several of them, with the pod's
 * or the machine's.
 */
function pointName(join: JoinResult, at: number): string {
  const point = join.points[at];
  if (!point) return `point ${at}`;
  const name = point.interface ?? point.id;
  if (point.interface === null) return name;
  const namesakes = join.points.filter((other, i) => i !== at && other.interface === point.interface);
  if (namesakes.length === 0) return name;
  const ownerOf = (one: Point): string | null => podOf(one) ?? join.topology.machines[one.machine]?.name ?? one.node;
  const tellsApart = (of: (one: Point) => string | null): boolean =>
    of(point) !== null && namesakes.every((other) => of(other) !== of(point));
  const owner = !tellsApart(fileOf) && tellsApart(ownerOf) ? ownerOf(point) : null;
  return `${owner ?? fileOf(point)} ${name}`;
}

function fileOf({ file }: Point): string {
  return file.replace(/\.(pcapng|pcap|cap)(\.(gz|zst|lz4))?$/i, "");
}

/** Without its namespace. */
function podOf({ pod }: Point): string | null {
  return pod === null ? null : pod.slice(pod.lastIndexOf("/") + 1);
}

/** Index of the connection with this id; -1 none. `indices` is filled at the first call. */
export function connectionIndex(join: JoinResult, id: string, indices: Map<string, number>): number {
  if (indices.size === 0) for (let i = 0; i < join.connectionCount; i++) indices.set(join.connectionId(i), i);
  return indices.get(id) ?? -1;
}

/** Journeys from number `from` on. */
export function connectionJourneys(join: JoinResult, index: number, packetOf: PacketOf, from = 0): ConnectionJourneys {
  const connection = join.connection(index);
  const journeys = join.journeys(index);
  // They are in the order of their first sightings.
  const start = journeys[0] ? firstNs(join, journeys[0]) : 0;
  return {
    connection: connectionJson(join, connection),
    points: joinPoints(join),
    journeys: journeys
      .slice(from, from + MOST_JOURNEYS)
      .map((journey) => journeyInfo(join, connection, journey, start, packetOf)),
    from,
    total: journeys.length,
  };
}

function firstNs(join: JoinResult, journey: Journey): number {
  const first = journey.sightings[0];
  return first === undefined ? 0 : join.sightings.alignedNs(first);
}

function journeyInfo(
  join: JoinResult,
  connection: Connection,
  journey: Journey,
  startNs: number,
  packetOf: PacketOf,
): JourneyInfo {
  const baseNs = firstNs(join, journey);
  return {
    index: journey.index,
    direction: journey.direction,
    label: journeyLabel(join, connection, journey),
    sightings: journey.sightings.map((row) => sightingInfo(join, row, baseNs, packetOf)),
    points: journey.points,
    sinceStartNs: baseNs - startNs,
    retransmissionOf: journey.retransmissionOf,
    missingAt: journey.missingAt,
    lastSeen: journey.lastSeen,
    duplicates: journey.duplicates,
    payloadLength: journey.payloadLength,
    evidence: journey.evidence,
  };
}

function sightingInfo(join: JoinResult, row: number, baseNs: number, packetOf: PacketOf): SightingInfo {
  const s = join.sightings;
  return {
    packet: packetOf(s.file(row), s.frameNumber(row)),
    number: s.frameNumber(row),
    point: s.point(row),
    time: [s.seconds(row), s.nanoseconds(row)],
    sinceFirstNs: s.alignedNs(row) - baseNs,
    depth: s.depth(row),
    source: { ip: s.source(row), port: s.sourcePort(row) },
    destination: { ip: s.destination(row), port: s.destinationPort(row) },
    ttl: s.ttl(row),
    length: s.ipLength(row),
    tunnel: s.tunnel(row),
  };
}

const TCP_FLAGS = ["FIN", "SYN", "RST", "PSH", "ACK"] as const;

/** "SYN", "ACK 1448 bytes", "echo request", "53 bytes" */
function journeyLabel(join: JoinResult, connection: Connection, journey: Journey): string {
  const row = journey.sightings[0];
  if (row === undefined) return "";
  const s = join.sightings;
  const bytes = journey.payloadLength > 0 ? `${journey.payloadLength} bytes` : "";
  if (connection.protocol === "tcp") {
    const flags = TCP_FLAGS.filter((_, bit) => s.tcpFlags(row) & (1 << bit) && (bit !== 3 || bytes === ""));
    return [flags.join(", "), bytes].filter(Boolean).join(" ");
  }
  const icmp = s.icmpTypeCode(row);
  if (icmp >= 0) {
    const type = icmp >> 8;
    if (type === 8 || type === 128) return "echo request";
    if (type === 0 || type === 129) return "echo reply";
    const names = connection.protocolNumber === 58 ? ICMPV6_TYPES : ICMP_TYPES;
    return names.get(type) ?? `type ${type} code ${icmp & 255}`;
  }
  return bytes || "no payload";
}

export function topologyInfo(join: JoinResult): TopologyInfo {
  return {
    points: joinPoints(join),
    machines: join.topology.machines.map(({ name, kind, nameSource, addresses, points }) => ({
      name,
      kind,
      nameSource,
      addresses,
      points,
    })),
    services: join.topology.services,
    clocks: join.clocks.map((clock) => ({
      file: clock.fileIndex,
      seconds: clock.seconds,
      errorSeconds: clock.errorSeconds,
      source: clock.source,
      pairs: clock.pairs,
    })),
    connections: join.connectionCount,
  };
}

/** What joining knows of the innermost network layer of a packet. */
export function packetJourney(join: JoinResult, rows: readonly number[]): PacketJourney {
  const row = rows.findLast((r) => join.sightings.connection(r) >= 0);
  if (row === undefined)
    return {
      connection: null,
      journey: -1,
      hop: -1,
      reason: rows.length === 0 ? "no network layer" : "joined nothing",
    };
  const index = join.sightings.connection(row);
  for (const journey of join.journeys(index)) {
    const hop = journey.sightings.indexOf(row);
    if (hop >= 0) return { connection: join.connectionId(index), journey: journey.index, hop, reason: null };
  }
  return { connection: join.connectionId(index), journey: -1, hop: -1, reason: "in no journey" };
}
