/** Constants of a filter: made into columns of one row, and calculated with before there are packets. */
import {
  type ValueColumn,
  type ValueKind,
  appendString,
  appendValue,
  createValueColumn,
} from "../../../src-shared/tables/value-column";
import { calculate } from "./derived-columns";
import type { Constant } from "./literals";
import type { ArithmeticOp } from "./parse";
import type { ValuePlan } from "./plan";

export function scratch(kind: ValueKind): ValueColumn {
  return createValueColumn(kind, new Uint8Array(0), 64);
}

export function constantPlan(kind: ValueKind, constant: Constant): ValuePlan {
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

export function negated(constant: Constant): Constant {
  if (constant.domain === "number") return { domain: "number", low: 0 - constant.low, high: 0 - constant.low };
  if (constant.domain !== "time") throw new Error(`the negative of a constant of domain ${constant.domain}`);
  const { seconds, nanoseconds } = constant;
  if (nanoseconds === 0) return { domain: "time", seconds: 0 - seconds, nanoseconds };
  return { domain: "time", seconds: -seconds - 1, nanoseconds: 1e9 - nanoseconds };
}

/** Undefined: division by zero, or byte strings of different lengths. */
export function combined(op: ArithmeticOp, left: Constant, right: Constant): Constant | undefined {
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
