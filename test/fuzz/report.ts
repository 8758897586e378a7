/** What went wrong: each kind of failure once, with the smallest input found and how often it came. */
import { mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

export interface Failure {
  /** The message with its numbers taken out, and where it was thrown. */
  readonly key: string;
  readonly message: string;
  readonly where: string;
  readonly input: string;
  times: number;
}

export class Failures {
  readonly list: Failure[] = [];
  total = 0;

  constructor(private readonly seed: number) {}

  /** Tells a failure; `input` makes its bytes, asked for only the first time it is seen. */
  tell(error: unknown, where: string, input: () => { bytes: Uint8Array; suffix: string }): void {
    const message = error instanceof Error ? error.message : String(error);
    const key = `${message
      .replace(/^[a-z-]+: /, "")
      .replaceAll(/-?\d+/g, "#")
      .slice(0, 200)} ${stackTop(error)}`;
    this.total++;
    const known = this.list.find((f) => f.key === key);
    if (known) {
      known.times++;
      return;
    }
    const { bytes, suffix } = input();
    const path = writeInput(bytes, `${this.seed}-${this.list.length}${suffix}`);
    const place = stackTop(error);
    this.list.push({ key, message: place ? `${message}\n    ${place}` : message, where, input: path, times: 1 });
  }

  lines(): string[] {
    return this.list.flatMap((f) => [
      `${f.times} × ${f.message}`,
      `    first in ${f.where}; replay: node test/fuzz/run.mjs --replay ${f.input}`,
    ]);
  }
}

export function writeInput(bytes: Uint8Array, name: string): string {
  const folder = join(tmpdir(), "hopscope-fuzz-failures");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

/** The innermost frames of the engine; none where it was this program that complained. */
function stackTop(error: unknown): string {
  if (!(error instanceof Error) || !error.stack) return "";
  return error.stack
    .split("\n")
    .filter((line) => /^\s+at .*(src-(main|shared)|assembly)\//.test(line) && !line.includes("node_modules"))
    .slice(0, 3)
    .map((line) =>
      line
        .trim()
        .replace(/\(?(file:\/\/)?\/\S*\/(src-|test\/)/, "($2")
        .replace(/wasm:\/\/\S+:wasm-function/, "wasm-function"),
    )
    .join(" < ");
}

/** Collects what nobody refers to any more: kernels reserve 4 GiB of addresses each. */
export function makeCollector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}
