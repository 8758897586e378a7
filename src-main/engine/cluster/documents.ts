/**
 * The text of a cluster file to plain values, and from a path in a value back to the line it stands on.
 *
 * ```
 * { … }  or  [ … ]           JSON, one document or several in a row (kubectl … >> file)
 * anything else              YAML, documents separated by ---
 * ```
 * JSON goes through JSON.parse (100 MB of `kubectl get -A -o json` take seconds; the YAML parser would take minutes), so lines
 * are looked up only where an error needs them.
 */
import { LineCounter, parseAllDocuments } from "yaml";

export type PathPart = string | number;

export interface TextDocument {
  readonly value: unknown;
  /** Line (from 1) where the value at `path` begins; of its nearest ancestor that exists. */
  readonly lineOf: (path: readonly PathPart[]) => number;
}

/** Text that is neither JSON nor YAML. `line` and `column` from 1. */
export class SyntaxProblem extends Error {
  override readonly name = "SyntaxProblem";
  constructor(
    message: string,
    readonly line: number,
    readonly column: number,
  ) {
    super(message);
  }
}

/** Bytes to text: UTF-8, or UTF-16 if it begins so (what `>` writes in older PowerShells). */
export function decodeText(bytes: Uint8Array): string {
  const [a, b] = bytes;
  const encoding = a === 0xff && b === 0xfe ? "utf-16le" : a === 0xfe && b === 0xff ? "utf-16be" : "utf-8";
  return new TextDecoder(encoding).decode(bytes);
}

/** Throws a SyntaxProblem. An empty text has no documents. */
export function parseDocuments(text: string): readonly TextDocument[] {
  const first = /\S/.exec(text)?.[0];
  if (first === undefined) return [];
  return (first === "{" || first === "[" ? parseJson(text) : undefined) ?? parseYaml(text);
}

/** Undefined if it is no JSON but may be YAML. */
function parseJson(text: string): TextDocument[] | undefined {
  const documents: TextDocument[] = [];
  let at = skipSpace(text, 0);
  while (at < text.length) {
    const end = skipValue(text, at);
    if (end === undefined) {
      const { line, column } = place(text, at);
      throw new SyntaxProblem("the file ends inside the value that begins here: it is cut short", line, column);
    }
    const start = at;
    try {
      documents.push({
        value: JSON.parse(text.slice(start, end)) as unknown,
        lineOf: (path) => place(text, locate(text, start, path)).line,
      });
    } catch {
      return undefined;
    }
    at = skipSpace(text, end);
  }
  return documents;
}

function parseYaml(text: string): TextDocument[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, logLevel: "silent" });
  if (!Array.isArray(documents)) return [];
  return documents.map((document) => {
    const [error] = document.errors;
    if (error) {
      const { line, col } = lines.linePos(error.pos[0]);
      throw new SyntaxProblem(error.message, line, col);
    }
    let value: unknown;
    try {
      // Refuses more than 100 expansions of aliases: a few lines could stand for gigabytes.
      value = document.toJS({ maxAliasCount: 100 });
    } catch (e) {
      throw new SyntaxProblem(e instanceof Error ? e.message : String(e), lines.linePos(document.range[0]).line, 1);
    }
    return {
      value,
      lineOf: (path) => {
        for (let n = path.length; n >= 0; n--) {
          const node = n === 0 ? document.contents : document.getIn(path.slice(0, n), true);
          const range = typeof node === "object" && node !== null && "range" in node ? node.range : undefined;
          if (Array.isArray(range)) return lines.linePos(Number(range[0])).line;
        }
        return lines.linePos(document.range[0]).line;
      },
    };
  });
}

function place(text: string, offset: number): { readonly line: number; readonly column: number } {
  let line = 1;
  let lineStart = 0;
  for (let i = text.indexOf("\n"); i >= 0 && i < offset; i = text.indexOf("\n", i + 1)) {
    line++;
    lineStart = i + 1;
  }
  return { line, column: offset - lineStart + 1 };
}

// ---- walking JSON text

const SPACE = /[\s\ufeff]/;

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && SPACE.test(text[at] as string)) at++;
  return at;
}

/** Offset behind the string that begins at `from`; undefined if it does not end. */
function skipString(text: string, from: number): number | undefined {
  for (let at = from + 1; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === 92) at++;
    else if (char === 34) return at + 1;
  }
  return undefined;
}

/** Offset behind the value that begins at `from`. Only brackets and strings count: what is between is JSON.parse's to judge. */
function skipValue(text: string, from: number): number | undefined {
  let depth = 0;
  let at = from;
  while (at < text.length) {
    const char = text[at] as string;
    if (char === '"') {
      const end = skipString(text, at);
      if (end === undefined) return undefined;
      at = end;
      if (depth === 0) return at;
      continue;
    }
    if (char === "{" || char === "[") depth++;
    else if (char === "}" || char === "]") {
      // A scalar inside something ends before the bracket that closes it.
      if (depth === 0) return at;
      depth--;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && (char === "," || SPACE.test(char))) return at;
    at++;
  }
  return depth === 0 ? at : undefined;
}

/** Offset of the value at `path` in the (sound) JSON value at `start`, or of the last ancestor there is. */
function locate(text: string, start: number, path: readonly PathPart[]): number {
  let value = start;
  for (const part of path) {
    let at = skipSpace(text, value + 1);
    let found: number | undefined;
    for (let i = 0; at < text.length && text[at] !== "}" && text[at] !== "]"; i++) {
      let key: PathPart = i;
      if (text[value] === "{") {
        const end = skipString(text, at);
        if (end === undefined) return value;
        key = JSON.parse(text.slice(at, end)) as string;
        at = skipSpace(text, skipSpace(text, end) + 1);
      }
      // The last of equal keys is the one that counts, as in JSON.parse.
      if (key === part) found = at;
      at = skipSpace(text, skipValue(text, at) ?? text.length);
      if (text[at] === ",") at = skipSpace(text, at + 1);
    }
    if (found === undefined) return value;
    value = found;
  }
  return value;
}
