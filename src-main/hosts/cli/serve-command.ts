/** `hopscope serve`: the app in a browser. */
import { existsSync } from "node:fs";
import { EngineHost } from "../../engine/service/engine-host";
import { isGlob } from "../../engine/sources/glob";
import { DEFAULT_PORT, NEXT_PORTS } from "../serve/default-port";
import { Interrupts } from "../serve/interrupts";
import { serve } from "../serve/serve";
import { EXIT_DONE, EXIT_UNUSABLE } from "./run";
import { print, printError } from "./output";

export interface ServeCommandOptions {
  readonly inputs: readonly string[];
  readonly port: number | undefined;
  readonly open: boolean;
  /** The last input is read as it grows. */
  readonly follow?: boolean;
}

export async function runServe({ inputs, port, open, follow = false }: ServeCommandOptions): Promise<number> {
  const missing = inputs.filter((input) => input !== "-" && !isGlob(input) && !existsSync(input));
  for (const input of missing) printError(`hopscope: ${input}: no such file or folder`);
  if (missing.length > 0 && missing.length === inputs.length) return EXIT_UNUSABLE;
  try {
    await serve({
      files: inputs,
      port,
      open,
      follow,
      say: (line) => print(`${line}\n`),
      startEngine: (options) => new EngineHost(options),
      interrupts: Interrupts.ofProcess(process.stdout.isTTY),
    });
    return EXIT_DONE;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== "EADDRINUSE" && code !== "EACCES") throw error;
    const why = code === "EACCES" ? "needs other rights" : "is taken by another program";
    printError(`hopscope: port ${port ?? `${DEFAULT_PORT} and the next ${NEXT_PORTS}`} ${why}; choose one with --port`);
    return EXIT_UNUSABLE;
  }
}
