/**
 * Makes a byte source of a decoder. A decoder is an async generator of decompressed blocks; it runs only when the
 * caller has used up the block before, which is all the backpressure there is and bounds the memory to one block.
 */
import { CompressionError, DamagedData } from "./compression-error";
import type { ByteSource } from "./source";

const NOTHING = new Uint8Array(0);

/**
 * A source of the bytes of `blocks`, which decodes what it reads from `inner`. A block may be a view of a buffer that
 * the decoder uses again for the next. `DamagedData` thrown by the decoder reaches the reader as a `CompressionError`,
 * after all blocks before it, and again at each later read; any other error as it is. Once `signal` is aborted,
 * damage counts as the end: what stopped in the middle was the reading, not the file.
 */
export function blockSource(inner: ByteSource, blocks: AsyncGenerator<Uint8Array>, signal?: AbortSignal): ByteSource {
  return new BlockSource(inner, blocks, signal);
}

class BlockSource implements ByteSource {
  readonly name: string;
  readonly size = undefined;
  private readonly inner: ByteSource;
  private readonly blocks: AsyncGenerator<Uint8Array>;
  private readonly signal: AbortSignal | undefined;
  private block: Uint8Array = NOTHING;
  private position = 0;
  private delivered = 0;
  private ended = false;
  private failure: Error | undefined;

  constructor(inner: ByteSource, blocks: AsyncGenerator<Uint8Array>, signal: AbortSignal | undefined) {
    this.name = inner.name;
    this.inner = inner;
    this.blocks = blocks;
    this.signal = signal;
  }

  read(target: Uint8Array, offset: number, length: number): number | Promise<number> {
    const count = this.copy(target, offset, length);
    return count > 0 || length === 0 ? count : this.readNextBlock(target, offset, length);
  }

  close(): void {
    this.ended = true;
    this.block = NOTHING;
    this.position = 0;
    // Lets the decoder free what it holds; nobody is left to hear of an error in that.
    this.blocks.return(undefined).catch(() => undefined);
    this.inner.close();
  }

  private copy(target: Uint8Array, offset: number, length: number): number {
    const count = Math.min(length, this.block.length - this.position);
    if (count > 0) target.set(this.block.subarray(this.position, this.position + count), offset);
    this.position += count;
    this.delivered += count;
    return count;
  }

  private async readNextBlock(target: Uint8Array, offset: number, length: number): Promise<number> {
    if (this.failure !== undefined) throw this.failure;
    while (!this.ended) {
      await this.decodeNextBlock();
      const count = this.copy(target, offset, length);
      if (count > 0) return count;
    }
    return 0;
  }

  private async decodeNextBlock(): Promise<void> {
    try {
      const next = await this.blocks.next();
      if (this.ended) return;
      this.ended = next.done === true;
      this.block = next.done === true ? NOTHING : next.value;
      this.position = 0;
    } catch (error) {
      if (this.ended) return;
      const damaged = error instanceof DamagedData;
      if (damaged && this.signal?.aborted === true) {
        this.ended = true;
        return;
      }
      this.failure = damaged
        ? new CompressionError(error.message, this.delivered, { cause: error.cause })
        : toError(error);
      throw this.failure;
    }
  }
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
