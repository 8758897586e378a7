/** What a command is, and what `--help` makes of it. The commands are in commands.ts. */
import type { DecodeOptions } from "../../engine/decode/decode-options";
import {
  choice,
  flag,
  helpEntry,
  list,
  optionHelp,
  type Options,
  type OptionValues,
  readArguments,
  valuesOf,
} from "./option";
import { decodeOptions } from "./run";

export interface Command {
  readonly name: string;
  /** In a few words, for the overview. */
  readonly about: string;
  /** What `--help` prints. */
  readonly help: string;
  /** The result is the exit code. */
  readonly run: (args: readonly string[]) => Promise<number>;
}

interface CommandText {
  readonly name: string;
  readonly about: string;
  /** What follows the name. */
  readonly usage: string;
  /** What it does and prints, in lines. */
  readonly description: string;
}

/** A command of the options it names and no others. */
export function command<O extends Options>(
  told: CommandText & {
    readonly options: O;
    readonly exitCodes?: string;
    readonly run: (values: OptionValues<O>, inputs: readonly string[]) => Promise<number>;
  },
): Command {
  const footer = told.exitCodes === undefined ? "" : `\nExit codes: ${told.exitCodes}\n`;
  return {
    name: told.name,
    about: told.about,
    help: `${opening(told)}\n${optionsHelp(told.options)}${HELP_ENTRY}${footer}`,
    run: (args) => {
      const { given, inputs } = readArguments(told.name, told.options, args);
      return told.run(valuesOf(told.options, given), inputs);
    },
  };
}

/** Options of every command that reads captures. */
const READING = {
  decodeAs: list("-d, --decode-as RULE", "udp.port=9000:ip  tcp.port=8081:http  interface=eth0:101 (repeatable)"),
  reassemble: flag(
    "--reassemble",
    "rebuild fragmented IP datagrams (the default; of fields for IPv6 only, as tshark does)",
  ),
  noReassemble: flag("--no-reassemble", "leave fragments as they are"),
  knownPortsOnly: flag("--known-ports-only", "do not recognise tunnels by their bytes on other ports"),
  threads: choice("--threads 1|2", ["1", "2"], "decode on a second thread (default: for inputs over 6 MB)"),
};

/** What such a command is called with besides its own options. */
export interface ReadingValues {
  readonly inputs: readonly string[];
  readonly decode: DecodeOptions;
  readonly threads: 1 | 2 | undefined;
}

/** A command that reads captures: FILE..., its own options, and those of reading. */
export function readingCommand<O extends Options>(
  told: CommandText & {
    readonly options: O;
    /** Fragments that are put together unless told otherwise; true: all. */
    readonly reassemble?: DecodeOptions["reassemble"];
    readonly run: (values: OptionValues<O> & ReadingValues) => Promise<number>;
  },
): Command {
  const own = optionsHelp(told.options);
  return {
    name: told.name,
    about: told.about,
    help: `${opening(told)}${own && `\n${own}`}
Reading:
${helpEntry("  FILE...", "captures (pcap, pcapng; also gzip, zstd, lz4), folders, globs; - is standard input")}${optionsHelp(READING)}${HELP_ENTRY}
Exit codes: 0 done; 1 done, part of the input was unreadable; 2 unusable arguments or no readable input.
`,
    run: (args) => {
      const { given, inputs } = readArguments(told.name, { ...told.options, ...READING }, args);
      const { threads, ...decoding } = valuesOf(READING, given);
      return told.run({
        ...valuesOf(told.options, given),
        inputs,
        decode: decodeOptions(decoding, told.reassemble ?? true),
        threads: threads === undefined ? undefined : threads === "1" ? 1 : 2,
      });
    },
  };
}

const HELP_ENTRY = helpEntry("  -h, --help", "this text");

function opening({ name, usage, description }: CommandText): string {
  return `Usage: hopscope ${name} ${usage}\n\n${description}\n`;
}

function optionsHelp(options: Options): string {
  return Object.values(options).map(optionHelp).join("");
}
