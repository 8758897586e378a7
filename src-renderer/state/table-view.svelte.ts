/**
 * One table of the engine as a pane shows it: opened with options, read in pages, opened anew when its basis changes.
 *
 * ```
 * open(spec) ──► table.open ──► state {rows, columns}       the old one stays and is drawn until the new one is there
 * ensure(from, to) ──► table.rows ──► pages ──► row(i)       version counts up: draw again
 * ```
 */
import type { TableName } from "../../src-shared/contract/tables";
import type { TableRow, TableState } from "../../src-shared/contract/results";
import { call, errorText, isCancelled } from "../bridge/engine";
import { ContractError } from "../../src-shared/contract/messages";
import { PAGE_ROWS, PacketWindow } from "../viewmodel/packet-window";
import type { TableSort } from "../viewmodel/table-cells";
import { workspace } from "./workspace.svelte";

export interface TableSpec {
  readonly name: TableName;
  readonly options: Readonly<Record<string, string | number | boolean>>;
  /** Only packets of this view; null: of all capture points that are switched on. */
  readonly view: number | null;
  readonly search: string;
  readonly sort: readonly TableSort[];
}

export class TableView {
  state = $state.raw<TableState | null>(null);
  opening = $state(false);
  /** Of a table that takes longer: 0 … 1; null while that is not known. */
  progress = $state<number | null>(null);
  progressText = $state("");
  problem = $state<string | null>(null);
  /** A person stopped it before there was anything to show. */
  stopped = $state(false);
  /** Counts up when rows arrived. */
  version = $state(0);

  #request: AbortController | null = null;
  #window = new PacketWindow<TableRow>();

  #asked = new Set<number>();
  /** Rows that were drawn last. */
  #shown: readonly [from: number, to: number] = [0, 0];

  /** @param quiet what is drawn stays until the same rows of the new table are there: nothing flickers */
  async open(spec: TableSpec, quiet = false): Promise<void> {
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    this.opening = !quiet;
    this.stopped = false;
    this.progress = null;
    this.progressText = "";
    try {
      const state = await call(
        "table.open",
        { ...spec, options: { ...spec.options }, sort: [...spec.sort] },
        {
          signal: request.signal,
          onLate: (late) => closeTable(late.table),
          onProgress: ({ done, total, text }) => {
            this.progress = total > 0 ? done / total : null;
            this.progressText = text;
          },
        },
      );
      const pages = new PacketWindow<TableRow>();
      if (quiet) await this.#fetchShown(state, pages);
      if (this.state) closeTable(this.state.table);
      this.#window = pages;
      this.#asked = new Set();
      this.state = state;
      this.problem = null;
      this.version++;
    } catch (error) {
      if (isCancelled(error)) return;
      this.problem = errorText(error);
    } finally {
      if (this.#request === request) {
        this.#request = null;
        this.opening = false;
      }
    }
  }

  async #fetchShown(state: TableState, pages: PacketWindow<TableRow>): Promise<void> {
    const [from, to] = this.#shown;
    const requests = pages.missing(from, Math.min(to, state.rows), state.rows, 0, new Set());
    await Promise.all(
      requests
        .filter((request) => request.shown)
        .map(async ({ page, from: first, count }) =>
          pages.store(page, (await call("table.rows", { table: state.table, from: first, count })).rows),
        ),
    );
  }

  /** What a person does who does not want to wait. */
  stop(): void {
    this.#cancel();
    this.stopped = true;
  }

  #cancel(): void {
    this.#request?.abort();
  }

  /** Where a row stands now, among the rows around those that are shown; -1: not there. */
  indexOf(key: string): number {
    const [from, to] = this.#shown;
    for (let index = Math.max(0, from - PAGE_ROWS); index < to + PAGE_ROWS; index++)
      if (this.#window.row(index)?.key === key) return index;
    return -1;
  }

  /** Undefined while it is on its way. */
  row(index: number): TableRow | undefined {
    return this.#window.row(index);
  }

  /** Fetches what is missing of rows [from, to). */
  ensure(from: number, to: number): void {
    const { state } = this;
    if (!state) return;
    this.#shown = [from, to];
    const pages = this.#window;
    const asked = this.#asked;
    for (const request of pages.missing(from, to, state.rows, 0, asked)) {
      asked.add(request.page);
      call("table.rows", { table: state.table, from: request.from, count: request.count })
        .then(({ rows }) => {
          pages.store(request.page, rows);
          if (this.#window === pages) this.version++;
        })
        .catch((error: unknown) => {
          // A table of a live source is replaced by the next, and while another is being opened this one may be gone: what was asked of it is
          // of no use any more.
          if (this.#window === pages && !this.opening && !(workspace.isLive && isGone(error)))
            this.problem = errorText(error);
        })
        .finally(() => asked.delete(request.page));
    }
  }

  /** All rows as CSV. */
  async csv(): Promise<string> {
    return this.state ? (await call("table.csv", { table: this.state.table })).text : "";
  }

  close(): void {
    this.#cancel();
    if (this.state) closeTable(this.state.table);
    this.state = null;
  }

  /** The engine or the connection was started again: there is nothing to close. */
  forget(): void {
    this.#cancel();
    this.state = null;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof ContractError && error.code === "gone";
}

function closeTable(table: number): void {
  // Gone with the engine: as good as closed.
  call("table.close", { table }).catch(() => undefined);
}
