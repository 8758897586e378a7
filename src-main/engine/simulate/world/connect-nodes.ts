/** How nodes reach one another's pods: routes, neighbours and forwarding entries of tunnels, the processes behind TUN devices. */
import { formatAddress } from "../../../../src-shared/model/ip-range";
import type { Device } from "../network/api/namespaces";
import type { ConnectSpec } from "../scenario/schema";
import { isInRange } from "./addresses";
import type { Family, Machine, Node, NodeIpv6 } from "./world";

export function outerAddress(machine: Machine, family: Family): string {
  const card = machine.cards.find((c) => (family === "IPv4" ? c.address : c.address6) !== undefined);
  const address = family === "IPv4" ? card?.address : card?.address6;
  if (address === undefined) throw new RangeError(`node ${machine.name} has no ${family} address`);
  return address;
}

/** How `node` reaches the pods of `other`. */
export function connectNodes(node: Node, other: Node): void {
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
export function buildTunnelProcesses(nodes: readonly Node[], connect: ConnectSpec | undefined): void {
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
