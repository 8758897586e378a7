/** A masquerade rule that also matches traffic inside: pods see the node in place of the client. */
import type { Scenario } from "../scenario/schema";
import { oneSubnet, WEB_CLUSTER } from "./parts";

export const FAULT_SNAT_HIDES_CLIENT: Scenario = {
  name: "fault-snat-hides-client",
  title: "Fault: traffic inside the cluster is masqueraded",
  description: "A masquerade rule that also matches traffic inside: pods see the node in place of the client.",
  seconds: 3,
  ...oneSubnet(WEB_CLUSTER),
  traffic: [{ kind: "http", from: { pod: "client" }, to: { pod: "web-b", port: 8080 }, at: 0.2, times: 4, every: 0.4 }],
  faults: [{ kind: "masquerade-all", node: "node-a" }],
};
