/** Writing and reading notes as a person does. */
import type { Page } from "playwright-core";
import { idle } from "./idle";

/** Fills the dialog that is open and saves; resolves when it is closed: the note is acknowledged. */
export async function fillNote(page: Page, text: string, tags = ""): Promise<void> {
  await page.getByLabel(/^Text/).fill(text);
  const name = page.getByLabel("Your name");
  if ((await name.count()) > 0) await name.fill("Ada");
  if (tags !== "") await page.getByLabel("Tags").fill(tags);
  const save = page.getByRole("button", { name: "Save note" });
  await save.click();
  await save.waitFor({ state: "detached" });
  await idle(page);
}

/** Writes a note on the selected packet. */
export async function commentPacket(page: Page, text: string, tags = ""): Promise<void> {
  await page.keyboard.press("Control+Alt+c");
  await fillNote(page, text, tags);
}

/** The lines of the list of notes. */
export async function listedNotes(page: Page): Promise<string[]> {
  await page.getByRole("tab", { name: "Notes", exact: true }).click();
  await idle(page);
  const rows = page.locator('[data-pane="notes"] [data-row]');
  return (await rows.allInnerTexts()).map((text) => text.replace(/\s+/g, " ").trim());
}
