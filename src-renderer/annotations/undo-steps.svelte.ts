/** What undo takes back, step by step: for each step the versions of the notes before it. */
import type { Annotation } from "../../src-shared/annotations/annotation";
import { lastChange } from "../state/last-change.svelte";

export interface Step {
  readonly label: string;
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
    return this.#undone.at(-1)?.label ?? null;
  }

  add(step: Step): void {
    this.#done = [...this.#done, step].slice(-MOST_STEPS);
    this.#undone = [];
    lastChange.forget();
  }

  clear(): void {
    this.#done = [];
    this.#undone = [];
  }

  /** @param revert takes a step back; what it gives takes that back */
  async undo(revert: (step: Step) => Promise<Step>): Promise<void> {
    const step = this.#done.at(-1);
    if (!step) return;
    this.#done = this.#done.slice(0, -1);
    this.#undone = [...this.#undone, await revert(step)];
  }

  async redo(revert: (step: Step) => Promise<Step>): Promise<void> {
    const step = this.#undone.at(-1);
    if (!step) return;
    this.#undone = this.#undone.slice(0, -1);
    this.#done = [...this.#done, await revert(step)];
  }
}
