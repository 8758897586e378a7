/**
 * The newest change of the window that Ctrl+Z takes back, where it is no change of notes (those have steps of their own): a column that
 * was removed. Whatever is changed later takes its place, so that undo always means the newest change.
 */
export interface Change {
  readonly undo: () => void;
}

class LastChange {
  #change = $state.raw<Change | null>(null);

  get canUndo(): boolean {
    return this.#change !== null;
  }

  set(change: Change): void {
    this.#change = change;
  }

  /** Something newer was changed; of `change` alone if it is told: it was taken back otherwise. */
  forget(change: Change | null = null): void {
    if (change === null || change === this.#change) this.#change = null;
  }

  undo(): void {
    const change = this.#change;
    this.#change = null;
    change?.undo();
  }
}

export const lastChange = new LastChange();
