/** A pod goes while clients call: endpoints change, another pod is made and may get the address. */
import type { Scenario } from "../scenario/schema";
import { twoSubnets } from "./parts";

export const POD_REPLACED: Scenario = {
  name: "pod-replaced",
  title: "A pod is replaced during traffic: endpoints follow, its address is used again",
  seconds: 8,
  ...twoSubnets(
    { kind: "vxlan", vni: 42 },
    {
      pods: {
        client: { node: "node-a" },
        "web-bkq2x": {
          node: "node-b",
          replicaSet: "web",
          labels: { app: "web" },
          serves: [{ protocol: "http", port: 8080 }],
        },
        "web-zv8dm": {
          node: "node-a",
          replicaSet: "web",
          labels: { app: "web" },
          serves: [{ protocol: "http", port: 8080 }],
        },
      },
      services: { web: { selector: { app: "web" }, ports: [{ port: 80, targetPort: 8080 }] } },
    },
  ),
  traffic: [{ kind: "http", from: { pod: "client" }, to: { service: "web" }, at: 0.2, times: "always", every: 0.25 }],
  changes: [{ kind: "delete-pod", name: "web-bkq2x", at: 3, graceSeconds: 1 }],
};
