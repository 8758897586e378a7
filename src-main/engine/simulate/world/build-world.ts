/**
 * Builds what a scenario describes: namespaces, cards, wires, switches, bridges, routes, tunnels, addresses.
 *
 * ```
 *  pod ── eth0 ═ veth0 ──┐                         ┌── veth0 ═ eth0 ── pod
 *                        cni0 ── tunnel ── eth0 ═══ router ═══ eth0 ── tunnel ── cni0
 *  pod ── eth0 ═ veth1 ──┘        node n1                       node n2
 * ```
 */
import { formatAddress } from "../../../../src-shared/model/ip-range";
import type { Device, DeviceAt, Link, LinkProperties, Namespace, VxlanDevice } from "../network/api/namespaces";
import type { Network } from "../network/api/network";
import type { ClusterSpec, ConnectSpec, MachineSpec, NetworkSpec, Scenario, ServiceSpec } from "../scenario/schema";
import { addressAt, AddressPool, ipv4Range, isInRange, type Ipv4Range, subrange } from "./addresses";
import { ipv6Part, ipv6Range } from "./ipv6-ranges";
import { fullName } from "./names";
import { uid } from "./uid";
import type { Card, ClusterState, Family, Machine, Node, NodeIpv6, ServicePort, ServiceState, World } from "./world";

/** Linux' limit for names of devices. */
const MAX_DEVICE_NAME = 15;
const FIRST_NODE_PORT = 30000;
/** Room that a tunnel takes of the outer packet. */
const OVERHEAD: Readonly<Record<ConnectSpec["kind"], number>> = { routes: 0, vxlan: 50, ipip: 20, udp: 28 };
/** That an outer IPv6 header takes more than an IPv4 one. */
const IPV6_OVERHEAD = 20;
const NODE_PREFIX_LENGTH = 64;
const IPV6_SERVICES = "fd00:10:96::/112";

interface Attachment {
  readonly machine: string;
  readonly address: string | undefined;
  readonly address6: string | undefined;
  readonly device: string;
}

export function buildWorld(scenario: Scenario, network: Network): World {
  const world: World = {
    scenario,
    network,
    machines: new Map(),
    clusters: new Map(),
    allPods: [],
    askedByName: new Map(),
  };
  const cards = new Map<string, Card[]>();
  const namespaces = new Map<string, Namespace>();
  const attachments = listAttachments(scenario);
  for (const name of attachments.names) {
    const spec = scenario.machines?.[name];
    namespaces.set(
      name,
      network.namespace(name, {
        forwarding: attachments.nodes.has(name) || spec?.router === true || spec?.balances !== undefined,
        bridgeNetfilter: attachments.nodes.has(name),
        connectionTracking:
          attachments.nodes.has(name) || spec?.masqueradeTo !== undefined || spec?.balances !== undefined,
      }),
    );
    cards.set(name, []);
  }
  for (const [name, spec] of Object.entries(scenario.networks ?? {}))
    buildNetwork(world, name, spec, attachments.of.get(name) ?? [], namespaces, cards);

  for (const name of attachments.names) {
    const spec = scenario.machines?.[name];
    const machine: Machine = {
      name,
      kind: attachments.nodes.has(name) ? "node" : spec?.router === true ? "router" : "host",
      namespace: namespaces.get(name) as Namespace,
      cards: inOrder(cards.get(name) ?? [], attachments.order.get(name) ?? []),
      spec,
      nameserver: spec?.nameserver,
    };
    world.machines.set(name, machine);
  }
  for (const [name, spec] of Object.entries(scenario.machines ?? {}))
    configureMachine(world, world.machines.get(name) as Machine, spec);
  for (const [name, spec] of Object.entries(scenario.clusters ?? {})) buildCluster(world, name, spec);
  return world;
}

/** The route to everywhere: through the gateway told, else the router of the first network. */
export function addDefaultRoute(world: World, machine: Machine, told: string | undefined): void {
  for (const card of machine.cards) {
    if (card.address === undefined) continue;
    const gateway = told ?? routerOf(world, card.network, machine.name);
    const spec = world.scenario.networks?.[card.network];
    if (gateway === undefined || !spec || !isInRange(ipv4Range(spec.subnet), gateway)) continue;
    machine.namespace.addRoute({ prefix: "0.0.0.0/0", device: card.device, gateway });
    return;
  }
}

/** The same for IPv6. */
function addDefaultRoute6(world: World, machine: Machine, told: string | undefined): void {
  for (const card of machine.cards) {
    const gateway = told ?? routerOf(world, card.network, machine.name, "addresses6");
    const subnet = world.scenario.networks?.[card.network]?.subnet6;
    if (card.address6 === undefined || gateway === undefined || subnet === undefined) continue;
    if (!isInRange(ipv6Range(subnet), gateway)) continue;
    machine.namespace.addRoute({ prefix: "::/0", device: card.device, gateway });
    return;
  }
}

function listAttachments(scenario: Scenario): {
  readonly names: readonly string[];
  readonly nodes: ReadonlySet<string>;
  readonly of: ReadonlyMap<string, readonly Attachment[]>;
  /** Networks of each machine, the first first. */
  readonly order: ReadonlyMap<string, readonly string[]>;
} {
  const of = new Map<string, Attachment[]>();
  const order = new Map<string, readonly string[]>();
  const nodes = new Set<string>();
  const add = (
    machine: string,
    addresses: Readonly<Record<string, string>>,
    addresses6: Readonly<Record<string, string>> | undefined,
    device: (network: string, index: number) => string,
  ): void => {
    order.set(machine, Object.keys(addresses));
    Object.entries(addresses).forEach(([network, address], index) => {
      const list = of.get(network) ?? [];
      of.set(network, list);
      list.push({
        machine,
        address: address === "dhcp" ? undefined : address,
        address6: addresses6?.[network],
        device: device(network, index),
      });
    });
  };
  for (const [name, spec] of Object.entries(scenario.machines ?? {}))
    add(
      name,
      spec.addresses,
      spec.addresses6,
      (network, index) =>
        spec.devices?.[network] ?? (spec.router === true ? deviceName(`to-${network}`) : `eth${index}`),
    );
  for (const cluster of Object.values(scenario.clusters ?? {}))
    for (const [name, spec] of Object.entries(cluster.nodes)) {
      nodes.add(name);
      add(name, spec.addresses, spec.addresses6, (_, index) => (index === 0 ? (spec.device ?? "eth0") : `eth${index}`));
    }
  return { names: [...order.keys()], nodes, of, order };
}

function inOrder(cards: readonly Card[], networks: readonly string[]): readonly Card[] {
  return [...cards].sort((a, b) => networks.indexOf(a.network) - networks.indexOf(b.network));
}

function deviceName(name: string): string {
  return name.slice(0, MAX_DEVICE_NAME);
}

/** Two machines: a wire. More: a switch, which is one of the machines where the scenario says so. */
function buildNetwork(
  world: World,
  name: string,
  spec: NetworkSpec,
  members: readonly Attachment[],
  namespaces: ReadonlyMap<string, Namespace>,
  cards: ReadonlyMap<string, Card[]>,
): void {
  const { network } = world;
  const { prefixLength } = ipv4Range(spec.subnet);
  const properties = linkProperties(spec);
  const prefixes = ({ address, address6 }: Pick<Attachment, "address" | "address6">): readonly string[] => [
    ...(address === undefined ? [] : [`${address}/${prefixLength}`]),
    ...(address6 === undefined ? [] : [`${address6}/${ipv6Range(spec.subnet6 ?? "").prefixLength}`]),
  ];
  const at = (member: Attachment): DeviceAt => ({
    namespace: namespaces.get(member.machine) as Namespace,
    name: member.device,
    addresses: prefixes(member),
    ...(spec.mtu !== undefined && { mtu: spec.mtu }),
  });
  const put = (member: Attachment, device: Device, link: Link | undefined, end: "a" | "b"): void => {
    const wire = link && {
      link,
      away: end === "a" ? ("a-to-b" as const) : ("b-to-a" as const),
      towards: end === "a" ? ("b-to-a" as const) : ("a-to-b" as const),
    };
    cards
      .get(member.machine)
      ?.push({ network: name, device, wire, address: member.address, address6: member.address6 });
  };
  const [first, second] = members;
  if (spec.bridgedBy === undefined && members.length === 2 && first && second) {
    const link = network.link(at(first), at(second), properties);
    put(first, link.a, link, "a");
    put(second, link.b, link, "b");
    return;
  }
  const inside = members.find((m) => m.machine === spec.bridgedBy);
  const switchSpace = inside ? (namespaces.get(inside.machine) as Namespace) : network.namespace(`switch-${name}`, {});
  const bridge = network.bridge({
    namespace: switchSpace,
    name: spec.bridge ?? deviceName(inside ? `br-${name}` : "br0"),
    addresses: inside ? prefixes(inside) : [],
    ...(spec.mtu !== undefined && { mtu: spec.mtu }),
  });
  if (inside) put(inside, bridge, undefined, "a");
  const portCards: Card[] = [];
  for (const member of members) {
    if (member === inside) continue;
    const port: DeviceAt = {
      namespace: switchSpace,
      name: deviceName(`to-${member.machine}`),
      ...(spec.mtu !== undefined && { mtu: spec.mtu }),
    };
    const link = network.link(at(member), port, properties);
    bridge.attach(link.b);
    put(member, link.a, link, "a");
    portCards.push({
      network: name,
      device: link.b,
      wire: { link, away: "b-to-a", towards: "a-to-b" },
      address: undefined,
      address6: undefined,
    });
  }
  if (!inside)
    world.machines.set(`switch-${name}`, {
      name: `switch-${name}`,
      kind: "switch",
      namespace: switchSpace,
      cards: portCards,
      spec: undefined,
      nameserver: undefined,
    });
}

export function linkProperties(spec: NetworkSpec): LinkProperties {
  return {
    ...(spec.delayUs !== undefined && { delayNs: spec.delayUs * 1000 }),
    ...(spec.jitterUs !== undefined && { jitterNs: spec.jitterUs * 1000 }),
    ...(spec.loss !== undefined && { loss: spec.loss }),
    ...(spec.duplication !== undefined && { duplication: spec.duplication }),
    ...(spec.reordering !== undefined && { reordering: spec.reordering }),
    ...(spec.rateMbps !== undefined && { rateBps: spec.rateMbps * 1e6 }),
  };
}

function configureMachine(world: World, machine: Machine, spec: MachineSpec): void {
  addDefaultRoute(world, machine, spec.gateway);
  addDefaultRoute6(world, machine, spec.gateway6);
  addRoutes(world, machine, spec.routes ?? []);
  const outside = machine.cards.find((c) => c.network === spec.masqueradeTo);
  if (outside) {
    machine.namespace.netfilter.append("nat", "POSTROUTING", {
      // Addresses of IPv6 are not scarce: they stay as they are.
      family: "IPv4",
      outDevice: outside.device.name,
      target: { kind: "masquerade" },
      comment: "to the outside with the address it is known by there",
    });
  }
  (spec.balances ?? []).forEach((balance, index) => {
    const chain = `BALANCE-${index}`;
    const { netfilter } = machine.namespace;
    const targets = balance.to.map((name) => firstAddress(world, name));
    netfilter.addChain("nat", chain);
    targets.forEach((address, i) => {
      netfilter.append("nat", chain, {
        ...(i < targets.length - 1 && { every: { n: targets.length - i, packet: 0 } }),
        protocol: balance.protocol ?? "tcp",
        target: { kind: "dnat", address, port: balance.targetPort },
      });
    });
    netfilter.append("nat", "PREROUTING", {
      destination: balance.address,
      protocol: balance.protocol ?? "tcp",
      destinationPort: balance.port,
      target: { kind: "jump", chain },
    });
    // The address is the balancer's own: nobody else answers for it.
    if (!machine.cards.some((c) => c.address === balance.address))
      machine.namespace.loopback.addAddress(`${balance.address}/32`);
  });
}

function addRoutes(
  world: World,
  machine: Machine,
  routes: readonly { readonly to: string; readonly via: string }[],
): void {
  for (const { to, via } of routes) {
    const card = machine.cards.find((c) => {
      const spec = world.scenario.networks?.[c.network];
      return spec !== undefined && isInSubnets(spec, via);
    });
    if (!card) throw new RangeError(`${machine.name}: the gateway ${via} is on none of its networks`);
    machine.namespace.addRoute({ prefix: to, device: card.device, gateway: via });
  }
}

function firstAddress(world: World, name: string): string {
  const address = world.machines.get(name)?.cards.find((c) => c.address !== undefined)?.address;
  if (address === undefined) throw new RangeError(`${name} has no address`);
  return address;
}

function isInSubnets({ subnet, subnet6 }: NetworkSpec, address: string): boolean {
  return isInRange(ipv4Range(subnet), address) || (subnet6 !== undefined && isInRange(ipv6Range(subnet6), address));
}

function routerOf(
  world: World,
  network: string,
  except: string,
  family: "addresses" | "addresses6" = "addresses",
): string | undefined {
  for (const [name, spec] of Object.entries(world.scenario.machines ?? {}))
    if (spec.router === true && name !== except && spec[family]?.[network] !== undefined) {
      // A router does not send everything to one that is behind it: its own outside is where it translates to.
      const own = world.scenario.machines?.[except];
      if (own?.router === true && own.masqueradeTo !== network) continue;
      return spec[family]?.[network];
    }
  return undefined;
}

// ---- clusters

function buildCluster(world: World, name: string, spec: ClusterSpec): void {
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
    vxlan = network.vxlan(at(`flannel.${connect.vni}`.slice(0, MAX_DEVICE_NAME)), {
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

function outerAddress(machine: Machine, family: Family): string {
  const card = machine.cards.find((c) => (family === "IPv4" ? c.address : c.address6) !== undefined);
  const address = family === "IPv4" ? card?.address : card?.address6;
  if (address === undefined) throw new RangeError(`node ${machine.name} has no ${family} address`);
  return address;
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

/** How `node` reaches the pods of `other`. */
function connectNodes(node: Node, other: Node): void {
  connectFamily(node, other);
  if (other.six) connectFamily6(node, other, other.six);
}

function connectFamily6(node: Node, other: Node, six: NodeIpv6): void {
  const { namespace } = node.machine;
  const prefix = six.podRange.text;
  const { tunnel } = node;
  if (!tunnel) {
    const shared = node.machine.cards.find((card) =>
      other.machine.cards.some((c) => c.network === card.network && c.address6 !== undefined),
    );
    const gateway = shared && other.machine.cards.find((c) => c.network === shared.network)?.address6;
    if (shared && gateway !== undefined) namespace.addRoute({ prefix, device: shared.device, gateway });
  } else if (tunnel.vxlan && other.tunnel && six.tunnelAddress !== undefined) {
    namespace.addNeighbour(six.tunnelAddress, other.tunnel.device.mac, tunnel.device);
    namespace.addRoute({ prefix, device: tunnel.device, gateway: six.tunnelAddress, onlink: true });
  } else namespace.addRoute({ prefix, device: tunnel.device });
}

function connectFamily(node: Node, other: Node): void {
  const { namespace } = node.machine;
  const prefix = other.podRange.text;
  const { tunnel } = node;
  if (!tunnel) {
    const shared = node.machine.cards.find((card) => other.machine.cards.some((c) => c.network === card.network));
    const gateway = shared && other.machine.cards.find((c) => c.network === shared.network)?.address;
    // On different networks the routers between them know the way (the scenario's `routes`).
    if (shared && gateway !== undefined) namespace.addRoute({ prefix, device: shared.device, gateway });
    return;
  }
  const { device, vxlan } = tunnel;
  if (vxlan && other.tunnel) {
    const { connect } = other.cluster.spec;
    const family = connect?.kind === "vxlan" ? (connect.outer ?? "IPv4") : "IPv4";
    vxlan.addFdb(other.tunnel.device.mac, outerAddress(other.machine, family));
    namespace.addNeighbour(other.tunnel.address, other.tunnel.device.mac, device);
    namespace.addRoute({ prefix, device, gateway: other.tunnel.address, onlink: true });
  } else if (device.kind === "ipip") namespace.addRoute({ prefix, device, gateway: other.address, onlink: true });
  else namespace.addRoute({ prefix, device });
}

/** The process behind a TUN device: to each peer the datagrams for its pods. */
function buildTunnelProcesses(nodes: readonly Node[], connect: ConnectSpec | undefined): void {
  if (connect?.kind !== "udp") return;
  const { port } = connect;
  for (const node of nodes) {
    const device = node.tunnel?.device;
    if (device?.kind !== "tun" || !("onDatagram" in device)) continue;
    const tun = device as Device & {
      onDatagram: ((datagram: Uint8Array, journey: number) => void) | undefined;
      write(datagram: Uint8Array, journey?: number): void;
    };
    const socket = node.machine.namespace.udp({
      port,
      dontFragment: false,
      onDatagram: ({ payload, journey }) => {
        tun.write(payload, journey);
      },
    });
    tun.onDatagram = (datagram, journey) => {
      const isIpv6 = (datagram[0] ?? 0) >> 4 === 6;
      const destination = formatAddress(isIpv6 ? datagram.subarray(24, 40) : datagram.subarray(16, 20));
      const peer = nodes.find(({ podRange, six }) =>
        isIpv6 ? six && isInRange(six.podRange, destination) : isInRange(podRange, destination),
      );
      if (peer && peer !== node) socket.send(datagram, { address: peer.address, port }, undefined, journey);
    };
  }
}

function buildServices(cluster: ClusterState, pool: AddressPool, pool6: AddressPool | undefined): void {
  const specs: [string, ServiceSpec][] = Object.entries(cluster.spec.services ?? {}).map(([n, s]) => [fullName(n), s]);
  const told = new Set(specs.flatMap(([, s]) => (s.clusterIp === undefined ? [] : [s.clusterIp])));
  for (const address of told) if (isInRange(cluster.serviceRange, address)) pool.reserve(address, "a Service");
  for (const [, { clusterIp6 }] of specs) if (clusterIp6 !== undefined) pool6?.reserve(clusterIp6, "a Service");
  let nodePort = FIRST_NODE_PORT + 80;
  for (const [name, spec] of specs) {
    const none = spec.headless === true || spec.type === "ExternalName";
    const families = spec.families ?? ["IPv4"];
    const clusterIp = none || !families.includes("IPv4") ? undefined : (spec.clusterIp ?? pool.take(`Service ${name}`));
    const clusterIp6 =
      none || !families.includes("IPv6") ? undefined : (spec.clusterIp6 ?? pool6?.take(`Service ${name}`));
    const exposed = spec.type === "NodePort" || spec.type === "LoadBalancer";
    const ports = (spec.ports ?? []).map((p): ServicePort => ({
      name: p.name,
      protocol: p.protocol ?? "tcp",
      port: p.port,
      targetPort: p.targetPort ?? p.port,
      nodePort: exposed ? (p.nodePort ?? nodePort++) : undefined,
    }));
    cluster.services.set(name, serviceState(name, spec, { families, clusterIp, clusterIp6 }, ports));
  }
  if (cluster.dnsAddress !== undefined)
    cluster.services.set(
      "kube-system/kube-dns",
      serviceState(
        "kube-system/kube-dns",
        { selector: { "k8s-app": "kube-dns" } },
        { families: ["IPv4"], clusterIp: cluster.dnsAddress, clusterIp6: undefined },
        (["udp", "tcp"] as const).map((protocol) => ({
          name: protocol === "udp" ? "dns" : "dns-tcp",
          protocol,
          port: 53,
          targetPort: 53,
          nodePort: undefined,
        })),
      ),
    );
}

function serviceState(
  name: string,
  spec: ServiceSpec,
  addresses: Pick<ServiceState, "families" | "clusterIp" | "clusterIp6">,
  ports: readonly ServicePort[],
): ServiceState {
  return {
    name,
    uid: uid("service", name),
    spec,
    ...addresses,
    loadBalancerIp: spec.loadBalancerIp,
    ports,
    endpoints: [],
    frozen: false,
  };
}
