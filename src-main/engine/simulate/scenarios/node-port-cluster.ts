/** From outside to any node's port: the node sends to any endpoint, as itself, so that the answer comes back over it. */
import type { Scenario } from "../scenario/schema";
import { nodePort } from "./parts";

export const NODE_PORT_CLUSTER: Scenario = {
  name: "node-port-cluster",
  title: "NodePort under externalTrafficPolicy Cluster: SNAT hides the client",
  ...nodePort("Cluster"),
};
