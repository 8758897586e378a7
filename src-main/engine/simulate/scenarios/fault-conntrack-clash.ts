/** A and AAAA leave one socket at once and race for one entry of connection tracking: the second is dropped. */
import type { Scenario } from "../scenario/schema";
import { twoSubnets } from "./parts";

export const FAULT_CONNTRACK_CLASH: Scenario = {
  name: "fault-conntrack-clash",
  title: "Fault: a conntrack clash, a resolver waits five seconds",
  description:
    "A and AAAA leave one socket at once and race for one entry of connection tracking: the second is dropped.",
  seconds: 9,
  ...twoSubnets(
    { kind: "vxlan", vni: 42 },
    {
      dns: { node: "node-b", external: { "api.partner.example": "203.0.113.80" } },
      pods: { client: { node: "node-a" } },
    },
  ),
  traffic: [
    {
      kind: "dns",
      from: { pod: "client" },
      name: "kube-dns.kube-system.svc.cluster.local.",
      at: 0.3,
      times: 2,
      every: 0.5,
    },
  ],
  faults: [{ kind: "conntrack-clash", node: "node-a" }],
};
