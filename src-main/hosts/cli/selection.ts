/** Which packets of a batch a filter keeps. */
import { FieldColumns } from "../../engine/fields/field-columns";
import type { FieldContext } from "../../engine/fields/field-context";
import { findField } from "../../engine/fields/registry";
import { type Filter, compileFilter } from "../../engine/filter/compile";
import { FILTER_REGISTRY } from "../../engine/filter/engine-registry";
import type { Batch } from "../../engine/kernel/batch";

export class PacketSelection {
  readonly filter: Filter | undefined;
  private columns: FieldColumns | undefined;
  private keep = new Uint8Array(0);

  /** Throws FilterError if the text is no filter. */
  constructor(source: string | undefined) {
    this.filter = source === undefined || source.trim() === "" ? undefined : compileFilter(source, FILTER_REGISTRY);
  }

  /** The filter asks for stream numbers or TCP analysis. */
  get needsStreams(): boolean {
    return this.filter?.fields.some((name) => findField(name)?.needsStreams) ?? false;
  }

  /** The filter asks for what joining says. */
  get needsJoin(): boolean {
    return this.filter?.fields.some((name) => findField(name)?.needsJoin) ?? false;
  }

  /** One byte a packet, 0 to leave it out; undefined if there is no filter. Valid until the next call. */
  of(batch: Batch, context: FieldContext, columns?: FieldColumns): Uint8Array | undefined {
    if (!this.filter) return undefined;
    if (!columns) {
      this.columns ??= new FieldColumns(context);
      this.columns.begin(batch);
      columns = this.columns;
    }
    if (this.keep.length < batch.packetCount) this.keep = new Uint8Array(batch.packetCount);
    this.filter.evaluate(columns, this.keep);
    return this.keep;
  }
}
