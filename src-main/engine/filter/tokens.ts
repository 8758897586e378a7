/**
 * A filter's words and signs.
 *
 * ```
 * ip.src#2[0:2] == 0a:01 and tcp.port in {80, 4430..4434}
 * word  # range [ range ] op word  op  word op { word , word .. word }
 * ```
 *
 * A word is anything unquoted: a field, a number, an address; only the grammar can tell which. As in Wireshark a word may
 * hold "-" and ":", so a subtraction needs a space in front of its sign.
 */
import { FilterError } from "./filter-error";

export type TokenType = "word" | "string" | "char" | "op" | "range" | "end";

export interface Token {
  readonly type: TokenType;
  /** An operator under its one name ("eq" is "=="); else as written. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Of a string or character constant: what it stands for. */
  readonly bytes?: Uint8Array;
}

/** Longest first. */
const SIGNS: readonly (readonly [sign: string, op: string])[] = [
  ["===", "==="],
  ["!==", "!=="],
  ["==", "=="],
  ["!=", "!="],
  ["~=", "!=="],
  [">=", ">="],
  ["<=", "<="],
  ["&&", "and"],
  ["||", "or"],
  ["^^", "xor"],
  ["..", ".."],
  ["~", "matches"],
  ["!", "not"],
  ...Array.from("><&+-*/%(){}[],#", (sign) => [sign, sign] as const),
];

/** Operators written as words. Lower case only, as in Wireshark. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ["and", "and"],
  ["or", "or"],
  ["xor", "xor"],
  ["not", "not"],
  ["eq", "=="],
  ["any_eq", "=="],
  ["ne", "!="],
  ["all_ne", "!="],
  ["all_eq", "==="],
  ["any_ne", "!=="],
  ["gt", ">"],
  ["ge", ">="],
  ["lt", "<"],
  ["le", "<="],
  ["contains", "contains"],
  ["matches", "matches"],
  ["in", "in"],
  ["any", "any"],
  ["all", "all"],
  ["bitwise_and", "&"],
]);

const WORD_START = /[A-Za-z0-9_:.]/;
const WORD_PART = /[A-Za-z0-9_:.-]/;
const IPV4_SHAPE = /^\d+\.\d+\.\d+\.\d+$/;

/** Splits a filter; the last token has type "end". Throws FilterError. */
export function readTokens(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    const c = source[at] as string;
    if (c === " " || c === "\t" || c === "\n" || c === "\r") {
      at++;
      continue;
    }
    if (c === '"' || ((c === "r" || c === "R") && source[at + 1] === '"')) {
      const token = readString(source, at);
      tokens.push(token);
      at = token.end;
      continue;
    }
    if (c === "'") {
      const token = readChar(source, at);
      tokens.push(token);
      at = token.end;
      continue;
    }
    if (WORD_START.test(c) && !source.startsWith("..", at)) {
      const token = readWord(source, at);
      tokens.push(token);
      at = token.end;
      continue;
    }
    const sign = SIGNS.find(([text]) => source.startsWith(text, at));
    if (!sign) throw unexpectedCharacter(source, at);
    const end = at + sign[0].length;
    tokens.push({ type: "op", text: sign[1], start: at, end });
    at = end;
    if (sign[0] === "#") at = readLayer(source, at, tokens);
    else if (sign[0] === "[") at = readRanges(source, at, tokens);
  }
  tokens.push({ type: "end", text: "", start: source.length, end: source.length });
  return tokens;
}

function unexpectedCharacter(source: string, at: number): FilterError {
  const c = String.fromCodePoint(source.codePointAt(at) as number);
  const hint =
    c === "="
      ? '; to compare, write "=="'
      : c === "|"
        ? '; for "or", write "||"'
        : c === "^"
          ? '; for "xor", write "^^"'
          : "";
  return new FilterError(`"${c}" was unexpected${hint}`, at, at + c.length);
}

function readWord(source: string, start: number): Token {
  let end = start;
  while (end < source.length && WORD_PART.test(source[end] as string) && !source.startsWith("..", end)) end++;
  const word = source.slice(start, end);
  const op = WORDS.get(word);
  if (op !== undefined) return { type: "op", text: op, start, end };
  // A prefix length belongs to its address; after anything else "/" divides.
  if (source[end] === "/" && (IPV4_SHAPE.test(word) || word.includes(":"))) {
    let digits = end + 1;
    while (digits < source.length && /[A-Za-z0-9_]/.test(source[digits] as string)) digits++;
    if (digits > end + 1) end = digits;
  }
  return { type: "word", text: source.slice(start, end), start, end };
}

/** After "#": the number of a layer, or "[" and ranges. */
function readLayer(source: string, at: number, tokens: Token[]): number {
  let end = at;
  while (end < source.length && /[0-9]/.test(source[end] as string)) end++;
  if (end > at) {
    tokens.push({ type: "range", text: source.slice(at, end), start: at, end });
    return end;
  }
  if (source[at] !== "[")
    throw new FilterError('a layer number or "[" must follow "#"', at, Math.min(at + 1, source.length));
  tokens.push({ type: "op", text: "[", start: at, end: at + 1 });
  return readRanges(source, at + 1, tokens);
}

/** After "[": everything up to "]", cut at commas. */
function readRanges(source: string, at: number, tokens: Token[]): number {
  const close = source.indexOf("]", at);
  if (close < 0) throw new FilterError('"[" is never closed', at - 1, at);
  let start = at;
  for (const text of source.slice(at, close).split(",")) {
    const end = start + text.length;
    tokens.push(
      { type: "range", text, start, end },
      { type: "op", text: end === close ? "]" : ",", start: end, end: end + 1 },
    );
    start = end + 1;
  }
  return close + 1;
}

function readString(source: string, start: number): Token {
  const raw = source[start] !== '"';
  const out: number[] = [];
  let at = start + (raw ? 2 : 1);
  while (at < source.length) {
    const c = source[at] as string;
    if (c === '"') {
      const end = at + 1;
      return { type: "string", text: source.slice(start, end), start, end, bytes: Uint8Array.from(out) };
    }
    if (c !== "\\") at = appendCharacter(source, at, out);
    else if (!raw) at = appendEscape(source, at, out);
    else {
      // A raw string keeps its backslashes, also the one that keeps a quote from ending it.
      out.push(0x5c);
      at++;
      if (at < source.length) at = appendCharacter(source, at, out);
    }
  }
  throw new FilterError("the string is never closed", start, source.length);
}

function readChar(source: string, start: number): Token {
  const out: number[] = [];
  let at = start + 1;
  while (at < source.length && source[at] !== "'") {
    at = source[at] === "\\" ? appendEscape(source, at, out) : appendCharacter(source, at, out);
  }
  if (at >= source.length) throw new FilterError("the character constant is never closed", start, source.length);
  const end = at + 1;
  const text = source.slice(start, end);
  if (out.length !== 1) {
    throw new FilterError(
      out.length ? `${text} is more than one character` : "the character constant is empty",
      start,
      end,
    );
  }
  return { type: "char", text, start, end, bytes: Uint8Array.from(out) };
}

function appendCharacter(source: string, at: number, out: number[]): number {
  const code = source.codePointAt(at) as number;
  appendCodePoint(code, out);
  return at + (code > 0xffff ? 2 : 1);
}

function appendCodePoint(code: number, out: number[]): void {
  if (code < 0x80) out.push(code);
  else if (code < 0x800) out.push(0xc0 | (code >> 6), 0x80 | (code & 63));
  else if (code < 0x10000) out.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
  else out.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
}

const SIMPLE_ESCAPES: ReadonlyMap<string, number> = new Map([
  ["'", 0x27],
  ['"', 0x22],
  ["\\", 0x5c],
  ["a", 0x07],
  ["b", 0x08],
  ["f", 0x0c],
  ["n", 0x0a],
  ["r", 0x0d],
  ["t", 0x09],
  ["v", 0x0b],
]);
const NUMERIC_ESCAPE = /\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/y;

/** At a backslash. Octal and \x give a byte, \u and \U the UTF-8 of a code point. */
function appendEscape(source: string, at: number, out: number[]): number {
  const next = source[at + 1];
  const simple = next === undefined ? undefined : SIMPLE_ESCAPES.get(next);
  if (simple !== undefined) {
    out.push(simple);
    return at + 2;
  }
  NUMERIC_ESCAPE.lastIndex = at;
  const match = NUMERIC_ESCAPE.exec(source);
  if (!match) {
    const end = Math.min(at + 2, source.length);
    const hint =
      next !== undefined && /[\w.^$*+?()[\]{}|/-]/.test(next)
        ? `; for a regular expression write "\\\\${next}" or r"\\${next}"`
        : "";
    throw new FilterError(`"${source.slice(at, end)}" is not an escape sequence${hint}`, at, end);
  }
  const [text, octal, hex, short, long] = match;
  const end = at + text.length;
  if (octal !== undefined) {
    const value = parseInt(octal, 8);
    if (value > 255) throw new FilterError(`"${text}" is more than a byte`, at, end);
    out.push(value);
  } else if (hex !== undefined) out.push(parseInt(hex, 16));
  else {
    const code = parseInt(short ?? long ?? "", 16);
    // As in C, which Wireshark follows: what has a shorter spelling must use it.
    if (
      code > 0x10ffff ||
      (code >= 0xd800 && code < 0xe000) ||
      (code < 0xa0 && code !== 0x24 && code !== 0x40 && code !== 0x60)
    ) {
      throw new FilterError(`"${text}" is not a universal character name`, at, end);
    }
    appendCodePoint(code, out);
  }
  return end;
}
