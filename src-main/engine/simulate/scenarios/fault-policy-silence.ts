/** A NetworkPolicy lets nobody in: SYNs vanish at the pod's node without a word. */
import type { Scenario } from "../scenario/schema";
import { twoSubnets, WEB_CLUSTER } from "./parts";

export const FAULT_POLICY_SILENCE: Scenario = {
  name: "fault-policy-silence",
  title: "Fault: a NetworkPolicy drops silently",
  description: "A NetworkPolicy lets nobody in: SYNs vanish at the pod's node without a word.",
  seconds: 9,
  ...twoSubnets({ kind: "vxlan", vni: 42 }, WEB_CLUSTER),
  traffic: [{ kind: "http", from: { pod: "client" }, to: { pod: "web-b", port: 8080 }, at: 0.2, times: 2, every: 0.5 }],
  faults: [{ kind: "deny-policy", pod: "web-b" }],
};
