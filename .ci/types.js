/**
 * Checks the types of every area (`npm run types`), each by its own tsconfig.json. TypeScript 7, the native compiler, checks what
 * is plain TypeScript: 15 s of CPU where 6 takes 82 s. Svelte's components and the linter need the interface of 6, which 7 has not.
 */
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";

const tsc = resolve("node_modules/typescript-7/bin/tsc");
const svelteCheck = resolve("node_modules/svelte-check/bin/svelte-check");

const checks = [
  ...[".", "src-shared", "src-main", "fixtures", "test", "test/e2e", "test/component", "bench"].map((area) => [
    tsc,
    "-p",
    area,
  ]),
  [svelteCheck, "--tsconfig", "src-renderer/tsconfig.json", "--fail-on-warnings", "--output", "human"],
];
// All of them, also behind one that fails: a person wants the whole list.
const passed = checks.map((command) => spawnSync(process.execPath, command, { stdio: "inherit" }).status === 0);
process.exit(passed.includes(false) ? 1 : 0);
