/**
 * Runs a command as a whole process and says what it cost. Wall time is taken here; processor time and peak memory come from
 * GNU time where it is installed (it forks anew, so this process's own memory is not counted), otherwise from Node itself
 * for commands that are Node, and are unknown for the others.
 */
import { spawn, spawnSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, readSync, rmSync } from "node:fs";
import { Buffer } from "node:buffer";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { clearTimeout, setTimeout } from "node:timers";

const GNU_TIME = "/usr/bin/time";
const resourceUsage = new URL("./resource-usage.mjs", import.meta.url).href;

/**
 * @typedef {object} Sample
 * @property {number} wall seconds
 * @property {number} [cpu] seconds, user and system, all threads
 * @property {number} [peakMiB] largest resident set
 * @property {string} [failure] why the figures are worth nothing
 */

/** What lies on disk while commands run. */
const scratch = mkdtempSync(join(tmpdir(), "hopscope-bench-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));

let gnuTime = false;
try {
  gnuTime = spawnSync(GNU_TIME, ["-f", "%e %U %S %M", "true"], { encoding: "utf8" }).stderr.split(" ").length === 4;
} catch {
  // Not there, or another system's time.
}

export const hasGnuTime = gnuTime;

/**
 * @param {string[]} command program and arguments; what it prints is thrown away
 * @param {{ limitSeconds: number, acceptedExitCodes?: number[] }} options
 * @returns {Promise<Sample>}
 */
export function measure(command, { limitSeconds, acceptedExitCodes = [0] }) {
  const usagePath = join(scratch, "usage");
  const errorPath = join(scratch, "stderr");
  rmSync(usagePath, { force: true });
  const isNode = command[0] === process.execPath;
  const full = gnuTime
    ? [GNU_TIME, "-q", "-o", usagePath, "-f", "%U %S %M", "--", ...command]
    : isNode
      ? [command[0], "--import", resourceUsage, ...command.slice(1)]
      : command;
  const errors = openSync(errorPath, "w");
  return new Promise((done) => {
    const started = performance.now();
    const child = spawn(full[0], full.slice(1), {
      stdio: ["ignore", "ignore", errors],
      env: { ...process.env, HOPSCOPE_BENCH_USAGE: usagePath },
      // A group of its own: what /usr/bin/time started can be stopped too.
      detached: true,
    });
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    }, limitSeconds * 1000);
    const stop = () => {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      process.exit(130);
    };
    process.once("SIGINT", stop);
    /** @param {string} [failure] */
    const finish = (failure) => {
      const wall = (performance.now() - started) / 1000;
      clearTimeout(timer);
      process.off("SIGINT", stop);
      closeSync(errors);
      done({ wall, ...readUsage(usagePath), ...(failure === undefined ? {} : { failure }) });
    };
    child.on("error", (error) => finish(error.message));
    child.on("exit", (code, signal) => {
      if (late) finish(`stopped after ${limitSeconds} s`);
      else if (code !== null && acceptedExitCodes.includes(code)) finish();
      else finish(`${signal ?? `exit code ${code}`}: ${lastLine(errorPath)}`);
    });
  });
}

/** An empty folder for commands that write. It is emptied at every call. */
export function emptyFolder() {
  const path = join(scratch, "out");
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path);
  return path;
}

/**
 * Reads a file through, so that it is in the page cache.
 * @param {string} path
 */
export function warm(path) {
  const buffer = Buffer.allocUnsafe(1 << 20);
  const file = openSync(path, "r");
  while (readSync(file, buffer, 0, buffer.length, null) > 0);
  closeSync(file);
}

/**
 * @param {string} path
 * @returns {{ cpu?: number, peakMiB?: number }}
 */
function readUsage(path) {
  try {
    const [user, system, kilobytes] = readFileSync(path, "utf8").trim().split(" ").map(Number);
    return { cpu: user + system, peakMiB: kilobytes / 1024 };
  } catch {
    return {};
  }
}

/** @param {string} path */
function lastLine(path) {
  return readFileSync(path, "utf8").trim().split("\n").at(-1) ?? "";
}
