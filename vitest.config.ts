import { defineConfig } from "vitest/config";

/** One project per kind of test: `npx vitest --project unit`. */
const kinds = ["unit", "property", "golden", "differential"];

export default defineConfig({
  test: {
    // Once for all projects: they do not inherit it.
    globalSetup: "./test/global-setup.ts",
    projects: kinds.map((name) => ({
      test: {
        name,
        include: [`test/${name}/**/*.test.ts`],
        // Differential tests start tshark, which alone takes a second or two.
        testTimeout: 30_000,
      },
    })),
  },
});
