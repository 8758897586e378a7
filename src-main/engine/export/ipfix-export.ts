/**
 * Connections as CSV with the names of IPFIX's information elements (IANA registry; Antrea's for pods and Services): before and
 * after translation side by side (elements 225-228), for flow collectors and spreadsheets. Cells of what is not known are empty.
 */
import { csvCell } from "../../../src-shared/base/csv";
import type { Endpoint, JoinResult } from "../../../src-shared/reconstruct/result";

/** Column names of IPFIX's registry; of what comes back, with "reverse" in front (RFC 5103 section 6.1). */
const IPFIX_COLUMNS = [
  "flowStartNanoseconds",
  "flowEndNanoseconds",
  "protocolIdentifier",
  "sourceIPv4Address",
  "sourceIPv6Address",
  "sourceTransportPort",
  "destinationIPv4Address",
  "destinationIPv6Address",
  "destinationTransportPort",
  "postNATSourceIPv4Address",
  "postNATSourceIPv6Address",
  "postNAPTSourceTransportPort",
  "postNATDestinationIPv4Address",
  "postNATDestinationIPv6Address",
  "postNAPTDestinationTransportPort",
  "packetDeltaCount",
  "reversePacketDeltaCount",
  "octetDeltaCount",
  "reverseOctetDeltaCount",
  "transportOctetDeltaCount",
  "reverseTransportOctetDeltaCount",
  "sourcePodNamespace",
  "sourcePodName",
  "destinationPodNamespace",
  "destinationPodName",
  "sourceNodeName",
  "destinationNodeName",
  "destinationServicePortName",
] as const;

/** Connections as CSV with IPFIX's names (elements 225-228 for what NAT made of them). */
export function writeIpfixCsv(join: JoinResult, index: number | undefined, write: (text: string) => void): void {
  write(`${IPFIX_COLUMNS.join(",")}\r\n`);
  const from = index ?? 0;
  const to = index === undefined ? join.connectionCount : index + 1;
  for (let i = from; i < to; i++) {
    const c = join.connection(i);
    const asked = c.requested ?? c.server;
    const [sent, answered] = countEachWay(join, i);
    const cells = [
      c.firstTime,
      c.lastTime,
      c.protocolNumber,
      ...byVersion(c.client),
      c.client.port,
      ...byVersion(asked),
      asked.port,
      ...byVersion(c.seenByServerAs),
      c.seenByServerAs?.port ?? "",
      ...byVersion(c.server),
      c.server.port,
      sent.packets,
      answered.packets,
      sent.octets,
      answered.octets,
      c.bytesFromClient,
      c.bytesFromServer,
      ...namespaced(c.client.pod),
      ...namespaced(c.server.pod),
      c.client.node ?? "",
      c.server.node ?? "",
      c.service === null ? "" : `${c.service}:${asked.port}`,
    ];
    write(`${cells.map((cell) => csvCell(String(cell))).join(",")}\r\n`);
  }
}

interface Counted {
  packets: number;
  /** Of IP packets, headers and all (octetDeltaCount). */
  octets: number;
}

/** Packets as they were sent, each once, however many capture points saw it: to the server, and back. */
function countEachWay(join: JoinResult, connection: number): readonly [sent: Counted, answered: Counted] {
  const sent: Counted = { packets: 0, octets: 0 };
  const answered: Counted = { packets: 0, octets: 0 };
  for (const { direction, sightings } of join.journeys(connection)) {
    const way = direction === "to-server" ? sent : answered;
    way.packets++;
    const [first] = sightings;
    if (first !== undefined) way.octets += join.sightings.ipLength(first);
  }
  return [sent, answered];
}

function byVersion(endpoint: Endpoint | null): readonly [v4: string, v6: string] {
  if (!endpoint) return ["", ""];
  return endpoint.ip.includes(":") ? ["", endpoint.ip] : [endpoint.ip, ""];
}

function namespaced(pod: string | null): readonly [namespace: string, name: string] {
  if (pod === null) return ["", ""];
  const slash = pod.indexOf("/");
  return [slash < 0 ? "" : pod.slice(0, slash), pod.slice(slash + 1)];
}
