/** Large packets vanish behind the router and nobody says so: the handshake works, the answer never comes. */
import type { Scenario } from "../scenario/schema";
import { twoSubnets, WEB_CLUSTER } from "./parts";

export const FAULT_MTU_BLACKHOLE: Scenario = {
  name: "fault-mtu-blackhole",
  title: "Fault: an MTU blackhole",
  description:
    "Large packets vanish behind the router and nobody says so: the handshake works, the answer never comes.",
  seconds: 12,
  ...twoSubnets({ kind: "vxlan", vni: 42 }, WEB_CLUSTER),
  traffic: [
    { kind: "ping", from: { pod: "web-a" }, to: { pod: "web-b" }, at: 0.1, times: 12, every: 1 },
    { kind: "http", from: { pod: "client" }, to: { pod: "web-b", port: 8080 }, path: "/small", at: 0.2, times: 3 },
    {
      kind: "http",
      from: { pod: "client" },
      to: { pod: "web-b", port: 8080 },
      path: "/large",
      size: 20000,
      at: 1,
      times: 2,
      every: 0.5,
    },
  ],
  faults: [{ kind: "small-mtu", on: "node-b/eth0", mtu: 1400 }],
};
