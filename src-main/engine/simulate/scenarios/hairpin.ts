/** A pod asks a Service and gets itself: destination and source change, so that its answer comes back through the node. */
import type { Scenario } from "../scenario/schema";
import { oneSubnet } from "./parts";

export const HAIRPIN: Scenario = {
  name: "hairpin",
  title: "Hairpin: a pod reaches itself through its Service (DNAT and SNAT)",
  seconds: 2,
  ...oneSubnet({
    pods: { solo: { node: "node-a", labels: { app: "solo" }, serves: [{ protocol: "http", port: 8080 }] } },
    services: { solo: { selector: { app: "solo" }, ports: [{ port: 80, targetPort: 8080 }] } },
  }),
  traffic: [
    { kind: "http", from: { pod: "solo" }, to: { service: "solo" }, path: "/me", at: 0.2, times: 3, every: 0.4 },
  ],
};
