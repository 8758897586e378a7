/** Two clusters with ranges of their own and routes between them: pods reach pods over both, without NAT. */
import type { Scenario } from "../scenario/schema";

export const TWO_CLUSTERS: Scenario = {
  name: "two-clusters",
  title: "Two clusters: pod to pod over a router that knows both pod ranges",
  seconds: 3,
  networks: {
    west: { subnet: "192.168.10.0/24" },
    east: { subnet: "192.168.20.0/24" },
  },
  machines: {
    core: {
      router: true,
      addresses: { west: "192.168.10.1", east: "192.168.20.1" },
      routes: [
        { to: "10.10.0.0/24", via: "192.168.10.11" },
        { to: "10.20.0.0/24", via: "192.168.20.11" },
      ],
    },
  },
  clusters: {
    west: {
      podRange: "10.10.0.0/16",
      serviceRange: "10.110.0.0/16",
      noMasquerade: ["10.20.0.0/16"],
      nodes: { "west-1": { addresses: { west: "192.168.10.11" }, podRange: "10.10.0.0/24" } },
      pods: { orders: { node: "west-1", serves: [{ protocol: "http", port: 8080 }] } },
    },
    east: {
      podRange: "10.20.0.0/16",
      serviceRange: "10.120.0.0/16",
      noMasquerade: ["10.10.0.0/16"],
      nodes: { "east-1": { addresses: { east: "192.168.20.11" }, podRange: "10.20.0.0/24" } },
      pods: { stock: { node: "east-1", serves: [{ protocol: "http", port: 8080 }] } },
    },
  },
  traffic: [
    { kind: "ping", from: { pod: "orders" }, to: { pod: "stock" }, at: 0.1, times: 2, every: 0.5 },
    {
      kind: "http",
      from: { pod: "orders" },
      to: { pod: "stock", port: 8080 },
      path: "/items",
      size: 4000,
      at: 0.3,
      times: 3,
    },
    { kind: "http", from: { pod: "stock" }, to: { pod: "orders", port: 8080 }, path: "/open", at: 0.8, times: 2 },
  ],
};
