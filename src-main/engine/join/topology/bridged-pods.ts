/**
 * Pods of which only their node's bridge was recorded (`tcpdump -i cni0`), none of its ports: what begins at a bridge, with a MAC of its
 * own that nothing else is sent from or to.
 *
 * ```
 *   pod ── (veth) ┐                          MAC of a pod: one address sends with it, and gets what is for it
 *   pod ── (veth) ┤ bridge ── node ── card   the node's own: everything from and for other networks has it
 * ```
 * Hosts on a router's bridge look so too. It takes the bridge's name, or that the machine does what nodes do: it ends tunnels, or
 * translates what several of these ask of an address that nobody has (a Service).
 */
import { W_ID } from "../sighting-columns";
import { firstAt, INITIAL_TTLS } from "../traffic-roles";
import { NO_PORT } from "../connection-table";
import { type KnownNetwork, isV6, keyOf } from "./known-network";
import { serviceCalls } from "./routed-veths";

/** Bridges that only programs which run containers name so. */
const CONTAINER_BRIDGE = /^(cni|cbr|docker|podman|kube-bridge|weave$)/;

/** What is sent with a MAC at a bridge. */
interface Sender {
  readonly addresses: Set<number>;
  /** Of these, those that were not seen before, with all their hops left. */
  readonly beginning: Set<number>;
  /** Whether some of it had been routed before. */
  isRouting: boolean;
  /** Whom packets to it are for. */
  readonly receivers: Set<number>;
}

/** Takes the addresses behind bridges of files that show no veth. */
export function findBridgedPods(network: KnownNetwork, sample: readonly number[]): void {
  const { roles } = network;
  const { points } = network.input;
  const withVeth = new Set(
    points.flatMap((point, p) => (roles[p] === "host-veth" && point.packets > 0 ? [network.fileOf(p)] : [])),
  );
  const bridges = points.flatMap((_, p) => {
    const file = network.fileOf(p);
    return roles[p] === "bridge" && !withVeth.has(file) && !network.input.mixed.has(file) ? [p] : [];
  });
  if (bridges.length === 0) return;
  const found = new Map(bridges.map((p) => [p, pendingPods(network, sample, p)]));
  const services = serviceCalls(network, sample);
  for (const [bridge, pods] of found) {
    const file = network.fileOf(bridge);
    const calls = services.filter((call) => call.file === file && pods.has(call.client));
    const isNode =
      CONTAINER_BRIDGE.test(points[bridge]?.name ?? "") ||
      points.some((_, p) => network.fileOf(p) === file && roles[p] === "tunnel-device") ||
      calls.some((call) => pods.size > 1 || services.some((o) => o.asked === call.asked && o.file !== file));
    if (!isNode) continue;
    for (const address of pods) network.pods.set(address, file);
    for (const [p, role] of roles.entries())
      if (pods.size > 0 && role === "router-port" && network.fileOf(p) === file)
        network.giveRole(p, "node-nic", "pods are behind its bridge");
  }
}

/** Addresses with a MAC of their own at a bridge that shows another MAC to be the way to other networks. */
function pendingPods(network: KnownNetwork, sample: readonly number[], bridge: number): ReadonlySet<number> {
  const { table } = network;
  const { columns, joined } = network.input;
  const senders = new Map<string, Sender>();
  const senderOf = (mac: string): Sender => {
    let one = senders.get(mac);
    if (!one)
      senders.set(mac, (one = { addresses: new Set(), beginning: new Set(), isRouting: false, receivers: new Set() }));
    return one;
  };
  for (const c of sample) {
    const v6 = network.v6(c);
    if (table.clientPort[c] === NO_PORT || table.serverPort[c] === NO_PORT) continue;
    network.pathsOf(c).forEach((path, back) => {
      const at = path.indexOf(bridge);
      if (at < 0) return;
      const row = firstAt(columns, joined, c, bridge, back === 0);
      if (row < 0) return;
      const flow = columns.flow(row);
      const side = columns.direction(row);
      const [from, to] = [0, 1].map((end) => keyOf(columns.address(flow, side ^ end), v6)) as [number, number];
      const isAll = columns.macSeen(flow, side) === 1 && network.isPlain(from) && network.isPlain(to);
      if (!isAll || columns.depth(flow) > 1) return;
      const mac = (offset: number): string => {
        const start = columns.macsAt(flow, side) + offset;
        return Array.from(columns.bytes.subarray(start, start + 6)).join();
      };
      const one = senderOf(mac(0));
      one.addresses.add(from);
      if (!INITIAL_TTLS.has((columns.word(row, W_ID) >>> 8) & 255)) one.isRouting = true;
      else if (at === 0) one.beginning.add(from);
      senderOf(mac(6)).receivers.add(to);
    });
  }
  const pods = new Set<number>();
  let ways = 0;
  for (const { addresses, beginning, isRouting, receivers } of senders.values()) {
    const isOwn = [false, true].every((v6) => {
      if (isRouting) return false;
      const own = [...addresses].filter((key) => isV6(key) === v6);
      return own.length < 2 && [...receivers].every((key) => isV6(key) !== v6 || own.includes(key));
    });
    if (!isOwn) ways++;
    else for (const address of beginning) pods.add(address);
  }
  // Without it, who of them is the node is not told.
  return ways > 0 ? pods : new Set();
}
