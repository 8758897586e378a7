/** Two nodes on one subnet: each knows the other's pod range by a route, no packet is changed but for TTL and MAC addresses. */
import type { Scenario } from "../scenario/schema";
import { ACROSS_NODES, oneSubnet, WEB_CLUSTER } from "./parts";

export const ROUTES: Scenario = {
  name: "routes",
  title: "Pods across nodes on one subnet: plain routes",
  seconds: 3,
  ...oneSubnet({ ...WEB_CLUSTER, connect: { kind: "routes" } }),
  traffic: ACROSS_NODES,
};
