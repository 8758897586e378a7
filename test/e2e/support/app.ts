/**
 * Opens the app for a test, in either host, and closes it again.
 *
 * ```ts
 * const app = await openApp("browser", ["fixtures/dhcp.pcap"]);
 * await app.page.getByRole("grid").press("End");
 * await app.idle();
 * await app.screenshot("last-packet");
 * await app.close();        // fails the test if the page logged an error or asked for anything outside the app
 * ```
 */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type ElectronApplication, type Page, _electron } from "playwright-core";
import { CHROMIUM, definedEnvironment, sharedChromium } from "./chromium";
import { idle } from "./idle";
import { CRASH_HOOK, type ServeProcess, newConfigFolder, startServe } from "./serve-process";

export const HOSTS = ["browser", "electron"] as const;
export type HostName = (typeof HOSTS)[number];

export const ROOT = resolve(".");
export const STAND_IN = resolve("test/electron-stand-in/electron.js");

export interface OpenOptions {
  readonly width?: number;
  readonly height?: number;
  readonly theme?: "light" | "dark";
  readonly reducedMotion?: boolean;
  /** Settings folder, to open the app a second time with what the first left. */
  readonly config?: string;
  /** File to pipe into the standard input of `hopscope serve -`. */
  readonly input?: string;
  /** Errors in the page's console that this test brings about. */
  readonly expectedErrors?: RegExp;
}

export interface App {
  readonly host: HostName;
  readonly page: Page;
  readonly config: string;
  /** The process behind it, in the browser host. */
  readonly serve: ServeProcess | undefined;
  /** Playwright's handle on Electron (or its stand-in), in the Electron host. */
  readonly electron: ElectronApplication | undefined;
  /** Resolves when nothing is asked for and nothing is left to draw. */
  idle(): Promise<void>;
  /** Drops files on the element, as from a file manager. */
  drop(paths: readonly string[], selector?: string): Promise<void>;
  /** Ends the engine's thread, unasked. */
  crashEngine(): Promise<void>;
  /** Writes test-results/<name>.png. */
  screenshot(name: string): Promise<void>;
  close(): Promise<void>;
}

export async function openApp(host: HostName, files: readonly string[] = [], options: OpenOptions = {}): Promise<App> {
  const config = options.config ?? newConfigFolder();
  return host === "browser" ? openInBrowser(files, config, options) : openInElectron(files, config, options);
}

async function openInBrowser(files: readonly string[], config: string, options: OpenOptions): Promise<App> {
  const serve = await startServe(files, { config, input: options.input });
  const browser = await sharedChromium();
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1280, height: options.height ?? 800 },
    acceptDownloads: true,
  });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await context.newPage();
  const problems = watchPage(page, (url) => url.startsWith(new URL(serve.link).origin), options.expectedErrors);
  await prepare(page, options);
  await page.goto(serve.link);
  await page.waitForURL((url) => url.search === "");
  const app: App = {
    ...common(page),
    host: "browser",
    config,
    serve,
    electron: undefined,
    crashEngine: () => Promise.resolve(serve.crashEngine()),
    drop: (paths, selector = "body") => dropFiles(page, paths, selector),
    close: async () => {
      await context.close();
      const code = await serve.interrupt();
      complain([...problems, ...(code === 0 ? [] : [`hopscope serve ended with ${code}: ${serve.output()}`])]);
    },
  };
  await app.idle();
  return app;
}

/** The real binary where it is installed (and can show a window), else the stand-in. */
export function electronExecutable(): { readonly path: string; readonly isStandIn: boolean } {
  const name = join(ROOT, "node_modules/electron/path.txt");
  const path = existsSync(name) ? join(ROOT, "node_modules/electron/dist", readFileSync(name, "utf8")) : undefined;
  const canShow = process.platform !== "linux" || Boolean(process.env["DISPLAY"]);
  if (path !== undefined && existsSync(path) && canShow) return { path, isStandIn: false };
  return { path: STAND_IN, isStandIn: true };
}

async function openInElectron(files: readonly string[], config: string, options: OpenOptions): Promise<App> {
  const { path, isStandIn } = electronExecutable();
  const electron = await _electron.launch({
    executablePath: path,
    // The stand-in learns of the hook by its environment, Electron by a switch.
    args: [...(isStandIn ? [] : ["-r", CRASH_HOOK]), ROOT, ...files.map((file) => resolve(file))],
    env: { ...definedEnvironment(), ...electronEnvironment(config) },
  });
  let output = "";
  for (const stream of [electron.process().stdout, electron.process().stderr])
    stream?.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
  const page = await electron.firstWindow();
  const isOurs = (url: string): boolean => /^(app:\/\/hopscope|https:\/\/hopscope\.app\.test)\//.test(url);
  const problems = watchPage(page, isOurs, options.expectedErrors);
  await page.waitForURL((url) => url.protocol !== "about:");
  await page.setViewportSize({ width: options.width ?? 1280, height: options.height ?? 800 });
  await prepare(page, options);
  const app: App = {
    ...common(page),
    host: "electron",
    config,
    serve: undefined,
    electron,
    crashEngine: async () => {
      await electron.evaluate(() => process.emit("SIGUSR2", "SIGUSR2"));
    },
    drop: async (paths, selector = "body") => {
      await electron.evaluate(
        ({ webContents }, given) => {
          // Only the stand-in has to be told beforehand.
          for (const contents of webContents.getAllWebContents())
            (contents as unknown as { rememberFiles?: (paths: string[]) => void }).rememberFiles?.(given);
        },
        paths.map((p) => resolve(p)),
      );
      await dropFiles(page, paths, selector);
    },
    close: async () => {
      await electron.close();
      const trouble = output.split("\n").filter((line) => /electron stand-in: |hopscope: |Error: /.test(line));
      complain([...problems, ...trouble]);
    },
  };
  await app.idle();
  return app;
}

/** For starting Electron by other means than openApp. */
export function electronEnvironment(config: string): Record<string, string> {
  return {
    HOPSCOPE_CONFIG: config,
    ELECTRON_STAND_IN_IMPORT: CRASH_HOOK,
    ...(CHROMIUM !== undefined && { HOPSCOPE_CHROMIUM: CHROMIUM }),
  };
}

async function prepare(page: Page, { theme = "light", reducedMotion = true }: OpenOptions): Promise<void> {
  await page.emulateMedia({ colorScheme: theme, reducedMotion: reducedMotion ? "reduce" : "no-preference" });
}

function common(page: Page): Pick<App, "page" | "idle" | "screenshot"> {
  return {
    page,
    idle: () => idle(page),
    screenshot: async (name) => {
      const path = resolve("test-results", `${name}.png`);
      mkdirSync(dirname(path), { recursive: true });
      await page.screenshot({ path });
    },
  };
}

/** Collects what must not happen in any test: errors, refused markup or scripts, requests to elsewhere. */
function watchPage(page: Page, isOurs: (url: string) => boolean, expected?: RegExp): string[] {
  const problems: string[] = [];
  const note = (text: string): void => {
    if (expected === undefined || !expected.test(text)) problems.push(text);
  };
  page.on("pageerror", (error) => note(`uncaught: ${error.stack ?? error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") note(`console: ${message.text()} (${message.location().url})`);
  });
  page.on("request", (request) => {
    const url = request.url();
    if (!isOurs(url) && !/^(data|blob):/.test(url)) note(`request to ${url}`);
  });
  return problems;
}

function complain(problems: readonly string[]): void {
  if (problems.length > 0) throw new Error(`While the app ran:\n${problems.join("\n")}`);
}

/** CDP, because a DataTransfer made by a script has no files on disk. */
async function dropFiles(page: Page, paths: readonly string[], selector: string): Promise<void> {
  // What arrives late moves what is aimed at.
  await idle(page);
  const box = await page.locator(selector).first().boundingBox();
  if (box === null) throw new Error(`nothing to drop on: ${selector} is not visible`);
  const session = await page.context().newCDPSession(page);
  const place = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  const data = { items: [], files: paths.map((path) => resolve(path)), dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const)
    await session.send("Input.dispatchDragEvent", { type, ...place, data });
  await session.detach();
}
