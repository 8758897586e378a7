/**
 * Standard input or a named pipe, written to the spool as it comes (decompressed, if it is packed). Backpressure is the pipe's:
 * who writes waits, nothing is lost.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { openSource } from "../sources/open-source";
import type { RunningSource, SourceListener } from "./recording";

const READ_BYTES = 1 << 18;
/** When told to stop, what is in the pipe already is still taken: until it is quiet for so long, or for four times as long. */
const QUIET_MS = 50;

export function startPipe(path: string, spool: string, listener: SourceListener): RunningSource {
  const abort = new AbortController();
  let stopAtMs = Infinity;
  const file = openSync(spool, "w", 0o600);
  listener.file(spool);
  listener.running(path === "-" ? "waiting for standard input" : "waiting for somebody to write");
  const pump = async (): Promise<void> => {
    const source = await openSource(path, { signal: abort.signal });
    try {
      const bytes = new Uint8Array(READ_BYTES);
      let isFirst = true;
      for (;;) {
        const answer = source.read(bytes, 0, bytes.length);
        const count = typeof answer === "number" ? answer : await answer;
        if (count === 0) return;
        for (let done = 0; done < count;) done += writeSync(file, bytes, done, count - done);
        if (isFirst) listener.running("");
        isFirst = false;
        if (performance.now() > stopAtMs) return;
        // A file behind "<" answers at once, always: others get their turn.
        if (typeof answer === "number") await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      source.close();
    }
  };
  pump().then(
    () => {
      closeSync(file);
      listener.ended(stopAtMs < Infinity ? "stopped" : "the input ended", null);
    },
    (error: unknown) => {
      closeSync(file);
      const message = error instanceof Error ? error.message : String(error);
      listener.ended(message, { message, commands: [] });
    },
  );
  return {
    stop: () => {
      if (stopAtMs < Infinity) return;
      stopAtMs = performance.now() + 4 * QUIET_MS;
      setTimeout(() => abort.abort(), QUIET_MS);
    },
    kill: () => abort.abort(),
  };
}
