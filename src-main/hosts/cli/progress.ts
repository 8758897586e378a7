/** Progress on standard error for work over a second, when it is a terminal. */
import { statSync } from "node:fs";
import type { Batch } from "../../engine/kernel/batch";
import type { CaptureEvent } from "../../engine/readers/capture-file";

export interface Progress {
  event(event: CaptureEvent): void;
  batch(batch: Batch): void;
  end(): void;
}

const QUIET: Progress = { event: () => undefined, batch: () => undefined, end: () => undefined };
const FIRST_MS = 1000;
const EVERY_MS = 200;

/** For work that cannot tell how far it is, after `sinceMs`, if that took long already. Returns "it is done". */
export function showWork(what: string, sinceMs: number, stream: NodeJS.WriteStream = process.stderr): () => void {
  if (!stream.isTTY || Date.now() - sinceMs < FIRST_MS) return () => undefined;
  stream.write(`\rhopscope: ${what} … \x1b[K`);
  return () => void stream.write("\r\x1b[K");
}

export function startProgress(files: readonly string[], stream: NodeJS.WriteStream = process.stderr): Progress {
  if (!stream.isTTY) return QUIET;
  const sizes = files.map((f) => {
    try {
      return statSync(f).size;
    } catch {
      return 0;
    }
  });
  const total = sizes.reduce((a, b) => a + b, 0);
  const started = Date.now();
  let next = started + FIRST_MS;
  let packets = 0;
  let before = 0;
  let shown = false;
  return {
    event(e) {
      if (e.kind === "end") before += sizes[e.file] ?? 0;
    },
    batch(b) {
      packets += b.packetCount;
      const now = Date.now();
      if (now < next) return;
      next = now + EVERY_MS;
      shown = true;
      const seconds = (now - started) / 1000;
      const share = total ? ` ${Math.min(100, Math.floor(((before + b.rawFileOffset) / total) * 100))}%` : "";
      stream.write(`\rhopscope:${share} ${packets.toLocaleString("en")} packets, ${seconds.toFixed(0)} s \x1b[K`);
    },
    end() {
      if (shown) stream.write("\r\x1b[K");
    },
  };
}
