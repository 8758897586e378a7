/** From outside to a node's port, local endpoints only: the source stays what it is. */
import type { Scenario } from "../scenario/schema";
import { nodePort } from "./parts";

export const NODE_PORT_LOCAL: Scenario = {
  name: "node-port-local",
  title: "NodePort under externalTrafficPolicy Local: the pod sees the client",
  ...nodePort("Local"),
};
