/** A node sends what is for its own pods back to where it came from: packets circle until their TTL is used up. */
import type { Scenario } from "../scenario/schema";
import { oneSubnet, WEB_CLUSTER } from "./parts";

export const FAULT_TTL: Scenario = {
  name: "fault-ttl",
  title: "Fault: a routing loop",
  description:
    "A node sends what is for its own pods back to where it came from: packets circle until their TTL is used up.",
  seconds: 3,
  ...oneSubnet(WEB_CLUSTER),
  traffic: [{ kind: "ping", from: { pod: "client" }, to: { pod: "web-b" }, at: 0.2, times: 2, every: 0.5 }],
  faults: [{ kind: "routing-loop" }],
};
