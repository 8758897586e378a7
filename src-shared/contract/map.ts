/**
 * The map and the Services: who is where, what is wired to what, who calls whom, and how that went. Made of the joining.
 *
 * ```
 * map.graph      nodes, places (pods, hosts), points, routes: connections of one client, one server and one path counted together
 * map.activity   packets of each route in equal parts of a time range: what replay draws
 * services.list  each Service with its entries, clients, endpoints, the calls between them, and the lookups before them
 * ```
 * Columns are little-endian Int32Array or Float64Array as Uint8Array, one number a row.
 */
import * as v from "valibot";
import type { ToldBy } from "../reconstruct/result";
import type { EndpointJson, JoinPoint } from "./join";
import type { TimeValue } from "./results";

const nothing = v.strictObject({});
const ns = v.pipe(v.number(), v.minValue(0));

export const mapRequests = {
  /** `sketch`: at once, without routes where counting them takes long. */
  "map.graph": v.strictObject({ sketch: v.optional(v.boolean()) }),
  "map.activity": v.strictObject({
    /** Nanoseconds since MapGraph.firstTime. */
    fromNs: ns,
    toNs: ns,
    buckets: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(2000)),
  }),
  "services.list": nothing,
} as const;

export interface MapMachine {
  readonly name: string;
  readonly kind: "node" | "router" | "outside" | "unknown";
  /** "told": named by a cluster file. */
  readonly source: "told" | "inferred";
  readonly addresses: readonly string[];
  /** A cluster file names it; no capture is of it. */
  readonly recorded: boolean;
}

export interface MapPoint extends JoinPoint {
  /** Index in `machines`, -1 unknown. */
  readonly machine: number;
  /** Index in `places` of the pod whose card or veth it is, -1 none. */
  readonly place: number;
}

/** Somebody who sends or answers. */
export interface MapPlace {
  /** Pod's name, else address; of a machine itself its name. */
  readonly name: string;
  /** unknown: nothing tells to which network the address belongs. */
  readonly kind: "pod" | "host" | "outside" | "unknown";
  readonly addresses: readonly string[];
  /** Index in `machines`, -1 unknown. */
  readonly machine: number;
  readonly namespace: string | null;
  /** "Deployment web" */
  readonly workload: string | null;
  readonly source: "told" | "inferred";
  /** What named it, if that was other tools' comments or interfaces. */
  readonly namedBy?: ToldBy;
}

/** An address that stands for others. */
export interface MapService {
  /** "namespace/name"; null: inferred from DNAT. */
  readonly name: string | null;
  /** "10.96.0.1:80" */
  readonly label: string;
  readonly type: ServiceKind;
}

export interface MapRoutes {
  readonly count: number;
  /** Int32: indices in `places` (server -1: nobody answered), `services` (-1 none), `paths` there and back. */
  readonly client: Uint8Array;
  readonly server: Uint8Array;
  readonly service: Uint8Array;
  readonly path: Uint8Array;
  readonly returnPath: Uint8Array;
  /** Int32 bits: ROUTE_TUNNEL, ROUTE_NAT. */
  readonly flags: Uint8Array;
  /** Float64 */
  readonly connections: Uint8Array;
  readonly packets: Uint8Array;
  readonly bytes: Uint8Array;
  /** Packets that were not seen where they were to be expected. */
  readonly missing: Uint8Array;
}

export const ROUTE_TUNNEL = 1;
export const ROUTE_NAT = 2;

export interface MapGraph {
  readonly machines: readonly MapMachine[];
  readonly points: readonly MapPoint[];
  readonly places: readonly MapPlace[];
  readonly services: readonly MapService[];
  /** Indices of points in hop order; the first path is empty. */
  readonly paths: readonly (readonly number[])[];
  /** By path: its points that saw packets of it inside a tunnel. */
  readonly carried: readonly (readonly number[])[];
  readonly routes: MapRoutes;
  /** Only who is where, as far as it is known without looking at connections: there are no routes, and more places may come. */
  readonly sketch: boolean;
  readonly connections: number;
  /** Connections of link-local and group addresses: they belong to no place and are not in `routes`. */
  readonly leftOut: number;
  readonly firstTime: TimeValue;
  readonly durationNs: number;
}

/** Packets by route and part of the time; only what is not 0. A packet counts where its path begins. */
export interface MapActivity {
  readonly fromNs: number;
  readonly toNs: number;
  readonly buckets: number;
  /** Int32, ordered by bucket: entries of bucket b are start[b] … start[b + 1]. */
  readonly start: Uint8Array;
  readonly route: Uint8Array;
  readonly packets: Uint8Array;
}

export type ServiceKind = "ClusterIP" | "headless" | "NodePort" | "LoadBalancer" | "ExternalName" | "inferred";

/** Milliseconds; null where nothing was measured. */
export interface Latency {
  readonly medianMs: number | null;
  readonly p95Ms: number | null;
  readonly count: number;
}

export interface ServiceEntry extends EndpointJson {
  /** "cluster-ip" "node-port" "load-balancer" "external-ip"; "endpoint": the name resolves to endpoints; "unseen": what was asked is not shown */
  readonly by: string;
  readonly connections: number;
}

/** What an end of a call is, as the map tells it. */
export interface CallEnd {
  /** machine: what it is for is not known; unknown: nothing tells to which network the address belongs. */
  readonly kind: "pod" | "node" | "router" | "outside" | "machine" | "unknown";
  /** Of what is no pod: the machine's name, or what a capture's name resolution calls it; null: only its address is known. */
  readonly host: string | null;
}

export interface ServiceClient extends CallEnd {
  readonly name: string;
  readonly pod: string | null;
  readonly ip: string;
  readonly connections: number;
}

export interface ServiceErrors {
  /** Answered by RST at once. */
  readonly refused: number;
  /** Ended by RST later. */
  readonly reset: number;
  /** SYN without any answer. */
  readonly unanswered: number;
  /** HTTP answers with a status of 500 to 599. */
  readonly http5xx: number;
}

export interface ServiceEndpointInfo extends EndpointJson, CallEnd {
  readonly pod: string | null;
  readonly node: string | null;
  /** Named by a cluster file. */
  readonly told: boolean;
  readonly ready: boolean;
  readonly connections: number;
  readonly bytes: number;
  readonly errors: ServiceErrors;
  readonly httpAnswers: number;
  /** From SYN to SYN-ACK, from the first byte asked to the first byte answered; where the client's side was recorded. */
  readonly handshake: Latency;
  readonly firstByte: Latency;
}

/** Calls of one client by one entry to one endpoint; -1: nobody answered. */
export interface ServiceCall {
  readonly client: number;
  readonly entry: number;
  readonly endpoint: number;
  readonly connections: number;
  readonly failed: number;
}

export interface ServiceLookup {
  readonly client: string;
  /** As it was asked: hostile text. */
  readonly name: string;
  /** "A" "AAAA" … */
  readonly type: string;
  readonly asked: number;
  readonly answered: number;
  /** "no error" "no such name" …, of the last answer; null: none. */
  readonly result: string | null;
  readonly latency: Latency;
}

export interface ServiceReport {
  /** Of the table's options: "service", see contract/tables.ts. */
  readonly id: string;
  readonly name: string | null;
  readonly kind: ServiceKind;
  readonly source: "told" | "inferred";
  readonly protocol: string;
  readonly externalName: string | null;
  readonly sessionAffinity: boolean;
  /** externalTrafficPolicy Local: only endpoints of the node that was reached. */
  readonly localOnly: boolean;
  /** Rules of Ingresses that lead here: "shop.example/cart". */
  readonly ingresses: readonly { readonly name: string; readonly rule: string }[];
  readonly entries: readonly ServiceEntry[];
  readonly clients: readonly ServiceClient[];
  /** Clients beyond the busiest ones that are in `clients` under one name. */
  readonly moreClients: number;
  readonly endpoints: readonly ServiceEndpointInfo[];
  readonly calls: readonly ServiceCall[];
  readonly lookups: readonly ServiceLookup[];
  readonly connections: number;
  readonly errors: ServiceErrors;
  /** Connections whose latency was measured: at most 20,000 of a recording. */
  readonly measured: number;
}

export interface MapResults {
  "map.graph": MapGraph;
  "map.activity": MapActivity;
  "services.list": { readonly services: readonly ServiceReport[] };
}
