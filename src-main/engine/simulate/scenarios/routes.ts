/** Two nodes on one subnet: each knows the other's pod range by a route, no packet is changed but for TTL and MAC addresses. */
import type { Scenario } from "../scenario/schema";
import { oneSubnet, WEB_CLUSTER } from "./parts";

export const ROUTES: Scenario = {
  name: "routes",
  title: "Pods across nodes on one subnet: plain routes",
  seconds: 3,
  ...oneSubnet({ ...WEB_CLUSTER, connect: { kind: "routes" } }),
  traffic: [
    { kind: "ping", from: { pod: "client" }, to: { pod: "web-b" }, at: 0.1, times: 3, every: 0.3 },
    { kind: "http", from: { pod: "client" }, to: { pod: "web-b", port: 8080 }, path: "/hello", at: 0.2, times: 3 },
    { kind: "http", from: { pod: "client" }, to: { pod: "web-b", port: 8080 }, path: "/large", size: 20000, at: 1 },
    { kind: "http", from: { pod: "web-a" }, to: { pod: "web-b", port: 8080 }, sendSize: 5000, at: 1.5 },
    { kind: "http", from: { node: "node-a" }, to: { pod: "web-b", port: 8080 }, path: "/healthz", at: 2 },
  ],
};
