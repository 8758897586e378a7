/** The tunnel device writes a wrong outer UDP checksum: the receiver drops what it carries. */
import type { Scenario } from "../scenario/schema";
import { twoSubnets, WEB_CLUSTER } from "./parts";

export const FAULT_BROKEN_OUTER_CHECKSUM: Scenario = {
  name: "fault-broken-outer-checksum",
  title: "Fault: VXLAN's outer checksum is wrong",
  description: "The tunnel device writes a wrong outer UDP checksum: the receiver drops what it carries.",
  seconds: 9,
  ...twoSubnets({ kind: "vxlan", vni: 42 }, WEB_CLUSTER),
  traffic: [{ kind: "http", from: { pod: "client" }, to: { pod: "web-b", port: 8080 }, at: 0.2, times: 2, every: 0.5 }],
  faults: [{ kind: "broken-checksum", node: "node-a" }],
};
