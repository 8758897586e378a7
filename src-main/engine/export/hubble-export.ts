/**
 * Sightings of connections as Hubble's flow JSON, one object a line: what `hubble observe -o json` prints, for tools that read it.
 *
 * One line a sighting: a packet seen at a capture point is what Hubble calls a flow event at an observation point. What the
 * captures do not show is left out (identities, verdicts of policies, L7).
 */
import type { PointRole } from "../../../src-shared/model/point-role";
import type { Connection, JoinResult, Journey } from "../../../src-shared/reconstruct/result";

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
const TCP_FLAG_NAMES = ["FIN", "SYN", "RST", "PSH", "ACK"] as const;

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
  const seenFirst = journey.sightings.indexOf(row) < journey.sightings.length / 2;
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
    traffic_direction: c.client.pod !== null && sender === c.client ? "EGRESS" : "INGRESS",
    trace_observation_point: point ? OBSERVATION_POINTS[point.role][seenFirst ? 0 : 1] : "UNKNOWN_POINT",
    ...(point && point.interface !== null && { interface: { name: point.interface } }),
    Summary: summary(join, c, row),
  };
  return { flow, ...(point && point.node !== null && { node_name: point.node }), time };
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
