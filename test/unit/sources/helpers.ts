/**
 * What the tests of the byte sources share: data that is the same in every run, sources that misbehave on purpose,
 * and the command-line compressors, where installed.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

import type { ByteSource } from "../../../src-main/engine/sources/source";

export const MEGABYTE = 1024 * 1024;

export function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Bytes no compressor can shrink (xorshift). */
export function randomBytes(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state;
  }
  return bytes;
}

/** Lines that repeat with differences, as captures do. */
export function packetLines(count: number): Uint8Array {
  let text = "";
  for (let i = 0; i < count; i++) text += `packet ${i} from 10.0.0.${i % 7} to 10.0.1.${i % 5}\n`;
  return ascii(text);
}

/** Several megabytes: stretches that compress well, stretches that do not at all, and a long run of zeros. */
export function mixedBytes(): Uint8Array {
  return Buffer.concat([
    packetLines(40_000),
    randomBytes(MEGABYTE, 7),
    new Uint8Array(MEGABYTE),
    packetLines(20_000),
    randomBytes(300_001, 9),
  ]);
}

/** Reads `source` to its end, `step` bytes at a time. */
export async function readAll(source: ByteSource, step = 64 * 1024): Promise<Buffer> {
  const { bytes, error } = await readUntilError(source, step);
  if (error !== undefined) throw error instanceof Error ? error : new Error("not an Error was thrown");
  return bytes;
}

/** As `readAll`; an error does not lose what was read before it. */
export async function readUntilError(source: ByteSource, step = 64 * 1024): Promise<{ bytes: Buffer; error: unknown }> {
  const parts: Uint8Array[] = [];
  try {
    for (;;) {
      const target = new Uint8Array(step);
      const count = await source.read(target, 0, step);
      if (count === 0) return { bytes: Buffer.concat(parts), error: undefined };
      parts.push(target.subarray(0, count));
    }
  } catch (error) {
    return { bytes: Buffer.concat(parts), error };
  } finally {
    source.close();
  }
}

/** `bytes` as a source that gives at most `step` at a time, each after a turn of the event loop, as a slow pipe does. */
export class MemorySource implements ByteSource {
  readonly name = "memory";
  readonly size = undefined;
  /** How far it has been read. */
  position = 0;
  closed = false;
  private readonly bytes: Uint8Array;
  private readonly step: number;

  constructor(bytes: Uint8Array, step = Infinity) {
    this.bytes = bytes;
    this.step = step;
  }

  async read(target: Uint8Array, offset: number, length: number): Promise<number> {
    await Promise.resolve();
    const end = Math.min(this.bytes.length, this.position + Math.min(length, this.step));
    const part = this.bytes.subarray(this.position, end);
    target.set(part, offset);
    this.position = end;
    return part.length;
  }

  close(): void {
    this.closed = true;
  }
}

/** An empty folder that goes away with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "hopscope-sources-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

export function temporaryFile(bytes: Uint8Array, name = "capture"): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, bytes);
  return path;
}

/** A command-line compressor; undefined, with a word on the console, if it is not installed. */
export function compressor(
  command: "lz4" | "zstd",
): ((input: Uint8Array, ...options: string[]) => Uint8Array) | undefined {
  if (spawnSync(command, ["--version"]).status !== 0) {
    console.warn(`skipped: the tests that compress with the command "${command}", which is not installed`);
    return undefined;
  }
  return (input, ...options) =>
    execFileSync(command, ["-q", "-c", ...options], {
      input,
      maxBuffer: 64 * MEGABYTE,
      stdio: ["pipe", "pipe", "ignore"],
    });
}

/** `bytes` with the bits of `mask` flipped in one byte. */
export function damaged(bytes: Uint8Array, at: number, mask: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ mask;
  return copy;
}
