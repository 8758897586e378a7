/** What undo takes back, step by step: for each step the versions of the notes before it. */
import type { Annotation } from "../../src-shared/annotations/annotation";
import { turns } from "../state/last-change.svelte";

export interface Step {
  readonly label: string;
  /** null: there was none. */
  readonly before: ReadonlyMap<string, Annotation | null>;
}

/** A step at its place from the moment it is asked for: who takes it back before it is kept waits for that. */
interface Kept {
  readonly label: string;
  /** When it was done, among all changes of the window. */
  readonly turn: number;
  readonly step: Promise<Step>;
}

const MOST_STEPS = 200;

export class UndoSteps {
  #done = $state.raw<readonly Kept[]>([]);
  #undone = $state.raw<readonly Kept[]>([]);

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

  add(step: Step): void {
    const kept = { label: step.label, turn: turns.change(), step: Promise.resolve(step) };
    this.#done = [...this.#done, kept].slice(-MOST_STEPS);
    this.#undone = [];
  }

  clear(): void {
    this.#done = [];
    this.#undone = [];
  }

  /** @param revert takes a step back; what it gives takes that back */
  async undo(revert: (step: Step) => Promise<Step>): Promise<void> {
    const kept = this.#done.at(-1);
    if (!kept) return;
    this.#done = this.#done.slice(0, -1);
    const undone = { label: kept.label, turn: turns.next(), step: kept.step.then(revert) };
    this.#undone = [...this.#undone, undone];
    try {
      await undone.step;
    } catch (error) {
      this.#undone = this.#undone.filter((other) => other !== undone);
      throw error;
    }
  }

  async redo(revert: (step: Step) => Promise<Step>): Promise<void> {
    const kept = this.redoTurn > 0 ? this.#undone.at(-1) : undefined;
    if (!kept) return;
    this.#undone = this.#undone.slice(0, -1);
    const done = { label: kept.label, turn: turns.next(), step: kept.step.then(revert) };
    this.#done = [...this.#done, done];
    try {
      await done.step;
    } catch (error) {
      this.#done = this.#done.filter((other) => other !== done);
      throw error;
    }
  }
}
