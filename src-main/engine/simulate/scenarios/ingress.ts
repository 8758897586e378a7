/** An Ingress proxy: one connection ends, another begins; host and path of the request decide to which Service. */
import type { Scenario } from "../scenario/schema";
import { twoSubnets } from "./parts";

export const INGRESS: Scenario = {
  name: "ingress",
  title: "Ingress: by host and path to Services, two connections tied by the request",
  seconds: 4,
  ...twoSubnets(
    { kind: "vxlan", vni: 42 },
    {
      pods: {
        proxy: { node: "node-a", labels: { app: "proxy" } },
        shop: { node: "node-b", labels: { app: "shop" }, serves: [{ protocol: "http", port: 8080 }] },
        blog: { node: "node-a", labels: { app: "blog" }, serves: [{ protocol: "http", port: 8081 }] },
      },
      services: {
        entry: {
          type: "NodePort",
          externalTrafficPolicy: "Local",
          selector: { app: "proxy" },
          ports: [{ port: 80, nodePort: 30080 }],
        },
        shop: { selector: { app: "shop" }, ports: [{ port: 80, targetPort: 8080 }] },
        blog: { selector: { app: "blog" }, ports: [{ port: 80, targetPort: 8081 }] },
      },
      ingresses: {
        site: {
          proxy: "proxy",
          rules: [
            { host: "www.example.org", path: "/shop", service: "shop", port: 80 },
            { host: "www.example.org", path: "/", service: "blog", port: 80 },
          ],
        },
      },
    },
  ),
  traffic: [
    {
      kind: "http",
      from: { machine: "outside" },
      to: { node: "node-a", port: 30080 },
      host: "www.example.org",
      path: "/shop/cart",
      size: 2500,
      at: 0.2,
      times: 3,
      every: 0.8,
    },
    {
      kind: "http",
      from: { machine: "outside" },
      to: { node: "node-a", port: 30080 },
      host: "www.example.org",
      path: "/news",
      at: 0.6,
      times: 2,
      every: 0.8,
    },
  ],
};
