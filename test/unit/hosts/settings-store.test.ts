/** Settings and recent files: kept over restarts, shared by processes, not lost to a damaged file. */
import { existsSync, mkdtempSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SettingsStore } from "../../../src-main/hosts/shared/settings-store";

const newFolder = (): string => mkdtempSync(join(tmpdir(), "hopscope-settings-"));

describe("settings", () => {
  it("are found again by the next start", () => {
    const folder = newFolder();
    new SettingsStore(folder).set("theme", "dark");
    expect(new SettingsStore(folder).get("theme")).toBe("dark");
    expect(new SettingsStore(folder).get("other")).toBeNull();
  });

  it("are forgotten with null", () => {
    const store = new SettingsStore(newFolder());
    store.set("theme", "dark");
    store.set("theme", null);
    expect(store.get("theme")).toBeNull();
  });

  it("keep what another process wrote meanwhile", () => {
    const folder = newFolder();
    const [window, browser] = [new SettingsStore(folder), new SettingsStore(folder)];
    window.set("a", "1");
    browser.set("b", "2");
    window.set("c", "3");
    expect(["a", "b", "c"].map((name) => browser.get(name))).toEqual(["1", "2", "3"]);
  });

  it.each(["__proto__", "constructor", "a\u0000b", "ü"])("may be called %j", (name) => {
    const folder = newFolder();
    new SettingsStore(folder).set(name, "x");
    expect(new SettingsStore(folder).get(name)).toBe("x");
    expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  });

  it.each([
    "",
    "{",
    '{"version":1,"values":[["theme"',
    '{"version":2,"values":[]}',
    '{"version":1,"values":{"theme":"dark"}}',
    "\u0000",
  ])("start anew from a damaged file (%j), which is put aside", (text) => {
    const folder = newFolder();
    writeFileSync(join(folder, "settings.json"), text);
    const store = new SettingsStore(folder);
    expect(store.get("theme")).toBeNull();
    expect(readFileSync(join(folder, "settings.json.damaged"), "utf8")).toBe(text);
    store.set("theme", "light");
    expect(new SettingsStore(folder).get("theme")).toBe("light");
  });

  it("leave no half-written file and are readable by their owner only", () => {
    const folder = newFolder();
    new SettingsStore(folder).set("a", "1");
    expect(readdirSync(folder)).toEqual(["settings.json"]);
    if (process.platform !== "win32") expect(statSync(join(folder, "settings.json")).mode & 0o077).toBe(0);
  });

  it("fail with a message that names the file where they cannot be written", () => {
    const store = new SettingsStore(join(newFolder(), "missing"));
    expect(() => store.set("a", "1")).toThrow(/settings\.json cannot be written/);
  });

  it("do not grow without end", () => {
    const store = new SettingsStore(newFolder());
    for (let i = 0; i < 4; i++) store.set(`big${i}`, "x".repeat(3_900_000));
    expect(() => store.set("one more", "x".repeat(3_900_000))).toThrow(/full/);
    expect(store.get("big3")).toHaveLength(3_900_000);
  });
});

describe("recent files", () => {
  it("are listed newest first, each once, at most 20", () => {
    const folder = newFolder();
    const store = new SettingsStore(folder);
    for (let i = 0; i < 25; i++) store.addRecent([`/captures/${i}.pcap`], i);
    store.addRecent(["/captures/10.pcap"], 100);
    const recent = new SettingsStore(folder).recentFiles();
    expect(recent).toHaveLength(20);
    expect(recent[0]).toEqual({ path: "/captures/10.pcap", name: "10.pcap", openedMs: 100, exists: false });
    expect(recent.filter(({ path }) => path === "/captures/10.pcap")).toHaveLength(1);
    expect(recent[1]?.name).toBe("24.pcap");
  });

  it("tell whether the file is still there, and can be forgotten", () => {
    const folder = newFolder();
    const store = new SettingsStore(folder);
    writeFileSync(join(folder, "a.pcap"), "");
    store.addRecent([join(folder, "a.pcap")], 1);
    expect(store.recentFiles()[0]?.exists).toBe(true);
    store.forgetRecent();
    expect(store.recentFiles()).toEqual([]);
    expect(existsSync(join(folder, "a.pcap"))).toBe(true);
  });

  it("that cannot be kept are no reason not to open a capture", () => {
    expect(() => new SettingsStore(join(newFolder(), "missing")).addRecent(["/a"], 1)).not.toThrow();
  });
});
