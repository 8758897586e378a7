/** Copying text, and saying that it was copied. */
import { showToast } from "./toasts.svelte";

/** `what` names it: "Packet 12 as CSV". A browser that refuses is told of, with what can be done. */
export async function copyText(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    if (!copyBySelection(text)) {
      showToast("The browser did not allow copying. Click into the window and try again.", { kind: "error" });
      return;
    }
  }
  showToast(`${what} copied.`);
}

/** The old way, for hosts whose pages may not use navigator.clipboard. */
function copyBySelection(text: string): boolean {
  const focused = document.activeElement;
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "visually-hidden";
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return copied;
}
