/** The gateway forgets its connections, and gives a port out again that the server still remembers. */
import type { Scenario } from "../scenario/schema";
import { twoSubnets, WEB_CLUSTER } from "./parts";

export const FAULT_PORT_REUSE: Scenario = {
  name: "fault-port-reuse",
  title: "Fault: ports used again after NAT",
  description: "The gateway forgets its connections, and gives a port out again that the server still remembers.",
  seconds: 6,
  ...twoSubnets({ kind: "vxlan", vni: 42 }, WEB_CLUSTER),
  traffic: [
    {
      kind: "http",
      from: { pod: "client" },
      to: { machine: "outside", port: 80 },
      sourcePort: 45000,
      keepOpen: true,
      at: 0.2,
    },
    { kind: "http", from: { pod: "web-a" }, to: { machine: "outside", port: 80 }, sourcePort: 45000, at: 2 },
  ],
  faults: [
    { kind: "forget-connections", machine: "node-a", at: 1 },
    { kind: "forget-connections", machine: "gw", at: 1 },
  ],
};
