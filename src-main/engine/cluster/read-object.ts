/**
 * API objects to the model's (src-shared/model/kubernetes.ts). One function a kind; defaults are those the API server fills in,
 * because a manifest from a repository lacks them. Source: the API reference of Kubernetes 1.31 (core/v1, discovery/v1,
 * networking/v1).
 */
import {
  addressBytes,
  formatAddress,
  type IpRange,
  parseAddress,
  parseRange,
} from "../../../src-shared/model/ip-range";
import type {
  ClusterNode,
  ClusterObject,
  EndpointPort,
  EndpointSlice,
  Ingress,
  IngressRule,
  Labels,
  LabelSelector,
  Namespace,
  NetworkPolicy,
  NodeAddress,
  ObjectMeta,
  ObjectName,
  Pod,
  PodPhase,
  PolicyDirection,
  PolicyPeer,
  PolicyPort,
  PolicyRule,
  Service,
  SliceEndpoint,
  TransportProtocol,
} from "../../../src-shared/model/kubernetes";
import type { ObjectReader } from "./object-reader";

type KindReader = (object: ObjectReader, meta: ObjectMeta) => readonly ClusterObject[];

/** Kinds that explain packets. */
const KINDS: Readonly<Record<string, KindReader>> = {
  Node: (o, meta) => [readNode(o, meta)],
  Pod: (o, meta) => [readPod(o, meta)],
  Service: (o, meta) => [readService(o, meta)],
  EndpointSlice: (o, meta) => [readEndpointSlice(o, meta)],
  Endpoints: readEndpoints,
  NetworkPolicy: (o, meta) => [readNetworkPolicy(o, meta)],
  Namespace: (_, meta): Namespace[] => [{ kind: "Namespace", meta }],
  Ingress: (o, meta) => [readIngress(o, meta)],
};

/** API groups of those kinds: other groups have kinds of the same name (Calico's NetworkPolicy, Knative's Service). */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  EndpointSlice: ["discovery.k8s.io"],
  NetworkPolicy: ["networking.k8s.io", "extensions"],
  Ingress: ["networking.k8s.io", "extensions"],
};

const IN_NO_NAMESPACE = new Set(["Node", "Namespace"]);

/** Whether objects of this kind and API version are read. A missing version is taken for the usual one. */
export function isKnownKind(kind: string, apiVersion: string | null): boolean {
  if (!Object.hasOwn(KINDS, kind)) return false;
  const group = apiVersion?.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
  return apiVersion === null || (GROUPS[kind] ?? [""]).includes(group);
}

/** Throws an ObjectProblem. `kind` is one of isKnownKind. */
export function readObject(object: ObjectReader, kind: string, file: string, path: string): readonly ClusterObject[] {
  return KINDS[kind]?.(object, readMeta(object.at("metadata"), !IN_NO_NAMESPACE.has(kind), file, path)) ?? [];
}

/** Ranges of a ServiceCIDR object. */
export function readServiceRanges(object: ObjectReader): readonly IpRange[] {
  return object.at("spec").at("cidrs").list().map(range);
}

function readMeta(meta: ObjectReader, namespaced: boolean, file: string, path: string): ObjectMeta {
  const changes = meta.at("managedFields").list();
  const modified = changes.map((f) => f.at("time").timeMs() ?? -Infinity);
  const newest = Math.max(-Infinity, ...modified);
  return {
    name: meta.at("name").text(),
    // Manifests leave "default" out.
    namespace: namespaced ? (meta.at("namespace").optionalText() ?? "default") : "",
    uid: meta.at("uid").optionalText(),
    labels: meta.at("labels").texts(),
    createdMs: meta.at("creationTimestamp").timeMs(),
    deletedMs: meta.at("deletionTimestamp").timeMs(),
    modifiedMs: newest === -Infinity ? null : newest,
    source: { file, path },
  };
}

/** Annotations in which network plugins note further addresses of a node; some with a prefix length. */
const TUNNEL_ADDRESS_ANNOTATIONS = [
  "projectcalico.org/IPv4IPIPTunnelAddr",
  "projectcalico.org/IPv4VXLANTunnelAddr",
  "projectcalico.org/IPv6VXLANTunnelAddr",
  "projectcalico.org/IPv4WireguardInterfaceAddr",
  "projectcalico.org/IPv6WireguardInterfaceAddr",
  "network.cilium.io/ipv4-cilium-host",
  "network.cilium.io/ipv6-cilium-host",
  "io.cilium.network.ipv4-cilium-host",
];
const NODE_ADDRESS_ANNOTATIONS = [
  "flannel.alpha.coreos.com/public-ip",
  "flannel.alpha.coreos.com/public-ipv6",
  "projectcalico.org/IPv4Address",
  "projectcalico.org/IPv6Address",
];

function readNode(object: ObjectReader, meta: ObjectMeta): ClusterNode {
  const addresses: NodeAddress[] = [];
  const add = (kind: NodeAddress["kind"], address: string): void => {
    if (!addresses.some((a) => a.address === address)) addresses.push({ kind, address });
  };
  for (const entry of object.at("status").at("addresses").list()) {
    const type = entry.at("type").text();
    // The other types (Hostname, InternalDNS, ExternalDNS) are names.
    if (type === "InternalIP" || type === "ExternalIP")
      add(type === "InternalIP" ? "internal" : "external", address(entry.at("address")));
  }
  const annotations = object.at("metadata").at("annotations");
  for (const [keys, kind] of [
    [NODE_ADDRESS_ANNOTATIONS, "internal"],
    [TUNNEL_ADDRESS_ANNOTATIONS, "tunnel"],
  ] as const) {
    for (const key of keys) {
      // Others' notes: what is no address there is no error of the cluster's.
      const text = annotations.at(key).optionalText();
      const noted = text === null ? undefined : parseAddress(text.split("/")[0] ?? "");
      if (noted !== undefined) add(kind, noted);
    }
  }
  const spec = object.at("spec");
  const ranges = spec.at("podCIDRs").list().map(range);
  const single = spec.at("podCIDR");
  return {
    kind: "Node",
    meta,
    addresses,
    podRanges: ranges.length > 0 || single.optionalText() === null ? ranges : [range(single)],
  };
}

function readPod(object: ObjectReader, meta: ObjectMeta): Pod {
  const spec = object.at("spec");
  const status = object.at("status");
  const listed = status
    .at("podIPs")
    .list()
    .map((ip) => address(ip.at("ip")));
  const single = status.at("podIP");
  const containers = spec.at("containers").list();
  // Init containers with restartPolicy Always are sidecars: their ports serve, too.
  const sidecars = spec
    .at("initContainers")
    .list()
    .filter((c) => c.at("restartPolicy").value === "Always");
  const ended = status
    .at("containerStatuses")
    .list()
    .map((c) => c.at("state").at("terminated").at("finishedAt").timeMs());
  return {
    kind: "Pod",
    meta,
    node: spec.at("nodeName").optionalText(),
    addresses: listed.length > 0 || single.optionalText() === null ? listed : [address(single)],
    hostNetwork: spec.at("hostNetwork").boolean(false),
    owner: owner(object.at("metadata"), meta.labels),
    containerPorts: [...containers, ...sidecars].flatMap((container) =>
      container
        .at("ports")
        .list()
        .map((port) => ({
          name: port.at("name").optionalText(),
          protocol: protocol(port.at("protocol")),
          port: portNumber(port.at("containerPort")),
          hostPort: port.at("hostPort").value ? portNumber(port.at("hostPort")) : null,
        })),
    ),
    phase: status.at("phase").absent
      ? null
      : status.at("phase").oneOf<PodPhase>(["Pending", "Running", "Succeeded", "Failed", "Unknown"]),
    startedMs: status.at("startTime").timeMs(),
    finishedMs: ended.length > 0 && ended.every((ms) => ms !== null) ? Math.max(...ended.map((ms) => ms ?? 0)) : null,
  };
}

/** The controller. A ReplicaSet is named after its Deployment and the pod-template-hash label. */
function owner(metadata: ObjectReader, labels: Labels): Pod["owner"] {
  const references = metadata.at("ownerReferences").list();
  const found = references.find((r) => r.at("controller").value === true) ?? references[0];
  if (!found) return null;
  const kind = found.at("kind").text();
  const name = found.at("name").text();
  const hash = labels.get("pod-template-hash");
  if (kind === "ReplicaSet" && hash !== undefined && hash !== "" && name.endsWith(`-${hash}`))
    return { kind: "Deployment", name: name.slice(0, -hash.length - 1) };
  return { kind, name };
}

function readService(object: ObjectReader, meta: ObjectMeta): Service {
  const spec = object.at("spec");
  const type = spec.at("type").oneOf(["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"], "ClusterIP");
  const listed = spec.at("clusterIPs").list();
  const given = listed.length > 0 ? listed : spec.at("clusterIP").optionalText() === null ? [] : [spec.at("clusterIP")];
  const headless = given.some((ip) => ip.value === "None");
  return {
    kind: "Service",
    meta,
    type,
    headless,
    // "None" is no address; an empty one is not yet given.
    clusterIps: given.filter((ip) => ip.value !== "None" && ip.value !== "").map(address),
    externalIps: spec.at("externalIPs").list().map(address),
    loadBalancerIps: ingressAddresses(object),
    ports: spec
      .at("ports")
      .list()
      .map((p) => ({
        name: p.at("name").optionalText(),
        protocol: protocol(p.at("protocol")),
        port: portNumber(p.at("port")),
        targetPort:
          p.at("targetPort").absent || p.at("targetPort").value === 0
            ? portNumber(p.at("port"))
            : numberOrName(p.at("targetPort")),
        nodePort: p.at("nodePort").value ? portNumber(p.at("nodePort")) : null,
      })),
    selector: spec.at("selector").absent ? null : spec.at("selector").texts(),
    externalTrafficPolicy: spec.at("externalTrafficPolicy").absent
      ? null
      : spec.at("externalTrafficPolicy").oneOf<"Cluster" | "Local">(["Cluster", "Local"]),
    internalTrafficPolicy: spec.at("internalTrafficPolicy").oneOf(["Cluster", "Local"], "Cluster"),
    sessionAffinity: spec.at("sessionAffinity").oneOf(["None", "ClientIP"], "None"),
    externalName: type === "ExternalName" ? spec.at("externalName").optionalText() : null,
  };
}

/** status.loadBalancer.ingress of a Service or an Ingress; those with a host name only have no address. */
function ingressAddresses(object: ObjectReader): string[] {
  return object
    .at("status")
    .at("loadBalancer")
    .at("ingress")
    .list()
    .filter((entry) => entry.at("ip").optionalText() !== null)
    .map((entry) => address(entry.at("ip")));
}

function readEndpointSlice(object: ObjectReader, meta: ObjectMeta): EndpointSlice {
  const byName = object.at("addressType").value === "FQDN";
  return {
    kind: "EndpointSlice",
    meta,
    service: meta.labels.get("kubernetes.io/service-name") ?? owningService(object),
    fromEndpoints: false,
    ports: object.at("ports").list().map(endpointPort),
    endpoints: byName
      ? []
      : object
          .at("endpoints")
          .list()
          .map((endpoint): SliceEndpoint => {
            const conditions = endpoint.at("conditions");
            // Not said means ready; serving is as ready; terminating is not (discovery/v1 EndpointConditions).
            const ready = conditions.at("ready").boolean(true);
            return {
              addresses: endpoint.at("addresses").list().map(address),
              ready,
              serving: conditions.at("serving").boolean(ready),
              terminating: conditions.at("terminating").boolean(false),
              pod: podReference(endpoint.at("targetRef"), meta.namespace),
              node: endpoint.at("nodeName").optionalText(),
            };
          }),
  };
}

function owningService(object: ObjectReader): string | null {
  const references = object.at("metadata").at("ownerReferences").list();
  return (
    references
      .find((r) => r.at("kind").value === "Service")
      ?.at("name")
      .text() ?? null
  );
}

function endpointPort(port: ObjectReader): EndpointPort {
  return {
    name: port.at("name").optionalText(),
    protocol: protocol(port.at("protocol")),
    port: port.at("port").absent ? null : portNumber(port.at("port")),
  };
}

function podReference(reference: ObjectReader, namespace: string): ObjectName | null {
  if (reference.absent || reference.at("kind").value !== "Pod") return null;
  return {
    namespace: reference.at("namespace").optionalText() ?? namespace,
    name: reference.at("name").text(),
  };
}

/** The older object has the Service's name; each subset is a set of addresses that have a set of ports. */
function readEndpoints(object: ObjectReader, meta: ObjectMeta): readonly EndpointSlice[] {
  return object
    .at("subsets")
    .list()
    .map((subset, i): EndpointSlice => {
      const read = (list: ObjectReader, ready: boolean): SliceEndpoint[] =>
        list.list().map((entry) => ({
          addresses: [address(entry.at("ip"))],
          ready,
          serving: ready,
          terminating: false,
          pod: podReference(entry.at("targetRef"), meta.namespace),
          node: entry.at("nodeName").optionalText(),
        }));
      return {
        kind: "EndpointSlice",
        meta: { ...meta, name: `${meta.name}#${i}` },
        service: meta.name,
        fromEndpoints: true,
        ports: subset.at("ports").list().map(endpointPort),
        endpoints: [...read(subset.at("addresses"), true), ...read(subset.at("notReadyAddresses"), false)],
      };
    });
}

function readNetworkPolicy(object: ObjectReader, meta: ObjectMeta): NetworkPolicy {
  const spec = object.at("spec");
  const types = spec.at("policyTypes").list();
  const egress = spec.at("egress");
  // Defaults of networking/v1: Ingress always, Egress where there are egress rules.
  const directions: readonly PolicyDirection[] =
    types.length > 0
      ? types.map((t) => (t.oneOf(["Ingress", "Egress"]) === "Ingress" ? "ingress" : "egress"))
      : egress.list().length > 0
        ? ["ingress", "egress"]
        : ["ingress"];
  return {
    kind: "NetworkPolicy",
    meta,
    podSelector: selector(spec.at("podSelector")),
    directions,
    ingress: spec
      .at("ingress")
      .list()
      .map((rule) => policyRule(rule, "from")),
    egress: egress.list().map((rule) => policyRule(rule, "to")),
  };
}

function policyRule(rule: ObjectReader, peersAt: "from" | "to"): PolicyRule {
  const peers = rule.at(peersAt).list();
  const ports = rule.at("ports").list();
  return {
    peers: peers.length === 0 ? null : peers.map(policyPeer),
    ports: ports.length === 0 ? null : ports.map(policyPort),
  };
}

function policyPeer(peer: ObjectReader): PolicyPeer {
  const block = peer.at("ipBlock");
  if (!block.absent)
    return { kind: "range", range: range(block.at("cidr")), except: block.at("except").list().map(range) };
  const [namespaces, pods] = [peer.at("namespaceSelector"), peer.at("podSelector")];
  if (namespaces.absent && pods.absent) peer.fail("ipBlock, namespaceSelector or podSelector");
  return {
    kind: "pods",
    namespaceSelector: namespaces.absent ? null : selector(namespaces),
    podSelector: pods.absent ? null : selector(pods),
  };
}

function policyPort(port: ObjectReader): PolicyPort {
  const number = port.at("port");
  const last = port.at("endPort");
  const from = number.absent ? null : numberOrName(number);
  if (!last.absent && typeof from !== "number") last.fail("nothing: endPort needs a port that is a number");
  return {
    protocol: protocol(port.at("protocol")),
    port: from,
    endPort: last.absent ? null : last.integer(typeof from === "number" ? from : 0, 65535),
  };
}

function selector(given: ObjectReader): LabelSelector {
  return {
    matchLabels: given.at("matchLabels").texts(),
    matchExpressions: given
      .at("matchExpressions")
      .list()
      .map((e) => ({
        key: e.at("key").text(),
        operator: e.at("operator").oneOf(["In", "NotIn", "Exists", "DoesNotExist"]),
        values: e
          .at("values")
          .list()
          .map((v) => v.text()),
      })),
  };
}

function readIngress(object: ObjectReader, meta: ObjectMeta): Ingress {
  const spec = object.at("spec");
  const rules: IngressRule[] = spec
    .at("rules")
    .list()
    .flatMap((rule) =>
      rule
        .at("http")
        .at("paths")
        .list()
        .map((path) => ({
          host: rule.at("host").optionalText(),
          path: path.at("path").optionalText(),
          pathType: path.at("pathType").oneOf(["Exact", "Prefix", "ImplementationSpecific"], "ImplementationSpecific"),
          ...ingressBackend(path.at("backend")),
        })),
    );
  const fallback = spec.at("defaultBackend");
  if (!fallback.absent)
    rules.push({ host: null, path: null, pathType: "ImplementationSpecific", ...ingressBackend(fallback) });
  return {
    kind: "Ingress",
    meta,
    className:
      spec.at("ingressClassName").optionalText() ??
      object.at("metadata").at("annotations").at("kubernetes.io/ingress.class").optionalText(),
    addresses: ingressAddresses(object),
    rules,
  };
}

/** networking/v1 has service.name and service.port; the versions before it serviceName and servicePort. */
function ingressBackend(backend: ObjectReader): Pick<IngressRule, "service" | "port"> {
  const service = backend.at("service");
  if (service.absent) {
    const old = backend.at("servicePort");
    return { service: backend.at("serviceName").optionalText(), port: old.absent ? null : numberOrName(old) };
  }
  const port = service.at("port");
  return {
    service: service.at("name").text(),
    port: port.at("number").absent ? port.at("name").optionalText() : portNumber(port.at("number")),
  };
}

// ---- values

function address(given: ObjectReader): string {
  return given.parsed(parseAddress, "an IP address");
}

function range(given: ObjectReader): IpRange {
  // A lone address is a range of one.
  const one = (text: string): IpRange | undefined => {
    const bytes = addressBytes(text);
    return bytes && parseRange(`${formatAddress(bytes)}/${bytes.length * 8}`);
  };
  return given.parsed((text) => parseRange(text) ?? one(text), "an address range such as 10.244.0.0/16");
}

function protocol(given: ObjectReader): TransportProtocol {
  const word = given.oneOf(["TCP", "UDP", "SCTP"], "TCP");
  return word === "TCP" ? "tcp" : word === "UDP" ? "udp" : "sctp";
}

function portNumber(given: ObjectReader): number {
  return given.integer(1, 65535);
}

/** IntOrString: a number may come as text. */
function numberOrName(given: ObjectReader): number | string {
  if (typeof given.value === "number") return portNumber(given);
  const text = given.text();
  return /^\d+$/.test(text) && Number(text) > 0 && Number(text) < 65536 ? Number(text) : text;
}
