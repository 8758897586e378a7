/**
 * Sightings of connections as Hubble's flow JSON, one object a line: what `hubble observe -o json` prints, for tools that read it.
 *
 * One line a sighting: a packet seen at a capture point is what Hubble calls a flow event at an observation point. What the
 * captures do not show is left out (identities, verdicts of policies, L7).
 */
import type { PointRole } from "../../../src-shared/model/point-role";
import type { Connection, JoinResult, Journey, PlacedEndpoint, Point } from "../../../src-shared/reconstruct/result";

const OBSERVATION_POINTS: Readonly<Record<PointRole, readonly [outwards: string, inwards: string]>> = {
  "pod-nic": ["FROM_ENDPOINT", "TO_ENDPOINT"],
  "host-veth": ["FROM_ENDPOINT", "TO_ENDPOINT"],
  bridge: ["TO_STACK", "FROM_STACK"],
  "tunnel-device": ["TO_OVERLAY", "FROM_OVERLAY"],
  "node-nic": ["TO_NETWORK", "FROM_NETWORK"],
  "router-port": ["TO_NETWORK", "FROM_NETWORK"],
  loopback: ["TO_HOST", "FROM_HOST"],
  unknown: ["UNKNOWN_POINT", "UNKNOWN_POINT"],
};
const TCP_FLAG_NAMES = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"] as const;

/** Whose side of a packet's journey a point is on. */
type Side = "sender" | "receiver";

/**
 * Writes connection `index`, or all of them, in order of their packets within each connection. `packets`: only sightings of these,
 * by file and frame.number.
 */
export function writeHubble(
  join: JoinResult,
  index: number | undefined,
  write: (text: string) => void,
  packets?: readonly ReadonlySet<number>[],
): void {
  const from = index ?? 0;
  const to = index === undefined ? join.connectionCount : index + 1;
  for (let i = from; i < to; i++) {
    const connection = join.connection(i);
    for (const journey of join.journeys(i))
      for (const row of journey.sightings)
        if (!packets || packets[join.sightings.file(row)]?.has(join.sightings.frameNumber(row)))
          write(`${JSON.stringify(line(join, connection, journey, row))}\n`);
  }
}

function line(join: JoinResult, c: Connection, journey: Journey, row: number): object {
  const s = join.sightings;
  const point = join.points[s.point(row)];
  const isReply = journey.direction === "to-client";
  const time = isoTime(s.seconds(row), s.nanoseconds(row));
  const [sender, receiver] = isReply ? [c.server, c.client] : [c.client, c.server];
  const side = point && sideOf(point, sender, receiver);
  const isLeaving = (side ?? (isInFirstHalf(journey, row) ? "sender" : "receiver")) === "sender";
  const service = c.service === null ? undefined : namespaced(c.service);
  const flow = {
    time,
    // A packet that was seen was passed on as far as this point can tell.
    verdict: "FORWARDED",
    IP: {
      source: s.source(row),
      destination: s.destination(row),
      ipVersion: s.ipVersion(row) === 6 ? "IPv6" : "IPv4",
    },
    l4: transport(join, c, row),
    source: podOf(sender.pod),
    destination: podOf(receiver.pod),
    Type: "L3_L4",
    node_name: point?.node ?? undefined,
    is_reply: isReply,
    ...(service && (isReply ? { source_service: service } : { destination_service: service })),
    traffic_direction: side ? trafficDirection(side, isReply) : "TRAFFIC_DIRECTION_UNKNOWN",
    trace_observation_point: point ? OBSERVATION_POINTS[point.role][isLeaving ? 0 : 1] : "UNKNOWN_POINT",
    ...(point && point.interface !== null && { interface: { name: point.interface } }),
    Summary: summary(join, c, row),
  };
  return { flow, ...(point && point.node !== null && { node_name: point.node }), time };
}

/** By the pod whose interface it is, else by the node; undefined: it is on neither's, or on both's. */
function sideOf(point: Point, sender: PlacedEndpoint, receiver: PlacedEndpoint): Side | undefined {
  const isPodOf = (end: PlacedEndpoint): boolean =>
    point.pod !== null ? point.pod === end.pod : point.podAddress !== null && point.podAddress === end.ip;
  const isNodeOf = (end: PlacedEndpoint): boolean => point.node !== null && point.node === end.node;
  for (const isOf of [isPodOf, isNodeOf])
    if (isOf(sender) !== isOf(receiver)) return isOf(sender) ? "sender" : "receiver";
  return undefined;
}

function isInFirstHalf({ sightings }: Journey, row: number): boolean {
  return sightings.indexOf(row) < sightings.length / 2;
}

/** Of the connection, as the end that is here has it: answers are egress where the question left, ingress where it arrived. */
function trafficDirection(side: Side, isReply: boolean): "EGRESS" | "INGRESS" {
  return (side === "sender") !== isReply ? "EGRESS" : "INGRESS";
}

function transport(join: JoinResult, c: Connection, row: number): object | undefined {
  const s = join.sightings;
  const ports = { source_port: s.sourcePort(row), destination_port: s.destinationPort(row) };
  switch (c.protocol) {
    case "tcp": {
      const set = s.tcpFlags(row);
      const flags = Object.fromEntries(
        TCP_FLAG_NAMES.flatMap((name, bit) => (set & (1 << bit) ? [[name, true] as const] : [])),
      );
      return { TCP: { ...ports, flags } };
    }
    case "udp":
      return { UDP: ports };
    case "sctp":
      return { SCTP: ports };
    case "icmp":
    case "icmpv6": {
      const icmp = s.icmpTypeCode(row);
      return { [c.protocol === "icmp" ? "ICMPv4" : "ICMPv6"]: { type: icmp >> 8, code: icmp & 255 } };
    }
    case "other":
      return undefined;
  }
}

function summary(join: JoinResult, c: Connection, row: number): string {
  if (c.protocol === "icmp") return "ICMPv4";
  if (c.protocol === "icmpv6") return "ICMPv6";
  if (c.protocol !== "tcp") return c.protocol.toUpperCase();
  const set = join.sightings.tcpFlags(row);
  return `TCP Flags: ${TCP_FLAG_NAMES.filter((_, bit) => set & (1 << bit)).join(", ")}`;
}

function podOf(pod: string | null): object {
  if (pod === null) return {};
  const { name, namespace } = namespaced(pod);
  return { namespace, pod_name: name };
}

function namespaced(name: string): { readonly name: string; readonly namespace: string } {
  const slash = name.indexOf("/");
  return { namespace: slash < 0 ? "" : name.slice(0, slash), name: name.slice(slash + 1) };
}

/** RFC 3339 with nanoseconds, as Go prints it. */
function isoTime(seconds: number, nanoseconds: number): string {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return `${seconds}.${String(nanoseconds).padStart(9, "0")}`;
  return `${date.toISOString().slice(0, 19)}.${String(nanoseconds).padStart(9, "0")}Z`;
}
