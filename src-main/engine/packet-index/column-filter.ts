/**
 * Answers filters from the packet index, without reading the file again.
 *
 * The filter's tree is cut where its kind of answer changes:
 *
 * ```
 * ip.addr == 10.0.0.1 && !vxlan && tcp.len > 0
 *     and ─┬─ paths   ip.addr == 10.0.0.1 and not vxlan    evaluated once a path, then one look-up a packet
 *          └─ rows    tcp.len > 0                          evaluated on the columns of a segment
 * ```
 * Both parts run the same evaluator over the same kind of columns as a pass over the file does, so the answers are the same. A
 * filter that needs a field the index does not keep has none here.
 */
import { isAnnotationField } from "../fields/annotation-fields";
import { findField } from "../fields/registry";
import type { Filter } from "../filter/compile";
import { Evaluator } from "../filter/evaluate";
import type { Intervals, TestPlan, TimeInterval, ValuePlan } from "../filter/plan";
import { visitValues } from "../filter/visit-plan";
import { ROW_HAS_COMMENT } from "../kernel/assembly/abi";
import { timeSeconds } from "../kernel/batch";
import { readBits } from "./facts";
import type { FilteredCaptures } from "./filtered-captures";
import {
  ANALYSIS_FIELDS,
  INTERFACE_FIELDS,
  PATH_FIELDS,
  PATH_PROTOCOLS,
  ROW_NUMBERS,
  type RowNumber,
  isRowField,
} from "./indexed-fields";
import { type IndexSegment, SEGMENT_ROWS } from "./packet-index";
import { PathMatches } from "./path-columns";
import { NO_TIME, RowColumns, showsAnalysis } from "./row-columns";

type Node =
  | { readonly type: "everything" }
  | { readonly type: "and" | "or" | "xor"; readonly operands: readonly Node[] }
  | { readonly type: "not"; readonly operand: Node }
  | { readonly type: "paths"; readonly matches: PathMatches }
  | { readonly type: "rows"; readonly evaluator: Evaluator }
  /** One number of each packet that is there, in one interval or outside: no column of values need be made. */
  | {
      readonly type: "number";
      readonly number: RowNumber;
      readonly low: number;
      readonly high: number;
      readonly want: boolean;
    }
  /** tcp.flags & 2 and the like. */
  | { readonly type: "bits"; readonly number: RowNumber; readonly bits: number }
  | { readonly type: "time"; readonly interval: TimeInterval; readonly want: boolean }
  | { readonly type: "analysis"; readonly mask: number }
  | { readonly type: "comment" }
  /** What a pass over the files has found out. */
  | { readonly type: "fact"; readonly bits: Uint8Array };

/** A filter over the index of some captures. Packets may still be appended to it. */
export class ColumnFilter {
  private readonly rows: RowColumns;
  private readonly bitmaps: Uint8Array[] = [];

  private constructor(
    private readonly root: Node,
    captures: FilteredCaptures,
    private readonly paths: readonly PathMatches[],
  ) {
    this.rows = new RowColumns(captures);
  }

  /** Undefined if the filter needs something that the index does not keep. */
  static of(filter: Filter, captures: FilteredCaptures): ColumnFilter | undefined {
    const builder = new Builder(filter.fields, captures);
    const root = builder.node(filter.plan);
    return root && new ColumnFilter(root, captures, builder.paths);
  }

  /** Sets `out[row]` to 1 or 0 for rows 0 … `count` - 1 of segment `segment`. */
  evaluate(segment: number, count: number, out: Uint8Array): void {
    for (const p of this.paths) p.update();
    this.rows.begin(segment, count);
    this.test(this.root, segment, count, out, 0);
  }

  private test(node: Node, segment: number, count: number, out: Uint8Array, depth: number): void {
    const s = this.rows.segment;
    switch (node.type) {
      case "everything":
        out.fill(1, 0, count);
        return;
      case "paths": {
        const { path } = s;
        const { matches } = node.matches;
        for (let i = 0; i < count; i++) out[i] = matches[path[i] as number] as number;
        return;
      }
      case "rows":
        node.evaluator.evaluate(this.rows, out);
        return;
      case "number":
        testNumber(s, node.number, node.low, node.high, node.want, count, out);
        return;
      case "bits": {
        const column = node.number.column(s);
        const { tcp } = s;
        const { mask } = node.number;
        for (let i = 0; i < count; i++)
          out[i] = ((tcp[i] as number) & mask) === mask && (column[i] as number) & node.bits ? 1 : 0;
        return;
      }
      case "time":
        testTime(s, node.interval, node.want, count, out);
        return;
      case "analysis": {
        const { analysis } = s;
        for (let i = 0; i < count; i++) out[i] = (analysis[i] as number) & node.mask && showsAnalysis(s, i) ? 1 : 0;
        return;
      }
      case "fact":
        readBits(node.bits, segment * SEGMENT_ROWS, count, out);
        return;
      case "comment": {
        const { flags } = s;
        for (let i = 0; i < count; i++) out[i] = (flags[i] as number) & ROW_HAS_COMMENT ? 1 : 0;
        return;
      }
      case "not":
        this.test(node.operand, segment, count, out, depth);
        for (let i = 0; i < count; i++) out[i] = (out[i] as number) ^ 1;
        return;
      case "and":
      case "or":
      case "xor": {
        const [first, ...rest] = node.operands;
        this.test(first as Node, segment, count, out, depth);
        const other = (this.bitmaps[depth] ??= new Uint8Array(SEGMENT_ROWS));
        for (const operand of rest) {
          this.test(operand, segment, count, other, depth + 1);
          if (node.type === "and") for (let i = 0; i < count; i++) out[i] = (out[i] as number) & (other[i] as number);
          else if (node.type === "or")
            for (let i = 0; i < count; i++) out[i] = (out[i] as number) | (other[i] as number);
          else for (let i = 0; i < count; i++) out[i] = (out[i] as number) ^ (other[i] as number);
        }
      }
    }
  }
}

function testNumber(
  s: IndexSegment,
  number: RowNumber,
  low: number,
  high: number,
  want: boolean,
  count: number,
  out: Uint8Array,
): void {
  const column = number.column(s) as Uint32Array;
  const { tcp } = s;
  const { mask } = number;
  const and = number.and ?? 0xffffffff;
  const shift = number.shift ?? 0;
  const most = number.most ?? 0xffffffff;
  for (let i = 0; i < count; i++) {
    const x = Math.min((((column[i] as number) & and) >>> 0) >>> shift, most);
    out[i] = ((tcp[i] as number) & mask) === mask && (x >= low && x <= high) === want ? 1 : 0;
  }
}

function testTime(s: IndexSegment, interval: TimeInterval, want: boolean, count: number, out: Uint8Array): void {
  const { time, flags } = s;
  const { lowSeconds, lowNanoseconds, highSeconds, highNanoseconds } = interval;
  for (let i = 0; i < count; i++) {
    const seconds = timeSeconds(time, i);
    const nanoseconds = (time[i * 2] as number) & 0x3fffffff;
    const inside =
      (seconds > lowSeconds || (seconds === lowSeconds && nanoseconds >= lowNanoseconds)) &&
      (seconds < highSeconds || (seconds === highSeconds && nanoseconds <= highNanoseconds));
    out[i] = inside === want && !((flags[i] as number) & NO_TIME) ? 1 : 0;
  }
}

/** Turns a plan into nodes. */
class Builder {
  readonly paths: PathMatches[] = [];

  constructor(
    private readonly fields: readonly string[],
    private readonly captures: FilteredCaptures,
  ) {}

  node(plan: TestPlan): Node | undefined {
    if (plan.type === "everything") return plan;
    if (this.isOfPaths(plan)) {
      const matches = new PathMatches(plan, this.fields, this.captures);
      this.paths.push(matches);
      return { type: "paths", matches };
    }
    switch (plan.type) {
      case "not": {
        const operand = this.node(plan.operand);
        return operand && { type: "not", operand };
      }
      case "and":
      case "or":
      case "xor": {
        // All that paths decide is one look-up.
        const ofPaths = plan.operands.filter((o) => this.isOfPaths(o));
        const others = plan.operands.filter((o) => !this.isOfPaths(o));
        const merged: TestPlan[] = ofPaths.length > 1 ? [{ type: plan.type, operands: ofPaths }] : ofPaths;
        const operands: Node[] = [];
        for (const o of [...merged, ...others]) {
          const node = this.node(o);
          if (!node) return undefined;
          operands.push(node);
        }
        return { type: plan.type, operands };
      }
      default:
        return this.leaf(plan);
    }
  }

  private leaf(plan: TestPlan): Node | undefined {
    if (plan.type === "exists" && !plan.filled && plan.value.type === "field") {
      const name = this.fields[plan.value.field] as string;
      if (name === "frame.comment") return { type: "comment" };
      const flag = ANALYSIS_FIELDS.get(name);
      if (flag) return { type: "analysis", mask: flag[0] };
      const bits = this.captures.facts?.field(name);
      if (bits) return { type: "fact", bits };
    }
    if (plan.type === "intervals" && plan.value.type === "field") {
      const number = ROW_NUMBERS.get(this.fields[plan.value.field] as string);
      const single = number && singleInterval(plan.intervals);
      if (number && single) return { type: "number", number, ...single, want: plan.want };
      const { intervals } = plan;
      const isTime = this.fields[plan.value.field] === "frame.time_epoch";
      if (isTime && intervals.domain === "time" && intervals.items.length === 1)
        return { type: "time", interval: intervals.items[0] as TimeInterval, want: plan.want };
    }
    const bits = plan.type === "nonzero" && this.maskedNumber(plan.value);
    if (bits) return bits;
    let known = true;
    visitValues(plan, (value, bare) => {
      if (value.type !== "field") return;
      const name = this.fields[value.field] as string;
      if (isAnnotationField(name)) known &&= this.captures.notes?.knowsComments(this.captures.index.count) ?? false;
      else if (isRowField(name)) known &&= bare || findField(name)?.isProtocol !== true;
      else known &&= PATH_FIELDS.has(name) && !INTERFACE_FIELDS.has(name);
    });
    return known ? { type: "rows", evaluator: new Evaluator(plan, this.fields) } : undefined;
  }

  private maskedNumber(value: ValuePlan): Node | undefined {
    if (value.type !== "arithmetic" || value.op !== "&" || value.left.type !== "field") return undefined;
    const number = ROW_NUMBERS.get(this.fields[value.left.field] as string);
    if (!number || value.right.type !== "constant" || number.shift !== undefined) return undefined;
    const bits = value.right.column.numbers[0] as number;
    return bits <= (number.and ?? 0x7fffffff) ? { type: "bits", number, bits } : undefined;
  }

  /** Every field in it is one that a path decides, and of protocols only whether they are there. */
  private isOfPaths(plan: TestPlan): boolean {
    let all = true;
    let any = false;
    visitValues(plan, (value, bare) => {
      if (value.type !== "field") return;
      any = true;
      const name = this.fields[value.field] as string;
      all &&= PATH_FIELDS.has(name) || (bare && PATH_PROTOCOLS.has(name));
    });
    return all && any;
  }
}

function singleInterval(intervals: Intervals): { readonly low: number; readonly high: number } | undefined {
  if (intervals.domain !== "number" || intervals.lows.length !== 1) return undefined;
  return { low: intervals.lows[0] as number, high: intervals.highs[0] as number };
}
