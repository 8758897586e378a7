/** Which addresses are the machines' own. */
import { SIGHTING_CARRIED } from "../../kernel/assembly/abi";
import { NO_PORT } from "../connection-table";
import { W_ID } from "../sighting-columns";
import { CarriedSenders } from "./carried-senders";
import { bridgeMacs, isBehindBridge } from "./bridge-macs";
import { type KnownNetwork, hasAllHops, keyOf } from "./known-network";
import { evenly } from "./sample";
import { isIcmpError } from "./shown-addresses";

/** Takes what NAT put there, and what begins on a machine's own devices. */
export function findOwned(network: KnownNetwork, sample: readonly number[]): void {
  const { table, roles } = network;
  const { points } = network.input;
  const withVeths = new Set(points.flatMap((_, p) => (roles[p] === "host-veth" ? [network.machineFile(p)] : [])));
  const own = (key: number, file: number): void => {
    if (network.isPlain(key) && !network.pods.has(key) && !network.owned.has(key)) network.owned.set(key, file);
  };
  // MACs of a machine's own cards: they send what came from its other points.
  const localMacs = new Map<number, Set<string>>();
  const add = (point: number, mac: string | undefined): void => {
    if (mac === undefined) return;
    let set = localMacs.get(point);
    if (!set) localMacs.set(point, (set = new Set()));
    set.add(mac);
  };
  const few = evenly(sample, 1500);
  for (const c of few)
    network.pathsOf(c).forEach((path, back) => {
      for (let i = 0; i < path.length; i++) {
        const p = path[i] as number;
        if (roles[p] !== "node-nic" && roles[p] !== "router-port") continue;
        // What is between two cards of a merged file may be between two machines.
        if (network.input.mixed.has(network.machineFile(p))) continue;
        // Crossed twice, its flows are of both ways: which MAC is whose is not told.
        if (path.indexOf(p) !== path.lastIndexOf(p)) continue;
        const before = path[i - 1];
        const after = path[i + 1];
        // The frame as it was, of a bond's other device or a VLAN's: it is not this machine that wrote its addresses.
        const isOwn = (other: number | undefined, destination: boolean): boolean =>
          other !== undefined &&
          network.machineFile(other) === network.machineFile(p) &&
          network.macAt(c, other, back === 0, destination) !== network.macAt(c, p, back === 0, destination);
        if (isOwn(before, false)) add(p, network.macAt(c, p, back === 0, false));
        else if (isOwn(after, true)) add(p, network.macAt(c, p, back === 0, true));
      }
    });
  const bridges = bridgeMacs(network, few);
  for (const c of sample) {
    const v6 = network.v6(c);
    for (const t of table.translations[table.changes[c] as number] ?? [])
      // An ICMP error about a translated packet is given the address that was called.
      if (
        t.kind === "snat" &&
        !isIcmpError(network, c) &&
        network.machineFile(t.before) === network.machineFile(t.after)
      )
        own(keyOf(t.toAddress, v6), network.machineFile(t.after));
    network.pathsOf(c).forEach((path, back) => {
      const p = path[0];
      const port = back ? table.serverPort[c] : table.clientPort[c];
      if (p === undefined || port === NO_PORT) return;
      const key = keyOf((back ? table.serverAddress : table.clientAddress)[c] as number, v6);
      const role = roles[p];
      if (role === "bridge" || role === "tunnel-device" || role === "loopback") {
        const file = network.machineFile(p);
        // A router's bridge sees what its hosts send; a node's own begins with what the node sends.
        if (role === "bridge" && !withVeths.has(file)) return;
        // Passed on, over a card that was not recorded: not its own.
        if (role !== "loopback" && !hasAllHops(network, c, p, back === 0)) return;
        const isPods = role === "bridge" && isBehindBridge(bridges, p, network.macAt(c, p, back === 0, false));
        if (!isPods) own(key, file);
        // Its veth was not recorded.
        else if (network.isPlain(key) && !network.pods.has(key) && !network.owned.has(key)) network.pods.set(key, file);
      } else if (role === "node-nic" || role === "router-port") {
        const mac = network.macAt(c, p, back === 0, false);
        if (mac !== undefined && localMacs.get(p)?.has(mac)) own(key, network.machineFile(p));
      }
    });
  }
}

/** The outer address on a local pod's side is the node's; the other one stands in front of the pod at the other end. */
export function findTunnelEnds(network: KnownNetwork, sample: readonly number[]): void {
  const { columns, joined } = network.input;
  const senders = new CarriedSenders(network);
  for (const f of flowsOf(network, sample)) {
    if (columns.depth(f) < 2) continue;
    const row = columns.order[columns.start[f] as number];
    if (row === undefined || row === 0 || !(columns.word(row, W_ID) & SIGHTING_CARRIED)) continue;
    const outer = columns.flow(row - 1);
    const d = columns.direction(row);
    const o = columns.direction(row - 1);
    const v6 = columns.v6(f);
    const file = network.machineFile(joined.pointOfFlow[f] as number);
    senders.look(f, file);
    for (let end = 0; end < 2; end++) {
      const inner = keyOf(columns.address(f, d ^ end), v6);
      const node = keyOf(columns.address(outer, o ^ end), columns.v6(outer));
      const home = network.pods.get(inner);
      if (home !== undefined && network.fileMachine[home] === file) {
        if (!network.owned.has(node)) network.owned.set(node, file);
      } else if (home === undefined && !network.owned.has(inner) && network.isPlain(inner))
        network.behind.set(inner, node);
    }
  }
  const outers = new Set(network.behind.values());
  for (const [inner, node] of network.behind) {
    const file = network.owned.get(node);
    // The node's own files are here, and its pods known: what it sent itself is its own address.
    if (file !== undefined) network.behind.delete(inner);
    // Carried too, where the node gives calls from outside (NodePort) its own address.
    else if (outers.has(inner) || senders.isTunnelEnd(inner)) network.tunnelEnds.add(inner);
  }
}

/** The flows of these connections, ascending: what was seen first comes first. */
function flowsOf({ table }: KnownNetwork, connections: readonly number[]): Uint32Array {
  let count = 0;
  for (const c of connections) count += (table.flowStart[c + 1] as number) - (table.flowStart[c] as number);
  const flows = new Uint32Array(count);
  let at = 0;
  for (const c of connections) {
    const own = table.flows.subarray(table.flowStart[c], table.flowStart[c + 1]);
    flows.set(own, at);
    at += own.length;
  }
  return flows.sort();
}
