/**
 * One description of an option, used three times: the command line is read by it, what was given is checked by it, and `--help`
 * prints it.
 *
 *     count: wholeNumber("-c, --count COUNT", "stop after so many")      →  options.count: number | undefined
 */
import { parseArgs } from "node:util";
import { nearest } from "../../../src-shared/base/nearest";
import { UsageError } from "./usage";

export interface Option<T> {
  /** As `--help` prints it: "-c, --count COUNT"; without a word behind the name it is a switch. */
  readonly usage: string;
  /** In lines of `--help`. */
  readonly help: string;
  /** The value, from what was given, in order; empty: nothing was. Throws a UsageError. `name` is "--count". */
  readonly read: (given: readonly string[], name: string) => T;
}

export type Options = Readonly<Record<string, Option<unknown>>>;
export type OptionValues<O extends Options> = { readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never };

export function flag(usage: string, help: string): Option<boolean> {
  return { usage, help, read: (given) => given.length > 0 };
}

/** The last one counts where it was given several times, as for all but lists. */
export function text(usage: string, help: string): Option<string | undefined> {
  return { usage, help, read: (given) => given.at(-1) };
}

/** Can be given repeatedly. */
export function list(usage: string, help: string): Option<readonly string[]> {
  return { usage, help, read: (given) => given };
}

/** One of `allowed`; undefined if it was not given. */
export function choice<const T extends string>(
  usage: string,
  allowed: readonly T[],
  help: string,
): Option<T | undefined> {
  return {
    usage,
    help,
    read: (given, name) => {
      const value = given.at(-1);
      const known = allowed.find((one) => one === value);
      if (value !== undefined && known === undefined)
        throw new UsageError(`${name} ${value}: expected one of ${allowed.join(" ")}`);
      return known;
    },
  };
}

/** A number that `check` accepts; `expected` says which ones those are. Undefined if it was not given. */
export function number(
  usage: string,
  check: (value: number) => boolean,
  expected: string,
  help: string,
): Option<number | undefined> {
  return {
    usage,
    help,
    read: (given, name) => {
      const value = given.at(-1);
      if (value === undefined) return undefined;
      if (!/^(\d+\.?\d*|\.\d+)$/.test(value) || !check(Number(value)))
        throw new UsageError(`${name} ${value}: expected ${expected}`);
      return Number(value);
    },
  };
}

/** A whole number of `from` or more, exact as a double. */
export function wholeNumber(usage: string, from: number, help: string): Option<number | undefined> {
  return number(usage, (value) => Number.isSafeInteger(value) && value >= from, `a whole number from ${from}`, help);
}

/** Where `--help` begins to say what an option means. */
const HELP_COLUMN = 27;

/** A line or more of `--help`: what is written on the left, what it means on the right. */
export function helpEntry(left: string, help: string): string {
  const padded = left.length + 2 > HELP_COLUMN ? `${left}  ` : left.padEnd(HELP_COLUMN);
  return `${padded}${help.replaceAll("\n", `\n${" ".repeat(HELP_COLUMN)}`)}\n`;
}

export function optionHelp({ usage, help }: Option<unknown>): string {
  return helpEntry(usage.startsWith("--") ? `      ${usage}` : `  ${usage}`, help);
}

interface OptionName {
  /** Property in the values. */
  readonly key: string;
  readonly long: string;
  readonly short: string | undefined;
  /** What follows it; undefined: nothing does. */
  readonly value: string | undefined;
}

function nameOf(key: string, usage: string): OptionName {
  const [, short, long, value] = /^(?:-(\w), )?--([\w-]+)(?: (.+))?$/.exec(usage) ?? [];
  if (long === undefined) throw new Error(`"${usage}" is not written as -x, --name VALUE`);
  return { key, long, short, value };
}

/** What was given for each option, by its property. */
type Given = ReadonlyMap<string, readonly string[]>;

/**
 * Takes a command line apart. `command` is for messages. Throws a UsageError for what is no option, for a value that is missing
 * and for one that is too much. What comes behind `--` is no option.
 */
export function readArguments(
  command: string,
  options: Options,
  args: readonly string[],
): { readonly given: Given; readonly inputs: readonly string[] } {
  const names = Object.entries(options).map(([key, { usage }]) => nameOf(key, usage));
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    options: Object.fromEntries(
      names.map(({ long, short, value }) => [
        long,
        { type: value === undefined ? "boolean" : "string", ...(short !== undefined && { short }) },
      ]),
    ),
  });
  const given = new Map<string, string[]>();
  const inputs: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") inputs.push(token.value);
    if (token.kind !== "option") continue;
    const name = names.find(({ long }) => long === token.name);
    if (name === undefined) throw unknownOption(command, token.rawName, token.name, names);
    const { key, long, value } = name;
    // "--out --live": a value that begins with a dash is written --out=-name; "-" alone is standard input or output.
    const isMissing = token.value === undefined || (!token.inlineValue && /^-./.test(token.value));
    if (value === undefined && token.value !== undefined) throw new UsageError(`--${long} takes no value`);
    if (value !== undefined && isMissing) throw new UsageError(`--${long} needs a value: --${long} ${value}`);
    given.set(key, [...(given.get(key) ?? []), token.value ?? ""]);
  }
  return { given, inputs };
}

function unknownOption(command: string, written: string, name: string, names: readonly OptionName[]): UsageError {
  const like = nearest(
    name,
    names.map(({ long }) => long),
  );
  const guess = like === undefined ? "" : `; did you mean --${like}?`;
  return new UsageError(
    `${written} is no option of hopscope ${command}${guess} (hopscope ${command} --help lists them)`,
  );
}

/** The values of options. Throws a UsageError that says what was expected. */
export function valuesOf<O extends Options>(options: O, given: Given): OptionValues<O> {
  const values = Object.entries(options).map(([key, { usage, read }]) => [
    key,
    read(given.get(key) ?? [], `--${nameOf(key, usage).long}`),
  ]);
  return Object.fromEntries(values) as OptionValues<O>;
}
