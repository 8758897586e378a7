/**
 * Whether there is anything left to do or to draw, for tests: `<html data-idle="true">`.
 *
 * ```
 * holdIdle() ──► holds 1 ──► data-idle="false"
 * release()  ──► holds 0 ──► two frames later, if still 0: data-idle="true"
 * ```
 */

let holds = 0;
let waiting = false;

/** Something began (a request, a delayed write, a drawing): not idle until the returned function was called. */
export function holdIdle(): () => void {
  holds++;
  tell(false);
  let held = true;
  return () => {
    if (!held) return;
    held = false;
    holds--;
    settle();
  };
}

/** What came with the last answer is drawn in the next frame; the one after it shows that nothing followed. */
function settle(): void {
  if (holds > 0 || waiting || typeof requestAnimationFrame === "undefined") return;
  waiting = true;
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      waiting = false;
      if (holds === 0) tell(true);
    }),
  );
}

function tell(idle: boolean): void {
  if (typeof document !== "undefined") document.documentElement.dataset.idle = String(idle);
}

/** Waits; the window is not idle meanwhile. */
export function pause(ms: number): Promise<void> {
  const release = holdIdle();
  return new Promise((resolve) =>
    setTimeout(() => {
      resolve();
      // Whoever waits goes on first: it asks the engine, which holds again.
      queueMicrotask(release);
    }, ms),
  );
}
