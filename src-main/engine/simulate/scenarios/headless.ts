/** A headless Service has no address: DNS gives the pods' own, and no packet is translated. */
import type { Scenario } from "../scenario/schema";
import { twoSubnets } from "./parts";

export const HEADLESS: Scenario = {
  name: "headless",
  title: "Headless Service: DNS answers with the pods' addresses, no NAT",
  seconds: 3,
  ...twoSubnets(
    { kind: "vxlan", vni: 42 },
    {
      dns: { node: "node-a" },
      pods: {
        client: { node: "node-a" },
        "db-0": { node: "node-b", labels: { app: "db" }, serves: [{ protocol: "tcp", port: 5432, size: 500 }] },
      },
      services: { db: { headless: true, selector: { app: "db" }, ports: [{ port: 5432 }] } },
    },
  ),
  traffic: [
    {
      kind: "tcp",
      from: { pod: "client" },
      to: { name: "db-0.db.default.svc.cluster.local", port: 5432 },
      sendSize: 80,
      at: 0.3,
      times: 2,
      every: 1,
    },
  ],
};
