/**
 * The desktop host: Electron's main process. Starts the engine, opens the window, carries messages between them, and does what
 * only a desktop can: menus, dialogs, "open with", one instance.
 *
 * ```
 * second start ──files──┐
 * "open with" ──────────┼─► openFromHost ─► hub ─► engine thread
 *                       └─ workspaces ─┐               ▲
 * menu ──"command"─────────────────────┴─► hub ─► window (asks before something is lost)
 * window ── IPC, sender checked ─────────────────────┘
 * ```
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  BrowserWindow,
  Menu,
  app,
  dialog,
  ipcMain,
  protocol,
  screen,
  session,
  type IpcMainEvent,
  type WebFrameMain,
} from "electron";
import * as v from "valibot";
import { type MenuState, NO_WINDOW } from "../../../src-shared/contract/menu-state";
import { byOpenedKind } from "../../../src-shared/model/opened-file";
import { EngineHost } from "../../engine/service/engine-host";
import { appRoot, appVersion } from "../shared/app-root";
import { EngineHub } from "../shared/engine-hub";
import { type CommonHandlers, commonHandlers, openFromHost } from "../shared/host-handlers";
import { InterfaceFiles } from "../shared/interface-files";
import { notesHandlers } from "../shared/notes-handlers";
import { NotesJournal } from "../shared/notes-journal";
import { SettingsStore } from "../shared/settings-store";
import { configFolder, makeScratchFolder, removeScratchFolder } from "../shared/user-folders";
import { workspaceFileHostHandlers } from "../shared/workspace-file-handlers";
import { type AppWindow, openAppWindow } from "./app-window";
import { filesOfArguments, handOverSchema } from "./arguments";
import { TO_ENGINE } from "./channels";
import { checkChosen, dialogHandlers } from "./dialogs";
import { hardenContents, hardenSession } from "./hardening";
import { INTERFACE_SCHEME, answerInterfaceRequest, isInterfaceAddress } from "./interface-protocol";
import { applyMenuState, menuTemplate } from "./menu";
import { printHandlers } from "./print-pdf";
import { windowPlaceFile } from "./window-state";

/** Files of "open with" that arrive before the engine stands (macOS sends them first of all). */
const early: string[] = [];
let addFiles = (paths: readonly string[]): void => void early.push(...paths);

function start(): void {
  const settingsFolder = configFolder();
  // Chromium's own files (caches, IndexedDB), away from ours.
  const chromiumFolder = join(settingsFolder, "window");
  mkdirSync(chromiumFolder, { recursive: true, mode: 0o700 });
  app.setPath("userData", chromiumFolder);
  app.setName("Hopscope");
  app.enableSandbox();
  const files = filesOfArguments(process.argv, app.isPackaged, process.cwd());
  // Another process cannot read this one's standard input.
  if (!app.requestSingleInstanceLock({ files: files.filter((file) => file !== "-") })) {
    // The first instance has got the files.
    app.quit();
    return;
  }
  protocol.registerSchemesAsPrivileged([
    { scheme: INTERFACE_SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
  hardenContents(app);
  endWithParent();
  app.on("open-file", (event, path) => {
    event.preventDefault();
    addFiles([path]);
  });
  void app.whenReady().then(() => run(settingsFolder, files));
}

function run(settingsFolder: string, files: readonly string[]): void {
  const root = appRoot();
  const scratchFolder = makeScratchFolder();
  const settings = new SettingsStore(settingsFolder);
  const windows = new Map<number, AppWindow>();
  const frontWindow = (): BrowserWindow | undefined =>
    BrowserWindow.getFocusedWindow() ?? [...windows.values()].at(-1)?.window;

  const tellWindow = (command: string, argument: string | null): void => {
    hub.broadcast({ kind: "event", event: "command", data: { command, argument } });
  };
  let menuState: MenuState = NO_WINDOW;
  const setMenuState = (state: MenuState): void => {
    const isRenamed = JSON.stringify(state.titles) !== JSON.stringify(menuState.titles);
    menuState = state;
    // An item's label is given when its menu is made.
    if (isRenamed) showMenu();
    else applyMenuState(Menu.getApplicationMenu(), state);
  };
  const showMenu = (): void => {
    const template = menuTemplate({
      platform: process.platform,
      state: menuState,
      recent: settings.recentFiles().filter(({ exists }) => exists),
      command: (command) => {
        applyMenuState(Menu.getApplicationMenu(), menuState);
        tellWindow(command, null);
      },
      // The window asks before something is lost; without one there is nothing to lose.
      openRecent: (path) => (windows.size > 0 ? tellWindow("file.open", path) : open([path], false)),
    });
    Menu.setApplicationMenu(Menu.buildFromTemplate(template));
  };
  const common: CommonHandlers = {
    host: "electron",
    settings,
    scratchFolder,
    opened: (paths) => {
      paths.forEach((path) => app.addRecentDocument(path));
      showMenu();
    },
  };
  const chosen = new Set<string>();
  const hub = new EngineHub(new EngineHost({ scratchFolder }), {
    ...commonHandlers(common),
    ...notesHandlers(new NotesJournal(settingsFolder), (message) => hub.broadcast(message)),
    ...dialogHandlers(dialog, frontWindow, chosen),
    ...printHandlers(frontWindow, chosen),
    ...workspaceFileHostHandlers({
      ...common,
      dataFolder: settingsFolder,
      place: (path, opened) => {
        if (!opened.has(path)) checkChosen(chosen, path);
        return { path };
      },
    }),
    "menu.state": (state) => {
      setMenuState(state);
      return null;
    },
    "files.forgetRecent": () => {
      settings.forgetRecent();
      app.clearRecentDocuments();
      showMenu();
      return null;
    },
  });
  closeBeforeQuitting(async () => {
    await hub.close();
    removeScratchFolder(scratchFolder);
  });

  hardenSession(session.defaultSession);
  const interfaceFiles = new InterfaceFiles(join(root, "out/renderer"));
  protocol.handle(INTERFACE_SCHEME, (request) => answerInterfaceRequest(interfaceFiles, request));
  ipcMain.on(TO_ENGINE, (event: IpcMainEvent, message: unknown) => {
    const from = windows.get(event.sender.id);
    if (from !== undefined && isMainFrameOfInterface(event.senderFrame)) from.receive(message);
  });

  const openWindow = (): void => {
    const opened = openAppWindow({
      hub,
      preload: join(root, "out/preload/preload.cjs"),
      place: windowPlaceFile(join(settingsFolder, "window.json")),
      displays: screen.getAllDisplays(),
      left: () => setMenuState(NO_WINDOW),
      gaveUp: (reason) => dialog.showErrorBox("Hopscope's window ended", `It ended several times (${reason}).`),
    });
    const { id } = opened.contents;
    windows.set(id, opened);
    opened.window.on("closed", () => {
      windows.delete(id);
      setMenuState(NO_WINDOW);
    });
  };

  const open = (paths: readonly string[], add: boolean): void => {
    // A workspace takes the place of what is open: the window asks, if that would lose something.
    const { workspaces } = byOpenedKind(paths);
    const asks = [...windows.values()].some((window) => window.isListening());
    void openFromHost(hub, asks ? paths.filter((path) => !workspaces.includes(path)) : paths, add, common);
    for (const path of asks ? workspaces.slice(-1) : []) tellWindow("file.open", path);
    if (windows.size === 0) openWindow();
    const window = frontWindow();
    if (window?.isMinimized()) window.restore();
    window?.focus();
  };
  // Added, not put in the place of what is open: captures belong together here, and nothing is lost.
  addFiles = (paths) => open(paths, true);
  app.on("second-instance", (_event, _argv, _folder, handedOver) => {
    const parsed = v.safeParse(handOverSchema, handedOver);
    addFiles(parsed.success ? parsed.output.files : []);
  });
  app.on("window-all-closed", () => {
    // On a Mac the application stays, as people there expect.
    if (process.platform !== "darwin") app.quit();
  });
  app.on("activate", () => {
    if (windows.size === 0) openWindow();
  });
  app.setAboutPanelOptions({
    applicationName: "Hopscope",
    applicationVersion: appVersion(),
    copyright: "Apache License 2.0",
  });

  showMenu();
  // Reading starts while the window does.
  const first = [...files, ...early];
  if (first.length > 0) void openFromHost(hub, first, false, common);
  openWindow();
}

/** Frames inside the page, and pages that are not ours, are not listened to. */
function isMainFrameOfInterface(frame: WebFrameMain | null): boolean {
  return frame !== null && frame.parent === null && isInterfaceAddress(frame.url);
}

/**
 * `hopscope open` waits for this process. When it is gone, whatever ended it, nobody is left who would end the window: it quits, and
 * asks before something is lost. Started by other means there is no channel, and nothing to end with.
 */
function endWithParent(): void {
  if (process.connected === false) app.quit();
  else if (process.connected) process.once("disconnect", () => app.quit());
}

/** Quitting waits for `close`, once. */
function closeBeforeQuitting(close: () => Promise<void>): void {
  let state: "open" | "closing" | "closed" = "open";
  app.on("will-quit", (event) => {
    if (state === "closed") return;
    event.preventDefault();
    if (state === "closing") return;
    state = "closing";
    void close()
      .catch((error: unknown) => console.error("hopscope:", error))
      .finally(() => {
        state = "closed";
        app.quit();
      });
  });
}

start();
