/**
 * What a person had before them, as text that outlives the page: filter, order, selection, marks, tabs, scroll place.
 *
 * ```
 * window ─► KeptView ─► JSON ─► page gone (F5, crash) ─► JSON ─► KeptView of the same files? ─► window
 * ```
 * It belongs to the files that are open: packets of other files have the same numbers.
 */
import * as v from "valibot";

const packet = v.pipe(v.number(), v.integer(), v.minValue(0));
const time = v.tuple([v.number(), v.number()]);
const rowPlace = v.pipe(v.number(), v.finite(), v.minValue(0));

const keptViewSchema = v.object({
  /** Paths, in their order. */
  files: v.array(v.string()),
  filter: v.string(),
  /** What the filter bar holds, applied or not. */
  draft: v.string(),
  sort: v.array(v.object({ column: v.string(), descending: v.boolean() })),
  step: v.object({
    packet: v.nullable(packet),
    connection: v.nullable(v.string()),
    journey: v.number(),
    hop: v.number(),
    scope: v.nullable(
      v.object({
        kind: v.string(),
        label: v.string(),
        options: v.record(v.string(), v.union([v.string(), v.number()])),
      }),
    ),
    range: v.nullable(v.object({ from: time, to: time })),
  }),
  /** Nobody chose the packet that is selected. */
  isAutomatic: v.boolean(),
  marks: v.array(packet),
  ignored: v.array(packet),
  references: v.array(v.tuple([packet, time])),
  /** Groups of the map that are open. */
  mapGroups: v.optional(v.array(v.string()), []),
  /** Row at the upper edge of the packet list, with a fraction. */
  top: rowPlace,
  /** Tabs that were opened for something. */
  tabs: v.array(v.object({ id: v.string(), pane: v.string(), title: v.string(), argument: v.string() })),
  /** Id of the tab in front. */
  front: v.string(),
});
export type KeptView = v.InferOutput<typeof keptViewSchema>;

/** What was kept of these files; null: nothing, or of others, or it cannot be read. */
export function readKeptView(text: string | null, files: readonly string[]): KeptView | null {
  if (text === null) return null;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  const kept = v.safeParse(keptViewSchema, json);
  if (!kept.success) return null;
  const isSame = kept.output.files.length === files.length && kept.output.files.every((path, i) => path === files[i]);
  return isSame ? kept.output : null;
}
