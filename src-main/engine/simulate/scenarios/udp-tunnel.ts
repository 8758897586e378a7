/** Two nodes on subnets of their own: a process behind a TUN device on each sends pods' packets in UDP, as socat does. */
import type { Scenario } from "../scenario/schema";
import { ACROSS_NODES, twoSubnets, WEB_CLUSTER } from "./parts";

export const UDP_TUNNEL: Scenario = {
  name: "udp-tunnel",
  title: "Pods across subnets: IP over UDP through TUN devices",
  seconds: 3,
  ...twoSubnets({ kind: "udp", port: 9107 }, WEB_CLUSTER),
  traffic: ACROSS_NODES,
};
