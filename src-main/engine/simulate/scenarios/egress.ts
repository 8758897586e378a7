/** A pod asks the world outside: its node translates, then the gateway translates again. */
import type { Scenario } from "../scenario/schema";
import { twoSubnets, WEB_CLUSTER } from "./parts";

export const EGRESS: Scenario = {
  name: "egress",
  title: "Egress: SNAT at the node, a second NAT at the gateway",
  seconds: 3,
  ...twoSubnets({ kind: "vxlan", vni: 42 }, WEB_CLUSTER),
  traffic: [
    { kind: "ping", from: { pod: "client" }, to: { machine: "outside" }, at: 0.1, times: 3, every: 0.5 },
    {
      kind: "http",
      from: { pod: "client" },
      to: { machine: "outside", port: 80 },
      path: "/update",
      size: 6000,
      at: 0.3,
      times: 3,
    },
    { kind: "http", from: { pod: "web-b" }, to: { machine: "outside", port: 80 }, path: "/feed", at: 0.8, times: 2 },
  ],
};
