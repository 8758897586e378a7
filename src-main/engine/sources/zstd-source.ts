/**
 * Reads zstd (RFC 8878) with `fzstd`. Frames and blocks are taken apart here and handed over one block at a time:
 * given a larger portion, fzstd would decompress all of it at once, and a portion of 64 KiB can hold gigabytes.
 * What fzstd leaves unchecked (size of the window, size of the blocks, length and checksum of the content) is checked
 * here too.
 */
import { Decompress } from "fzstd";

import { blockSource } from "./block-source";
import { CompressedInput } from "./compressed-input";
import { DamagedData } from "./compression-error";
import type { ByteSource } from "./source";
import { XxHash64 } from "./xxhash";

const FRAME_MAGIC = 0xfd2fb528;
const MEBIBYTE = 1024 * 1024;
/** fzstd reads at most 25 extra bits of an offset: beyond this distance it would decode to wrong bytes. */
const WINDOW_MAXIMUM = 64 * MEBIBYTE;
const BLOCK_MAXIMUM = 128 * 1024;
const BLOCK_HEADER = 3;
const CHECKSUM_FLAG = 0x04;
const RUN_BLOCK = 1;
const RESERVED_BLOCK = 3;
const NO_BYTES = new Uint8Array(0);

interface FrameHeader {
  /** The header as it lies in the file, but without the checksum flag: the checksum is read here, not by fzstd. */
  readonly bytes: Uint8Array;
  readonly checksum: boolean;
  /** Decompressed bytes in the frame, if it says so. */
  readonly contentSize: number | undefined;
  readonly blockMaximum: number;
}

/**
 * The decompressed bytes of `inner`, all frames one after the other. Damaged or cut-off data: the blocks before are
 * delivered, then a read rejects with `CompressionError`; so it does for windows above 64 MiB and for dictionaries.
 */
export function zstdSource(inner: ByteSource, signal?: AbortSignal): ByteSource {
  return blockSource(inner, frames(new CompressedInput(inner)), signal);
}

async function* frames(input: CompressedInput): AsyncGenerator<Uint8Array> {
  while (await input.has(1)) {
    await input.need(4, "a zstd frame header");
    const magic = input.uint32(0);
    if (magic >>> 4 === 0x184d2a5) {
      await input.need(8, "a skippable frame");
      await input.skip(8 + input.uint32(4), "a skippable frame");
    } else if (magic === FRAME_MAGIC) {
      yield* frameBlocks(input, await readHeader(input));
    } else {
      throw new DamagedData(`expected a zstd frame at compressed byte ${input.position} and found something else`);
    }
  }
}

async function readHeader(input: CompressedInput): Promise<FrameHeader> {
  const what = "a zstd frame header";
  await input.need(5, what);
  const descriptor = input.byte(4);
  const singleSegment = (descriptor & 0x20) !== 0;
  const dictionaryLength = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const sizeLength = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  const sizeAt = 5 + (singleSegment ? 0 : 1) + dictionaryLength;
  const length = sizeAt + sizeLength;
  await input.need(length, what);

  for (let at = sizeAt - dictionaryLength; at < sizeAt; at++) {
    if (input.byte(at) === 0) continue;
    throw new DamagedData("the zstd frame was compressed with a dictionary, which is not supported");
  }
  const contentSize = readContentSize(input, sizeAt, sizeLength);
  // Without a window descriptor the window is the whole content.
  const window = singleSegment ? (contentSize ?? 0) : windowSize(input.byte(5));
  if (window > WINDOW_MAXIMUM) {
    const needed = Math.ceil(window / MEBIBYTE);
    throw new DamagedData(
      `the zstd frame needs a window of ${needed} MiB, above the 64 MiB supported; unpack it first`,
    );
  }
  // A copy: fzstd keeps what it is given.
  const bytes = input.take(length).slice();
  bytes[4] = descriptor & ~CHECKSUM_FLAG;
  return {
    bytes,
    checksum: (descriptor & CHECKSUM_FLAG) !== 0,
    contentSize,
    blockMaximum: Math.min(window, BLOCK_MAXIMUM),
  };
}

function readContentSize(input: CompressedInput, at: number, length: number): number | undefined {
  switch (length) {
    case 1:
      return input.byte(at);
    case 2:
      return 256 + (input.byte(at) | (input.byte(at + 1) << 8));
    case 4:
      return input.uint32(at);
    case 8:
      return input.uint64(at);
    default:
      return undefined;
  }
}

function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

async function* frameBlocks(input: CompressedInput, header: FrameHeader): AsyncGenerator<Uint8Array> {
  const hash = new XxHash64();
  let total = 0;
  const blocks: Uint8Array[] = [];
  const decompress = new Decompress((block) => blocks.push(block));
  let prefix = header.bytes;
  let last: boolean;
  do {
    await input.need(BLOCK_HEADER, "a zstd block");
    const word = input.byte(0) | (input.byte(1) << 8) | (input.byte(2) << 16);
    last = (word & 1) !== 0;
    const type = (word >> 1) & 3;
    const size = word >> 3;
    if (type === RESERVED_BLOCK) throw damage(input, "it has the reserved type");
    if (size > header.blockMaximum) throw damage(input, `${size} bytes are more than its frame allows`);
    const length = BLOCK_HEADER + (type === RUN_BLOCK ? 1 : size);
    await input.need(length, "a zstd block");
    // The frame header goes with the first block. A new array each time: fzstd keeps what it is given.
    const portion = new Uint8Array(prefix.length + length);
    portion.set(prefix);
    portion.set(input.peek(length), prefix.length);
    prefix = NO_BYTES;
    try {
      decompress.push(portion, last);
    } catch (error) {
      throw damage(input, error instanceof Error ? error.message : String(error), { cause: error });
    }
    input.take(length);
    for (const block of blocks.splice(0)) {
      total += block.length;
      if (header.checksum) hash.update(block);
      yield block;
    }
  } while (!last);

  if (header.contentSize !== undefined && header.contentSize !== total) {
    throw new DamagedData(`the zstd frame says it holds ${header.contentSize} bytes and holds ${total}`);
  }
  if (!header.checksum) return;
  await input.need(4, "a zstd frame checksum");
  if (input.uint32(0) !== hash.digestLow32()) throw new DamagedData("the zstd checksum does not match the data");
  input.take(4);
}

function damage(input: CompressedInput, why: string, options?: ErrorOptions): DamagedData {
  return new DamagedData(`the zstd block at compressed byte ${input.position} is damaged: ${why}`, options);
}
