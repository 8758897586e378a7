/** A command line that cannot be carried out: what is wrong and what was expected. Exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
