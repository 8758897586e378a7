/** Two containers of one pod share its network namespace: they talk over loopback, and no packet leaves the pod. */
import type { Scenario } from "../scenario/schema";
import { oneSubnet } from "./parts";

export const CONTAINER_TO_CONTAINER: Scenario = {
  name: "container-to-container",
  title: "Container to container: over the loopback device inside a pod",
  seconds: 2,
  ...oneSubnet({
    pods: {
      shop: {
        node: "node-a",
        containers: [{ name: "app" }, { name: "cache", serves: [{ protocol: "tcp", port: 6379, size: 300 }] }],
      },
    },
  }),
  traffic: [
    { kind: "tcp", from: { pod: "shop" }, to: { loopback: true, port: 6379 }, sendSize: 40, at: 0.2, times: 3 },
  ],
};
