/**
 * Which programs this engine has started, where the thread that started it can see it: an engine's thread that ends by a defect
 * cannot end them any more, and one that writes to a file would go on for ever.
 *
 * ```
 * engine thread   noteChild(pid) ─► shared words, one a program, 0 free ◄─ endChildren()   main thread, when the engine's is gone
 * ```
 */
const MOST_CHILDREN = 64;

let words: Int32Array | undefined;

/** Made by the thread that starts the engine's. */
export function makeChildPids(): SharedArrayBuffer {
  return new SharedArrayBuffer(MOST_CHILDREN * 4);
}

/** In the engine's thread, before anything is started. */
export function useChildPids(shared: SharedArrayBuffer): void {
  words = new Int32Array(shared);
}

/** A program was started. Undefined: it could not be. */
export function noteChild(pid: number | undefined): void {
  if (words === undefined || pid === undefined) return;
  const free = words.indexOf(0);
  if (free >= 0) Atomics.store(words, free, pid);
}

/** It has ended: its number may be another program's soon. */
export function forgetChild(pid: number | undefined): void {
  const at = pid === undefined ? -1 : (words?.indexOf(pid) ?? -1);
  if (words && at >= 0) Atomics.store(words, at, 0);
}

/** Ends what was started and is still noted. */
export function endChildren(shared: SharedArrayBuffer): void {
  const pids = new Int32Array(shared);
  for (let at = 0; at < pids.length; at++) {
    const pid = Atomics.exchange(pids, at, 0);
    if (pid === 0) continue;
    try {
      process.kill(pid, "SIGTERM");
    } catch {
      // It has ended by itself.
    }
  }
}
