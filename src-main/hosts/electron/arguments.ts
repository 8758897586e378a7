/** Files named on the command line of a first or second start. */
import { resolve } from "node:path";
import * as v from "valibot";

/** What a second start hands to the first: absolute paths. Comes from another process, so it is checked. */
export const handOverSchema = v.object({
  files: v.pipe(v.array(v.pipe(v.string(), v.maxLength(4096))), v.maxLength(10_000)),
});

/**
 * @param argv as Electron gives it: the program, in a checkout also the application's folder, then options and files
 * @param isPackaged whether the application's folder is missing from `argv`
 * @returns absolute paths, and "-" for standard input
 */
export function filesOfArguments(argv: readonly string[], isPackaged: boolean, folder: string): string[] {
  return argv
    .slice(isPackaged ? 1 : 2)
    .filter((argument) => argument === "-" || (argument !== "" && !argument.startsWith("-")))
    .map((argument) => (argument === "-" ? argument : resolve(folder, argument)));
}
