/**
 * electron-builder packs the application: on a stand-in for Electron's distribution, since the real one cannot be had everywhere.
 * What it packed is taken out again and started: nothing that it needs was left behind.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { _electron } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { STAND_IN, electronEnvironment } from "./support/app";
import { CHROMIUM } from "./support/chromium";
import { newConfigFolder } from "./support/serve-process";

/** Marks the fuses in Electron's binary; version, count and one character a fuse follow (@electron/fuses). */
const SENTINEL = "dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX";
/** "1" on, "0" off, as Electron ships them. */
const SHIPPED_FUSES = "10100001";

const folder = mkdtempSync(join(tmpdir(), "hopscope-package-"));
const packed = join(folder, "dist/linux-unpacked");

/** A folder with the names electron-builder looks for; its "binary" is the fuses and nothing else. */
function writeDistribution(at: string): void {
  mkdirSync(join(at, "resources"), { recursive: true });
  const fuses = Buffer.from(`${SENTINEL}\u0001${String.fromCharCode(SHIPPED_FUSES.length)}${SHIPPED_FUSES}`, "latin1");
  writeFileSync(join(at, "electron"), Buffer.concat([Buffer.alloc(64), fuses, Buffer.alloc(64)]), { mode: 0o755 });
  for (const name of ["LICENSE", "LICENSES.chromium.html", "chrome-sandbox", "version"])
    writeFileSync(join(at, name), "");
}

type AsarEntry = { readonly files?: Record<string, AsarEntry>; readonly offset?: string; readonly size?: number };

/**
 * The files of an asar archive, by path.
 *
 * ```
 * u32 4 | u32 n | u32 | u32 m | m bytes of JSON, names to offsets and sizes | at 8 + n: the files' bytes
 * ```
 */
function readAsar(path: string): Map<string, Buffer> {
  const bytes = readFileSync(path);
  const start = 8 + bytes.readUInt32LE(4);
  const header = JSON.parse(bytes.toString("utf8", 16, 16 + bytes.readUInt32LE(12))) as AsarEntry;
  const files = new Map<string, Buffer>();
  const walk = (entry: AsarEntry, at: string): void => {
    for (const [name, inner] of Object.entries(entry.files ?? {})) {
      if (inner.files) walk(inner, `${at}${name}/`);
      else files.set(at + name, bytes.subarray(start + Number(inner.offset)).subarray(0, inner.size));
    }
  };
  walk(header, "");
  return files;
}

describe.runIf(process.platform === "linux")("the packed application", () => {
  beforeAll(() => {
    writeDistribution(join(folder, "electron"));
    execFileSync(process.execPath, [resolve("build/third-party.js")]);
    execFileSync(
      process.execPath,
      [
        resolve("node_modules/electron-builder/cli.js"),
        ...["--linux", "--dir", "--x64", "--config", "build/electron-builder.yml"],
        `-c.electronDist=${join(folder, "electron")}`,
        `-c.directories.output=${join(folder, "dist")}`,
      ],
      { stdio: "pipe" },
    );
  }, 120_000);

  it("holds what runs, and neither sources nor packages", () => {
    const names = [...readAsar(join(packed, "resources/app.asar")).keys()];
    for (const name of [
      "package.json",
      "LICENSE",
      "out/third-party.txt",
      "out/main/electron.js",
      "out/main/engine-thread.js",
      "out/main/decode-worker.js",
      "out/preload/preload.cjs",
      "out/renderer/index.html",
      "out/kernel/kernel.wasm",
    ])
      expect(names).toContain(name);
    expect(names.filter((name) => /^(src-|test|fixtures|docs|bench)|node_modules|\.map$/.test(name))).toEqual([]);
  });

  it("is no Node any more: the fuses are flipped", () => {
    const binary = readFileSync(join(packed, "hopscope"), "latin1");
    const at = binary.indexOf(SENTINEL) + SENTINEL.length + 2;
    const [runAsNode, cookieEncryption, nodeOptions, inspect, integrity, onlyAsar, snapshot, fileProtocol] = Array.from(
      binary.slice(at, at + SHIPPED_FUSES.length),
      (state) => state === "1",
    );
    expect({ runAsNode, nodeOptions, inspect, snapshot, fileProtocol }).toEqual({
      runAsNode: false,
      nodeOptions: false,
      inspect: false,
      snapshot: false,
      fileProtocol: false,
    });
    expect({ cookieEncryption, integrity, onlyAsar }).toEqual({
      cookieEncryption: true,
      integrity: true,
      onlyAsar: true,
    });
  });

  it.skipIf(CHROMIUM === undefined)("runs from what was packed alone, and opens a capture", async () => {
    const unpacked = join(folder, "unpacked");
    for (const [name, bytes] of readAsar(join(packed, "resources/app.asar"))) {
      mkdirSync(dirname(join(unpacked, name)), { recursive: true });
      writeFileSync(join(unpacked, name), bytes);
    }
    expect(existsSync(join(unpacked, "node_modules"))).toBe(false);
    const app = await _electron.launch({
      executablePath: STAND_IN,
      args: [unpacked, resolve("fixtures/dhcp.pcap")],
      env: { PATH: process.env["PATH"] ?? "", ...electronEnvironment(newConfigFolder()) },
    });
    const page = await app.firstWindow();
    const status = page.getByRole("status", { name: "Packets" });
    await expect.poll(() => status.innerText(), { timeout: 20_000 }).toMatch(/\b5 packets/);
    await app.close();
  });
});
