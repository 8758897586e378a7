/**
 * What a test starts ends with it, however it ends: a failed test does not come to its own end, and a test process that is
 * killed runs no handler at all.
 *
 * ```
 * test process ── pipe ──► sh: read ──┬─ a line: the child has ended, nothing to do
 *      └── child                      └─ end of the pipe, nobody holds it any more: kill -KILL child (or its group)
 * ```
 */
import { type ChildProcess, spawn } from "node:child_process";

/** @param isGroup the child leads a process group of its own (`detached`): what it started ends too */
export function guard(child: ChildProcess, isGroup: boolean): void {
  const { pid } = child;
  if (pid === undefined) return;
  const target = isGroup ? `-${pid}` : String(pid);
  // A session of its own: Ctrl+C at the test runner must not end it before what it guards.
  const watcher = spawn("/bin/sh", ["-c", 'read -r line || kill -s KILL -- "$1"', "guard", target], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  watcher.unref();
  // It has ended already, or there is no shell: then there is nothing to tell it.
  watcher.on("error", () => undefined);
  watcher.stdin.on("error", () => undefined);
  child.once("exit", () => {
    if (isGroup && isAlive(-pid)) return;
    watcher.stdin.end("ended\n");
  });
}

/** A process, or with a minus sign a group, is there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
