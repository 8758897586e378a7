/** Builds a cluster on its machines: ranges, nodes with their bridges and tunnels, Services. */
import type { Device, DeviceAt, VxlanDevice } from "../network/api/namespaces";
import type { ClusterSpec, ConnectSpec } from "../scenario/schema";
import { addressAt, AddressPool, ipv4Range, type Ipv4Range, subrange } from "./addresses";
import { buildServices } from "./build-services";
import { buildTunnelProcesses, connectNodes, outerAddress } from "./connect-nodes";
import { ipv6Part, ipv6Range } from "./ipv6-ranges";
import { deviceName, fullName } from "./names";
import { addDefaultRoute, addDefaultRoute6, addRoutes } from "./routes";
import type { ClusterState, Machine, Node, NodeIpv6, World } from "./world";

/** Room that a tunnel takes of the outer packet. */
const OVERHEAD: Readonly<Record<ConnectSpec["kind"], number>> = { routes: 0, vxlan: 50, ipip: 20, udp: 28 };
/** That an outer IPv6 header takes more than an IPv4 one. */
const IPV6_OVERHEAD = 20;
const NODE_PREFIX_LENGTH = 64;
const IPV6_SERVICES = "fd00:10:96::/112";

export function buildCluster(world: World, name: string, spec: ClusterSpec): void {
  const podRange = ipv4Range(spec.podRange);
  const serviceRange = ipv4Range(spec.serviceRange ?? "10.96.0.0/16");
  const servicePool = new AddressPool(serviceRange, 10);
  const serviceRange6 = spec.podRange6 === undefined ? undefined : ipv6Range(spec.serviceRange6 ?? IPV6_SERVICES);
  const cluster: ClusterState = {
    name,
    spec,
    podRange,
    serviceRange,
    podRange6: spec.podRange6 === undefined ? undefined : ipv6Range(spec.podRange6),
    serviceRange6,
    domain: spec.dns?.domain ?? "cluster.local",
    nodes: new Map(),
    pods: new Map(),
    services: new Map(),
    policies: new Map(Object.entries(spec.networkPolicies ?? {}).map(([n, p]) => [fullName(n), p])),
    dnsAddress: spec.dns && servicePool.reserve(spec.dns.clusterIp ?? addressAt(serviceRange, 10), "kube-dns"),
  };
  world.clusters.set(name, cluster);
  Object.keys(spec.nodes).forEach((node, index) => buildNode(world, cluster, node, index));
  const nodes = [...cluster.nodes.values()];
  for (const node of nodes) for (const other of nodes) if (node !== other) connectNodes(node, other);
  buildTunnelProcesses(nodes, spec.connect);
  buildServices(cluster, servicePool, serviceRange6 && new AddressPool(serviceRange6, 10));
}

function buildNode(world: World, cluster: ClusterState, name: string, index: number): void {
  const { network } = world;
  const { spec } = cluster;
  const nodeSpec = spec.nodes[name];
  const machine = world.machines.get(name);
  const address = machine?.cards[0]?.address;
  if (!nodeSpec || !machine || address === undefined) throw new RangeError(`node ${name} has no address`);
  addDefaultRoute(world, machine, nodeSpec.gateway);
  addDefaultRoute6(world, machine, nodeSpec.gateway6);
  addRoutes(world, machine, nodeSpec.routes ?? []);
  const podRange = nodeSpec.podRange === undefined ? nodeRange(cluster.podRange, index) : ipv4Range(nodeSpec.podRange);
  const pool = new AddressPool(podRange, 2);
  const bridgeAddress = addressAt(podRange, 1);
  const mtu = podMtu(cluster, machine);
  const six = nodeIpv6(cluster, machine, index);
  const bridge = network.bridge(
    {
      namespace: machine.namespace,
      name: spec.bridge ?? "cni0",
      addresses: [
        `${bridgeAddress}/${podRange.prefixLength}`,
        ...(six ? [`${six.bridgeAddress}/${six.podRange.prefixLength}`] : []),
      ],
      mtu,
    },
    { routesCopies: spec.bridgeRoutesCopies ?? false },
  );
  const connect = spec.connect ?? { kind: "routes" };
  const at = (fallback: string): DeviceAt => ({
    namespace: machine.namespace,
    name: ("device" in connect ? connect.device : undefined) ?? fallback,
    addresses: [
      `${addressAt(podRange, 0)}/32`,
      ...(six?.tunnelAddress === undefined ? [] : [`${six.tunnelAddress}/128`]),
    ],
    mtu,
  });
  let device: Device | undefined;
  let vxlan: VxlanDevice | undefined;
  if (connect.kind === "vxlan") {
    vxlan = network.vxlan(at(deviceName(`flannel.${connect.vni}`)), {
      vni: connect.vni,
      port: connect.port ?? 4789,
      local: outerAddress(machine, connect.outer ?? "IPv4"),
    });
    device = vxlan;
  } else if (connect.kind === "ipip") device = network.ipip(at("tunl0"), { local: address });
  else if (connect.kind === "udp") device = network.tun(at("tun0"));
  const node: Node = {
    machine,
    name,
    cluster,
    address,
    podRange,
    bridge,
    bridgeAddress,
    tunnel: device && { device, vxlan, address: addressAt(podRange, 0) },
    pool,
    six,
    ports: 0,
  };
  cluster.nodes.set(name, node);
}

/** Of the second family: a /64 of the pods' range, as for IPv4 the first left free. */
function nodeIpv6(cluster: ClusterState, machine: Machine, index: number): NodeIpv6 | undefined {
  const address = machine.cards.find((card) => card.address6 !== undefined)?.address6;
  if (cluster.podRange6 === undefined || address === undefined) return undefined;
  const podRange = ipv6Part(cluster.podRange6, NODE_PREFIX_LENGTH, index + 1);
  return {
    address,
    podRange,
    bridgeAddress: addressAt(podRange, 1),
    tunnelAddress: (cluster.spec.connect?.kind ?? "routes") === "routes" ? undefined : addressAt(podRange, 0),
    pool: new AddressPool(podRange, 2),
  };
}

function nodeRange(podRange: Ipv4Range, index: number): Ipv4Range {
  // As controllers do: a /24 for each node, the first left free where there is room.
  const length = Math.max(24, podRange.prefixLength);
  const parts = 2 ** (length - podRange.prefixLength);
  return subrange(podRange, length, parts > 16 ? index + 1 : index);
}

function podMtu(cluster: ClusterState, machine: Machine): number {
  const outer = machine.cards[0]?.device.mtu ?? 1500;
  const { connect, podMtu: told } = cluster.spec;
  const overIpv6 = connect?.kind === "vxlan" && connect.outer === "IPv6" ? IPV6_OVERHEAD : 0;
  return told ?? outer - OVERHEAD[connect?.kind ?? "routes"] - overIpv6;
}
