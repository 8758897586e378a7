/** A tiny lz4 encoder: frames around blocks that the test writes by hand or stores as they are. */
import { XxHash32 } from "../../../src-main/engine/sources/xxhash";

export interface Lz4Block {
  readonly bytes: Uint8Array;
  /** The bytes are the content, not a compressed form of it. */
  readonly stored: boolean;
}

export interface Lz4FrameOptions {
  readonly linked?: boolean;
  readonly blockChecksums?: boolean;
  readonly contentSize?: number;
  /** The content, if the frame is to end with its checksum. */
  readonly checksumOf?: Uint8Array;
  /** 4: 64 KiB, 5: 256 KiB, 6: 1 MiB, 7: 4 MiB. */
  readonly blockSizeCode?: number;
}

export function stored(bytes: Uint8Array): Lz4Block {
  return { bytes, stored: true };
}

export function compressed(...bytes: number[]): Lz4Block {
  return { bytes: Uint8Array.from(bytes), stored: false };
}

export function lz4Frame(blocks: readonly Lz4Block[], options: Lz4FrameOptions = {}): Uint8Array {
  const { linked = false, blockChecksums = false, contentSize, checksumOf, blockSizeCode = 4 } = options;
  const flags =
    0x40 |
    (linked ? 0 : 0x20) |
    (blockChecksums ? 0x10 : 0) |
    (contentSize === undefined ? 0 : 0x08) |
    (checksumOf === undefined ? 0 : 0x04);
  const size = contentSize === undefined ? [] : [...le32(contentSize), 0, 0, 0, 0];
  const described = Uint8Array.from([flags, blockSizeCode << 4, ...size]);
  const parts: Uint8Array[] = [le32(0x184d2204), described, Uint8Array.of(xxHash32(described) >>> 8)];
  for (const block of blocks) {
    parts.push(le32(block.bytes.length | (block.stored ? 0x80000000 : 0)), block.bytes);
    if (blockChecksums) parts.push(le32(xxHash32(block.bytes)));
  }
  parts.push(le32(0));
  if (checksumOf !== undefined) parts.push(le32(xxHash32(checksumOf)));
  return Buffer.concat(parts);
}

export function skippableFrame(content: Uint8Array): Uint8Array {
  return Buffer.concat([le32(0x184d2a53), le32(content.length), content]);
}

function xxHash32(bytes: Uint8Array): number {
  const hash = new XxHash32();
  hash.update(bytes);
  return hash.digest();
}

function le32(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
}
