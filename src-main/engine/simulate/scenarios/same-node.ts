/** Two pods of one node: over veth, bridge, veth; switched, not routed: the TTL stays. */
import type { Scenario } from "../scenario/schema";
import { oneSubnet, WEB_CLUSTER } from "./parts";

export const SAME_NODE: Scenario = {
  name: "same-node",
  title: "Pods on one node: veth, bridge, veth",
  seconds: 2,
  ...oneSubnet(WEB_CLUSTER),
  traffic: [
    { kind: "ping", from: { pod: "client" }, to: { pod: "web-a" }, at: 0.1, times: 3, every: 0.3 },
    { kind: "http", from: { pod: "client" }, to: { pod: "web-a", port: 8080 }, path: "/hello", at: 0.2, times: 3 },
    { kind: "http", from: { pod: "client" }, to: { pod: "web-a", port: 8080 }, path: "/large", size: 20000, at: 1 },
  ],
};
