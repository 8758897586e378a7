/**
 * The command line: `hopscope COMMAND FILE...`. Its behaviour is a contract other programs rely on.
 * A command's modules are loaded when it is called: start-up is a tenth of a second that every call pays.
 */
import { parseArgs, type ParseArgsConfig } from "node:util";
import { FilterError, formatFilterError } from "../../engine/filter/filter-error";
import { OutOfMemoryError } from "../../engine/kernel/kernel";
import type { FieldsFormat } from "./fields-command";
import { appVersion } from "../shared/app-root";
import { HELP } from "./help";
import { PipeClosed, print, printError } from "./output";
import { EXIT_DONE, EXIT_UNUSABLE, decodeOptions } from "./run";
import { UsageError } from "./usage";

type Options = NonNullable<ParseArgsConfig["options"]>;

/** Options of every command that reads captures. */
const READING = {
  "decode-as": { type: "string", short: "d", multiple: true },
  reassemble: { type: "boolean" },
  "no-reassemble": { type: "boolean" },
  "known-ports-only": { type: "boolean" },
  follow: { type: "boolean" },
  threads: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const satisfies Options;

/** What is told for joining. */
const TOLD = {
  cluster: { type: "string", multiple: true },
  "clock-offset": { type: "string", multiple: true },
} as const satisfies Options;

/** Options of the commands that join. */
const JOINING = { ...TOLD, json: { type: "boolean" } } as const satisfies Options;

function threads(text: string | undefined): 1 | 2 | undefined {
  if (text === undefined) return undefined;
  if (text !== "1" && text !== "2") throw new UsageError(`--threads ${text}: expected 1 or 2`);
  return text === "1" ? 1 : 2;
}

function wholeNumber(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d*$/.test(text)) throw new UsageError(`--${option} ${text}: expected a whole number from 1`);
  return Number(text);
}

function oneOf<T extends string>(option: string, text: string | undefined, allowed: readonly T[], fallback: T): T {
  if (text === undefined) return fallback;
  if (!(allowed as readonly string[]).includes(text))
    throw new UsageError(`--${option} ${text}: expected one of ${allowed.join(" ")}`);
  return text as T;
}

async function fields(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...READING,
      field: { type: "string", short: "e", multiple: true },
      filter: { type: "string", short: "Y" },
      format: { type: "string" },
      header: { type: "boolean" },
      checksums: { type: "boolean" },
      point: { type: "boolean" },
      ...TOLD,
    },
  });
  if (values.help) return help("fields");
  const count = threads(values.threads);
  const { runFields } = await import("./fields-command");
  return runFields({
    inputs: positionals,
    decode: decodeOptions(values, "ipv6"),
    fields: values.field ?? [],
    filter: values.filter,
    format: oneOf<FieldsFormat>("format", values.format, ["tsv", "csv", "json", "ek"], "tsv"),
    header: values.header ?? false,
    perPoint: values.point ?? false,
    cluster: values.cluster ?? [],
    clockOffsets: values["clock-offset"] ?? [],
    follow: values.follow ?? false,
    verifyChecksums: values.checksums ?? false,
    ...(count && { threads: count }),
  });
}

async function info(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { ...READING, json: { type: "boolean" } },
  });
  if (values.help) return help("info");
  const count = threads(values.threads);
  const { runInfo } = await import("./info-command");
  return runInfo({
    inputs: positionals,
    decode: decodeOptions(values, true),
    json: values.json ?? false,
    follow: values.follow ?? false,
    ...(count && { threads: count }),
  });
}

async function packets(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { ...READING, ...TOLD, filter: { type: "string", short: "Y" }, count: { type: "string", short: "c" } },
  });
  if (values.help) return help("packets");
  const limit = wholeNumber("count", values.count);
  const count = threads(values.threads);
  const { runPackets } = await import("./packets-command");
  return runPackets({
    inputs: positionals,
    decode: decodeOptions(values, true),
    filter: values.filter,
    count: limit,
    cluster: values.cluster ?? [],
    clockOffsets: values["clock-offset"] ?? [],
    follow: values.follow ?? false,
    ...(count && { threads: count }),
  });
}

async function flows(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...READING,
      json: { type: "boolean" },
      point: { type: "boolean" },
      filter: { type: "string", short: "Y" },
    },
  });
  if (values.help) return help("flows");
  const count = threads(values.threads);
  const { runFlows } = await import("./flows-command");
  return runFlows({
    inputs: positionals,
    decode: decodeOptions(values, true),
    json: values.json ?? false,
    perPoint: values.point ?? false,
    filter: values.filter,
    follow: values.follow ?? false,
    ...(count && { threads: count }),
  });
}

async function connections(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { ...READING, ...JOINING } });
  if (values.help) return help("connections");
  const count = threads(values.threads);
  const { runConnections } = await import("./connections-command");
  return runConnections({
    inputs: positionals,
    decode: decodeOptions(values, true),
    cluster: values.cluster ?? [],
    clockOffsets: values["clock-offset"] ?? [],
    json: values.json ?? false,
    ...(count && { threads: count }),
  });
}

async function journeys(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { ...READING, ...JOINING, connection: { type: "string" } },
  });
  if (values.help) return help("journeys");
  const count = threads(values.threads);
  const { runJourneys } = await import("./journeys-command");
  return runJourneys({
    inputs: positionals,
    decode: decodeOptions(values, true),
    cluster: values.cluster ?? [],
    clockOffsets: values["clock-offset"] ?? [],
    connection: values.connection,
    json: values.json ?? false,
    ...(count && { threads: count }),
  });
}

async function findings(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { ...READING, ...JOINING, conntrack: { type: "string", multiple: true } },
  });
  if (values.help) return help("findings");
  const count = threads(values.threads);
  const { runFindings } = await import("./findings-command");
  return runFindings({
    inputs: positionals,
    decode: decodeOptions(values, true),
    cluster: values.cluster ?? [],
    clockOffsets: values["clock-offset"] ?? [],
    conntrack: values.conntrack ?? [],
    json: values.json ?? false,
    ...(count && { threads: count }),
  });
}

async function model(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { ...READING, ...JOINING } });
  if (values.help) return help("model");
  const count = threads(values.threads);
  const { runModel } = await import("./model-command");
  return runModel({
    inputs: positionals,
    decode: decodeOptions(values, true),
    cluster: values.cluster ?? [],
    clockOffsets: values["clock-offset"] ?? [],
    json: values.json ?? false,
    ...(count && { threads: count }),
  });
}

async function exportTo(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...READING,
      to: { type: "string" },
      filter: { type: "string", short: "Y" },
      field: { type: "string", short: "e", multiple: true },
      connection: { type: "string" },
      journeys: { type: "boolean" },
      decapsulate: { type: "boolean" },
      tunnels: { type: "string" },
      ...TOLD,
    },
  });
  if (values.help) return help("export");
  if (values.to === undefined)
    throw new UsageError("--to is missing: name the file to write, for example --to flows.csv");
  const count = threads(values.threads);
  const tunnels = wholeNumber("tunnels", values.tunnels);
  if (tunnels !== undefined && !values.decapsulate)
    throw new UsageError("--tunnels says how many tunnels --decapsulate takes off: give both");
  const { runExport } = await import("./export-command");
  return runExport({
    inputs: positionals,
    decode: decodeOptions(values, true),
    to: values.to,
    filter: values.filter,
    fields: values.field ?? [],
    connection: values.connection,
    journeys: values.journeys ?? false,
    decapsulate: values.decapsulate ? (tunnels ?? Infinity) : 0,
    cluster: values.cluster ?? [],
    clockOffsets: values["clock-offset"] ?? [],
    ...(count && { threads: count }),
  });
}

async function simulate(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      list: { type: "boolean" },
      show: { type: "boolean" },
      seed: { type: "string" },
      out: { type: "string", short: "o" },
      split: { type: "string" },
      "cluster-out": { type: "string" },
      "truth-out": { type: "string" },
      "conntrack-out": { type: "string" },
      live: { type: "boolean" },
      fault: { type: "string", multiple: true },
      duration: { type: "string" },
      point: { type: "string", multiple: true },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) return help("simulate");
  if (positionals.length > 1) throw new UsageError(`one scenario at a time: ${positionals.join(" ")}`);
  if (values.seed !== undefined && !/^\d{1,15}$/.test(values.seed))
    throw new UsageError(`--seed ${values.seed}: expected a whole number from 0`);
  const seconds = values.duration === undefined ? undefined : Number(values.duration);
  if (seconds !== undefined && !(seconds > 0 && seconds <= 86400))
    throw new UsageError(`--duration ${values.duration ?? ""}: expected seconds, up to 86400`);
  const { runSimulate } = await import("./simulate-command");
  return runSimulate({
    scenario: positionals[0],
    list: values.list ?? false,
    show: values.show ?? false,
    seed: Number(values.seed ?? 1),
    out: values.out,
    split: values.split,
    clusterOut: values["cluster-out"],
    truthOut: values["truth-out"],
    conntrackOut: values["conntrack-out"],
    live: values.live ?? false,
    faults: values.fault ?? [],
    seconds,
    points: values.point ?? [],
  });
}

async function serve(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      port: { type: "string" },
      "no-open": { type: "boolean" },
      follow: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) return help("serve");
  const port = portNumber(values.port);
  const { runServe } = await import("./serve-command");
  return runServe({ inputs: positionals, port, open: !values["no-open"], follow: values.follow ?? false });
}

async function open(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { help: { type: "boolean", short: "h" } },
  });
  if (values.help) return help("open");
  const { runOpen } = await import("./open-command");
  return runOpen(positionals);
}

function portNumber(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65535)
    throw new UsageError(`--port ${text}: expected a number from 0 (any free port) to 65535`);
  return Number(text);
}

function help(command: string): number {
  print(HELP[command] ?? (HELP[""] as string));
  return EXIT_DONE;
}

const COMMANDS: Readonly<Record<string, (args: string[]) => Promise<number>>> = {
  info,
  fields,
  packets,
  flows,
  connections,
  journeys,
  findings,
  model,
  export: exportTo,
  simulate,
  serve,
  open,
};

async function main(argv: string[]): Promise<number> {
  const [name, ...args] = argv;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    if (name === undefined) {
      printError(HELP[""] as string);
      return EXIT_UNUSABLE;
    }
    return help(args[0] ?? "");
  }
  if (name === "--version" || name === "-V" || name === "version") {
    print(`hopscope ${appVersion()}\n`);
    return EXIT_DONE;
  }
  const command = COMMANDS[name];
  if (!command) throw new UsageError(`no command is named ${name}; hopscope --help lists them`);
  return command(args);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof PipeClosed) process.exitCode = EXIT_DONE;
  else if (error instanceof FilterError) {
    printError(formatFilterError(error.source, error));
    process.exitCode = EXIT_UNUSABLE;
  } else if (error instanceof UsageError || error instanceof OutOfMemoryError) {
    printError(`hopscope: ${error.message}`);
    process.exitCode = EXIT_UNUSABLE;
  } else if (error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS")) {
    printError(`hopscope: ${error.message}`);
    process.exitCode = EXIT_UNUSABLE;
  } else throw error;
}
