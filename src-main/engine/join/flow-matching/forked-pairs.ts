/** Pairs that exclude each other: where two partners of one set are equally good, neither is taken. */
import { PAIR_AT_ONE_POINT, PAIR_BYTES, PAIR_TURNS } from "../../kernel/assembly/abi";
import type { FlowSets } from "../flow-sets";
import type { SightingColumns } from "../sighting-columns";

/** The pairs of sets that are heavy enough, by number, as they lie in the kernel (PAIR_BYTES). */
export class AcceptedPairs {
  /** `words`: all of the memory; `base`: the first pair's first word. */
  constructor(
    private readonly words: Uint32Array,
    private readonly base: number,
  ) {}

  private at(pair: number): number {
    return this.base + (pair * PAIR_BYTES) / 4;
  }
  /** A flow of the pair's first set (0) or of its second (1). */
  flow(pair: number, which: 0 | 1): number {
    return this.words[this.at(pair) + which] as number;
  }
  /** Both were seen at one point with one TTL. */
  atOnePoint(pair: number): boolean {
    return ((this.words[this.at(pair) + 3] as number) & PAIR_AT_ONE_POINT) !== 0;
  }
  /** They are turns of a routing loop, one behind the other. */
  areTurns(pair: number): boolean {
    return ((this.words[this.at(pair) + 3] as number) & PAIR_TURNS) !== 0;
  }
  /** Adds a PAIR_* bit. */
  mark(pair: number, bit: number): void {
    const at = this.at(pair) + 3;
    this.words[at] = (this.words[at] as number) | bit;
  }
}

/** What may be a fork: pairs of which a set has another partner too, heaviest first; and the points where a set of flows was seen. */
export interface MaybeForked {
  readonly pairs: Uint32Array;
  readonly pointsOf: (root: number) => ReadonlySet<number>;
}

/**
 * Two partners of one flow that cannot both be right: neither became the other, they were seen at the same points. Both are
 * refused and shown as alternatives.
 */
export function findForks(
  columns: SightingColumns,
  sets: FlowSets,
  pairs: AcceptedPairs,
  maybe: MaybeForked,
): { readonly refused: Set<number>; readonly groups: number[][] } {
  const partners = new Map<number, number[]>();
  for (const pair of maybe.pairs)
    for (const which of [0, 1] as const) {
      const root = sets.root(pairs.flow(pair, which));
      const list = partners.get(root);
      if (list) list.push(pair);
      else partners.set(root, [pair]);
    }
  const refused = new Set<number>();
  const groups: number[][] = [];
  const forked: { readonly pair: number; readonly self: number; readonly other: number }[][] = [];
  const linked = new Map<string, number>();
  const linkKey = (x: number, y: number): string => `${Math.min(x, y)} ${Math.max(x, y)}`;
  for (const [self, list] of partners) {
    if (list.length < 2) continue;
    forked.push(
      list.map((pair) => {
        const first = sets.root(pairs.flow(pair, 0));
        const other = first === self ? sets.root(pairs.flow(pair, 1)) : first;
        linked.set(linkKey(self, other), pair);
        return { pair, self, other };
      }),
    );
  }
  const points = new Map<number, ReadonlySet<number>>();
  const pointsOf = (root: number): ReadonlySet<number> => {
    let own = points.get(root);
    if (!own) points.set(root, (own = maybe.pointsOf(root)));
    return own;
  };
  const samePoints = (f: number, g: number): boolean => {
    const a = pointsOf(f);
    const b = pointsOf(g);
    return a.size === b.size && [...a].every((p) => b.has(p));
  };
  for (const list of forked)
    for (let i = 0; i < list.length; i++)
      for (let k = i + 1; k < list.length; k++) {
        const p = list[i];
        const q = list[k];
        if (!p || !q || !alternatives(columns, p.self, p.other, q.other) || !samePoints(p.other, q.other)) continue;
        // One became the other, and a router lay between.
        const link = linked.get(linkKey(p.other, q.other));
        if (link !== undefined && !pairs.atOnePoint(link)) continue;
        // One turn before it, one behind.
        if (pairs.areTurns(p.pair) && pairs.areTurns(q.pair)) continue;
        refused.add(p.pair);
        refused.add(q.pair);
        if (link !== undefined) refused.add(link);
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
