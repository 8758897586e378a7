/** Zips of other people are hostile: what is wrong is said with its byte, and nothing gives more than it states. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zipSync } from "fflate";
import { afterAll, describe, expect, it } from "vitest";
import { ZipFileWriter } from "../../../src-main/engine/workspace-file/zip-file-writer";
import { ZipReader } from "../../../src-main/engine/workspace-file/zip-reader";
import { entryName, parseEntryName, safeFileName } from "../../../src-shared/workspace-file/entry-name";

const folder = mkdtempSync(join(tmpdir(), "hopscope-zip-"));
afterAll(() => rmSync(folder, { recursive: true }));

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
/** Two entries: one that shrinks, one as it is. */
const SOUND = zipSync({ "a.txt": bytesOf("hop ".repeat(500)), "b.bin": [bytesOf("stored"), { level: 0 }] });

function zipFile(bytes: Uint8Array): string {
  const path = join(folder, `${Math.abs(hashOf(bytes))}.zip`);
  writeFileSync(path, bytes);
  return path;
}
function hashOf(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte, at) => (sum * 31 + byte + at) | 0, bytes.length);
}

async function readAll(bytes: Uint8Array, name = "a.txt"): Promise<string> {
  const zip = ZipReader.open(zipFile(bytes));
  try {
    return new TextDecoder().decode(await zip.read(name, 1 << 20));
  } finally {
    zip.close();
  }
}

/** The zip with a little-endian number written over at the place behind the n-th occurrence of a signature. */
function patched(signature: number, offset: number, size: 2 | 4, value: number): Uint8Array {
  const bytes = SOUND.slice();
  const view = new DataView(bytes.buffer);
  for (let at = 0; at + 4 <= bytes.length; at++) {
    if (view.getUint32(at, true) !== signature) continue;
    if (size === 2) view.setUint16(at + offset, value, true);
    else view.setUint32(at + offset, value, true);
    return bytes;
  }
  throw new Error("no such signature");
}
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END = 0x06054b50;

describe("reading a zip", () => {
  it("gives deflated and stored entries as they were", async () => {
    expect(await readAll(SOUND)).toBe("hop ".repeat(500));
    expect(await readAll(SOUND, "b.bin")).toBe("stored");
  });

  it.each([
    ["no zip at all", bytesOf("d4c3b2a1 is a capture, not a zip"), /no zip/],
    ["nothing", new Uint8Array(0), /too few/],
    ["an end that is cut off", SOUND.subarray(0, SOUND.length - 10), /no end record/],
    ["a directory behind the end", patched(END, 16, 4, 0x7fffffff), /byte \d+: the directory .* beyond the end/],
    ["more entries than a workspace has", patched(END, 10, 2, 0xffff), /65535 entries/],
    ["an entry that is none", patched(CENTRAL, 0, 4, 0), /expected entry 1 of 2/],
    ["an entry that begins elsewhere", patched(CENTRAL, 42, 4, 7), /byte 7: expected the header of a\.txt/],
    ["an encrypted entry", patched(CENTRAL, 8, 2, 1), /encrypted/],
    ["an unknown method", patched(CENTRAL, 10, 2, 99), /method 99/],
    ["a name that leads out of the directory", patched(CENTRAL, 28, 2, 0xffff), /beyond the directory/],
    ["zip64", patched(CENTRAL, 24, 4, 0xffffffff), /zip64/],
    ["a bomb: it unpacks to more than it states", patched(CENTRAL, 24, 4, 100), /more than the 100 bytes it states/],
    ["less than it states", patched(CENTRAL, 24, 4, 5000), /ends after 2000 bytes/],
    ["more than anybody asked for", patched(CENTRAL, 24, 4, 0x10000000), /larger than/],
    ["data behind the end of the file", patched(LOCAL, 28, 2, 0xffff), /beyond the end of the file/],
  ])("refuses %s", async (_what, bytes, message) => {
    await expect(readAll(bytes)).rejects.toThrow(message);
  });

  it("refuses whatever single byte of it is wrong, or gives what it can: it never hangs or crashes", async () => {
    for (let at = 0; at < SOUND.length; at++) {
      const bytes = SOUND.slice();
      bytes[at] = (bytes[at] as number) ^ 0xff;
      const outcome = await readAll(bytes).catch((error: unknown) => {
        expect(error).toBeInstanceOf(Error);
        return null;
      });
      if (outcome !== null) expect(outcome.length).toBe(2000);
    }
  });
});

describe("writing a zip", () => {
  it("gives back what was put in, and nothing is there before it is whole", async () => {
    const path = join(folder, "written.hopscope");
    const content = bytesOf("0123456789abcdef".repeat(60_000));
    const source = join(folder, "source.bin");
    writeFileSync(source, content);
    const writer = new ZipFileWriter(path);
    writer.addText("workspace.json", "{}");
    await writer.addFile("captures/0/source.bin", source, () => Promise.resolve());
    expect(() => ZipReader.open(path)).toThrow(/ENOENT/);
    writer.done();
    const zip = ZipReader.open(path);
    // Compared as bytes: element by element would take seconds.
    expect(Buffer.compare(await zip.read("captures/0/source.bin", 1 << 24), content)).toBe(0);
    zip.close();
  });

  it("leaves what was there where it fails", async () => {
    const path = join(folder, "kept.hopscope");
    writeFileSync(path, SOUND);
    const writer = new ZipFileWriter(path);
    await expect(writer.addFile("captures/0/x", join(folder, "missing"), () => Promise.resolve())).rejects.toThrow();
    writer.discard();
    expect(await readAll(SOUND)).toContain("hop");
  });
});

describe("names of entries", () => {
  it.each([
    "../../x",
    "captures/../x",
    "captures/0/../x",
    "captures/0/..",
    "/etc/passwd",
    "captures/0/a\\b",
    "captures/0/",
  ])("%s is none of ours", (name) => expect(parseEntryName(name)).toBeNull());
  it("are made of a capture's name, harmless whatever it is", () => {
    expect(entryName("captures", 3, "n1.pcapng")).toBe("captures/3/n1.pcapng");
    for (const name of ["..", "", "...", "a/b\\c", "con", "\u202egpj.exe", " .hidden ", "ünïcode 名.pcap"]) {
      const made = entryName("captures", 0, name);
      expect(parseEntryName(made), made).toEqual({ kind: "captures", index: 0, file: safeFileName(name) });
    }
  });
});
