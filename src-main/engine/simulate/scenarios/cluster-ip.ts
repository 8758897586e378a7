/** A pod asks a Service: the node changes the destination to an endpoint (DNAT), and changes the answer back. */
import type { Scenario } from "../scenario/schema";
import { twoSubnets, WEB_CLUSTER } from "./parts";

export const CLUSTER_IP: Scenario = {
  name: "cluster-ip",
  title: "Pod to Service: ClusterIP, DNAT on the client's node",
  seconds: 4,
  ...twoSubnets({ kind: "vxlan", vni: 42 }, WEB_CLUSTER),
  traffic: [
    { kind: "http", from: { pod: "client" }, to: { service: "web" }, path: "/hello", at: 0.2, times: 10, every: 0.3 },
    { kind: "http", from: { pod: "client" }, to: { service: "web" }, path: "/large", size: 12000, at: 0.35, times: 2 },
  ],
};
