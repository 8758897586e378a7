/** Each pod has an address of either family, over VXLAN; one Service for both, one for IPv6 alone, both found by DNS (A and AAAA). */
import type { Scenario } from "../scenario/schema";
import { bothFamilies, WEB_CLUSTER } from "./parts";

export const DUAL_STACK: Scenario = {
  name: "dual-stack",
  title: "IPv6 beside IPv4: neighbour discovery, DNAT of either family, VXLAN, AAAA",
  description:
    "Pods, Services and nodes have addresses of both families. IPv6 neighbours are found by ICMPv6 in place of ARP; the node translates calls to a Service's IPv6 address as it does IPv4's.",
  seconds: 4,
  ...bothFamilies(
    { kind: "vxlan", vni: 42 },
    {
      ...WEB_CLUSTER,
      services: {
        web: { ...WEB_CLUSTER.services.web, families: ["IPv4", "IPv6"] },
        "web-six": { selector: { app: "web" }, ports: [{ port: 80, targetPort: 8080 }], families: ["IPv6"] },
      },
      dns: { node: "node-b" },
    },
  ),
  traffic: [
    { kind: "ping", from: { pod: "client" }, to: { pod: "web-b", family: "IPv6" }, at: 0.1, times: 3, every: 0.3 },
    { kind: "ping", from: { pod: "web-a" }, to: { machine: "outside", family: "IPv6" }, at: 0.15 },
    {
      kind: "http",
      from: { pod: "client" },
      to: { service: "web", family: "IPv6" },
      path: "/six",
      at: 0.2,
      times: 6,
      every: 0.3,
    },
    {
      kind: "http",
      from: { pod: "client" },
      to: { service: "web", family: "IPv4" },
      path: "/four",
      at: 0.25,
      times: 3,
    },
    {
      kind: "http",
      from: { pod: "client" },
      to: { name: "web-six.default.svc.cluster.local", port: 80 },
      path: "/by-name",
      at: 0.6,
      times: 2,
      every: 0.7,
    },
    {
      kind: "http",
      from: { pod: "web-a" },
      to: { pod: "web-b", port: 8080, family: "IPv6" },
      path: "/large",
      size: 20000,
      at: 1,
    },
    {
      kind: "http",
      from: { node: "node-a" },
      to: { pod: "web-b", port: 8080, family: "IPv6" },
      path: "/healthz",
      at: 2,
    },
    {
      kind: "http",
      from: { pod: "web-b" },
      to: { machine: "outside", port: 80, family: "IPv6" },
      path: "/out",
      at: 2.3,
    },
    { kind: "udp", from: { pod: "client" }, to: { pod: "web-a", port: 9, family: "IPv6" }, at: 2.6 },
  ],
};
