/**
 * What has to hold for every change (`npm run check`). Prints each step's name and time; stops at the first
 * that fails. CI runs this and nothing else, so a green run here is a green run there.
 */
import { spawnSync } from "node:child_process";

/** What is checked, and the npm script that checks it. */
const steps = [
  ["format", "format:check"],
  // Before lint, which trips over every use of a type that is not found.
  ["types", "types"],
  ["lint", "lint"],
  ["import rules", "rules"],
  ["build", "build"],
  ["tests", "test"],
];

const started = Date.now();
for (const [index, [name, script]] of steps.entries()) {
  console.log(`\n== ${index + 1}/${steps.length} ${name} (npm run ${script})`);
  const stepStarted = Date.now();
  const { status } = spawnSync(`npm run --silent ${script}`, { stdio: "inherit", shell: true });
  if (status !== 0) {
    console.log(`\n== ${name} failed after ${seconds(stepStarted)}: repeat it with npm run ${script}`);
    process.exit(1);
  }
  console.log(`== ${name} passed in ${seconds(stepStarted)}`);
}
console.log(`\n== all ${steps.length} steps passed in ${seconds(started)}`);

/** @param {number} since */
function seconds(since) {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}
