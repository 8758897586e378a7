/**
 * Pipes are tested on FIFOs in this process; standard input itself in a child process, which runs the engine's code
 * bundled into one file.
 */
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { ByteSource } from "../../../src-main/engine/sources/source";
import { pipeSource } from "../../../src-main/engine/sources/stdin-source";
import { ascii, MEGABYTE, packetLines, randomBytes, readAll, temporaryFile, temporaryFolder } from "./helpers";

const posix = process.platform !== "win32";
if (!posix) console.warn("skipped: the tests of FIFOs, which Windows does not have");

/** A FIFO: a source that reads it and a descriptor that writes it. Reading finds it empty (EAGAIN) until written to. */
function pipe(signal?: AbortSignal): { source: ByteSource; writer: number } {
  const path = join(temporaryFolder(), "fifo");
  execFileSync("mkfifo", [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY);
  return { source: pipeSource(path, reader, signal), writer };
}

describe.skipIf(!posix)("a pipe", () => {
  it("is waited for while empty, and ends when its writer closes it", async () => {
    const { source, writer } = pipe();
    const target = new Uint8Array(10);
    const waiting = source.read(target, 0, 10);
    writeSync(writer, "hello");
    expect(await waiting).toBe(5);
    writeSync(writer, "bye");
    closeSync(writer);
    expect((await readAll(source, 1)).toString()).toBe("bye");
  });

  it("keeps what the caller had no room for", async () => {
    const { source, writer } = pipe();
    const bytes = randomBytes(50_000);
    writeSync(writer, bytes);
    closeSync(writer);
    expect((await readAll(source, 7)).equals(bytes)).toBe(true);
  });

  it("ends when told to, though its writer goes on", async () => {
    const stop = new AbortController();
    const { source, writer } = pipe(stop.signal);
    const waiting = source.read(new Uint8Array(1), 0, 1);
    stop.abort();
    expect(await waiting).toBe(0);
    expect(await source.read(new Uint8Array(1), 0, 1)).toBe(0);
    source.close();
    closeSync(writer);
  });

  it("stops waiting when closed", async () => {
    const { source, writer } = pipe();
    const waiting = source.read(new Uint8Array(1), 0, 1);
    source.close();
    expect(await waiting).toBe(0);
    closeSync(writer);
  });
});

describe("standard input", () => {
  let folder: string;
  let script: string;

  // Reads until the end or until it has `limit` bytes; prints their number and a digest; then calls process.exit.
  const main = `
    import { createHash } from "node:crypto";
    import { openSource } from "./open-source.js";
    const limit = Number(process.argv[2]);
    const source = await openSource("-");
    const hash = createHash("md5");
    const target = new Uint8Array(100_000);
    let total = 0;
    while (total < limit) {
      const count = await source.read(target, 0, Math.min(target.length, limit - total));
      if (count === 0) break;
      hash.update(target.subarray(0, count));
      total += count;
    }
    console.log(total, hash.digest("hex"));
    process.exit(0);
  `;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "hopscope-stdin-"));
    await build({
      configFile: false,
      logLevel: "error",
      ssr: { noExternal: true },
      build: { ssr: "src-main/engine/sources/open-source.ts", outDir: folder, emptyOutDir: false, minify: false },
    });
    writeFileSync(join(folder, "package.json"), '{"type":"module"}');
    script = join(folder, "main.js");
    writeFileSync(script, main);
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    ["a pipe", packetLines(50_000), packetLines(50_000)],
    ["a compressed pipe", gzipSync(packetLines(50_000)), packetLines(50_000)],
    ["a pipe shorter than any magic", ascii("abc"), ascii("abc")],
    ["an empty pipe", new Uint8Array(0), new Uint8Array(0)],
  ])("may be %s", async (_what, input, expected) => {
    const child = spawn(process.execPath, [script, "Infinity"], { stdio: ["pipe", "pipe", "inherit"] });
    const output = text(child.stdout);
    // In two parts, the first within the magic: the child has to wait for the rest.
    child.stdin.write(input.subarray(0, 2));
    child.stdin.end(input.subarray(2));
    expect(await output).toBe(report(expected));
  });

  it("may be a file", async () => {
    const bytes = randomBytes(MEGABYTE);
    const fd = openSync(temporaryFile(bytes), "r");
    const child = spawn(process.execPath, [script, "Infinity"], { stdio: [fd, "pipe", "inherit"] });
    closeSync(fd);
    expect(await text(child.stdout!)).toBe(report(bytes));
  });

  it.skipIf(!posix)("may never end: the process can exit while its input is open and quiet", async () => {
    const path = join(folder, "fifo");
    execFileSync("mkfifo", [path]);
    // Open for reading and writing: the child never sees an end.
    const fifo = openSync(path, constants.O_RDWR);
    writeSync(fifo, "x".repeat(5000));
    const child = spawn(process.execPath, [script, "5000"], { stdio: [fifo, "pipe", "inherit"] });
    const exited = new Promise((resolve) => child.on("exit", resolve));
    expect(await text(child.stdout!)).toBe(report(Buffer.alloc(5000, "x")));
    expect(await exited).toBe(0);
    closeSync(fifo);
  });

  it.skipIf(!posix)("may be more than anyone will read", async () => {
    const child = spawn("sh", ["-c", 'yes | "$0" "$1" 1000000', process.execPath, script], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    expect(await text(child.stdout)).toBe(report(Buffer.alloc(1_000_000, "y\n")));
  });
});

/** What the child prints about `bytes`. */
function report(bytes: Uint8Array): string {
  return `${bytes.length} ${createHash("md5").update(bytes).digest("hex")}\n`;
}
