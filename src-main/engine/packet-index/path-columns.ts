/** What paths decide: fields evaluated once for every path, then looked up for its packets. */
import {
  type ValueColumn,
  appendString,
  appendValue,
  clearValueColumn,
  createValueColumn,
} from "../../../src-shared/tables/value-column";
import { FieldColumns } from "../fields/field-columns";
import { findField } from "../fields/registry";
import { Evaluator } from "../filter/evaluate";
import type { ColumnProvider } from "../filter/field-registry";
import type { TestPlan } from "../filter/plan";
import { visitValues } from "../filter/visit-plan";
import type { Batch } from "../kernel/batch";
import type { Workspace } from "../session/workspace";
import type { FilteredCaptures } from "./filtered-captures";
import { INTERFACE_FIELDS, PROTOCOL_KINDS } from "./indexed-fields";
import { type PathTest, pathTestOf } from "./path-tests";
import { type LayerKinds, layerKinds } from "./paths";

/**
 * A plan over paths, cut where the kernel's answers end:
 *
 * ```
 * ip.addr == 10.0.0.1 && tcp.port in {80, 443} && ip.ttl < 64 && vlan
 *     and ─┬─ kernel     ip.addr == 10.0.0.1            one walk each
 *          ├─ kernel     tcp.port in {80, 443}
 *          └─ evaluator  ip.ttl < 64 && vlan            on paths laid out as batches, all of it at once
 * ```
 */
type Marker =
  | { readonly type: "kernel"; readonly test: PathTest }
  | { readonly type: "evaluator"; readonly evaluator: Evaluator; readonly kinds: LayerKinds }
  | { readonly type: "not"; readonly operand: Marker }
  | { readonly type: "and" | "or" | "xor"; readonly operands: readonly Marker[] };

function markerOf(plan: TestPlan, fields: readonly string[]): Marker {
  if (plan.type === "not") {
    const operand = markerOf(plan.operand, fields);
    if (operand.type !== "evaluator") return { type: "not", operand };
  } else if (plan.type === "and" || plan.type === "or" || plan.type === "xor") {
    const markers = plan.operands.map((operand) => markerOf(operand, fields));
    const others = plan.operands.filter((_, i) => markers[i]?.type === "evaluator");
    if (others.length < markers.length) {
      const operands: Marker[] = markers.filter((marker) => marker.type !== "evaluator");
      const [first, second] = others;
      if (first) operands.push(evaluatorOf(second ? { type: plan.type, operands: others } : first, fields));
      return { type: plan.type, operands };
    }
  }
  const test = pathTestOf(plan, fields);
  return test ? { type: "kernel", test } : evaluatorOf(plan, fields);
}

function evaluatorOf(plan: TestPlan, fields: readonly string[]): Marker {
  const used = new Set<string>();
  visitValues(plan, (value) => {
    if (value.type === "field") used.add(fields[value.field] as string);
  });
  const kinds = layerKinds([...used].flatMap((name) => PROTOCOL_KINDS[findField(name)?.protocol ?? ""] ?? []));
  return { type: "evaluator", evaluator: new Evaluator(plan, fields), kinds };
}

/** One byte a path: whether the packets that have it match. */
export class PathMatches {
  matches = new Uint8Array(1024);
  private known = 0;
  private readonly marker: Marker;
  private readonly columns: PathColumns;

  constructor(
    plan: TestPlan,
    fields: readonly string[],
    private readonly captures: FilteredCaptures,
  ) {
    this.marker = markerOf(plan, fields);
    this.columns = new PathColumns(captures);
  }

  /** Evaluates paths that came since the last call. */
  update(): void {
    const { paths } = this.captures.index;
    if (this.known === paths.count) return;
    if (this.matches.length < paths.count) {
      const bigger = new Uint8Array(Math.max(paths.count, this.matches.length * 2));
      bigger.set(this.matches.subarray(0, this.known));
      this.matches = bigger;
    }
    this.mark(this.marker, this.matches);
    this.known = paths.count;
  }

  /** Sets `out[path]` for all paths from `known` on. */
  private mark(marker: Marker, out: Uint8Array): void {
    const { paths } = this.captures.index;
    const { known } = this;
    const { count } = paths;
    switch (marker.type) {
      case "kernel":
        paths.mark(marker.test, known, out);
        return;
      case "evaluator":
        paths.forEachBatch(
          (batch, first) => {
            this.columns.begin(batch);
            marker.evaluator.evaluate(this.columns, out.subarray(first, first + batch.packetCount));
          },
          known,
          marker.kinds,
        );
        return;
      case "not":
        this.mark(marker.operand, out);
        for (let i = known; i < count; i++) out[i] = (out[i] as number) ^ 1;
        return;
      case "and":
      case "or":
      case "xor": {
        const [first, ...rest] = marker.operands;
        this.mark(first as Marker, out);
        const other = new Uint8Array(count);
        for (const operand of rest) {
          this.mark(operand, other);
          if (marker.type === "and")
            for (let i = known; i < count; i++) out[i] = (out[i] as number) & (other[i] as number);
          else if (marker.type === "or")
            for (let i = known; i < count; i++) out[i] = (out[i] as number) | (other[i] as number);
          else for (let i = known; i < count; i++) out[i] = (out[i] as number) ^ (other[i] as number);
        }
      }
    }
  }
}

/** Columns of a batch of paths. */
class PathColumns implements ColumnProvider {
  private readonly fields: FieldColumns;
  private batch: Batch | undefined;
  private readonly interfaces = new Map<string, ValueColumn>();

  private readonly workspace: Workspace;

  constructor({ workspace, index }: FilteredCaptures) {
    this.workspace = workspace;
    this.fields = new FieldColumns(index.paths.context(workspace));
  }

  begin(batch: Batch): void {
    this.batch = batch;
    this.fields.begin(batch);
  }

  get packetCount(): number {
    return this.batch?.packetCount ?? 0;
  }

  column(name: string): ValueColumn {
    return INTERFACE_FIELDS.has(name) ? this.interfaceColumn(name) : this.fields.column(name);
  }

  /** As frame-fields.ts tells them, but a batch of paths is of all files. */
  private interfaceColumn(name: string): ValueColumn {
    const batch = this.batch as Batch;
    let column = this.interfaces.get(name);
    if (!column) {
      column = createValueColumn(name === "frame.interface_id" ? "uint" : "string", batch.bytes);
      this.interfaces.set(name, column);
    }
    clearValueColumn(column);
    const { files, points, pointFiles } = this.workspace;
    for (let i = 0; i < batch.packetCount; i++) {
      const number = batch.point[i] as number;
      const point = points[number];
      if (!point || files[pointFiles[number] as number]?.format !== "pcapng" || batch.isCustomBlock(i)) continue;
      if (column.kind === "uint") appendValue(column, i, 1, point.numberInSection);
      else appendString(column, i, 1, point.name ?? point.description ?? "unknown");
    }
    return column;
  }
}

/** The values of one field for every path. */
export class PathValues {
  private known = 0;
  private readonly columns: PathColumns;
  /** Where the values of path n begin; one more at the end. */
  private readonly starts: number[] = [0];
  private readonly layers: number[] = [];
  private readonly numbers: number[] = [];
  private readonly lengths: number[] = [];

  constructor(
    private readonly name: string,
    private readonly captures: FilteredCaptures,
  ) {
    this.columns = new PathColumns(captures);
  }

  update(): void {
    const { paths } = this.captures.index;
    if (this.known === paths.count) return;
    paths.forEachBatch((batch) => {
      this.columns.begin(batch);
      const column = this.columns.column(this.name);
      let at = 0;
      for (let i = 0; i < batch.packetCount; i++) {
        for (; at < column.count && column.packet[at] === i; at++) {
          this.layers.push(column.layer[at] as number);
          this.numbers.push(column.numbers[at] as number);
          this.lengths.push(column.lengths[at] as number);
        }
        this.starts.push(this.numbers.length);
      }
    }, this.known);
    this.known = paths.count;
  }

  append(path: number, packet: number, out: ValueColumn): void {
    const end = this.starts[path + 1] as number;
    for (let i = this.starts[path] as number; i < end; i++)
      appendValue(out, packet, this.layers[i] as number, this.numbers[i] as number, this.lengths[i]);
  }
}
