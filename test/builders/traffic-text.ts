/**
 * The words of the traffic notation (see traffic.ts): a line of text to tokens, and errors that point at the spot.
 *
 * ```
 *  vxlan(vni=1, a > b)        word "vxlan" with the groups [vni=1] and [a > b]
 *  comment="said \"hi\""      word "comment=" with a string
 *  "GET /\r\n"                the empty word with a string
 *  # to the end of the line   nothing
 * ```
 */
import { encodeUtf8 } from "../../src-shared/wire/write/byte-builder";

export interface Token {
  /** What stands before a string or a parenthesis; all of it if there is neither. */
  readonly word: string;
  /** The string, escapes resolved, and its bytes: \xNN is one byte, everything else UTF-8. */
  readonly text?: string;
  readonly bytes?: Uint8Array;
  /** What stands in the parentheses, split at commas. */
  readonly groups?: readonly (readonly Token[])[];
  /** From 1. */
  readonly column: number;
}

/** Says which line, shows it, and points at the column. */
export class TrafficError extends Error {
  override readonly name = "TrafficError";
  readonly line: number;
  readonly column: number;

  constructor(message: string, source: string, line: number, column: number) {
    super(`line ${line}, column ${column}: ${message}\n  ${source}\n  ${" ".repeat(Math.max(0, column - 1))}^`);
    this.line = line;
    this.column = column;
  }
}

/** One line being read. */
export class SourceLine {
  readonly source: string;
  readonly number: number;

  constructor(source: string, number: number) {
    this.source = source;
    this.number = number;
  }

  fail(message: string, at?: Token): never {
    throw new TrafficError(message, this.source, this.number, at?.column ?? 1);
  }

  /** Runs what may throw a RangeError (an address, a port, a field that does not fit) and says where it came from. */
  check<T>(at: Token | undefined, run: () => T): T {
    try {
      return run();
    } catch (error) {
      if (error instanceof RangeError) this.fail(error.message, at);
      throw error;
    }
  }

  tokens(): Token[] {
    const scanner = { at: 0 };
    const [tokens] = this.#groups(scanner, false);
    return [...(tokens ?? [])];
  }

  /** Token lists separated by commas, up to the end or, inside parentheses, to the closing one. */
  #groups(scanner: { at: number }, inside: boolean): Token[][] {
    const { source } = this;
    const groups: Token[][] = [[]];
    const opened = scanner.at;
    for (;;) {
      while (source[scanner.at] === " " || source[scanner.at] === "\t") scanner.at++;
      const char = source[scanner.at];
      if (char === undefined || char === "#") {
        if (inside) this.fail("this parenthesis is not closed", { word: "(", column: opened });
        return groups;
      }
      if (inside && char === ",") {
        groups.push([]);
        scanner.at++;
      } else if (inside && char === ")") {
        scanner.at++;
        return groups;
      } else {
        groups.at(-1)?.push(this.#token(scanner, inside));
      }
    }
  }

  #token(scanner: { at: number }, inside: boolean): Token {
    const { source } = this;
    const start = scanner.at;
    while (scanner.at < source.length) {
      const char = source[scanner.at] ?? "";
      if (' \t"()#'.includes(char) || (inside && char === ",")) break;
      scanner.at++;
    }
    const word = source.slice(start, scanner.at);
    const column = start + 1;
    const stop = source[scanner.at];
    if (stop === '"') return { word, column, ...this.#string(scanner) };
    if (stop === "(") {
      scanner.at++;
      return { word, column, groups: this.#groups(scanner, true) };
    }
    if (word === "") this.fail(`"${stop}" does not belong here`, { word: "", column });
    return { word, column };
  }

  #string(scanner: { at: number }): { text: string; bytes: Uint8Array } {
    const { source } = this;
    const column = scanner.at + 1;
    scanner.at++;
    let text = "";
    const bytes: number[] = [];
    while (source[scanner.at] !== '"') {
      const char = String.fromCodePoint(
        source.codePointAt(scanner.at) ?? this.fail("this string is not closed", { word: '"', column }),
      );
      scanner.at += char.length;
      if (char !== "\\") {
        text += char;
        bytes.push(...encodeUtf8(char));
        continue;
      }
      const escape = /^(?:x([0-9a-f]{2})|([rnt0\\"]))/i.exec(source.slice(scanner.at));
      if (escape === null) this.fail('after "\\" comes one of r n t 0 \\ " or xNN', { word: "\\", column: scanner.at });
      const [all, hex, simple] = escape;
      scanner.at += all.length;
      const code =
        hex !== undefined
          ? parseInt(hex, 16)
          : ({ r: 13, n: 10, t: 9, "0": 0 }[simple ?? ""] ?? (simple ?? "").charCodeAt(0));
      text += String.fromCharCode(code);
      bytes.push(code);
    }
    scanner.at++;
    return { text, bytes: Uint8Array.from(bytes) };
  }
}

/** `key=value` words, bare words and strings of one line or one pair of parentheses; each is to be taken once, none may be left. */
export class Arguments {
  readonly line: SourceLine;
  readonly #keyed = new Map<string, { readonly token: Token; readonly value: string }>();
  #bare: Token[] = [];

  constructor(line: SourceLine, tokens: readonly Token[]) {
    this.line = line;
    for (const token of tokens) {
      const split = token.groups === undefined ? /^([a-z0-9][a-z0-9-]*)=(.*)$/i.exec(token.word) : null;
      const [, key, value] = split ?? [];
      if (key === undefined || value === undefined) {
        this.#bare.push(token);
      } else if (this.#keyed.has(key)) {
        line.fail(`"${key}" is given twice`, token);
      } else {
        this.#keyed.set(key, { token, value: token.text ?? value });
      }
    }
  }

  /** The value of `key=value`, if given. */
  value(key: string): { readonly token: Token; readonly value: string } | undefined {
    const found = this.#keyed.get(key);
    this.#keyed.delete(key);
    return found;
  }

  text(key: string): string | undefined {
    return this.value(key)?.value;
  }

  number(key: string): number | undefined {
    const found = this.value(key);
    return found === undefined ? undefined : parseNumber(this.line, found.value, found.token);
  }

  /** One of a few words. */
  choice<T extends string>(key: string, choices: readonly T[]): T | undefined {
    const found = this.value(key);
    if (found === undefined) return undefined;
    const choice = choices.find((one) => one === found.value);
    return choice ?? this.line.fail(`"${key}" is one of ${choices.join(", ")}`, found.token);
  }

  /** Whether the bare word is there. */
  flag(word: string): boolean {
    const at = this.#bare.findIndex(
      (token) => token.word === word && token.text === undefined && token.groups === undefined,
    );
    if (at < 0) return false;
    this.#bare.splice(at, 1);
    return true;
  }

  /** The next bare word or string, if there is one. */
  next(): Token | undefined {
    return this.#bare.shift();
  }

  peek(): Token | undefined {
    return this.#bare[0];
  }

  /** The next bare word, or an error saying what should have been there. */
  expect(what: string): Token {
    return this.next() ?? this.line.fail(`${what} is missing`, { word: "", column: this.line.source.length + 1 });
  }

  /** To be called last. */
  finish(): void {
    const [keyed] = this.#keyed;
    if (keyed !== undefined) this.line.fail(`"${keyed[0]}=" means nothing here`, keyed[1].token);
    const bare = this.#bare[0];
    if (bare !== undefined)
      this.line.fail(`"${bare.word === "" ? (bare.text ?? "") : bare.word}" means nothing here`, bare);
  }
}

/** Decimal or 0x hexadecimal, whole and not negative. */
export function parseNumber(line: SourceLine, text: string, at: Token): number {
  if (!/^(\d+|0x[0-9a-f]+)$/i.test(text)) line.fail(`"${text}" is not a number`, at);
  return Number(text);
}
