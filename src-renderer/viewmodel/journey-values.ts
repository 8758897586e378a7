/**
 * What a packet's journey stands for as filters: the packet itself wherever it was seen, its ends before and behind translations, the
 * capture points, its time, and the numbers in its headers that survive the way (raw sequence numbers, DNS and echo ids).
 *
 * ```
 * journey 3: n1#0 #12 ─► n2#0 #15      (frame.number == 12 && point.id == "n1#0") || (frame.number == 15 && point.id == "n2#0")
 *            10.1.0.5:4000 ─► …:80     ip.addr == 10.1.0.5 && tcp.port == 4000
 * ```
 */
import type { ConnectionJourneys, JourneyInfo, SightingInfo } from "../../src-shared/contract/join";
import type { PacketDetails } from "../../src-shared/contract/results";
import {
  anyOf,
  distinctValues,
  endpointValue,
  type FilterValue,
  numberedPacketValue,
  pointValue,
  timeValue,
} from "./filter-value";
import { cardsOf, findNode } from "./layer-cards";
import { nodeFilter } from "./packet-filter";

type Joined = Pick<ConnectionJourneys, "connection" | "points">;

/** Everything of the packet, at all of its capture points. */
export function journeyValues(journey: JourneyInfo, data: Joined): readonly FilterValue[] {
  const { sightings } = journey;
  const numbered = sightings.flatMap((one) => numberedValue(one, data) ?? []);
  const everywhere: FilterValue = {
    label: "Packet, everywhere",
    text: journey.label,
    filter: anyOf(numbered.map(({ filter }) => filter)),
  };
  const first = sightings[0];
  return distinctValues([
    everywhere,
    ...sightings.flatMap((one) => endValues(one, data)),
    ...sightings.flatMap((one) => pointValueOf(one, data) ?? []),
    ...(first ? [timeValue(first.time)] : []),
  ]);
}

/** Of the packet as one capture point saw it. */
export function sightingValues(sighting: SightingInfo, data: Joined): readonly FilterValue[] {
  return distinctValues([
    ...[numberedValue(sighting, data) ?? []].flat(),
    ...endValues(sighting, data),
    ...[pointValueOf(sighting, data) ?? []].flat(),
    timeValue(sighting.time),
  ]);
}

/** Headers' numbers by which one packet is known again, at any capture point. */
const NUMBERS: Readonly<Record<string, readonly (readonly [field: string, label: string])[]>> = {
  tcp: [
    ["tcp.seq_raw", "Sequence number"],
    ["tcp.ack_raw", "Acknowledgment number"],
  ],
  icmp: [
    ["icmp.ident", "Echo id"],
    ["icmp.seq", "Echo sequence"],
  ],
  icmpv6: [
    ["icmpv6.echo.identifier", "Echo id"],
    ["icmpv6.echo.sequence_number", "Echo sequence"],
  ],
  dns: [
    ["dns.id", "DNS id"],
    ["dns.qry.name", "DNS name"],
  ],
};

/** `details` of the sighting's packet. Of tunnels those of the packet inside. */
export function numberValues({ tree }: PacketDetails, { depth }: SightingInfo): readonly FilterValue[] {
  return cardsOf(tree, depth)
    .filter(({ carrier }) => carrier === 0)
    .flatMap((card) =>
      (NUMBERS[card.protocol] ?? []).flatMap(([field, label]): FilterValue[] => {
        const node = findNode(card.node, field);
        return node ? [{ label, text: node.literal ?? node.text, filter: nodeFilter(node, card.ordinal) }] : [];
      }),
    );
}

function endValues({ source, destination }: SightingInfo, { connection }: Joined): readonly FilterValue[] {
  return [endpointValue("From", source, connection.protocol), endpointValue("To", destination, connection.protocol)];
}

function pointValueOf({ point }: SightingInfo, { points }: Joined): FilterValue | undefined {
  const known = points.find((one) => one.point === point);
  return known && pointValue(known);
}

function numberedValue(sighting: SightingInfo, { points }: Joined): FilterValue | undefined {
  const known = points.find((one) => one.point === sighting.point);
  return known && numberedPacketValue(sighting.number, known.id, `${known.name} #${sighting.number}`);
}
