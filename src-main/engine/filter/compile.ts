/**
 * From text to a filter: the tree is checked against the fields there are, constants are read as the kind of what they are
 * compared with, and a plan comes out that runs over columns. Semantics are Wireshark 4.0's:
 *
 * - A test of a field needs the field: "ip.src != 10.0.0.1" is false where there is no ip.src.
 * - "==" any value equals, "!=" none does, "===" all do, "!==" any differs; ">" and the like: any. "any" and "all" in front
 *   overrule that.
 */
import { nearest } from "../../../src-shared/base/nearest";
import { decodeLatin1 } from "../../../src-shared/base/text";
import {
  type ValueColumn,
  type ValueKind,
  appendString,
  appendValue,
  createValueColumn,
} from "../../../src-shared/tables/value-column";
import { Evaluator, calculate } from "./evaluate";
import type { ColumnProvider, FieldRegistry, FilterField } from "./field-registry";
import { FilterError } from "./filter-error";
import { type Constant, KIND_NAMES, readConstant } from "./literals";
import {
  type ArithmeticOp,
  type CompareOp,
  type Quantifier,
  type SetElement,
  type Span,
  type TestNode,
  type ValueNode,
  parseFilter,
} from "./parse";
import { PatternError, compilePattern } from "./pattern";
import { type Interval, type Intervals, type TestPlan, type ValuePlan, domainOf } from "./plan";

export interface Filter {
  readonly source: string;
  /** Names of the fields it needs, each once, in the order they appear. */
  readonly fields: readonly string[];
  /** What it does, for those that answer parts of it otherwise than by columns of a batch. */
  readonly plan: TestPlan;
  /**
   * Sets `out[packet]` to 1 where the filter holds and to 0 where not, for every packet of the batch; returns the matches.
   * `out` may be longer than the batch. Not reentrant: scratch memory is kept between batches.
   */
  evaluate(columns: ColumnProvider, out: Uint8Array): number;
}

/** An empty filter holds for every packet. Throws FilterError. */
export function compileFilter(source: string, registry: FieldRegistry): Filter {
  try {
    const node = parseFilter(source);
    const compiler = new Compiler(source, registry);
    const plan: TestPlan = node ? compiler.test(node) : { type: "everything" };
    const evaluator = new Evaluator(plan, compiler.fields);
    return { source, fields: compiler.fields, plan, evaluate: (columns, out) => evaluator.evaluate(columns, out) };
  } catch (error) {
    if (error instanceof FilterError) error.source = source;
    throw error;
  }
}

/** An expression whose values depend on the packet. */
interface Operand {
  readonly plan: ValuePlan;
  readonly kind: ValueKind;
  /** The field, if it is one and nothing else. */
  readonly field: FilterField | undefined;
}

interface Relation {
  readonly relation: "eq" | "lt" | "le";
  /** Of the relation: false negates. */
  readonly want: boolean;
  /** What the operator means without "any" or "all" in front. */
  readonly all: boolean;
}

const RELATIONS: Readonly<Record<CompareOp, Relation>> = {
  "==": { relation: "eq", want: true, all: false },
  "!=": { relation: "eq", want: false, all: true },
  "===": { relation: "eq", want: true, all: true },
  "!==": { relation: "eq", want: false, all: false },
  "<": { relation: "lt", want: true, all: false },
  "<=": { relation: "le", want: true, all: false },
  ">": { relation: "le", want: false, all: false },
  ">=": { relation: "lt", want: false, all: false },
};

const FUNCTIONS = ["upper", "lower", "len", "count", "string", "max", "min", "abs"] as const;
type FunctionName = (typeof FUNCTIONS)[number];

class Compiler {
  readonly fields: string[] = [];

  constructor(
    private readonly source: string,
    private readonly registry: FieldRegistry,
  ) {}

  test(node: TestNode): TestPlan {
    switch (node.type) {
      case "and":
      case "or":
      case "xor":
        return { type: node.type, operands: node.operands.map((o) => this.test(o)) };
      case "not":
        return { type: "not", operand: this.test(node.operand) };
      case "value":
        return this.valueTest(node.value);
      case "compare":
        return this.comparison(node.op, node.opSpan, node.quantifier, node.left, node.right);
      case "contains":
        return this.contains(node.quantifier, node.left, node.right);
      case "matches":
        return this.matches(node.quantifier, node.left, node.right);
      case "in": {
        // "not in" is "not (… in …)", "any" or "all" or neither in front: so it is in Wireshark.
        const plan = this.membership(node.negated ? undefined : node.quantifier, node.left, node.elements);
        return node.negated ? { type: "not", operand: plan } : plan;
      }
    }
  }

  /** A field or an expression that stands alone. */
  private valueTest(node: ValueNode): TestPlan {
    if (this.isConstant(node)) throw this.notAField(node, "is neither a field nor a protocol");
    if (node.type === "call") {
      throw this.error("a function alone is no test: compare its result, as in len(…) > 0", node.nameSpan);
    }
    const { plan } = this.operand(node);
    if (node.type === "sign" || node.type === "arithmetic") return { type: "nonzero", value: plan };
    return { type: "exists", value: plan, filled: node.type === "slice" };
  }

  private comparison(
    op: CompareOp,
    opSpan: Span,
    quantifier: Quantifier | undefined,
    leftNode: ValueNode,
    rightNode: ValueNode,
  ): TestPlan {
    const left = this.leftOperand(leftNode, this.source.slice(opSpan.start, opSpan.end));
    const { relation, want, all } = RELATIONS[op];
    const every = quantifier ? quantifier === "all" : all;
    if (left.kind === "none") throw this.noValue(leftNode);
    if (this.isConstant(rightNode)) {
      const constant = this.constant(rightNode, left, leftNode);
      const intervals = makeIntervals([intervalOf(constant, relation)]);
      return { type: "intervals", value: left.plan, intervals, want, all: every };
    }
    const right = this.operand(rightNode);
    this.checkComparable(left, leftNode, right, rightNode);
    return {
      type: "pairs",
      relation,
      domain: domainOf(left.kind),
      left: left.plan,
      right: right.plan,
      want,
      all: every,
    };
  }

  private membership(
    quantifier: Quantifier | undefined,
    leftNode: ValueNode,
    elements: readonly SetElement[],
  ): TestPlan {
    const left = this.leftOperand(leftNode, "in");
    if (left.kind === "none") throw this.noValue(leftNode);
    const want = { want: true, all: quantifier === "all" };
    const value = left.plan;
    const domain = domainOf(left.kind);
    const constants: Interval[] = [];
    const operands: TestPlan[] = [];
    for (const { low, high } of elements) {
      if (this.isConstant(low) && (!high || this.isConstant(high))) {
        const from = this.constant(low, left, leftNode);
        constants.push(high ? rangeOf(from, this.constant(high, left, leftNode)) : intervalOf(from, "eq"));
      } else {
        const from = this.bound(low, left, leftNode);
        const to = high ? this.bound(high, left, leftNode) : undefined;
        if (to) operands.push({ type: "between", domain, value, low: from, high: to, ...want });
        else operands.push({ type: "pairs", relation: "eq", domain, left: value, right: from, ...want });
      }
    }
    // "all" asks for one element that holds all values: Wireshark 4.0 tries the elements one by one.
    const groups = want.all ? constants.map((c) => [c]) : constants.length ? [constants] : [];
    for (const group of groups) operands.push({ type: "intervals", value, intervals: makeIntervals(group), ...want });
    return operands.length === 1 ? (operands[0] as TestPlan) : { type: "or", operands };
  }

  /** A field in a set, or the constant at the other end of its range. */
  private bound(node: ValueNode, left: Operand, leftNode: ValueNode): ValuePlan {
    if (this.isConstant(node)) return constantPlan(left.kind, this.single(node, this.constant(node, left, leftNode)));
    const right = this.operand(node);
    this.checkComparable(left, leftNode, right, node);
    return right.plan;
  }

  private contains(quantifier: Quantifier | undefined, leftNode: ValueNode, rightNode: ValueNode): TestPlan {
    const left = this.leftOperand(leftNode, "contains");
    const want = { want: true, all: quantifier === "all" };
    const value = left.plan;
    if (left.kind !== "string" && left.kind !== "bytes" && left.kind !== "mac") {
      throw this.error(`${this.describe(leftNode, left.kind)}: only text and bytes can contain something`, leftNode);
    }
    const domain = left.kind === "string" ? "string" : "bytes";
    if (!this.isConstant(rightNode)) {
      const right = this.operand(rightNode);
      this.checkComparable(left, leftNode, right, rightNode);
      return { type: "contains-pairs", domain, left: value, right: right.plan, ...want };
    }
    if (left.kind === "mac" && rightNode.type === "string") throw this.notOne(rightNode, left, leftNode, "");
    const kind = domain === "string" ? "string" : "bytes";
    const constant = this.constant(rightNode, { plan: value, kind, field: undefined }, leftNode);
    if (constant.domain === "string") return { type: "contains-text", value, needle: constant.text, ...want };
    if (constant.domain === "bytes") return { type: "contains-bytes", value, needle: constant.low, ...want };
    throw new Error(`a needle of domain ${constant.domain}`);
  }

  private matches(quantifier: Quantifier | undefined, leftNode: ValueNode, rightNode: ValueNode): TestPlan {
    const left = this.leftOperand(leftNode, "matches");
    if (left.kind !== "string" && left.kind !== "bytes" && left.kind !== "mac") {
      const text = this.source.slice(leftNode.start, leftNode.end);
      const hint = left.kind === "uint" || left.kind === "ipv4" || left.kind === "ipv6" ? `; try string(${text})` : "";
      throw this.error(`${this.describe(leftNode, left.kind)}: only text and bytes can match${hint}`, leftNode);
    }
    if (rightNode.type !== "string") throw this.error("a regular expression must be in double quotes", rightNode);
    let pattern: RegExp;
    try {
      pattern = compilePattern(decodeLatin1(rightNode.bytes, 0, rightNode.bytes.length));
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      throw this.error(`not a regular expression: ${error.message}`, rightNode);
    }
    return { type: "matches", value: left.plan, pattern, want: true, all: quantifier === "all" };
  }

  /** Whether nothing in it depends on the packet. */
  private isConstant(node: ValueNode): boolean {
    switch (node.type) {
      case "word":
        return this.findField(node.text) === undefined;
      case "string":
      case "char":
        return true;
      case "sign":
        return this.isConstant(node.operand);
      case "arithmetic":
        return this.isConstant(node.left) && this.isConstant(node.right);
      case "layer":
      case "slice":
      case "call":
        return false;
    }
  }

  /** A leading "." says that a word is a field, a leading ":" that it is none. */
  private findField(word: string): FilterField | undefined {
    if (word.startsWith(":")) return undefined;
    return this.registry.find(word.startsWith(".") ? word.slice(1) : word);
  }

  private leftOperand(node: ValueNode, op: string): Operand {
    if (this.isConstant(node))
      throw this.notAField(node, `cannot be on the left of "${op}": a field or a function must be there`);
    return this.operand(node);
  }

  private operand(node: ValueNode): Operand {
    switch (node.type) {
      case "word": {
        const field = this.findField(node.text);
        if (!field) throw this.notAField(node, "is not a field");
        return { plan: this.field(field), kind: field.kind, field };
      }
      case "layer": {
        const { plan, kind } = this.operand(node.field);
        return {
          plan: { type: "layer", value: plan, ranges: node.ranges, out: scratch(kind) },
          kind,
          field: undefined,
        };
      }
      case "slice": {
        if (this.isConstant(node.operand))
          throw this.notAField(node.operand, "is not a field: only fields have slices");
        const { plan, kind } = this.operand(node.operand);
        if (kind !== "bytes" && kind !== "mac" && kind !== "string" && kind !== "ipv4" && kind !== "ipv6") {
          throw this.error(
            `${this.describe(node.operand, kind)}: only text, bytes and addresses have slices`,
            node.operand,
          );
        }
        return {
          plan: { type: "slice", value: plan, ranges: node.ranges, out: scratch("bytes") },
          kind: "bytes",
          field: undefined,
        };
      }
      case "call":
        return this.call(node.name, node.nameSpan, node.args, node);
      case "sign": {
        const { plan, kind } = this.operand(node.operand);
        this.checkArithmetic(node.op, kind, node.operand);
        return {
          plan: node.op === "+" ? plan : { type: "negative", value: plan, out: scratch(kind) },
          kind,
          field: undefined,
        };
      }
      case "arithmetic":
        return this.arithmetic(node.op, node.left, node.right);
      case "string":
      case "char":
        throw this.notAField(node, "is not a field");
    }
  }

  private field(field: FilterField): ValuePlan {
    let index = this.fields.indexOf(field.name);
    if (index < 0) index = this.fields.push(field.name) - 1;
    return { type: "field", field: index };
  }

  private arithmetic(op: ArithmeticOp, leftNode: ValueNode, rightNode: ValueNode): Operand {
    const leftConstant = this.isConstant(leftNode);
    // Whichever is not constant says what the other must be.
    const known = leftConstant ? this.operand(rightNode) : this.operand(leftNode);
    const knownNode = leftConstant ? rightNode : leftNode;
    const otherNode = leftConstant ? leftNode : rightNode;
    this.checkArithmetic(op, known.kind, knownNode);
    let other: ValuePlan;
    if (this.isConstant(otherNode)) {
      const { plan, kind } = known;
      other = constantPlan(
        kind,
        this.single(otherNode, this.constant(otherNode, { plan, kind, field: undefined }, knownNode)),
      );
    } else {
      const right = this.operand(otherNode);
      this.checkComparable(known, knownNode, right, otherNode);
      this.checkArithmetic(op, right.kind, otherNode);
      other = right.plan;
    }
    const [left, right] = leftConstant ? [other, known.plan] : [known.plan, other];
    return {
      plan: { type: "arithmetic", op, left, right, out: scratch(known.kind) },
      kind: known.kind,
      field: undefined,
    };
  }

  private checkArithmetic(op: ArithmeticOp, kind: ValueKind, node: ValueNode, at: Span = node): void {
    if (kind === "uint") return;
    if (kind === "time" && (op === "+" || op === "-")) return;
    if (op === "&" && (kind === "ipv4" || kind === "ipv6" || kind === "mac" || kind === "bytes")) return;
    throw this.error(`${this.describe(node, kind)}: "${op}" cannot be used with it`, at);
  }

  private checkComparable(left: Operand, leftNode: ValueNode, right: Operand, rightNode: ValueNode): void {
    if (right.kind === "none") throw this.noValue(rightNode);
    const bytes = (kind: ValueKind): boolean => kind === "bytes" || kind === "mac";
    if (left.kind === right.kind || (bytes(left.kind) && bytes(right.kind))) return;
    throw this.error(
      `${this.describe(rightNode, right.kind)} and ${this.describe(leftNode, left.kind)}: they cannot be compared`,
      rightNode,
    );
  }

  private call(name: string, nameSpan: Span, args: readonly ValueNode[], node: Span): Operand {
    const known = FUNCTIONS.find((f) => f === name);
    if (!known) {
      const near = nearest(name, FUNCTIONS);
      throw this.error(
        `there is no function "${name}"${near ? `; did you mean "${near}"?` : `: there are ${FUNCTIONS.join(", ")}`}`,
        nameSpan,
      );
    }
    if (known === "max" || known === "min") return this.extreme(known, args, node);
    const [arg] = args;
    if (!arg || args.length !== 1) throw this.error(`${name}() takes one argument`, args[1] ?? node);
    if (this.isConstant(arg)) throw this.notAField(arg, `is not a field: ${name}() needs one`);
    const operand = this.operand(arg);
    return this.simpleCall(known, operand, arg);
  }

  private simpleCall(
    name: Exclude<FunctionName, "max" | "min">,
    { plan: value, kind, field }: Operand,
    arg: ValueNode,
  ): Operand {
    const refuse = (what: string): FilterError =>
      this.error(`${this.describe(arg, kind)}: ${name}() takes ${what}`, arg);
    const result = (resultKind: ValueKind, plan: ValuePlan): Operand => ({ plan, kind: resultKind, field: undefined });
    switch (name) {
      case "upper":
      case "lower":
        if (kind !== "string") throw refuse("text");
        return result("string", { type: name, value, out: scratch("string") });
      case "len": {
        const widths: Partial<Record<ValueKind, number>> = { ipv4: 4, ipv6: 16, mac: 6 };
        const fixed = kind === "uint" && field?.bits !== undefined ? Math.ceil(field.bits / 8) : widths[kind];
        if (fixed === undefined && kind !== "string" && kind !== "bytes") throw refuse("text, bytes and addresses");
        return result("uint", { type: "length", value, fixed, out: scratch("uint") });
      }
      case "count":
        if (arg.type !== "word" && arg.type !== "layer") throw this.error("count() takes a field", arg);
        return result("uint", { type: "count", value, out: scratch("uint") });
      case "string":
        if (kind !== "uint" && kind !== "ipv4" && kind !== "ipv6" && kind !== "mac")
          throw refuse("numbers and addresses");
        return result("string", { type: "text", value, out: scratch("string") });
      case "abs":
        if (kind !== "uint" && kind !== "time") throw refuse("numbers and times");
        return result(kind, { type: "absolute", value, out: scratch(kind) });
    }
  }

  private extreme(name: "max" | "min", args: readonly ValueNode[], node: Span): Operand {
    const firstNode = args.find((arg) => !this.isConstant(arg));
    if (!firstNode) throw this.error(`${name}() needs a field`, node);
    const first = this.operand(firstNode);
    if (first.kind === "none") throw this.noValue(firstNode);
    const { kind } = first;
    const values = args.map((arg) => {
      if (this.isConstant(arg))
        return constantPlan(kind, this.single(arg, this.constant(arg, { ...first, field: undefined }, firstNode)));
      const operand = this.operand(arg);
      this.checkComparable(first, firstNode, operand, arg);
      if (operand.kind !== kind) throw this.error(`the arguments of ${name}() must be of one kind`, arg);
      return operand.plan;
    });
    return { plan: { type: "extreme", largest: name === "max", values, out: scratch(kind) }, kind, field: undefined };
  }

  /** The constant an expression without fields stands for, as something to set beside `beside`. */
  private constant(node: ValueNode, beside: Operand, besideNode: ValueNode): Constant {
    switch (node.type) {
      case "word": {
        const text = node.text.startsWith(":") && !node.text.startsWith("::") ? node.text.slice(1) : node.text;
        return this.literal(node, { type: "word", text, bytes: undefined }, beside, besideNode);
      }
      case "string":
      case "char":
        return this.literal(node, node, beside, besideNode);
      case "sign": {
        this.checkArithmetic(node.op, beside.kind, besideNode, node);
        const value = this.constant(node.operand, beside, besideNode);
        return node.op === "+" ? value : negated(this.single(node.operand, value));
      }
      case "arithmetic": {
        this.checkArithmetic(node.op, beside.kind, besideNode, node);
        const left = this.single(node.left, this.constant(node.left, beside, besideNode));
        const right = this.single(node.right, this.constant(node.right, beside, besideNode));
        const result = combined(node.op, left, right);
        if (!result) throw this.error("there is no such value", node);
        return result;
      }
      case "layer":
      case "slice":
      case "call":
        throw new Error(`${node.type} is not constant`);
    }
  }

  private literal(
    node: ValueNode,
    literal: Parameters<typeof readConstant>[0],
    beside: Operand,
    besideNode: ValueNode,
  ): Constant {
    const constant = readConstant(literal, beside.kind);
    if (typeof constant === "string") throw this.notOne(node, beside, besideNode, constant);
    const bits = beside.field?.kind === "uint" ? beside.field.bits : undefined;
    if (bits !== undefined && constant.domain === "number" && constant.high > 2 ** bits - 1) {
      throw this.error(
        `${this.quote(node)} is too big for ${beside.field?.name ?? ""}: the most is ${2 ** bits - 1}`,
        node,
      );
    }
    return constant;
  }

  /** A constant where a network (10.0.0.0/8) makes no sense. */
  private single(node: ValueNode, constant: Constant): Constant {
    const isRange =
      (constant.domain === "number" && constant.low !== constant.high) ||
      (constant.domain === "bytes" && constant.low.some((b, i) => b !== constant.high[i]));
    if (isRange) throw this.error(`${this.quote(node)} is a network: an address must stand here`, node);
    return constant;
  }

  private error(message: string, { start, end }: Span): FilterError {
    return new FilterError(message, start, end);
  }

  private describe(node: ValueNode, kind: ValueKind): string {
    return `${this.source.slice(node.start, node.end)} is ${KIND_NAMES[kind]}`;
  }

  private quote(node: Span): string {
    const text = this.source.slice(node.start, node.end);
    return text.startsWith('"') || text.startsWith("'") || text.startsWith('r"') ? text : `"${text}"`;
  }

  private noValue(node: ValueNode): FilterError {
    return this.error(`${this.describe(node, "none")}: it is there or not, but compares with nothing`, node);
  }

  /** A word that is no field, where a field must be: say which was meant, if that can be told. */
  private notAField(node: ValueNode, otherwise: string): FilterError {
    if (node.type !== "word" || !/^\.?[A-Za-z_][\w.-]*$/.test(node.text))
      return this.error(`${this.quote(node)} ${otherwise}`, node);
    const name = node.text.replace(/^\./, "");
    const dash = name.indexOf("-");
    if (dash > 0 && this.registry.find(name.slice(0, dash))) {
      return this.error(`unknown field "${name}"; to subtract, put a space before "-"`, node);
    }
    // One or two letters are near to everything.
    const near = name.length > 2 ? nearest(name, this.registry.names()) : undefined;
    return this.error(`unknown field "${name}"${near === undefined ? "" : `; did you mean "${near}"?`}`, node);
  }

  /** A constant that does not fit what it is compared with. */
  private notOne(node: ValueNode, beside: Operand, besideNode: ValueNode, why: string): FilterError {
    const text = node.type === "word" ? node.text : "";
    // Perhaps it was to be a field.
    const near = /^[A-Za-z_]\w*\.[\w.]+$/.test(text) ? nearest(text, this.registry.names()) : undefined;
    const hint = near !== undefined ? `; did you mean "${near}"?` : why ? ` (${why})` : "";
    return this.error(`${this.describe(besideNode, beside.kind)}: ${this.quote(node)} is not one${hint}`, node);
  }
}

function scratch(kind: ValueKind): ValueColumn {
  return createValueColumn(kind, new Uint8Array(0), 64);
}

function constantPlan(kind: ValueKind, constant: Constant): ValuePlan {
  let bytes = new Uint8Array(0);
  if (constant.domain === "bytes") bytes = Uint8Array.from(constant.low);
  else if (kind === "mac" && constant.domain === "number") {
    const { low } = constant;
    bytes = Uint8Array.from({ length: 6 }, (_, i) => Math.floor(low / 256 ** (5 - i)) % 256);
  }
  const column = createValueColumn(kind, bytes, 1);
  if (constant.domain === "string") appendString(column, 0, 1, constant.text);
  else if (constant.domain === "time") appendValue(column, 0, 1, constant.seconds, constant.nanoseconds);
  else if (constant.domain === "bytes" || kind === "mac") appendValue(column, 0, 1, 0, bytes.length);
  else appendValue(column, 0, 1, constant.low);
  return { type: "constant", column };
}

function negated(constant: Constant): Constant {
  if (constant.domain === "number") return { domain: "number", low: 0 - constant.low, high: 0 - constant.low };
  if (constant.domain !== "time") throw new Error(`the negative of a constant of domain ${constant.domain}`);
  const { seconds, nanoseconds } = constant;
  if (nanoseconds === 0) return { domain: "time", seconds: 0 - seconds, nanoseconds };
  return { domain: "time", seconds: -seconds - 1, nanoseconds: 1e9 - nanoseconds };
}

/** Undefined: division by zero, or byte strings of different lengths. */
function combined(op: ArithmeticOp, left: Constant, right: Constant): Constant | undefined {
  if (left.domain === "number" && right.domain === "number") {
    const value = calculate(op, left.low, right.low);
    return value === undefined ? undefined : { domain: "number", low: value, high: value };
  }
  if (left.domain === "time" && right.domain === "time") {
    const sign = op === "-" ? -1 : 1;
    const sum = left.nanoseconds + sign * right.nanoseconds;
    const carry = Math.floor(sum / 1e9);
    return { domain: "time", seconds: left.seconds + sign * right.seconds + carry, nanoseconds: sum - carry * 1e9 };
  }
  if (left.domain !== "bytes" || right.domain !== "bytes" || left.low.length !== right.low.length) return undefined;
  const masked = left.low.map((b, i) => b & (right.low[i] as number));
  return { domain: "bytes", low: masked, high: masked };
}

/** The values that are equal to, below, or not above a constant. Of a network: any of it, the lowest, the highest. */
function intervalOf(constant: Constant, relation: Relation["relation"]): Interval {
  const { domain } = constant;
  const below = relation !== "eq";
  const open = relation === "lt";
  switch (domain) {
    case "number":
      return { domain, low: below ? -Infinity : constant.low, high: open ? constant.low - 1 : constant.high };
    case "time": {
      const { seconds, nanoseconds } = constant;
      const borrow = open && nanoseconds === 0;
      return {
        domain,
        lowSeconds: below ? -Infinity : seconds,
        lowNanoseconds: below ? 0 : nanoseconds,
        highSeconds: borrow ? seconds - 1 : seconds,
        highNanoseconds: borrow ? 999_999_999 : open ? nanoseconds - 1 : nanoseconds,
      };
    }
    case "bytes":
      return {
        domain,
        low: below ? undefined : constant.low,
        high: open ? constant.low : constant.high,
        highOpen: open,
      };
    case "string":
      return { domain, low: below ? undefined : constant.text, high: constant.text, highOpen: open };
  }
}

function rangeOf(from: Constant, to: Constant): Interval {
  if (from.domain === "number" && to.domain === "number") return { domain: "number", low: from.low, high: to.high };
  if (from.domain === "bytes" && to.domain === "bytes")
    return { domain: "bytes", low: from.low, high: to.high, highOpen: false };
  if (from.domain === "string" && to.domain === "string")
    return { domain: "string", low: from.text, high: to.text, highOpen: false };
  if (from.domain !== "time" || to.domain !== "time") throw new Error(`a range from ${from.domain} to ${to.domain}`);
  return {
    domain: "time",
    lowSeconds: from.seconds,
    lowNanoseconds: from.nanoseconds,
    highSeconds: to.seconds,
    highNanoseconds: to.nanoseconds,
  };
}

/** All of one domain, one at least. Numbers are sorted and joined, so that a large set is searched by bisection. */
function makeIntervals(list: readonly Interval[]): Intervals {
  const times = list.filter((i) => i.domain === "time");
  if (times.length) return { domain: "time", items: times };
  const bytes = list.filter((i) => i.domain === "bytes");
  if (bytes.length) return { domain: "bytes", items: bytes };
  const texts = list.filter((i) => i.domain === "string");
  if (texts.length) return { domain: "string", items: texts };
  const lows: number[] = [];
  const highs: number[] = [];
  const numbers = list.filter((i) => i.domain === "number").filter((i) => i.low <= i.high);
  for (const { low, high } of numbers.sort((a, b) => a.low - b.low)) {
    const last = highs.length - 1;
    const lastHigh = highs[last];
    if (lastHigh !== undefined && low <= lastHigh) highs[last] = Math.max(lastHigh, high);
    else {
      lows.push(low);
      highs.push(high);
    }
  }
  return { domain: "number", lows: Float64Array.from(lows), highs: Float64Array.from(highs) };
}
