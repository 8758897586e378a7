/**
 * The grammar: Wireshark 4.0's display filters, and `xor` of later versions. Loosest first:
 *
 * ```
 * or        xor ( "or" xor )*
 * xor       and ( "xor" and )*
 * and       not ( "and" not )*
 * not       "not"* ( "(" or ")" | relation )
 * relation  ["any"|"all"] mask ( "==" mask ( "==" mask )* | "contains" mask | "matches" mask | ["not"] "in" set )?
 * set       "{" mask [".." mask] ( "," … )* "}"
 * mask      sum ( "&" sum )*
 * sum       product ( "+"|"-" product )*
 * product   unary ( "*"|"/"|"%" unary )*
 * unary     ["+"|"-"] primary
 * primary   ( word ["#" layers] | string | char | word "(" mask, … ")" | "{" mask "}" ) ( "[" ranges "]" )*
 * ```
 *
 * Parentheses group tests, braces group arithmetic.
 */
import { FilterError } from "./filter-error";
import { type Token, readTokens } from "./tokens";

/** Offsets in the source: `start` included, `end` not. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export type CompareOp = "==" | "!=" | "===" | "!==" | ">" | ">=" | "<" | "<=";
export type ArithmeticOp = "+" | "-" | "*" | "/" | "%" | "&";
export type Quantifier = "any" | "all";

export type TestNode = Span &
  (
    | { readonly type: "and" | "or" | "xor"; readonly operands: readonly TestNode[] }
    | { readonly type: "not"; readonly operand: TestNode }
    /** A field alone: is it there? An expression alone: is it other than zero? */
    | { readonly type: "value"; readonly value: ValueNode }
    | {
        readonly type: "compare";
        readonly op: CompareOp;
        readonly opSpan: Span;
        readonly quantifier: Quantifier | undefined;
        readonly left: ValueNode;
        readonly right: ValueNode;
      }
    | {
        readonly type: "contains" | "matches";
        readonly quantifier: Quantifier | undefined;
        readonly left: ValueNode;
        readonly right: ValueNode;
      }
    | {
        readonly type: "in";
        readonly quantifier: Quantifier | undefined;
        readonly negated: boolean;
        readonly left: ValueNode;
        readonly elements: readonly SetElement[];
      }
  );

export interface SetElement {
  readonly low: ValueNode;
  /** Absent: one value, not a range. */
  readonly high: ValueNode | undefined;
}

/** `length` items from `from` on, counted from the end if `from` is negative; Infinity: to the end. */
export interface IndexRange {
  readonly from: number;
  readonly length: number;
}

/** `height`: how deep the tree is below, itself included. Bounded, so that what walks it may recurse. */
export type ValueNode = Span & { readonly height: number } & (
    | { readonly type: "word"; readonly text: string }
    | { readonly type: "string" | "char"; readonly text: string; readonly bytes: Uint8Array }
    | {
        readonly type: "layer";
        readonly field: ValueNode & { readonly type: "word" };
        readonly ranges: readonly IndexRange[];
      }
    | { readonly type: "slice"; readonly operand: ValueNode; readonly ranges: readonly IndexRange[] }
    | { readonly type: "call"; readonly name: string; readonly nameSpan: Span; readonly args: readonly ValueNode[] }
    | { readonly type: "sign"; readonly op: "+" | "-"; readonly operand: ValueNode }
    | { readonly type: "arithmetic"; readonly op: ArithmeticOp; readonly left: ValueNode; readonly right: ValueNode }
  );

/** Parentheses, braces, calls, slices and operators within each other; what real filters never reach. */
export const MAX_NESTING = 256;

const COMPARE_OPS: ReadonlySet<string> = new Set<CompareOp>(["==", "!=", "===", "!==", ">", ">=", "<", "<="]);

/** The tree of a filter, undefined if there is nothing in it. Throws FilterError. */
export function parseFilter(source: string): TestNode | undefined {
  return new Parser(source).parse();
}

class Parser {
  private readonly tokens: readonly Token[];
  private next = 0;
  private nesting = 0;

  constructor(private readonly source: string) {
    this.tokens = readTokens(source);
  }

  parse(): TestNode | undefined {
    if (this.atEnd()) return undefined;
    const node = this.parseOr();
    if (this.atEnd()) return node;
    if (this.is(")")) throw this.error('")" without a "("');
    throw this.unexpected();
  }

  private get token(): Token {
    return this.tokens[this.next] as Token;
  }

  private atEnd(): boolean {
    return this.token.type === "end";
  }

  private is(op: string): boolean {
    return this.token.type === "op" && this.token.text === op;
  }

  private accept(op: string): Token | undefined {
    if (!this.is(op)) return undefined;
    return this.tokens[this.next++];
  }

  private error(message: string, span: Span = this.token): FilterError {
    return new FilterError(message, span.start, span.end);
  }

  private unexpected(): FilterError {
    const { token } = this;
    const text = this.source.slice(token.start, token.end);
    const lower = text.toLowerCase();
    const hint =
      /^(and|or|xor|not|eq|ne|gt|ge|lt|le|contains|matches|in|any|all)$/.test(lower) && lower !== text
        ? `: operators are lower case, "${lower}"`
        : this.next > 0 && this.tokens[this.next - 1]?.text === ")" && isArithmetic(token)
          ? ": arithmetic is grouped by braces, as in {tcp.flags & 2} == 2"
          : "";
    return this.error(`${quoted(text)} was unexpected${hint}`);
  }

  /** Something should stand here and does not. */
  private missing(what: string): FilterError {
    const before = this.tokens[this.next - 1];
    const place = before ? `should follow ${quoted(this.source.slice(before.start, before.end))}` : "should stand here";
    if (this.atEnd()) return this.error(`the filter ends where ${what} ${place}`);
    return this.error(
      `${quoted(this.source.slice(this.token.start, this.token.end))} was unexpected: ${what} ${place}`,
    );
  }

  private enter(): void {
    if (++this.nesting > MAX_NESTING) throw this.error(`nested more than ${MAX_NESTING} deep`);
  }

  private leave(): void {
    this.nesting--;
  }

  private parseOr(): TestNode {
    return this.parseList("or", () => this.parseList("xor", () => this.parseList("and", () => this.parseNot())));
  }

  /** One node however many operands: a long chain makes no deep tree. */
  private parseList(op: "and" | "or" | "xor", parseOperand: () => TestNode): TestNode {
    const first = parseOperand();
    if (!this.is(op)) return first;
    const operands = [first];
    let end = first.end;
    while (this.accept(op)) {
      const operand = parseOperand();
      operands.push(operand);
      end = operand.end;
    }
    return { type: op, operands, start: first.start, end };
  }

  private parseNot(): TestNode {
    const { start } = this.token;
    let negated = false;
    while (this.accept("not")) negated = !negated;
    const operand = this.parseTest();
    return negated ? { type: "not", operand, start, end: operand.end } : operand;
  }

  private parseTest(): TestNode {
    const open = this.accept("(");
    if (!open) return this.parseRelation();
    this.enter();
    const node = this.parseOr();
    if (!this.is(")")) throw this.atEnd() ? this.error('"(" is never closed', open) : this.unexpected();
    this.next++;
    this.leave();
    return node;
  }

  private parseRelation(): TestNode {
    const first = this.token;
    const quantifier = this.accept("any") ? "any" : this.accept("all") ? "all" : undefined;
    const { start } = first;
    const left = this.parseMask(quantifier ? "a field" : "a field or a test");
    const op = this.token.type === "op" ? this.token.text : "";
    if (COMPARE_OPS.has(op)) return this.parseComparisons(start, quantifier, left);
    if (op === "contains" || op === "matches") {
      this.next++;
      const right = this.parseMask("a value");
      return { type: op, quantifier, left, right, start, end: right.end };
    }
    const negated = op === "not" && this.tokens[this.next + 1]?.text === "in";
    if (negated || op === "in") {
      this.next += negated ? 2 : 1;
      const { elements, end } = this.parseSet();
      return { type: "in", quantifier, negated, left, elements, start, end };
    }
    if (quantifier) throw this.missing(`a comparison ("${quantifier}" quantifies one)`);
    return { type: "value", value: left, start, end: left.end };
  }

  /** "a < b < c" means "a < b and b < c". */
  private parseComparisons(start: number, quantifier: Quantifier | undefined, first: ValueNode): TestNode {
    const operands: TestNode[] = [];
    let left = first;
    while (this.token.type === "op" && COMPARE_OPS.has(this.token.text)) {
      const opSpan = this.token;
      this.next++;
      const right = this.parseMask("a value");
      operands.push({
        type: "compare",
        op: opSpan.text as CompareOp,
        opSpan,
        quantifier,
        left,
        right,
        start: operands.length ? left.start : start,
        end: right.end,
      });
      left = right;
    }
    return operands.length === 1 ? (operands[0] as TestNode) : { type: "and", operands, start, end: left.end };
  }

  private parseSet(): { elements: SetElement[]; end: number } {
    const open = this.accept("{");
    if (!open) throw this.missing("a set in braces, as in {80, 443}");
    const elements: SetElement[] = [];
    do {
      const low = this.parseMask("a value");
      const high = this.accept("..") ? this.parseMask("the end of the range") : undefined;
      elements.push({ low, high });
      // Older Wireshark separates by blanks; values of either sort may follow each other.
    } while (this.accept(",") ?? (VALUE_TOKENS.has(this.token.type) ? this.token : undefined));
    const close = this.accept("}");
    if (close) return { elements, end: close.end };
    throw this.atEnd()
      ? this.error('"{" is never closed', open)
      : this.error(`${this.unexpected().message}; "," separates values`);
  }

  private parseMask(what: string): ValueNode {
    return this.parseChain(["&"], what, (w) => this.parseSum(w));
  }

  private parseSum(what: string): ValueNode {
    return this.parseChain(["+", "-"], what, (w) => this.parseChain(["*", "/", "%"], w, (v) => this.parseSign(v)));
  }

  /** `what`: how a message calls the first operand. */
  private parseChain(ops: readonly ArithmeticOp[], what: string, parseOperand: (what: string) => ValueNode): ValueNode {
    let left = parseOperand(what);
    for (;;) {
      const op = ops.find((o) => this.is(o));
      if (!op) return left;
      const opSpan = this.token;
      this.next++;
      const right = parseOperand("a value");
      left = {
        type: "arithmetic",
        op,
        left,
        right,
        start: left.start,
        end: right.end,
        height: this.above(opSpan, left, right),
      };
    }
  }

  private above(span: Span, ...operands: readonly ValueNode[]): number {
    const height = 1 + operands.reduce((most, o) => Math.max(most, o.height), 0);
    if (height > MAX_NESTING) throw this.error(`nested more than ${MAX_NESTING} deep`, span);
    return height;
  }

  private parseSign(what: string): ValueNode {
    const sign = this.accept("-") ?? this.accept("+");
    if (!sign) return this.parsePrimary(what);
    const operand = this.parsePrimary("a value");
    return {
      type: "sign",
      op: sign.text === "-" ? "-" : "+",
      operand,
      start: sign.start,
      end: operand.end,
      height: this.above(sign, operand),
    };
  }

  private parsePrimary(what: string): ValueNode {
    let node = this.parseAtom(what);
    for (;;) {
      const open = this.accept("[");
      if (!open) return node;
      const { ranges, end } = this.parseRanges("slice");
      node = { type: "slice", operand: node, ranges, start: node.start, end, height: this.above(open, node) };
    }
  }

  private parseAtom(what: string): ValueNode {
    const { token } = this;
    const open = this.accept("{");
    if (open) {
      this.enter();
      const node = this.parseMask("a value");
      if (!this.accept("}")) throw this.atEnd() ? this.error('"{" is never closed', open) : this.unexpected();
      this.leave();
      return node;
    }
    const { start, end, text } = token;
    if (token.type === "string" || token.type === "char") {
      this.next++;
      return { type: token.type, text, bytes: token.bytes ?? new Uint8Array(0), start, end, height: 1 };
    }
    if (token.type !== "word") throw this.missing(what);
    this.next++;
    const word = { type: "word", text, start, end, height: 1 } as const;
    if (this.is("(")) return this.parseCall(token);
    if (!this.accept("#")) return word;
    const single = this.token;
    if (single.type === "range") {
      this.next++;
      const range = { from: Number(single.text), length: 1 };
      return { type: "layer", field: word, ranges: [range], start, end: single.end, height: 1 };
    }
    this.accept("[");
    const layers = this.parseRanges("layer");
    return { type: "layer", field: word, ranges: layers.ranges, start, end: layers.end, height: 1 };
  }

  private parseCall(name: Token): ValueNode {
    const open = this.token;
    this.next++;
    this.enter();
    const args: ValueNode[] = [];
    if (!this.is(")")) {
      do args.push(this.parseMask("an argument"));
      while (this.accept(","));
    }
    const close = this.accept(")");
    if (!close) throw this.atEnd() ? this.error('"(" is never closed', open) : this.unexpected();
    this.leave();
    const nameSpan = { start: name.start, end: name.end };
    return {
      type: "call",
      name: name.text,
      nameSpan,
      args,
      start: name.start,
      end: close.end,
      height: this.above(name, ...args),
    };
  }

  /** After "[". The tokens alternate: range, "," or "]". */
  private parseRanges(what: "slice" | "layer"): { ranges: IndexRange[]; end: number } {
    const ranges: IndexRange[] = [];
    for (;;) {
      const token = this.token;
      ranges.push(parseRange(token, what));
      const separator = this.tokens[this.next + 1] as Token;
      this.next += 2;
      if (separator.text === "]") return { ranges, end: separator.end };
    }
  }
}

/** What a value of a set begins with. */
const VALUE_TOKENS: ReadonlySet<string> = new Set(["word", "string", "char"]);

function quoted(text: string): string {
  return text.startsWith('"') ? text : `"${text}"`;
}

function isArithmetic(token: Token): boolean {
  return token.type === "op" && (COMPARE_OPS.has(token.text) || ["+", "-", "*", "/", "%", "&"].includes(token.text));
}

const NUMBER = "([+-]?(?:0[xX][0-9a-fA-F]+|[0-9]+))";
const RANGE = new RegExp(`^\\s*(?:${NUMBER}|${NUMBER}?\\s*:\\s*${NUMBER}?|${NUMBER}\\s*-\\s*${NUMBER})\\s*$`);

/** "i", "i:length", ":length", "i:", ":" or "first-last". */
function parseRange(token: Token, what: "slice" | "layer"): IndexRange {
  const { text } = token;
  const fail = (why: string): FilterError => {
    // The token may be nothing but space; the caret should be under what was written.
    const start = token.start + (text.length - text.trimStart().length);
    return new FilterError(
      why,
      text.trim() ? start : token.start,
      text.trim() ? start + text.trim().length : token.end,
    );
  };
  const match = RANGE.exec(text);
  if (!match) {
    const forms = what === "slice" ? "2, 0:3, 2-4, :3 or 2:" : "2, 2-4, 1:2 or -1";
    throw fail(
      text.trim() ? `"${text.trim()}" is not a range, such as ${forms}` : `a range is missing, such as ${forms}`,
    );
  }
  const [, single, offset, length, first, last] = match;
  if (single !== undefined) return { from: readInteger(single), length: 1 };
  if (first !== undefined && last !== undefined) {
    const from = readInteger(first);
    const to = readInteger(last);
    if (from < 0 !== to < 0) throw fail(`the ends of "${text.trim()}" have different signs`);
    if (from >= to) throw fail(`"${text.trim()}" ends before it starts`);
    return { from, length: to - from + 1 };
  }
  const count = length === undefined ? Infinity : readInteger(length);
  if (count <= 0) throw fail(`the length in "${text.trim()}" must be positive`);
  return { from: offset === undefined ? 0 : readInteger(offset), length: count };
}

function readInteger(text: string): number {
  const negative = text.startsWith("-");
  const digits = text.replace(/^[+-]/, "");
  const value = /^0[0-7]+$/.test(digits) ? parseInt(digits, 8) : Number(digits);
  return negative ? -value : value;
}
