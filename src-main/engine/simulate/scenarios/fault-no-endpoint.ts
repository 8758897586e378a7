/** No pod behind the Service is ready: the node rejects with ICMP, as kube-proxy's rules do. */
import type { Scenario } from "../scenario/schema";
import { twoSubnets, WEB_CLUSTER } from "./parts";

export const FAULT_NO_ENDPOINT: Scenario = {
  name: "fault-no-endpoint",
  title: "Fault: a Service without endpoints",
  description: "No pod behind the Service is ready: the node rejects with ICMP, as kube-proxy's rules do.",
  seconds: 3,
  ...twoSubnets({ kind: "vxlan", vni: 42 }, WEB_CLUSTER),
  traffic: [{ kind: "http", from: { pod: "client" }, to: { service: "web" }, at: 0.2, times: 3, every: 0.5 }],
  faults: [{ kind: "no-endpoints", service: "web" }],
};
