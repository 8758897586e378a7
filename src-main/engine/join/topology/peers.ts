/**
 * Pods and nodes of which no file is given, by how they talk with pods of which one is. Inferred from what a node does for its pods:
 *
 * ```
 *   pod ── node ══ source changed ══► 203.0.113.9     the node hides its pods from the outside
 *   pod ── node ── as it is ────────► 10.7.3.4        so this is inside
 *   pod ◄─ node ── as it was asked ── 10.7.3.9        and so is who knows a pod's address
 *
 *   Service ─► 10.7.1.5:8080, a pod here
 *          └─► 10.7.3.4:8080, so a pod as well
 * ```
 * Nothing of this where a cluster file tells who is inside.
 */
import { NO_PORT } from "../connection-table";
import { type KnownNetwork, isV6, keyOf } from "./known-network";

/** Nodes' addresses in a pod range are their bridges' and tunnel devices'. */
const POD_RANGE_BITS: readonly [v4: number, v6: number] = [24, 64];

/** Fills `peers` and `peerPrefixes`; afterwards all that is known of the machines is. */
export function findPeers(network: KnownNetwork, sample: readonly number[]): void {
  if (network.cluster || network.pods.size === 0) return;
  const found = new Set(siblingsOfPods(network, sample));
  const pods = new Set(found);
  if (hidesPods(network, sample)) for (const key of reachedAsTheyAre(network, sample)) found.add(key);
  const podBits = (key: number): number => closest(network, key, network.pods.keys());
  const nodes = [...network.owned.keys(), ...network.behind.values()].filter(
    (key) => podBits(key) < POD_RANGE_BITS[isV6(key) ? 1 : 0],
  );
  for (const key of found) {
    const isPod = pods.has(key) || podBits(key) >= closest(network, key, nodes);
    network.peers.set(key, isPod ? "pod" : "node");
    if (isPod && !isV6(key)) network.peerPrefixes.add(key >>> 8);
  }
}

/** Nobody's own yet, and no Service's. */
function isStranger(network: KnownNetwork, key: number): boolean {
  const { pods, owned, behind, serviceKeys } = network;
  return network.isPlain(key) && !pods.has(key) && !owned.has(key) && !behind.has(key) && !serviceKeys.has(key);
}

/** Answers for a Service on the port that a known pod does. */
function siblingsOfPods(network: KnownNetwork, sample: readonly number[]): readonly number[] {
  const { table } = network;
  const backends = new Map<string, Set<number>>();
  for (const c of sample) {
    const v6 = network.v6(c);
    for (const t of table.translations[table.changes[c] as number] ?? []) {
      if (t.kind !== "dnat") continue;
      const asked = `${keyOf(t.fromAddress, v6)}:${t.fromPort} ${t.toPort}`;
      const set = backends.get(asked);
      const key = keyOf(t.toAddress, v6);
      if (set) set.add(key);
      else backends.set(asked, new Set([key]));
    }
  }
  return [...backends.values()]
    .filter((set) => [...set].some((key) => network.pods.has(key)))
    .flatMap((set) => [...set].filter((key) => isStranger(network, key)));
}

/** Some node gives what its pods send to the outside an address of its own. */
function hidesPods(network: KnownNetwork, sample: readonly number[]): boolean {
  const { table } = network;
  for (const c of sample) {
    const v6 = network.v6(c);
    const changes = table.translations[table.changes[c] as number] ?? [];
    if (changes.some((t) => t.kind === "dnat")) continue;
    for (const t of changes) {
      const home = network.pods.get(keyOf(t.fromAddress, v6));
      if (t.kind !== "snat" || home === undefined || network.roles[t.after] !== "node-nic") continue;
      if (network.machineFile(t.after) === network.fileMachine[home]) return true;
    }
  }
  return false;
}

/** The other ends of pods' conversations over their node's card in which both are called by their own addresses. */
function reachedAsTheyAre(network: KnownNetwork, sample: readonly number[]): readonly number[] {
  const { table } = network;
  const found: number[] = [];
  for (const c of sample) {
    if (table.clientPort[c] === NO_PORT || table.serverPort[c] === NO_PORT) continue;
    const [there = [], back = []] = network.pathsOf(c);
    if (there.length === 0 || back.length === 0) continue;
    const v6 = network.v6(c);
    const client = keyOf(table.clientAddress[c] as number, v6);
    const server = keyOf(table.serverAddress[c] as number, v6);
    const changes = table.translations[table.changes[c] as number] ?? [];
    if (changes.some((t) => t.kind === "snat")) continue;
    // A pod that is called by an address of its node's (NodePort) is known outside.
    const other = network.pods.has(client) ? server : changes.length === 0 && network.pods.has(server) ? client : null;
    if (other === null || !isStranger(network, other)) continue;
    const home = network.fileMachine[network.pods.get(other === server ? client : server) as number];
    if (there.some((p) => network.roles[p] === "node-nic" && network.machineFile(p) === home)) found.push(other);
  }
  return found;
}

/** Most bits that an address begins with as one of `others` does; -1 if there is none of its family. */
function closest(network: KnownNetwork, key: number, others: Iterable<number>): number {
  const own = bytesOf(network, key);
  let most = -1;
  for (const other of others) {
    if (isV6(other) !== isV6(key)) continue;
    const bytes = bytesOf(network, other);
    let bits = 0;
    while (bits < own.length * 8 && sameBit(own, bytes, bits)) bits++;
    most = Math.max(most, bits);
  }
  return most;
}

function sameBit(a: ArrayLike<number>, b: ArrayLike<number>, bit: number): boolean {
  return ((((a[bit >> 3] as number) ^ (b[bit >> 3] as number)) >> (7 - (bit & 7))) & 1) === 0;
}

function bytesOf(network: KnownNetwork, key: number): ArrayLike<number> {
  const { columns } = network.input;
  if (!isV6(key)) return [key >>> 24, (key >>> 16) & 255, (key >>> 8) & 255, key & 255];
  const at = columns.address6At(key - 4294967296);
  return columns.bytes.subarray(at, at + 16);
}
