/**
 * Which frames on a node's bridge are the node's own: those with the bridge's MAC, which is what pods send to for the node to route, and what
 * the node sends from. Others come from a port, recorded or not.
 *
 * ```
 *   pod (a) ── port ┐
 *                   bridge (b) ── node: routes          a → b goes on over the card, b → a came from there
 * ```
 */
import type { KnownNetwork } from "./known-network";

/** MACs of each bridge. */
export type BridgeMacs = ReadonlyMap<number, ReadonlySet<string>>;

export function bridgeMacs(network: KnownNetwork, sample: readonly number[]): BridgeMacs {
  const found = new Map<number, Set<string>>();
  const { roles } = network;
  const isBeyond = (p: number | undefined, bridge: number): boolean =>
    p !== undefined &&
    (roles[p] === "node-nic" || roles[p] === "tunnel-device") &&
    network.fileOf(p) === network.fileOf(bridge);
  for (const c of sample)
    network.pathsOf(c).forEach((path, back) => {
      path.forEach((p, i) => {
        // Crossed twice, its frames are of two steps.
        if (roles[p] !== "bridge" || path.indexOf(p) !== path.lastIndexOf(p)) return;
        const isTo = isBeyond(path[i + 1], p);
        if (isTo === isBeyond(path[i - 1], p)) return;
        const mac = network.macAt(c, p, back === 0, isTo);
        if (mac === undefined) return;
        const own = found.get(p);
        if (own) own.add(mac);
        else found.set(p, new Set([mac]));
      });
    });
  return found;
}

/** A frame from this MAC came from one of the bridge's ports. Where routing was not seen nothing is told. */
export function isBehindBridge(bridges: BridgeMacs, bridge: number, mac: string | undefined): boolean {
  const own = bridges.get(bridge);
  // More than one: a tunnel's device is a port of the bridge.
  return mac !== undefined && own?.size === 1 && !own.has(mac);
}
