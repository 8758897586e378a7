/** ndots 5 and search domains: three names that do not exist before the one that does, each asked for A and AAAA. */
import type { Scenario } from "../scenario/schema";
import { twoSubnets } from "./parts";

export const DNS_EXPANSION: Scenario = {
  name: "dns-expansion",
  title: "DNS expansion: NXDOMAIN for each search domain, A and AAAA",
  seconds: 3,
  ...twoSubnets(
    { kind: "vxlan", vni: 42 },
    {
      dns: { node: "node-b", external: { "api.partner.example": "203.0.113.80" } },
      pods: { client: { node: "node-a" } },
    },
  ),
  traffic: [
    { kind: "dns", from: { pod: "client" }, name: "api.partner.example", at: 0.3 },
    { kind: "http", from: { pod: "client" }, to: { name: "api.partner.example", port: 80 }, at: 1, times: 2, every: 1 },
  ],
};
