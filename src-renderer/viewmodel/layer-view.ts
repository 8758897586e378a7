/**
 * The layer view: one packet at every capture point of its journey, its headers as nested envelopes.
 *
 * ```
 *               client pod NIC     tunnel device            node NIC
 *  application  │ GET /     │      │ GET /     │       ┌──────────────────┐
 *  transport    │ 47004→80  │      │ 47004→8080│◄ DNAT │ │ 47004→8080 │   │
 *  network      │ TTL 64    │      │ TTL 63    │◄ routed │ TTL 63    │   │
 *  data link    └ aa → bb ──┘      └ cc → dd ──┘       │ └ cc → dd ────┘  │
 *  · tunnel                                            │  VXLAN VNI 1     │◄ wrapped
 *  · transport                                         │  UDP 8472        │
 *  · network                                           │  n1 → n2         │
 *  · data link                                         └──────────────────┘
 *  physical     client-a#0         n1#1                 n1#0
 * ```
 * Lanes run from the application down to the wire, the same in every column, so that what changes is seen by looking along
 * a line. Pure: packet details and journeys in, lanes, cards and sentences out.
 */
import type { ConnectionJson, JoinPoint, JourneyInfo, SightingInfo } from "../../src-shared/contract/join";
import type { DetailNode, PacketDetails } from "../../src-shared/contract/results";
import { cardsOf, carriersOf, laneId, PHYSICAL_LANE, type LayerNumber, type RawCard } from "./layer-cards";
import type { FilterValue } from "./filter-value";
import { nodeFilter } from "./packet-filter";
import { changesBetween } from "./layer-changes";

export interface Lane {
  readonly id: string;
  readonly layer: LayerNumber;
  readonly label: string;
  /** 0: the journey's packet; 1, 2 …: the carriers around it, the nearest first. The physical lane has 0. */
  readonly carrier: number;
}

export interface CardField {
  readonly name: string;
  readonly label: string;
  /** Label where there is no room for one: "TTL ", "→". */
  readonly short: string;
  readonly value: string;
  /** Value at the column before, where it was another; null: the same, or nothing to compare with. */
  readonly before: string | null;
  /** Why it changed, in words. */
  readonly reason: string | null;
  readonly node: DetailNode;
  /** What its menu asks for: this field of this header, "ip.dst#2 == 10.0.0.1" where the packet has several. */
  readonly filter: string | null;
}

export interface LayerCard {
  readonly lane: string;
  /** Filter name: "ip" "tcp" … */
  readonly protocol: string;
  readonly title: string;
  readonly fields: readonly CardField[];
  readonly node: DetailNode;
}

export interface HopColumn {
  readonly sighting: SightingInfo;
  readonly point: JoinPoint | null;
  readonly title: string;
  readonly subtitle: string;
  /** Outermost last: the order of the lanes. */
  readonly cards: readonly LayerCard[];
  /** Carriers around the packet here. */
  readonly carriers: number;
  /** What happened on the way here from the column before, in sentences; empty for the first. */
  readonly happened: readonly string[];
  /** The same in a word or two each: "routed", "DNAT", "into VXLAN". */
  readonly inShort: readonly string[];
  /** Nanoseconds since the column before; null for the first. */
  readonly hopNs: number | null;
  readonly problem: string | null;
}

export interface LayerViewModel {
  readonly lanes: readonly Lane[];
  readonly columns: readonly HopColumn[];
}

export type LayerNames = "five" | "osi";

const LAYER_NAMES: Readonly<Record<"five" | "osi", Readonly<Record<LayerNumber, string>>>> = {
  five: { 5: "5 Application", 4: "4 Transport", 3: "3 Network", 2: "2 Data link", 1: "1 Physical" },
  osi: { 5: "7 Application", 4: "4 Transport", 3: "3 Network", 2: "2 Data link", 1: "1 Physical" },
};

export interface SeenPacket {
  readonly sighting: SightingInfo;
  readonly details: PacketDetails | null;
  readonly problem: string | null;
}

/** `seen`: the journey's sightings in hop order with their details. */
export function buildLayerView(
  seen: readonly SeenPacket[],
  journey: JourneyInfo,
  connection: ConnectionJson,
  points: readonly JoinPoint[],
  names: LayerNames = "five",
): LayerViewModel {
  const raw = seen.map(({ sighting, details }) => (details ? cardsOf(details.tree, sighting.depth) : []));
  const lanes = lanesOf(raw, names);
  const columns = seen.map(({ sighting, problem }, at): HopColumn => {
    const point = points.find((p) => p.point === sighting.point) ?? null;
    const before = at > 0 ? (raw[at - 1] as readonly RawCard[]) : null;
    const now = raw[at] as readonly RawCard[];
    const last = at > 0 ? (seen[at - 1] as SeenPacket).sighting : null;
    const earlier = seen.slice(0, at).map((one) => one.sighting);
    const changes = before && last ? changesBetween(before, now, earlier, sighting, journey, connection, points) : null;
    return {
      sighting,
      point,
      title: point?.name ?? `point ${sighting.point}`,
      subtitle: [point ? ROLE_NAMES[point.role] : null, point?.pod ?? point?.node].filter(Boolean).join(" · "),
      cards: now.map((card) => ({
        lane: laneId(card),
        protocol: card.protocol,
        title: card.title,
        node: card.node,
        fields: card.fields.map((field) => {
          const change = changes?.fields.get(`${laneId(card)} ${field.name}`);
          return {
            ...field,
            short: SHORT[field.label] ?? `${field.label} `,
            before: change?.before ?? null,
            reason: change?.reason ?? null,
            filter: nodeFilter(field.node, card.ordinal),
          };
        }),
      })),
      carriers: carriersOf(now),
      happened: changes?.said.map(({ sentence }) => sentence) ?? [],
      inShort: changes?.said.map(({ short }) => short) ?? [],
      hopNs: last ? sighting.sinceFirstNs - last.sinceFirstNs : null,
      problem,
    };
  });
  return { lanes, columns };
}

/** What the headers of a column say, outermost last; of one lane alone if it is told. */
export function columnValues({ cards }: HopColumn, lane: string | null = null): readonly FilterValue[] {
  return cards
    .filter((card) => lane === null || card.lane === lane)
    .flatMap((card) => card.fields.map((field) => fieldValue(card, field)));
}

export function fieldValue({ title }: Pick<LayerCard, "title">, { label, value, filter }: CardField): FilterValue {
  return { label: `${title} ${label}`, text: value, filter };
}

/** Labels where a column is narrow: what the value itself says needs none. */
const SHORT: Readonly<Record<string, string>> = {
  from: "",
  to: "→",
  flags: "",
  length: "len ",
  checksum: "sum ",
  address: "",
  name: "",
  method: "",
  path: "",
  interface: "",
  size: "",
};

const ROLE_NAMES: Readonly<Record<JoinPoint["role"], string>> = {
  "pod-nic": "pod NIC",
  "host-veth": "veth on the node",
  bridge: "bridge",
  "tunnel-device": "tunnel device",
  "node-nic": "node NIC",
  "router-port": "router port",
  loopback: "loopback",
  unknown: "capture point",
};

function lanesOf(columns: readonly (readonly RawCard[])[], names: LayerNames): readonly Lane[] {
  const ids = new Set(columns.flatMap((cards) => cards.map(laneId)));
  return [...ids]
    .map((id): Lane => {
      if (id === PHYSICAL_LANE) return { id, carrier: 0, layer: 1, label: LAYER_NAMES[names][1] };
      const [carrier, layer] = id.split(":").map(Number) as [number, LayerNumber];
      return { id, carrier, layer, label: laneLabel(carrier, layer, names) };
    })
    .sort(
      (a, b) =>
        Number(a.id === PHYSICAL_LANE) - Number(b.id === PHYSICAL_LANE) || a.carrier - b.carrier || b.layer - a.layer,
    );
}

/** "3 Network"; of a carrier "3 Outer network", its tunnel's own header has no layer of the model. */
function laneLabel(carrier: number, layer: LayerNumber, names: LayerNames): string {
  const label = LAYER_NAMES[names][layer];
  if (carrier === 0) return label;
  return layer === 5 ? "Tunnel" : `${label.slice(0, 2)}Outer ${label.slice(2).toLowerCase()}`;
}

/** The whole journey in one paragraph, for screen readers and copying. */
export function journeyText(model: LayerViewModel): string {
  return model.columns
    .map((column, at) => {
      const where = `${column.title}${column.subtitle ? ` (${column.subtitle})` : ""}`;
      return at === 0 ? `Seen first at ${where}.` : `${column.happened.join(" ")} Seen at ${where}.`;
    })
    .join(" ");
}
