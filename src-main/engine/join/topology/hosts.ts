/**
 * Captures of all interfaces that are of hosts, machines which pass nothing on: what they send is their own, from whatever address.
 *
 * ```
 *   host     198.18.7.78 > 10.1.0.5  sent                  one of its addresses
 *   router   198.18.7.78 > 10.1.0.5  came in, and sent     somebody else's
 * ```
 * Here an answer is seen as its server sent it, though nothing but one ping was ever for that address.
 */
import { COOKED_IN, COOKED_OUT } from "../../kernel/assembly/abi";
import { NO_PORT } from "../connection-table";
import { INITIAL_TTLS, firstAt } from "../traffic-roles";
import { W_ID } from "../sighting-columns";
import { COOKED, type KnownNetwork, keyOf } from "./known-network";

const BOTH = COOKED_IN | COOKED_OUT;

/** Takes the addresses that hosts send from; `hosts`: from hostPoints. */
export function findHosts(network: KnownNetwork, sample: readonly number[], hosts: ReadonlySet<number>): void {
  const { table, pods, owned } = network;
  const { columns, joined } = network.input;
  for (const c of sample)
    network.pathsOf(c).forEach((path, back) => {
      const p = path[0];
      const port = back ? table.serverPort[c] : table.clientPort[c];
      if (p === undefined || port === NO_PORT || !hosts.has(p)) return;
      const row = firstAt(columns, joined, c, p, back === 0);
      if (row < 0 || !INITIAL_TTLS.has((columns.word(row, W_ID) >>> 8) & 255)) return;
      if ((columns.macSeen(columns.flow(row), columns.direction(row)) & BOTH) !== COOKED_OUT) return;
      const key = keyOf((back ? table.serverAddress : table.clientAddress)[c] as number, network.v6(c));
      if (network.isPlain(key) && !pods.has(key) && !owned.has(key)) owned.set(key, network.machineFile(p));
    });
}

/** Captures of all interfaces where no conversation of two addresses came in and went out again. */
export function hostPoints(network: KnownNetwork): ReadonlySet<number> {
  const { columns, joined, points } = network.input;
  const hosts = new Set<number>();
  if (!points.some(({ linkType }) => COOKED.has(linkType))) return hosts;
  const passing = new Set<number>();
  for (let flow = 0; flow < columns.flowCount; flow++) {
    const p = joined.pointOfFlow[flow] as number;
    // Over its loopback device everybody sends and gets.
    if (!COOKED.has(points[p]?.linkType ?? -1) || columns.address(flow, 0) === columns.address(flow, 1)) continue;
    const ways = [0, 1].map((direction) => columns.macSeen(flow, direction) & BOTH);
    // Made of other captures, it may not tell what was sent.
    if (ways.some((way) => (way & COOKED_OUT) !== 0)) hosts.add(p);
    if (passing.has(p) || !ways.includes(BOTH)) continue;
    // A bridge may send back what goes to a group.
    if ([0, 1].every((end) => network.isPlain(keyOf(columns.address(flow, end), columns.v6(flow))))) passing.add(p);
  }
  for (const p of passing) hosts.delete(p);
  return hosts;
}
