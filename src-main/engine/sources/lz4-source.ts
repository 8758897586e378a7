/**
 * Reads lz4 frames (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md): concatenated, skippable, with
 * linked or independent blocks. Memory: one compressed block, one decompressed block and 64 KiB of history.
 */
import { blockSource } from "./block-source";
import { CompressedInput } from "./compressed-input";
import { DamagedData } from "./compression-error";
import { decodeLz4Block } from "./lz4-block";
import type { ByteSource } from "./source";
import { XxHash32 } from "./xxhash";

const FRAME_MAGIC = 0x184d2204;
const LEGACY_MAGIC = 0x184c2102;
/** How far back a match can refer. */
const WINDOW = 64 * 1024;
const MAGIC_AND_FLAGS = 6;

interface FrameHeader {
  /** Blocks may refer to the blocks before. */
  readonly linked: boolean;
  readonly blockChecksums: boolean;
  readonly contentChecksum: boolean;
  /** Decompressed bytes in the frame, if it says so. */
  readonly contentSize: number | undefined;
  /** No block is larger, compressed or decompressed. */
  readonly blockMaximum: number;
}

/**
 * The decompressed bytes of `inner`, all frames one after the other. Damaged or cut-off data: the blocks before are
 * delivered, then a read rejects with `CompressionError`. All checksums are verified.
 */
export function lz4Source(inner: ByteSource, signal?: AbortSignal): ByteSource {
  return blockSource(inner, frames(new CompressedInput(inner)), signal);
}

async function* frames(input: CompressedInput): AsyncGenerator<Uint8Array> {
  let work = new Uint8Array(0);
  while (await input.has(1)) {
    await input.need(4, "an lz4 frame header");
    const magic = input.uint32(0);
    if (magic >>> 4 === 0x184d2a5) {
      await input.need(8, "a skippable frame");
      await input.skip(8 + input.uint32(4), "a skippable frame");
      continue;
    }
    if (magic === LEGACY_MAGIC) throw new DamagedData("the legacy lz4 format is not read; compress with a current lz4");
    if (magic !== FRAME_MAGIC) {
      throw new DamagedData(`expected an lz4 frame at compressed byte ${input.position} and found something else`);
    }
    const header = await readHeader(input);
    if (work.length < WINDOW + header.blockMaximum) work = new Uint8Array(WINDOW + header.blockMaximum);
    yield* frameBlocks(input, header, work);
  }
}

async function readHeader(input: CompressedInput): Promise<FrameHeader> {
  const what = "an lz4 frame header";
  await input.need(MAGIC_AND_FLAGS, what);
  const flags = input.byte(4);
  const hasSize = (flags & 0x08) !== 0;
  const hasDictionary = (flags & 0x01) !== 0;
  const described = MAGIC_AND_FLAGS + (hasSize ? 8 : 0) + (hasDictionary ? 4 : 0);
  await input.need(described + 1, what);

  if (flags >> 6 !== 1) throw new DamagedData(`lz4 frame version ${flags >> 6} is not known, only 1 is`);
  const checksum = (xxHash32(input.peek(described).subarray(4)) >>> 8) & 0xff;
  if (input.byte(described) !== checksum) throw new DamagedData("the checksum of an lz4 frame header does not match");
  if (hasDictionary) throw new DamagedData("the lz4 frame was compressed with a dictionary, which is not supported");
  const sizeCode = (input.byte(5) >> 4) & 7;
  if (sizeCode < 4) throw new DamagedData(`lz4 block size code ${sizeCode} is not known, only 4 to 7 are`);

  const header: FrameHeader = {
    linked: (flags & 0x20) === 0,
    blockChecksums: (flags & 0x10) !== 0,
    contentChecksum: (flags & 0x04) !== 0,
    contentSize: hasSize ? input.uint64(MAGIC_AND_FLAGS) : undefined,
    blockMaximum: 2 ** (8 + 2 * sizeCode),
  };
  input.take(described + 1);
  return header;
}

/** Decodes into `work`, of which each block yielded is a view: history first, then the block. */
async function* frameBlocks(input: CompressedInput, header: FrameHeader, work: Uint8Array): AsyncGenerator<Uint8Array> {
  const hash = new XxHash32();
  let total = 0;
  let end = 0;
  for (;;) {
    await input.need(4, "an lz4 block");
    const word = input.uint32(0);
    const size = word & 0x7fffffff;
    const stored = word !== size;
    if (size > header.blockMaximum) {
      throw new DamagedData(`an lz4 block of ${size} bytes is larger than its frame allows (${header.blockMaximum})`);
    }
    if (word === 0) break;
    await input.need(4 + size + (header.blockChecksums ? 4 : 0), "an lz4 block");
    input.take(4);
    const block = input.take(size);
    if (header.blockChecksums) {
      if (input.uint32(0) !== xxHash32(block)) throw new DamagedData("the checksum of an lz4 block does not match");
      input.take(4);
    }

    const start = header.linked ? Math.min(end, WINDOW) : 0;
    work.copyWithin(0, end - start, end);
    if (stored) work.set(block, start);
    end = stored ? start + size : decodeLz4Block(block, work, start, start + header.blockMaximum);
    const output = work.subarray(start, end);
    total += output.length;
    if (header.contentChecksum) hash.update(output);
    yield output;
  }
  input.take(4);

  if (header.contentSize !== undefined && header.contentSize !== total) {
    throw new DamagedData(`the lz4 frame says it holds ${header.contentSize} bytes and holds ${total}`);
  }
  if (!header.contentChecksum) return;
  await input.need(4, "an lz4 frame checksum");
  if (input.uint32(0) !== hash.digest()) throw new DamagedData("the lz4 checksum does not match the data");
  input.take(4);
}

function xxHash32(bytes: Uint8Array): number {
  const hash = new XxHash32();
  hash.update(bytes);
  return hash.digest();
}
