/** Short messages at the window's lower edge, with at most one thing to do about them ("Undo"). */

export interface ToastAction {
  readonly label: string;
  readonly run: () => void;
}

export interface Toast {
  readonly id: number;
  readonly kind: "info" | "success" | "warning" | "error";
  readonly text: string;
  readonly action: ToastAction | null;
  /** 0: stays until it is closed. */
  readonly durationMs: number;
}

/** Long enough to read two lines; with an action longer, since it takes a decision. Errors stay. */
const DURATION_MS = 5000;
const ACTION_DURATION_MS = 10_000;
const MAX_TOASTS = 4;

class Toasts {
  list = $state.raw<readonly Toast[]>([]);
  #nextId = 1;

  /** The same text again takes the place of the one that is shown. Returns its id. */
  show(kind: Toast["kind"], text: string, action: ToastAction | null = null): number {
    const durationMs = kind === "error" ? 0 : action ? ACTION_DURATION_MS : DURATION_MS;
    const others = this.list.filter((toast) => toast.text !== text);
    const id = this.#nextId++;
    this.list = [...others, { id, kind, text, action, durationMs }].slice(-MAX_TOASTS);
    return id;
  }

  close(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();

/** A message alone, or with something to do about it. What can be undone is told by tellChange (last-change), so that Ctrl+Z knows it too. */
export function showToast(text: string, options: { kind?: Toast["kind"]; action?: ToastAction } = {}): void {
  toasts.show(options.kind ?? "info", text, options.action ?? null);
}
