/** Which packets of open captures a display filter selects, decided by decoding every one of them. */
import { FieldColumns } from "../../src-main/engine/fields/field-columns";
import { compileFilter } from "../../src-main/engine/filter/compile";
import { FILTER_REGISTRY } from "../../src-main/engine/filter/engine-registry";
import type { LoadedCaptures } from "../../src-main/engine/service/loaded-captures";

/** By filter, the ids it selects. */
export function filterMatches(captures: LoadedCaptures, filters: readonly string[]): Map<string, number[]> {
  const compiled = filters.map((text) => ({ text, filter: compileFilter(text, FILTER_REGISTRY), ids: [] as number[] }));
  const all = Uint32Array.from({ length: captures.index.count }, (_, i) => i);
  captures.reader.decodeAll(all, (run) => {
    const columns = new FieldColumns(run.context);
    columns.begin(run.batch);
    const keep = new Uint8Array(run.batch.packetCount);
    for (const { filter, ids } of compiled) {
      filter.evaluate(columns, keep);
      keep.forEach((kept, row) => {
        if (kept) ids.push(run.from + row);
      });
    }
  });
  return new Map(compiled.map(({ text, ids }) => [text, ids]));
}
