/**
 * Standard input, and every other input that can only be read forward: pipes, FIFOs, sockets, terminals.
 *
 * Pipes are read through the event loop, not with `fs.read`: a blocking read of a quiet pipe holds one of Node's
 * worker threads, and then not even `process.exit` ends the process before the other side writes or closes.
 * The event loop also takes care of descriptors that are non-blocking (EAGAIN).
 */
import { createReadStream, fstatSync } from "node:fs";
import { Socket } from "node:net";
import type { Readable } from "node:stream";
import { isatty, ReadStream as TerminalStream } from "node:tty";

import type { ByteSource } from "./source";

const STDIN = 0;
const NOTHING = new Uint8Array(0);

/** Standard input. `signal` ends it: reads waiting and to come answer 0. */
export function stdinSource(signal?: AbortSignal): ByteSource {
  return new StreamSource("-", streamOf(STDIN), signal);
}

/** An open pipe, FIFO, socket, terminal or device; takes over `fd`. `signal` as for `stdinSource`. */
export function pipeSource(name: string, fd: number, signal?: AbortSignal): ByteSource {
  return new StreamSource(name, streamOf(fd), signal);
}

function streamOf(fd: number): Readable {
  if (isatty(fd)) return new TerminalStream(fd);
  const stat = fstatSync(fd);
  if (stat.isFIFO() || stat.isSocket()) return new Socket({ fd, readable: true, writable: false });
  // A redirected file, or a device such as /dev/null: reads of these do not block for long.
  return createReadStream("", { fd, autoClose: fd !== STDIN });
}

class StreamSource implements ByteSource {
  readonly name: string;
  readonly size = undefined;
  private readonly stream: Readable;
  private readonly signal: AbortSignal | undefined;
  /** What the stream gave and the caller did not have room for yet. */
  private rest: Uint8Array = NOTHING;
  private ended = false;
  private failure: Error | undefined;
  /** Resolves the promise of a read that waits. */
  private wake: () => void = () => undefined;
  private readonly wakeReader = (): void => {
    this.wake();
  };

  constructor(name: string, stream: Readable, signal: AbortSignal | undefined) {
    this.name = name;
    this.stream = stream;
    this.signal = signal;
    const end = (): void => {
      this.ended = true;
      this.wake();
    };
    // With a "readable" listener the stream reads ahead its one buffer (64 KiB) and then waits to be asked.
    stream.on("readable", this.wakeReader);
    stream.on("end", end);
    stream.on("close", end);
    stream.on("error", (error) => {
      this.failure = error;
      this.wake();
    });
    signal?.addEventListener("abort", this.wakeReader);
  }

  read(target: Uint8Array, offset: number, length: number): number | Promise<number> {
    const count = this.readNow(target, offset, length);
    return count > 0 || length === 0 ? count : this.readWhenReady(target, offset, length);
  }

  close(): void {
    this.ended = true;
    this.rest = NOTHING;
    this.signal?.removeEventListener("abort", this.wakeReader);
    this.stream.destroy();
    this.wake();
  }

  private readNow(target: Uint8Array, offset: number, length: number): number {
    if (this.signal?.aborted === true) return 0;
    if (this.rest.length === 0) this.rest = (this.stream.read() as Uint8Array | null) ?? NOTHING;
    const count = Math.min(length, this.rest.length);
    target.set(this.rest.subarray(0, count), offset);
    this.rest = this.rest.subarray(count);
    return count;
  }

  private async readWhenReady(target: Uint8Array, offset: number, length: number): Promise<number> {
    for (;;) {
      const count = this.readNow(target, offset, length);
      if (count > 0) return count;
      if (this.failure !== undefined) throw this.failure;
      if (this.ended || this.signal?.aborted === true) return 0;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }
}
