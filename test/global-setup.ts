/**
 * Builds what tests run on, if it is missing or older than its sources: the kernel, and the bundles that hold the workers,
 * the command and the interface.
 */
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { isKernelStale, isMainStale, isRendererStale } from "../build/outputs.js";

export default function setup(): void {
  if (isKernelStale()) runScript("build:kernel");
  if (!isMainStale() && !isRendererStale()) return;
  try {
    runScript("build:main");
  } catch {
    // Most tests need no bundle: run them. Those that do must not pass on an old one.
    for (const folder of [...(isMainStale() ? ["out/main"] : []), ...(isRendererStale() ? ["out/renderer"] : [])]) {
      rmSync(folder, { recursive: true, force: true });
      console.error(`The bundles in ${folder} could not be built, see above: tests that start them will fail.`);
    }
  }
}

function runScript(name: string): void {
  // npm is a .cmd file on Windows, which only a shell starts.
  execFileSync("npm", ["run", "--silent", name], { stdio: "inherit", shell: process.platform === "win32" });
}
