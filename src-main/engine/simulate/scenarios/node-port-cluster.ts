/** From outside to any node's port: the node sends to any endpoint, as itself, so that the answer comes back over it. */
import type { Scenario } from "../scenario/schema";
import { twoSubnets, WEB_CLUSTER } from "./parts";

export const NODE_PORT_CLUSTER: Scenario = {
  name: "node-port-cluster",
  title: "NodePort under externalTrafficPolicy Cluster: SNAT hides the client",
  seconds: 3,
  ...twoSubnets(
    { kind: "vxlan", vni: 42 },
    {
      ...WEB_CLUSTER,
      services: {
        web: {
          type: "NodePort",
          externalTrafficPolicy: "Cluster",
          selector: { app: "web" },
          ports: [{ port: 80, targetPort: 8080, nodePort: 30090 }],
        },
      },
    },
  ),
  traffic: [
    {
      kind: "http",
      from: { machine: "outside" },
      to: { node: "node-a", port: 30090 },
      path: "/a",
      at: 0.2,
      times: 4,
      every: 0.5,
    },
    {
      kind: "http",
      from: { machine: "outside" },
      to: { node: "node-b", port: 30090 },
      path: "/b",
      at: 0.4,
      times: 4,
      every: 0.5,
    },
  ],
};
