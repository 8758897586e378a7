/**
 * Fetches the rows the list draws, a page at a time, from the engine's view.
 *
 * ```
 * ensure(a jump)     ─► packets.rows of the screen alone, one at a time ─► PacketWindow ─► changed()
 * ensure(shown rows) ─► pages that are missing ─► packets.rows ─► PacketWindow ─► changed() ─► next frame
 *                       shown ones first; those around them once they came
 *                       pages nobody needs any more: cancelled
 * ```
 */
import { ContractError } from "../../../src-shared/contract/messages";
import type { PacketRow } from "../../../src-shared/contract/results";
import { call, errorText, isCancelled } from "../../bridge/engine";
import { PacketWindow, PAGE_ROWS } from "../../viewmodel/packet-window";

/** Requests under way at once: the shown pages, and one ahead. */
const MAX_REQUESTS = 4;
/** Pages this far from what is shown are no longer worth waiting for. */
const KEEP_PAGES = 3;

export class ListRows {
  readonly window = new PacketWindow();
  readonly #asked = new Map<number, AbortController>();
  /** Pages that could not be had: asked for again, they would fail again. */
  readonly #failed = new Set<number>();
  /** A jump's rows are on their way. */
  #screen: AbortController | null = null;
  /** They could not be had: pages tell why. */
  #hasNoScreens = false;
  #view = -1;
  #columns: readonly string[] = [];

  /** `changed`: rows came; `failed`: they cannot be had, with the reason. */
  constructor(
    private readonly changed: () => void,
    private readonly failed: (reason: string) => void,
  ) {}

  /** Another view or other columns: what is kept is of no use. */
  reset(view: number, columns: readonly string[]): void {
    for (const request of this.#asked.values()) request.abort();
    this.#asked.clear();
    this.#failed.clear();
    this.#screen?.abort();
    this.#screen = null;
    this.#hasNoScreens = false;
    this.window.clear();
    this.#view = view;
    this.#columns = columns;
  }

  row(index: number): PacketRow | undefined {
    return this.window.row(index);
  }

  /** Rows of a jump that came in an answer of their own, with the view it was asked of. */
  storeScreen(view: number, from: number, rows: readonly PacketRow[]): void {
    if (view === this.#view) this.window.storeScreen(from, rows);
  }

  /**
   * Asks for what is missing of rows [from, to) and around; `towards`: direction of movement, -1 0 1; `isJump`: what was drawn
   * before is of no use here.
   */
  ensure(from: number, to: number, rows: number, towards: number, isJump = false): void {
    if (this.#view < 0) return;
    if (isJump && !this.#hasNoScreens) {
      // Its rows are there: what is around them is asked for once they are drawn. Asked for at once, four pages came back (25 ms of the
      // engine) before the jump was on screen.
      if (!this.window.has(Math.max(0, from), Math.min(rows, to))) void this.#fetchScreen(from, to);
      return;
    }
    const first = Math.floor(from / PAGE_ROWS) - KEEP_PAGES;
    const last = Math.floor(to / PAGE_ROWS) + KEEP_PAGES;
    for (const [page, request] of this.#asked) {
      if (page >= first && page <= last) continue;
      request.abort();
      this.#asked.delete(page);
    }
    const isShownMissing = !this.window.has(Math.max(0, from), Math.min(rows, to));
    const unwanted = new Set([...this.#asked.keys(), ...this.#failed]);
    for (const wanted of this.window.missing(from, to, rows, towards, unwanted)) {
      // A page takes the engine 5 to 7 ms: a jump would wait for two more.
      if (!wanted.shown && (isShownMissing || this.#asked.size >= MAX_REQUESTS)) break;
      void this.#fetch(wanted.page, wanted.from, wanted.count);
    }
  }

  /** One at a time, and each is waited for: while the scroll bar is dragged the next one would cancel every one of them. */
  async #fetchScreen(from: number, to: number): Promise<void> {
    if (this.#screen) return;
    const request = new AbortController();
    this.#screen = request;
    const { signal } = request;
    const view = this.#view;
    try {
      const params = { view, from, count: Math.max(0, to - from), columns: [...this.#columns] };
      this.storeScreen(view, from, (await call("packets.rows", params, { signal })).rows);
    } catch {
      this.#hasNoScreens = this.#screen === request;
    }
    if (this.#screen !== request) return;
    this.#screen = null;
    this.changed();
  }

  async #fetch(page: number, from: number, count: number): Promise<void> {
    const request = new AbortController();
    this.#asked.set(page, request);
    try {
      const columns = [...this.#columns];
      const { epoch } = this.window;
      const { rows } = await call(
        "packets.rows",
        { view: this.#view, from, count, columns },
        { signal: request.signal },
      );
      this.window.store(page, rows, epoch);
      this.#done(page, request);
    } catch (error) {
      // A view that is gone is replaced by another, and this is called again then.
      const isFailed = !isCancelled(error) && !(error instanceof ContractError && error.code === "gone");
      if (isFailed && this.#asked.get(page) === request) this.#failed.add(page);
      this.#done(page, request);
      if (isFailed) this.failed(errorText(error));
    }
  }

  #done(page: number, request: AbortController): void {
    if (this.#asked.get(page) !== request) return;
    this.#asked.delete(page);
    this.changed();
  }
}
