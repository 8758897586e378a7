/** A link between two routers is smaller than the pods' own: the router before it says so, and the senders heed it. */
import type { Scenario } from "../scenario/schema";
import { WEB_CLUSTER } from "./parts";

export const FAULT_PATH_MTU: Scenario = {
  name: "fault-path-mtu",
  title: "Fault: a small link, reported by ICMP (path MTU discovery)",
  description:
    "A link between two routers is smaller than the pods' own: the router before it says so, and the senders heed it.",
  seconds: 5,
  networks: {
    lan: { subnet: "192.168.50.0/24" },
    uplink: { subnet: "198.18.0.0/30", delayUs: 2000 },
    internet: { subnet: "203.0.113.0/24", delayUs: 2000 },
  },
  machines: {
    gw: { router: true, addresses: { lan: "192.168.50.1", uplink: "198.18.0.1" }, masqueradeTo: "uplink" },
    isp: { router: true, addresses: { internet: "203.0.113.1", uplink: "198.18.0.2" } },
    outside: { addresses: { internet: "203.0.113.80" }, serves: [{ protocol: "http", port: 80 }] },
  },
  clusters: {
    main: {
      podRange: "10.200.0.0/16",
      nodes: {
        "node-a": { addresses: { lan: "192.168.50.11" } },
        "node-b": { addresses: { lan: "192.168.50.12" } },
      },
      ...WEB_CLUSTER,
    },
  },
  traffic: [
    {
      kind: "http",
      from: { pod: "client" },
      to: { machine: "outside", port: 80 },
      sendSize: 20000,
      at: 0.3,
      times: 2,
      every: 1,
    },
  ],
  faults: [{ kind: "small-mtu", on: "isp/to-uplink", mtu: 1300, silent: false }],
};
