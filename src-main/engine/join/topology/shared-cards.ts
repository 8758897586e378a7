/**
 * Pods without a veth: their cards are parts of the node's own one, which sends and receives their frames as they are.
 *
 * ```
 *   pod's card (macvlan: a MAC of its own; ipvlan: the node's) ┐
 *   pod's card ────────────────────────────────────────────────┤ node's card ── switch
 *   node's own address ────────────────────────────────────────┘
 * ```
 * A macvlan's frames are neither from nor to the node's MAC, which a router's neighbour sends to; an ipvlan's are from the MAC that the
 * node's own address has, which no other machine has. A switch's port has no address, a mirror port sends nothing.
 */
import { NO_PORT } from "../connection-table";
import { type KnownNetwork, keyOf } from "./known-network";

/** What begins at a point: addresses, and the MACs they were sent from. */
interface Beginnings {
  readonly addresses: Set<number>;
  readonly macs: Set<string>;
}

/** Takes notice of cards of pods that are parts of a node's card, and of these. */
export function findSharedCards(network: KnownNetwork, sample: readonly number[]): void {
  const { table } = network;
  const { points, groups } = network.input;
  const perFile = groups.map((_, f) => points.filter((p) => p.group === f).length);
  const begins = new Map<number, Beginnings>();
  /** By single card: the points behind it, and the MACs from and to which it sends. */
  const cards = new Map<
    number,
    { readonly behind: Set<number>; readonly from: Set<string>; readonly to: Set<string> }
  >();
  const notEnds = new Set<number>();
  for (const c of sample) {
    const v6 = network.v6(c);
    network.pathsOf(c).forEach((path, back) => {
      for (let i = 1; i < path.length - 1; i++) notEnds.add(path[i] as number);
      const [first, second] = path;
      if (first === undefined || (back ? table.serverPort : table.clientPort)[c] === NO_PORT) return;
      const key = keyOf((back ? table.serverAddress : table.clientAddress)[c] as number, v6);
      const from = network.macAt(c, first, back === 0, false);
      const to = network.macAt(c, first, back === 0, true);
      if (!network.isPlain(key) || from === undefined || to === undefined) return;
      let own = begins.get(first);
      if (!own) begins.set(first, (own = { addresses: new Set(), macs: new Set() }));
      own.addresses.add(key);
      own.macs.add(from);
      if (second === undefined || network.roles[first] !== "unknown" || perFile[network.fileOf(first)] !== 1) return;
      let card = cards.get(first);
      if (!card) cards.set(first, (card = { behind: new Set(), from: new Set(), to: new Set() }));
      card.behind.add(network.macAt(c, second, back === 0, false) === from ? second : -1);
      card.from.add(from);
      card.to.add(to);
    });
  }
  for (const [point, { behind, from, to }] of cards) {
    const [parent] = behind;
    if (parent === undefined || parent < 0 || behind.size > 1 || from.size > 1 || notEnds.has(point)) continue;
    const [own, at] = [begins.get(point), begins.get(parent)];
    if (at?.addresses.size !== 1 || at.macs.size !== 1 || own?.addresses.size !== 1) continue;
    const mac = [...at.macs].join();
    const isShared = from.has(mac);
    if (network.roles[parent] !== "unknown" || (!isShared && to.has(mac))) continue;
    network.sharedCards.set(point, parent);
    for (const address of at.addresses) network.owned.set(address, network.fileOf(parent));
  }
  for (const parent of new Set(network.sharedCards.values()))
    network.giveRole(parent, "node-nic", "pods' cards are parts of it");
}
