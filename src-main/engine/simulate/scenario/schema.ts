/**
 * The scenario language: what is there, who asks whom, what changes, what breaks, where it is recorded. A scenario is data; YAML or
 * JSON by users (docs/SIMULATOR.md is its manual), objects of the same type in `scenarios/`.
 *
 * ```
 * networks   wires and switches with a subnet each       machines   routers, outside hosts, load balancers
 * clusters   nodes, pods, Services … as in Kubernetes    traffic    who asks whom, when, how often
 * changes    pods replaced, readiness, policies          faults     what breaks, from when to when
 * ```
 * Times `at`, `every`, `until` are seconds from the start; sizes are bytes.
 */
import * as v from "valibot";
import { text } from "../../../../src-shared/schema/limited";
import { faultSchema } from "./fault-schema";
import {
  address,
  address6,
  amount,
  anyAddress,
  anyRange,
  bytes,
  device,
  family,
  labels,
  name,
  objectName,
  port,
  range,
  range6,
  seconds,
  share,
  whole,
} from "./schema-values";

/** What a wire does to frames; each direction by itself. */
const wire = {
  /** One way, microseconds. Default 50. */
  delayUs: v.optional(amount(0, 10_000_000)),
  jitterUs: v.optional(amount(0, 10_000_000)),
  loss: v.optional(share),
  duplication: v.optional(share),
  reordering: v.optional(share),
  rateMbps: v.optional(amount(0.001, 1_000_000)),
};

const network = v.strictObject({
  subnet: range,
  subnet6: v.optional(range6),
  /** Machine that bridges the ports itself (a home router's LAN). Without it: a wire between two, a switch among more. */
  bridgedBy: v.optional(name),
  bridge: v.optional(device),
  mtu: v.optional(whole(576, 9216)),
  ...wire,
});

/** A program that waits for requests, in a pod or on a machine. */
const server = v.strictObject({
  protocol: v.picklist(["http", "tcp", "udp"]),
  port,
  /** Bytes of an answer, unless the request asks for a size. Default 64. */
  size: v.optional(bytes),
  /** Time to think before the answer. */
  delayMs: v.optional(amount(0, 600_000)),
  /** Closes first (HTTP: "Connection: close"). Default: the client does. */
  closesFirst: v.optional(v.boolean()),
});

/** Both of one family. */
const route = v.strictObject({ to: anyRange, via: anyAddress });

const machine = v.strictObject({
  /** Address on each network it is on; "dhcp": asks for one there. The first network is the one of its default route. */
  addresses: v.record(name, v.union([address, v.literal("dhcp")], "expected an IPv4 address or dhcp")),
  /** IPv6 addresses beside them. */
  addresses6: v.optional(v.record(name, address6)),
  /** Names of its network cards, by network. Default eth0, eth1, …; of a router to-NETWORK. */
  devices: v.optional(v.record(name, device)),
  router: v.optional(v.boolean()),
  /** Translates what leaves by this network to its own address there. */
  masqueradeTo: v.optional(name),
  gateway: v.optional(address),
  gateway6: v.optional(address6),
  routes: v.optional(v.array(route)),
  dhcp: v.optional(
    v.strictObject({
      network: name,
      from: address,
      to: address,
      dns: v.optional(address),
      leaseSeconds: v.optional(whole(60, 864000)),
    }),
  ),
  /** Answers DNS for these names (and hands on nothing). */
  dns: v.optional(v.record(text(253), text(253))),
  /** Resolver it asks. */
  nameserver: v.optional(anyAddress),
  serves: v.optional(v.array(server)),
  /** A load balancer: takes connections to address:port and passes them to the nodes' port in turn, without changing the source. */
  balances: v.optional(
    v.array(
      v.strictObject({
        address,
        port,
        to: v.array(name),
        targetPort: port,
        protocol: v.optional(v.picklist(["tcp", "udp"])),
      }),
    ),
  ),
});

const container = v.strictObject({ name, serves: v.optional(v.array(server)) });

const pod = v.strictObject({
  node: name,
  labels: v.optional(labels),
  /** Default: the lowest free one of the node's range. */
  address: v.optional(address),
  address6: v.optional(address6),
  serves: v.optional(v.array(server)),
  /** Several containers share the pod's addresses and loopback. */
  containers: v.optional(v.array(container)),
  /** Default true. A pod that is not ready is no endpoint. */
  ready: v.optional(v.boolean()),
  /** Owner; when such a pod goes, the controller makes another. */
  replicaSet: v.optional(name),
});

const service = v.strictObject({
  type: v.optional(v.picklist(["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"])),
  /** Default: the next free one of the Service range. */
  clusterIp: v.optional(address),
  clusterIp6: v.optional(address6),
  /** In a cluster of both families: which, the first one first. Default: IPv4 alone, as Kubernetes does. */
  families: v.optional(v.pipe(v.array(family), v.minLength(1, "expected IPv4, IPv6, or both"))),
  headless: v.optional(v.boolean()),
  selector: v.optional(labels),
  ports: v.optional(
    v.array(
      v.strictObject({
        port,
        targetPort: v.optional(port),
        nodePort: v.optional(port),
        protocol: v.optional(v.picklist(["tcp", "udp"])),
        name: v.optional(name),
      }),
    ),
  ),
  sessionAffinity: v.optional(v.picklist(["None", "ClientIP"])),
  externalTrafficPolicy: v.optional(v.picklist(["Cluster", "Local"])),
  loadBalancerIp: v.optional(address),
  externalName: v.optional(text(253)),
});

const ingress = v.strictObject({
  /** Pod that runs the proxy, and the port it listens on. */
  proxy: objectName,
  port: v.optional(port),
  rules: v.array(v.strictObject({ host: v.optional(text(253)), path: text(1000), service: objectName, port })),
});

const policyPeer = v.strictObject({
  pods: v.optional(labels),
  namespaces: v.optional(labels),
  range: v.optional(anyRange),
});
const policyRule = v.strictObject({
  peers: v.optional(v.array(policyPeer)),
  ports: v.optional(v.array(v.strictObject({ protocol: v.optional(v.picklist(["tcp", "udp"])), port }))),
});
/** As networking.k8s.io/v1, in short: labels that must be equal. An empty `pods` is every pod of the namespace. */
const networkPolicy = v.strictObject({
  pods: labels,
  ingress: v.optional(v.array(policyRule)),
  egress: v.optional(v.array(policyRule)),
});

const connect = v.variant("kind", [
  v.strictObject({ kind: v.literal("routes") }),
  v.strictObject({
    kind: v.literal("vxlan"),
    vni: whole(1, 16777215),
    port: v.optional(port),
    device: v.optional(device),
    /** Of the outer packets. Default IPv4. */
    outer: v.optional(family),
  }),
  v.strictObject({ kind: v.literal("ipip"), device: v.optional(device) }),
  v.strictObject({ kind: v.literal("udp"), port, device: v.optional(device) }),
]);

const cluster = v.strictObject({
  nodes: v.record(
    name,
    v.strictObject({
      /** Address on each network it is on; the first is the node's InternalIP and has the default route. */
      addresses: v.record(name, address),
      addresses6: v.optional(v.record(name, address6)),
      gateway: v.optional(address),
      gateway6: v.optional(address6),
      podRange: v.optional(range),
      routes: v.optional(v.array(route)),
      device: v.optional(device),
    }),
  ),
  podRange: range,
  serviceRange: v.optional(range),
  /** Makes it a cluster of both families (dual-stack): each node gets a /64 of it, each pod an address of that, too. */
  podRange6: v.optional(range6),
  serviceRange6: v.optional(range6),
  /** How pods of different nodes reach each other. Default: plain routes. */
  connect: v.optional(connect),
  bridge: v.optional(device),
  podMtu: v.optional(whole(576, 9216)),
  /** A recorded bridge routes its own copy of a translated frame, too, so that it arrives twice: some kernels do. Default false. */
  bridgeRoutesCopies: v.optional(v.boolean()),
  /** Pods' own addresses are kept towards these ranges too (other clusters). */
  noMasquerade: v.optional(v.array(anyRange)),
  pods: v.optional(v.record(objectName, pod)),
  services: v.optional(v.record(objectName, service)),
  ingresses: v.optional(v.record(objectName, ingress)),
  networkPolicies: v.optional(v.record(objectName, networkPolicy)),
  /** Cluster DNS: a pod kube-system/coredns behind the Service kube-system/kube-dns. */
  dns: v.optional(
    v.strictObject({
      node: name,
      clusterIp: v.optional(address),
      domain: v.optional(text(253)),
      ndots: v.optional(whole(0, 15)),
      /** Further search domains behind NAMESPACE.svc.DOMAIN, svc.DOMAIN and DOMAIN. */
      search: v.optional(v.array(text(253))),
      /** Names outside the cluster. */
      external: v.optional(v.record(text(253), text(253))),
      /** Seconds a resolver waits before it asks again. Default 5. */
      timeoutSeconds: v.optional(amount(0.1, 30)),
    }),
  ),
});

/** Exactly one of pod, node, machine. */
const origin = v.pipe(
  v.strictObject({
    pod: v.optional(objectName),
    node: v.optional(name),
    machine: v.optional(name),
    cluster: v.optional(name),
  }),
  v.check(
    (o) => [o.pod, o.node, o.machine].filter((x) => x !== undefined).length === 1,
    "expected one of pod, node, machine",
  ),
);
/** Exactly one of pod, service, node, machine, address, name (looked up by DNS), loopback. */
const target = v.pipe(
  v.strictObject({
    pod: v.optional(objectName),
    service: v.optional(objectName),
    node: v.optional(name),
    machine: v.optional(name),
    address: v.optional(anyAddress),
    name: v.optional(text(253)),
    /** Of the address that is asked, where there are both. Default IPv4. */
    family: v.optional(family),
    loopback: v.optional(v.literal(true)),
    cluster: v.optional(name),
    port: v.optional(port),
  }),
  v.check(
    (o) =>
      [o.pod, o.service, o.node, o.machine, o.address, o.name, o.loopback].filter((x) => x !== undefined).length === 1,
    "expected one of pod, service, node, machine, address, name, loopback",
  ),
);

const often = {
  at: v.optional(seconds),
  /** Seconds between one and the next. Default 0.2. */
  every: v.optional(amount(0.000001, 86400)),
  /** Default 1; "always": until the end. */
  times: v.optional(v.union([whole(1, 10_000_000), v.literal("always")], 'expected a number from 1, or "always"')),
};

const traffic = v.variant("kind", [
  v.strictObject({
    kind: v.literal("http"),
    from: origin,
    to: target,
    method: v.optional(v.picklist(["GET", "POST", "PUT", "DELETE"])),
    path: v.optional(text(1000)),
    host: v.optional(text(253)),
    /** Bytes asked for. Default 64. */
    size: v.optional(bytes),
    /** Bytes sent with the request. Default 0. */
    sendSize: v.optional(bytes),
    /** Requests over one connection, one after the other. Default 1. */
    requests: v.optional(whole(1, 100_000)),
    sourcePort: v.optional(port),
    /** Leaves the connection open after the answer. */
    keepOpen: v.optional(v.boolean()),
    ...often,
  }),
  v.strictObject({
    kind: v.literal("tcp"),
    from: origin,
    to: target,
    sendSize: v.optional(bytes),
    sourcePort: v.optional(port),
    keepOpen: v.optional(v.boolean()),
    ...often,
  }),
  v.strictObject({
    kind: v.literal("ping"),
    from: origin,
    to: target,
    size: v.optional(whole(0, 65000)),
    ttl: v.optional(whole(1, 255)),
    ...often,
  }),
  v.strictObject({
    kind: v.literal("udp"),
    from: origin,
    to: target,
    size: v.optional(whole(0, 60000)),
    sourcePort: v.optional(port),
    ...often,
  }),
  /** Looks a name up as the machine's resolver would: search domains, A and AAAA. */
  v.strictObject({ kind: v.literal("dns"), from: origin, name: text(253), ...often }),
  /** Asks for an address by DHCP, as machines with address "dhcp" do by themselves at the start. */
  v.strictObject({ kind: v.literal("dhcp"), from: origin, ...often }),
]);

const at = { at: seconds };
const change = v.variant("kind", [
  v.strictObject({ kind: v.literal("create-pod"), cluster: v.optional(name), name: objectName, pod, ...at }),
  /** As `kubectl delete pod`: no endpoint any more, then, after the grace time, gone. */
  v.strictObject({
    kind: v.literal("delete-pod"),
    cluster: v.optional(name),
    name: objectName,
    graceSeconds: v.optional(seconds),
    ...at,
  }),
  v.strictObject({
    kind: v.literal("set-ready"),
    cluster: v.optional(name),
    name: objectName,
    ready: v.boolean(),
    ...at,
  }),
  v.strictObject({
    kind: v.literal("set-selector"),
    cluster: v.optional(name),
    service: objectName,
    selector: labels,
    ...at,
  }),
  v.strictObject({
    kind: v.literal("apply-policy"),
    cluster: v.optional(name),
    name: objectName,
    policy: networkPolicy,
    ...at,
  }),
  v.strictObject({ kind: v.literal("delete-policy"), cluster: v.optional(name), name: objectName, ...at }),
]);

export const scenarioSchema = v.strictObject({
  name,
  /** One line for lists. */
  title: text(200),
  description: v.optional(text(5000)),
  /** Length of the recording. Default 5. */
  seconds: v.optional(amount(0.001, 86400)),
  /** Time of the recording's start. Default 2026-01-01T00:00:00Z. */
  start: v.optional(v.pipe(v.string(), v.isoTimestamp("expected a time such as 2026-01-01T00:00:00Z"))),
  networks: v.optional(v.record(name, network)),
  machines: v.optional(v.record(name, machine)),
  clusters: v.optional(v.record(name, cluster)),
  traffic: v.optional(v.array(traffic)),
  changes: v.optional(v.array(change)),
  faults: v.optional(v.array(faultSchema)),
  capture: v.optional(
    v.strictObject({
      /** "all", or names of machines, nodes, pods ("web-a" of any namespace), or MACHINE/DEVICE. */
      points: v.union([v.literal("all"), v.array(text(130))]),
      /** Also loopback devices. Default: those that the traffic uses. */
      loopback: v.optional(v.boolean()),
    }),
  ),
});

export type Scenario = v.InferInput<typeof scenarioSchema>;
export type NetworkSpec = v.InferInput<typeof network>;
export type MachineSpec = v.InferInput<typeof machine>;
export type ServerSpec = v.InferInput<typeof server>;
export type ClusterSpec = v.InferInput<typeof cluster>;
export type ConnectSpec = v.InferInput<typeof connect>;
export type PodSpec = v.InferInput<typeof pod>;
export type ServiceSpec = v.InferInput<typeof service>;
export type IngressSpec = v.InferInput<typeof ingress>;
export type PolicySpec = v.InferInput<typeof networkPolicy>;
export type PolicyRuleSpec = v.InferInput<typeof policyRule>;
export type OriginSpec = v.InferInput<typeof origin>;
export type TargetSpec = v.InferInput<typeof target>;
export type TrafficSpec = v.InferInput<typeof traffic>;
export type ChangeSpec = v.InferInput<typeof change>;
