/** A generator as a live source: a thread writes its packets into the spool, paced by real time; it takes commands meanwhile. */
import { closeSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { GeneratorOptions } from "./generated-recording";
import type { FromGenerator, GeneratorThreadData, ToGenerator } from "./generator-thread";
import type { RunningSource, SourceListener } from "./recording";

export function startGenerator(
  name: string,
  options: GeneratorOptions,
  spool: string,
  listener: SourceListener,
  program: string = fileURLToPath(new URL("./generator-thread.js", import.meta.url)),
): RunningSource {
  // It is there before the thread is, which takes a while.
  closeSync(openSync(spool, "w", 0o600));
  const data: GeneratorThreadData = { name, options, spool };
  const worker = new Worker(program, { workerData: data });
  let ended = false;
  let problem: string | null = null;
  const tell = (message: ToGenerator): void => worker.postMessage(message);
  worker.on("message", (message: FromGenerator) => {
    if (message.kind === "state") {
      listener.generator?.(message.state);
      listener.running("");
    } else if (message.kind === "refused") listener.running(message.message);
    else problem = message.problem;
  });
  worker.on("error", (error) => (problem = error instanceof Error ? error.message : String(error)));
  worker.on("exit", () => {
    if (ended) return;
    ended = true;
    listener.ended(problem ?? "", problem === null ? null : { message: problem, commands: [] });
  });
  listener.file(spool);
  return {
    stop: () => tell({ kind: "stop" }),
    kill: () => void worker.terminate(),
    control: (control) => tell({ kind: "control", control }),
  };
}
