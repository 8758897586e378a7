/** "Apply as filter" as a person does it: the menu that is open, the filter bar, and whether packets match. */
import { expect } from "vitest";
import { openTab } from "./actions";
import type { App } from "./app";

/** What is written in the filter bar. */
export function filterText(app: App): Promise<string> {
  return app.page
    .getByRole("combobox", { name: /filter/i })
    .first()
    .inputValue();
}

/** Of the menu that is open: "Apply as filter", Selected; of several values first the one that `which` names. Returns the filter. */
export async function applyFromMenu(app: App, which?: RegExp): Promise<string> {
  await app.page.getByRole("menuitem", { name: "Apply as filter", exact: true }).hover();
  if (which) await app.page.getByRole("menuitem", { name: which }).first().hover();
  await app.page.getByRole("menuitem", { name: "Selected", exact: true }).click();
  await app.idle();
  return accepted(app);
}

/** The filter in force is the one in the bar, and packets match it. */
async function accepted(app: App): Promise<string> {
  const filter = await filterText(app);
  expect(filter).not.toBe("");
  expect(await app.page.getByRole("alert").count()).toBe(0);
  await openTab(app, "Packets");
  // Anywhere: the list stays where the selected packet is.
  expect(await app.page.locator(".row[aria-rowindex]:visible").count(), filter).toBeGreaterThan(0);
  return filter;
}
