/** What hosts add to saving and opening workspaces: recent files, the folder for what is not saved, and where a save may go. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkChosen } from "../../../src-main/hosts/electron/dialogs";
import { SettingsStore } from "../../../src-main/hosts/shared/settings-store";
import {
  type WorkspaceFileOptions,
  workspaceFileHostHandlers,
} from "../../../src-main/hosts/shared/workspace-file-handlers";
import type { HostHandlers } from "../../../src-main/hosts/shared/engine-hub";
import type { MethodName, Params, Results } from "../../../src-shared/contract/requests";

const folder = mkdtempSync(join(tmpdir(), "hopscope-host-"));
const scratchFolder = join(folder, "scratch");

function host(place?: WorkspaceFileOptions["place"]): { handlers: HostHandlers; settings: SettingsStore } {
  const settings = new SettingsStore(mkdtempSync(join(folder, "config-")));
  const handlers = workspaceFileHostHandlers({
    host: "electron",
    settings,
    scratchFolder,
    dataFolder: join(folder, "data"),
    ...(place && { place }),
  });
  return { handlers, settings };
}

/** Calls a handler; the engine answers `answer`, and what it was asked is returned too. */
async function ask<M extends MethodName>(
  handlers: HostHandlers,
  method: M,
  params: Params<M>,
  answer: Results[M],
): Promise<{ readonly result: Results[M]; readonly forwarded: Params<M> | undefined }> {
  let forwarded: Params<M> | undefined;
  const handler = handlers[method];
  if (!handler) throw new Error(`no handler for ${method}`);
  const result = await handler(params, {
    forward: (handed) => {
      forwarded = handed;
      return Promise.resolve(answer);
    },
    signal: new AbortController().signal,
  });
  return { result, forwarded };
}

const save = { token: "t", inside: false };
const opening = (path: string): Results["workspaceFile.open"] => ({
  path,
  name: "a.hopscope",
  opened: true,
  files: [],
  window: "{}",
  state: null,
  problem: null,
});

describe("a host", () => {
  it("says itself where unsaved workspaces lie, whatever the page asks for", async () => {
    const { handlers } = host();
    const unsaved = join(folder, "data", "unsaved");
    for (const [method, params] of [
      ["workspaceFile.autosave", { folder: "/etc", token: "t", name: null }],
      ["workspaceFile.forgetAutosave", { folder: "/etc" }],
      ["workspaceFile.discard", { folder: "/etc", path: "/etc/1.hopscope" }],
    ] as const)
      expect((await ask(handlers, method, params, null)).forwarded).toMatchObject({ folder: unsaved });
  });

  it("remembers workspaces that were opened and saved, not its own scratch files", async () => {
    const { handlers, settings } = host();
    const path = join(folder, "a.hopscope");
    writeFileSync(path, "");
    const open = { path, folders: [], anyway: false, later: false };
    await ask(handlers, "workspaceFile.open", open, opening(path));
    await ask(handlers, "workspaceFile.open", open, opening(join(scratchFolder, "uploads", "b.hopscope")));
    await ask(handlers, "workspaceFile.open", open, { ...opening(join(folder, "c.hopscope")), opened: false });
    expect(settings.recentFiles().map((recent) => recent.name)).toEqual(["a.hopscope"]);
  });

  it("on the desktop writes only where a dialog was answered, or to the workspace that was opened", async () => {
    const chosen = new Set(["/chosen.hopscope"]);
    const { handlers } = host((path, opened) => {
      if (!opened.has(path)) checkChosen(chosen, path);
      return { path };
    });
    const attempt = (path: string): Promise<unknown> =>
      ask(handlers, "workspaceFile.save", { ...save, path }, { path, bytes: 1, inside: 0 });
    await expect(attempt("/elsewhere.hopscope")).rejects.toThrow(/not chosen in a save dialog/);
    await attempt("/chosen.hopscope");
    const opened = join(folder, "opened.hopscope");
    await expect(attempt(opened)).rejects.toThrow();
    await ask(
      handlers,
      "workspaceFile.open",
      { path: opened, folders: [], anyway: false, later: false },
      opening(opened),
    );
    await attempt(opened);
  });

  it("may answer with an address to download in place of a path, which is then not remembered", async () => {
    const { handlers, settings } = host((path) => ({ path: join(scratchFolder, path), answer: "/download/x" }));
    const { result, forwarded } = await ask(
      handlers,
      "workspaceFile.save",
      { ...save, path: "a.hopscope" },
      { path: "/p", bytes: 1, inside: 0 },
    );
    expect(forwarded?.path).toBe(join(scratchFolder, "a.hopscope"));
    expect(result.path).toBe("/download/x");
    expect(settings.recentFiles()).toEqual([]);
  });
});
