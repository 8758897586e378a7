/** A wire on the way loses packets now and then: they are sent again. */
import type { Scenario } from "../scenario/schema";
import { twoSubnets, WEB_CLUSTER } from "./parts";

export const FAULT_LOST_BETWEEN: Scenario = {
  name: "fault-lost-between",
  title: "Fault: frames are lost between the router and a node",
  description: "A wire on the way loses packets now and then: they are sent again.",
  seconds: 6,
  ...twoSubnets({ kind: "vxlan", vni: 42 }, WEB_CLUSTER),
  traffic: [
    {
      kind: "http",
      from: { pod: "client" },
      to: { pod: "web-b", port: 8080 },
      size: 30000,
      at: 0.2,
      times: 12,
      every: 0.25,
    },
  ],
  faults: [{ kind: "loss", on: "node-b/eth0", share: 0.04 }],
};
