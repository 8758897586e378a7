import { availableParallelism } from "node:os";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

/** One project per kind of test: `npx vitest --project unit`. */
/** Every core: vitest would leave one idle, half of a machine that has two. */
const maxWorkers = availableParallelism();
const kinds = ["unit", "property", "golden", "differential"];

export default defineConfig({
  test: {
    // Once for all projects: they do not inherit it.
    globalSetup: "./test/global-setup.ts",
    projects: [
      ...kinds.map((name) => ({
        test: {
          name,
          include: [`test/${name}/**/*.test.ts`],
          // Differential tests start tshark, which alone takes a second or two.
          testTimeout: 30_000,
          maxWorkers,
        },
      })),
      {
        // The window's state, as it runs in the window: runes compiled, Svelte's own modules for the browser.
        plugins: [svelte({ configFile: false })],
        resolve: { conditions: ["browser"] },
        test: { name: "component", include: ["test/component/**/*.test.ts"], maxWorkers },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 60_000,
          // One second, as vitest would have it, is little on a busy machine.
          expect: { poll: { timeout: 15_000 } },
          // After the others. Two files at a time: each waits half of its time for an engine and a browser to start and to draw.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
