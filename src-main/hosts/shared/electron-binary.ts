/**
 * Finds Electron's binary, which is not in its npm package but fetched on first use, from outside the registry.
 *
 * ```
 * ELECTRON_EXEC_PATH ──► that one
 * ELECTRON_OVERRIDE_DIST_PATH, node_modules/electron/dist ──► there? ──► it
 *                                       └ no ──► Electron's own installer, ended when nothing arrives for a while ──► it, or why not
 * ```
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export type ElectronBinary =
  { readonly found: true; readonly path: string } | { readonly found: false; readonly why: string };

export interface FetchOptions {
  /** Told once, before something is fetched. */
  readonly say: (line: string) => void;
  /** The download is given up when it brought nothing for so long. */
  readonly silenceMs?: number;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

const SILENCE_MS = 15_000;
const LOOK_EVERY_MS = 500;

/** Never rejects, and ends in bounded time: at the latest `silenceMs` after the last byte arrived. */
export async function findElectron(options: FetchOptions): Promise<ElectronBinary> {
  const environment = options.environment ?? process.env;
  const told = environment["ELECTRON_EXEC_PATH"];
  if (told !== undefined && told !== "")
    return existsSync(told)
      ? { found: true, path: told }
      : { found: false, why: `there is no file ${told} (ELECTRON_EXEC_PATH)` };
  const folder = packageFolder();
  if (folder === undefined) return { found: false, why: "the electron package is not installed" };
  const path = installedBinary(folder, environment);
  if (path !== undefined) return { found: true, path };
  options.say("Fetching Electron's binary (once, about 110 MB)…");
  const why = await install(folder, environment, options.silenceMs ?? SILENCE_MS);
  const installed = installedBinary(folder, environment);
  return installed === undefined ? { found: false, why } : { found: true, path: installed };
}

function packageFolder(): string | undefined {
  try {
    return dirname(createRequire(import.meta.url).resolve("electron/package.json"));
  } catch {
    return undefined;
  }
}

/** As electron/index.js looks for it. */
function installedBinary(
  folder: string,
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const pathFile = join(folder, "path.txt");
  const name = existsSync(pathFile) ? readFileSync(pathFile, "utf8") : undefined;
  const elsewhere = environment["ELECTRON_OVERRIDE_DIST_PATH"];
  if (elsewhere) {
    const path = join(elsewhere, name ?? "electron");
    return existsSync(path) ? path : undefined;
  }
  const path = name === undefined ? undefined : join(folder, "dist", name);
  return path !== undefined && existsSync(path) ? path : undefined;
}

/** Runs the package's installer. @returns why there is no binary, if there is none afterwards */
async function install(
  folder: string,
  environment: Readonly<Record<string, string | undefined>>,
  silenceMs: number,
): Promise<string> {
  // The installer downloads into the folder for temporary files: one of its own shows whether bytes arrive.
  const temporary = mkdtempSync(join(tmpdir(), "hopscope-electron-"));
  try {
    return await new Promise<string>((resolve) => {
      const child = spawn(process.execPath, [join(folder, "install.js")], {
        env: { ...environment, TMPDIR: temporary, TEMP: temporary, TMP: temporary },
        stdio: ["ignore", "ignore", "pipe"],
      });
      let said = "";
      child.stderr.on("data", (chunk: Buffer) => (said = (said + chunk.toString("utf8")).slice(0, 4000)));
      let bytes = 0;
      let grewAt = Date.now();
      const watch = setInterval(() => {
        const now = bytesBelow(temporary) + bytesBelow(join(folder, "dist"));
        if (now !== bytes) grewAt = Date.now();
        bytes = now;
        if (Date.now() - grewAt > silenceMs) child.kill("SIGKILL");
      }, LOOK_EVERY_MS);
      child.on("error", (error) => (said = error.message));
      child.on("close", (_code, signal) => {
        clearInterval(watch);
        resolve(signal === "SIGKILL" ? `nothing arrived for ${silenceMs / 1000} seconds` : firstLine(said));
      });
    });
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function bytesBelow(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.size;
  try {
    return readdirSync(path).reduce((sum, name) => sum + bytesBelow(join(path, name)), 0);
  } catch {
    return 0;
  }
}

/** What went wrong is on the line with the error's name; without one on the first. */
function firstLine(text: string): string {
  const lines = text.split("\n").map((line) => line.trim());
  const line =
    lines.find((l) => /\w*Error\b.*:/.test(l)) ?? lines.find((l) => l !== "") ?? "the installer said nothing";
  return line.length > 160 ? `${line.slice(0, 160)}…` : line;
}
