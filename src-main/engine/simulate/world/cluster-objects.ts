/**
 * The cluster as `kubectl get nodes,pods,services,endpointslices,ingresses,networkpolicies -A -o json` prints it at one moment.
 * What was there at the start was made an hour before.
 */
import type { PolicyRuleSpec } from "../scenario/schema";
import { baseOf, fullName, namespaceOf } from "./names";
import { uid } from "./uid";
import {
  clusterIps,
  type ClusterState,
  type Node,
  type Pod,
  podAddress,
  podAddresses,
  type ServiceState,
} from "./world";

export interface ApiObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}

const HOUR_NS = 3600e9;

/** As kubectl prints a list. */
export function objectList(objects: readonly ApiObject[]): string {
  return `${JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }, null, 1)}\n`;
}

export function clusterObjects(cluster: ClusterState, startTimeNs: bigint, nowNs: number): readonly ApiObject[] {
  const time = (ns: number): string => isoTime(startTimeNs, ns);
  const before = time(-HOUR_NS);
  const now = time(nowNs);
  return [
    ...[...cluster.nodes.values()].map((node) => nodeObject(node, before, now)),
    ...[...cluster.pods.values()].filter((pod) => !pod.gone).map((pod) => podObject(pod, time, before)),
    ...[...cluster.services.values()].map((service) => serviceObject(service, before)),
    ...[...cluster.services.values()].flatMap((service) => sliceObject(service, before, now, nowNs)),
    ...ingressObjects(cluster, before),
    ...policyObjects(cluster, before),
  ];
}

/** RFC 3339, to the microsecond where it is no whole second. */
function isoTime(startTimeNs: bigint, ns: number): string {
  const total = startTimeNs + BigInt(Math.round(ns));
  const ms = Number(total / 1_000_000n);
  const micro = Number((total / 1000n) % 1_000_000n);
  const whole = new Date(ms).toISOString().slice(0, 19);
  return micro === 0 ? `${whole}Z` : `${whole}.${String(micro).padStart(6, "0")}Z`;
}

function meta(
  kind: string,
  full: string,
  created: string,
  more: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return {
    name: full.includes("/") ? baseOf(full) : full,
    ...(full.includes("/") && { namespace: namespaceOf(full) }),
    uid: uid(kind, full),
    creationTimestamp: created,
    ...more,
  };
}

function nodeObject(node: Node, created: string, now: string): ApiObject {
  const tunnel = node.tunnel?.address;
  const annotation =
    node.tunnel?.device.kind === "vxlan"
      ? "projectcalico.org/IPv4VXLANTunnelAddr"
      : "projectcalico.org/IPv4IPIPTunnelAddr";
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: meta("node", node.name, created, {
      ...(tunnel !== undefined && { annotations: { [annotation]: tunnel } }),
      // The kubelet's heartbeat: when this answer was given.
      managedFields: [{ manager: "kubelet", operation: "Update", apiVersion: "v1", time: now, subresource: "status" }],
    }),
    spec: {
      podCIDR: node.podRange.text,
      podCIDRs: [node.podRange.text, ...(node.six ? [node.six.podRange.text] : [])],
    },
    status: {
      addresses: [
        { type: "InternalIP", address: node.address },
        ...(node.six ? [{ type: "InternalIP", address: node.six.address }] : []),
        { type: "Hostname", address: node.name },
      ],
    },
  };
}

function podObject(pod: Pod, time: (ns: number) => string, before: string): ApiObject {
  const created = pod.createdNs === 0 ? before : time(pod.createdNs);
  const containers = pod.spec.containers ?? [{ name: "main", serves: pod.spec.serves }];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...meta("pod", pod.name, created),
      uid: pod.uid,
      ...(pod.spec.labels && { labels: pod.spec.labels }),
      ...(pod.spec.replicaSet !== undefined && {
        ownerReferences: [
          {
            apiVersion: "apps/v1",
            kind: "ReplicaSet",
            name: pod.spec.replicaSet,
            uid: uid("replicaset", pod.spec.replicaSet),
            controller: true,
          },
        ],
      }),
    },
    spec: {
      nodeName: pod.node.name,
      containers: containers.map((container) => ({
        name: container.name,
        image: "example.org/simulated:1",
        ...(container.serves && {
          ports: container.serves.map((s) => ({
            containerPort: s.port,
            protocol: s.protocol === "udp" ? "UDP" : "TCP",
          })),
        }),
      })),
    },
    status: {
      phase: "Running",
      conditions: [{ type: "Ready", status: pod.ready && !pod.terminating ? "True" : "False" }],
      hostIP: pod.node.address,
      podIP: pod.address,
      ...(pod.node.six && { hostIPs: [{ ip: pod.node.address }, { ip: pod.node.six.address }] }),
      podIPs: podAddresses(pod).map((ip) => ({ ip })),
      startTime: created,
    },
  };
}

function serviceObject(service: ServiceState, created: string): ApiObject {
  const { spec } = service;
  const type = spec.type ?? "ClusterIP";
  const exposed = type === "NodePort" || type === "LoadBalancer";
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: meta("service", service.name, created),
    spec: {
      type,
      ...(type === "ExternalName"
        ? { externalName: spec.externalName }
        : {
            clusterIP: clusterIps(service)[0] ?? "None",
            clusterIPs: clusterIps(service).length > 0 ? clusterIps(service) : ["None"],
            ipFamilies: service.families,
            ipFamilyPolicy: service.families.length > 1 ? "RequireDualStack" : "SingleStack",
          }),
      ...(spec.selector && { selector: spec.selector }),
      ...(service.ports.length > 0 && {
        ports: service.ports.map((p) => ({
          ...(p.name !== undefined && { name: p.name }),
          protocol: p.protocol.toUpperCase(),
          port: p.port,
          targetPort: p.targetPort,
          ...(p.nodePort !== undefined && { nodePort: p.nodePort }),
        })),
      }),
      sessionAffinity: spec.sessionAffinity ?? "None",
      ...(exposed && { externalTrafficPolicy: spec.externalTrafficPolicy ?? "Cluster" }),
    },
    status: {
      loadBalancer: service.loadBalancerIp === undefined ? {} : { ingress: [{ ip: service.loadBalancerIp }] },
    },
  };
}

function sliceObject(service: ServiceState, created: string, now: string, nowNs: number): readonly ApiObject[] {
  if (service.spec.type === "ExternalName" || service.spec.selector === undefined) return [];
  return service.families.map((family) => {
    const key = family === "IPv4" ? service.name : `${service.name}/${family}`;
    return {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: meta("endpointslice", `${service.name}-${uid("slice", key).slice(0, 5)}`, created, {
        labels: { "kubernetes.io/service-name": baseOf(service.name) },
        ...(nowNs > 0 && {
          managedFields: [
            { manager: "kube-controller-manager", operation: "Update", apiVersion: "discovery.k8s.io/v1", time: now },
          ],
        }),
      }),
      addressType: family,
      ports: service.ports.map((p) => ({ name: p.name ?? "", port: p.targetPort, protocol: p.protocol.toUpperCase() })),
      endpoints: service.endpoints.map((pod) => ({
        addresses: [podAddress(pod, family)],
        conditions: { ready: true, serving: true, terminating: false },
        nodeName: pod.node.name,
        targetRef: { kind: "Pod", namespace: namespaceOf(pod.name), name: baseOf(pod.name), uid: pod.uid },
      })),
    };
  });
}

function ingressObjects(cluster: ClusterState, created: string): ApiObject[] {
  return Object.entries(cluster.spec.ingresses ?? {}).map(([name, spec]) => ({
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: meta("ingress", fullName(name), created),
    spec: {
      ingressClassName: "simulated",
      rules: spec.rules.map((rule) => ({
        ...(rule.host !== undefined && { host: rule.host }),
        http: {
          paths: [
            {
              path: rule.path,
              pathType: "Prefix",
              backend: { service: { name: baseOf(fullName(rule.service)), port: { number: rule.port } } },
            },
          ],
        },
      })),
    },
    status: { loadBalancer: {} },
  }));
}

function policyObjects(cluster: ClusterState, created: string): ApiObject[] {
  return [...cluster.policies].map(([name, policy]) => ({
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: meta("networkpolicy", name, created),
    spec: {
      podSelector: { matchLabels: policy.pods },
      policyTypes: [
        ...(policy.ingress !== undefined || policy.egress === undefined ? ["Ingress"] : []),
        ...(policy.egress !== undefined ? ["Egress"] : []),
      ],
      ...(policy.ingress && { ingress: policy.ingress.map((rule) => policyRule(rule, "from")) }),
      ...(policy.egress && { egress: policy.egress.map((rule) => policyRule(rule, "to")) }),
    },
  }));
}

function policyRule(rule: PolicyRuleSpec, peers: "from" | "to"): Readonly<Record<string, unknown>> {
  return {
    ...(rule.peers && {
      [peers]: rule.peers.map((peer) =>
        peer.range !== undefined
          ? { ipBlock: { cidr: peer.range } }
          : {
              ...(peer.namespaces && { namespaceSelector: { matchLabels: peer.namespaces } }),
              podSelector: { matchLabels: peer.pods ?? {} },
            },
      ),
    }),
    ...(rule.ports && {
      ports: rule.ports.map((p) => ({ protocol: (p.protocol ?? "tcp").toUpperCase(), port: p.port })),
    }),
  };
}
