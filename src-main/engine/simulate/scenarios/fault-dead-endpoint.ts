/** The pod is gone, and the Service's rules still lead to its address. */
import type { Scenario } from "../scenario/schema";
import { twoSubnets, WEB_CLUSTER } from "./parts";

export const FAULT_DEAD_ENDPOINT: Scenario = {
  name: "fault-dead-endpoint",
  title: "Fault: a Service leads to a pod that is gone",
  description: "The pod is gone, and the Service's rules still lead to its address.",
  seconds: 9,
  ...twoSubnets({ kind: "vxlan", vni: 42 }, WEB_CLUSTER),
  traffic: [
    { kind: "http", from: { pod: "client" }, to: { service: "web" }, at: 0.2, times: 4, every: 0.5 },
    { kind: "ping", from: { node: "node-a" }, to: { node: "node-b" }, at: 0.1, times: 8, every: 1 },
  ],
  faults: [{ kind: "stale-endpoint", service: "web" }],
};
