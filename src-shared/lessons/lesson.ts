/**
 * A lesson: a guided tour through a recording, in steps that point at real packets, with questions whose answers the engine
 * finds in the packets. docs/LESSONS.md describes the format for authors.
 *
 * ```
 * lesson ─ recording: a scenario of the simulator with its seed, or capture files
 *        └ steps ─ text (Markdown)
 *                ├ target: which pane, which connection, which packet, found by content and never by number alone
 *                └ question ─ kind: choice, number, text, packet, hop
 *                           └ answer: a query over the packets; there is no place to write the answer itself
 * ```
 */
import * as v from "valibot";
import { filledText, text } from "../schema/limited";

export const LESSON_VERSION = 1;

const filter = filledText(20_000);
const markdown = text(50_000);

/**
 * Which connection: what must be equal, by the names of `hopscope connections --json`, parts joined by dots
 * (`requested.port: 80`, `translations.0.kind: dnat`); the first that fits, in order of time, or all of them. {} is any.
 */
const connectionPredicateSchema = v.record(filledText(100), v.union([text(500), v.number(), v.boolean(), v.null()]));
export type ConnectionPredicate = v.InferOutput<typeof connectionPredicateSchema>;

/** What the engine is asked for the right answer: each gives a list of values, of which one has to be given. */
const querySchema = v.union([
  /** How many packets the filter finds. */
  v.strictObject({ count: filter }),
  /** Values of a field in the packets the filter finds, as `hopscope fields` prints them, each occurrence by itself. */
  v.strictObject({ field: filledText(200), of: filter }),
  /** A property of the first connection that fits ("server.ip", "encapsulations.0.vni", "path.length"). */
  v.strictObject({ connection: connectionPredicateSchema, get: filledText(200) }),
  /** How many connections fit. */
  v.strictObject({ connections: connectionPredicateSchema }),
  /** Where the first connection that fits is translated so, and from what to what. */
  v.strictObject({
    translation: v.picklist(["dnat", "snat", "both"]),
    of: connectionPredicateSchema,
    get: v.picklist(["hop", "before", "after", "node", "from.ip", "from.port", "to.ip", "to.port"]),
  }),
  /** Where the first connection that fits was seen last though its way went on: the name of the capture point. */
  v.strictObject({ lastSeen: connectionPredicateSchema }),
  /** Findings of a kind: their number, or the severity of the first. */
  v.strictObject({ finding: filledText(100), get: v.picklist(["count", "severity"]) }),
  /** "held" "broken" "no-evidence" */
  v.strictObject({ rule: v.picklist(["pods-reach-pods", "nodes-reach-pods", "pod-sees-itself"]) }),
]);
export type Query = v.InferOutput<typeof querySchema>;

const asked = { ask: filledText(2000), hint: v.optional(text(2000)), explain: v.optional(markdown) };

export const questionSchema = v.variant("kind", [
  /** One of several; right are the options whose value is among the query's. */
  v.strictObject({
    kind: v.literal("choice"),
    ...asked,
    options: v.pipe(
      v.array(v.strictObject({ text: filledText(500), value: v.union([text(500), v.number(), v.boolean()]) })),
      v.minLength(2),
      v.maxLength(8),
    ),
    answer: querySchema,
  }),
  v.strictObject({ kind: v.literal("number"), ...asked, answer: querySchema }),
  /** Letter case and spaces around do not matter. */
  v.strictObject({ kind: v.literal("text"), ...asked, answer: querySchema }),
  /** Select a packet that this filter finds. */
  v.strictObject({ kind: v.literal("packet"), ...asked, answer: v.strictObject({ packet: filter }) }),
  /** Choose the hop where the connection is translated; the hops offered are those it really took. */
  v.strictObject({
    kind: v.literal("hop"),
    ...asked,
    answer: v.strictObject({ translation: v.picklist(["dnat", "snat", "both"]), of: connectionPredicateSchema }),
  }),
]);
export type Question = v.InferOutput<typeof questionSchema>;

/** What a step shows. Everything that is given must be found, or the lesson is broken (and its test fails). */
export const targetSchema = v.strictObject({
  pane: v.optional(
    v.picklist([
      "packets",
      "connections",
      "flows",
      "conversations",
      "endpoints",
      "hierarchy",
      "timeline",
      "expert",
      "findings",
    ]),
  ),
  /** Put in force in the packet list; "" shows all. */
  filter: v.optional(text(20_000)),
  /** The first packet this filter finds is selected. */
  packet: v.optional(filter),
  /** Field of that packet to show in its details. */
  field: v.optional(filledText(200)),
  connection: v.optional(connectionPredicateSchema),
});
export type Target = v.InferOutput<typeof targetSchema>;

const stepSchema = v.strictObject({
  title: filledText(200),
  text: markdown,
  target: v.optional(targetSchema),
  question: v.optional(questionSchema),
});
export type Step = v.InferOutput<typeof stepSchema>;

const recordingSchema = v.union([
  /** Made by the simulator when the lesson is opened. */
  v.strictObject({
    scenario: filledText(100),
    seed: v.pipe(v.number(), v.integer(), v.minValue(0)),
    fault: v.optional(filledText(100)),
  }),
  /** Capture and cluster files, by paths from the lesson's folder. */
  v.strictObject({
    files: v.pipe(v.array(filledText(500)), v.minLength(1), v.maxLength(100)),
    cluster: v.optional(v.pipe(v.array(filledText(500)), v.maxLength(20))),
  }),
  /** The captures of the workspace file that holds the lesson. */
  v.strictObject({ workspace: v.literal(true) }),
]);
export type Recording = v.InferOutput<typeof recordingSchema>;

export const lessonSchema = v.strictObject({
  version: v.literal(LESSON_VERSION),
  /** Progress is kept under it. */
  id: v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9-]{0,79}$/, "an id is lower-case letters, digits and -")),
  title: filledText(200),
  summary: text(1000),
  /** Of the course: "1 At home". Lessons are listed by chapter, then order. */
  chapter: text(100),
  order: v.pipe(v.number(), v.minValue(0)),
  minutes: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(600)),
  recording: recordingSchema,
  steps: v.pipe(v.array(stepSchema), v.minLength(1), v.maxLength(100)),
});
export type Lesson = v.InferOutput<typeof lessonSchema>;

/** @throws Error that says what is wrong and where: "steps.2.question.kind: …" */
export function parseLesson(value: unknown): Lesson {
  const parsed = v.safeParse(lessonSchema, value);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const where = v.getDotPath(issue);
  throw new Error(`${where === null ? "" : `${where}: `}${issue.message}`);
}
