/**
 * What the packet list does: where it stands, which row is selected, what is drawn in a frame.
 *
 * ```
 * wheel, keys, thumb ─► top (wanted) ─┐
 * packets.view, columns, selection ───┴─► frame: rows asked for; drawn as far as they are there
 *                                              top = wanted: all rows there       else: stays at the last drawn screen
 * ```
 * A jump is asked for in one request (packets.around, or the rows of its screen alone), drawn when the answer comes, not a frame
 * later, and what is around it is asked for once it has been on screen.
 *
 * Nothing is ever drawn without its rows, so there are no blank ones: a jump shows the old screen until the new one is
 * there (a few milliseconds), with the thumb already at its place.
 *
 * While a live source runs the list goes with the newest packets until a person moves up or selects one, and again from when
 * they go to its end.
 *
 * The engine merges files by time, so rows may come in above while it still reads. The list then moves with the packet it
 * stands at (the *anchor*).
 *
 * What the selected packet's stream looks like beside the rows is in selected-stream.ts; which packet is selected where nobody chose one,
 * in unasked-selection.ts.
 */
import type { PacketId, PacketRow, TimeValue } from "../../../src-shared/contract/results";
import type { RowsAround } from "../../../src-shared/contract/around";
import type { Params } from "../../../src-shared/contract/requests";
import { call, isCancelled } from "../../bridge/engine";
import { holdIdle, pause } from "../../bridge/idle";
import { autoScroll } from "../../state/live.svelte";
import { columns } from "../../state/columns.svelte";
import { keptView } from "../../state/kept-view.svelte";
import { packets } from "../../state/packets.svelte";
import { selection } from "../../state/selection.svelte";
import { showToast } from "../../state/toasts.svelte";
import { workspace } from "../../state/workspace.svelte";
import { clampTop, isShown, maxTop, topCentring, topShowing, type ScrollArea } from "../../viewmodel/packet-scroll";
import { ListRows } from "./list-rows";
import { RowLooks } from "./row-looks";
import type { RowPool } from "./row-pool";
import { SelectedStream } from "./selected-stream";
import { selectFirst, selectNextInTime } from "./unasked-selection";

/** While files are still read, full pages are looked at again this often: rows may have been merged in. */
const RECHECK_MS = 500;
/** A screen further away than so many is a jump: nothing of the way there is drawn (PacketWindow.drawableTop). */
const JUMP_SCREENS = 3;
/** A jump's frame is on screen by then: what is around it, which takes the engine 10 ms and more, does not stand in its way. */
const AFTER_JUMP_MS = 50;
/** Rows asked for beyond a screen: halves of rows at its ends, and the one above, for times since the row before. */
const SPARE_ROWS = 4;

export class PacketListController {
  /** Row at the upper edge as it is wanted; follows every movement at once. */
  top = $state(0);
  /** Rows that fit, with a fraction. */
  page = $state(1);
  /** Row of the selected packet in the view, -1 if it is not in it. */
  selectedRow = $state(-1);
  /** Id of the selected row's element while it is on screen. */
  activeId = $state<string | null>(null);
  /** Why rows could not be fetched. */
  problem = $state<string | null>(null);
  /** Rows were drawn for this view. */
  drawnView = $state(-1);

  readonly rows = new ListRows(
    () => this.#rowsCame(),
    (reason) => (this.problem = reason),
  );

  /** How rows look, and their texts. */
  readonly looks = new RowLooks((index) => this.rows.row(index));

  #stream = new SelectedStream(this);
  #pool: RowPool | null = null;
  #drawn = 0;
  #lastTop = 0;
  #scheduled = false;
  /** Row that was asked for by a key and is selected when it is there; -1 none. */
  #pending = -1;
  /** Selected packet that `selectedRow` is about. */
  #located: PacketId | null = null;
  /** The packet the screen stands at, and its row when it was drawn. */
  #anchor: { packet: PacketId; row: number } | null = null;
  #relocating = false;
  #checkedAt = 0;
  #generation = -1;
  /** Rows of this view came from a live source: the last ones may come when it has ended. */
  #wasLive = false;
  /** Rows there were when the newest were asked for. */
  #asked = 0;
  #revealed = 0;
  #locating: AbortController | null = null;
  /** Counts where the list was told to go: who asked before that, and is answered now, does not move it. */
  #moves = 0;
  /** How far below the upper edge the selected row stood in the view before; null: it was not in sight. */
  #stoodAt: number | null = null;
  /** The packet that was selected in the view before, and when it was captured. */
  #before: { readonly packet: PacketId; readonly time: TimeValue } | null = null;
  /** A new view is not drawn before it is known where in it the selected packet is: it would jump. */
  #settling = false;
  /** Jumps that were just drawn. */
  #justJumped = 0;

  get area(): ScrollArea {
    return { rows: packets.view?.rows ?? 0, page: this.page };
  }

  /** The row a key moves from: the one that is already on its way, else the selected one. */
  get currentRow(): number {
    return this.#pending >= 0 ? this.#pending : this.selectedRow;
  }

  /** The pane is higher or lower: the selected row stays in sight. */
  resize(page: number): void {
    const wasShown = this.selectedRow >= 0 && isShown(this.selectedRow, this.top, this.area);
    this.page = Math.max(1, page);
    if (wasShown) this.#show(this.selectedRow, "near");
  }

  attach(pool: RowPool): void {
    this.#pool = pool;
    this.invalidate();
  }

  /** Draws in the next frame. */
  invalidate(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const release = holdIdle();
    requestAnimationFrame(() => {
      this.#scheduled = false;
      this.#frame();
      release();
    });
  }

  /** Everything looks different: theme, time format, marks, selection. */
  restyle(): void {
    this.looks.restyle();
    this.invalidate();
  }

  scrollTo(top: number): void {
    this.#moves++;
    this.top = clampTop(top, this.area);
    autoScroll.on = this.top >= maxTop(this.area) - 0.5;
    this.#anchor = null;
    if (this.#isJump) this.#ensureRows(0);
    this.invalidate();
  }

  scrollBy(rows: number): void {
    this.scrollTo(this.top + rows);
  }

  /** Selects a row and shows it; at once if it is there, else as soon as it is. */
  selectRow(row: number, where: "near" | "middle" = "near"): void {
    const { rows } = this.area;
    if (rows === 0) return;
    const index = Math.max(0, Math.min(rows - 1, row));
    this.#pending = index;
    selection.isAutomatic = false;
    autoScroll.on = index === rows - 1;
    this.#show(index, where);
    this.#selectPending();
    this.invalidate();
  }

  /** The screen that is wanted is not near the one that is drawn. */
  get #isJump(): boolean {
    return Math.abs(this.top - this.#drawn) > this.page * JUMP_SCREENS;
  }

  /**
   * Selects the packet of a number in a file and shows it; resolves with its id once its rows are drawn, -1 if there is none.
   * @throws ContractError
   */
  async goToNumber(number: number, file: number): Promise<PacketId> {
    const view = packets.view?.view ?? -1;
    const there = await this.#askAround(view, { number, file }, this.page + SPARE_ROWS);
    const { packet, row } = there;
    if (packet < 0) return packet;
    if (row < 0 || packets.view?.view !== view) {
      selection.select(packet);
      return packet;
    }
    this.rows.storeScreen(view, there.from, there.rows);
    this.#locating?.abort();
    this.#located = packet;
    this.selectedRow = row;
    selection.select(packet);
    this.#revealed = selection.reveal;
    this.looks.forget();
    this.#show(row, "middle");
    this.#drawNow();
    return packet;
  }

  #askAround(
    view: number,
    target: Params<"packets.around">["target"],
    count: number,
    signal?: AbortSignal,
  ): Promise<RowsAround> {
    const ids = columns.list.map((column) => column.id);
    return call("packets.around", { view, target, count: Math.min(1000, Math.ceil(count)), columns: ids }, { signal });
  }

  /** Row and column under an element; null: none. */
  placeOf(target: EventTarget | null): { readonly index: number; readonly column: number } | null {
    return this.#pool?.placeOf(target) ?? null;
  }

  /** The element that shows a row, if one does. */
  elementOf(row: number): HTMLElement | null {
    return this.#pool?.elementOf(row) ?? null;
  }

  /** Data of a row that is kept. */
  row(index: number): PacketRow | undefined {
    return this.rows.row(index);
  }

  /** Data of the selected row, if it is kept. */
  get selectedData(): PacketRow | undefined {
    const row = this.selectedRow >= 0 ? this.rows.row(this.selectedRow) : undefined;
    return row?.packet === selection.packet ? row : undefined;
  }

  /** Call in an effect: the view or its rows changed. */
  followView(): void {
    const view = packets.view;
    const generation = packets.generation;
    const ids = columns.list.map((column) => column.id);
    if (generation !== this.#generation || !view) {
      this.#generation = generation;
      const wasShown = this.selectedRow >= 0 && isShown(this.selectedRow, this.top, this.area);
      this.#stoodAt = wasShown ? this.selectedRow - this.top : null;
      const selected = this.selectedData;
      if (selected) this.#before = selected;
      this.rows.reset(view?.view ?? -1, ids);
      this.#wasLive = false;
      this.#asked = 0;
      this.problem = null;
      this.#pending = -1;
      this.#anchor = null;
      this.#located = null;
      this.selectedRow = -1;
      this.#relocating = false;
      this.#settling = view !== null && selection.packet !== null;
      this.drawnView = -1;
    } else if ((view.complete && !workspace.isLive) || performance.now() - this.#checkedAt > RECHECK_MS) {
      this.#checkedAt = performance.now();
      this.rows.window.markStale();
      // A filter that had to read the files may only now have found the selected packet; nobody has moved away meanwhile.
      const packet = selection.packet;
      if (view.complete && packet !== null && !this.#settling) {
        if (this.selectedRow < 0 && this.top === 0) void this.#locate(view.view, packet, false);
        else void this.#locateQuietly(view.view, packet);
      }
    }
    this.#goWithNewest();
    this.invalidate();
  }

  /** The screen before is drawn first: at 50,000 packets a second the newest rows are never there. */
  #goWithNewest(): void {
    if (workspace.isLive) this.#wasLive = true;
    if (!autoScroll.on || !this.#wasLive || this.#drawn !== this.top) return;
    const { area } = this;
    const end = maxTop(area);
    // Asked for now and not in the next frame: a frame is a sixth of what a packet may take from its write to the screen.
    if (area.rows > this.#asked) this.rows.ensure(Math.max(0, Math.floor(end) - 1), area.rows, area.rows, 1);
    this.#asked = area.rows;
    if (end <= this.top) return;
    this.top = end;
    this.#anchor = null;
    this.invalidate();
  }

  /** Call in an effect: other columns need other rows. */
  followColumns(): void {
    this.rows.reset(
      packets.view?.view ?? -1,
      columns.list.map((column) => column.id),
    );
    this.problem = null;
    this.looks.forget();
    this.invalidate();
  }

  /** Call in an effect: where the selected packet is in this view. */
  followSelection(): void {
    const packet = selection.packet;
    const reveal = selection.reveal !== this.#revealed;
    this.#revealed = selection.reveal;
    const view = packets.view;
    if (packet === null || !view) {
      this.selectedRow = -1;
      this.#located = null;
      this.#settling = false;
      return;
    }
    if (packet === this.#located) {
      if (reveal && this.selectedRow >= 0) this.#show(this.selectedRow, "middle");
      return;
    }
    this.#located = packet;
    void this.#locate(view.view, packet, reveal);
  }

  /** Call in an effect: details tell which packets belong to the selected one. */
  followDetails(): void {
    this.#stream.follow();
  }

  #show(row: number, where: "near" | "middle"): void {
    const area = this.area;
    if (where === "middle" && !isShown(row, this.top, area)) this.top = topCentring(row, area);
    else this.top = topShowing(row, this.top, area);
    this.#anchor = null;
    // Asked for now and not in the next frame: a jump takes three frames else.
    this.#ensureRows(0);
    this.invalidate();
  }

  /** Asks for the rows of the screen at `top`. `towards`: direction of movement, -1 0 1. */
  #ensureRows(towards: number): void {
    const { rows, page } = this.area;
    const from = Math.max(0, Math.floor(this.top) - 1);
    this.rows.ensure(from, Math.min(rows, Math.ceil(this.top + page)), rows, towards, this.#isJump);
  }

  /** `automatic`: nobody asked for it. */
  #selectPending(automatic = false): void {
    const row = this.#pending >= 0 ? this.rows.row(this.#pending) : undefined;
    if (!row) return;
    this.selectedRow = this.#pending;
    this.#located = row.packet;
    this.#pending = -1;
    if (selection.packet !== row.packet) selection.select(row.packet, { reveal: false, automatic });
  }

  async #locate(view: number, packet: PacketId, reveal: boolean): Promise<void> {
    this.#locating?.abort();
    const request = new AbortController();
    this.#locating = request;
    const moves = this.#moves;
    try {
      // Where it stood before, rows above and below may be wanted.
      const count = this.page * (this.#stoodAt === null ? 1 : 2) + SPARE_ROWS;
      const { row, from, rows } = await this.#askAround(view, { packet }, count, request.signal);
      if (this.#located !== packet) return;
      this.rows.storeScreen(view, from, rows);
      this.selectedRow = row;
      // A new filter or order keeps the selected packet where it was, if it still lists it.
      const isFree = this.#moves === moves && keptView.wantedTop === null;
      if (row >= 0 && isFree && this.#stoodAt !== null) this.scrollTo(row - this.#stoodAt);
      if (row >= 0 && isFree) this.#show(row, "middle");
      else if (reveal)
        showToast("The filter in force hides this packet.", {
          action: { label: "Clear filter", run: () => void packets.apply("") },
        });
      if (row >= 0) this.#stoodAt = null;
      else if (!reveal && packets.view?.view === view && packets.view.complete)
        await selectNextInTime(view, this.#before);
    } catch (error) {
      if (!isCancelled(error)) this.selectedRow = -1;
    } finally {
      if (this.#locating === request) {
        this.#settling = false;
        this.restyle();
        this.#drawNow();
      }
    }
  }

  #rowsCame(): void {
    const anchor = this.#anchor;
    const here = anchor ? this.rows.row(anchor.row) : undefined;
    if (anchor && here && here.packet !== anchor.packet && !this.#relocating) void this.#follow(anchor);
    if (this.#isJump) this.#drawNow();
    else this.invalidate();
  }

  /** Not in the next frame: an answer comes between two frames, and what is drawn with it is in the first of them. */
  #drawNow(): void {
    const before = this.#drawn;
    this.#frame();
    if (this.#drawn === before) return;
    this.#justJumped++;
    void pause(AFTER_JUMP_MS).then(() => {
      if (--this.#justJumped === 0) this.invalidate();
    });
  }

  /** Rows came in above: the list moves with the packet it stands at. */
  async #follow(anchor: { packet: PacketId; row: number }): Promise<void> {
    const view = packets.view?.view;
    if (view === undefined) return;
    this.#relocating = true;
    try {
      const { row } = await call("packets.locate", { view, packet: anchor.packet });
      if (row >= 0 && this.#anchor === anchor) {
        const by = row - anchor.row;
        this.top = clampTop(this.top + by, this.area);
        this.#drawn = this.top;
        if (this.selectedRow >= 0) this.selectedRow += by;
        this.#anchor = null;
      }
    } catch {
      // The view went away: another one follows.
    } finally {
      this.#relocating = false;
      // The selected packet's row is another one too.
      if (this.selectedRow >= 0 && selection.packet !== null && packets.view)
        void this.#locateQuietly(packets.view.view, selection.packet);
      this.invalidate();
    }
  }

  async #locateQuietly(view: number, packet: PacketId): Promise<void> {
    try {
      const { row } = await call("packets.locate", { view, packet });
      if (selection.packet === packet) this.selectedRow = row;
      this.restyle();
      // Others came in above it: it is not the first any more.
      if (row > 0 && selection.packet === packet && selection.isAutomatic && this.top === 0) await selectFirst(view);
    } catch {
      // As above.
    }
  }

  #frame(): void {
    const view = packets.view;
    const pool = this.#pool;
    if (!pool || this.#relocating || this.#settling || keptView.holdsRows) return;
    if (!view || view.rows === 0) {
      // A filter that is still looking keeps the old rows in sight until it has found something, or nothing at all.
      if (!view || view.complete) pool.draw(0, 0, -1, () => null);
      if (view?.complete) this.drawnView = view.view;
      return;
    }
    const area = this.area;
    this.top = clampTop(this.top, area);
    const towards = Math.sign(this.top - this.#lastTop);
    this.#lastTop = this.top;
    const isThere = this.rows.window.has(Math.floor(this.top), Math.min(view.rows, Math.ceil(this.top + area.page)));
    if (!isThere || this.#justJumped === 0) this.#ensureRows(towards);
    this.#selectPending();
    // Not while another view is on its way: the first packet would be that of a workspace that is gone.
    const isFree = selection.packet === null && this.#pending < 0 && !packets.opening;
    if (isFree && this.rows.row(0) && this.top === 0) {
      this.#pending = 0;
      this.#selectPending(true);
    }
    const drawable = this.rows.window.drawableTop(this.top, this.#drawn, area.page, view.rows);
    if (drawable === null) return;
    this.#drawn = drawable;
    this.drawnView = view.view;
    const first = Math.floor(drawable);
    const last = Math.min(view.rows - 1, Math.ceil(drawable + area.page) - 1);
    pool.draw(drawable, first, last, (index) => this.looks.of(index));
    this.activeId = this.selectedRow >= 0 ? pool.idOf(this.selectedRow) : null;
    this.#stream.learnStream();
    this.#goWithNewest();
    this.#anchor ??= this.#anchorAt(first, last);
  }

  /** At the very start the list stays at the start, whatever comes in. */
  #anchorAt(first: number, last: number): { packet: PacketId; row: number } | null {
    if (this.top === 0) return null;
    const row = this.selectedRow >= first && this.selectedRow <= last ? this.selectedRow : first;
    const data = this.rows.row(row);
    return data ? { packet: data.packet, row } : null;
  }
}
