/** Two nodes on subnets of their own: pods' packets travel as the payload of the nodes' (IP protocol 4). */
import type { Scenario } from "../scenario/schema";
import { ACROSS_NODES, twoSubnets, WEB_CLUSTER } from "./parts";

export const IPIP: Scenario = {
  name: "ipip",
  title: "Pods across subnets: IP-in-IP",
  seconds: 3,
  ...twoSubnets({ kind: "ipip" }, WEB_CLUSTER),
  traffic: ACROSS_NODES,
};
