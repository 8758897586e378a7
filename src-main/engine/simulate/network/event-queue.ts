/**
 * The simulation's events: a binary heap by time, then by order of scheduling. An event is a function and its one argument, so that a packet
 * on its way needs no closure. `Timer` is for what is moved far more often than it fires.
 */
export class EventQueue {
  nowNs = 0;
  #size = 0;
  #order = 0;
  #times = new Float64Array(1024);
  #orders = new Float64Array(1024);
  readonly #actions: ((argument: never) => void)[] = [];
  readonly #arguments: unknown[] = [];

  get nextNs(): number {
    return this.#size === 0 ? Infinity : (this.#times[0] as number);
  }

  /** A time in the past means: next, after what is due by now. */
  schedule<T>(atNs: number, action: (argument: T) => void, argument: T): void {
    if (this.#size === this.#times.length) {
      this.#times = grown(this.#times);
      this.#orders = grown(this.#orders);
    }
    const time = atNs > this.nowNs ? atNs : this.nowNs;
    const order = this.#order++;
    const times = this.#times;
    let at = this.#size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      // The new one was scheduled last: at an equal time it stays below.
      if ((times[parent] as number) <= time) break;
      this.#move(parent, at);
      at = parent;
    }
    times[at] = time;
    this.#orders[at] = order;
    this.#actions[at] = action;
    this.#arguments[at] = argument;
  }

  /** Runs the next event; there must be one. */
  runNext(): void {
    const action = this.#actions[0] as (argument: unknown) => void;
    const argument = this.#arguments[0];
    this.nowNs = this.#times[0] as number;
    this.#removeFirst();
    action(argument);
  }

  #removeFirst(): void {
    const last = --this.#size;
    const times = this.#times;
    const orders = this.#orders;
    const time = times[last] as number;
    const order = orders[last] as number;
    const action = this.#actions[last] as (argument: never) => void;
    const argument = this.#arguments[last];
    this.#arguments[last] = undefined;
    if (last === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= last) break;
      const right = child + 1;
      if (right < last && this.#isBefore(right, times[child] as number, orders[child] as number)) child = right;
      if (!this.#isBefore(child, time, order)) break;
      this.#move(child, at);
      at = child;
    }
    times[at] = time;
    orders[at] = order;
    this.#actions[at] = action;
    this.#arguments[at] = argument;
  }

  #isBefore(at: number, time: number, order: number): boolean {
    const own = this.#times[at] as number;
    return own < time || (own === time && (this.#orders[at] as number) < order);
  }

  #move(from: number, to: number): void {
    this.#times[to] = this.#times[from] as number;
    this.#orders[to] = this.#orders[from] as number;
    this.#actions[to] = this.#actions[from] as (argument: never) => void;
    this.#arguments[to] = this.#arguments[from];
  }
}

/** Setting it again only moves the deadline: the event in the queue looks at it when it comes up. */
export class Timer {
  readonly #queue: EventQueue;
  readonly #action: () => void;
  #deadlineNs = Infinity;
  #queuedNs = Infinity;

  constructor(queue: EventQueue, action: () => void) {
    this.#queue = queue;
    this.#action = action;
  }

  get armed(): boolean {
    return this.#deadlineNs !== Infinity;
  }

  set(atNs: number): void {
    this.#deadlineNs = atNs;
    if (atNs < this.#queuedNs) this.#enqueue(atNs);
  }

  clear(): void {
    this.#deadlineNs = Infinity;
  }

  #enqueue(atNs: number): void {
    this.#queuedNs = atNs;
    this.#queue.schedule(atNs, Timer.#fire, { timer: this, atNs });
  }

  static readonly #fire = ({ timer, atNs }: { readonly timer: Timer; readonly atNs: number }): void => {
    // An earlier event was queued after this one: that one counts.
    if (timer.#queuedNs !== atNs) return;
    timer.#queuedNs = Infinity;
    if (timer.#deadlineNs === Infinity) return;
    if (timer.#deadlineNs > atNs) {
      timer.#enqueue(timer.#deadlineNs);
      return;
    }
    timer.#deadlineNs = Infinity;
    timer.#action();
  };
}

function grown(array: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(array.length * 2);
  larger.set(array);
  return larger;
}
