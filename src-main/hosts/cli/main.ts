/** The command line: `hopscope COMMAND FILE...`. Its behaviour is a contract other programs rely on. */
import { nearest } from "../../../src-shared/base/nearest";
import { FilterError, formatFilterError } from "../../engine/filter/filter-error";
import { OutputError } from "../../engine/export/output-file";
import { OutOfMemoryError } from "../../engine/kernel/kernel";
import { appVersion } from "../shared/app-root";
import type { Command } from "./command";
import { COMMANDS, overview } from "./commands";
import { PipeClosed, print, printError } from "./output";
import { EXIT_DONE, EXIT_UNUSABLE } from "./run";
import { UsageError } from "./usage";

function isHelp(arg: string): boolean {
  return arg === "--help" || arg === "-h";
}

function commandOf(name: string): Command {
  const command = COMMANDS.get(name);
  if (command) return command;
  const like = nearest(name, COMMANDS.keys());
  const guess = like === undefined ? "" : `; did you mean ${like}?`;
  throw new UsageError(`no command is named ${name}${guess} (hopscope --help lists them)`);
}

async function main(argv: readonly string[]): Promise<number> {
  const [name, ...args] = argv;
  if (name === undefined) {
    printError(overview());
    return EXIT_UNUSABLE;
  }
  if (name === "--version" || name === "-V" || name === "version") {
    print(`hopscope ${appVersion()}\n`);
    return EXIT_DONE;
  }
  const isOverview = isHelp(name) || name === "help";
  const asked = isOverview ? args[0] : name;
  const operands = args.indexOf("--");
  const wantsHelp = isOverview || (operands < 0 ? args : args.slice(0, operands)).some(isHelp);
  if (!wantsHelp) return commandOf(name).run(args);
  print(asked === undefined ? overview() : commandOf(asked).help);
  return EXIT_DONE;
}

/** What a person is told; undefined: a defect of ours, whose stack is wanted. */
function messageOf(error: unknown): string | undefined {
  if (error instanceof FilterError) return `hopscope: ${formatFilterError(error.source, error)}`;
  if (error instanceof UsageError || error instanceof OutputError || error instanceof OutOfMemoryError)
    return `hopscope: ${error.message}`;
  // A disk that is full, a file that went away: the system's message says which.
  return error instanceof Error && "syscall" in error ? `hopscope: ${error.message}` : undefined;
}

async function run(argv: readonly string[]): Promise<number> {
  try {
    return await main(argv);
  } catch (error) {
    // The reader has enough.
    if (error instanceof PipeClosed) return EXIT_DONE;
    const message = messageOf(error);
    if (message === undefined) throw error;
    printError(message);
    return EXIT_UNUSABLE;
  }
}

process.exitCode = await run(process.argv.slice(2));
