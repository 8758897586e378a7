/**
 * What Ctrl+Z takes back of the window, newest first: a renamed capture point, a removed column, a closed file … and what Ctrl+Shift+Z
 * does once more. Notes have steps of their own; the turns tell which of the two is newer.
 *
 * ```
 * tellChange(text, { undo, redo }) ──► toast with "Undo" ─┐
 *                                  └─► done ◄─── Ctrl+Z ──┴─► undo once; the toast goes with the change
 *                                        ▲                        │
 *                                        └─ redo ◄─ Ctrl+Shift+Z ─ undone      emptied by whatever is changed next
 * ```
 */
import { showError } from "./dialogs.svelte";
import { toasts } from "./toasts.svelte";

export interface Change {
  /** Rejected: it stays as it is, and a message says why. Neither of the two tells of itself. */
  readonly undo: () => void | Promise<void>;
  readonly redo: () => void | Promise<void>;
}

interface Options {
  /** It is about what is open, and gone with it. */
  readonly ofFiles?: boolean;
  /** Of the message's button. */
  readonly label?: string;
  /** No message: what was changed is in sight. */
  readonly quiet?: boolean;
}

interface Kept extends Change, Required<Options> {
  readonly text: string;
  readonly turn: number;
  /** -1: none. */
  readonly toast: number;
  /** Done, or taken back: who takes it back or does it again before waits for that. False: it failed, which was said. */
  ready: true | Promise<boolean>;
}

const MOST_CHANGES = 200;
const NO_TOAST = -1;

class Turns {
  #now = 0;
  /** When something was changed anew: what was taken back before that cannot be done again. */
  changed = $state(0);

  next(): number {
    return ++this.#now;
  }

  change(): number {
    return (this.changed = this.next());
  }
}

/** Counts what is done, taken back and done again, of notes and of the window: greater is later. */
export const turns = new Turns();

class LastChange {
  #done = $state.raw<readonly Kept[]>([]);
  #undone = $state.raw<readonly Kept[]>([]);

  get canUndo(): boolean {
    return this.#done.length > 0;
  }

  get canRedo(): boolean {
    return this.redoTurn > 0;
  }

  /** What it would take back, or do again: "Renamed to client"; null: nothing. */
  get undoName(): string | null {
    return nameOf(this.#done.at(-1));
  }

  get redoName(): string | null {
    return this.canRedo ? nameOf(this.#undone.at(-1)) : null;
  }

  /** Of the newest change; 0: there is none. */
  get turn(): number {
    return this.#done.at(-1)?.turn ?? 0;
  }

  /** When the change was taken back that can be done again; 0: there is none. */
  get redoTurn(): number {
    const turn = this.#undone.at(-1)?.turn ?? 0;
    return turn > turns.changed ? turn : 0;
  }

  /** Takes the newest change back. */
  undo(): Promise<void> {
    return this.#undo(this.turn);
  }

  /** Does again what was taken back last. */
  async redo(): Promise<void> {
    const change = this.canRedo ? this.#undone.at(-1) : undefined;
    if (!change) return;
    this.#undone = this.#undone.filter((kept) => kept !== change);
    const ready = run(change.ready, change.redo, "This could not be done again");
    const done = this.#keep(change, turns.next(), ready);
    if (await ready) done.ready = true;
    else {
      this.#done = this.#done.filter((kept) => kept !== done);
      toasts.close(done.toast);
    }
  }

  /** Keeps a change, and says it with a way back. */
  tell(text: string, change: Change, { ofFiles = false, label = "Undo", quiet = false }: Options): void {
    this.#undone = [];
    this.#keep({ ...change, text, ofFiles, label, quiet }, turns.change(), true);
  }

  /** Other files are open: what was changed about the ones before cannot be taken back any more. */
  forgetFiles(): void {
    for (const change of this.#done) if (change.ofFiles) toasts.close(change.toast);
    this.#done = this.#done.filter((change) => !change.ofFiles);
    this.#undone = this.#undone.filter((change) => !change.ofFiles);
  }

  #keep(change: Omit<Kept, "turn" | "toast" | "ready">, turn: number, ready: Kept["ready"]): Kept {
    const action = { label: change.label, run: () => void this.#undo(turn) };
    const toast = change.quiet ? NO_TOAST : toasts.show("info", change.text, action);
    const kept = { ...change, turn, toast, ready };
    this.#done = [...this.#done, kept].slice(-MOST_CHANGES);
    return kept;
  }

  async #undo(turn: number): Promise<void> {
    const change = this.#done.find((kept) => kept.turn === turn);
    if (!change) return;
    this.#done = this.#done.filter((kept) => kept !== change);
    toasts.close(change.toast);
    const ready = run(change.ready, change.undo, "This could not be undone");
    const undone: Kept = { ...change, turn: turns.next(), ready };
    this.#undone = [...this.#undone, undone].slice(-MOST_CHANGES);
    if (await ready) undone.ready = true;
    else this.#undone = this.#undone.filter((kept) => kept !== undone);
  }
}

/** Does it at once, or when what was before it is ready. Gives whether it worked; a failure is said. */
async function run(before: Kept["ready"], act: () => void | Promise<void>, failed: string): Promise<boolean> {
  if (before !== true && !(await before)) return false;
  try {
    await act();
    return true;
  } catch (error) {
    showError(failed, error);
    return false;
  }
}

/** Without the sentence's end: it stands in a menu. */
function nameOf(change: Kept | undefined): string | null {
  return change?.text.replace(/\.$/, "") ?? null;
}

export const lastChange = new LastChange();

/** `tellChange("Renamed to a.", { undo: () => …, redo: () => … }, { ofFiles: true })`: says what was changed; Ctrl+Z takes it back. */
export function tellChange(text: string, change: Change, options: Options = {}): void {
  lastChange.tell(text, change, options);
}
