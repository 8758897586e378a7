/**
 * The pictures of README.md and docs/, taken by tests that are there anyway and by docs-pictures.test.ts. A test run leaves them as
 * they are; renewed they are with
 *
 * ```
 * HOPSCOPE_PICTURES=1 npx vitest run --project e2e test/e2e/{docs-pictures,gallery,walkthrough,lessons}.test.ts
 * ```
 */
import { resolve } from "node:path";
import type { App } from "./app";

export const RENEWS_PICTURES = process.env["HOPSCOPE_PICTURES"] === "1";

/** docs/screens/<name>.png where pictures are renewed, else test-results/<name>.png. */
export async function docsPicture(app: App, name: string): Promise<void> {
  if (!RENEWS_PICTURES) return app.screenshot(`docs/${name}`);
  // Where nothing has a tooltip.
  await app.page.mouse.move(1, 1);
  await app.idle();
  await app.page.screenshot({ path: resolve("docs/screens", `${name}.png`) });
}
