/**
 * The values of a filter: fields, slices, layers, arithmetic and functions become plans; constants are read as the kind of
 * what stands beside them.
 */
import { nearest } from "../../../src-shared/base/nearest";
import { decodeUtf8 } from "../../../src-shared/base/text";
import type { ValueKind } from "../../../src-shared/tables/value-column";
import { CompileMessages, type Operand } from "./compile-messages";
import { combined, constantPlan, negated, scratch } from "./constant-plans";
import type { FilterField } from "./field-registry";
import type { FilterError } from "./filter-error";
import { type Constant, readConstant } from "./literals";
import type { ArithmeticOp, Span, ValueNode } from "./parse";
import type { ValuePlan } from "./plan";

const FUNCTIONS = ["upper", "lower", "len", "count", "string", "max", "min", "abs"] as const;
type FunctionName = (typeof FUNCTIONS)[number];

export class ValueCompiler extends CompileMessages {
  /** Names of the fields that were met, each once. */
  readonly fields: string[] = [];

  /** Whether nothing in it depends on the packet. */
  protected isConstant(node: ValueNode): boolean {
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

  protected leftOperand(node: ValueNode, op: string): Operand {
    if (this.isConstant(node))
      throw this.notAField(node, `cannot be on the left of "${op}": a field or a function must be there`);
    return this.operand(node);
  }

  protected operand(node: ValueNode): Operand {
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

  protected checkComparable(left: Operand, leftNode: ValueNode, right: Operand, rightNode: ValueNode): void {
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
  protected constant(node: ValueNode, beside: Operand, besideNode: ValueNode): Constant {
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
    const constant = named(literal, beside.field) ?? readConstant(literal, beside.kind);
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
  protected single(node: ValueNode, constant: Constant): Constant {
    const isRange =
      (constant.domain === "number" && constant.low !== constant.high) ||
      (constant.domain === "bytes" && constant.low.some((b, i) => b !== constant.high[i]));
    if (isRange) throw this.error(`${this.quote(node)} is a network: an address must stand here`, node);
    return constant;
  }
}

/** The value that a name stands for: `ip.proto == TCP`. */
function named(literal: Parameters<typeof readConstant>[0], field: FilterField | undefined): Constant | undefined {
  if (!field?.names || literal.type === "char" || /^\d/.test(literal.text)) return undefined;
  const text = literal.bytes ? decodeUtf8(literal.bytes, 0, literal.bytes.length) : literal.text;
  const wanted = text.toLowerCase();
  for (const [value, name] of field.names)
    if (name.toLowerCase() === wanted) return { domain: "number", low: value, high: value };
  return undefined;
}
