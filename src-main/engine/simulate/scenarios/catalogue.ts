/** All built-in scenarios, in the order of `hopscope simulate --list`. */
import type { Scenario } from "../scenario/schema";
import { CLUSTER_IP } from "./cluster-ip";
import { CONTAINER_TO_CONTAINER } from "./container-to-container";
import { DNS_EXPANSION } from "./dns-expansion";
import { DUAL_STACK } from "./dual-stack";
import { EGRESS } from "./egress";
import { EXTERNAL_NAME } from "./external-name";
import { FAULT_ARP_CONFLICT } from "./fault-arp-conflict";
import { FAULT_ASYMMETRIC_PATH } from "./fault-asymmetric-path";
import { FAULT_BROKEN_OUTER_CHECKSUM } from "./fault-broken-outer-checksum";
import { FAULT_CONNTRACK_CLASH } from "./fault-conntrack-clash";
import { FAULT_CONNTRACK_DIFFERS } from "./fault-conntrack-differs";
import { FAULT_DEAD_ENDPOINT } from "./fault-dead-endpoint";
import { FAULT_DNS_STALL } from "./fault-dns-stall";
import { FAULT_DUPLICATE_DELIVERY } from "./fault-duplicate-delivery";
import { FAULT_IPV6_TOO_BIG_DROPPED } from "./fault-ipv6-too-big-dropped";
import { FAULT_LOST_BETWEEN } from "./fault-lost-between";
import { FAULT_MTU_BLACKHOLE } from "./fault-mtu-blackhole";
import { FAULT_NO_ENDPOINT } from "./fault-no-endpoint";
import { FAULT_PATH_MTU } from "./fault-path-mtu";
import { FAULT_POLICY_SILENCE } from "./fault-policy-silence";
import { FAULT_PORT_REUSE } from "./fault-port-reuse";
import { FAULT_SLOW_ANSWER } from "./fault-slow-answer";
import { FAULT_SLOW_HOP } from "./fault-slow-hop";
import { FAULT_SNAT_HIDES_CLIENT } from "./fault-snat-hides-client";
import { FAULT_TTL } from "./fault-ttl";
import { HAIRPIN } from "./hairpin";
import { HEADLESS } from "./headless";
import { HOME_NETWORK } from "./home-network";
import { INGRESS } from "./ingress";
import { IPIP } from "./ipip";
import { LOAD_BALANCER } from "./load-balancer";
import { NODE_PORT_CLUSTER } from "./node-port-cluster";
import { NODE_PORT_LOCAL } from "./node-port-local";
import { POD_REPLACED } from "./pod-replaced";
import { ROUTES } from "./routes";
import { SAME_NODE } from "./same-node";
import { TWO_CLUSTERS } from "./two-clusters";
import { UDP_TUNNEL } from "./udp-tunnel";
import { VXLAN } from "./vxlan";

export const SCENARIOS: readonly Scenario[] = [
  HOME_NETWORK,
  CONTAINER_TO_CONTAINER,
  SAME_NODE,
  ROUTES,
  VXLAN,
  IPIP,
  UDP_TUNNEL,
  CLUSTER_IP,
  HAIRPIN,
  HEADLESS,
  NODE_PORT_CLUSTER,
  NODE_PORT_LOCAL,
  LOAD_BALANCER,
  EXTERNAL_NAME,
  INGRESS,
  EGRESS,
  DNS_EXPANSION,
  POD_REPLACED,
  TWO_CLUSTERS,
  DUAL_STACK,
  FAULT_LOST_BETWEEN,
  FAULT_MTU_BLACKHOLE,
  FAULT_PATH_MTU,
  FAULT_IPV6_TOO_BIG_DROPPED,
  FAULT_SNAT_HIDES_CLIENT,
  FAULT_ASYMMETRIC_PATH,
  FAULT_POLICY_SILENCE,
  FAULT_NO_ENDPOINT,
  FAULT_DEAD_ENDPOINT,
  FAULT_BROKEN_OUTER_CHECKSUM,
  FAULT_PORT_REUSE,
  FAULT_CONNTRACK_CLASH,
  FAULT_CONNTRACK_DIFFERS,
  FAULT_DNS_STALL,
  FAULT_ARP_CONFLICT,
  FAULT_SLOW_HOP,
  FAULT_SLOW_ANSWER,
  FAULT_TTL,
  FAULT_DUPLICATE_DELIVERY,
];

export function findScenario(name: string): Scenario | undefined {
  return SCENARIOS.find((s) => s.name === name);
}
