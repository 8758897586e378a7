/** Columns of values of a segment of the packet index, for tests that no shorter way answers. */
import {
  type ValueColumn,
  appendValue,
  clearValueColumn,
  createValueColumn,
} from "../../../src-shared/tables/value-column";
import { collectNotes, isAnnotationField } from "../fields/annotation-fields";
import { findField } from "../fields/registry";
import type { ColumnProvider } from "../filter/field-registry";
import { PACKET_NO_TIME, ROW_PACKET_SHIFT, ROW_TCP_CUT, TCP_READABLE } from "../kernel/assembly/abi";
import { timeSeconds } from "../kernel/batch";
import type { FilteredCaptures } from "./filtered-captures";
import { ANALYSIS_FIELDS, ROW_NUMBERS } from "./indexed-fields";
import { type IndexSegment, SEGMENT_ROWS } from "./packet-index";
import { PathValues } from "./path-columns";

export const NO_TIME = PACKET_NO_TIME << ROW_PACKET_SHIFT;

/** The row's TCP header is there with all of its options: what the sequence analysis found is a field. */
export const showsAnalysis = (s: IndexSegment, row: number): boolean =>
  ((s.tcp[row] as number) & TCP_READABLE) !== 0 && ((s.flags[row] as number) & ROW_TCP_CUT) === 0;

/** Columns of values of one segment, for tests that no shorter way answers. */
export class RowColumns implements ColumnProvider {
  packetCount = 0;
  private current: IndexSegment | undefined;
  private firstId = 0;
  private readonly columns = new Map<string, ValueColumn>();
  private readonly fresh = new Set<string>();
  private readonly expanded = new Map<string, PathValues>();

  constructor(private readonly captures: FilteredCaptures) {}

  get segment(): IndexSegment {
    if (!this.current) throw new Error("no segment");
    return this.current;
  }

  begin(segment: number, count: number): void {
    this.current = this.captures.index.segments[segment];
    this.firstId = segment * SEGMENT_ROWS;
    this.packetCount = count;
    this.fresh.clear();
  }

  column(name: string): ValueColumn {
    const field = findField(name);
    if (!field) throw new Error(`no field ${name}`);
    let column = this.columns.get(name);
    if (!column) {
      column = createValueColumn(field.kind, this.captures.index.paths.bytes(), SEGMENT_ROWS);
      this.columns.set(name, column);
    }
    if (!this.fresh.has(name)) {
      clearValueColumn(column);
      this.fill(name, column);
      this.fresh.add(name);
    }
    return column;
  }

  private fill(name: string, out: ValueColumn): void {
    const s = this.segment;
    const n = this.packetCount;
    const number = ROW_NUMBERS.get(name);
    const flag = ANALYSIS_FIELDS.get(name);
    if (number) {
      const column = number.column(s);
      const and = number.and ?? 0xffffffff;
      const shift = number.shift ?? 0;
      const most = number.most ?? 0xffffffff;
      for (let i = 0; i < n; i++)
        if (((s.tcp[i] as number) & number.mask) === number.mask)
          appendValue(out, i, 1, Math.min((((column[i] as number) & and) >>> 0) >>> shift, most));
    } else if (flag) {
      const [mask, times] = flag;
      for (let i = 0; i < n; i++) {
        if (!((s.analysis[i] as number) & mask) || !showsAnalysis(s, i)) continue;
        for (let t = 0; t < times; t++) appendValue(out, i, 1, 1);
      }
    } else if (name === "frame.number") {
      const { index } = this.captures;
      // Numbers count through a file: look the file up where it changes only.
      let first = 0;
      let end = -1;
      for (let i = 0; i < n; i++) {
        const id = this.firstId + i;
        if (id >= end) {
          [first, end] = index.rangeOf(index.fileOf(id));
        }
        appendValue(out, i, 1, id - first + 1);
      }
    } else if (name === "frame.time_epoch") {
      for (let i = 0; i < n; i++) {
        if ((s.flags[i] as number) & NO_TIME) continue;
        appendValue(out, i, 1, timeSeconds(s.time, i), (s.time[i * 2] as number) & 0x3fffffff);
      }
    } else if (name === "frame") {
      // Only whether it is there is asked.
      for (let i = 0; i < n; i++) appendValue(out, i, 1, 0, 1);
    } else if (isAnnotationField(name)) {
      if (this.captures.notes) collectNotes(name, this.captures.notes, this.firstId, this.firstId + n, out);
    } else this.expand(name, out);
  }

  /** A field that paths decide, beside one that they do not. */
  private expand(name: string, out: ValueColumn): void {
    let values = this.expanded.get(name);
    if (!values) {
      values = new PathValues(name, this.captures);
      this.expanded.set(name, values);
    }
    values.update();
    out.bytes = this.captures.index.paths.bytes();
    const { path } = this.segment;
    for (let i = 0; i < this.packetCount; i++) values.append(path[i] as number, i, out);
  }
}
