/**
 * Dialogs that are open, topmost last. A dialog is a component with the properties `close(result)` and its own; it shows
 * itself with ui/dialog.svelte.
 *
 * ```
 * const path = await openDialog(SaveDialog, { name })       result, or null when it was dismissed
 * ```
 */
import type { Component } from "svelte";
import { errorText, isCancelled } from "../bridge/engine";

/** Every dialog component takes `close: (result: R | null) => void`; null: dismissed. */
interface Closable {
  readonly close: (result: never) => void;
}

/** What openDialog() gives for a component with these properties. */
type ResultOf<P extends Closable> = Parameters<P["close"]>[0] | null;

export interface OpenDialog {
  readonly id: number;
  // Each component has its own properties; openDialog() checked them.
  readonly component: Component<Record<string, unknown>>;
  readonly props: Record<string, unknown>;
}

export interface MessageDialog {
  readonly title: string;
  readonly text: string;
  /** Shown smaller, monospaced, can be copied. */
  readonly detail?: string;
  readonly kind: "info" | "error" | "question";
  /** Label of the button that does it; the other one is "Cancel" for questions. */
  readonly action: string;
  readonly danger?: boolean;
  /** Label of a button that goes on without it ("Discard"). */
  readonly otherwise?: string;
}

/** The action (true), what goes on without it, or neither. */
export type MessageAnswer = boolean | "otherwise";

class Dialogs {
  open = $state.raw<readonly OpenDialog[]>([]);
  /** Shown by ui/message-dialog.svelte. */
  message = $state.raw<(MessageDialog & { readonly answer: (answer: MessageAnswer) => void }) | null>(null);
  #nextId = 1;

  show<P extends Closable>(component: Component<P>, props: Omit<P, "close">): Promise<ResultOf<P>> {
    return new Promise((resolve) => {
      const id = this.#nextId++;
      const close = (result: ResultOf<P>): void => {
        this.open = this.open.filter((dialog) => dialog.id !== id);
        resolve(result);
      };
      const entry = { id, component, props: { ...props, close } } as unknown as OpenDialog;
      this.open = [...this.open, entry];
    });
  }

  ask(message: MessageDialog): Promise<MessageAnswer> {
    this.message?.answer(false);
    return new Promise((resolve) => {
      const answer = (given: MessageAnswer): void => {
        this.message = null;
        resolve(given);
      };
      this.message = { ...message, answer };
    });
  }

  /** A dialog has the keyboard: no other keys of the window work. */
  get modal(): boolean {
    return this.open.length > 0 || this.message !== null;
  }
}

export const dialogs = new Dialogs();

/** Opens a dialog; its result, null when it was dismissed. */
export function openDialog<P extends Closable, R = ResultOf<P>>(
  component: Component<P>,
  props: Omit<P, "close">,
): Promise<R | null> {
  return dialogs.show(component, props);
}

/** Asks before something is done that cannot be undone. */
export async function confirmAction(title: string, text: string, action: string): Promise<boolean> {
  return (await dialogs.ask({ title, text, kind: "question", action, danger: true })) === true;
}

/** Tells what went wrong with something a person asked for. A cancelled request is no error. */
export function showError(title: string, error: unknown): void {
  if (isCancelled(error)) return;
  void dialogs.ask({ title, text: errorText(error), kind: "error", action: "Close" });
}
