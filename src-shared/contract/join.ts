/**
 * Connections and journeys as the window gets them. `ConnectionJson` is what `hopscope connections --json` prints, to the
 * letter; the rest adds what a picture needs: packets one can select, points by index, times by the common clock. What a word
 * means stands where joining gives it (reconstruct/result.ts); here it is what goes over the contract.
 */
import type { PointRole } from "../model/point-role";
import type {
  ClockOffset,
  Connection,
  Endpoint,
  Journey,
  Machine,
  PlacedEndpoint,
  RelatedConnection,
  Topology,
  Translation,
} from "../reconstruct/result";
import type { PacketId, TimeValue } from "./results";

export type EndpointJson = Endpoint;
export type PlacedEndpointJson = PlacedEndpoint;

export interface TranslationJson extends Omit<Translation, "between" | "packets"> {
  /** Ids of capture points: last before, first after; null: not seen on that side. */
  readonly between: readonly (string | null)[];
}

/** A connection it belongs with; `connection` is its id. */
export interface RelatedJson extends Omit<RelatedConnection, "connection"> {
  readonly connection: string;
}

/** Points are told by their ids, other connections by theirs. */
export interface ConnectionJson extends Pick<
  Connection,
  | "id"
  | "protocol"
  | "kind"
  | "locality"
  | "hairpin"
  | "client"
  | "requested"
  | "server"
  | "seenByServerAs"
  | "service"
  | "encapsulations"
  | "otherPaths"
  | "firstTime"
  | "lastTime"
  | "state"
  | "ambiguous"
  | "inferred"
> {
  readonly translations: readonly TranslationJson[];
  readonly path: readonly string[];
  readonly returnPath: readonly string[];
  readonly packets: Pick<Connection, "sightings" | "distinct" | "missing" | "retransmissions">;
  readonly bytes: { readonly fromClient: number; readonly fromServer: number };
  /** The connections that are equally good as its other half; only where ambiguous. */
  readonly alternatives?: readonly string[];
  /** What connection tracking told and the packets do not show: "client" "requested"; only where it did. */
  readonly told?: Connection["told"];
  readonly related: readonly RelatedJson[];
}

/** A capture point as the joining sees it. */
export interface JoinPoint {
  /** As in PointState. */
  readonly point: number;
  readonly id: string;
  readonly name: string;
  readonly role: PointRole;
  readonly node: string | null;
  readonly pod: string | null;
  readonly roleEvidence: readonly string[];
}

export interface SightingInfo {
  readonly packet: PacketId;
  /** frame.number in its file. */
  readonly number: number;
  readonly point: number;
  /** As captured. */
  readonly time: TimeValue;
  /** Nanoseconds since the journey's first sighting, by the common clock. */
  readonly sinceFirstNs: number;
  /** Depth of the network layer in its packet, 1 outermost. */
  readonly depth: number;
  readonly source: EndpointJson;
  readonly destination: EndpointJson;
  readonly ttl: number;
  readonly length: number;
  /** Tunnel that carries it here; null: none. */
  readonly tunnel: { readonly kind: string; readonly vni: number | null; readonly port: number | null } | null;
}

/** A journey; `points` by their index, `missingAt` -1: nowhere. */
export interface JourneyInfo extends Omit<Journey, "sightings"> {
  /** "SYN", "ACK 1448 bytes", "echo request 3", … */
  readonly label: string;
  /** In hop order. */
  readonly sightings: readonly SightingInfo[];
  /** Nanoseconds since the connection's first sighting. */
  readonly sinceStartNs: number;
}

export interface ConnectionJourneys {
  readonly connection: ConnectionJson;
  readonly points: readonly JoinPoint[];
  readonly journeys: readonly JourneyInfo[];
  /** Number of the first of them in the connection, from 0. */
  readonly from: number;
  /** Journeys there are; `journeys` holds at most 5,000 of them. */
  readonly total: number;
}

/** What joining knows of one packet; `reason` says why it joined nothing. */
export interface PacketJourney {
  readonly connection: string | null;
  readonly journey: number;
  readonly hop: number;
  readonly reason: string | null;
}

export interface ClockInfo extends Pick<ClockOffset, "seconds" | "errorSeconds" | "source" | "pairs"> {
  readonly file: number;
}

export interface TopologyInfo {
  readonly points: readonly JoinPoint[];
  readonly machines: readonly Machine[];
  readonly services: Topology["services"];
  readonly clocks: readonly ClockInfo[];
  readonly connections: number;
}
