/** The browser that end-to-end tests drive: Debian's Chromium, or the one that HOPSCOPE_CHROMIUM names. */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { endServes } from "./serve-process";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "chrome"];

function findChromium(): string | undefined {
  const told = process.env["HOPSCOPE_CHROMIUM"];
  if (told) return told;
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
}

/** Path, or undefined: `describe.skipIf(!CHROMIUM)`. */
export const CHROMIUM = findChromium();

if (CHROMIUM === undefined) {
  const what = "Chromium is not installed (apt-get install chromium, or HOPSCOPE_CHROMIUM=path)";
  // bin/test installs it there: skipping would hide that it did not.
  if (process.env["CI"]) throw new Error(`${what}: end-to-end tests must run in CI`);
  console.log(`skipped: end-to-end tests, because ${what}`);
}

/** Without any way to a network, whatever a page asks for. */
const CHROMIUM_ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

let browser: Promise<Browser> | undefined;

/** One Chromium for a test file; every app opens in a context of its own. */
export function sharedChromium(): Promise<Browser> {
  if (CHROMIUM === undefined) throw new Error("Chromium is not installed");
  // A bare machine has no locale: Chromium would call a download with an umlaut "download".
  const env = { ...definedEnvironment(), LC_ALL: "C.UTF-8" };
  browser ??= chromium.launch({ executablePath: CHROMIUM, headless: true, args: CHROMIUM_ARGUMENTS, env });
  return browser;
}

/** For afterAll. Also ends the hosts that failed tests left running. */
export async function closeSharedChromium(): Promise<void> {
  endServes();
  const closing = browser;
  browser = undefined;
  await (await closing)?.close();
}

export function definedEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
