/** Stretches of topology, and traffic, that several scenarios stand on. */
import type { ClusterSpec, ConnectSpec, Scenario } from "../scenario/schema";

type Topology = Required<Pick<Scenario, "networks" | "machines" | "clusters">>;

/** A web server on the other side of the router. */
const OUTSIDE: NonNullable<Scenario["machines"]>[string] = {
  addresses: { internet: "203.0.113.80" },
  gateway: "203.0.113.1",
  serves: [{ protocol: "http", port: 80 }],
};
const RANGES = { podRange: "10.200.0.0/16", serviceRange: "10.32.0.0/16" };

/** Two nodes on one subnet, a router with NAT, an outside host. */
export function oneSubnet(cluster: Partial<ClusterSpec>): Topology {
  return {
    networks: {
      lan: { subnet: "192.168.50.0/24" },
      internet: { subnet: "203.0.113.0/24", delayUs: 4000 },
    },
    machines: {
      gw: { router: true, addresses: { lan: "192.168.50.1", internet: "203.0.113.1" }, masqueradeTo: "internet" },
      outside: OUTSIDE,
    },
    clusters: {
      main: {
        ...RANGES,
        nodes: {
          "node-a": { addresses: { lan: "192.168.50.11" } },
          "node-b": { addresses: { lan: "192.168.50.12" } },
        },
        ...cluster,
      },
    },
  };
}

/** Two nodes on subnets of their own, a router between them that is also the way out. */
export function twoSubnets(connect: ConnectSpec, cluster: Partial<ClusterSpec>): Topology {
  return {
    networks: {
      "rack-a": { subnet: "172.18.1.0/24", delayUs: 80 },
      "rack-b": { subnet: "172.18.2.0/24", delayUs: 80 },
      internet: { subnet: "203.0.113.0/24", delayUs: 4000 },
    },
    machines: {
      gw: {
        router: true,
        addresses: { "rack-a": "172.18.1.1", "rack-b": "172.18.2.1", internet: "203.0.113.1" },
        masqueradeTo: "internet",
      },
      outside: OUTSIDE,
    },
    clusters: {
      main: {
        ...RANGES,
        connect,
        nodes: {
          "node-a": { addresses: { "rack-a": "172.18.1.11" } },
          "node-b": { addresses: { "rack-b": "172.18.2.12" } },
        },
        ...cluster,
      },
    },
  };
}

/** The same, every machine and pod with addresses of both families. */
export function bothFamilies(connect: ConnectSpec, cluster: Partial<ClusterSpec>): Topology {
  return {
    networks: {
      "rack-a": { subnet: "172.18.1.0/24", subnet6: "2001:db8:18:1::/64", delayUs: 80 },
      "rack-b": { subnet: "172.18.2.0/24", subnet6: "2001:db8:18:2::/64", delayUs: 80 },
      internet: { subnet: "203.0.113.0/24", subnet6: "2001:db8:80::/64", delayUs: 4000 },
    },
    machines: {
      gw: {
        router: true,
        addresses: { "rack-a": "172.18.1.1", "rack-b": "172.18.2.1", internet: "203.0.113.1" },
        addresses6: { "rack-a": "2001:db8:18:1::1", "rack-b": "2001:db8:18:2::1", internet: "2001:db8:80::1" },
        masqueradeTo: "internet",
      },
      outside: { ...OUTSIDE, addresses6: { internet: "2001:db8:80::80" }, gateway6: "2001:db8:80::1" },
    },
    clusters: {
      main: {
        ...RANGES,
        podRange6: "fd00:10:200::/48",
        serviceRange6: "fd00:10:32::/112",
        connect,
        nodes: {
          "node-a": { addresses: { "rack-a": "172.18.1.11" }, addresses6: { "rack-a": "2001:db8:18:1::11" } },
          "node-b": { addresses: { "rack-b": "172.18.2.12" }, addresses6: { "rack-b": "2001:db8:18:2::12" } },
        },
        ...cluster,
      },
    },
  };
}

/** A client on the first node, servers "web" on both, and one Service before them. */
export const WEB_CLUSTER = {
  pods: {
    client: { node: "node-a", labels: { app: "client" } },
    "web-a": { node: "node-a", labels: { app: "web" }, serves: [{ protocol: "http", port: 8080 }] },
    "web-b": { node: "node-b", labels: { app: "web" }, serves: [{ protocol: "http", port: 8080 }] },
  },
  services: { web: { selector: { app: "web" }, ports: [{ port: 80, targetPort: 8080 }] } },
} as const satisfies Partial<ClusterSpec>;

/** Pods of WEB_CLUSTER and a node itself ask a pod of the other node: small, large both ways. */
export const ACROSS_NODES: NonNullable<Scenario["traffic"]> = [
  { kind: "ping", from: { pod: "client" }, to: { pod: "web-b" }, at: 0.1, times: 3, every: 0.3 },
  { kind: "http", from: { pod: "client" }, to: { pod: "web-b", port: 8080 }, path: "/hello", at: 0.2, times: 3 },
  { kind: "http", from: { pod: "client" }, to: { pod: "web-b", port: 8080 }, path: "/large", size: 20000, at: 1 },
  { kind: "http", from: { pod: "web-a" }, to: { pod: "web-b", port: 8080 }, sendSize: 5000, at: 1.5 },
  { kind: "http", from: { node: "node-a" }, to: { pod: "web-b", port: 8080 }, path: "/healthz", at: 2 },
];

/** A client outside asks the port of both nodes by turns: what the policy does is all that differs. */
export function nodePort(externalTrafficPolicy: "Cluster" | "Local"): Omit<Scenario, "name" | "title"> {
  const port = 30090;
  const service: NonNullable<ClusterSpec["services"]>[string] = {
    type: "NodePort",
    externalTrafficPolicy,
    selector: { app: "web" },
    ports: [{ port: 80, targetPort: 8080, nodePort: port }],
  };
  const asks = (node: string, path: string, at: number): NonNullable<Scenario["traffic"]>[number] => ({
    kind: "http",
    from: { machine: "outside" },
    to: { node, port },
    path,
    // Answers of several segments: what a small link does with them is seen.
    size: 6000,
    at,
    times: 4,
    every: 0.5,
  });
  return {
    seconds: 3,
    ...twoSubnets({ kind: "vxlan", vni: 42 }, { ...WEB_CLUSTER, services: { web: service } }),
    traffic: [asks("node-a", "/a", 0.2), asks("node-b", "/b", 0.4)],
  };
}
