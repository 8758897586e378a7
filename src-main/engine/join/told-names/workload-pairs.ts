/**
 * Which of two addresses a told workload has: nothing in a comment says it, so it is decided by evidence, or not at all.
 *
 * | evidence | which end |
 * |---|---|
 * | the tool tells who opened the connection (rustnet's direction=) | the client, or the other end |
 * | epb_flags at a machine's or a pod's own card | sender of what goes out, receiver of what comes in: tools know processes of their own kernel only |
 * | a container's own interface: TTL | who still sends with a TTL that systems start with, while the other's packets came routed |
 * | one end is known to be of the machine that recorded, the other is not | that one (weak) |
 * | an end found for this workload at this point | the same end elsewhere (weak) |
 * | one address is in all pairs, and others were talked with at the same time | that one (weak). In turn it could be a workload
 *   that was started again under other addresses, and always talked with the same server |
 */

export interface WorkloadPair {
  /** Key of the workload. */
  readonly workload: string;
  readonly point: number;
  readonly v6: boolean;
  /** a < b */
  readonly a: string;
  readonly b: string;
  firstMs: number;
  lastMs: number;
  /** Strong evidence: 1 for a, 2 for b, 3 for both, which is a contradiction. */
  votes: number;
  /** The one end that is of the recording machine, by what is known of the network: 0 none, 1 a, 2 b. */
  local: number;
}

/** A workload at an address, over a time. */
export interface Claim {
  readonly workload: string;
  readonly address: string;
  readonly v6: boolean;
  firstMs: number;
  lastMs: number;
  isStrong: boolean;
}

export function decidePairs(pairs: readonly WorkloadPair[]): readonly Claim[] {
  const groups = new Map<string, WorkloadPair[]>();
  for (const pair of pairs) {
    const key = `${pair.point} ${pair.v6 ? 6 : 4} ${pair.workload}`;
    const group = groups.get(key);
    if (group) group.push(pair);
    else groups.set(key, [pair]);
  }
  const claims = new Map<string, Claim>();
  const claim = (pair: WorkloadPair, side: number, isStrong: boolean): void => {
    const address = side === 1 ? pair.a : pair.b;
    const key = `${pair.workload} ${address}`;
    const known = claims.get(key);
    const { workload, v6, firstMs, lastMs } = pair;
    if (!known) claims.set(key, { workload, address, v6, firstMs, lastMs, isStrong });
    else {
      known.firstMs = Math.min(known.firstMs, firstMs);
      known.lastMs = Math.max(known.lastMs, lastMs);
      known.isStrong ||= isStrong;
    }
  };
  for (const group of groups.values()) {
    const found = new Set<string>();
    const open: WorkloadPair[] = [];
    for (const pair of group) {
      if (isContradictory(pair)) continue;
      const side = pair.votes || pair.local;
      if (side === 0) open.push(pair);
      else {
        claim(pair, side, pair.votes !== 0);
        found.add(side === 1 ? pair.a : pair.b);
      }
    }
    if (found.size === 0) {
      const common = commonEnd(open);
      if (common !== undefined) found.add(common);
    }
    for (const pair of open) {
      const [a, b] = [found.has(pair.a), found.has(pair.b)];
      if (a !== b) claim(pair, a ? 1 : 2, false);
    }
  }
  return [...claims.values()];
}

function isContradictory({ votes, local }: WorkloadPair): boolean {
  return votes === 3 || (votes !== 0 && local !== 0 && votes !== local);
}

/** The address that is in all pairs, if other ends were talked with at the same time. */
function commonEnd(pairs: readonly WorkloadPair[]): string | undefined {
  const [first] = pairs;
  if (!first || pairs.length < 2) return undefined;
  const common = [first.a, first.b].filter((end) => pairs.every((p) => p.a === end || p.b === end));
  const byTime = [...pairs].sort((x, y) => x.firstMs - y.firstMs);
  let last = -Infinity;
  const isTogether = byTime.some((p) => {
    const together = p.firstMs < last;
    last = Math.max(last, p.lastMs);
    return together;
  });
  return isTogether && common.length === 1 ? common[0] : undefined;
}
