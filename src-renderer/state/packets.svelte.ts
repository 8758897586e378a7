/**
 * The view of the packet list: filter in force, order, and the engine's view that holds the rows.
 *
 * ```
 * filter bar, "apply as filter" ─► packets.apply(text) ─► packets.open ─► packets.view {view: 7, rows, complete …}
 *                                         │ refused                           ▲ event "view" while rows are found
 *                                         └─► packets.problem                 │ reopened when the workspace changes
 * ```
 * The old view stays, and is drawn, until the new one is there.
 */
import { ContractError } from "../../src-shared/contract/messages";
import type { FilterProblem, ViewState } from "../../src-shared/contract/results";
import { call, isCancelled, on } from "../bridge/engine";
import { holdIdle } from "../bridge/idle";
import { joinFilter, type FilterJoin } from "../viewmodel/packet-filter";
import { showError } from "./dialogs.svelte";
import { selection } from "./selection.svelte";
import { defineSetting, isTextList } from "./settings.svelte";
import { workspace } from "./workspace.svelte";

export interface SortKey {
  readonly column: string;
  readonly descending: boolean;
}

const HISTORY_LENGTH = 50;

const UNFILTERED = { filter: "", sort: [] } as const;

/** Filters that were applied, newest first. */
export const filterHistory = defineSetting<readonly string[]>("filter.history", [], isTextList);

class Packets {
  /** The filter in force, "" none. */
  filter = $state("");
  /** What the filter bar holds, applied or not. Write it to prepare a filter. */
  draft = $state("");
  sort = $state.raw<readonly SortKey[]>([]);
  /** Null before the first view, and while nothing is open. */
  view = $state.raw<ViewState | null>(null);
  /** Why `draft` was refused when it was applied. */
  problem = $state.raw<FilterProblem | null>(null);
  /** A new view was asked for and is not there yet. */
  opening = $state(false);
  /** Counts up whenever rows may be others than before: row caches are thrown away. */
  generation = $state(0);
  /** The engine knows nothing of `view`; its number may be given to another one. */
  gone = $state(false);

  /** Something takes its time: a new view is on its way, or this one is still filtered or sorted. */
  readonly isWorking = $derived(
    this.opening || (this.view !== null && !this.view.complete && !this.view.failed && !workspace.isLoading),
  );

  /** There is another view to go back to: the one before, or all packets as they came. */
  readonly canStop = $derived(this.opening || (this.isWorking && (this.filter !== "" || this.sort.length > 0)));

  #request: AbortController | null = null;
  /** Filter and order of the newest view that was complete: what a person goes back to who cancels. */
  #settled: { readonly filter: string; readonly sort: readonly SortKey[] } = UNFILTERED;
  #release: (() => void) | null = null;
  /** What the open view is made of; "": it has to be opened anew. */
  #opened = "";

  /** What the first view is opened with: the page before this one had it. */
  begin(filter: string, draft: string, sort: readonly SortKey[]): void {
    this.filter = filter;
    this.draft = draft;
    this.sort = sort;
  }

  /** Puts a filter in force. False: it was refused (see `problem`) or something newer took its place. */
  async apply(filter: string): Promise<boolean> {
    const text = filter.trim();
    this.draft = filter;
    this.problem = null;
    if (!(await this.#open(text, this.sort))) return false;
    if (text !== "") {
      filterHistory.value = [text, ...filterHistory.value.filter((known) => known !== text)].slice(0, HISTORY_LENGTH);
    }
    return true;
  }

  /** Joins an expression to the filter in force; `prepare`: only writes it into the filter bar. */
  async applyExpression(expression: string, join: FilterJoin, prepare = false): Promise<void> {
    const text = joinFilter(prepare ? this.draft : this.filter, expression, join);
    if (prepare) this.draft = text;
    else await this.apply(text);
  }

  /** [] is the order of time. */
  async setSort(sort: readonly SortKey[]): Promise<void> {
    await this.#open(this.filter, sort);
  }

  /** The same filter and order again: what the filter looks at is otherwise now (notes). */
  async reopen(): Promise<void> {
    if (this.view) await this.#open(this.filter, this.sort);
  }

  /**
   * Stops a filter or sorting that is still being worked on. The view before it stays, or is opened again if this one has taken its
   * place already; `draft` keeps what was written.
   */
  cancel(): void {
    if (this.#request) return this.#request.abort();
    if (!this.canStop) return;
    const { filter, sort } = this.#settled;
    // That one itself again (a capture point was switched on, say): all packets are there at once.
    const isSame = filter === this.filter && JSON.stringify(sort) === JSON.stringify(this.sort);
    void (isSame ? this.#open(UNFILTERED.filter, UNFILTERED.sort) : this.#open(filter, sort));
  }

  /** Opens the view anew if the workspace is not the one it was made of (other files, other points, ignored packets). */
  follow(): void {
    const basis = this.#basis();
    if (workspace.isEmpty) {
      this.#request?.abort();
      this.#opened = "";
      this.#adopt(null);
      return;
    }
    if (basis !== this.#opened) void this.#open(this.filter, this.sort);
  }

  /** The connection is lost or the engine was started again: the view is gone, what is drawn of it stays until the next. */
  forget(): void {
    this.#request?.abort();
    this.#opened = "";
    this.gone = true;
    this.#release?.();
    this.#release = null;
  }

  /** An event about the open view. */
  update(state: ViewState): void {
    if (state.view === this.view?.view && !this.gone) this.#adopt(state);
  }

  /** What a view depends on besides filter and order. */
  #basis(): string {
    const { workspace: number, points, decodeAs } = workspace.state;
    const disabled = points.filter((point) => !point.enabled).map((point) => point.point);
    return JSON.stringify([number, disabled, decodeAs, [...selection.ignored]]);
  }

  async #open(filter: string, sort: readonly SortKey[]): Promise<boolean> {
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    this.opening = true;
    const basis = this.#basis();
    this.#opened = basis;
    try {
      const view = await call(
        "packets.open",
        { filter, sort: [...sort], ignored: [...selection.ignored] },
        { signal: request.signal, onLate: (late) => closeView(late.view) },
      );
      const before = this.gone ? null : this.view;
      this.gone = false;
      this.filter = filter;
      this.sort = sort;
      this.generation++;
      this.#adopt(view);
      if (before) closeView(before.view);
      return true;
    } catch (error) {
      if (error instanceof ContractError && error.code === "invalid-filter") {
        this.problem = error.detail as FilterProblem | null;
      } else if (!isCancelled(error) && !(error instanceof ContractError && error.code === "gone")) {
        showError("The packet list could not be made", error);
      }
      return false;
    } finally {
      if (this.#request === request) {
        this.#request = null;
        this.opening = false;
      }
    }
  }

  #adopt(view: ViewState | null): void {
    this.view = view;
    if (!view) this.#settled = UNFILTERED;
    else if (view.complete) this.#settled = { filter: this.filter, sort: this.sort };
    if (view && !view.complete && view.problem === null) this.#release ??= holdIdle();
    else {
      this.#release?.();
      this.#release = null;
    }
  }
}

export const packets = new Packets();

/** Starts listening to the engine. Once, at the start; calls `follow` whenever the workspace changes. */
export function listenToPackets(): void {
  on("view", (state) => packets.update(state));
}

function closeView(view: number): void {
  // Gone with the engine or the connection: as good as closed.
  call("packets.close", { view }).catch(() => undefined);
}
