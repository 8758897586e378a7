/**
 * The four recorded labs (labs/README.md beside the recordings) as scenarios: the same machines, devices and requests, other addresses.
 *
 * ```
 *  web-a ══ n1 ════ r ════ n2 ══ web-b          n1 and n2 on one subnet (hostgw) or on their own (vxlan, ipip, udptun)
 *  client-a ╝       ║       ╚ client-b
 *                  ext
 * ```
 */
import type { ConnectSpec, Scenario, TrafficSpec } from "../../src-main/engine/simulate/scenario/schema";

const SERVES = [{ protocol: "http", port: 5000 }] as const;
const NODE_PORT = 30555;

export type LabMode = "hostgw" | "vxlan" | "ipip" | "udptun";
export const LAB_MODES: readonly LabMode[] = ["hostgw", "vxlan", "ipip", "udptun"];

const CONNECT: Readonly<Record<LabMode, ConnectSpec>> = {
  hostgw: { kind: "routes" },
  vxlan: { kind: "vxlan", vni: 77, port: 4790, device: "vxlan.calico" },
  ipip: { kind: "ipip", device: "tunl0" },
  udptun: { kind: "udp", port: 7788, device: "tundudp" },
};

function traffic(): readonly TrafficSpec[] {
  const toService = (from: TrafficSpec["from"], at: number): TrafficSpec => ({
    kind: "http",
    from,
    to: { service: "web", port: 8000 },
    at,
    times: 10,
    every: 0.2,
  });
  return [
    { kind: "ping", from: { pod: "client-a" }, to: { pod: "web-a" }, at: 0.05, times: 2 },
    { kind: "ping", from: { pod: "client-a" }, to: { pod: "web-b" }, at: 0.1, times: 2 },
    { kind: "ping", from: { pod: "client-a" }, to: { machine: "ext" }, at: 0.15, times: 2 },
    { kind: "http", from: { pod: "client-a" }, to: { pod: "web-a", port: 5000 }, at: 0.3, times: 4 },
    { kind: "http", from: { pod: "client-a" }, to: { pod: "web-b", port: 5000 }, size: 20000, at: 0.35, times: 4 },
    { kind: "http", from: { pod: "client-b" }, to: { pod: "web-a", port: 5000 }, at: 0.4, times: 4 },
    { kind: "http", from: { node: "n1" }, to: { pod: "web-b", port: 5000 }, at: 0.45, times: 4 },
    toService({ pod: "client-a" }, 1),
    toService({ pod: "client-b" }, 1.03),
    toService({ pod: "web-a" }, 1.06),
    toService({ node: "n1" }, 1.09),
    ...["n1", "n2"].map((node, i): TrafficSpec => ({
      kind: "http",
      from: { machine: "ext" },
      to: { node, port: NODE_PORT },
      at: 1.12 + i * 0.03,
      times: 10,
    })),
    { kind: "http", from: { pod: "client-a" }, to: { machine: "ext", port: 80 }, at: 1.15, times: 3 },
    { kind: "http", from: { pod: "client-b" }, to: { machine: "ext", port: 80 }, at: 1.2, times: 3 },
  ];
}

export function labScenario(mode: LabMode): Scenario {
  const oneSubnet = mode === "hostgw";
  return {
    name: `lab-${mode}`,
    title: `The lab ${mode}, simulated`,
    seconds: 5,
    networks: {
      ...(oneSubnet
        ? { lan: { subnet: "10.7.0.0/24", bridgedBy: "r", bridge: "lan" } }
        : { n1: { subnet: "10.7.1.0/24" }, n2: { subnet: "10.7.2.0/24" } }),
      ext: { subnet: "192.0.2.0/24" },
    },
    machines: {
      r: {
        router: true,
        addresses: { ...(oneSubnet ? { lan: "10.7.0.1" } : { n1: "10.7.1.1", n2: "10.7.2.1" }), ext: "192.0.2.1" },
        masqueradeTo: "ext",
      },
      ext: { addresses: { ext: "192.0.2.99" }, gateway: "192.0.2.1", serves: [{ protocol: "http", port: 80 }] },
    },
    clusters: {
      lab: {
        podRange: "10.64.0.0/16",
        serviceRange: "10.65.0.0/16",
        connect: CONNECT[mode],
        bridgeRoutesCopies: true,
        nodes: {
          n1: { addresses: oneSubnet ? { lan: "10.7.0.11" } : { n1: "10.7.1.11" } },
          n2: { addresses: oneSubnet ? { lan: "10.7.0.12" } : { n2: "10.7.2.12" } },
        },
        pods: {
          "web-a": { node: "n1", labels: { app: "web" }, serves: [...SERVES] },
          "client-a": { node: "n1", labels: { app: "client" } },
          "web-b": { node: "n2", labels: { app: "web" }, serves: [...SERVES] },
          "client-b": { node: "n2", labels: { app: "client" } },
        },
        services: {
          web: {
            type: "NodePort",
            selector: { app: "web" },
            ports: [{ port: 8000, targetPort: 5000, nodePort: NODE_PORT }],
          },
        },
      },
    },
    traffic: [...traffic()],
  };
}
