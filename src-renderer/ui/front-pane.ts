/** What has the keyboard first in a part of the main area: marked with data-pane-focus, and in sight. */
export function paneStop(within: ParentNode | null): HTMLElement | null {
  const stops = [...(within?.querySelectorAll<HTMLElement>("[data-pane-focus]") ?? [])];
  return stops.find((stop) => stop.checkVisibility()) ?? null;
}

/** Gives the keyboard to the tab in front. */
export function focusFrontPane(): void {
  paneStop(document.getElementById("main"))?.focus();
}
