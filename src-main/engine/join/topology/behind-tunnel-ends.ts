/**
 * Pods' cards next to the end of a tunnel: what begins at them comes, not routed yet, to a machine that puts just this into a tunnel. Neither
 * veth nor bridge need be told apart there: it may be a capture of all interfaces.
 *
 * ```
 *   pod's card: a → b, 64 hops ── machine: a → b, 64 hops; then a → b inside an outer packet
 * ```
 */
import { W_ID } from "../sighting-columns";
import { firstAt } from "../traffic-roles";
import type { KnownNetwork } from "./known-network";

/** Connections looked at. */
const SAMPLE = 1500;

/** Cards alone in their file, with the file of the machine; those that are next to several are left out. */
export function cardsNextToTunnelEnds(network: KnownNetwork, sample: readonly number[]): ReadonlyMap<number, number> {
  const { roles, table } = network;
  const { columns, joined, points, groups } = network.input;
  const perFile = groups.map((_, f) => points.filter((p) => p.group === f).length);
  const ttlOf = (row: number): number => (columns.word(row, W_ID) >>> 8) & 255;
  const found = new Map<number, Set<number>>();
  for (const c of sample.slice(0, SAMPLE)) {
    if ((table.carrierLists[table.carriers[c] as number] ?? []).length === 0) continue;
    network.pathsOf(c).forEach((path, back) => {
      const [card, next] = path;
      if (card === undefined || next === undefined || roles[card] !== "unknown") return;
      const file = network.fileOf(next);
      if (perFile[network.fileOf(card)] !== 1 || file === network.fileOf(card) || network.input.mixed.has(file)) return;
      const [row, after] = [card, next].map((p) => firstAt(columns, joined, c, p, back === 0)) as [number, number];
      if (row < 0 || after < 0) return;
      const tuple = joined.match.tuple[columns.flow(row)];
      const isPlain = columns.depth(columns.flow(row)) === 1 && columns.depth(columns.flow(after)) === 1;
      if (!isPlain || ttlOf(row) !== ttlOf(after) || tuple !== joined.match.tuple[columns.flow(after)]) return;
      for (let i = table.flowStart[c] as number; i < (table.flowStart[c + 1] as number); i++) {
        const f = table.flows[i] as number;
        if (columns.depth(f) < 2 || joined.match.tuple[f] !== tuple) continue;
        if (network.fileOf(joined.pointOfFlow[f] as number) !== file) continue;
        found.set(card, (found.get(card) ?? new Set()).add(file));
        return;
      }
    });
  }
  return new Map(
    [...found].flatMap(([card, files]) => (files.size === 1 ? [...files].map((f) => [card, f] as const) : [])),
  );
}
