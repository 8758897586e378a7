/** Calls a function at most once in so many milliseconds (a number, or what tells it now): at once after a pause, else when the time is over. */
export class Throttle {
  private last = -Infinity;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly milliseconds: number | (() => number),
    private readonly run: () => void,
  ) {}

  request(): void {
    if (this.timer || this.stopped) return;
    const { milliseconds } = this;
    const pause = typeof milliseconds === "number" ? milliseconds : milliseconds();
    const wait = this.last + pause - performance.now();
    if (wait <= 0) this.fire();
    else this.timer = setTimeout(() => this.fire(), wait);
  }

  /** It was done otherwise just now. */
  passed(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.last = performance.now();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.stopped = true;
  }

  private fire(): void {
    this.passed();
    this.run();
  }
}
