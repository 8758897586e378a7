/**
 * What has to hold for every change (`npm run check`). Prints each step's name and time; stops behind the phase in which
 * one fails. CI runs this and nothing else, so a green run here is a green run there.
 *
 * ```
 * format ─► types ─► import rules ─► build ─┬─► tests
 * lint of TypeScript ───────────────────────┤
 * lint of Svelte's components ──────────────┘
 * ```
 */
import { spawn } from "node:child_process";

/** @typedef {{ readonly name: string, readonly script: string }} Step What is checked, and the npm script that checks it. */

/** @type {readonly (readonly (readonly Step[])[])[]} Phases of lanes that run at once, each step of a lane behind the one before. */
const phases = [
  [
    [
      { name: "format", script: "format:check" },
      { name: "types", script: "types" },
      { name: "import rules", script: "rules" },
      { name: "build", script: "build" },
    ],
    [{ name: "lint of TypeScript", script: "lint:ts" }],
    [{ name: "lint of Svelte's components", script: "lint:svelte" }],
  ],
  [[{ name: "tests", script: "test" }]],
];

const started = Date.now();
for (const lanes of phases) {
  const passed = await Promise.all(lanes.map((lane) => runLane(lane, lanes.length === 1)));
  if (passed.includes(false)) process.exit(1);
}
console.log(`\n== all ${phases.flat(2).length} steps passed in ${seconds(started)}`);

/**
 * @param {readonly Step[]} lane
 * @param {boolean} isAlone
 */
async function runLane(lane, isAlone) {
  for (const step of lane) if (!(await runStep(step, isAlone))) return false;
  return true;
}

/**
 * What steps print that run at once is held back until each has ended.
 * @param {Step} step
 * @param {boolean} isAlone
 * @returns {Promise<boolean>}
 */
async function runStep({ name, script }, isAlone) {
  const stepStarted = Date.now();
  const title = `\n== ${name} (npm run ${script})`;
  if (isAlone) console.log(title);
  const child = spawn(`npm run --silent ${script}`, {
    stdio: isAlone ? "inherit" : ["ignore", "pipe", "pipe"],
    shell: true,
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (text += String(chunk)));
  const status = await new Promise((resolve) => child.on("close", resolve));
  if (!isAlone) console.log(`${title}\n${text.trimEnd()}`);
  if (status === 0) console.log(`== ${name} passed in ${seconds(stepStarted)}`);
  else console.log(`\n== ${name} failed after ${seconds(stepStarted)}: repeat it with npm run ${script}`);
  return status === 0;
}

/** @param {number} since */
function seconds(since) {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}
