/** A load balancer before the nodes: it sends to the NodePort of each in turn; the Service keeps the client's address (Local). */
import type { Scenario } from "../scenario/schema";
import { WEB_CLUSTER } from "./parts";

export const LOAD_BALANCER: Scenario = {
  name: "load-balancer",
  title: "LoadBalancer: an address outside, the nodes' ports behind it",
  seconds: 4,
  networks: {
    lan: { subnet: "192.168.70.0/24" },
    internet: { subnet: "203.0.113.0/24", delayUs: 5000 },
  },
  machines: {
    lb: {
      router: true,
      addresses: { lan: "192.168.70.1", internet: "203.0.113.10" },
      balances: [{ address: "203.0.113.10", port: 80, to: ["node-a", "node-b"], targetPort: 30123 }],
    },
    customer: { addresses: { internet: "203.0.113.99" } },
  },
  clusters: {
    main: {
      podRange: "10.200.0.0/16",
      serviceRange: "10.32.0.0/16",
      nodes: {
        "node-a": { addresses: { lan: "192.168.70.11" } },
        "node-b": { addresses: { lan: "192.168.70.12" } },
      },
      pods: WEB_CLUSTER.pods,
      services: {
        web: {
          type: "LoadBalancer",
          loadBalancerIp: "203.0.113.10",
          externalTrafficPolicy: "Local",
          selector: { app: "web" },
          ports: [{ port: 80, targetPort: 8080, nodePort: 30123 }],
        },
      },
    },
  },
  traffic: [
    {
      kind: "http",
      from: { machine: "customer" },
      to: { service: "web" },
      path: "/shop",
      size: 3000,
      at: 0.2,
      times: 6,
      every: 0.5,
    },
  ],
};
