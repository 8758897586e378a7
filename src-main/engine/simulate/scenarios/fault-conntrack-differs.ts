/** The output of connection tracking that is at hand was taken at another time: it tells other endpoints. */
import type { Scenario } from "../scenario/schema";
import { twoSubnets, WEB_CLUSTER } from "./parts";

export const FAULT_CONNTRACK_DIFFERS: Scenario = {
  name: "fault-conntrack-differs",
  title: "Fault: connection tracking's output is of another moment",
  description: "The output of connection tracking that is at hand was taken at another time: it tells other endpoints.",
  seconds: 3,
  ...twoSubnets({ kind: "vxlan", vni: 42 }, WEB_CLUSTER),
  traffic: [{ kind: "http", from: { pod: "client" }, to: { service: "web" }, at: 0.2, times: 3, every: 0.5 }],
  faults: [{ kind: "stale-conntrack", node: "node-a" }],
};
