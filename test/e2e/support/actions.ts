/** What a person does in many tests: each is finished when the window has nothing left to ask for or to draw. */
import type { App } from "./app";

/** Brings a tab to the front. */
export async function openTab(app: App, name: string): Promise<void> {
  await app.page.getByRole("tab", { name, exact: true }).click();
  await app.idle();
}

/** Presses keys one after the other, in Playwright's words ("Control+a"). */
export async function press(app: App, ...keys: string[]): Promise<void> {
  for (const key of keys) {
    await app.page.keyboard.press(key);
    await app.idle();
  }
}

/** The text in the clipboard. */
export async function copied(app: App): Promise<string> {
  await app.idle();
  return app.page.evaluate(() => navigator.clipboard.readText());
}
