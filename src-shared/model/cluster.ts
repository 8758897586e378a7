/**
 * A cluster over time: which name an address had when. Built of any number of snapshots (`kubectl get … -o json` taken once or
 * several times); every object holds for an interval, because pods come and go and addresses are used again.
 *
 * ```
 * snapshot   10:00 ───────────── 10:10 ───────────── 10:20
 * pod a      10.244.1.7          10.244.1.7          (gone)
 * pod b                                              10.244.1.7, created 10:14
 * a holds    … ──────────────────────────── 10:14
 * b holds                                   10:14 ─────── …
 * ```
 * An interval starts at the object's creation (else, if an earlier snapshot lists its kind without it, at the snapshot that
 * has it; else it is open), and ends at its deletion, at the end of its last container, or at the first later snapshot that
 * lists its kind without it; if another object takes its address before, then there. A single snapshot thus holds for all
 * times from each object's creation on.
 */
import { addToGroup } from "../base/grouping";
import { upperBound } from "../base/search";
import { addressBytes, type IpRange, rangeContains } from "./ip-range";
import type {
  ClusterNode,
  ClusterObject,
  ClusterSnapshot,
  EndpointPort,
  EndpointSlice,
  Ingress,
  Labels,
  Namespace,
  NetworkPolicy,
  Pod,
  Service,
  ServicePort,
  TransportProtocol,
} from "./kubernetes";

/** An object and the time it holds for: from (included) until (excluded); open ends are ±Infinity. Milliseconds since the epoch. */
export interface Held<T> {
  readonly object: T;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** A Service's address and port that a packet was sent to. */
export interface ServiceMatch {
  readonly service: Service;
  /** Null: the address is the Service's, but no port of it has this number (or the packet has none, such as ICMP). */
  readonly port: ServicePort | null;
  readonly by: "cluster-ip" | "external-ip" | "load-balancer" | "node-port";
}

/** One address and port that answers for a Service. */
export interface ServiceEndpoint {
  readonly service: Service | null;
  /** Namespace and name of the Service, known even where the Service object is not. */
  readonly serviceName: string;
  readonly servicePort: ServicePort | null;
  readonly address: string;
  readonly protocol: TransportProtocol;
  /** Null: every port. */
  readonly port: number | null;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  /** "namespace/name" */
  readonly pod: string | null;
  readonly node: string | null;
}

/** Which of the three networks an address belongs to; outside: of none. */
export type NetworkName = "node" | "service" | "pod" | "outside";

/** Time for "whenever": the newest object wins. */
export type AtMs = number | null;

type OfKind<K extends ClusterObject["kind"]> = Extract<ClusterObject, { readonly kind: K }>;

export class Cluster {
  readonly snapshots: readonly ClusterSnapshot[];
  readonly #byKind = new Map<ClusterObject["kind"], Held<ClusterObject>[]>();
  readonly #podsByAddress: Map<string, Held<Pod>[]>;
  readonly #hostPodsByAddress: Map<string, Held<Pod>[]>;
  readonly #nodesByAddress: Map<string, Held<ClusterNode>[]>;
  readonly #servicesByAddress: Map<string, Held<Service>[]>;
  readonly #servicesByNodePort: Map<string, Held<Service>[]>;
  readonly #slicesByService: Map<string, Held<EndpointSlice>[]>;
  readonly #slicesByAddress: Map<string, Held<EndpointSlice>[]>;
  readonly #podsByName: Map<string, Held<Pod>[]>;
  readonly #nodesByName: Map<string, Held<ClusterNode>[]>;
  readonly #servicesByName: Map<string, Held<Service>[]>;
  readonly #namespaces: Map<string, Held<Namespace>[]>;
  readonly #podRanges: readonly { readonly range: IpRange; readonly held: Held<ClusterNode> }[];
  readonly #serviceRanges: readonly IpRange[];
  /** Times at which anything begins or ends, in order. */
  readonly #changes: Float64Array;

  /** Snapshots in any order; one read from two files (nodes here, pods there) may be two snapshots. */
  constructor(snapshots: readonly ClusterSnapshot[]) {
    this.snapshots = inOrderOfTime(snapshots);
    for (const held of intervals(this.snapshots)) {
      addToGroup(this.#byKind, held.object.kind, held);
    }
    const pods = this.#all("Pod");
    const nodes = this.#all("Node");
    const services = this.#all("Service");
    // Of two pods that seem to have an address at once, the one that still runs is listed last and wins.
    const runningLast = [...pods].sort((a, b) => Number(!hasEnded(a.object)) - Number(!hasEnded(b.object)));
    const listed = new Map<ClusterObject, number>();
    for (const { objects, timeMs } of this.snapshots) for (const o of objects) listed.set(o, timeMs ?? Infinity);
    this.#podsByAddress = clipped(
      index(runningLast, (p) => (p.hostNetwork ? [] : p.addresses)),
      (p) => listed.get(p) ?? Infinity,
    );
    this.#hostPodsByAddress = index(pods, (p) => (p.hostNetwork ? p.addresses : []));
    this.#nodesByAddress = clipped(index(nodes, (n) => n.addresses.map((a) => a.address)));
    this.#servicesByAddress = clipped(
      index(services, (s) => [...s.clusterIps, ...s.externalIps, ...s.loadBalancerIps]),
    );
    this.#servicesByNodePort = index(services, (s) =>
      s.ports.flatMap((p) => (p.nodePort === null ? [] : [`${p.protocol}/${p.nodePort}`])),
    );
    const slices = this.#slices();
    this.#slicesByService = index(slices, (e) => (e.service === null ? [] : [`${e.meta.namespace}/${e.service}`]));
    this.#slicesByAddress = index(slices, (e) => e.endpoints.flatMap((p) => p.addresses));
    const byName = (o: ClusterObject): string[] => [`${o.meta.namespace}/${o.meta.name}`];
    this.#podsByName = index(pods, byName);
    this.#servicesByName = index(services, byName);
    this.#nodesByName = index(nodes, (n) => [n.meta.name]);
    this.#namespaces = index(this.#all("Namespace"), (n) => [n.meta.name]);
    this.#podRanges = nodes.flatMap((held) => held.object.podRanges.map((range) => ({ range, held })));
    this.#serviceRanges = this.snapshots.flatMap((s) => s.serviceRanges);
    const changes = new Set([...this.#byKind.values()].flatMap((list) => list.flatMap((h) => [h.fromMs, h.untilMs])));
    this.#changes = Float64Array.from(changes).sort();
  }

  /** Nothing is told: every look-up answers null. */
  get empty(): boolean {
    return this.#byKind.size === 0;
  }

  /** Number of the stretch of time that `at` is in; -1 without a time. Within one stretch every look-up answers the same. */
  stretchAt(at: AtMs): number {
    return at === null ? -1 : upperBound(this.#changes, at);
  }

  nodes(at: AtMs): readonly ClusterNode[] {
    return holding(this.#all("Node"), at);
  }

  pods(at: AtMs): readonly Pod[] {
    return holding(this.#all("Pod"), at);
  }

  services(at: AtMs): readonly Service[] {
    return holding(this.#all("Service"), at);
  }

  networkPolicies(at: AtMs): readonly NetworkPolicy[] {
    return holding(this.#all("NetworkPolicy"), at);
  }

  ingresses(at: AtMs): readonly Ingress[] {
    return holding(this.#all("Ingress"), at);
  }

  /** Every version of every pod with its interval: an address may have belonged to several. */
  podHistory(): readonly Held<Pod>[] {
    return this.#all("Pod");
  }

  node(name: string, at: AtMs): ClusterNode | null {
    return newest(this.#nodesByName.get(name), at);
  }

  /** `name` is "namespace/name". */
  pod(name: string, at: AtMs): Pod | null {
    return newest(this.#podsByName.get(name), at);
  }

  /** `name` is "namespace/name". */
  service(name: string, at: AtMs): Service | null {
    return newest(this.#servicesByName.get(name), at);
  }

  /** Labels of a namespace. One that is not listed still has its name as a label (kubernetes.io/metadata.name). */
  namespaceLabels(name: string, at: AtMs): Labels {
    return withName(newest(this.#namespaces.get(name), at)?.meta.labels, name);
  }

  /** Whether the namespaces' labels are known (they are rarely exported). */
  knowsNamespace(name: string): boolean {
    return this.#namespaces.has(name);
  }

  /** The pod that had `address` then. Pods on the host's network have none of their own: see hostPodsAt. `address` is canonical. */
  podAt(address: string, at: AtMs): Pod | null {
    return newest(this.#podsByAddress.get(address), at);
  }

  /** Pods that use the node's own network and address. */
  hostPodsAt(address: string, at: AtMs): readonly Pod[] {
    return holding(this.#hostPodsByAddress.get(address) ?? [], at);
  }

  /** The node that says it has `address` (also of its tunnel device, where a network plugin noted that). */
  nodeAt(address: string, at: AtMs): ClusterNode | null {
    return newest(this.#nodesByAddress.get(address), at);
  }

  /** The node whose pod range `address` is in: its pods', its bridge's, its tunnel device's. */
  nodeOfPodRange(address: string, at: AtMs): ClusterNode | null {
    const bytes = addressBytes(address);
    if (!bytes) return null;
    const found = this.#podRanges.filter((r) => rangeContains(r.range, bytes));
    found.sort((a, b) => b.range.prefixLength - a.range.prefixLength);
    return newest(
      found.map((r) => r.held),
      at,
    );
  }

  /** "pod" is every address in a pod range or of a pod, "service" every Service address or one in a ServiceCIDR. */
  networkOf(address: string, at: AtMs): NetworkName {
    if (this.nodeAt(address, at)) return "node";
    if (this.podAt(address, at) || this.nodeOfPodRange(address, at)) return "pod";
    if (newest(this.#servicesByAddress.get(address), at)) return "service";
    const bytes = addressBytes(address);
    return bytes && this.#serviceRanges.some((r) => rangeContains(r, bytes)) ? "service" : "outside";
  }

  /** The Service that `address` and `port` stand for: by ClusterIP, external IP, load balancer, or a node's address and a NodePort. */
  serviceAt(address: string, port: number | null, protocol: TransportProtocol, at: AtMs): ServiceMatch | null {
    const service = newest(this.#servicesByAddress.get(address), at);
    if (service) {
      const by = service.clusterIps.includes(address)
        ? "cluster-ip"
        : service.externalIps.includes(address)
          ? "external-ip"
          : "load-balancer";
      return { service, port: service.ports.find((p) => p.port === port && p.protocol === protocol) ?? null, by };
    }
    if (port === null || !this.nodeAt(address, at)) return null;
    const found = newest(this.#servicesByNodePort.get(`${protocol}/${port}`), at);
    const nodePort = found?.ports.find((p) => p.nodePort === port && p.protocol === protocol);
    return found && nodePort ? { service: found, port: nodePort, by: "node-port" } : null;
  }

  /** What answers for a Service ("namespace/name"), of one of its ports or of all. Not ready ones are there too, and say so. */
  endpointsOf(serviceName: string, port: ServicePort | null, at: AtMs): readonly ServiceEndpoint[] {
    const slices = holding(this.#slicesByService.get(serviceName) ?? [], at);
    return slices
      .flatMap((slice) => this.#endpoints(slice, at))
      .filter((e) => port === null || (e.protocol === port.protocol && (e.servicePort?.name ?? null) === port.name));
  }

  /** Whether endpoints of a Service are told at all: an absent list is not an empty one. */
  knowsEndpointsOf(serviceName: string): boolean {
    return this.#slicesByService.has(serviceName);
  }

  /** Services that `address` and `port` answer for. */
  servicesBehind(address: string, port: number, protocol: TransportProtocol, at: AtMs): readonly ServiceEndpoint[] {
    return holding(this.#slicesByAddress.get(address) ?? [], at)
      .flatMap((slice) => this.#endpoints(slice, at))
      .filter((e) => e.address === address && e.protocol === protocol && (e.port === null || e.port === port));
  }

  #endpoints(slice: EndpointSlice, at: AtMs): ServiceEndpoint[] {
    if (slice.service === null) return [];
    const serviceName = `${slice.meta.namespace}/${slice.service}`;
    const service = this.service(serviceName, at);
    return slice.endpoints.flatMap((endpoint) =>
      endpoint.addresses.flatMap((address) =>
        slice.ports.map((port) => ({
          service,
          serviceName,
          servicePort: servicePortOf(service, slice, port),
          address,
          protocol: port.protocol,
          port: port.port,
          ready: endpoint.ready,
          serving: endpoint.serving,
          terminating: endpoint.terminating,
          pod: endpoint.pod && `${endpoint.pod.namespace}/${endpoint.pod.name}`,
          node: endpoint.node,
        })),
      ),
    );
  }

  #all<K extends ClusterObject["kind"]>(kind: K): readonly Held<OfKind<K>>[] {
    return (this.#byKind.get(kind) ?? []) as unknown as readonly Held<OfKind<K>>[];
  }

  /** EndpointSlices; Endpoints only of Services that have none. */
  #slices(): readonly Held<EndpointSlice>[] {
    const all = this.#all("EndpointSlice");
    const name = (s: EndpointSlice): string => `${s.meta.namespace}/${s.service ?? ""}`;
    const sliced = new Set(all.filter((h) => !h.object.fromEndpoints).map((h) => name(h.object)));
    return all.filter((h) => !h.object.fromEndpoints || !sliced.has(name(h.object)));
  }
}

export const EMPTY_CLUSTER = new Cluster([]);

/** The object that holds at `at`; of several the one that began last. Without a time: the one that holds furthest into the future. */
function newest<T>(list: readonly Held<T>[] | undefined, at: AtMs): T | null {
  let found: Held<T> | undefined;
  for (const held of list ?? []) {
    if (at !== null && (at < held.fromMs || at >= held.untilMs)) continue;
    const later =
      !found ||
      (at === null && held.untilMs !== found.untilMs ? held.untilMs > found.untilMs : held.fromMs >= found.fromMs);
    if (later) found = held;
  }
  return found?.object ?? null;
}

/** Objects that hold at `at`; of several versions of one object the newest. */
function holding<T extends ClusterObject>(list: readonly Held<T>[], at: AtMs): readonly T[] {
  const found = new Map<string, Held<T>>();
  for (const held of list) {
    if (at !== null && (at < held.fromMs || at >= held.untilMs)) continue;
    const key = identity(held.object);
    const other = found.get(key);
    if (!other || held.fromMs >= other.fromMs) found.set(key, held);
  }
  return [...found.values()].map((held) => held.object);
}

function index<T>(list: readonly Held<T>[], keys: (object: T) => readonly string[]): Map<string, Held<T>[]> {
  const map = new Map<string, Held<T>[]>();
  for (const held of list) {
    for (const key of new Set(keys(held.object))) {
      const others = map.get(key);
      if (others) others.push(held);
      else map.set(key, [held]);
    }
  }
  return map;
}

/**
 * Ends every holder of a key where a different object, known to begin later, takes it. A pod that has ended takes nothing from one that
 * was listed with the address since and still runs: it had it before (a pod gets another one when its node restarts) until its end, or
 * nobody knows when. `listedMs`: when an object was listed, Infinity where nothing says.
 */
function clipped<T extends ClusterObject>(
  map: Map<string, Held<T>[]>,
  listedMs: (object: T) => number = () => Infinity,
): Map<string, Held<T>[]> {
  for (const [key, list] of map) {
    if (list.length < 2) continue;
    const sorted = [...list].sort((a, b) => (a.fromMs < b.fromMs ? -1 : a.fromMs > b.fromMs ? 1 : 0));
    /** Those that run at the last, with when that was listed. */
    const running = new Map(
      sorted.flatMap(({ object, untilMs }) =>
        untilMs === Infinity && !isOver(object) ? [[identity(object), listedMs(object)]] : [],
      ),
    );
    const keepsFrom = (one: Held<T>, over: Held<T>): boolean =>
      isOver(over.object) && (running.get(identity(one.object)) ?? -Infinity) >= over.fromMs;
    map.set(
      key,
      sorted.flatMap((held, i) => {
        if (held.untilMs === Infinity && sorted.slice(0, i).some((o) => keepsFrom(o, held))) return [];
        const next = sorted
          .slice(i + 1)
          .find((o) => o.fromMs > held.fromMs && identity(o.object) !== identity(held.object) && !keepsFrom(held, o));
        return [next && next.fromMs < held.untilMs ? { ...held, untilMs: next.fromMs } : held];
      }),
    );
  }
  return map;
}

function isOver(object: ClusterObject): boolean {
  return object.kind === "Pod" && hasEnded(object);
}

function identity(object: ClusterObject): string {
  return `${object.kind}/${object.meta.namespace}/${object.meta.name}/${object.meta.uid ?? ""}`;
}

/** Snapshots without any time keep their place and count as one moment with those beside them. */
function inOrderOfTime(snapshots: readonly ClusterSnapshot[]): readonly ClusterSnapshot[] {
  const timed = snapshots.filter((s) => s.timeMs !== null).sort((a, b) => (a.timeMs as number) - (b.timeMs as number));
  return [...snapshots.filter((s) => s.timeMs === null), ...timed];
}

/** One entry per object and snapshot that shows it, in order of time; see the top of the file for the rules. */
function intervals(snapshots: readonly ClusterSnapshot[]): readonly Held<ClusterObject>[] {
  const listed = snapshots.map((s) => new Listing(s));
  const versions = new Map<string, { readonly object: ClusterObject; readonly snapshot: number }[]>();
  snapshots.forEach((snapshot, i) => {
    for (const object of snapshot.objects) {
      const key = identity(object);
      const list = versions.get(key);
      if (!list) versions.set(key, [{ object, snapshot: i }]);
      // The same object twice in one snapshot: the later text wins.
      else if (list.at(-1)?.snapshot === i) list[list.length - 1] = { object, snapshot: i };
      else list.push({ object, snapshot: i });
    }
  });
  const time = (i: number): number | null => snapshots[i]?.timeMs ?? null;
  const all: Held<ClusterObject>[] = [];
  for (const list of versions.values()) {
    list.forEach(({ object, snapshot }, v) => {
      const previous = list[v - 1];
      const next = list[v + 1];
      const fromMs = previous
        ? changedMs(object, time(previous.snapshot), time(snapshot))
        : (object.meta.createdMs ?? appearedMs(object, snapshot, listed, time));
      const ends = endMs(object);
      const untilMs = next
        ? changedMs(next.object, time(snapshot), time(next.snapshot))
        : Math.min(ends, vanishedMs(object, snapshot, listed, time));
      if (untilMs > fromMs) all.push({ object, fromMs, untilMs: next ? Math.min(untilMs, ends) : untilMs });
    });
  }
  return all;
}

/** When a version that two snapshots enclose began: its own word for it, else the later snapshot. */
function changedMs(object: ClusterObject, beforeMs: number | null, afterMs: number | null): number {
  const own = object.meta.modifiedMs;
  if (own !== null && (beforeMs === null || own > beforeMs) && (afterMs === null || own <= afterMs)) return own;
  return afterMs ?? -Infinity;
}

/** An earlier snapshot lists the kind without it: it began after that, at the latest where it is listed. */
function appearedMs(
  object: ClusterObject,
  snapshot: number,
  listed: readonly Listing[],
  time: (i: number) => number | null,
): number {
  for (let i = 0; i < snapshot; i++)
    if (time(i) !== null && time(i) !== time(snapshot) && listed[i]?.wouldHave(object))
      return time(snapshot) ?? -Infinity;
  return -Infinity;
}

function vanishedMs(
  object: ClusterObject,
  snapshot: number,
  listed: readonly Listing[],
  time: (i: number) => number | null,
): number {
  for (let i = snapshot + 1; i < listed.length; i++) {
    const at = time(i);
    if (at !== null && at !== time(snapshot) && listed[i]?.wouldHave(object)) return at;
  }
  return Infinity;
}

function endMs(object: ClusterObject): number {
  const deleted = object.meta.deletedMs ?? Infinity;
  if (object.kind !== "Pod") return deleted;
  // A pod that ended keeps its address in its status, but another pod may have it since.
  return Math.min(deleted, hasEnded(object) ? (object.finishedMs ?? Infinity) : Infinity);
}

function hasEnded(pod: Pod): boolean {
  return pod.phase === "Succeeded" || pod.phase === "Failed";
}

/** Which kinds a snapshot lists, and where: `kubectl get pods -n a` says nothing of namespace b, nor of Services. */
class Listing {
  readonly #namespaces = new Map<string, Set<string>>();

  constructor(snapshot: ClusterSnapshot) {
    for (const object of snapshot.objects) {
      const set = this.#namespaces.get(object.kind);
      if (set) set.add(object.meta.namespace);
      else this.#namespaces.set(object.kind, new Set([object.meta.namespace]));
    }
  }

  /** Whether the snapshot would show the object if it had been there: its kind is listed in its namespace, or in several. */
  wouldHave(object: ClusterObject): boolean {
    const set = this.#namespaces.get(object.kind);
    return set !== undefined && (set.size > 1 || set.has(object.meta.namespace));
  }
}

/** An endpoint port serves the Service port of its name; the only one serves the only one, however it is named. */
function servicePortOf(service: Service | null, slice: EndpointSlice, port: EndpointPort): ServicePort | null {
  const same = (service?.ports ?? []).filter((p) => p.protocol === port.protocol);
  const named = same.find((p) => p.name === port.name);
  return named ?? (same.length === 1 && slice.ports.length === 1 ? (same[0] ?? null) : null);
}

/** Every namespace carries its name as a label (since Kubernetes 1.22). */
function withName(labels: Labels | undefined, name: string): Labels {
  const key = "kubernetes.io/metadata.name";
  return labels?.has(key) ? labels : new Map([...(labels ?? []), [key, name]]);
}
