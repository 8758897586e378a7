/** Which addresses are pods', and which points lead to them. */
import { NO_PORT } from "../connection-table";
import { namedRole } from "../point-names";
import { firstAt } from "../traffic-roles";
import { cardsNextToBridges } from "./behind-bridges";
import { cardsNextToTunnelEnds } from "./behind-tunnel-ends";
import { findBridgedPods } from "./bridged-pods";
import { findSharedCards } from "./shared-cards";
import { COOKED, type KnownNetwork, hasAllHops, isV6, keyOf } from "./known-network";

/**
 * Takes addresses at the ends of paths that begin or end at a veth or a pod's card. Gives cards next to the ends of tunnels, with their
 * files. `hosts`: from hostPoints.
 */
export function findPods(
  network: KnownNetwork,
  sample: readonly number[],
  hosts: ReadonlySet<number>,
): ReadonlyMap<number, number> {
  const { points } = network.input;
  findSharedCards(network, sample);
  findBridgedPods(network, sample);
  const votes = new Map<number, Map<number, number>>();
  const vote = (point: number, key: number): void => {
    if (!network.isPlain(key)) return;
    let m = votes.get(point);
    if (!m) votes.set(point, (m = new Map<number, number>()));
    m.set(key, (m.get(key) ?? 0) + 1);
  };
  const perFile = network.input.groups.map(
    (_, f) => points.filter((p) => p.group === f && namedRole(p.name) !== "loopback").length,
  );
  const arrivals: (readonly [point: number, key: number])[] = [];
  /** By point: whose packets had come over a router before. */
  const remote = new Map<number, Set<number>>();
  /** By point: conversations less those of which it saw every packet several times. */
  const seenOnce = new Map<number, number>();
  for (const c of sample) {
    const v6 = network.v6(c);
    const [there = [], back = []] = network.pathsOf(c);
    if (there.length > 1 && network.table.serverPort[c] !== NO_PORT)
      arrivals.push([there[there.length - 1] as number, keyOf(network.table.serverAddress[c] as number, v6)]);
    if (back.length > 1 && network.table.clientPort[c] !== NO_PORT)
      arrivals.push([back[back.length - 1] as number, keyOf(network.table.clientAddress[c] as number, v6)]);
    const ends = (path: readonly number[], fromClient: boolean): void => {
      const near = fromClient ? network.table.clientAddress : network.table.serverAddress;
      const port = fromClient ? network.table.clientPort : network.table.serverPort;
      if (port[c] === NO_PORT) return;
      const key = keyOf(near[c] as number, v6);
      const [first, second] = path;
      if (first === undefined) return;
      if (network.roles[first] === "host-veth") vote(first, key);
      else if (network.roles[first] === "unknown" && perFile[network.fileOf(first)] === 1) {
        if (hosts.has(first) && !isSentHere(network, c, first, fromClient)) return;
        vote(first, key);
        if (!hasAllHops(network, c, first, fromClient))
          remote.set(first, (remote.get(first) ?? new Set<number>()).add(key));
        if (second !== undefined && network.roles[second] === "host-veth") vote(second, key);
      }
    };
    ends(there, true);
    ends(back, false);
    const [only, more] = there;
    if (only !== undefined && more === undefined && votes.has(only))
      seenOnce.set(only, (seenOnce.get(only) ?? 0) + (isSeenAgain(network, c) ? -1 : 1));
  }
  // A veth whose pod was not seen sending: what arrived there.
  const silent = arrivals.filter(([point]) => network.roles[point] === "host-veth" && !votes.has(point));
  for (const [point, key] of silent) vote(point, key);
  // A single card next to a veth of another file is a pod's.
  const nextToVeth = new Set<number>();
  for (const c of sample)
    for (const path of network.pathsOf(c)) {
      for (const [x, y] of [
        [path[0], path[1]],
        [path[path.length - 1], path[path.length - 2]],
      ])
        if (
          x !== undefined &&
          y !== undefined &&
          network.roles[x] === "unknown" &&
          network.roles[y] === "host-veth" &&
          network.fileOf(x) !== network.fileOf(y)
        )
          nextToVeth.add(x);
    }
  const nextToBridge = cardsNextToBridges(network, sample);
  const nextToTunnel = cardsNextToTunnelEnds(network, sample);
  for (const [point, m] of votes) {
    const [best, second] = [...m].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
    if (!best) continue;
    const address = best[0];
    if (network.roles[point] === "unknown" && isWholeNode(network, point, m)) continue;
    if (network.roles[point] === "unknown") {
      const told = network.cluster?.podAt(network.textOf(address), null);
      if (nextToVeth.has(point)) network.giveRole(point, "pod-nic", "next to a veth");
      else if (nextToBridge.has(point)) network.giveRole(point, "pod-nic", "next to a node's bridge");
      else if (nextToTunnel.has(point)) network.giveRole(point, "pod-nic", "next to the end of a tunnel");
      else if (network.sharedCards.has(point)) network.giveRole(point, "pod-nic", "part of a node's card");
      else if (told) {
        if ((seenOnce.get(point) ?? 0) < 0 || !isItsCard(address, m, remote.get(point))) continue;
        network.giveRole(point, "pod-nic", "told");
      } else {
        // A host's only card: the address in everything is its own, if several conversations tell it from their other ends.
        if (second && second[1] * 2 > best[1]) continue;
        if (remote.get(point)?.has(address)) continue;
        network.owned.set(address, network.fileOf(point));
        if (network.cluster?.nodeAt(network.textOf(address), null)) network.giveRole(point, "node-nic", "told");
        continue;
      }
    }
    network.podOfPoint.set(point, address);
    network.pods.set(address, network.fileOf(point));
    // Dual stack: an address of the other family behind the same point.
    const [other, next] = [...m]
      .filter(([key]) => isV6(key) !== isV6(address))
      .sort((a, b) => b[1] - a[1] || a[0] - b[0]);
    if (other && (!next || next[1] * 2 <= other[1])) {
      network.pods.set(other[0], network.fileOf(point));
      if (network.roles[point] === "pod-nic" || !network.pointOfOther.has(other[0]))
        network.pointOfOther.set(other[0], point);
    }
  }
  for (const address of network.pods.keys()) if (!isV6(address)) network.podPrefixes.add(address >>> 16);
  return nextToTunnel;
}

/** A point alone saw every packet several times: recordings merged into one (mergecap -F pcap). What a pod sends itself comes back to its card. */
function isSeenAgain({ table }: KnownNetwork, c: number): boolean {
  if (table.clientAddress[c] === table.serverAddress[c]) return false;
  return (table.sightings[c] as number) >= 2 * (table.distinct[c] as number);
}

/**
 * A pod's card shows what the pod itself sends and gets: each of its conversations votes for it, and for its other end at most. A node's card
 * shows conversations of others; of two pods that are in all of them either may be it. `remote`: came over a router.
 */
function isItsCard(
  address: number,
  votes: ReadonlyMap<number, number>,
  remote: ReadonlySet<number> | undefined,
): boolean {
  const own = votes.get(address) ?? 0;
  let total = 0;
  for (const [key, count] of votes) {
    if (isV6(key) !== isV6(address)) continue;
    total += count;
    if (key !== address && count === own && !remote?.has(key)) return false;
  }
  return own * 3 >= total;
}

/** The machine that recorded the first of a connection's packets at a point sent it. */
function isSentHere(
  { input: { columns, joined } }: KnownNetwork,
  c: number,
  point: number,
  toServer: boolean,
): boolean {
  const row = firstAt(columns, joined, c, point, toServer);
  return row >= 0 && columns.sentHere(columns.flow(row), columns.direction(row));
}

/**
 * A cooked capture of all interfaces ("any") on a node: cluster files say that several of the addresses whose packets begin there
 * are pods', or one of them the node's. Takes notice of these.
 */
function isWholeNode(network: KnownNetwork, point: number, votes: ReadonlyMap<number, number>): boolean {
  const { cluster } = network;
  const { linkType } = network.input.points[point] ?? {};
  if (!cluster || linkType === undefined || !COOKED.has(linkType)) return false;
  const addresses = [...votes.keys()];
  const pods = addresses.filter((key) => cluster.podAt(network.textOf(key), null));
  const nodes = addresses.filter((key) => cluster.nodeAt(network.textOf(key), null));
  const names = pods.map((key) => cluster.podAt(network.textOf(key), null)?.meta);
  const isSeveral = new Set(names.map((meta) => `${meta?.namespace}/${meta?.name}`)).size > 1;
  if (!isSeveral && nodes.length === 0) return false;
  for (const key of pods) network.pods.set(key, network.fileOf(point));
  for (const key of nodes) network.owned.set(key, network.fileOf(point));
  return true;
}

/** A pod's card and the veth it is wired to are on one machine. `nextToTunnel`: from findPods. */
export function joinFiles(
  network: KnownNetwork,
  sample: readonly number[],
  nextToTunnel: ReadonlyMap<number, number>,
): void {
  const root = (f: number): number => {
    let at = f;
    while ((network.fileMachine[at] as number) !== at) at = network.fileMachine[at] as number;
    return at;
  };
  for (const c of sample)
    for (const path of network.pathsOf(c))
      for (let i = 1; i < path.length; i++) {
        const a = path[i - 1] as number;
        const b = path[i] as number;
        const [x, y] = network.roles[a] === "pod-nic" ? [a, b] : [b, a];
        if (
          network.roles[x] !== "pod-nic" ||
          network.roles[y] !== "host-veth" ||
          network.fileOf(x) === network.fileOf(y)
        )
          continue;
        if (network.podOfPoint.get(x) !== network.podOfPoint.get(y)) continue;
        // The node's file stands for the machine.
        network.fileMachine[root(network.fileOf(x))] = root(network.fileOf(y));
      }
  for (const [x, file] of [...cardsNextToBridges(network, sample), ...nextToTunnel])
    if (root(network.fileOf(x)) === network.fileOf(x)) network.fileMachine[network.fileOf(x)] = root(file);
  for (const [x, y] of network.sharedCards)
    if (network.roles[x] === "pod-nic") network.fileMachine[root(network.fileOf(x))] = root(network.fileOf(y));
  for (let f = 0; f < network.fileMachine.length; f++) network.fileMachine[f] = root(f);
}
