/** The generator thread: makes a recording in real time and writes it to the spool. Started by generator-source.ts. */
import { closeSync, openSync, writeSync } from "node:fs";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type { LiveControl } from "../../../src-shared/contract/live";
import type { GeneratorOptions } from "./generated-recording";
import { GeneratorPace } from "./generator-pace";
import { findGenerator } from "./generators";
import type { GeneratorState } from "./recording";

/** How often it writes: latency of a generated packet. */
const TICK_MS = 10;

export interface GeneratorThreadData {
  readonly name: string;
  readonly options: GeneratorOptions;
  readonly spool: string;
}

export type ToGenerator = { readonly kind: "stop" } | { readonly kind: "control"; readonly control: LiveControl };
export type FromGenerator =
  | { readonly kind: "state"; readonly state: GeneratorState }
  | { readonly kind: "refused"; readonly message: string }
  | { readonly kind: "ended"; readonly problem: string | null };

function generate(port: MessagePort, { name, options, spool }: GeneratorThreadData): void {
  const tell = (message: FromGenerator): void => port.postMessage(message);
  const file = openSync(spool, "w", 0o600);
  let timer: NodeJS.Timeout | undefined;
  const end = (problem: string | null): void => {
    clearInterval(timer);
    closeSync(file);
    tell({ kind: "ended", problem });
    port.close();
  };
  try {
    const generator = findGenerator(name);
    if (!generator) throw new Error(`there is no generator "${name}"`);
    const recording = generator.create(options, Math.floor(Date.now() / 1000));
    const pace = new GeneratorPace(
      recording,
      (bytes) => {
        for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
      },
      () => performance.now(),
    );
    tell({ kind: "state", state: pace.state() });
    const guarded = (work: () => void): void => {
      try {
        work();
      } catch (error) {
        end(error instanceof Error ? error.message : String(error));
      }
    };
    timer = setInterval(() => guarded(() => void (pace.tick() || end(null))), TICK_MS);
    port.on("message", (message: ToGenerator) => {
      if (message.kind === "stop") return guarded(() => (pace.tick(), end(null)));
      try {
        pace.control(message.control);
      } catch (error) {
        tell({ kind: "refused", message: error instanceof Error ? error.message : String(error) });
        // Nothing has changed, and what is told next would take the place of why.
        return;
      }
      tell({ kind: "state", state: pace.state() });
    });
  } catch (error) {
    end(error instanceof Error ? error.message : String(error));
  }
}

if (!parentPort) throw new Error("generator-thread.js is a worker: it is started by the engine");
generate(parentPort, workerData as GeneratorThreadData);
