/**
 * Regular expressions as Wireshark reads them (PCRE2, bytes not code points, ASCII letters of either case alike) turned into
 * JavaScript's. Patterns and subjects are binary strings: one character a byte.
 *
 * Everything is spelt out, so that RegExp's flags are not needed: "a" becomes [Aa], every class the bytes it holds, "^" and
 * "$" what they mean under (?m) or without it. What JavaScript cannot do (recursion, conditions, verbs) is refused.
 */

/** `offset`: in the pattern's bytes. */
export class PatternError extends Error {
  override readonly name = "PatternError";
  constructor(
    message: string,
    readonly offset: number,
  ) {
    super(message);
  }
}

interface Flags {
  caseless: boolean;
  multiline: boolean;
  dotAll: boolean;
  extended: boolean;
  noCapture: boolean;
}

const MAX_DEPTH = 128;

/** Throws PatternError. */
export function compilePattern(pattern: string): RegExp {
  const translated = new Translator(pattern).translate();
  try {
    return new RegExp(translated.source, translated.flags);
  } catch (error) {
    throw new PatternError(error instanceof Error ? error.message : String(error), 0);
  }
}

/** A set of bytes. */
type ByteSet = Uint8Array;

function setOf(test: (char: string, code: number) => boolean): ByteSet {
  return Uint8Array.from({ length: 256 }, (_, code) => (test(String.fromCharCode(code), code) ? 1 : 0));
}

function matching(expression: RegExp): ByteSet {
  return setOf((char) => expression.test(char));
}

function inverted(set: ByteSet): ByteSet {
  return set.map((held) => 1 - held);
}

const DIGIT = matching(/[0-9]/);
const WORD = matching(/[0-9A-Za-z_]/);
const SPACE = matching(/[\t\n\v\f\r ]/);
const HORIZONTAL = matching(/[\t \xa0]/);
const VERTICAL = matching(/[\n\v\f\r\x85]/);
const NEWLINE = matching(/\n/);

/** Escapes that stand for a set, within a class and without. */
const SETS: ReadonlyMap<string, ByteSet> = new Map(
  [
    ["d", DIGIT] as const,
    ["w", WORD] as const,
    ["s", SPACE] as const,
    ["h", HORIZONTAL] as const,
    ["v", VERTICAL] as const,
  ].flatMap(([name, set]) => [
    [name, set],
    [name.toUpperCase(), inverted(set)],
  ]),
);

const POSIX: ReadonlyMap<string, ByteSet> = new Map([
  ["alpha", matching(/[A-Za-z]/)],
  ["digit", DIGIT],
  ["alnum", matching(/[0-9A-Za-z]/)],
  ["upper", matching(/[A-Z]/)],
  ["lower", matching(/[a-z]/)],
  ["space", SPACE],
  ["blank", matching(/[\t ]/)],
  ["punct", matching(/[!-/:-@[-`{-~]/)],
  ["print", matching(/[ -~]/)],
  ["graph", matching(/[!-~]/)],
  ["cntrl", setOf((_, code) => code < 0x20 || code === 0x7f)],
  ["xdigit", matching(/[0-9A-Fa-f]/)],
  ["word", WORD],
  ["ascii", setOf((_, code) => code < 0x80)],
]);

const CONTROL: ReadonlyMap<string, number> = new Map([
  ["a", 7],
  ["e", 27],
  ["f", 12],
  ["n", 10],
  ["r", 13],
  ["t", 9],
]);

/** What an escape turned out to be. */
type Escape = { readonly code: number } | { readonly set: ByteSet } | { readonly source: string };

class Translator {
  private at = 0;
  private depth = 0;
  private readonly groupCount: number;
  private readonly groupNames = new Map<string, number>();
  private readonly hasReferences: boolean;
  private groupsOpened = 0;
  private atomicGroups = 0;
  private caselessReference = false;
  /** Where the text after \Q ends; below `at` outside of one. */
  private quoteEnd = -1;

  constructor(private readonly pattern: string) {
    this.groupCount = this.countGroups();
    this.hasReferences = /\\[1-9gk]|\(\?P=/.test(pattern);
  }

  translate(): { source: string; flags: string } {
    const source = this.alternatives({
      caseless: true,
      multiline: false,
      dotAll: false,
      extended: false,
      noCapture: false,
    });
    if (this.at < this.pattern.length) throw this.error("a closing parenthesis without an opening one");
    // Only a caseless reference cannot be spelt out. The flag then also covers what (?-i) excluded: rare enough.
    return { source, flags: this.caselessReference ? "i" : "" };
  }

  private error(message: string, offset = this.at): PatternError {
    return new PatternError(message, offset);
  }

  private peek(text: string): boolean {
    return this.pattern.startsWith(text, this.at);
  }

  private accept(text: string): boolean {
    if (!this.peek(text)) return false;
    this.at += text.length;
    return true;
  }

  /** The match of a sticky expression here, stepped over. */
  private take(expression: RegExp): RegExpExecArray | null {
    expression.lastIndex = this.at;
    const match = expression.exec(this.pattern);
    if (match) this.at += match[0].length;
    return match;
  }

  /** Numbers and names of capturing groups, known before they are reached: a reference may come first. */
  private countGroups(): number {
    const part =
      /\\Q[^]*?(?:\\E|$)|\\[^]|\[\^?\]?(?:\\[^]|\[:[^\]]*:\]|[^\]])*\]|\((?:(\*)|\?(?:P?<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)')|(\?))?/g;
    let count = 0;
    for (const [text, verb, angled, quoted, other] of this.pattern.matchAll(part)) {
      if (!text.startsWith("(") || verb !== undefined || other !== undefined) continue;
      count++;
      const name = angled ?? quoted;
      if (name !== undefined) this.groupNames.set(name, count);
    }
    return count;
  }

  /** Up to ")" or the end. Flags set within hold to the end of the group, in later alternatives too. */
  private alternatives(flags: Flags): string {
    if (++this.depth > MAX_DEPTH) throw this.error(`groups nested more than ${MAX_DEPTH} deep`);
    let out = "";
    while (this.at < this.pattern.length) {
      if (this.at >= this.quoteEnd) {
        if (this.accept("\\Q")) {
          const end = this.pattern.indexOf("\\E", this.at);
          this.quoteEnd = end < 0 ? this.pattern.length : end;
          continue;
        }
        if (this.accept("\\E")) continue;
        if (this.peek(")")) break;
        if (this.accept("|")) {
          out += "|";
          continue;
        }
        if (flags.extended && this.skipSpace()) continue;
      }
      out += this.quantified(flags);
    }
    this.depth--;
    return out;
  }

  /** Under (?x). */
  private skipSpace(): boolean {
    return this.take(/(?:[ \t\n\v\f\r]|#[^\n]*(?:\n|$))+/y) !== null;
  }

  private quantified(flags: Flags): string {
    const start = this.at;
    const source = this.atom(flags);
    if (this.at < this.quoteEnd) return source ?? "";
    if (this.at === this.quoteEnd) this.accept("\\E");
    if (flags.extended) this.skipSpace();
    const match = this.take(/(?:[*+?]|\{(\d+)(?:(,)(\d*))?\})([?+]?)/y);
    if (!match) return source ?? "";
    if (source === undefined) throw this.error("a quantifier without anything to repeat", start);
    const [text, least, comma, most, mode] = match;
    if (Number(least ?? 0) > 65535 || Number(most ?? 0) > 65535)
      throw this.error("a quantifier of more than 65535", start);
    if (comma !== undefined && most && Number(most) < Number(least))
      throw this.error("a quantifier whose numbers are out of order", start);
    const repeated = `(?:${source})${mode ? text.slice(0, -1) : text}`;
    if (mode === "+") return this.atomic(repeated);
    return mode === "?" ? `${repeated}?` : repeated;
  }

  /** No way back into what matched: JavaScript has no such group, but what a lookahead captured is final. */
  private atomic(source: string): string {
    const name = `a${this.atomicGroups++}`;
    return `(?:(?=(?<${name}>${source}))\\k<${name}>)`;
  }

  /** Undefined: nothing a quantifier could repeat. */
  private atom(flags: Flags): string | undefined {
    const start = this.at;
    const char = this.pattern[this.at++] as string;
    if (start < this.quoteEnd) return literalSource(char.charCodeAt(0), flags);
    switch (char) {
      case "(":
        return this.group(flags, start);
      case "[":
        return setSource(this.byteClass(flags, start));
      case ".":
        return flags.dotAll ? "[^]" : setSource(inverted(NEWLINE));
      case "^":
        return flags.multiline ? "(?<![^\\n])" : "^";
      case "$":
        return flags.multiline ? "(?![^\\n])" : "(?=\\n?(?![^]))";
      case "*":
      case "+":
      case "?":
        throw this.error("a quantifier without anything to repeat", start);
      case "\\": {
        const escape = this.escape(start, flags, false);
        if ("set" in escape) return setSource(escape.set);
        return "code" in escape ? literalSource(escape.code, flags) : escape.source;
      }
      default:
        return literalSource(char.charCodeAt(0), flags);
    }
  }

  /** After "(". */
  private group(flags: Flags, start: number): string | undefined {
    if (this.peek("*")) throw this.error("verbs, as in (*UTF), are not supported", start);
    const inner = (open: string, flagsWithin: Flags = { ...flags }): string => {
      const source = this.alternatives(flagsWithin);
      if (!this.accept(")")) throw this.error("a parenthesis is never closed", start);
      return `${open}${source})`;
    };
    const capture = (): string => {
      const number = ++this.groupsOpened;
      return inner(this.hasReferences ? `(?<g${number}>` : "(?:");
    };
    if (!this.accept("?")) return flags.noCapture ? inner("(?:") : capture();
    if (this.accept("#")) {
      if (!this.take(/[^)]*\)/y)) throw this.error("a comment is never closed", start);
      return undefined;
    }
    for (const look of ["=", "!", "<=", "<!"]) if (this.accept(look)) return inner(`(?${look}`);
    if (this.accept(":")) return inner("(?:");
    if (this.accept(">")) return this.atomic(inner("(?:"));
    if (this.take(/P?<[A-Za-z_]\w*>|'[A-Za-z_]\w*'/y)) return capture();
    const named = this.take(/P=(\w+)\)/y);
    if (named) return this.reference(named[1] ?? "", flags, start);
    const match = this.take(/(\^?)([a-zA-Z]*)(?:-([a-zA-Z]*))?([:)])/y);
    if (!match || /[^imsxn]/.test(`${match[2]}${match[3] ?? ""}`))
      throw this.error("this kind of group is not supported", start);
    const [, reset, on, off, end] = match;
    const changed = { ...flags };
    if (reset) setFlags(changed, "imsxn", false);
    setFlags(changed, on ?? "", true);
    setFlags(changed, off ?? "", false);
    if (end === ":") return inner("(?:", changed);
    Object.assign(flags, changed);
    return undefined;
  }

  private reference(name: string, flags: Flags, start: number): string {
    const relative = /^[+-]/.test(name)
      ? this.groupsOpened + Number(name) + (name.startsWith("-") ? 1 : 0)
      : Number(name);
    const number = this.groupNames.get(name) ?? relative;
    if (!(number >= 1 && number <= this.groupCount))
      throw this.error("a reference to a group that is not there", start);
    this.caselessReference ||= flags.caseless;
    return `\\k<g${number}>`;
  }

  /** After "[". */
  private byteClass(flags: Flags, start: number): ByteSet {
    const set = new Uint8Array(256);
    const add = (more: ByteSet): void => more.forEach((held, code) => (set[code] = (set[code] as number) | held));
    const negated = this.accept("^");
    for (let first = true; first || !this.accept("]"); first = false) {
      const quoted = this.take(/\\Q([^]*?)\\E/y);
      if (quoted) {
        for (const c of quoted[1] ?? "") set[c.charCodeAt(0)] = 1;
        continue;
      }
      if (this.accept("\\E")) continue;
      const posix = this.take(/\[:(\^?)([a-z]+):\]/y);
      if (posix) {
        const named = POSIX.get(posix[2] ?? "");
        if (!named) throw this.error(`"${posix[0]}" is not a class of characters`, start);
        add(posix[1] ? inverted(named) : named);
        continue;
      }
      const low = this.classItem(flags, start);
      if (typeof low !== "number") {
        add(low);
        continue;
      }
      if (!this.peek("-") || this.pattern[this.at + 1] === "]") {
        set[low] = 1;
        continue;
      }
      this.at++;
      const high = this.classItem(flags, start);
      if (typeof high !== "number") {
        set[low] = 1;
        set[0x2d] = 1;
        add(high);
      } else if (high < low) throw this.error("a range of characters that ends before it starts", start);
      else set.fill(1, low, high + 1);
    }
    if (flags.caseless) {
      for (let upper = 0x41; upper <= 0x5a; upper++) {
        const either = (set[upper] as number) | (set[upper + 32] as number);
        set[upper] = either;
        set[upper + 32] = either;
      }
    }
    return negated ? inverted(set) : set;
  }

  private classItem(flags: Flags, start: number): number | ByteSet {
    const char = this.pattern[this.at];
    if (char === undefined) throw this.error("a character class is never closed", start);
    const at = this.at++;
    if (char !== "\\") return char.charCodeAt(0);
    const escape = this.escape(at, flags, true);
    if ("set" in escape) return escape.set;
    if ("code" in escape) return escape.code;
    throw this.error("this escape has no meaning in a character class", at);
  }

  /** After a backslash. */
  private escape(start: number, flags: Flags, inClass: boolean): Escape {
    const char = this.pattern[this.at++];
    if (char === undefined) throw this.error("a backslash at the end", start);
    const set = SETS.get(char);
    if (set) return { set };
    const control = CONTROL.get(char);
    if (control !== undefined) return { code: control };
    switch (char) {
      case "b":
        return inClass ? { code: 8 } : { source: "\\b" };
      case "B":
        return { source: "\\B" };
      case "A":
      case "G":
        return { source: "(?<![^])" };
      case "z":
        return { source: "(?![^])" };
      case "Z":
        return { source: "(?=\\n?(?![^]))" };
      // Where a match starts makes no difference to whether there is one.
      case "K":
        return { source: "" };
      case "N":
        return { set: inverted(NEWLINE) };
      case "C":
        return { source: "[^]" };
      case "R":
        return { source: "(?:\\r\\n|[\\n\\v\\f\\r\\x85])" };
      case "p":
      case "P":
        return { set: this.property(char === "P", start) };
      case "x": {
        const match = this.take(/\{([0-9a-fA-F]+)\}|([0-9a-fA-F]{0,2})/y);
        return { code: this.byte(parseInt(match?.[1] ?? (match?.[2] || "0"), 16), start) };
      }
      case "o": {
        const match = this.take(/\{([0-7]+)\}/y);
        if (!match) throw this.error("\\o needs octal digits in braces", start);
        return { code: this.byte(parseInt(match[1] ?? "", 8), start) };
      }
      case "c": {
        const letter = this.pattern.charCodeAt(this.at++);
        if (!(letter >= 0x20 && letter < 0x7f)) throw this.error("\\c needs a character", start);
        return { code: String.fromCharCode(letter).toUpperCase().charCodeAt(0) ^ 0x40 };
      }
      case "k":
      case "g": {
        const match = this.take(/<(\w+)>|'(\w+)'|\{([+-]?\w+)\}/y) ?? (char === "g" ? this.take(/([+-]?\d+)/y) : null);
        const name = match?.slice(1).find((part) => part !== undefined);
        // \g<n> calls the group instead of repeating what it matched.
        if (name === undefined || (char === "g" && /^[<']/.test(match?.[0] ?? "")))
          throw this.error(`this form of \\${char} is not supported`, start);
        return { source: this.reference(name, flags, start) };
      }
    }
    if (/[1-9]/.test(char) && !inClass) {
      const digits = char + (/^\d*/.exec(this.pattern.slice(this.at, this.at + 4))?.[0] ?? "");
      const number = Number(digits);
      if (number < 10 || number <= this.groupCount) {
        this.at += digits.length - 1;
        return { source: this.reference(digits, flags, start) };
      }
    }
    if (/[0-7]/.test(char)) {
      this.at--;
      return { code: this.byte(parseInt(this.take(/[0-7]{1,3}/y)?.[0] ?? "", 8), start) };
    }
    if (/[A-Za-z0-9]/.test(char)) throw this.error(`"\\${char}" is not an escape sequence`, start);
    return { code: char.charCodeAt(0) };
  }

  private byte(code: number, start: number): number {
    if (code > 255) throw this.error("a character of more than one byte", start);
    return code;
  }

  private property(negated: boolean, start: number): ByteSet {
    const match = this.take(/\{(\^?)([\w&]+)\}|([A-Z])/y);
    const name = (match?.[2] ?? match?.[3] ?? "").replace("L&", "LC");
    try {
      const set = matching(new RegExp(`\\p{${name}}`, "u"));
      return negated !== (match?.[1] === "^") ? inverted(set) : set;
    } catch {
      throw this.error("this Unicode property is not supported", start);
    }
  }
}

function setFlags(flags: Flags, letters: string, on: boolean): void {
  if (letters.includes("i")) flags.caseless = on;
  if (letters.includes("m")) flags.multiline = on;
  if (letters.includes("s")) flags.dotAll = on;
  if (letters.includes("x")) flags.extended = on;
  if (letters.includes("n")) flags.noCapture = on;
}

function literalSource(code: number, flags: Flags): string {
  const char = String.fromCharCode(code);
  if (/[A-Za-z]/.test(char)) return flags.caseless ? `[${char.toUpperCase()}${char.toLowerCase()}]` : char;
  return /[0-9]/.test(char) ? char : hexEscape(code);
}

function hexEscape(code: number): string {
  return `\\x${code.toString(16).padStart(2, "0")}`;
}

function setSource(set: ByteSet): string {
  let out = "";
  for (let low = 0; low < 256; low++) {
    if (!set[low]) continue;
    let high = low;
    while (high < 255 && set[high + 1]) high++;
    out += low === high ? hexEscape(low) : `${hexEscape(low)}-${hexEscape(high)}`;
    low = high;
  }
  return `[${out}]`;
}
