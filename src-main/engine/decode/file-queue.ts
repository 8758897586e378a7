/**
 * The files a pipeline reads, when more may come while it runs: a workspace to which files are added keeps its flow table, so
 * that one conversation has one number in all of them.
 */
export interface InputFile {
  readonly path: string;
  /** What the user calls it, if that is not the path. */
  readonly name?: string;
  /** What cannot be read by offset (compressed, a pipe) is also written here, decompressed. */
  readonly spool: string | undefined;
  /** At the end of the file wait for it to grow. */
  readonly tail: boolean;
  /** With `tail`: how often to look whether it grew; 50 ms unless told. */
  readonly pollMilliseconds?: number;
  /** Why it cannot be opened, if that is known already: told as a problem of the file. */
  readonly problem?: string;
}

export class FileQueue {
  private readonly files: InputFile[] = [];
  private taken = 0;
  private ended = false;
  private wake: () => void = () => undefined;
  private listener: ((file: InputFile | undefined) => void) | undefined;
  private endListener: ((path: string) => void) | undefined;
  /** By path: aborted when the file will grow no more. */
  private readonly tails = new Map<string, AbortController>();

  add(file: InputFile): void {
    this.files.push(file);
    this.listener?.(file);
    this.wake();
  }

  /** No more files come. */
  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.listener?.(undefined);
    this.wake();
  }

  /** The file at `path` grows no more: what is in it is still read, then it ends. */
  endTail(path: string): void {
    this.tail(path).abort();
    this.endListener?.(path);
  }

  /** Aborted when a growing file is to be read to its end, or with `stop`. */
  tailSignal(file: InputFile, stop: AbortSignal | undefined): AbortSignal | undefined {
    if (!file.tail) return stop;
    const { signal } = this.tail(file.path);
    return stop ? AbortSignal.any([signal, stop]) : signal;
  }

  private tail(path: string): AbortController {
    let tail = this.tails.get(path);
    if (!tail) this.tails.set(path, (tail = new AbortController()));
    return tail;
  }

  /** The next file, when there is one; undefined after the last. */
  async next(): Promise<InputFile | undefined> {
    while (this.taken === this.files.length) {
      if (this.ended) return undefined;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    return this.files[this.taken++];
  }

  /** Calls `listener` with every file, those that are there already first, and with undefined at the end. */
  forward(listener: (file: InputFile | undefined) => void): void {
    for (const file of this.files) listener(file);
    if (this.ended) listener(undefined);
    this.listener = listener;
  }

  /** Calls `listener` with the paths of files that grow no more. */
  forwardEnds(listener: (path: string) => void): void {
    for (const [path, { signal }] of this.tails) if (signal.aborted) listener(path);
    this.endListener = listener;
  }
}

/** A queue of files that are all known. */
export function queueOf(paths: readonly string[], tail: boolean): FileQueue {
  const queue = new FileQueue();
  for (const path of paths) queue.add({ path, spool: undefined, tail });
  queue.end();
  return queue;
}
