/**
 * From text to a filter: the tree is checked against the fields there are, constants are read as the kind of what they are
 * compared with, and a plan comes out that runs over columns. Semantics are Wireshark 4.0's:
 *
 * - A test of a field needs the field: "ip.src != 10.0.0.1" is false where there is no ip.src.
 * - "==" any value equals, "!=" none does, "===" all do, "!==" any differs; ">" and the like: any. "any" and "all" in front
 *   overrule that.
 */
import { decodeLatin1 } from "../../../src-shared/base/text";
import type { Operand } from "./compile-messages";
import { ValueCompiler } from "./compile-values";
import { constantPlan } from "./constant-plans";
import { Evaluator } from "./evaluate";
import type { ColumnProvider, FieldRegistry } from "./field-registry";
import { FilterError } from "./filter-error";
import { type Ordering, intervalOf, makeIntervals, rangeOf } from "./intervals";
import {
  type CompareOp,
  type Quantifier,
  type SetElement,
  type Span,
  type TestNode,
  type ValueNode,
  parseFilter,
} from "./parse";
import { PatternError, compilePattern } from "./pattern";
import { type Interval, type TestPlan, type ValuePlan, domainOf } from "./plan";

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

interface Relation {
  readonly relation: Ordering;
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

class Compiler extends ValueCompiler {
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
}
