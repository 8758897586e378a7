/**
 * Builds what a scenario describes: namespaces, cards, wires, switches, bridges, routes, tunnels, addresses.
 *
 * ```
 *  pod ── eth0 ═ veth0 ──┐                         ┌── veth0 ═ eth0 ── pod
 *                        cni0 ── tunnel ── eth0 ═══ router ═══ eth0 ── tunnel ── cni0
 *  pod ── eth0 ═ veth1 ──┘        node n1                       node n2
 * ```
 */
import type { Device, DeviceAt, Link, LinkProperties, Namespace } from "../network/api/namespaces";
import type { Network } from "../network/api/network";
import type { MachineSpec, NetworkSpec, Scenario } from "../scenario/schema";
import { ipv4Range } from "./addresses";
import { buildCluster } from "./build-cluster";
import { ipv6Range } from "./ipv6-ranges";
import { deviceName } from "./names";
import { addDefaultRoute, addDefaultRoute6, addRoutes } from "./routes";
import type { Card, Machine, World } from "./world";

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

function firstAddress(world: World, name: string): string {
  const address = world.machines.get(name)?.cards.find((c) => c.address !== undefined)?.address;
  if (address === undefined) throw new RangeError(`${name} has no address`);
  return address;
}
