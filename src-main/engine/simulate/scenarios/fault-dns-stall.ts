/** A question is lost, and the resolver asks again after five seconds. */
import type { Scenario } from "../scenario/schema";
import { twoSubnets } from "./parts";

export const FAULT_DNS_STALL: Scenario = {
  name: "fault-dns-stall",
  title: "Fault: DNS questions are lost",
  description: "A question is lost, and the resolver asks again after five seconds.",
  seconds: 9,
  ...twoSubnets(
    { kind: "vxlan", vni: 42 },
    {
      dns: { node: "node-b", external: { "api.partner.example": "203.0.113.80" } },
      pods: { client: { node: "node-a" } },
    },
  ),
  traffic: [{ kind: "dns", from: { pod: "client" }, name: "api.partner.example.", at: 0.3 }],
  faults: [{ kind: "dns-loss", count: 2 }],
};
