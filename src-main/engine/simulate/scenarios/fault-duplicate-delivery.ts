/** A wire delivers frames twice. */
import type { Scenario } from "../scenario/schema";
import { twoSubnets, WEB_CLUSTER } from "./parts";

export const FAULT_DUPLICATE_DELIVERY: Scenario = {
  name: "fault-duplicate-delivery",
  title: "Fault: frames are delivered twice",
  description: "A wire delivers frames twice.",
  seconds: 4,
  ...twoSubnets({ kind: "vxlan", vni: 42 }, WEB_CLUSTER),
  traffic: [
    {
      kind: "http",
      from: { pod: "client" },
      to: { pod: "web-b", port: 8080 },
      size: 20000,
      keepOpen: true,
      at: 0.2,
      times: 6,
      every: 0.4,
    },
  ],
  faults: [{ kind: "duplicate", on: "node-b/eth0", share: 0.1 }],
};
