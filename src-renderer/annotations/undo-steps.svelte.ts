/** What undo takes back, step by step: for each step the versions of the notes before it. */
import type { Annotation } from "../../src-shared/annotations/annotation";
import { turns } from "../state/last-change.svelte";

export interface Step {
  readonly label: string;
  /** When it was done, among all changes of the window. */
  readonly turn: number;
  /** null: there was none. */
  readonly before: ReadonlyMap<string, Annotation | null>;
}

const MOST_STEPS = 200;

export class UndoSteps {
  #done = $state.raw<readonly Step[]>([]);
  #undone = $state.raw<readonly Step[]>([]);

  /** Of the step that would be taken back; null: there is none. */
  get canUndo(): string | null {
    return this.#done.at(-1)?.label ?? null;
  }

  get canRedo(): string | null {
    return this.redoTurn > 0 ? (this.#undone.at(-1)?.label ?? null) : null;
  }

  /** When the step was taken back that can be done again; 0: there is none. */
  get redoTurn(): number {
    const turn = this.#undone.at(-1)?.turn ?? 0;
    return turn > turns.changed ? turn : 0;
  }

  /** Of the step that would be taken back; 0: there is none. */
  get turn(): number {
    return this.#done.at(-1)?.turn ?? 0;
  }

  add(step: Omit<Step, "turn">): void {
    this.#done = [...this.#done, { ...step, turn: turns.change() }].slice(-MOST_STEPS);
    this.#undone = [];
  }

  clear(): void {
    this.#done = [];
    this.#undone = [];
  }

  /** @param revert takes a step back; what it gives takes that back */
  async undo(revert: (step: Step) => Promise<Omit<Step, "turn">>): Promise<void> {
    const step = this.#done.at(-1);
    if (!step) return;
    this.#done = this.#done.slice(0, -1);
    this.#undone = [...this.#undone, { ...(await revert(step)), turn: turns.next() }];
  }

  async redo(revert: (step: Step) => Promise<Omit<Step, "turn">>): Promise<void> {
    const step = this.redoTurn > 0 ? this.#undone.at(-1) : undefined;
    if (!step) return;
    this.#undone = this.#undone.slice(0, -1);
    this.#done = [...this.#done, { ...(await revert(step)), turn: turns.next() }];
  }
}
