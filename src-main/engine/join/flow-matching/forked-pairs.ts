/** Pairs that exclude each other: where two partners of one set are equally good, neither is taken. */
import type { FlowSets } from "../flow-sets";
import type { PairWeight } from "../pair-weight";
import type { SightingColumns } from "../sighting-columns";

/** A pair that is heavy enough. Without its packets: there are as many as translations, and all are kept until the last is found. */
export interface AcceptedPair extends PairWeight {
  /** A flow of each of its sets. */
  readonly first: number;
  readonly second: number;
}

/**
 * Two partners of one flow that cannot both be right: neither became the other, they were seen at the same points. Both are
 * refused and shown as alternatives.
 */
export function findForks(
  columns: SightingColumns,
  sets: FlowSets,
  accepted: readonly AcceptedPair[],
): { readonly refused: Set<AcceptedPair>; readonly groups: number[][] } {
  // Only a set with two partners can be a fork.
  const count = new Uint8Array(columns.flowCount);
  for (const one of accepted)
    for (const flow of [one.first, one.second]) {
      const root = sets.root(flow);
      count[root] = Math.min((count[root] as number) + 1, 2);
    }
  const partners = new Map<number, AcceptedPair[]>();
  for (const one of accepted)
    for (const flow of [one.first, one.second]) {
      const root = sets.root(flow);
      if (count[root] === 1) continue;
      const list = partners.get(root);
      if (list) list.push(one);
      else partners.set(root, [one]);
    }
  const refused = new Set<AcceptedPair>();
  const groups: number[][] = [];
  const forked: { readonly one: AcceptedPair; readonly self: number; readonly other: number }[][] = [];
  const linked = new Map<string, AcceptedPair>();
  const linkKey = (x: number, y: number): string => `${Math.min(x, y)} ${Math.max(x, y)}`;
  for (const [self, list] of partners) {
    forked.push(
      list.map((one) => {
        const { first: f, second: g } = one;
        const rf = sets.root(f);
        const other = rf === self ? sets.root(g) : rf;
        linked.set(linkKey(self, other), one);
        return { one, self, other };
      }),
    );
  }
  if (forked.length === 0) return { refused, groups };
  // Points of the sets that matter.
  const points = new Map<number, Set<number>>();
  for (const list of forked) for (const p of list) points.set(p.other, new Set());
  for (let f = 0; f < columns.flowCount; f++) points.get(sets.root(f))?.add(columns.point(f));
  const samePoints = (f: number, g: number): boolean => {
    const a = points.get(f);
    const b = points.get(g);
    return !!a && !!b && a.size === b.size && [...a].every((p) => b.has(p));
  };
  for (const partners of forked)
    for (let i = 0; i < partners.length; i++)
      for (let k = i + 1; k < partners.length; k++) {
        const p = partners[i];
        const q = partners[k];
        if (!p || !q || !alternatives(columns, p.self, p.other, q.other) || !samePoints(p.other, q.other)) continue;
        // One became the other, and a router lay between.
        const link = linked.get(linkKey(p.other, q.other));
        if (link && !link.atOnePoint) continue;
        refused.add(p.one);
        refused.add(q.one);
        if (link) refused.add(link);
        groups.push([p.self, p.other, q.other]);
      }
  return { refused, groups };
}

/** One end alike, the other different and neither of them an end of `self`: one packet cannot have become both. */
function alternatives(columns: SightingColumns, self: number, f: number, g: number): boolean {
  if (columns.v6(f) !== columns.v6(g)) return false;
  const same = (a: number, x: number, b: number, y: number): boolean =>
    columns.address(a, x) === columns.address(b, y) && columns.port(a, x) === columns.port(b, y);
  const has = (a: number, b: number, y: number): boolean => same(a, 0, b, y) || same(a, 1, b, y);
  const own = [0, 1].filter((y) => !has(g, f, y));
  const others = [0, 1].filter((y) => !has(f, g, y));
  const [x] = own;
  const [y] = others;
  if (own.length !== 1 || others.length !== 1 || x === undefined || y === undefined) return false;
  return !has(self, f, x) && !has(self, g, y);
}
