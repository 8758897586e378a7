/** Names that captures tell of addresses, each for as long as it holds: the address may be another pod's later. */
import { upperBound } from "../../../../src-shared/base/search";
import type { ToldRow } from "./told-rows";
import type { ToldText } from "./tool-texts";
import type { ToldBy } from "../../../../src-shared/reconstruct/result";

/** What comments and interfaces tell, before it is decided of which addresses. */
export interface ToldByCaptures {
  readonly rows: readonly ToldRow[];
  /** By point: what its interface tells. */
  readonly interfaces: ReadonlyMap<number, ToldText>;
}

export interface ToldName {
  /** "default/web-a"; null: only containers are told. */
  readonly pod: string | null;
  /** Several with "or" between them. */
  readonly container: string | null;
  readonly process: string | null;
  readonly node: string | null;
  readonly by: ToldBy;
  /** Milliseconds since the epoch: from (included) until (excluded); open ends are ±Infinity. */
  readonly fromMs: number;
  readonly untilMs: number;
}

export class ToldNames {
  /** Times at which a name begins or ends, in order. */
  private readonly changes: Float64Array;

  /** `byAddress`: by the address's text, in order of time. */
  constructor(private readonly byAddress: ReadonlyMap<string, readonly ToldName[]>) {
    const changes = new Set([...byAddress.values()].flatMap((list) => list.flatMap((n) => [n.fromMs, n.untilMs])));
    this.changes = Float64Array.from(changes).sort();
  }

  /** Null `atMs`: whenever; the newest name wins, as in a cluster file. */
  at(address: string, atMs: number | null): ToldName | undefined {
    const list = this.byAddress.get(address);
    if (!list || atMs === null) return list?.[list.length - 1];
    return list.find((n) => n.fromMs <= atMs && atMs < n.untilMs);
  }

  /** Number of the stretch of time that `atMs` is in; -1 without a time. Within one every look-up answers the same. */
  stretchAt(atMs: number | null): number {
    return atMs === null ? -1 : upperBound(this.changes, atMs);
  }

  get stretches(): number {
    return this.changes.length + 2;
  }
}

export const NO_TOLD_NAMES = new ToldNames(new Map());
