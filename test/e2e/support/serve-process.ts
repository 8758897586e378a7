/** `hopscope serve` as a person starts it: a process of its own, its printed lines, Ctrl+C. */
import { type ChildProcess, spawn } from "node:child_process";
import { createReadStream, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { guard } from "./process-guard";

export const CRASH_HOOK = resolve("test/e2e/support/crash-hook.js");

export interface ServeProcess {
  readonly process: ChildProcess;
  /** The one-time link that was printed first. */
  readonly link: string;
  /** Everything printed so far. */
  output(): string;
  /** Ends the engine's thread as a crash would. */
  crashEngine(): void;
  /** Ctrl+C. Resolves with the exit code once the process has ended. */
  interrupt(): Promise<number | null>;
}

/** A settings folder nobody else uses. */
export function newConfigFolder(): string {
  return mkdtempSync(join(tmpdir(), "hopscope-e2e-config-"));
}

/** A test that fails does not come to its end: what it started is ended with the test file's process. */
const running = new Set<ChildProcess>();
process.on("exit", () => endServes());

export function endServes(): void {
  for (const child of running) child.kill("SIGTERM");
  running.clear();
}

/** Starts it on a free port. Rejects with what it printed if it ends before it stands. */
export async function startServe(
  files: readonly string[],
  options: {
    readonly config?: string;
    readonly arguments?: readonly string[];
    /** File to pipe into its standard input. */
    readonly input?: string | undefined;
  } = {},
): Promise<ServeProcess> {
  const child = spawn(
    process.execPath,
    [resolve("out/main/cli.js"), "serve", "--no-open", ...(options.arguments ?? ["--port", "0"]), ...files],
    {
      env: {
        ...process.env,
        HOPSCOPE_CONFIG: options.config ?? newConfigFolder(),
        NODE_OPTIONS: `--import ${CRASH_HOOK}`,
      },
      stdio: "pipe",
    },
  );
  if (options.input === undefined) child.stdin.end();
  else createReadStream(options.input).pipe(child.stdin);
  running.add(child);
  guard(child, false);
  child.on("exit", () => running.delete(child));
  let text = "";
  const exit = new Promise<number | null>((done) => child.on("exit", done));
  const link = await new Promise<string>((found, failed) => {
    const take = (chunk: Buffer): void => {
      text += chunk.toString("utf8");
      const address = /Hopscope is at (http:\S+)/.exec(text)?.[1];
      if (address !== undefined) found(address);
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("exit", (code) => failed(new Error(`hopscope serve ended with ${code}: ${text}`)));
  });
  return {
    process: child,
    link,
    output: () => text,
    crashEngine: () => void child.kill("SIGUSR2"),
    interrupt: () => {
      child.kill("SIGINT");
      return exit;
    },
  };
}
