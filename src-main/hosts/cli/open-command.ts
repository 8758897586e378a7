/**
 * `hopscope open`, also `npm start`: the desktop window. Where Electron's binary cannot be had, or there is no display, it says so
 * in one line and opens the browser host.
 */
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { hasDisplay } from "../serve/open-browser";
import { appRoot } from "../shared/app-root";
import { findElectron } from "../shared/electron-binary";
import { printError } from "./output";
import { EXIT_DONE, EXIT_UNUSABLE } from "./run";
import { runServe } from "./serve-command";

export async function runOpen(inputs: readonly string[]): Promise<number> {
  if (!hasDisplay()) {
    printError("hopscope: there is no display for a window; opening Hopscope for a browser instead");
    return runServe({ inputs, port: undefined, open: false });
  }
  const binary = await findElectron({ say: printError });
  if (!binary.found) {
    printError(
      `hopscope: no desktop window, Electron's binary cannot be had (${binary.why}); opening in a browser instead`,
    );
    return runServe({ inputs, port: undefined, open: true });
  }
  // "-": the window reads the standard input that it inherits.
  const files = inputs.map((input) => (input === "-" ? input : resolve(input)));
  const code = await new Promise<number | null>((done) => {
    // The channel tells the window when this process is gone, also after a kill that cannot be handed on.
    const child = spawn(binary.path, [appRoot(), ...files], { stdio: ["inherit", "inherit", "inherit", "ipc"] });
    // Ctrl+C reaches the window by itself (one terminal, one group); a kill of this process alone is handed on.
    process.on("SIGINT", () => {});
    process.on("SIGTERM", () => void child.kill("SIGTERM"));
    child.on("error", (error) => {
      printError(`hopscope: ${binary.path} cannot be started: ${error.message}`);
      done(EXIT_UNUSABLE);
    });
    child.on("exit", done);
  });
  return code === 0 ? EXIT_DONE : EXIT_UNUSABLE;
}
