/** Lets requests have their turn while long work goes on in the same thread, and ends the work when it is cancelled. */
import { setImmediate } from "node:timers";
import { ContractError } from "../../../src-shared/contract/messages";

/** Longest piece of work between two turns of the event loop, milliseconds: half a frame of the interface. */
export const TURN_MS = 8;

export function cancelled(): ContractError {
  return new ContractError("cancelled", "cancelled");
}

export class Breather {
  private last = performance.now();

  constructor(private readonly signal?: AbortSignal) {}

  /** A turn for others if it is time. Throws ContractError "cancelled" when the signal is aborted. */
  readonly breathe = async (): Promise<void> => {
    if (this.signal?.aborted) throw cancelled();
    if (performance.now() - this.last < TURN_MS) return;
    await turn();
    this.last = performance.now();
    // It may have been aborted in that turn.
    if (this.signal?.aborted) throw cancelled();
  };

  /** True if the work went on for long enough: then await breathe(). Cheaper than calling it each time. */
  get isDue(): boolean {
    return performance.now() - this.last >= TURN_MS;
  }
}

/** Resolves after the event loop has turned. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
