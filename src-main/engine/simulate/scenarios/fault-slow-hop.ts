/** A wire takes 40 ms one way. */
import type { Scenario } from "../scenario/schema";
import { twoSubnets, WEB_CLUSTER } from "./parts";

export const FAULT_SLOW_HOP: Scenario = {
  name: "fault-slow-hop",
  title: "Fault: a slow wire",
  description: "A wire takes 40 ms one way.",
  seconds: 6,
  ...twoSubnets({ kind: "vxlan", vni: 42 }, WEB_CLUSTER),
  traffic: [{ kind: "http", from: { pod: "client" }, to: { pod: "web-b", port: 8080 }, at: 0.2, times: 6, every: 0.5 }],
  faults: [{ kind: "slow-link", on: "node-b/eth0", delayMs: 40 }],
};
