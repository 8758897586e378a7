/** axe-core on the page as it is: no violation, or the test fails with what and where. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect } from "vitest";
import type { App } from "./app";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Violation {
  readonly id: string;
  readonly help: string;
  readonly where: readonly string[];
}

/** Checks what is shown now, dialogs and menus included; `name` is for the message. */
export async function expectAccessible(app: App, name: string): Promise<void> {
  await app.idle();
  // By the debugger: the content security policy refuses scripts that are not the app's own.
  const session = await app.page.context().newCDPSession(app.page);
  try {
    await session.send("Runtime.evaluate", { expression: source });
    const { result } = await session.send("Runtime.evaluate", {
      expression: `axe.run({ resultTypes: ["violations"] }).then(({ violations }) => JSON.stringify(violations.map(
        ({ id, help, nodes }) => ({ id, help, where: nodes.map((node) => node.target.join(" ")).slice(0, 5) }))))`,
      awaitPromise: true,
      returnByValue: true,
    });
    const violations = JSON.parse(String(result.value)) as Violation[];
    expect(violations, `axe on ${name}`).toEqual([]);
  } finally {
    await session.detach();
  }
}
