/**
 * A tooltip for anything: `{@attach tooltip(() => cell.text)}`. Text only; one for the whole window.
 *
 * Shown half a second after the pointer came, at once for the keyboard's focus; gone with Esc, a press, or a scroll.
 */
import type { Attachment } from "svelte/attachments";

const DELAY_MS = 500;
const GAP_PX = 6;

let element: HTMLElement | null = null;
let owner: Element | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;

/** `text` is asked when it is about to be shown; null or "": nothing to show. */
export function tooltip(text: () => string | null | undefined): Attachment<Element> {
  return (target) => {
    const enter = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => show(target, text()), DELAY_MS);
    };
    const focus = (): void => {
      if (target.matches(":focus-visible")) show(target, text());
    };
    const events: [string, () => void][] = [
      ["pointerenter", enter],
      ["focusin", focus],
      ["pointerleave", hide],
      ["focusout", hide],
      ["pointerdown", hide],
    ];
    for (const [name, listener] of events) target.addEventListener(name, listener);
    return () => {
      for (const [name, listener] of events) target.removeEventListener(name, listener);
      if (owner === target) hide();
    };
  };
}

function show(target: Element, text: string | null | undefined): void {
  if (!text || !target.isConnected) return;
  element ??= create();
  owner = target;
  element.textContent = text;
  // In the top layer: above dialogs and menus, cut off by nothing.
  element.showPopover();
  const anchor = target.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = element;
  const below = anchor.bottom + GAP_PX;
  const fitsBelow = below + height <= window.innerHeight;
  const left = Math.min(Math.max(4, anchor.left), window.innerWidth - width - 4);
  element.style.left = `${left}px`;
  element.style.top = `${fitsBelow ? below : anchor.top - height - GAP_PX}px`;
}

function hide(): void {
  clearTimeout(timer);
  owner = null;
  if (element?.matches(":popover-open")) element.hidePopover();
}

function create(): HTMLElement {
  const made = document.createElement("div");
  made.className = "tooltip";
  made.setAttribute("role", "tooltip");
  made.popover = "manual";
  document.body.append(made);
  addEventListener("keydown", (event) => event.key === "Escape" && hide(), { capture: true });
  addEventListener("scroll", hide, { capture: true, passive: true });
  return made;
}
