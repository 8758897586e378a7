/**
 * Connections and journeys as the window gets them. `ConnectionJson` is what `hopscope connections --json` prints, to the
 * letter; the rest adds what a picture needs: packets one can select, points by index, times by the common clock.
 */
import type { PointRole } from "../model/point-role";
import type { PacketId, TimeValue } from "./results";

export interface EndpointJson {
  readonly ip: string;
  readonly port: number;
}

export interface PlacedEndpointJson extends EndpointJson {
  readonly pod: string | null;
  readonly node: string | null;
}

export interface TranslationJson {
  readonly kind: string;
  readonly from: EndpointJson;
  readonly to: EndpointJson;
  /** Ids of capture points: last before, first after; null: not seen on that side. */
  readonly between: readonly (string | null)[];
  readonly node: string | null;
  readonly evidence: readonly string[];
}

export interface EncapsulationJson {
  readonly kind: string;
  readonly vni: number | null;
  readonly port: number | null;
  readonly outer: { readonly src: string; readonly dst: string };
}

export interface ConnectionJson {
  readonly id: string;
  readonly protocol: string;
  readonly kind: string;
  readonly locality: string;
  readonly hairpin: boolean;
  readonly client: PlacedEndpointJson;
  readonly requested: EndpointJson | null;
  readonly server: PlacedEndpointJson;
  readonly seenByServerAs: EndpointJson | null;
  readonly service: string | null;
  readonly translations: readonly TranslationJson[];
  readonly encapsulations: readonly EncapsulationJson[];
  readonly path: readonly string[];
  readonly returnPath: readonly string[];
  readonly otherPaths: number;
  readonly firstTime: string;
  readonly lastTime: string;
  readonly packets: { readonly sightings: number; readonly distinct: number; readonly missing: number };
  readonly bytes: { readonly fromClient: number; readonly fromServer: number };
  readonly state: string;
  readonly ambiguous: boolean;
  readonly inferred: readonly string[];
  readonly related: readonly RelatedJson[];
}

/** A connection it belongs with. */
export interface RelatedJson {
  readonly relation: string;
  /** Id. */
  readonly connection: string;
  readonly detail: string;
  readonly ambiguous: boolean;
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

export interface JourneyInfo {
  readonly index: number;
  readonly direction: "to-server" | "to-client";
  /** "SYN", "ACK 1448 bytes", "echo request 3", … */
  readonly label: string;
  /** In hop order. */
  readonly sightings: readonly SightingInfo[];
  readonly points: readonly number[];
  /** Nanoseconds since the connection's first sighting. */
  readonly sinceStartNs: number;
  /** Journey whose bytes it sends again, -1 none. */
  readonly retransmissionOf: number;
  /** Point where it was to be expected and was not seen; -1 none. */
  readonly missingAt: number;
  readonly lastSeen: number;
  readonly duplicates: number;
  readonly payloadLength: number;
  readonly evidence: readonly string[];
}

export interface ConnectionJourneys {
  readonly connection: ConnectionJson;
  readonly points: readonly JoinPoint[];
  readonly journeys: readonly JourneyInfo[];
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

export interface ClockInfo {
  readonly file: number;
  readonly seconds: number;
  readonly errorSeconds: number | null;
  readonly source: string;
  readonly pairs: number;
}

export interface MachineInfo {
  readonly name: string;
  readonly kind: "node" | "router" | "outside" | "unknown";
  /** "told" by a cluster file, or taken from the file's name or an address. */
  readonly nameSource: string;
  readonly addresses: readonly string[];
  readonly points: readonly number[];
}

export interface ServiceInfo {
  readonly name: string | null;
  readonly endpoint: EndpointJson;
  readonly protocol: string;
  readonly backends: readonly EndpointJson[];
  readonly source: "told" | "inferred";
}

export interface TopologyInfo {
  readonly points: readonly JoinPoint[];
  readonly machines: readonly MachineInfo[];
  readonly services: readonly ServiceInfo[];
  readonly clocks: readonly ClockInfo[];
  readonly connections: number;
}
