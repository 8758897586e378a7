/** Two pods of one node say to have one address. */
import type { Scenario } from "../scenario/schema";
import { oneSubnet, WEB_CLUSTER } from "./parts";

export const FAULT_ARP_CONFLICT: Scenario = {
  name: "fault-arp-conflict",
  title: "Fault: one address given twice",
  description: "Two pods of one node say to have one address.",
  seconds: 4,
  ...oneSubnet(WEB_CLUSTER),
  traffic: [{ kind: "ping", from: { node: "node-a" }, to: { pod: "client" }, at: 0.2, times: 6, every: 0.4 }],
  faults: [{ kind: "duplicate-address", machine: "client", at: 1 }],
};
