/** An ExternalName Service is a name only: DNS answers with a CNAME, and the call goes outside. */
import type { Scenario } from "../scenario/schema";
import { twoSubnets } from "./parts";

export const EXTERNAL_NAME: Scenario = {
  name: "external-name",
  title: "ExternalName: a CNAME, then straight outside",
  seconds: 3,
  ...twoSubnets(
    { kind: "vxlan", vni: 42 },
    {
      dns: { node: "node-b", external: { "api.partner.example": "203.0.113.80" } },
      pods: { client: { node: "node-a" } },
      services: { partner: { type: "ExternalName", externalName: "api.partner.example" } },
    },
  ),
  traffic: [
    {
      kind: "http",
      from: { pod: "client" },
      to: { name: "partner.default.svc.cluster.local", port: 80 },
      path: "/orders",
      size: 700,
      at: 0.3,
      times: 2,
      every: 1,
    },
  ],
};
