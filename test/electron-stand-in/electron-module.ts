/**
 * The module "electron" of the stand-in: as much of it as the desktop host uses, over a headless Chromium. See electron.js.
 *
 * ```
 * app://hopscope/x   in the application's eyes
 *       ▲ translated both ways, because Chromium knows no app: scheme
 *       ▼
 * https://hopscope.app.test/x   in Chromium's; every request is caught (CDP Fetch) and answered by protocol.handle's handler
 * ```
 */
import { EventEmitter } from "node:events";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  watch,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type CdpSession, type RunningChromium, type Values, startChromium } from "./cdp";

const here = dirname(fileURLToPath(import.meta.url));
const CHROMIUM = process.env["HOPSCOPE_CHROMIUM"] ?? "/usr/bin/chromium";

type Listener = (...given: unknown[]) => void;

/** What Electron hands to listeners whose default can be prevented. */
class PreventableEvent {
  defaultPrevented = false;
  constructor(values: Values = {}) {
    Object.assign(this, values);
  }
  preventDefault(): void {
    this.defaultPrevented = true;
  }
}

// --- addresses -------------------------------------------------------------------------------------------------------

const schemes = new Map<string, (request: Request) => Response | Promise<Response>>();

/** app://hopscope/x ─► https://hopscope.app.test/x */
function toChromium(address: string): string {
  return address.replace(/^([a-z]+):\/\/([^/]+)/, (whole, scheme: string, host: string) =>
    schemes.has(scheme) ? `https://${host}.${scheme}.test` : whole,
  );
}

function fromChromium(address: string): string {
  return address.replace(/^https:\/\/([^/]+)\.([a-z]+)\.test(?=\/|$)/, (whole, host: string, scheme: string) =>
    schemes.has(scheme) ? `${scheme}://${host}` : whole,
  );
}

// --- app -------------------------------------------------------------------------------------------------------------

let chromium: RunningChromium | undefined;
let readyPromise: Promise<void> | undefined;

class App extends EventEmitter {
  readonly isPackaged = false;
  readonly recentDocuments: string[] = [];
  readonly commandLine = { appendSwitch: (): void => {} };
  readonly standIn = { sandboxEnabled: false, aboutPanel: {} as Values };
  private readonly paths = new Map<string, string>();
  private quitting = false;
  private handOvers = "";

  whenReady(): Promise<void> {
    readyPromise ??= start();
    return readyPromise;
  }
  isReady(): boolean {
    return chromium !== undefined;
  }
  setName(): void {}
  setPath(name: string, path: string): void {
    // As Electron does.
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw new Error(`${path} is no folder`);
    this.paths.set(name, path);
  }
  getPath(name: string): string {
    return this.paths.get(name) ?? mkdtempSync(join(tmpdir(), "electron-stand-in-"));
  }
  enableSandbox(): void {
    this.standIn.sandboxEnabled = true;
  }
  setAboutPanelOptions(options: Values): void {
    this.standIn.aboutPanel = options;
  }
  addRecentDocument(path: string): void {
    this.recentDocuments.push(path);
  }
  clearRecentDocuments(): void {
    this.recentDocuments.length = 0;
  }

  /** The first instance owns a folder beside its profile; later ones leave their hand-over there as a file. */
  requestSingleInstanceLock(additionalData: unknown): boolean {
    const folder = join(this.getPath("userData"), "instance");
    const owner = join(folder, "pid");
    mkdirSync(folder, { recursive: true });
    try {
      const pid = Number(readFileSync(owner, "utf8"));
      process.kill(pid, 0);
      const written = join(folder, `${process.pid}.new`);
      writeFileSync(written, JSON.stringify({ argv: process.argv, folder: process.cwd(), additionalData }));
      renameSync(written, join(folder, `${process.pid}.json`));
      return false;
    } catch {
      writeFileSync(owner, String(process.pid));
    }
    this.handOvers = folder;
    watch(folder, () => {
      for (const name of readdirSync(folder).filter((n) => n.endsWith(".json"))) {
        const path = join(folder, name);
        const handOver = JSON.parse(readFileSync(path, "utf8")) as Values;
        rmSync(path);
        this.emit("second-instance", {}, handOver["argv"], handOver["folder"], handOver["additionalData"]);
      }
    }).unref();
    return true;
  }

  quit(): void {
    if (!this.quitting) {
      const before = new PreventableEvent();
      this.emit("before-quit", before);
      if (before.defaultPrevented) return;
      this.quitting = true;
      for (const window of [...windows]) window.close();
    }
    const will = new PreventableEvent();
    this.emit("will-quit", will);
    if (will.defaultPrevented) return;
    this.emit("quit", {}, 0);
    this.exit(0);
  }

  exit(code: number): void {
    if (this.handOvers) rmSync(this.handOvers, { recursive: true, force: true });
    chromium?.connection.close();
    chromium?.process.kill("SIGKILL");
    process.exit(code);
  }

  /** @internal Windows are closed, because the application ends. */
  get isQuitting(): boolean {
    return this.quitting;
  }

  /** @internal */
  windowClosed(): void {
    if (windows.size > 0 || this.quitting) return;
    if (this.listenerCount("window-all-closed") === 0) this.quit();
    else this.emit("window-all-closed");
  }
}
export const app = new App();

async function start(): Promise<void> {
  chromium = await startChromium(CHROMIUM, join(app.getPath("userData"), "chromium"));
  chromium.process.once("exit", (code, signal) => {
    console.error(`electron stand-in: Chromium ended (${code ?? signal})`);
    app.exit(1);
  });
  app.emit("ready", {}, {});
}
for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => app.quit());
process.on("exit", () => chromium?.process.kill("SIGKILL"));

// --- session, protocol -----------------------------------------------------------------------------------------------

type PermissionRequestHandler = (
  contents: WebContents,
  permission: string,
  callback: (allowed: boolean) => void,
) => void;

/** Electron's names of permissions, and Chromium's. */
const PERMISSIONS: Readonly<Record<string, string>> = {
  geolocation: "geolocation",
  notifications: "notifications",
  midi: "midi",
  "clipboard-read": "clipboard-read",
  "clipboard-sanitized-write": "clipboard-write",
  "persistent-storage": "persistent-storage",
};

class Session extends EventEmitter {
  requestHandler: PermissionRequestHandler = (_contents, _permission, callback) => callback(true);
  beforeRequest: (details: { url: string }, callback: (answer: { cancel?: boolean }) => void) => void = (
    _details,
    callback,
  ) => callback({});
  readonly webRequest = {
    onBeforeRequest: (handler: Session["beforeRequest"]): void => {
      this.beforeRequest = handler;
    },
  };
  setPermissionRequestHandler(handler: PermissionRequestHandler): void {
    this.requestHandler = handler;
  }
  setPermissionCheckHandler(): void {}
  setDevicePermissionHandler(): void {}
}
const defaultSession = new Session();
export const session = { defaultSession };

export const protocol = {
  registerSchemesAsPrivileged: (list: readonly { scheme: string }[]): void => {
    for (const { scheme } of list) schemes.set(scheme, () => new Response(null, { status: 404 }));
  },
  handle: (scheme: string, handler: (request: Request) => Response | Promise<Response>): void => {
    schemes.set(scheme, handler);
  },
};

// --- web contents ----------------------------------------------------------------------------------------------------

interface Frame {
  readonly url: string;
  readonly parent: Frame | null;
}

const contentsById = new Map<number, WebContents>();
let nextContentsId = 1;

/** A page; what it asks for and does is told as Electron's events. */
export class WebContents extends EventEmitter {
  readonly id = nextContentsId++;
  targetId = "";
  windowOpenHandler: ((details: { url: string }) => { action: string }) | undefined;
  private cdp: CdpSession | undefined;
  private readonly attached: Promise<CdpSession>;
  private preloadContext: number | undefined;
  private mainFrameId = "";
  private readonly frames = new Map<string, Frame>();
  private address = "";
  private destroyed = false;
  /** The next load of the main frame was asked for by the application, not by the page. */
  private ours = false;

  constructor(
    readonly options: { readonly width?: number; readonly height?: number; readonly webPreferences?: Values },
  ) {
    super();
    contentsById.set(this.id, this);
    this.attached = this.attach();
  }

  get session(): Session {
    return defaultSession;
  }
  getURL(): string {
    return this.address;
  }
  isDestroyed(): boolean {
    return this.destroyed;
  }
  setWindowOpenHandler(handler: (details: { url: string }) => { action: string }): void {
    this.windowOpenHandler = handler;
  }

  async loadURL(address: string): Promise<void> {
    const cdp = await this.attached;
    this.ours = true;
    await cdp.send("Page.navigate", { url: toChromium(address) });
  }
  reload(): void {
    this.ours = true;
    void this.attached.then((cdp) => cdp.send("Page.reload"));
  }
  forcefullyCrashRenderer(): void {
    // Never answered: the page is gone.
    void this.cdp?.send("Page.crash").catch(() => {});
  }
  async printToPDF({ printBackground = false }: { printBackground?: boolean } = {}): Promise<Buffer> {
    const cdp = await this.attached;
    const { data } = await cdp.send("Page.printToPDF", { printBackground });
    return Buffer.from(String(data), "base64");
  }
  async executeJavaScript(expression: string): Promise<unknown> {
    const cdp = await this.attached;
    const { result } = await cdp.send("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
    return (result as Values)["value"];
  }

  /** @internal What the page's listeners of `beforeunload` say; a page that does not answer has nothing to lose. */
  async mayUnload(): Promise<boolean> {
    const answer = await this.executeJavaScript(
      'window.dispatchEvent(new Event("beforeunload", { cancelable: true }))',
    ).catch(() => true);
    return answer !== false;
  }

  send(channel: string, ...values: unknown[]): void {
    const json = JSON.stringify({ channel, values }, (_key, value: unknown) =>
      // Buffer's own toJSON has run by now where it is one; the host sends plain Uint8Arrays.
      value instanceof Uint8Array ? { __bytes: Buffer.from(value).toString("base64") } : value,
    );
    this.inPreload(`__standInReceive(${JSON.stringify(json)})`);
  }

  /** Tells the page's webUtils about files that a test is going to drop. */
  rememberFiles(paths: readonly string[]): void {
    const files = paths.map((path) => ({ name: basename(path), size: statSync(path).size, path }));
    this.inPreload(`__standInFiles(${JSON.stringify(files)})`);
  }

  close(): void {
    const window = BrowserWindow.fromWebContents(this);
    if (window) window.close();
    else this.destroy();
  }

  /** @internal */
  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    contentsById.delete(this.id);
    void chromium?.connection.browser.send("Target.closeTarget", { targetId: this.targetId }).catch(() => {});
    this.emit("destroyed");
  }

  private inPreload(expression: string): void {
    if (this.preloadContext === undefined || this.destroyed) return;
    // A page that is being left has no such world any more; Electron drops the message too.
    void this.cdp?.send("Runtime.evaluate", { expression, contextId: this.preloadContext }).catch(() => {});
  }

  private async attach(): Promise<CdpSession> {
    await app.whenReady();
    if (chromium === undefined) throw new Error("a window needs app.whenReady()");
    const { connection } = chromium;
    const { width = 800, height = 600 } = this.options;
    const created = await connection.browser.send("Target.createTarget", {
      url: "about:blank",
      newWindow: true,
      width,
      height,
    });
    this.targetId = String(created["targetId"]);
    const { sessionId } = await connection.browser.send("Target.attachToTarget", {
      targetId: this.targetId,
      flatten: true,
    });
    const cdp = (this.cdp = connection.session(String(sessionId)));
    this.listen(cdp);
    await cdp.send("Page.enable");
    await cdp.send("Inspector.enable");
    await cdp.send("Runtime.enable");
    await cdp.send("Runtime.addBinding", { name: "__standInSend", executionContextName: "preload" });
    await cdp.send("Runtime.addBinding", { name: "__standInClose" });
    await cdp.send("Fetch.enable", { patterns: [{ urlPattern: "*" }] });
    await cdp.send("Page.addScriptToEvaluateOnNewDocument", {
      source: readFileSync(join(here, "page-world.js"), "utf8"),
    });
    if (this.windowOpenHandler?.({ url: "" }).action === "deny")
      await cdp.send("Page.addScriptToEvaluateOnNewDocument", { source: "window.open = () => null;" });
    const { preload } = this.options.webPreferences ?? {};
    if (typeof preload === "string") {
      const world = readFileSync(join(here, "preload-world.js"), "utf8");
      const source = world.replace("/*PRELOAD*/", () => readFileSync(preload, "utf8"));
      await cdp.send("Page.addScriptToEvaluateOnNewDocument", { source, worldName: "preload" });
    }
    return cdp;
  }

  private listen(cdp: CdpSession): void {
    cdp.on("Runtime.executionContextCreated", ({ context }: { context: Values }) => {
      const { frameId } = context["auxData"] as { frameId: string };
      if (context["name"] === "preload" && frameId === this.mainFrameId) this.preloadContext = Number(context["id"]);
    });
    cdp.on("Page.frameNavigated", ({ frame }: { frame: { id: string; parentId?: string; url: string } }) => {
      const parent = frame.parentId === undefined ? null : (this.frames.get(frame.parentId) ?? null);
      const url = fromChromium(frame.url);
      this.frames.set(frame.id, { url, parent });
      if (frame.parentId !== undefined) return;
      this.mainFrameId = frame.id;
      this.address = url;
    });
    cdp.on("Runtime.exceptionThrown", ({ exceptionDetails }: { exceptionDetails: Values }) => {
      const exception = exceptionDetails["exception"] as Values | undefined;
      console.error("electron stand-in: in the page:", exception?.["description"] ?? exceptionDetails["text"]);
    });
    cdp.on("Page.loadEventFired", () => this.emit("did-finish-load"));
    cdp.on("Runtime.bindingCalled", ({ name, payload }: { name: string; payload: string }) => {
      if (name === "__standInClose") this.close();
      if (name !== "__standInSend") return;
      const { channel, values } = JSON.parse(payload, (_key, value: unknown) => {
        const bytes = (value as { __bytes?: unknown } | null)?.__bytes;
        return typeof bytes === "string" ? new Uint8Array(Buffer.from(bytes, "base64")) : value;
      }) as { channel: string; values: unknown[] };
      const senderFrame = this.frames.get(this.mainFrameId) ?? null;
      ipcMain.emit(channel, { sender: this, senderFrame }, ...values);
    });
    cdp.on("Inspector.targetCrashed", () => this.emit("render-process-gone", {}, { reason: "crashed", exitCode: 5 }));
    cdp.on("Fetch.requestPaused", (event: PausedRequest) => {
      this.answer(cdp, event).catch((error: unknown) => {
        if (!this.destroyed) console.error("electron stand-in:", error);
      });
    });
  }

  /** Every request of the page: what the application refuses fails, its own scheme is answered by its handler. */
  private async answer(cdp: CdpSession, { requestId, request, resourceType, frameId }: PausedRequest): Promise<void> {
    const fail = (): Promise<Values> => cdp.send("Fetch.failRequest", { requestId, errorReason: "BlockedByClient" });
    const url = fromChromium(request.url);
    const isMainFrame = frameId === this.mainFrameId || this.mainFrameId === "";
    if (resourceType === "Document") {
      const event = new PreventableEvent({ url, isMainFrame, isSameDocument: false });
      if (!this.ours) {
        if (isMainFrame) this.emit("will-navigate", event);
        this.emit("will-frame-navigate", event);
      }
      this.ours = false;
      // "No Content" is the answer after which a page stays where it is.
      if (event.defaultPrevented)
        return void (await cdp.send("Fetch.fulfillRequest", { requestId, responseCode: 204 }));
    }
    let cancelled = false;
    defaultSession.beforeRequest({ url }, ({ cancel }) => (cancelled = cancel === true));
    if (cancelled) return void (await fail());
    if (resourceType === "Document") {
      this.emit("did-start-navigation", { url, isMainFrame, isSameDocument: false });
      if (isMainFrame) await this.applyPermissions(request.url, url);
    }
    const handler = schemes.get(new URL(url).protocol.slice(0, -1));
    if (handler === undefined) return void (await cdp.send("Fetch.continueRequest", { requestId }));
    const response = await handler(new Request(url, { method: request.method }));
    await cdp.send("Fetch.fulfillRequest", {
      requestId,
      responseCode: response.status,
      responseHeaders: [...response.headers].map(([name, value]) => ({ name, value })),
      body: Buffer.from(await response.arrayBuffer()).toString("base64"),
    });
  }

  /** Chromium asks nobody: it is told beforehand what the application's handler would answer. */
  private async applyPermissions(chromiumUrl: string, url: string): Promise<void> {
    const before = this.address;
    this.address = url;
    for (const [permission, name] of Object.entries(PERMISSIONS)) {
      let allowed = false;
      defaultSession.requestHandler(this, permission, (answer) => (allowed = answer));
      await chromium?.connection.browser.send("Browser.setPermission", {
        permission: { name },
        setting: allowed ? "granted" : "denied",
        origin: new URL(chromiumUrl).origin,
      });
    }
    this.address = before;
  }
}

interface PausedRequest {
  readonly requestId: string;
  readonly request: { readonly url: string; readonly method: string };
  readonly resourceType: string;
  readonly frameId: string;
}

export const webContents = {
  fromDevToolsTargetId: (targetId: string): WebContents | undefined =>
    [...contentsById.values()].find((contents) => contents.targetId === targetId),
  getAllWebContents: (): WebContents[] => [...contentsById.values()],
};

export const ipcMain = new EventEmitter();

// --- windows, screen -------------------------------------------------------------------------------------------------

const windows = new Set<BrowserWindow>();

interface WindowOptions {
  readonly x?: number;
  readonly y?: number;
  readonly width?: number;
  readonly height?: number;
  readonly title?: string;
  readonly webPreferences?: Values;
}

export class BrowserWindow extends EventEmitter {
  readonly webContents: WebContents;
  private maximized = false;
  private minimized = false;

  constructor(readonly options: WindowOptions = {}) {
    super();
    this.webContents = new WebContents(options);
    this.focus();
    this.webContents.once("did-finish-load", () => this.emit("ready-to-show"));
    app.emit("web-contents-created", {}, this.webContents);
    app.emit("browser-window-created", {}, this);
  }

  static getAllWindows(): BrowserWindow[] {
    return [...windows];
  }
  static getFocusedWindow(): BrowserWindow | null {
    return [...windows].at(-1) ?? null;
  }
  static fromWebContents(contents: WebContents | undefined): BrowserWindow | null {
    return [...windows].find((window) => window.webContents === contents) ?? null;
  }

  loadURL(address: string): Promise<void> {
    return this.webContents.loadURL(address);
  }
  getNormalBounds(): { x: number; y: number; width: number; height: number } {
    const { x = 0, y = 0, width = 800, height = 600 } = this.options;
    return { x, y, width, height };
  }
  show(): void {}
  /** The front window is the one that was added last. */
  focus(): void {
    windows.delete(this);
    windows.add(this);
    this.emit("focus");
  }
  maximize(): void {
    this.maximized = true;
  }
  isMaximized(): boolean {
    return this.maximized;
  }
  minimize(): void {
    this.minimized = true;
  }
  isMinimized(): boolean {
    return this.minimized;
  }
  restore(): void {
    this.minimized = false;
  }

  close(): void {
    const event = new PreventableEvent();
    this.emit("close", event);
    if (event.defaultPrevented) return;
    // The page may object (`beforeunload`): then the window stays, without a word of Electron's. A quit asks nobody here.
    if (app.isQuitting) this.destroy();
    else
      void this.webContents.mayUnload().then((may) => {
        if (may) this.destroy();
        else this.webContents.emit("will-prevent-unload", new PreventableEvent());
      });
  }

  destroy(): void {
    if (!windows.delete(this)) return;
    this.webContents.destroy();
    this.emit("closed");
    app.windowClosed();
  }
}

export const screen = {
  getAllDisplays: (): unknown[] => [{ workArea: { x: 0, y: 0, width: 1920, height: 1080 } }],
};

// --- menus, dialogs --------------------------------------------------------------------------------------------------

interface MenuTemplateItem {
  readonly id?: string;
  readonly type?: string;
  readonly label?: string;
  enabled?: boolean;
  checked?: boolean;
  readonly role?: string;
  readonly accelerator?: string;
  readonly submenu?: readonly MenuTemplateItem[];
  readonly click?: Listener;
}

type MenuItem = Omit<MenuTemplateItem, "submenu"> & { readonly submenu?: Menu };

let applicationMenu: Menu | null = null;

export class Menu {
  constructor(readonly items: readonly MenuItem[]) {}

  static buildFromTemplate(template: readonly MenuTemplateItem[]): Menu {
    return new Menu(
      template.map(({ submenu, click, ...rest }) => {
        const item: MenuItem = {
          enabled: true,
          checked: false,
          ...rest,
          ...(submenu && { submenu: Menu.buildFromTemplate(submenu) }),
          click: (...given) => {
            // As Electron does, before the application hears of it.
            if (item.type === "checkbox") item.checked = item.checked !== true;
            click?.(...given);
          },
        };
        return item;
      }),
    );
  }
  static setApplicationMenu(menu: Menu | null): void {
    applicationMenu = menu;
  }
  static getApplicationMenu(): Menu | null {
    return applicationMenu;
  }

  getMenuItemById(id: string): MenuItem | null {
    for (const item of this.items) {
      if (item.id === id) return item;
      const inner = item.submenu?.getMenuItemById(id);
      if (inner) return inner;
    }
    return null;
  }
}

/** Nobody sees a dialog here: they are cancelled, unless a test puts its own functions in their place. */
export const dialog = {
  showOpenDialog: (): Promise<unknown> => Promise.resolve({ canceled: true, filePaths: [] }),
  showSaveDialog: (): Promise<unknown> => Promise.resolve({ canceled: true, filePath: "" }),
  showErrorBox: (title: string, content: string): void => console.error(`${title}: ${content}`),
};
