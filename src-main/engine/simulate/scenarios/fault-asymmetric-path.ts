/** Two nodes share two networks, and one of them answers over the other one. */
import type { Scenario } from "../scenario/schema";
import { WEB_CLUSTER } from "./parts";

export const FAULT_ASYMMETRIC_PATH: Scenario = {
  name: "fault-asymmetric-path",
  title: "Fault: answers take another way than questions",
  description: "Two nodes share two networks, and one of them answers over the other one.",
  seconds: 3,
  networks: { blue: { subnet: "192.168.81.0/24" }, green: { subnet: "192.168.82.0/24" } },
  clusters: {
    main: {
      podRange: "10.200.0.0/16",
      nodes: {
        "node-a": { addresses: { blue: "192.168.81.11", green: "192.168.82.11" } },
        "node-b": { addresses: { blue: "192.168.81.12", green: "192.168.82.12" } },
      },
      ...WEB_CLUSTER,
    },
  },
  traffic: [
    {
      kind: "http",
      from: { pod: "client" },
      to: { pod: "web-b", port: 8080 },
      size: 4000,
      at: 0.2,
      times: 4,
      every: 0.4,
    },
  ],
  faults: [{ kind: "other-way-back" }],
};
