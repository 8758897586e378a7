/**
 * Addresses that what a machine does shows to be its own, whoever they talk to.
 *
 * ```
 *   card, carried A → B   │ then, in the same machine, the inner packet alone: it opened the tunnel, B is its own
 *   inner packet alone    │ then the card, carried A → B: it closed it, A is its own
 *   card, ICMP error      │ all its hops left, next seen on another machine: it sent it, being the router that had no way on
 * ```
 * Tunnel ends whose pods never answer, and routers nobody talks with, are known by this alone.
 */
import { SIGHTING_CARRIED } from "../../kernel/assembly/abi";
import { W_ID } from "../sighting-columns";
import { NO_PORT } from "../connection-table";
import { firstAt, INITIAL_TTLS } from "../traffic-roles";
import { type KnownNetwork, keyOf } from "./known-network";

const ICMP = 1;
const ICMPV6 = 58;

/** An ICMP message that is no echo: it has no identifier. */
export function isIcmpError(network: KnownNetwork, connection: number): boolean {
  const { table } = network;
  const protocol = network.input.columns.protocol(table.root[connection] as number);
  return (protocol === ICMP || protocol === ICMPV6) && table.clientPort[connection] === 0;
}

/**
 * Outer addresses of the machines that put packets into tunnels and take them out. What they took out for somebody who never answered was
 * for one of their pods: no veth shows it.
 */
export function findOpenedTunnels(network: KnownNetwork, sample: readonly number[]): void {
  const { table } = network;
  const { columns, joined } = network.input;
  for (const c of sample) {
    if ((table.carrierLists[table.carriers[c] as number] ?? []).length === 0) continue;
    const paths = network.pathsOf(c);
    const isAnswered = (paths[1] ?? []).length > 0 || table.serverPort[c] === NO_PORT;
    paths.forEach((path, back) => {
      // Crossed twice, a point has packets of two steps: nothing is told by them.
      if (new Set(path).size !== path.length) return;
      for (let i = 1; i < path.length; i++) {
        const [before, after] = [path[i - 1] as number, path[i] as number];
        const file = network.machineFile(after);
        if (network.machineFile(before) !== file || network.input.mixed.has(file)) continue;
        const from = firstAt(columns, joined, c, before, back === 0);
        const to = firstAt(columns, joined, c, after, back === 0);
        if (from < 0 || to < 0) continue;
        const opened = columns.depth(columns.flow(from)) - columns.depth(columns.flow(to));
        if (opened === 0) continue;
        const carried = opened > 0 ? from : to;
        if (carried === 0 || !(columns.word(carried, W_ID) & SIGHTING_CARRIED)) continue;
        const outer = columns.flow(carried - 1);
        const end = opened > 0 ? 1 : 0;
        own(network, keyOf(columns.address(outer, columns.direction(carried - 1) ^ end), columns.v6(outer)), file);
        const server = keyOf(table.serverAddress[c] as number, network.v6(c));
        const endsHere = network.machineFile(path[path.length - 1] as number) === file;
        if (opened > 0 && !isAnswered && endsHere && isNew(network, server)) network.pods.set(server, file);
      }
    });
  }
}

/** Senders of ICMP errors that no other machine was seen to pass on. */
export function findErrorSenders(network: KnownNetwork, sample: readonly number[]): void {
  const { table, roles } = network;
  const { columns, joined, mixed } = network.input;
  for (const c of sample) {
    if (!isIcmpError(network, c)) continue;
    const [first, next] = network.pathsOf(c)[0] ?? [];
    if (first === undefined || next === undefined) continue;
    const file = network.machineFile(first);
    if (mixed.has(file) || network.machineFile(next) === file) continue;
    if (roles[first] !== "node-nic" && roles[first] !== "router-port") continue;
    const row = firstAt(columns, joined, c, first, true);
    if (row < 0 || !INITIAL_TTLS.has((columns.word(row, W_ID) >>> 8) & 255)) continue;
    own(network, keyOf(table.clientAddress[c] as number, network.v6(c)), file);
  }
}

function own(network: KnownNetwork, key: number, file: number): void {
  if (isNew(network, key)) network.owned.set(key, file);
}

function isNew(network: KnownNetwork, key: number): boolean {
  return network.isPlain(key) && !network.pods.has(key) && !network.owned.has(key);
}
