/** A tiny zstd encoder: frames of raw and run-length blocks, enough to test everything around the blocks. */
import { XxHash64 } from "../../../src-main/engine/sources/xxhash";

export interface ZstdBlock {
  readonly type: 0 | 1 | 3;
  /** Size as the block header says it. */
  readonly size: number;
  readonly bytes: Uint8Array;
}

export interface ZstdFrameOptions {
  /** Window descriptor: 2^(10 + (value >> 3)) bytes for multiples of 8. */
  readonly window?: number;
  /** The content, if the frame is to end with its checksum. */
  readonly checksumOf?: Uint8Array;
  readonly contentSize?: number;
  readonly dictionary?: number;
}

export function raw(bytes: Uint8Array): ZstdBlock {
  return { type: 0, size: bytes.length, bytes };
}

/** `byte`, `size` times. */
export function run(byte: number, size: number): ZstdBlock {
  return { type: 1, size, bytes: Uint8Array.of(byte) };
}

export function zstdFrame(blocks: readonly ZstdBlock[], options: ZstdFrameOptions = {}): Uint8Array {
  const { window = 7 << 3, checksumOf, contentSize, dictionary } = options;
  const descriptor =
    (contentSize === undefined ? 0 : 0x80) |
    (checksumOf === undefined ? 0 : 0x04) |
    (dictionary === undefined ? 0 : 0x01);
  const parts: Uint8Array[] = [Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, descriptor, window)];
  if (dictionary !== undefined) parts.push(Uint8Array.of(dictionary));
  if (contentSize !== undefined) parts.push(little(contentSize, 4));
  for (const [index, block] of blocks.entries()) {
    const last = index === blocks.length - 1 ? 1 : 0;
    parts.push(little((block.size << 3) | (block.type << 1) | last, 3), block.bytes);
  }
  if (checksumOf !== undefined) {
    const hash = new XxHash64();
    hash.update(checksumOf);
    parts.push(little(hash.digestLow32(), 4));
  }
  return Buffer.concat(parts);
}

function little(value: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => value >>> (8 * i));
}
