/** Which files the inputs of a command stand for: folders, globs, the same file twice, files that are not there. */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";

import { expandInputs } from "../../../src-main/engine/sources/workspace-files";
import { ascii, temporaryFolder } from "./helpers";

const PCAP = Uint8Array.of(0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0);
const TEXT = ascii("not a capture");

/** A folder with these files in it. */
function folderWith(files: Record<string, Uint8Array>): string {
  const folder = temporaryFolder();
  for (const [name, bytes] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
  return folder;
}

/** The files `inputs` expand to, named from `folder`; there must be no problems. */
function expanded(folder: string, ...inputs: string[]): string[] {
  const { files, problems } = expandInputs(inputs.map((input) => join(folder, input)));
  expect(problems).toEqual([]);
  return files.map((file) => relative(folder, file).replaceAll("\\", "/"));
}

describe("a folder", () => {
  it("stands for the captures in it and below, known by their first bytes", () => {
    const magics = [
      "a1b2c3d4",
      "d4c3b2a1",
      "a1b23c4d",
      "4d3cb2a1",
      "a1b2cd34",
      "34cdb2a1",
      "0a0d0d0a",
      "28b52ffd",
      "04224d18",
    ];
    const folder = folderWith({
      ...Object.fromEntries(magics.map((magic) => [`${magic}.bin`, Buffer.from(magic, "hex")])),
      "packed.gz": gzipSync(PCAP),
      "deep/er/no-extension": PCAP,
      "notes.pcap": TEXT,
      "empty.pcap": new Uint8Array(0),
      "short.pcap": PCAP.subarray(0, 3),
    });
    expect(expanded(folder, ".").sort()).toEqual(
      [...magics.map((magic) => `${magic}.bin`), "deep/er/no-extension", "packed.gz"].sort(),
    );
  });

  it("is listed in natural order: 2 before 10", () => {
    const folder = folderWith({ "node10.pcap": PCAP, "node2.pcap": PCAP, "node1/b.pcap": PCAP, "a.pcap": PCAP });
    expect(expanded(folder, ".")).toEqual(["a.pcap", "node1/b.pcap", "node2.pcap", "node10.pcap"]);
  });

  it("keeps hidden files and folders to itself", () => {
    const folder = folderWith({ ".hidden.pcap": PCAP, ".git/object": PCAP, "seen.pcap": PCAP });
    expect(expanded(folder, ".")).toEqual(["seen.pcap"]);
  });

  it.skipIf(process.platform === "win32")("may hold links: to files they are followed, to folders not", () => {
    const folder = folderWith({ "real/a.pcap": PCAP });
    symlinkSync(join(folder, "real", "a.pcap"), join(folder, "link.pcap"));
    symlinkSync(folder, join(folder, "real", "up"));
    symlinkSync(join(folder, "nowhere"), join(folder, "broken.pcap"));
    expect(expanded(folder, ".")).toEqual(["link.pcap", "real/a.pcap"]);
  });

  it.skipIf(process.platform === "win32")(
    "with a file that cannot be looked at is a problem, the others are found",
    () => {
      const folder = folderWith({ "a.pcap": PCAP });
      symlinkSync("loop.pcap", join(folder, "loop.pcap"));
      const { files, problems } = expandInputs([folder, join(folder, "**")]);
      expect(files).toEqual([join(folder, "a.pcap")]);
      expect(problems).toMatchObject([{ file: join(folder, "loop.pcap"), code: "cannot-open" }]);
    },
  );

  it("without captures is a problem, not silence", () => {
    const folder = folderWith({ "notes.txt": TEXT });
    expect(expandInputs([folder])).toEqual({
      files: [],
      problems: [
        {
          file: folder,
          offset: 0,
          code: "cannot-open",
          message: "there is no capture in this folder; name the files if they begin otherwise",
          fatal: true,
        },
      ],
    });
  });
});

describe("a file named by the user", () => {
  it("is taken whatever it holds: reading it will tell what is wrong with it", () => {
    const folder = folderWith({ "notes.txt": TEXT, ".hidden": TEXT });
    expect(expanded(folder, "notes.txt", ".hidden")).toEqual(["notes.txt", ".hidden"]);
  });

  it("is opened once, however often and however it is named", () => {
    const folder = folderWith({ "sub/a.pcap": PCAP, "b.pcap": PCAP });
    const inputs = [`${folder}/b.pcap`, `${folder}/sub/../b.pcap`, folder, "-", "-"];
    const { files } = expandInputs(inputs);
    expect(files).toEqual([`${folder}/b.pcap`, join(folder, "sub/a.pcap"), "-"]);
  });

  it("that is not there is a problem that says what to do; the others are opened all the same", () => {
    const folder = folderWith({ "a.pcap": PCAP });
    const missing = join(folder, "b.pcap");
    const { files, problems } = expandInputs([missing, join(folder, "a.pcap")]);
    expect(files).toEqual([join(folder, "a.pcap")]);
    expect(problems).toEqual([
      {
        file: missing,
        offset: 0,
        code: "cannot-open",
        message: "there is no such file or folder; check the spelling, or give the full path",
        fatal: true,
      },
    ]);
  });
});

describe("a pattern", () => {
  const files = {
    "node1.pcap": PCAP,
    "node2.pcap": PCAP,
    "node10.pcap": PCAP,
    "nodeX.pcap": PCAP,
    "a+b.txt": TEXT,
    ".hidden.pcap": PCAP,
    "day/one.pcap": PCAP,
    "day/night/two.pcap": PCAP,
    "day/.secret/three.pcap": PCAP,
  };

  it.each([
    ["node?.pcap", ["node1.pcap", "node2.pcap", "nodeX.pcap"]],
    ["node[12].pcap", ["node1.pcap", "node2.pcap"]],
    ["node[0-9]*.pcap", ["node1.pcap", "node2.pcap", "node10.pcap"]],
    ["node[!0-9].pcap", ["nodeX.pcap"]],
    ["*+*", ["a+b.txt"]],
    [".h*", [".hidden.pcap"]],
    ["*/*.pcap", ["day/one.pcap"]],
    ["**/*.pcap", ["day/night/two.pcap", "day/one.pcap", "node1.pcap", "node2.pcap", "node10.pcap", "nodeX.pcap"]],
    ["day/**", ["day/night/two.pcap", "day/one.pcap"]],
    ["**/two.*", ["day/night/two.pcap"]],
    ["d*", ["day/night/two.pcap", "day/one.pcap"]],
    ["*/../node1.pcap", ["node1.pcap"]],
  ])("%s matches %j", (pattern, expected) => {
    expect(expanded(folderWith(files), pattern)).toEqual(expected);
  });

  it.skipIf(process.platform === "win32")("is a plain name if there is a file of that name", () => {
    const folder = folderWith({ "a[1].pcap": PCAP, "a1.pcap": PCAP, "b[.pcap": PCAP });
    expect(expanded(folder, "a[1].pcap")).toEqual(["a[1].pcap"]);
    expect(expanded(folder, "b[*")).toEqual(["b[.pcap"]);
  });

  it.each(["*.cap", "nowhere/*.pcap", "node1.pcap/*", "[z-a].pcap"])(
    "%s, which matches nothing, is a problem that says what to do",
    (pattern) => {
      const input = join(folderWith(files), pattern);
      expect(expandInputs([input])).toEqual({
        files: [],
        problems: [
          {
            file: input,
            offset: 0,
            code: "cannot-open",
            message: "no file matches this pattern; check the folder it names, and its spelling",
            fatal: true,
          },
        ],
      });
    },
  );
});
