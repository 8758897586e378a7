/** The parts of the desktop host that need no window. What needs one is in test/e2e. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { BrowserWindow, Dialog, Menu, MenuItemConstructorOptions, Session } from "electron";
import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { parse } from "yaml";
import { filesOfArguments } from "../../../src-main/hosts/electron/arguments";
import { CAPTURE_EXTENSIONS, dialogHandlers } from "../../../src-main/hosts/electron/dialogs";
import { hardenSession, hardenedPreferences } from "../../../src-main/hosts/electron/hardening";
import { answerInterfaceRequest, isInterfaceAddress } from "../../../src-main/hosts/electron/interface-protocol";
import { applyMenuState, menuTemplate } from "../../../src-main/hosts/electron/menu";
import { FIRST_PLACE, fittingPlace, windowPlaceFile } from "../../../src-main/hosts/electron/window-state";
import { InterfaceFiles } from "../../../src-main/hosts/shared/interface-files";
import { APP_MENUS, MENU_COMMANDS, itemsOfMenu } from "../../../src-shared/contract/menu";
import { NO_WINDOW, menuStateSchema } from "../../../src-shared/contract/menu-state";

describe("where the window opens", () => {
  const screen = { x: 0, y: 0, width: 1920, height: 1040 };
  const place = { x: 100, y: 50, width: 1200, height: 800, maximized: false };

  it.each([
    ["where it was", place, [screen], place],
    ["on a second screen to the left", { ...place, x: -1500 }, [screen, { ...screen, x: -1920 }], { x: -1500, y: 50 }],
    ["where the system likes, if that screen is gone", { ...place, x: -1500 }, [screen], { x: null, y: null }],
    ["… if its title bar is above the screen", { ...place, y: -500 }, [screen], { x: null, y: null }],
    ["… if only its edge is on the screen", { ...place, x: 1900 }, [screen], { x: null, y: null }],
    ["no larger than the screen", { ...place, width: 9000, height: 9000 }, [screen], { width: 1920, height: 1040 }],
    ["no smaller than it can be used", { ...place, width: 1, height: -5 }, [screen], { width: 720, height: 480 }],
  ])("%s", (_what, stored, screens, expected) => expect(fittingPlace(stored, screens)).toMatchObject(expected));

  it.each(["", "{}", '{"x":1e999,"y":0,"width":1,"height":1,"maximized":false}', '{"x":"0"}'])(
    "as the first time, if what was kept is %j",
    (text) => {
      const path = join(mkdtempSync(join(tmpdir(), "hopscope-place-")), "window.json");
      writeFileSync(path, text);
      expect(windowPlaceFile(path).read()).toEqual(FIRST_PLACE);
    },
  );
});

describe("files of a start", () => {
  it("stand behind the program, and in a checkout behind the application's folder", () => {
    expect(filesOfArguments(["hopscope", "a.pcap", "/b.pcap"], true, "/captures")).toEqual([
      "/captures/a.pcap",
      "/b.pcap",
    ]);
    expect(filesOfArguments(["electron", ".", "a.pcap"], false, "/captures")).toEqual(["/captures/a.pcap"]);
  });
  it("are no options", () => {
    expect(filesOfArguments(["hopscope", "--no-sandbox", "-x", "", "a"], true, "/c")).toEqual(["/c/a"]);
  });
});

describe("file associations", () => {
  const config = parse(readFileSync("build/electron-builder.yml", "utf8")) as {
    readonly fileAssociations: readonly FileAssociation[];
    readonly linux: { readonly fileAssociations: readonly FileAssociation[] };
  };
  interface FileAssociation {
    readonly ext: string;
    readonly mimeType: string;
  }

  it("hold all that the open dialog offers, and workspaces, in the types that electron-builder gives to Linux", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "hopscope-mime-")), "hopscope.xml");
    const packager = {
      fileAssociations: [...config.fileAssociations, ...config.linux.fileAssociations],
      getTempFile: () => Promise.resolve(path),
    };
    // electron-builder's own, which it does not export.
    const helper = resolve("node_modules/app-builder-lib/out/targets/LinuxTargetHelper.js");
    const { LinuxTargetHelper } = createRequire(import.meta.url)(helper) as {
      readonly LinuxTargetHelper: new (packager: unknown) => { readonly mimeTypeFiles: Promise<string> };
    };
    await new LinuxTargetHelper(packager).mimeTypeFiles;
    const patterns = [...readFileSync(path, "utf8").matchAll(/<glob pattern="([^"]*)"/g)].map(([, pattern]) => pattern);
    for (const extension of [...CAPTURE_EXTENSIONS, "hopscope"])
      expect(patterns.some((pattern) => pattern?.endsWith(`.${extension}`))).toBe(true);
    for (const pattern of patterns) expect(pattern).toMatch(/^\*(\.[a-z0-9]+){1,2}$/);
  });
});

describe("the menu", () => {
  const commands: string[] = [];
  const opened: string[] = [];
  const template = (platform: string, state = NO_WINDOW): MenuItemConstructorOptions[] =>
    menuTemplate({
      platform,
      state,
      recent: [{ path: "/captures/a&b\u202Egnp.pcap", name: "x" }],
      command: (id) => commands.push(id),
      openRecent: (path) => opened.push(path),
    });
  const flat = (items: readonly MenuItemConstructorOptions[]): MenuItemConstructorOptions[] =>
    items.flatMap((item) => [item, ...(Array.isArray(item.submenu) ? flat(item.submenu) : [])]);
  const click = (item: MenuItemConstructorOptions | undefined): void => (item?.click as (() => void) | undefined)?.();

  it("holds every command of the contract, which it sends", () => {
    const wanted = APP_MENUS.flatMap(itemsOfMenu);
    const items = flat(template("linux"));
    for (const { command, host } of wanted) {
      if (host === "browser") continue;
      click(items.find(({ id }) => id === command));
      expect(commands.at(-1)).toBe(command);
    }
  });

  it("has nothing to choose while no window carries it out, and what the window says when there is one", () => {
    const ids = new Set(MENU_COMMANDS);
    const states = (items: readonly MenuItemConstructorOptions[]): unknown[] =>
      flat(items).flatMap(({ id, enabled, checked }) => (ids.has(id ?? "") && enabled ? [{ id, checked }] : []));
    expect(states(template("linux"))).toEqual([]);
    const disabled = MENU_COMMANDS.filter((id) => id !== "file.open" && id !== "view.theme");
    const told = template("linux", { disabled, checked: ["view.theme"], titles: [] });
    expect(states(told)).toEqual([
      { id: "file.open", checked: undefined },
      { id: "view.theme", checked: true },
    ]);
  });

  it("takes over what the window says later; only items with a mark get one", () => {
    const items = flat(template("linux")).map((item) => ({ ...item }));
    const menu = { getMenuItemById: (id: string) => items.find((item) => item.id === id) ?? null } as unknown as Menu;
    applyMenuState(menu, {
      disabled: ["file.save"],
      checked: ["view.bytes", "file.open", "time.format.epoch"],
      titles: [],
    });
    const enabled = items.filter((item) => MENU_COMMANDS.includes(item.id ?? "") && item.enabled !== true);
    expect(enabled.map(({ id }) => id)).toEqual(["file.save"]);
    expect(items.filter(({ checked }) => checked).map(({ id }) => id)).toEqual(["view.bytes", "time.format.epoch"]);
  });

  it.each([
    ["a command that is in no menu", { disabled: ["app.quit"], checked: [], titles: [] }],
    [
      "a command twice as often as there are any",
      { disabled: [...MENU_COMMANDS, ...MENU_COMMANDS], checked: [], titles: [] },
    ],
    ["something else", { disabled: [], checked: [], titles: [], label: "Quit" }],
    [
      "a name that is no line of a menu",
      { disabled: [], checked: [], titles: [{ command: "notes.undo", title: "a".repeat(81) }] },
    ],
  ])("is not told %s", (_what, state) => expect(v.safeParse(menuStateSchema, state).success).toBe(false));

  it("calls undo what it undoes now, whatever a capture calls it", () => {
    const titles = [{ command: "notes.undo" as const, title: "Undo: Renamed to a&b\u202Egnp" }];
    const items = flat(template("linux", { disabled: [], checked: [], titles }));
    expect(items.find(({ id }) => id === "notes.undo")?.label).toBe("Undo: Renamed to a&&b�gnp");
    expect(items.find(({ id }) => id === "notes.redo")?.label).toBe("Redo");
  });

  it("shows keys, and leaves carrying them out to the window", () => {
    const open = flat(template("linux")).find(({ id }) => id === "file.open");
    expect(open).toMatchObject({ accelerator: "CmdOrCtrl+O", registerAccelerator: false });
  });

  it("opens recent files, whose names cannot pretend to be others", () => {
    const recent = flat(template("linux")).find(({ id }) => id === "recent");
    const [item] = recent?.submenu as MenuItemConstructorOptions[];
    expect(item?.label).toBe("/captures/a&&b�gnp.pcap");
    click(item);
    expect(opened).toEqual(["/captures/a&b\u202Egnp.pcap"]);
  });

  it("is a Mac's on a Mac", () => {
    expect(template("darwin").map(({ label, role }) => role ?? label)).toMatchObject({ 0: "appMenu" });
    expect(template("darwin").at(-2)?.role).toBe("windowMenu");
    // Electron's roles bring these keys along (menu-item-roles).
    const roleKeys: Readonly<Record<string, string>> = {
      undo: "Z",
      redo: "Shift+Z",
      cut: "X",
      copy: "C",
      paste: "V",
      selectAll: "A",
      close: "W",
      minimize: "M",
      hide: "H",
      quit: "Q",
    };
    const ofRoles = [...flat(template("darwin")).flatMap(({ role }) => role ?? []), "minimize", "hide", "quit"];
    const keys = [
      ...flat(template("darwin")).flatMap(({ accelerator }) => accelerator ?? []),
      ...ofRoles.flatMap((role) => (roleKeys[role] === undefined ? [] : `CmdOrCtrl+${roleKeys[role]}`)),
    ].map(String);
    expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([]);
    expect(flat(template("linux")).some(({ role }) => role === "quit")).toBe(true);
  });
});

describe("app://hopscope", () => {
  const folder = mkdtempSync(join(tmpdir(), "hopscope-app-"));
  writeFileSync(join(folder, "index.html"), "<p>interface</p>");
  writeFileSync(join(folder, "..", "hopscope-outside.html"), "secret");
  const ask = (url: string, method = "GET"): Promise<Response> =>
    answerInterfaceRequest(new InterfaceFiles(folder), new Request(url, { method }));

  it("serves the interface under a strict policy", async () => {
    const answer = await ask("app://hopscope/");
    expect(await answer.text()).toBe("<p>interface</p>");
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(answer.headers.get("content-security-policy")).not.toMatch(/unsafe|\*|https?:|ws:/);
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  });

  it.each([
    "app://hopscope/../hopscope-outside.html",
    "app://hopscope/%2e%2e/hopscope-outside.html",
    "app://hopscope/..%2fhopscope-outside.html",
    "app://other/",
    "app://hopscope.evil/",
    "https://hopscope/",
  ])("%s leads nowhere", async (url) => expect((await ask(url)).status).toBe(404));

  it("is what the window listens to, and nothing that looks like it", () => {
    expect(isInterfaceAddress("app://hopscope/")).toBe(true);
    for (const address of [
      "app://hopscope.evil/",
      "app://hopscope@evil/",
      "https://app/",
      "file:///app://hopscope/",
      "",
    ])
      expect(isInterfaceAddress(address)).toBe(false);
  });
});

describe("hardening", () => {
  it("keeps Node and Electron away from the page", () => {
    expect(hardenedPreferences("/p.cjs")).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
      spellcheck: false,
    });
  });

  /** A session that keeps the handlers it is given. */
  function hardenedSession(): {
    request: (permission: string, address: string) => boolean;
    check: (permission: string, address: string | null) => boolean;
    device: () => boolean;
    isCancelled: (url: string) => boolean;
    isDownloadPrevented: (url: string) => boolean;
  } {
    type Handler = (...given: unknown[]) => unknown;
    const handlers: Record<string, Handler> = {};
    const keep =
      (name: string) =>
      (handler: Handler): void => {
        handlers[name] = handler;
      };
    hardenSession({
      setPermissionRequestHandler: keep("request"),
      setPermissionCheckHandler: keep("check"),
      setDevicePermissionHandler: keep("device"),
      webRequest: { onBeforeRequest: keep("before") },
      on: (name: string, handler: Handler) => keep(name)(handler),
    } as unknown as Session);
    const contents = (address: string): unknown => ({ getURL: () => address });
    return {
      request: (permission, address) => {
        let allowed: unknown;
        handlers["request"]?.(contents(address), permission, (answer: boolean) => (allowed = answer));
        return allowed as boolean;
      },
      check: (permission, address) =>
        handlers["check"]?.(address === null ? null : contents(address), permission) as boolean,
      device: () => handlers["device"]?.({}) as boolean,
      isCancelled: (url) => {
        let answer: unknown;
        handlers["before"]?.({ url }, (given: unknown) => (answer = given));
        return (answer as { cancel: boolean }).cancel;
      },
      isDownloadPrevented: (url) => {
        let prevented = false;
        handlers["will-download"]?.({ preventDefault: () => (prevented = true) }, { getURL: () => url });
        return prevented;
      },
    };
  }

  it("denies permissions, but for copying text", () => {
    const session = hardenedSession();
    for (const permission of [
      "media",
      "geolocation",
      "notifications",
      "clipboard-read",
      "openExternal",
      "fileSystem",
    ]) {
      expect(session.request(permission, "app://hopscope/")).toBe(false);
      expect(session.check(permission, "app://hopscope/")).toBe(false);
    }
    expect(session.request("clipboard-sanitized-write", "app://hopscope/")).toBe(true);
    expect(session.check("clipboard-sanitized-write", "app://hopscope/")).toBe(true);
    expect(session.request("clipboard-sanitized-write", "https://evil.example/")).toBe(false);
    expect(session.check("clipboard-sanitized-write", null)).toBe(false);
    expect(session.device()).toBe(false);
  });

  it("requests nothing from a network, and saves only what the page made", () => {
    const session = hardenedSession();
    for (const url of ["https://evil.example/", "http://127.0.0.1/", "ws://x/", "file:///etc/passwd", "app://other/"])
      expect(session.isCancelled(url)).toBe(true);
    for (const url of ["app://hopscope/assets/x.js", "data:image/png;base64,", "blob:app://hopscope/1"])
      expect(session.isCancelled(url)).toBe(false);
    expect(session.isDownloadPrevented("blob:app://hopscope/6f2d")).toBe(false);
    for (const url of [
      "https://evil.example/x.exe",
      "data:text/plain,x",
      "blob:https://evil.example/1",
      "app://hopscope/",
    ])
      expect(session.isDownloadPrevented(url)).toBe(true);
  });
});

describe("dialogs", () => {
  const shown: unknown[] = [];
  const dialog = {
    showOpenDialog: (options: unknown) => {
      shown.push(options);
      return Promise.resolve({ canceled: false, filePaths: ["/captures/a.pcap"] });
    },
    showSaveDialog: (options: unknown) => {
      shown.push(options);
      return Promise.resolve({ canceled: false, filePath: "/captures/out.csv" });
    },
  } as unknown as Dialog;
  const handlers = dialogHandlers(dialog, (): BrowserWindow | undefined => undefined);
  const signal = new AbortController().signal;
  const noForward = { forward: () => Promise.reject(new Error("not asked")), signal };

  it("pick files or a folder", async () => {
    const answer = await handlers["files.pick"]?.({ title: "Open", folders: false, multiple: true }, noForward);
    expect(answer).toEqual({ paths: ["/captures/a.pcap"] });
    expect(shown.at(-1)).toMatchObject({ properties: ["openFile", "multiSelections"] });
    await handlers["files.pick"]?.({ title: "Open", folders: true, multiple: false }, noForward);
    expect(shown.at(-1)).toMatchObject({ properties: ["openDirectory"] });
  });

  it("exports go only where a person chose", async () => {
    const written: string[] = [];
    const write = async (path: string): Promise<unknown> =>
      handlers["export.write"]?.(
        { view: 1, packets: null, path, columns: [] },
        {
          signal,
          forward: (params) => {
            written.push(params.path);
            return Promise.resolve({ path: params.path, packets: 0, bytes: 0 });
          },
        },
      );
    await expect(write("/captures/out.csv")).rejects.toThrow(/not chosen/);
    await handlers["files.pickSave"]?.({ title: "Export", name: "../out.csv" }, noForward);
    expect(shown.at(-1)).toMatchObject({ defaultPath: "out.csv" });
    await write("/captures/out.csv");
    await expect(write("/home/me/.bashrc")).rejects.toThrow(/not chosen/);
    expect(written).toEqual(["/captures/out.csv"]);
  });
});
