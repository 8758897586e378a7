/**
 * Runs a plan over a batch, a column at a time: no object and no call per packet where numbers are compared.
 *
 * A leaf writes its bitmap (one byte a packet) in two strokes. "any": all 0, then 1 at the packet of every row that
 * satisfies. "all": 1 at the packet of every row, then 0 at that of every row that does not.
 */
import { type ValueColumn, appendString, appendValue } from "../../../src-shared/tables/value-column";
import { appendRow, binaryText, compareRows, holdsBytes, lengthOf, reserveBytes, textOf } from "./column-rows";
import { appendResult, asText, changeCase, changeSign, countRows, keepLayers, takeSlices } from "./derived-columns";
import type { ColumnProvider } from "./field-registry";
import { markFilled, markIntervals, markNonzero, markPairs, prepare } from "./mark-packets";
import type { ArithmeticOp } from "./parse";
import { type Domain, type TestPlan, type ValuePlan, domainOf } from "./plan";

/** Evaluates one plan. Keeps scratch memory between batches: one evaluation at a time. */
export class Evaluator {
  private readonly bitmaps: Uint8Array[] = [];
  private readonly columns: (ValueColumn | undefined)[];
  private provider: ColumnProvider | undefined;
  private packetCount = 0;

  constructor(
    private readonly plan: TestPlan,
    private readonly fields: readonly string[],
  ) {
    this.columns = fields.map(() => undefined);
  }

  /** Sets `out[packet]` to 1 or 0 for every packet of the batch; returns how many are 1. */
  evaluate(provider: ColumnProvider, out: Uint8Array): number {
    const n = provider.packetCount;
    if (out.length < n) throw new RangeError(`a bitmap of ${out.length} bytes for ${n} packets`);
    this.provider = provider;
    this.packetCount = n;
    this.columns.fill(undefined);
    this.test(this.plan, out, 0);
    this.provider = undefined;
    return countSet(out, n);
  }

  /** `depth`: the first scratch bitmap that is free. */
  private test(plan: TestPlan, out: Uint8Array, depth: number): void {
    const n = this.packetCount;
    switch (plan.type) {
      case "everything":
        out.fill(1, 0, n);
        return;
      case "not":
        this.test(plan.operand, out, depth);
        for (let i = 0; i < n; i++) out[i] = (out[i] as number) ^ 1;
        return;
      case "and":
      case "or":
      case "xor":
        this.combine(plan.type, plan.operands, out, depth);
        return;
      case "exists":
        out.fill(0, 0, n);
        markFilled(this.value(plan.value), plan.filled, out);
        return;
      case "nonzero":
        out.fill(0, 0, n);
        markNonzero(this.value(plan.value), out);
        return;
      case "intervals": {
        const column = this.value(plan.value);
        const want = prepare(column, plan, out, n);
        markIntervals(column, plan.intervals, want, out, plan.all ? 0 : 1);
        return;
      }
      case "contains-bytes": {
        const column = this.value(plan.value);
        const want = prepare(column, plan, out, n);
        for (let r = 0; r < column.count; r++) {
          const found = holdsBytes(column, r, plan.needle, 0, plan.needle.length);
          if (found === want) out[column.packet[r] as number] = plan.all ? 0 : 1;
        }
        return;
      }
      case "contains-text": {
        const column = this.value(plan.value);
        const want = prepare(column, plan, out, n);
        for (let r = 0; r < column.count; r++) {
          const found = plan.needle !== "" && textOf(column, r).includes(plan.needle);
          if (found === want) out[column.packet[r] as number] = plan.all ? 0 : 1;
        }
        return;
      }
      case "matches": {
        const column = this.value(plan.value);
        const want = prepare(column, plan, out, n);
        const memory = Buffer.from(column.bytes.buffer, column.bytes.byteOffset, column.bytes.byteLength);
        for (let r = 0; r < column.count; r++) {
          const found = plan.pattern.test(binaryText(column, r, memory));
          if (found === want) out[column.packet[r] as number] = plan.all ? 0 : 1;
        }
        return;
      }
      case "pairs":
      case "contains-pairs": {
        const left = this.value(plan.left);
        const right = this.value(plan.right);
        const relation = plan.type === "pairs" ? plan.relation : "contains";
        out.fill(0, 0, n);
        if (!plan.all) markPairs(left, right, plan.domain, relation, plan.want, out, 1);
        else {
          markPairs(left, right, plan.domain, "every", true, out, 1);
          markPairs(left, right, plan.domain, relation, !plan.want, out, 0);
        }
        return;
      }
      case "between":
        this.between(plan.value, plan.low, plan.high, plan.domain, plan, out);
        return;
    }
  }

  private combine(type: "and" | "or" | "xor", operands: readonly TestPlan[], out: Uint8Array, depth: number): void {
    const n = this.packetCount;
    operands.forEach((operand, index) => {
      if (index === 0) {
        this.test(operand, out, depth);
        return;
      }
      // What is decided for every packet needs no further columns: in most batches most filters match nothing.
      if (type === "and" && countSet(out, n) === 0) return;
      if (type === "or" && countSet(out, n) === n) return;
      let other = this.bitmaps[depth];
      if (!other || other.length < n) {
        other = new Uint8Array(n);
        this.bitmaps[depth] = other;
      }
      this.test(operand, other, depth + 1);
      if (type === "and") for (let i = 0; i < n; i++) out[i] = (out[i] as number) & (other[i] as number);
      else if (type === "or") for (let i = 0; i < n; i++) out[i] = (out[i] as number) | (other[i] as number);
      else for (let i = 0; i < n; i++) out[i] = (out[i] as number) ^ (other[i] as number);
    });
  }

  private value(plan: ValuePlan): ValueColumn {
    switch (plan.type) {
      case "field": {
        let column = this.columns[plan.field];
        if (!column) {
          column = (this.provider as ColumnProvider).column(this.fields[plan.field] as string);
          this.columns[plan.field] = column;
        }
        return column;
      }
      case "constant":
        return plan.column;
      case "layer":
        return keepLayers(this.value(plan.value), plan.ranges, plan.out);
      case "slice":
        return takeSlices(this.value(plan.value), plan.ranges, plan.out);
      case "negative":
      case "absolute":
        return changeSign(this.value(plan.value), plan.type === "absolute", plan.out);
      case "arithmetic":
        return this.arithmetic(plan.op, plan.left, plan.right, plan.out);
      case "length": {
        const { fixed, out } = plan;
        const column = this.value(plan.value);
        out.count = 0;
        for (let r = 0; r < column.count; r++) {
          const length =
            fixed ?? (column.kind === "string" ? Buffer.byteLength(textOf(column, r)) : lengthOf(column, r));
          appendRow(out, column, r, length, 0);
        }
        return out;
      }
      case "count":
        return countRows(this.value(plan.value), plan.out);
      case "upper":
      case "lower":
        return changeCase(this.value(plan.value), plan.type === "upper", plan.out);
      case "text":
        return asText(this.value(plan.value), plan.out);
      case "extreme":
        return this.extreme(plan.values, plan.largest, plan.out);
    }
  }

  /** Rows that are not below some value of `low` and not above some value of `high`. */
  private between(
    value: ValuePlan,
    low: ValuePlan,
    high: ValuePlan,
    domain: Domain,
    wanted: { readonly want: boolean; readonly all: boolean },
    out: Uint8Array,
  ): void {
    const column = this.value(value);
    const lows = this.value(low);
    const highs = this.value(high);
    const want = prepare(column, wanted, out, this.packetCount);
    let i = 0;
    let j = 0;
    for (let r = 0; r < column.count; r++) {
      const packet = column.packet[r] as number;
      if (low.type !== "constant") while (i < lows.count && (lows.packet[i] as number) < packet) i++;
      if (high.type !== "constant") while (j < highs.count && (highs.packet[j] as number) < packet) j++;
      let above = false;
      for (let k = i; k < lows.count && !above && (low.type === "constant" || lows.packet[k] === packet); k++) {
        above = compareRows(domain, lows, k, column, r) <= 0;
      }
      let inside = false;
      for (
        let k = j;
        above && k < highs.count && !inside && (high.type === "constant" || highs.packet[k] === packet);
        k++
      ) {
        inside = compareRows(domain, column, r, highs, k) <= 0;
      }
      if (inside === want) out[packet] = wanted.all ? 0 : 1;
    }
  }

  /** Every value of one side with every value of the other in the same packet. */
  private arithmetic(op: ArithmeticOp, leftPlan: ValuePlan, rightPlan: ValuePlan, out: ValueColumn): ValueColumn {
    const left = this.value(leftPlan);
    const right = this.value(rightPlan);
    out.count = 0;
    if (rightPlan.type === "constant") {
      for (let i = 0; i < left.count; i++) appendResult(op, left, i, right, 0, left, i, out);
    } else if (leftPlan.type === "constant") {
      for (let j = 0; j < right.count; j++) appendResult(op, left, 0, right, j, right, j, out);
    } else {
      let j = 0;
      for (let i = 0; i < left.count; i++) {
        const packet = left.packet[i] as number;
        while (j < right.count && (right.packet[j] as number) < packet) j++;
        for (let k = j; k < right.count && right.packet[k] === packet; k++)
          appendResult(op, left, i, right, k, left, i, out);
      }
    }
    return out;
  }

  /** The largest or smallest of all values in a packet; constants take part in every packet, as in Wireshark. */
  private extreme(plans: readonly ValuePlan[], largest: boolean, out: ValueColumn): ValueColumn {
    const columns = plans.map((plan) => this.value(plan));
    const next = new Uint32Array(plans.length);
    const domain = domainOf(out.kind);
    out.count = 0;
    out.strings.length = 0;
    let used = 0;
    for (let packet = 0; packet < this.packetCount; packet++) {
      let best: ValueColumn | undefined;
      let bestRow = 0;
      for (let c = 0; c < columns.length; c++) {
        const column = columns[c] as ValueColumn;
        const constant = plans[c]?.type === "constant";
        let r = constant ? 0 : (next[c] as number);
        for (; r < column.count && (constant || column.packet[r] === packet); r++) {
          const order = best ? compareRows(domain, column, r, best, bestRow) : 0;
          if (best && (largest ? order <= 0 : order >= 0)) continue;
          best = column;
          bestRow = r;
        }
        next[c] = r;
      }
      if (!best) continue;
      const layer = best.layer[bestRow] as number;
      if (domain === "string") appendString(out, packet, layer, textOf(best, bestRow));
      else if (domain === "bytes") {
        const length = lengthOf(best, bestRow);
        const from = best.numbers[bestRow] as number;
        reserveBytes(out, used, length);
        for (let i = 0; i < length; i++) out.bytes[used + i] = best.bytes[from + i] as number;
        appendValue(out, packet, layer, used, length);
        used += length;
      } else appendValue(out, packet, layer, best.numbers[bestRow] as number, best.lengths[bestRow]);
    }
    return out;
  }
}

function countSet(bitmap: Uint8Array, n: number): number {
  let count = 0;
  for (let i = 0; i < n; i++) count += bitmap[i] as number;
  return count;
}
