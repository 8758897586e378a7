/**
 * Turns what the user named (files, folders, patterns, "-") into the list of files to open, in an order that puts
 * `node2` before `node10`. What cannot be found becomes a problem that says what to do; the rest is opened all the same.
 */
import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";

import type { Problem } from "../../../src-shared/model/problem";
import { expandGlob, isGlob } from "./glob";
import { looksReadable, MAGIC_LENGTH } from "./magic";
import { openFailureMessage } from "./open-failure";

export interface ExpandedInputs {
  /** Paths as `openSource` takes them, relative where the input was; inputs in their order, each file once. */
  readonly files: string[];
  readonly problems: Problem[];
}

const STDIN = "-";
const collator = new Intl.Collator("en", { numeric: true });

/**
 * Expands each input:
 * - a file: itself, whatever it holds;
 * - a folder: every file below it that begins like a capture or a compressed file; hidden files, hidden folders and
 *   links to folders are left out;
 * - a pattern, if there is no file of that name: what it matches, folders expanded as above;
 * - "-": standard input.
 * Never throws: all that fails is in `problems`.
 */
export function expandInputs(inputs: readonly string[]): ExpandedInputs {
  const problems: Problem[] = [];
  // Keyed by what it resolves to, so that "a.pcap" and "./a.pcap" are one.
  const files = new Map<string, string>();
  for (const input of inputs) {
    for (const file of expandInput(input, problems)) {
      const key = file === STDIN ? STDIN : resolve(file);
      if (!files.has(key)) files.set(key, file);
    }
  }
  return { files: [...files.values()], problems };
}

function expandInput(input: string, problems: Problem[]): string[] {
  if (input === STDIN) return [STDIN];
  if (isGlob(input) && !existsSync(input)) return expandPattern(input, problems);
  const found = attempt(input, problems, () => statSync(input));
  if (found === undefined) return [];
  return found.isDirectory() ? expandFolder(input, problems) : [input];
}

function expandPattern(pattern: string, problems: Problem[]): string[] {
  const paths = expandGlob(pattern).sort(naturally);
  if (paths.length === 0) {
    problems.push(cannotOpen(pattern, "no file matches this pattern; check the folder it names, and its spelling"));
  }
  return paths.flatMap((path) => (isFolder(path) ? expandFolder(path, problems) : [named(path)]));
}

function expandFolder(folder: string, problems: Problem[]): string[] {
  const before = problems.length;
  const files = [...capturesIn(folder, problems)];
  if (files.length === 0 && problems.length === before) {
    problems.push(cannotOpen(folder, "there is no capture in this folder; name the files if they begin otherwise"));
  }
  return files.sort((a, b) => naturally(relative(folder, a), relative(folder, b)));
}

function* capturesIn(folder: string, problems: Problem[]): Generator<string> {
  for (const entry of attempt(folder, problems, () => readdirSync(folder, { withFileTypes: true })) ?? []) {
    if (entry.name.startsWith(".")) continue;
    const path = named(join(folder, entry.name));
    if (entry.isDirectory()) {
      yield* capturesIn(path, problems);
    } else if (attempt(path, problems, () => isFile(path) && looksReadable(headOf(path))) === true) {
      yield path;
    }
  }
}

/** A file that happens to be called "-" must not turn into standard input. */
function named(path: string): string {
  return path === STDIN ? "./-" : path;
}

function headOf(path: string): Uint8Array {
  const fd = openSync(path, "r");
  try {
    const head = new Uint8Array(MAGIC_LENGTH);
    return head.subarray(0, readSync(fd, head, 0, head.length, 0));
  } finally {
    closeSync(fd);
  }
}

/** Links are followed; FIFOs and devices are not files: opening one of those could block. */
function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function naturally(a: string, b: string): number {
  // The collator finds "a01" and "a1" equal; an order that is always the same needs one of them first.
  return collator.compare(a, b) || (a < b ? -1 : 1);
}

/** The result of `action`; if it throws, undefined and a problem. */
function attempt<T>(path: string, problems: Problem[], action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    problems.push(cannotOpen(path, openFailureMessage(error)));
    return undefined;
  }
}

function cannotOpen(file: string, message: string): Problem {
  return { file, offset: 0, code: "cannot-open", message, fatal: true };
}
