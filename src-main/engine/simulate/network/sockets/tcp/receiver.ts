/**
 * The receiving half of a connection: what is expected next, what came out of order, what the application has not read, and the window.
 *
 * ```
 *  ──── read ──── unread ──── next ┄┄ hole ┄┄ kept ──── ┄┄ ──── edge
 *                                  └───── window promised ─────┘
 * ```
 */
import { Ranges } from "./ranges";
import { distance, FIN, isAfter, plus, type Segment, SYN } from "./segment";

/** Linux grows its window up to half of tcp_rmem's maximum of 6 MB. */
const LARGEST_WINDOW = 3 * 1024 * 1024;
const LARGEST_UNSCALED = 65_535;
const DEFAULT_SCALE = 7;

export class Receiver {
  /** The sequence number expected next. */
  next = 0;
  /** Payload bytes received in order. */
  bytes = 0;
  /** What came out of order, for SACK. */
  readonly islands = new Ranges();
  /** For the window scale option. */
  readonly scale: number;
  readonly #isFixed: boolean;
  #limit: number;
  #edge = 0;
  #firstWindow = 0;
  readonly #kept: { readonly sequence: number; readonly bytes: Uint8Array }[] = [];
  readonly #unread: Uint8Array[] = [];
  #unreadBytes = 0;

  /** `fixedBuffer`: its size in bytes; undefined: it grows as Linux' does. */
  constructor(fixedBuffer: number | undefined) {
    this.#isFixed = fixedBuffer !== undefined;
    this.#limit = fixedBuffer ?? LARGEST_UNSCALED;
    let scale = fixedBuffer === undefined ? DEFAULT_SCALE : 0;
    while (fixedBuffer !== undefined && fixedBuffer >> scale > LARGEST_UNSCALED) scale++;
    this.scale = scale;
  }

  get hasKept(): boolean {
    return this.#kept.length > 0;
  }
  get hasUnread(): boolean {
    return this.#unread.length > 0;
  }
  get #promised(): number {
    return Math.max(0, distance(this.#edge, this.next));
  }
  get #free(): number {
    return Math.max(0, this.#limit - this.#unreadBytes);
  }

  /** The window of a SYN, which has no scale: as many whole segments of `unit` bytes as it can say. */
  firstWindow(unit: number): number {
    const room = Math.min(LARGEST_UNSCALED, this.#limit);
    const window = room < unit ? room : room - (room % unit);
    this.#firstWindow = window;
    this.#edge = plus(this.next, window);
    if (!this.#isFixed) this.#limit = window;
    return window;
  }

  /** The peer's SYN is known. */
  begin(next: number): void {
    this.next = next;
    this.#edge = plus(next, this.#firstWindow);
  }

  /** Does it lie in the window? RFC 9293 section 3.10.7.4, first check. */
  accepts({ sequence, length, flags }: Segment): boolean {
    const bytes = length + ((flags & (SYN | FIN)) !== 0 ? 1 : 0);
    const window = this.#promised;
    const offset = distance(sequence, this.next);
    if (bytes === 0) return window === 0 ? offset === 0 : offset >= 0 && offset <= window;
    return offset + bytes > 0 && (offset < window || (window === 0 && offset <= 0));
  }

  /** Out of order, for later; what is beyond the window is not taken. */
  keep(sequence: number, bytes: Uint8Array): void {
    const end = plus(sequence, bytes.length);
    if (isAfter(end, this.#edge)) return;
    this.islands.add(sequence, end);
    this.#kept.push({ sequence, bytes });
  }

  /** What is in order now: these bytes, and what waited for them. `isHeld`: counted as unread, the window says so. */
  advance(bytes: Uint8Array, isHeld: boolean): readonly Uint8Array[] {
    const ready = [bytes];
    this.next = plus(this.next, bytes.length);
    for (let at = this.#fittingKept(); at >= 0; at = this.#fittingKept()) {
      const [piece] = this.#kept.splice(at, 1);
      if (piece === undefined) break;
      const skip = distance(this.next, piece.sequence);
      if (skip >= piece.bytes.length) continue;
      ready.push(piece.bytes.subarray(skip));
      this.next = plus(this.next, piece.bytes.length - skip);
    }
    this.islands.trim(this.next);
    for (const piece of ready) {
      this.bytes += piece.length;
      if (isHeld) this.#unreadBytes += piece.length;
    }
    return ready;
  }

  #fittingKept(): number {
    return this.#kept.findIndex(({ sequence }) => !isAfter(sequence, this.next));
  }

  /** The peer's FIN counts one. */
  advanceFin(): void {
    this.next = plus(this.next, 1);
    if (isAfter(this.next, this.#edge)) this.#edge = this.next;
  }

  /** The application does not read now. */
  hold(bytes: Uint8Array, isCounted: boolean): void {
    this.#unread.push(bytes);
    if (!isCounted) this.#unreadBytes += bytes.length;
  }

  /** The next piece that was held. */
  read(): Uint8Array | undefined {
    const bytes = this.#unread.shift();
    if (bytes !== undefined) this.#unreadBytes -= bytes.length;
    return bytes;
  }

  /** Linux doubles its window while data comes in as fast as it is read. */
  grow(bytes: number, mss: number): void {
    if (!this.#isFixed && this.#limit < LARGEST_WINDOW && bytes > 128) this.#limit += 2 * Math.min(bytes, mss);
  }

  /** Has so much room become free that the peer should hear of it (RFC 9293 section 3.8.6.2.2)? */
  hasOpened(mss: number): boolean {
    return this.#free - this.#promised >= Math.min(this.#limit / 2, 2 * mss);
  }

  /** The window to say, in units of 2^scale bytes; what was said is never taken back. */
  window(scale: number, mss: number): number {
    // Not a little at a time.
    const free = this.#free < Math.min(mss, this.#limit / 2) ? 0 : this.#free;
    const units = Math.min(LARGEST_UNSCALED, Math.ceil(Math.max(free, this.#promised) / 2 ** scale));
    const edge = plus(this.next, units * 2 ** scale);
    if (isAfter(edge, this.#edge)) this.#edge = edge;
    return units;
  }
}
