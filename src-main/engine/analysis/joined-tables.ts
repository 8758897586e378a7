/** Tables of a joining besides that of connections: translations beside imported connection tracking, what devices learned. */
import { setImmediate as turn } from "node:timers/promises";
import type { NatEntryInfo } from "../../../src-shared/contract/nat";
import type { ToldTranslation } from "../../../src-shared/model/told-translation";
import type { JoinResult } from "../../../src-shared/reconstruct/result";
import { loadConntrack } from "../cluster/load-conntrack";
import type { TableSource } from "../tables/table";
import type { PacketOf } from "./join-answers";
import type { LearnedObserver } from "./learned-observer";
import { LEARNED_TABLES } from "../../../src-shared/contract/tables";
import { isLearnedTable, LearnedTables } from "./learned-tables";
import { natEntries, type NatEntry } from "./nat-entries";
import { NatTable } from "./nat-table";

/** Other questions have their turn so often. */
const BREATH_MS = 20;

export class JoinedTables {
  readonly #learned: LearnedTables;
  #nat: NatTable | undefined;
  readonly #natEntries: NatEntry[] = [];
  /** Connections that were looked at for translations. */
  #nextNat = 0;
  #conntrackFiles: readonly string[] = [];
  #told: readonly ToldTranslation[] = [];

  constructor(
    private readonly join: JoinResult,
    observer: LearnedObserver,
  ) {
    this.#learned = new LearnedTables(join, observer);
  }

  /** Entries of the imported files. */
  get told(): readonly ToldTranslation[] {
    return this.#told;
  }

  /** Reads the files if they are others than before; true: then what was compared with them is to be made anew. */
  useConntrack(files: readonly string[]): boolean {
    if (JSON.stringify(files) === JSON.stringify(this.#conntrackFiles)) return false;
    this.#conntrackFiles = files;
    this.#told = loadConntrack(files).entries;
    this.#nat = undefined;
    return true;
  }

  get nat(): NatTable {
    this.collectNat(Infinity);
    return (this.#nat ??= new NatTable(this.join, this.#told, this.#natEntries));
  }

  /** Part of the table of translations: 48,000 connections, of which 26,000 are translated, take 0.3 s. True: all is there. */
  collectNat(connections: number): boolean {
    const { connectionCount } = this.join;
    const end = Math.min(connectionCount, this.#nextNat + connections);
    for (; this.#nextNat < end; this.#nextNat++)
      if (this.join.isTranslated(this.#nextNat)) this.#natEntries.push(...natEntries(this.join.shown(this.#nextNat)));
    return end === connectionCount;
  }

  /** Everything that devices learned, between other questions: both tables of journeys take one walk over all. */
  async prepareLearned(): Promise<void> {
    const breathe = breather();
    for (const name of LEARNED_TABLES) await this.#learned.table(name, breathe);
  }

  /** Undefined: it is none of these. */
  async table(name: string): Promise<TableSource | undefined> {
    if (name === "nat") return this.nat;
    return isLearnedTable(name) ? this.#learned.table(name, breather()) : undefined;
  }

  natEntry(key: string, packetOf: PacketOf): NatEntryInfo | null {
    return this.nat.info(key, packetOf);
  }
}

/** Waits for other questions' turn, if it is time for that; `before` is called then. */
export function breather(before: () => void = () => undefined): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < BREATH_MS) return;
    before();
    await turn();
    since = performance.now();
  };
}
