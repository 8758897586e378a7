/** Something in the input that could not be read as it should be. Nothing is silent: each is reported with its place. */
export interface Problem {
  /** The file as the user named it; "-" for standard input. */
  readonly file: string;
  /** Byte offset in the (decompressed) file where the trouble begins. */
  readonly offset: number;
  readonly code:
    | "cannot-open"
    | "unknown-format"
    | "unsupported-version"
    | "truncated"
    | "bad-length"
    | "bad-interface"
    | "bad-trailer"
    | "bad-block"
    | "block-skipped"
    | "compression"
    | "unsupported-link-type";
  /** One sentence: what was expected and what was found. */
  readonly message: string;
  /** True if nothing after the offset was read. */
  readonly fatal: boolean;
}

export function formatProblem(p: Problem): string {
  return `${p.file}: byte ${p.offset}: ${p.message}`;
}
