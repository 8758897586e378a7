/**
 * Two nodes behind a router, a bridge and two pods on each, the pods' networks joined by VXLAN, IP-in-IP, a process with a TUN device, or routes;
 * an outside host behind the router's NAT. Addresses are this builder's own.
 *
 * ```
 *  a1  a2        b1  b2
 *   └cni0┘        └cni0┘
 *    n1 ─── r ─── n2          r ─── ext 203.0.113.9
 *  10.50.1.0/24   10.50.2.0/24  pods;  172.31.1.0/24, 172.31.2.0/24 nodes;  10.60.0.0/16 Services
 * ```
 */
import type { Device, LinkProperties, Namespace } from "../../src-main/engine/simulate/network/api/namespaces";
import type { Rule } from "../../src-main/engine/simulate/network/api/netfilter";
import type { Network } from "../../src-main/engine/simulate/network/api/network";

export type Between = "vxlan" | "ipip" | "tun" | "routes";

export interface SimulatedCluster {
  readonly n1: Namespace;
  readonly n2: Namespace;
  readonly r: Namespace;
  readonly ext: Namespace;
  readonly pods: Readonly<Record<"a1" | "a2" | "b1" | "b2", Namespace>>;
}

export const POD_IP = { a1: "10.50.1.11", a2: "10.50.1.12", b1: "10.50.2.11", b2: "10.50.2.12" } as const;
export const SERVICE_IP = "10.60.0.80";
export const NODE_IP = { n1: "172.31.1.5", n2: "172.31.2.6" } as const;
export const EXT_IP = "203.0.113.9";
const VNI = 77;
const VXLAN_PORT = 4790;
const TUNNEL_PORT = 7777;

export function simulatedCluster(
  network: Network,
  between: Between,
  options: { readonly link?: LinkProperties; readonly mtu?: number; readonly routesCopies?: boolean } = {},
): SimulatedCluster {
  const link = { delayNs: 20_000, jitterNs: 2_000, ...options.link };
  const mtu = options.mtu ?? 1500;
  const r = network.namespace("r", { forwarding: true });
  const ext = network.namespace("ext");
  const nodes = (["n1", "n2"] as const).map((name, i) => {
    const node = network.namespace(name, { forwarding: true, bridgeNetfilter: true });
    const { a: nic } = network.link(
      { namespace: node, name: "eth0", addresses: [`${NODE_IP[name]}/24`], mtu },
      { namespace: r, name: `to-${name}`, addresses: [`172.31.${i + 1}.1/24`], mtu },
      link,
    );
    node.addRoute({ prefix: "0.0.0.0/0", device: nic, gateway: `172.31.${i + 1}.1` });
    return { node, nic, i };
  });
  const { a: toExt, b: extNic } = network.link(
    { namespace: r, name: "to-ext", addresses: ["203.0.113.1/24"] },
    { namespace: ext, name: "eth0", addresses: [`${EXT_IP}/24`] },
    link,
  );
  ext.addRoute({ prefix: "0.0.0.0/0", device: extNic, gateway: "203.0.113.1" });
  r.netfilter.append("nat", "POSTROUTING", { outDevice: toExt.name, target: { kind: "masquerade" } });

  const pods: Record<string, Namespace> = {};
  for (const { node, nic, i } of nodes) {
    const other = 2 - i;
    const tunnel = tunnelOf(network, between, node, i, nic.mtu);
    const podMtu = tunnel?.mtu ?? nic.mtu;
    const subnet = `10.50.${i + 1}`;
    const bridge = network.bridge(
      { namespace: node, name: "cni0", addresses: [`${subnet}.1/24`], mtu: podMtu },
      { routesCopies: options.routesCopies === true },
    );
    for (const [j, name] of (i === 0 ? ["a1", "a2"] : ["b1", "b2"]).entries()) {
      const pod = network.namespace(name);
      const [eth, port] = network.veth(
        { namespace: pod, name: "eth0", addresses: [`${subnet}.${11 + j}/24`], mtu: podMtu },
        { namespace: node, name: `veth${j}`, mtu: podMtu },
      );
      bridge.attach(port, { hairpin: true });
      pod.addRoute({ prefix: "0.0.0.0/0", device: eth, gateway: `${subnet}.1` });
      pods[name] = pod;
    }
    addRoutes(node, nic, tunnel, i, other);
    addRules(node);
  }
  if (between === "routes") {
    r.addRoute({ prefix: "10.50.1.0/24", device: r.device("to-n1"), gateway: NODE_IP.n1 });
    r.addRoute({ prefix: "10.50.2.0/24", device: r.device("to-n2"), gateway: NODE_IP.n2 });
  }
  const [one, two] = nodes;
  if (one === undefined || two === undefined) throw new Error("two nodes");
  return { n1: one.node, n2: two.node, r, ext, pods: pods as SimulatedCluster["pods"] };
}

function nodeIp(i: number): string {
  return i === 0 ? NODE_IP.n1 : NODE_IP.n2;
}

function tunnelOf(network: Network, between: Between, node: Namespace, i: number, mtu: number): Device | undefined {
  const local = nodeIp(i);
  const remote = nodeIp(1 - i);
  if (between === "vxlan") {
    const mac = (n: number): string => `02:00:00:00:aa:0${n + 1}`;
    const vxlan = network.vxlan(
      { namespace: node, name: "flannel.77", mac: mac(i), addresses: [`10.50.${i + 1}.0/32`] },
      { vni: VNI, port: VXLAN_PORT, local },
    );
    vxlan.addFdb(mac(1 - i), remote);
    node.addNeighbour(`10.50.${2 - i}.0`, mac(1 - i), vxlan);
    return vxlan;
  }
  if (between === "ipip")
    return network.ipip({ namespace: node, name: "tunl0", addresses: [`10.50.${i + 1}.0/32`] }, { local });
  if (between === "tun") {
    const tun = network.tun({ namespace: node, name: "tunx", mtu: mtu - 28, addresses: [`10.50.${i + 1}.0/32`] });
    tun.runUdpTunnel({ port: TUNNEL_PORT, remote: { address: remote, port: TUNNEL_PORT } });
    return tun;
  }
  return undefined;
}

function addRoutes(node: Namespace, nic: Device, tunnel: Device | undefined, i: number, other: number): void {
  const prefix = `10.50.${other}.0/24`;
  if (tunnel === undefined) node.addRoute({ prefix, device: nic, gateway: `172.31.${i + 1}.1` });
  else if (tunnel.kind === "vxlan")
    node.addRoute({ prefix, device: tunnel, gateway: `10.50.${other}.0`, onlink: true });
  else if (tunnel.kind === "ipip") node.addRoute({ prefix, device: tunnel, gateway: nodeIp(1 - i), onlink: true });
  else node.addRoute({ prefix, device: tunnel });
}

/** kube-proxy's rules for one Service over a1 and b1, in short. */
function addRules(node: Namespace): void {
  const { netfilter } = node;
  const endpoint = (address: string): readonly Rule[] => [
    { source: address, target: { kind: "jump", chain: "MARK-MASQ" } },
    { protocol: "tcp", target: { kind: "dnat", address, port: 8080 } },
  ];
  netfilter.append("nat", "MARK-MASQ", { target: { kind: "mark", or: 0x4000 } });
  netfilter.replace("nat", "SEP-A", endpoint(POD_IP.a1));
  netfilter.replace("nat", "SEP-B", endpoint(POD_IP.b1));
  netfilter.replace("nat", "SVC-WEB", [
    { probability: 0.5, target: { kind: "jump", chain: "SEP-A" } },
    { target: { kind: "jump", chain: "SEP-B" } },
  ]);
  const toService: Rule = {
    destination: SERVICE_IP,
    protocol: "tcp",
    destinationPort: 80,
    target: { kind: "jump", chain: "SVC-WEB" },
  };
  for (const chain of ["PREROUTING", "OUTPUT"]) netfilter.append("nat", chain, toService);
  netfilter.replace("nat", "POSTROUTING", [
    { mark: { value: 0x4000, mask: 0x4000 }, target: { kind: "masquerade" } },
    {
      source: "10.50.0.0/16",
      not: { destination: ["10.50.0.0/16", "10.60.0.0/16"] },
      outDevice: "eth0",
      target: { kind: "masquerade" },
    },
  ]);
}
