/**
 * What a Kubernetes cluster says of itself, as far as packets can be explained by it: plain objects, each the useful part of
 * an API object. Made by src-main/engine/cluster from `kubectl get … -o json|yaml`, indexed by cluster.ts.
 *
 * ```
 * Node ◄──node── Pod ◄──pod── EndpointSlice ──service──► Service ◄──service── Ingress
 *                 ▲ labels                                                 Namespace ◄─┐ labels
 *                 └───────────── podSelector ── NetworkPolicy ── namespaceSelector ────┘
 * ```
 * Conventions: addresses are canonical text (model/ip-range.ts: IPv4 dotted, IPv6 by RFC 5952); times are milliseconds since the
 * epoch (Kubernetes tells seconds); "not said" is null; labels are Maps, because their keys are hostile text.
 */
import type { IpRange } from "./ip-range";

export type Labels = ReadonlyMap<string, string>;
export type TransportProtocol = "tcp" | "udp" | "sctp";

/** Where an object was read: for error messages and as evidence. */
export interface ObjectSource {
  readonly file: string;
  /** "items[3]"; "document 2" where a file holds several; empty for the only object. */
  readonly path: string;
}

export interface ObjectMeta {
  readonly name: string;
  /** Empty for objects that live in no namespace (Node, Namespace). */
  readonly namespace: string;
  /** Tells two objects of one name apart, one deleted, one made later. */
  readonly uid: string | null;
  readonly labels: Labels;
  readonly createdMs: number | null;
  /** When a deletion that was already asked for takes effect (metadata.deletionTimestamp). */
  readonly deletedMs: number | null;
  /** Last change the object knows of (newest of metadata.managedFields). */
  readonly modifiedMs: number | null;
  readonly source: ObjectSource;
}

export interface ClusterNode {
  readonly kind: "Node";
  readonly meta: ObjectMeta;
  /** InternalIP, ExternalIP and those that network plugins note in annotations. */
  readonly addresses: readonly NodeAddress[];
  readonly podRanges: readonly IpRange[];
}

export interface NodeAddress {
  /** internal, external: status.addresses. tunnel: address of the node's tunnel device. */
  readonly kind: "internal" | "external" | "tunnel";
  readonly address: string;
}

export type PodPhase = "Pending" | "Running" | "Succeeded" | "Failed" | "Unknown";

export interface Pod {
  readonly kind: "Pod";
  readonly meta: ObjectMeta;
  readonly node: string | null;
  readonly addresses: readonly string[];
  /** The pod has no address of its own: `addresses` are its node's. */
  readonly hostNetwork: boolean;
  /** What runs it: a Deployment's pods name their ReplicaSet without its hash. */
  readonly owner: { readonly kind: string; readonly name: string } | null;
  readonly containerPorts: readonly ContainerPort[];
  readonly phase: PodPhase | null;
  /** status.startTime: the node's agent took it on. */
  readonly startedMs: number | null;
  /** Its last container ended (phase Succeeded or Failed): its address was given back. */
  readonly finishedMs: number | null;
}

export interface ContainerPort {
  readonly name: string | null;
  readonly protocol: TransportProtocol;
  readonly port: number;
  readonly hostPort: number | null;
}

export type ServiceType = "ClusterIP" | "NodePort" | "LoadBalancer" | "ExternalName";

export interface Service {
  readonly kind: "Service";
  readonly meta: ObjectMeta;
  readonly type: ServiceType;
  /** clusterIP: None. Names resolve to the endpoints: no translation. */
  readonly headless: boolean;
  readonly clusterIps: readonly string[];
  readonly externalIps: readonly string[];
  readonly loadBalancerIps: readonly string[];
  readonly ports: readonly ServicePort[];
  /** Null: endpoints are made by hand or by someone else. */
  readonly selector: Labels | null;
  /** Local: only endpoints on the node that was reached; the client's address is kept. Null: not said, which means Cluster. */
  readonly externalTrafficPolicy: "Cluster" | "Local" | null;
  readonly internalTrafficPolicy: "Cluster" | "Local";
  readonly sessionAffinity: "None" | "ClientIP";
  /** Type ExternalName: a CNAME, nothing else. */
  readonly externalName: string | null;
}

export interface ServicePort {
  readonly name: string | null;
  readonly protocol: TransportProtocol;
  readonly port: number;
  /** Number, or name of a container's port. */
  readonly targetPort: number | string;
  readonly nodePort: number | null;
}

/** An EndpointSlice, or a subset of an Endpoints object. */
export interface EndpointSlice {
  readonly kind: "EndpointSlice";
  readonly meta: ObjectMeta;
  /** Name of the Service, in the same namespace; null if the object does not say. */
  readonly service: string | null;
  /** Made of an Endpoints object (the older API); ignored where the Service has EndpointSlices too. */
  readonly fromEndpoints: boolean;
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly SliceEndpoint[];
}

export interface EndpointPort {
  /** Name of the Service's port it serves. */
  readonly name: string | null;
  readonly protocol: TransportProtocol;
  /** Null: all ports. */
  readonly port: number | null;
}

export interface SliceEndpoint {
  readonly addresses: readonly string[];
  readonly ready: boolean;
  /** Still answers, perhaps while terminating. */
  readonly serving: boolean;
  readonly terminating: boolean;
  readonly pod: ObjectName | null;
  readonly node: string | null;
}

export interface ObjectName {
  readonly namespace: string;
  readonly name: string;
}

export interface Namespace {
  readonly kind: "Namespace";
  readonly meta: ObjectMeta;
}

/** All requirements must hold; none at all selects everything. */
export interface LabelSelector {
  readonly matchLabels: Labels;
  readonly matchExpressions: readonly SelectorRequirement[];
}

export interface SelectorRequirement {
  readonly key: string;
  readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
  readonly values: readonly string[];
}

export type PolicyDirection = "ingress" | "egress";

export interface NetworkPolicy {
  readonly kind: "NetworkPolicy";
  readonly meta: ObjectMeta;
  /** Pods of its namespace it holds for. */
  readonly podSelector: LabelSelector;
  /** Directions it isolates, defaults filled in: ingress always, egress if it has egress rules (networking/v1 PolicyTypes). */
  readonly directions: readonly PolicyDirection[];
  readonly ingress: readonly PolicyRule[];
  readonly egress: readonly PolicyRule[];
}

export interface PolicyRule {
  /** Null: everyone (the list is missing or empty). */
  readonly peers: readonly PolicyPeer[] | null;
  /** Null: all ports. */
  readonly ports: readonly PolicyPort[] | null;
}

export type PolicyPeer =
  | { readonly kind: "range"; readonly range: IpRange; readonly except: readonly IpRange[] }
  | {
      readonly kind: "pods";
      /** Null: the policy's own namespace. */
      readonly namespaceSelector: LabelSelector | null;
      /** Null: all pods of those namespaces. */
      readonly podSelector: LabelSelector | null;
    };

export interface PolicyPort {
  readonly protocol: TransportProtocol;
  /** Number, name of a container's port at the receiving pod, or null: all ports of the protocol. */
  readonly port: number | string | null;
  /** Last port of the range that starts at `port`. */
  readonly endPort: number | null;
}

export interface Ingress {
  readonly kind: "Ingress";
  readonly meta: ObjectMeta;
  readonly className: string | null;
  readonly addresses: readonly string[];
  readonly rules: readonly IngressRule[];
}

export interface IngressRule {
  /** Null: every host. May start with "*.". */
  readonly host: string | null;
  /** Null: every path (default backend). */
  readonly path: string | null;
  readonly pathType: "Exact" | "Prefix" | "ImplementationSpecific";
  /** In the Ingress's namespace. */
  readonly service: string | null;
  readonly port: number | string | null;
}

export type ClusterObject = ClusterNode | Pod | Service | EndpointSlice | NetworkPolicy | Namespace | Ingress;

/** Objects read together: one answer of the API server, or one file of them. */
export interface ClusterSnapshot {
  readonly file: string;
  /** When the answer was given, or the best that is known of it. */
  readonly timeMs: number | null;
  /** told: by the person. objects: newest time any object mentions (not before it). file: when the file was written. */
  readonly timeFrom: "told" | "objects" | "file" | "unknown";
  readonly objects: readonly ClusterObject[];
  /** Ranges of ServiceCIDR objects. */
  readonly serviceRanges: readonly IpRange[];
  /** Kinds that say nothing of packets, and how many of each. */
  readonly skipped: ReadonlyMap<string, number>;
}

/** "default/web-a"; "n1" for objects without a namespace. */
export function objectName(object: { readonly meta: { readonly namespace: string; readonly name: string } }): string {
  return object.meta.namespace === "" ? object.meta.name : `${object.meta.namespace}/${object.meta.name}`;
}
