/**
 * What Ctrl+Z takes back of the window, newest first: a renamed capture point, a removed column, a closed file … Notes have steps of
 * their own (they can also be done again); the turns tell which of the two is newer.
 *
 * ```
 * tellChange(text, undo) ──► toast with "Undo" ─┐
 *                        └─► lastChange ◄─ Ctrl+Z ┴─► undo once; the toast goes with the change
 * ```
 */
import { showError } from "./dialogs.svelte";
import { toasts } from "./toasts.svelte";

export interface Change {
  /** Rejected: it stays as it is, and a message says why. */
  readonly undo: () => void | Promise<void>;
  /** It is about what is open, and gone with it. */
  readonly ofFiles?: boolean;
}

interface Kept extends Change {
  readonly turn: number;
  readonly toast: number;
}

const MOST_CHANGES = 200;
let turns = 0;

/** A number for something that was changed just now: greater than all before. */
export function nextTurn(): number {
  return ++turns;
}

class LastChange {
  #kept = $state.raw<readonly Kept[]>([]);

  get canUndo(): boolean {
    return this.#kept.length > 0;
  }

  /** Of the newest change; 0: there is none. */
  get turn(): number {
    return this.#kept.at(-1)?.turn ?? 0;
  }

  /** Takes the newest change back. */
  undo(): Promise<void> {
    return this.#undo(this.turn);
  }

  /** Keeps a change, and says it with a way back. */
  tell(text: string, change: Change, label: string): void {
    const turn = nextTurn();
    const toast = toasts.show("info", text, { label, run: () => void this.#undo(turn) });
    this.#kept = [...this.#kept, { ...change, turn, toast }].slice(-MOST_CHANGES);
  }

  /** Other files are open: what was changed about the ones before cannot be taken back any more. */
  forgetFiles(): void {
    for (const change of this.#kept) if (change.ofFiles) toasts.close(change.toast);
    this.#kept = this.#kept.filter((change) => !change.ofFiles);
  }

  async #undo(turn: number): Promise<void> {
    const change = this.#kept.find((kept) => kept.turn === turn);
    if (!change) return;
    this.#kept = this.#kept.filter((kept) => kept !== change);
    toasts.close(change.toast);
    try {
      await change.undo();
    } catch (error) {
      showError("This could not be undone", error);
    }
  }
}

export const lastChange = new LastChange();

/** `tellChange("Renamed to a.", () => …, { ofFiles: true })`: says what was changed; its button and Ctrl+Z take it back. */
export function tellChange(
  text: string,
  undo: Change["undo"],
  { ofFiles = false, label = "Undo" }: { ofFiles?: boolean; label?: string } = {},
): void {
  lastChange.tell(text, { undo, ofFiles }, label);
}
