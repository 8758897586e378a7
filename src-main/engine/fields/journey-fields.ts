/** Our own fields: what joining says of a packet. Without joined captures (FieldContext.joined) they have no values. */
import { appendString, appendValue } from "../../../src-shared/tables/value-column";
import { type Field, packetField } from "./field";
import type { JoinedFacts } from "./joined-facts";

function joinedText(
  name: string,
  label: string,
  value: (joined: JoinedFacts, file: number, frameNumber: number, point: number) => string | readonly string[],
): Field {
  return {
    ...packetField(
      { name, label, kind: "string", protocol: name.split(".")[0] ?? name },
      (batch, packet, out, { joined }) => {
        if (!joined || batch.isCustomBlock(packet)) return;
        const found = value(joined, batch.file, batch.numberBefore + packet + 1, batch.point[packet] as number);
        if (typeof found !== "string") for (const text of found) appendString(out, packet, 1, text);
        else if (found !== "") appendString(out, packet, 1, found);
      },
    ),
    needsJoin: true,
  };
}

function joinedNumber(
  name: string,
  label: string,
  value: (joined: JoinedFacts, file: number, frameNumber: number) => number,
): Field {
  return {
    ...packetField(
      { name, label, kind: "uint", protocol: name.split(".")[0] ?? name },
      (batch, packet, out, { joined }) => {
        const found = joined ? value(joined, batch.file, batch.numberBefore + packet + 1) : 0;
        if (found > 0) appendValue(out, packet, 1, found);
      },
    ),
    needsJoin: true,
  };
}

export const JOURNEY_FIELDS: readonly Field[] = [
  joinedText("k8s.src.pod", "Pod that sent the packet", (j, file, n) => j.pod(file, n, 0)),
  joinedText("k8s.dst.pod", "Pod that the packet is for", (j, file, n) => j.pod(file, n, 1)),
  joinedText("k8s.service", "Service that the connection asked for", (j, file, n) => j.service(file, n)),
  joinedText("k8s.node", "Node the packet was captured on", (j, _file, _n, point) => j.node(point)),
  joinedNumber("journey.id", "Journey: the same number for all sightings of a packet", (j, file, n) =>
    j.journey(file, n),
  ),
  joinedNumber("journey.hop", "Hop: which sighting of its journey it is, from 1", (j, file, n) => j.hop(file, n)),
  joinedText("nat.kind", "Translations of its connection: dnat, snat, icmp-id", (j, file, n) => j.natKinds(file, n)),
  joinedText("point.role", "Role of the capture point: pod-nic, host-veth, bridge, node-nic …", (j, _file, _n, point) =>
    j.role(point),
  ),
  packetField(
    { name: "point.id", label: "Capture point: file and interface", kind: "string", protocol: "point" },
    (batch, packet, out, { points, files }) => {
      const point = points[batch.point[packet] as number];
      if (point && !batch.isCustomBlock(packet))
        appendString(out, packet, 1, `${files[batch.file]?.label ?? "?"}#${point.index}`);
    },
  ),
  joinedText("connection.id", "Connection, through every translation and tunnel", (j, file, n) =>
    j.connectionId(file, n),
  ),
  joinedText("connection.kind", "Kind of traffic: pod-to-pod, pod-to-service, egress …", (j, file, n) =>
    j.connectionKind(file, n),
  ),
];
