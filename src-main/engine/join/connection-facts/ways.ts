/** The ways that packets of one direction took, and which of them is the connection's path. */

/** A list of points that journeys crossed. */
export interface Way {
  readonly data: boolean;
  count: number;
  readonly first: number;
  points: readonly number[];
}

/**
 * The way most data packets went. A packet that was lost on the way votes for the way it was on, if others came through there.
 */
export function chooseWay(all: readonly Way[]): { readonly way: Way | undefined; readonly others: number } {
  const [only] = all;
  if (all.length === 1) return { way: only, others: 0 };
  const withData = all.filter((w) => w.data);
  const bare = all.filter((w) => !w.data);
  const ways = withData.length > 0 ? withData : bare;
  const most = (among: readonly Way[]): Way | undefined => {
    let best: Way | undefined;
    for (const one of among)
      // Of equally frequent ones the longer: the shorter missed something.
      if (!best || one.count > best.count || (one.count === best.count && one.points.length > best.points.length))
        best = one;
    return best;
  };
  const first = most(ways);
  if (!first) return { way: undefined, others: 0 };
  let total = 0;
  for (const way of ways) total += way.count;
  const usual = most(bare);
  let best = first;
  for (const one of ways) {
    if (one.points.length <= best.points.length || !isOnTheWay(one.points, best.points)) continue;
    if (one.count * 4 < best.count && !(usual && equalLists(usual.points, one.points))) continue;
    best = one;
  }
  // All data was lost where everything else came through.
  if (usual && usual.points.length > best.points.length && isOnTheWay(usual.points, best.points) && usual.count > 1)
    best = usual;
  let votes = 0;
  for (const one of ways) if (isOnTheWay(best.points, one.points)) votes += one.count;
  return { way: best, others: total - votes };
}

/**
 * `start` is a packet that was lost on the way `list`. A bridge's own tap sees what it forwards after the port it goes out by: what
 * is lost at that port is seen at the bridge all the same.
 *
 * ```
 * list    in  out  bridge  …          start   in  bridge
 * ```
 */
function isOnTheWay(list: readonly number[], start: readonly number[]): boolean {
  const last = start.length - 1;
  for (let i = 0; i < last; i++) if (list[i] !== start[i]) return false;
  return list[last] === start[last] || (last > 0 && list[last + 1] === start[last] && last + 2 < list.length);
}

function startsWith(list: readonly number[], start: readonly number[]): boolean {
  return start.length <= list.length && start.every((p, i) => list[i] === p);
}

export function equalLists(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && startsWith(a, b);
}
