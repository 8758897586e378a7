/** _ws.col.protocol, _ws.col.info: the packet list's columns as fields that filters can ask for. */
import { appendString } from "../../../src-shared/tables/value-column";
import type { Field } from "../fields/field";
import type { FieldContext } from "../fields/field-context";
import type { Batch } from "../kernel/batch";
import { StreamedPast } from "./packet-past";
import { summarise } from "./summary";

const pasts = new WeakMap<FieldContext, { readonly past: StreamedPast; batch: string }>();

/** Batches come in order; those that no filter asked about are not there to be remembered. */
function pastOf(batch: Batch, context: FieldContext): StreamedPast | undefined {
  if (context.times) return undefined;
  let known = pasts.get(context);
  if (!known) pasts.set(context, (known = { past: new StreamedPast(context.pointStreams === true), batch: "" }));
  const key = `${batch.file} ${batch.numberBefore} ${batch.packetCount}`;
  if (known.batch !== key) known.past.observe(batch);
  known.batch = key;
  return known.past;
}

function columnField(name: string, label: string, column: "protocol" | "info"): Field {
  return {
    name,
    label,
    kind: "string",
    protocol: "_ws.col",
    hexDigits: 0,
    needsStreams: true,
    collect({ batch }, out, context) {
      const past = pastOf(batch, context);
      for (let packet = 0; packet < batch.packetCount; packet++) {
        const summary = summarise(batch, packet, context.points[batch.point[packet] as number], past);
        appendString(out, packet, 1, summary[column]);
      }
    },
  };
}

export const COLUMN_FIELDS: readonly Field[] = [
  columnField("_ws.col.protocol", "The list's column Protocol", "protocol"),
  columnField("_ws.col.info", "The list's column Info", "info"),
];
