/** Folders and names the hosts work with: settings folder, scratch folder, folder listing, names from elsewhere. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { attachmentHeader, cleanFileName } from "../../../src-main/hosts/shared/file-names";
import { listFolder } from "../../../src-main/hosts/shared/folder-listing";
import { configFolder, makeScratchFolder, removeScratchFolder } from "../../../src-main/hosts/shared/user-folders";

const newFolder = (): string => mkdtempSync(join(tmpdir(), "hopscope-files-"));

describe("the settings folder", () => {
  it("follows the system's custom", () => {
    const home = newFolder();
    expect(configFolder({ XDG_CONFIG_HOME: home }, "linux")).toBe(join(home, "hopscope"));
    expect(configFolder({ APPDATA: home }, "win32")).toBe(join(home, "Hopscope"));
    expect(configFolder({ HOPSCOPE_CONFIG: join(home, "x") }, "darwin")).toBe(join(home, "x"));
    expect(existsSync(join(home, "x"))).toBe(true);
  });
});

describe("the scratch folder", () => {
  it("may be entered by its owner only, and is deleted with all it holds", () => {
    const parent = newFolder();
    const folder = makeScratchFolder(parent);
    if (process.platform !== "win32") expect(statSync(folder).mode & 0o077).toBe(0);
    writeFileSync(join(folder, "spool"), "x");
    removeScratchFolder(folder);
    expect(existsSync(folder)).toBe(false);
  });

  it("of a process that is no more is deleted at the next start, that of a running one is not", () => {
    const parent = newFolder();
    // Process ids end at 2^22 on Linux.
    const leftover = join(parent, "hopscope-scratch-99999999-abc");
    const running = join(parent, `hopscope-scratch-${process.pid}-abc`);
    const other = join(parent, "somebody-elses");
    for (const folder of [leftover, running, other]) mkdirSync(folder);
    makeScratchFolder(parent);
    expect([leftover, running, other].map((folder) => existsSync(folder))).toEqual([false, true, true]);
  });
});

describe("a folder's listing", () => {
  it("has folders first, in natural order, and knows captures by name or by bytes", () => {
    const folder = newFolder();
    for (const name of ["node10", "node2"]) mkdirSync(join(folder, name));
    const capture = readFileSync("fixtures/dhcp.pcap");
    writeFileSync(join(folder, "b.pcapng.gz"), "");
    writeFileSync(join(folder, "a-capture-of-any-name"), capture);
    writeFileSync(join(folder, "notes.txt"), "text");
    writeFileSync(join(folder, ".hidden"), capture);
    symlinkSync(join(folder, "nowhere"), join(folder, "dangling"));
    const { path, parent, entries } = listFolder(folder);
    expect({ path, parent }).toEqual({ path: folder, parent: tmpdir() });
    expect(entries.map(({ name, kind }) => [name, kind])).toEqual([
      ["node2", "folder"],
      ["node10", "folder"],
      ["a-capture-of-any-name", "capture"],
      ["b.pcapng.gz", "capture"],
      ["notes.txt", "file"],
    ]);
    expect(entries[2]).toMatchObject({ bytes: capture.length, path: join(folder, "a-capture-of-any-name") });
  });

  it("starts at home, and at the root there is no parent", () => {
    expect(listFolder("").path.length).toBeGreaterThan(0);
    expect(listFolder("/").parent).toBeNull();
  });

  it("of what is no folder fails, naming it", () => {
    expect(() => listFolder("/no/such/folder")).toThrow(/\/no\/such\/folder: there is no such/);
    expect(() => listFolder("fixtures/dhcp.pcap")).toThrow(/dhcp\.pcap/);
  });
});

describe("a name from elsewhere", () => {
  it.each([
    ["web traffic.pcapng", "web_traffic.pcapng"],
    ["../../etc/passwd", "passwd"],
    ["C:\\Users\\me\\x.pcap", "x.pcap"],
    ["Mitschnitt ü 1.pcap", "Mitschnitt_ü_1.pcap"],
    ["...hidden", "hidden"],
    ["x.", "x"],
    ["nul.pcap", "_nul.pcap"],
    ["<img src=x onerror=alert(1)>.pcap", "_img_src_x_onerror_alert_1_.pcap"],
    ["$(reboot);.pcap", "_reboot_.pcap"],
    ["", "capture"],
    ["..", "capture"],
    ["///", "capture"],
  ])("%j becomes %j", (name, clean) => expect(cleanFileName(name, "capture")).toBe(clean));

  it("becomes a harmless one, whatever it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (name) => {
        const clean = cleanFileName(name, "capture");
        expect(clean).toMatch(/^[\p{L}\p{N}_-][\p{L}\p{N}._-]*$/u);
        expect(Array.from(clean).length).toBeLessThanOrEqual(101);
        // A header holds Latin letters only, and no quote or line end.
        expect(attachmentHeader(clean)).toMatch(/^attachment; filename="[\w.-]*"; filename\*=UTF-8''[\w.%!~-]*$/);
      }),
    );
  });
});
