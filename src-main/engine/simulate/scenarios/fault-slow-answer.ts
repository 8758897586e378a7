/** A pod thinks three seconds before it answers. */
import type { Scenario } from "../scenario/schema";
import { twoSubnets, WEB_CLUSTER } from "./parts";

export const FAULT_SLOW_ANSWER: Scenario = {
  name: "fault-slow-answer",
  title: "Fault: a slow server",
  description: "A pod thinks three seconds before it answers.",
  seconds: 8,
  ...twoSubnets({ kind: "vxlan", vni: 42 }, WEB_CLUSTER),
  traffic: [{ kind: "http", from: { pod: "client" }, to: { pod: "web-b", port: 8080 }, at: 0.2, times: 3, every: 0.5 }],
  faults: [{ kind: "slow-server", pod: "web-b", delayMs: 3000 }],
};
