/**
 * Test material outside the repository: other projects' captures and lab recordings. Found beside the repository or where
 * HOPSCOPE_SHARED points; tests that need it skip, saying so, where it is missing.
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { spawnSync } from "node:child_process";

export const SHARED = resolve(process.env["HOPSCOPE_SHARED"] ?? "../shared");
export const CORPUS = resolve(process.env["HOPSCOPE_CORPUS"] ?? join(SHARED, "corpus"));
export const LABS = join(SHARED, "labs");

export function isHere(path: string): boolean {
  return existsSync(path);
}

export function hasTool(name: string): boolean {
  return spawnSync(name, ["--version"], { stdio: "ignore" }).error === undefined;
}

/** Every file below `folder` that may be a capture, in a stable order. */
export function captureFiles(folder: string): string[] {
  const found: string[] = [];
  const walk = (at: string): void => {
    for (const name of readdirSync(at).sort()) {
      const path = join(at, name);
      if (statSync(path).isDirectory()) walk(path);
      else if (!/\.(jsonl?|txt|md)$|LICENSE/.test(name)) found.push(path);
    }
  };
  walk(folder);
  return found;
}

/** The command as users start it, built by the test set-up. */
export const CLI = resolve("out/main/cli.js");

export function hopscope(...args: string[]): { stdout: string; stderr: string; status: number | null } {
  const r = spawnSync(process.execPath, [CLI, ...args], { encoding: "utf8", maxBuffer: 1 << 28 });
  return { stdout: r.stdout, stderr: r.stderr, status: r.status };
}
