/** When a test may read what the window shows. */
import type { Page } from "playwright-core";

/**
 * Waits until nothing is asked for and nothing is left to draw. What a click brought to the front learns its size in the
 * next frame, and draws its rows only then: so two frames go by before the window's word is taken.
 */
export async function idle(page: Page): Promise<void> {
  await page.evaluate(
    () => new Promise<void>((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))),
  );
  await page.waitForFunction(() => document.documentElement.dataset["idle"] === "true");
}
