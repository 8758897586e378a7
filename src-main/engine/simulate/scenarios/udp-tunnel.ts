/** Two nodes on subnets of their own: a process behind a TUN device on each sends pods' packets in UDP, as socat does. */
import type { Scenario } from "../scenario/schema";
import { twoSubnets, WEB_CLUSTER } from "./parts";

export const UDP_TUNNEL: Scenario = {
  name: "udp-tunnel",
  title: "Pods across subnets: IP over UDP through TUN devices",
  seconds: 3,
  ...twoSubnets({ kind: "udp", port: 9107 }, WEB_CLUSTER),
  traffic: [
    { kind: "ping", from: { pod: "client" }, to: { pod: "web-b" }, at: 0.1, times: 3, every: 0.3 },
    { kind: "http", from: { pod: "client" }, to: { pod: "web-b", port: 8080 }, path: "/hello", at: 0.2, times: 3 },
    { kind: "http", from: { pod: "client" }, to: { pod: "web-b", port: 8080 }, path: "/large", size: 20000, at: 1 },
    { kind: "http", from: { pod: "web-a" }, to: { pod: "web-b", port: 8080 }, sendSize: 5000, at: 1.5 },
    { kind: "http", from: { node: "node-a" }, to: { pod: "web-b", port: 8080 }, path: "/healthz", at: 2 },
  ],
};
