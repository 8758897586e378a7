/**
 * Pods' cards whose veths were not recorded: next in their paths is a node's bridge, which shows their frames as they are.
 *
 * ```
 *   pod's card (a) ── (veth, not recorded) ── node's bridge: a frame from a, with as many hops left
 * ```
 */
import { W_ID } from "../sighting-columns";
import { firstAt } from "../traffic-roles";
import type { KnownNetwork } from "./known-network";
import { evenly } from "./sample";

/** Connections looked at. */
const SAMPLE = 1500;

/** Cards, pods' or alone in their file, with the file of the node. */
export function cardsNextToBridges(network: KnownNetwork, sample: readonly number[]): ReadonlyMap<number, number> {
  const { roles } = network;
  const { columns, joined, points, groups } = network.input;
  const perFile = groups.map((_, f) => points.filter((p) => p.group === f).length);
  const nodes = new Set(points.flatMap((_, p) => (roles[p] === "host-veth" ? [network.fileOf(p)] : [])));
  if (nodes.size === 0) return new Map();
  const found = new Map<number, Set<number>>();
  for (const c of evenly(sample, SAMPLE))
    network.pathsOf(c).forEach((path, back) => {
      const [card] = path;
      if (card === undefined || network.fileMachine[network.fileOf(card)] !== network.fileOf(card)) return;
      if (roles[card] !== "pod-nic" && (roles[card] !== "unknown" || perFile[network.fileOf(card)] !== 1)) return;
      const at = path.findIndex((p) => roles[p] === "bridge");
      const bridge = path[at];
      if (at < 1 || bridge === undefined || !nodes.has(network.fileOf(bridge))) return;
      // Another pod's veth may have the stamp of the bridge; whatever else is in between, the frame came over it.
      const isVeth = (p: number): boolean => roles[p] === "host-veth" && network.fileOf(p) === network.fileOf(bridge);
      if (!path.slice(1, at).every(isVeth)) return;
      const ttlAt = (p: number): number => {
        const row = firstAt(columns, joined, c, p, back === 0);
        return row < 0 || columns.depth(columns.flow(row)) > 1 ? -1 : (columns.word(row, W_ID) >>> 8) & 255;
      };
      const mac = network.macAt(c, card, back === 0, false);
      if (mac === undefined || mac !== network.macAt(c, bridge, back === 0, false)) return;
      if (ttlAt(card) < 0 || ttlAt(card) !== ttlAt(bridge)) return;
      found.set(card, (found.get(card) ?? new Set()).add(network.fileOf(bridge)));
    });
  const only = new Map<number, number>();
  for (const [card, files] of found) if (files.size === 1) for (const file of files) only.set(card, file);
  return only;
}
