/**
 * Loaded before the application (`node --import`): on SIGUSR2 it ends the engine's thread, unasked, as a crash does.
 * It lives in the test, so that the product needs no way to be crashed.
 */
import module from "node:module";
import threads from "node:worker_threads";

/** @type {Set<threads.Worker>} */
const engines = new Set();

threads.Worker = class extends threads.Worker {
  /**
   * @param {string | URL} file
   * @param {threads.WorkerOptions} [options]
   */
  constructor(file, options) {
    super(file, options);
    if (!String(file).includes("engine-thread")) return;
    engines.add(this);
    this.once("exit", () => engines.delete(this));
  }
};
module.syncBuiltinESMExports();

if (threads.isMainThread)
  process.on("SIGUSR2", () => {
    for (const engine of engines) void engine.terminate();
  });
