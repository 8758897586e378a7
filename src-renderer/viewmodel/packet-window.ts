/**
 * The rows of a view that the window keeps, in pages; the engine has all of them.
 *
 * ```
 *  view rows   0 ──────────────────────────────────────────────────── n
 *  pages            │ 7 │ 8 │ 9 │                      │ 41 │
 *                     ▲ shown      ▲ asked for ahead of the movement
 * ```
 *
 * Pages are forgotten least recently used first. A page is *stale* after the view has changed under it (more rows, merged
 * in by time): it is still drawn until its successor is there, so that nothing flickers.
 *
 * A jump asks for the rows of its screen alone, not for the 128 to 256 of the pages they lie in; they are
 * kept beside the pages, the last ones only, and drawn where a page is missing.
 *
 * PAGE_ROWS: a screen has 30-60 rows, so a screen is on one or two pages. MAX_PAGES: 20,480 rows, about 12 MB with seven
 * columns.
 */
import type { PacketRow } from "../../src-shared/contract/results";

export const PAGE_ROWS = 128;
export const MAX_PAGES = 160;

interface Page<Row> {
  readonly rows: readonly Row[];
  stale: boolean;
  /** When it was last drawn or fetched, counted in calls. */
  used: number;
}

/** A row range to ask the engine for. */
export interface RowRequest {
  readonly page: number;
  readonly from: number;
  readonly count: number;
  /** False: fetched ahead, may wait. */
  readonly shown: boolean;
}

/** `Row`: tables keep theirs the same way. */
export class PacketWindow<Row = PacketRow> {
  #pages = new Map<number, Page<Row>>();
  #screen: { readonly from: number; readonly rows: readonly Row[] } = { from: 0, rows: [] };
  #clock = 0;
  #epoch = 0;

  /** Counts up with every `markStale`: note it when rows are asked for, hand it over when they come. */
  get epoch(): number {
    return this.#epoch;
  }

  get pageCount(): number {
    return this.#pages.size;
  }

  /** The row, if it is there, stale or not. */
  row(index: number): Row | undefined {
    return (
      this.#pages.get(Math.floor(index / PAGE_ROWS))?.rows[index % PAGE_ROWS] ??
      this.#screen.rows[index - this.#screen.from]
    );
  }

  /** Every row of [from, to) is there. */
  has(from: number, to: number): boolean {
    for (let page = Math.floor(from / PAGE_ROWS); page * PAGE_ROWS < to; page++) {
      const rows = this.#pages.get(page)?.rows.length ?? 0;
      if (rows >= Math.min(PAGE_ROWS, to - page * PAGE_ROWS)) continue;
      if (!this.#isOnScreen(Math.max(from, page * PAGE_ROWS), Math.min(to, (page + 1) * PAGE_ROWS))) return false;
    }
    return true;
  }

  #isOnScreen(from: number, to: number): boolean {
    return from >= this.#screen.from && to <= this.#screen.from + this.#screen.rows.length;
  }

  /** Rows of a jump, instead of those of the one before. */
  storeScreen(from: number, rows: readonly Row[]): void {
    this.#screen = { from, rows };
  }

  /** `epoch`: of when they were asked for. Rows of an older one may be out of date: they are drawn, and asked for again. */
  store(page: number, rows: readonly Row[], epoch = this.#epoch): void {
    this.#pages.set(page, { rows, stale: epoch !== this.#epoch, used: ++this.#clock });
    if (this.#pages.size > MAX_PAGES) this.#forgetOldest();
  }

  /** The view changed under the pages: they are to be fetched again when they are needed. */
  markStale(): void {
    this.#epoch++;
    for (const page of this.#pages.values()) page.stale = true;
  }

  clear(): void {
    this.#pages.clear();
    this.#screen = { from: 0, rows: [] };
  }

  /**
   * What to ask for so that rows [from, to) can be drawn, and then rows ahead in the direction of movement (`towards`: -1 up,
   * 1 down, 0 both): shown pages first. Pages in `asked` are on their way already.
   */
  missing(from: number, to: number, rows: number, towards: number, asked: ReadonlySet<number>): RowRequest[] {
    if (rows === 0 || to <= from) return [];
    const first = Math.floor(from / PAGE_ROWS);
    const last = Math.floor((to - 1) / PAGE_ROWS);
    const wanted: RowRequest[] = [];
    const want = (page: number, shown: boolean): void => {
      if (page < 0 || page * PAGE_ROWS >= rows || asked.has(page)) return;
      const count = Math.min(PAGE_ROWS, rows - page * PAGE_ROWS);
      const kept = this.#pages.get(page);
      if (kept) kept.used = ++this.#clock;
      // A full page that is not stale holds all it ever will; a short one may have grown.
      if (kept && !kept.stale && kept.rows.length >= count) return;
      wanted.push({ page, from: page * PAGE_ROWS, count, shown });
    };
    for (let page = first; page <= last; page++) want(page, true);
    for (let ahead = 1; ahead <= 2; ahead++) {
      if (towards >= 0) want(last + ahead, false);
      if (towards <= 0) want(first - ahead, false);
    }
    return wanted;
  }

  /**
   * The top nearest to `wanted` whose whole screen of `page` rows is there, so that no blank row is drawn: `wanted` itself,
   * or the furthest point on the way from `drawn` that can be drawn; null if nothing can be.
   */
  drawableTop(wanted: number, drawn: number, page: number, rows: number): number | null {
    const all = (top: number): boolean => this.has(Math.floor(top), Math.min(rows, Math.ceil(top + page)));
    if (all(wanted)) return wanted;
    const down = wanted > drawn;
    // A jump further than a screen shows nothing of the way: it stays where it is until the rows come.
    if (Math.abs(wanted - drawn) <= page * 3) {
      const steps = Math.floor(Math.abs(wanted - drawn));
      for (let step = 1; step <= steps; step++) {
        const top = down ? Math.floor(wanted) - step : Math.ceil(wanted) + step;
        if (down ? top <= drawn : top >= drawn) break;
        if (top >= 0 && all(top)) return top;
      }
    }
    return all(drawn) ? drawn : null;
  }

  #forgetOldest(): void {
    const pages = [...this.#pages].sort((a, b) => a[1].used - b[1].used);
    // A quarter at a time: sorting for every page fetched would cost more than the memory.
    for (const [page] of pages.slice(0, MAX_PAGES >> 2)) this.#pages.delete(page);
  }
}
