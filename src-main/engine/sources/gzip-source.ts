/**
 * Reads gzip (RFC 1952). Node's zlib does the inflating; headers and trailers are read here, so that a wrong
 * checksum, or something that is not gzip after the last member, costs none of the data in front of it. (zlib's own
 * gzip mode drops what it has just inflated when it meets an error.)
 */
import { crc32, createInflateRaw } from "node:zlib";

import { blockSource } from "./block-source";
import { CompressedInput } from "./compressed-input";
import { DamagedData } from "./compression-error";
import type { ByteSource } from "./source";

/** Compressed bytes inflated at a time. Deflate grows at most 1032-fold, so at most 16 MiB come of it. */
const PIECE = 16 * 1024;
const OUTPUT_CHUNK = 64 * 1024;
const FIXED_HEADER = 10;
const TRAILER = 8;
const DEFLATE = 8;

/** The flag bits of a member header. */
const HEADER_CRC = 0x02;
const EXTRA = 0x04;
const NAME = 0x08;
const COMMENT = 0x10;

/**
 * The decompressed bytes of `inner`, all members one after the other. Damaged or cut-off data: what comes before is
 * delivered (of a damaged stretch, up to 16 KiB of compressed data are lost with it), then a read rejects with
 * `CompressionError`. Zero bytes after the last member are padding.
 */
export function gzipSource(inner: ByteSource, signal?: AbortSignal): ByteSource {
  return blockSource(inner, members(new CompressedInput(inner)), signal);
}

async function* members(input: CompressedInput): AsyncGenerator<Uint8Array> {
  do {
    await skipHeader(input);
    yield* member(input);
  } while (await anotherMember(input));
}

async function anotherMember(input: CompressedInput): Promise<boolean> {
  if (!(await input.has(1))) return false;
  if (input.byte(0) !== 0) return true;
  while (await input.has(1)) {
    const at = input.position;
    if (input.take(input.available).some((byte) => byte !== 0)) {
      throw new DamagedData(`there is something other than gzip data after the padding at compressed byte ${at}`);
    }
  }
  return false;
}

async function skipHeader(input: CompressedInput): Promise<void> {
  const at = input.position;
  const isGzip = (await input.has(2)) && input.byte(0) === 0x1f && input.byte(1) === 0x8b;
  if (!isGzip) throw new DamagedData(`expected a gzip member at compressed byte ${at} and found something else`);
  const what = "a gzip header";
  await input.need(FIXED_HEADER, what);
  const method = input.byte(2);
  if (method !== DEFLATE) throw new DamagedData(`gzip method ${method} is not known, only deflate (8) is`);
  const flags = input.byte(3);
  input.take(FIXED_HEADER);
  if ((flags & EXTRA) !== 0) {
    await input.need(2, what);
    const length = input.byte(0) | (input.byte(1) << 8);
    await input.skip(2 + length, what);
  }
  if ((flags & NAME) !== 0) await skipText(input, what);
  if ((flags & COMMENT) !== 0) await skipText(input, what);
  if ((flags & HEADER_CRC) !== 0) await input.skip(2, what);
}

async function skipText(input: CompressedInput, what: string): Promise<void> {
  let byte: number;
  do {
    await input.need(1, what);
    byte = input.byte(0);
    input.take(1);
  } while (byte !== 0);
}

/** Inflates the body of one member and checks its trailer. */
async function* member(input: CompressedInput): AsyncGenerator<Uint8Array> {
  const inflater = new Inflater();
  let checksum = 0;
  let length = 0;
  try {
    while (!inflater.ended) {
      const more = await input.has(1);
      const before = inflater.consumed;
      await (more ? inflater.inflate(input.peek(Math.min(PIECE, input.available))) : inflater.finish());
      input.take(inflater.consumed - before);
      for (const chunk of inflater.takeOutput()) {
        checksum = crc32(chunk, checksum);
        length += chunk.length;
        yield chunk;
      }
      if (inflater.failure !== undefined) throw damage(inflater.failure, input.position);
    }
  } finally {
    inflater.close();
  }
  await input.need(TRAILER, "a gzip trailer");
  if (input.uint32(0) !== checksum) throw new DamagedData("the gzip checksum does not match the data");
  if (input.uint32(4) !== length % 2 ** 32) throw new DamagedData("the gzip length does not match the data");
  input.take(TRAILER);
}

function damage(error: NodeJS.ErrnoException, at: number): DamagedData {
  const message =
    error.code === "Z_BUF_ERROR"
      ? "the compressed data is cut off in the middle of a gzip member"
      : `the gzip data near compressed byte ${at} is damaged (${error.message})`;
  return new DamagedData(message, { cause: error });
}

/** Node's inflate stream, driven by hand: one piece in, all that comes of it out, and only then the next. */
class Inflater {
  /** The deflate data is complete; bytes after it were not consumed. */
  ended = false;
  failure: NodeJS.ErrnoException | undefined;
  private readonly stream = createInflateRaw({ chunkSize: OUTPUT_CHUNK });
  private output: Uint8Array[] = [];
  private settle: () => void = () => undefined;

  constructor() {
    this.stream.on("data", (chunk: Uint8Array) => this.output.push(chunk));
    this.stream.on("end", () => {
      this.ended = true;
      this.settle();
    });
    this.stream.on("error", (error) => {
      this.failure = error;
      this.settle();
    });
  }

  /** Compressed bytes used so far. */
  get consumed(): number {
    return this.stream.bytesWritten;
  }

  /** Resolves when `piece` is used up, or the data ended in it, or it is damaged. */
  async inflate(piece: Uint8Array): Promise<void> {
    await new Promise<void>((resolve) => {
      this.settle = resolve;
      this.stream.write(piece, (error) => {
        if (error) this.failure ??= error;
        resolve();
      });
    });
  }

  /** Says that no more input comes; resolves with `ended` or `failure` set. */
  async finish(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.settle = resolve;
      this.stream.end();
    });
  }

  takeOutput(): Uint8Array[] {
    const output = this.output;
    this.output = [];
    return output;
  }

  close(): void {
    this.stream.destroy();
  }
}
