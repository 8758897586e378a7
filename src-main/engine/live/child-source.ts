/**
 * A program that records (dumpcap, tcpdump over ssh or kubectl). Its standard output *is* the spool file: what it has written is
 * in the file whatever happens to this process, and nothing is copied.
 *
 * ```
 * dumpcap -w -           ─stdout─► spool file ◄─tail─ decode thread
 * ssh … tcpdump ─pipe─► dumpcap -i - -b … ─► ring files, each named on its stderr
 * ```
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, statSync } from "node:fs";
import type { LiveProblem } from "../../../src-shared/contract/live";
import { forgetChild, noteChild } from "./child-pids";
import type { CaptureCommand } from "./capture-commands";
import { type ToolPlace, explainFailure } from "./capture-tools";
import type { RunningSource, SourceListener } from "./recording";

/** Of what a program says, the end. */
const KEPT_STDERR = 8000;
/** After SIGINT a program gets this long to finish its file, after SIGTERM as long again. */
const PATIENCE_MS = 3000;
const FIRST_BYTES_POLL_MS = 10;

export interface ChildSourceOptions {
  readonly command: CaptureCommand;
  /** dumpcap with ring files instead of a spool; reads `command`'s output unless that is itself. */
  readonly ring?: CaptureCommand;
  readonly spool: string;
  readonly place: ToolPlace;
}

export function startChild(options: ChildSourceOptions, listener: SourceListener): RunningSource {
  const { command, ring, spool, place } = options;
  let stderr = "";
  let stopping = false;
  let ended = false;
  let timer: NodeJS.Timeout | undefined;
  const children: ChildProcess[] = [];

  const signalAll = (signal: NodeJS.Signals): void => children.forEach((child) => child.kill(signal));
  let looking: NodeJS.Timeout | undefined;
  /** The spool is shown when there is something in it: a program that may not record leaves what is open alone. */
  const look = (): void => {
    if (looking === undefined || (statSync(spool, { throwIfNoEntry: false })?.size ?? 0) === 0) return;
    clearInterval(looking);
    looking = undefined;
    listener.file(spool);
  };
  const finish = (code: string | number | null, signal: NodeJS.Signals | null): void => {
    if (ended) return;
    ended = true;
    clearTimeout(timer);
    look();
    clearInterval(looking);
    for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    const isOrderly = stopping || code === 0;
    const problem: LiveProblem | null = isOrderly ? null : explainFailure(stderr, code ?? signal, place);
    listener.ended(isOrderly ? lastWords(stderr) : (problem?.message ?? ""), problem);
  };
  const listen = (child: ChildProcess, tellsEnd: boolean): void => {
    children.push(child);
    noteChild(child.pid);
    child.on("exit", () => forgetChild(child.pid));
    child.stderr?.setEncoding("utf8");
    let line = "";
    child.stderr?.on("data", (text: string) => {
      stderr = (stderr + text).slice(-KEPT_STDERR);
      line += text;
      const lines = line.split(/\r?\n/);
      line = (lines.pop() ?? "").slice(-KEPT_STDERR);
      for (const said of lines) {
        const file = ring ? /^File: (.+)$/.exec(said)?.[1] : undefined;
        if (file !== undefined) listener.file(file);
        else if (!ended && said.trim() !== "" && !said.startsWith("File: "))
          listener.running(said.trim().slice(0, 300));
      }
    });
    child.on("error", (error: NodeJS.ErrnoException) => {
      stderr += error.message;
      finish(error.code ?? "ENOENT", null);
    });
    // "close" comes when its last words are read, "exit" may come before.
    if (tellsEnd) child.on("close", (code, signal) => finish(code, signal));
  };

  if (ring) {
    const first =
      ring.label === "" ? spawn(command.program, command.args, { stdio: ["ignore", "pipe", "pipe"] }) : null;
    if (first) listen(first, false);
    const program = spawn(ring.program, ring.args, { stdio: [first?.stdout ?? "ignore", "ignore", "pipe"] });
    listen(program, true);
  } else {
    const file = openSync(spool, "w", 0o600);
    try {
      listen(spawn(command.program, command.args, { stdio: ["ignore", file, "pipe"] }), true);
    } finally {
      closeSync(file);
    }
    looking = setInterval(look, FIRST_BYTES_POLL_MS);
  }

  return {
    stop: () => {
      if (stopping || ended) return;
      stopping = true;
      // The reader of a pipe ends by itself when the pipe does.
      children[0]?.kill("SIGINT");
      timer = setTimeout(() => {
        signalAll("SIGTERM");
        timer = setTimeout(() => signalAll("SIGKILL"), PATIENCE_MS);
      }, PATIENCE_MS);
    },
    kill: () => {
      stopping = true;
      signalAll("SIGKILL");
    },
  };
}

/** dumpcap's "Packets received/dropped …", tcpdump's "12 packets captured". */
function lastWords(stderr: string): string {
  // A counter that dumpcap writes over itself ends with a carriage return.
  const lines = stderr.split(/[\r\n]+/).filter((line) => /packets? (received|captured|dropped)/i.test(line));
  return lines.slice(-3).join("; ").slice(0, 400);
}
