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
import { type LayerKinds, layerKinds } from "./paths";

/** One byte a path: whether the packets that have it match. */
export class PathMatches {
  matches = new Uint8Array(1024);
  private readonly kinds: LayerKinds;
  private known = 0;
  private readonly evaluator: Evaluator;
  private readonly columns: PathColumns;

  constructor(
    plan: TestPlan,
    fields: readonly string[],
    private readonly captures: FilteredCaptures,
  ) {
    this.evaluator = new Evaluator(plan, fields);
    this.columns = new PathColumns(captures);
    const used = new Set<string>();
    visitValues(plan, (value) => {
      if (value.type === "field") used.add(fields[value.field] as string);
    });
    this.kinds = layerKinds([...used].flatMap((name) => PROTOCOL_KINDS[findField(name)?.protocol ?? ""] ?? []));
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
    paths.forEachBatch(
      (batch, first) => {
        this.columns.begin(batch);
        this.evaluator.evaluate(this.columns, this.matches.subarray(first, first + batch.packetCount));
      },
      this.known,
      this.kinds,
    );
    this.known = paths.count;
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
