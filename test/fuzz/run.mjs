/**
 * The fuzzer; node test/fuzz/run.mjs --help tells its options.
 *
 * The work runs in a thread; this one is the watchdog: whatever takes longer than 2 seconds is written to a file and ends
 * the run. Vite, which is here anyway, reads the TypeScript.
 */
import { clearInterval, setInterval } from "node:timers";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Worker, isMainThread, workerData } from "node:worker_threads";
import { runnerImport } from "vite";

const WATCHDOG_MS = 2000;
const PHASES = /** @type {const} */ (["packets", "files"]);
// Shared words: phase + 1 (0: preparing), index, and a count of steps.
const PHASE = 0;
const INDEX = 1;
const STEPS = 2;

/** @returns {Promise<typeof import("./fuzz")>} */
async function load() {
  const options = { configFile: /** @type {const} */ (false), logLevel: /** @type {const} */ ("error") };
  const { module } = await runnerImport(fileURLToPath(new URL("./fuzz.ts", import.meta.url)), options);
  return /** @type {typeof import("./fuzz")} */ (module);
}

/** @typedef {import("./fuzz").FuzzOptions & { replay?: string | undefined }} Options */

const USAGE = `usage: node test/fuzz/run.mjs [options]
  --packets N       packets that are made up and decoded (10000000)
  --files N         capture files that are damaged and read (20000)
  --seed S          of the random numbers; printed, so that a run can be repeated (the time)
  --seconds LIMIT   ends after so long (600)
  --fixtures-only   starts from the repository's fixtures alone
  --replay FILE     decodes one file that a run before has kept
`;

/** Ends the process where there is nothing to run: for --help, and for what it does not understand. @returns {Options} */
function readOptions() {
  try {
    const options = parseOptions();
    if (options !== null) return options;
    process.stdout.write(USAGE);
    process.exit(0);
  } catch (error) {
    process.stderr.write(`test/fuzz/run.mjs: ${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exit(2);
  }
}

/** @returns {Options | null} null: help was asked for */
function parseOptions() {
  const { values } = parseArgs({
    options: {
      packets: { type: "string", default: "10000000" },
      files: { type: "string", default: "20000" },
      seed: { type: "string", default: String(Date.now() % 1_000_000_000) },
      seconds: { type: "string", default: "600" },
      "fixtures-only": { type: "boolean", default: false },
      replay: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return null;
  /** @param {"packets" | "files" | "seed" | "seconds"} name */
  const count = (name) => {
    const value = Number(values[name]);
    if (values[name] === "" || !Number.isInteger(value) || value < 0)
      throw new Error(`--${name} takes a number, not "${values[name]}"`);
    return value;
  };
  return {
    packets: count("packets"),
    files: count("files"),
    seed: count("seed"),
    seconds: count("seconds"),
    fixturesOnly: values["fixtures-only"],
    replay: values.replay,
  };
}

if (isMainThread) {
  const options = readOptions();
  const shared = new Int32Array(new SharedArrayBuffer(12));
  const worker = new Worker(new URL(import.meta.url), { workerData: { shared, options }, argv: [] });
  let steps = -1;
  let since = Date.now();
  const timer = setInterval(() => {
    const now = Atomics.load(shared, STEPS);
    const phase = PHASES[Atomics.load(shared, PHASE) - 1];
    if (now !== steps || phase === undefined) {
      steps = now;
      since = Date.now();
    } else if (Date.now() - since > WATCHDOG_MS) {
      clearInterval(timer);
      void hangs(phase, Atomics.load(shared, INDEX), options, worker);
    }
  }, 200);
  worker.on("error", (error) => {
    console.error(error);
    process.exitCode = 1;
  });
  worker.on("exit", (code) => {
    clearInterval(timer);
    process.exitCode ||= code;
  });
} else {
  /** @type {{ shared: Int32Array, options: Options }} */
  const { shared, options } = workerData;
  const { main } = await load();
  process.exitCode = await main(options, (phase, index) => {
    Atomics.store(shared, PHASE, phase === "other" ? 0 : PHASES.indexOf(phase) + 1);
    Atomics.store(shared, INDEX, index);
    Atomics.add(shared, STEPS, 1);
  });
}

/**
 * @param {"packets" | "files"} phase
 * @param {number} index
 * @param {Options} options
 * @param {Worker} worker
 */
async function hangs(phase, index, options, worker) {
  process.exitCode = 1;
  console.log(`no step for ${WATCHDOG_MS} ms in ${phase} ${index}, seed ${options.seed}`);
  await worker.terminate();
  const { writeHanging } = await load();
  console.log(`replay: node test/fuzz/run.mjs --replay ${await writeHanging(phase, index, options)}`);
}
