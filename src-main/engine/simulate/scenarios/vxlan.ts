/** Two nodes on subnets of their own: a VXLAN device on each carries the pods' frames in UDP. */
import type { Scenario } from "../scenario/schema";
import { ACROSS_NODES, twoSubnets, WEB_CLUSTER } from "./parts";

export const VXLAN: Scenario = {
  name: "vxlan",
  title: "Pods across subnets: VXLAN",
  seconds: 3,
  ...twoSubnets({ kind: "vxlan", vni: 1, port: 8472 }, WEB_CLUSTER),
  traffic: ACROSS_NODES,
};
