/**
 * A list of packets: filtered, sorted, kept here; the window asks for ranges of rows.
 *
 * ```
 * packets come ─► matched (index columns, or a pass over the files) ─► ids, ascending ─► merged by time ─► sorted ─► rows
 *                                                                      └─ shown while the rest is on its way
 * ```
 * Without filter, sorting and switched-off points a view of one file holds nothing: row n is packet n.
 */
import type { ErrorCode } from "../../../src-shared/contract/messages";
import { ContractError } from "../../../src-shared/contract/messages";
import type { PacketId, ViewState } from "../../../src-shared/contract/results";
import { GrowableU32, identity } from "../packet-index/growable";
import { Breather, cancelled } from "./breather";
import type { LoadedCaptures } from "./loaded-captures";
import { PacketMatcher } from "./packet-matcher";
import { type SortColumn, sortRows } from "./sort-rows";
import { Throttle } from "./throttle";
import { TimeShare } from "./time-share";

/** Between two "view" events. */
const EVENT_MS = 100;
/** The same while a live source runs: a packet is to be seen within 100 ms of being written. */
const LIVE_EVENT_MS = 33;
const LIVE_PAUSE_MS = 15;

export interface ViewParams {
  readonly filter: string;
  readonly sort: readonly SortColumn[];
  /** Packets that a filter never finds. Without a filter they are shown like all others. */
  readonly ignored: readonly PacketId[];
}

export class PacketView {
  /** Rows there are, in their order; undefined: all packets in the order of their ids. */
  private list: GrowableU32 | undefined;
  /** The first so many packets are in `list`, in the order of display; those that came since follow in the order of their ids. */
  private arranged = false;
  private scanned = 0;
  /** Packets there were when a live view was put in order last. */
  private arrangedTo = 0;
  private complete = false;
  private problem: string | null = null;
  private waitingFor: string | null = null;
  private sorting: { readonly done: number; readonly total: number } | undefined;
  private abort = new AbortController();
  private closed = false;
  private readonly matcher: PacketMatcher | undefined;
  private readonly ignored: ReadonlySet<PacketId>;
  private readonly throttle: Throttle;
  private readonly stopListening: () => void;
  /** What a live view may spend on looking at everything again. */
  private readonly share = new TimeShare();
  private wake: () => void = () => undefined;
  private hasNews = false;
  /** Called when the view is complete, failed or closed. */
  private readonly waiting = new Set<() => void>();

  /** @throws ContractError "invalid-filter" */
  constructor(
    readonly id: number,
    readonly captures: LoadedCaptures,
    private readonly params: ViewParams,
    private readonly onState: (state: ViewState) => void,
  ) {
    this.matcher =
      params.filter.trim() === ""
        ? undefined
        : new PacketMatcher(captures, params.filter, (why) => {
            this.waitingFor = why;
            this.throttle.request();
          });
    this.ignored = new Set(this.matcher ? params.ignored : []);
    this.throttle = new Throttle(
      () => (captures.live ? LIVE_EVENT_MS : EVENT_MS),
      () => this.onState(this.state()),
    );
    this.stopListening = captures.onNews(() => this.news());
    void this.run(this.abort.signal);
  }

  get rows(): number {
    return this.list ? this.list.length : this.captures.index.count;
  }

  /** Ids of rows `from` … `to` - 1, fewer if there are no more. */
  ids(from: number, to: number): Uint32Array {
    const end = Math.min(to, this.rows);
    if (from >= end) return new Uint32Array(0);
    if (this.list) return this.list.array().slice(from, end);
    return identity(end - from, from);
  }

  idAt(row: number): PacketId {
    return this.list ? this.list.at(row) : row;
  }

  /** All rows: a view, valid until the engine's thread turns. */
  allIds(): ArrayLike<PacketId> {
    if (this.list) return this.list.array();
    return identity(this.rows);
  }

  /** Row of a packet, -1 if it is not in the view. 10 M rows: below 10 ms. */
  rowOf(id: PacketId): number {
    if (!this.list) return id >= 0 && id < this.rows ? id : -1;
    return this.list.array().indexOf(id);
  }

  state(): ViewState {
    return {
      view: this.id,
      rows: this.rows,
      scanned: this.matcher ? this.scanned : this.captures.index.count,
      packets: this.captures.index.count,
      complete: this.complete,
      problem:
        this.problem ??
        this.waitingFor ??
        (this.sorting ? `sorting: ${this.sorting.done} of ${this.sorting.total} packets read` : null),
      failed: this.problem !== null,
    };
  }

  /** Resolves when the view is complete, failed or closed, or after `milliseconds`, whichever comes first. */
  settled(milliseconds: number): Promise<void> {
    if (this.complete || this.problem !== null) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      this.waiting.add(done);
    });
  }

  /** Resolves when the view is complete. @throws ContractError "cancelled", or what went wrong with it */
  whenComplete(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (signal.aborted) finish(() => reject(cancelled()));
        else if (this.closed) finish(() => reject(new ContractError("gone", "the view was closed")));
        else if (this.problem !== null) finish(() => reject(new ContractError("internal", this.problem ?? "")));
        else if (this.complete) finish(resolve);
      };
      const finish = (then: () => void): void => {
        this.waiting.delete(look);
        signal.removeEventListener("abort", look);
        then();
      };
      this.waiting.add(look);
      signal.addEventListener("abort", look);
      look();
    });
  }

  /** Its filter asks what joining says. */
  get needsJoin(): boolean {
    return this.matcher?.needsJoin ?? false;
  }

  /** It looks at packets that are all there, and somebody waits for it: what is made ahead waits, it would take half of the thread. */
  get isWorking(): boolean {
    return (
      this.captures.complete && !this.complete && this.problem === null && this.waitingFor === null && !this.closed
    );
  }

  /** Begins anew: capture points were switched on or off. */
  restart(): void {
    this.abort.abort();
    this.abort = new AbortController();
    this.list = undefined;
    this.arranged = false;
    this.scanned = 0;
    this.arrangedTo = 0;
    this.complete = false;
    this.problem = null;
    this.waitingFor = null;
    this.sorting = undefined;
    void this.run(this.abort.signal);
  }

  close(): void {
    this.closed = true;
    this.abort.abort();
    this.stopListening();
    this.throttle.stop();
    this.wake();
    this.tellWaiting();
  }

  private tellWaiting(): void {
    for (const look of [...this.waiting]) look();
  }

  private news(): void {
    this.hasNews = true;
    this.wake();
    if (!this.matcher) this.throttle.request();
  }

  private async nextNews(): Promise<void> {
    if (!this.hasNews) await new Promise<void>((resolve) => (this.wake = resolve));
    this.hasNews = false;
  }

  /** Follows the captures until the view is closed or restarted. */
  private async run(signal: AbortSignal): Promise<void> {
    const { captures } = this;
    try {
      for (;;) {
        // Reading files again while they are being read would take both twice the time.
        const isQuick = !this.matcher || this.matcher.isQuick;
        const isDue = isQuick || (captures.live && this.share.isDue());
        if (captures.complete || isQuick) await this.scan(signal);
        else if (isDue) await this.share.run(() => this.scan(signal));
        if (captures.live && !captures.isClosed) {
          await this.followLive(isDue, signal);
          if (signal.aborted || this.closed) return;
          continue;
        }
        if (captures.complete && this.scanned === captures.index.count && !captures.isClosed) {
          await this.arrange(signal);
          if (this.scanned === captures.index.count) {
            this.complete = true;
            this.throttle.passed();
            this.onState(this.state());
            this.tellWaiting();
          }
        }
        await this.nextNews();
        if (signal.aborted || this.closed) return;
        if (this.scanned < captures.index.count || !captures.complete) this.complete = false;
      }
    } catch (error) {
      if (signal.aborted || this.closed || codeOf(error) === "cancelled") return;
      this.problem = error instanceof Error ? error.message : String(error);
      this.onState(this.state());
      this.tellWaiting();
    }
  }

  /**
   * While a live source runs: what was found is complete as of now, new packets follow at the end. Sorted and merged views are
   * put in order again from time to time.
   */
  private async followLive(hasScanned: boolean, signal: AbortSignal): Promise<void> {
    const { captures } = this;
    const isSorted = this.params.sort.length > 0 || captures.index.filesBegun > 1;
    if (isSorted && hasScanned && this.arrangedTo < this.scanned && this.share.isDue()) {
      this.arrangedTo = this.scanned;
      await this.share.run(() => this.arrange(signal));
    }
    if (signal.aborted || this.closed) return;
    if (hasScanned && !this.complete) {
      this.complete = true;
      this.throttle.passed();
      this.onState(this.state());
      this.tellWaiting();
    } else this.throttle.request();
    // A pause, so that a filter does not run over a segment for every packet that trickles in.
    await this.pause(LIVE_PAUSE_MS);
    const isBehind = this.matcher ? !this.matcher.isQuick && this.scanned < captures.index.count : false;
    if (isBehind || (isSorted && this.arrangedTo < this.scanned)) await this.nextNewsWithin(this.share.waitMs());
    else await this.nextNews();
  }

  private pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, milliseconds));
  }

  private async nextNewsWithin(milliseconds: number): Promise<void> {
    const timer = setTimeout(() => this.wake(), Math.max(LIVE_PAUSE_MS, milliseconds));
    if (!this.hasNews) await new Promise<void>((resolve) => (this.wake = resolve));
    clearTimeout(timer);
    this.hasNews = false;
  }

  /** Takes the packets that came since. */
  private async scan(signal: AbortSignal): Promise<void> {
    const { captures, matcher } = this;
    const allOn = !captures.enabledPoints.includes(false);
    if (!matcher && allOn && !this.list) {
      this.scanned = captures.index.count;
      return;
    }
    const list = (this.list ??= new GrowableU32());
    const to = captures.index.count;
    if (!matcher) {
      for (let id = this.scanned; id < to; id++) if (allOn || this.isOn(id)) list.push(id);
      this.scanned = to;
      return;
    }
    // Reserved at once, memory that is not written costs nothing; growing by doubling took 45 of 200 ms for 10 M packets.
    list.reserve(list.length + to - this.scanned);
    await matcher.scan(
      this.scanned,
      to,
      (from, matches, count) => {
        if (signal.aborted) return;
        if (allOn && this.ignored.size === 0) list.pushMarked(from, matches, count);
        else
          for (let i = 0; i < count; i++) {
            const id = from + i;
            if (matches[i] && (allOn || this.isOn(id)) && !this.ignored.has(id)) list.push(id);
          }
        this.scanned = from + count;
        this.throttle.request();
      },
      signal,
    );
    list.trim();
    this.scanned = to;
  }

  private isOn(id: PacketId): boolean {
    return this.captures.enabledPoints[this.captures.index.pointOf(id)] !== false;
  }

  /** Puts the rows into their order: files merged by time, then sorted by columns. */
  private async arrange(signal: AbortSignal): Promise<void> {
    const { captures, params } = this;
    const breather = new Breather(signal);
    const order = await captures.displayOrder(breather);
    if (!order && params.sort.length === 0 && !this.arranged) return;
    let ids: Uint32Array;
    if (!this.list) {
      ids = order ? order.slice() : identity(this.rows);
      this.scanned = ids.length;
    } else if (!order) ids = this.arranged ? this.list.array().slice().sort() : this.list.array().slice();
    else ids = inOrder(order, this.list.array());
    if (params.sort.length > 0) {
      await sortRows(captures, ids, params.sort, breather, (done, total) => {
        this.sorting = { done, total };
        this.throttle.request();
      });
      this.sorting = undefined;
    }
    if (signal.aborted) return;
    this.list = new GrowableU32(0);
    this.list.take(ids);
    this.arranged = true;
  }
}

/** The ids that are in `some`, as they stand in `order`. */
function inOrder(order: Uint32Array, some: Uint32Array): Uint32Array {
  if (some.length === order.length) return order.slice();
  const bits = new Uint8Array((order.length >>> 3) + 1);
  for (const id of some) bits[id >>> 3] = (bits[id >>> 3] as number) | (1 << (id & 7));
  const ids = new Uint32Array(some.length);
  let n = 0;
  for (const id of order) if ((bits[id >>> 3] as number) & (1 << (id & 7))) ids[n++] = id;
  return ids.subarray(0, n);
}

function codeOf(error: unknown): ErrorCode | undefined {
  return error instanceof ContractError ? error.code : undefined;
}
