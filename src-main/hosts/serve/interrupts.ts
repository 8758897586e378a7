/**
 * Ctrl+C and polite kills, one after another. Once the host ends by one of them, a further one ends the process at once.
 *
 * ```
 * SIGINT at a terminal ─► "ask"   somebody is there: told what would be lost, then once more
 * SIGINT elsewhere, SIGTERM, SIGHUP ─► "end"   nobody is asked
 * ```
 */
export type Interrupt = "ask" | "end";

export class Interrupts {
  private readonly waiting: Interrupt[] = [];
  private wake: ((interrupt: Interrupt) => void) | undefined = undefined;
  private ending = false;

  /** Listens to the process's signals. `isTerminal`: a person reads what is printed and can press Ctrl+C again. */
  static ofProcess(isTerminal: boolean): Interrupts {
    const interrupts = new Interrupts();
    process.on("SIGINT", () => interrupts.happen(isTerminal ? "ask" : "end"));
    for (const name of ["SIGTERM", "SIGHUP"] as const) process.on(name, () => interrupts.happen("end"));
    return interrupts;
  }

  happen(interrupt: Interrupt): void {
    if (this.ending) process.exit(130);
    const { wake } = this;
    this.wake = undefined;
    if (wake) wake(interrupt);
    else this.waiting.push(interrupt);
  }

  next(): Promise<Interrupt> {
    const first = this.waiting.shift();
    return first === undefined ? new Promise((resolve) => (this.wake = resolve)) : Promise.resolve(first);
  }

  /** From here on the next one is not waited for. */
  end(): void {
    this.ending = true;
  }
}
