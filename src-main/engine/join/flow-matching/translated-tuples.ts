/** Joins sets of different tuples that NAT made of one another: candidates share a key, weighPair() decides. */
import type { FlowSets } from "../flow-sets";
import { weighPair } from "../pair-weight";
import type { SightingColumns } from "../sighting-columns";
import type { MatchOptions } from "./flow-kinds";
import { type AcceptedPair, findForks } from "./forked-pairs";
import { KeyTable } from "./key-table";
import type { PickedPackets } from "./picked-packets";
import { SetMembers } from "./set-members";

/** Packets of a candidate pair that are weighed. */
const MAX_MATCHES = 6;
/** Keys of a set that are looked up, by class. Long packets may have been split: they are asked where there are no short ones. */
const LOOKED_UP = 2;

/** Gives the flows whose sets were equally good for the same partner and were left apart. */
export function joinTranslations(
  columns: SightingColumns,
  options: MatchOptions,
  sets: FlowSets,
  kind: Uint8Array,
  tuple: Int32Array,
  picks: PickedPackets,
): readonly (readonly number[])[] {
  const members = new SetMembers(columns.flowCount, sets, kind);
  const table = new KeyTable(members.count * 2 * LOOKED_UP);
  const smallest = new Uint32Array(LOOKED_UP + 1);
  /** Entries of set s in the table: first[s] … first[s + 1] - 1. */
  const first = new Uint32Array(members.count + 1);
  for (let s = 0; s < members.count; s++) {
    first[s] = table.count;
    for (let direction = 0; direction < 2; direction++) {
      // The set's smallest keys: whoever saw the same packets has the same.
      let size = smallestOf(members, picks, s, direction * 2, smallest);
      if (size === 0) size = smallestOf(members, picks, s, direction * 2 + 1, smallest);
      for (let i = 0; i < size; i++) table.add(smallest[i] as number, s);
    }
  }
  first[members.count] = table.count;
  const accepted: AcceptedPair[] = [];
  const others: number[] = [];
  const partners: number[] = [];
  const pair = new PairFinder(columns, options, members, tuple, picks);
  for (let s = 0; s < members.count; s++) {
    partners.length = 0;
    for (let e = first[s] as number; e < (first[s + 1] as number); e++) {
      if (!table.others(e, others)) continue;
      for (const other of others) if (other > s && !partners.includes(other)) partners.push(other);
    }
    for (const other of partners) {
      const one = pair.weigh(s, other);
      if (one) accepted.push(one);
    }
  }
  accepted.sort((x, y) => y.weight - x.weight || x.first - y.first || x.second - y.second);
  const forks = findForks(columns, sets, accepted);
  for (const one of accepted) if (!forks.refused.has(one)) sets.join(one.first, one.second, one.swapped, one.bits);
  return forks.groups;
}

/** The smallest keys of one class that any flow of a set picked; how many. */
function smallestOf(members: SetMembers, picks: PickedPackets, set: number, kind: number, into: Uint32Array): number {
  let size = 0;
  for (let i = members.start[set] as number; i < (members.start[set + 1] as number); i++) {
    const at = picks.at(members.flows[i] as number, kind);
    const end = at + picks.word(at) * 2;
    for (let k = at + 1; k < end; k += 2) {
      const key = picks.word(k);
      let to = size;
      while (to > 0 && (into[to - 1] as number) > key) to--;
      // The flow's keys are sorted: behind one that is too great come greater ones.
      if (to === LOOKED_UP) break;
      if (to > 0 && into[to - 1] === key) continue;
      for (let m = Math.min(size, LOOKED_UP - 1); m > to; m--) into[m] = into[m - 1] as number;
      into[to] = key;
      if (size < LOOKED_UP) size++;
    }
  }
  return size;
}

/** How two flows were seen: the first is best. */
const AT_ONE_POINT = 0;
const IN_ONE_FILE = 1;
const ANYWHERE = 2;

/** Endpoint A of one flow is A of the other. */
const STRAIGHT = 1;
/** Canonical order has turned round: what A of the one sent, B of the other sent. */
const TURNED = 2;

/** What two sets share if their ends belong together in one of the two ways. */
interface Shared {
  f: number;
  g: number;
  first: number[];
  second: number[];
}

/**
 * Weighs two sets by the two flows that tell most and the packets both picked. An answer may repeat its question (echo): then packets
 * are shared whichever way the ends are laid together, and each way is weighed on its own. One object for all candidates.
 */
class PairFinder {
  private readonly shared: readonly Shared[] = [STRAIGHT, TURNED].map(() => ({ f: 0, g: 0, first: [], second: [] }));
  private looked: [number[], number[]] = [[], []];
  private readonly take = (x: number, y: number): boolean => {
    const [first, second] = this.looked;
    first.push(x);
    second.push(y);
    return first.length >= MAX_MATCHES;
  };

  constructor(
    private readonly columns: SightingColumns,
    private readonly options: MatchOptions,
    private readonly members: SetMembers,
    private readonly tuple: Int32Array,
    private readonly picks: PickedPackets,
  ) {}

  /**
   * Flows at one point are best (which came first, whether it was routed between), then in one file (one clock), then any: each is
   * asked only if the one before gave nothing. Undefined: they share no packet, or not enough.
   */
  weigh(a: number, b: number): AcceptedPair | undefined {
    let wanted = STRAIGHT | TURNED;
    for (let rank = AT_ONE_POINT; rank <= ANYWHERE && wanted;) {
      const found = this.find(a, b, rank, wanted);
      if (!found) {
        rank++;
        continue;
      }
      let best: AcceptedPair | undefined;
      for (const way of [STRAIGHT, TURNED]) {
        if (!(found & way)) continue;
        const shared = this.shared[way - 1] as Shared;
        const w = weighPair(this.columns, this.options.fileOfPoint, shared);
        if (w && (!best || w.weight > best.weight)) best = { first: shared.f, second: shared.g, ...w };
      }
      if (best) return best;
      wanted &= ~found;
    }
    return undefined;
  }

  /** Looks at pairs of flows seen as `rank` says. Gives those of the wanted ways in which they share packets, now in `shared`. */
  private find(a: number, b: number, rank: number, wanted: number): number {
    const { columns, members, tuple } = this;
    const { fileOfPoint } = this.options;
    for (const shared of this.shared) shared.first.length = 0;
    for (let i = members.start[a] as number; i < (members.start[a + 1] as number); i++) {
      const f = members.flows[i] as number;
      const pf = columns.point(f);
      for (let k = members.start[b] as number; k < (members.start[b + 1] as number); k++) {
        const g = members.flows[k] as number;
        if (tuple[f] === tuple[g]) continue;
        const pg = columns.point(g);
        const own = pf === pg ? AT_ONE_POINT : fileOfPoint[pf] === fileOfPoint[pg] ? IN_ONE_FILE : ANYWHERE;
        if (own !== rank) continue;
        let most = 0;
        if (wanted & STRAIGHT) most = this.look(f, g, STRAIGHT);
        if (wanted & TURNED) most = Math.max(most, this.look(f, g, TURNED));
        if (most > 0 && (rank === ANYWHERE || most === MAX_MATCHES)) return this.foundWays();
      }
    }
    return this.foundWays();
  }

  /** Keeps what two flows share if it is more than what was found before; how much it is. */
  private look(f: number, g: number, way: number): number {
    const [first, second] = this.looked;
    first.length = 0;
    second.length = 0;
    if (way === STRAIGHT) this.picks.eachShared(f, g, this.take);
    else this.picks.eachSharedTurned(f, g, this.take);
    const shared = this.shared[way - 1] as Shared;
    if (first.length > shared.first.length) {
      this.looked = [shared.first, shared.second];
      shared.first = first;
      shared.second = second;
      shared.f = f;
      shared.g = g;
    }
    return first.length;
  }

  private foundWays(): number {
    let found = 0;
    for (const way of [STRAIGHT, TURNED]) if ((this.shared[way - 1] as Shared).first.length > 0) found |= way;
    return found;
  }
}
