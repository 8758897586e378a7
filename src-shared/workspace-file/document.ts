/**
 * What a `.hopscope` file holds: a zip with `workspace.json` (this schema) and, where they were put inside, the captures.
 *
 * ```
 * team-a.hopscope (zip)
 *   workspace.json          captures by reference: path, path from this file, size, hash; roles, names, clocks, decode-as;
 *                           what the window adds: filters, columns, layout, notes, a lesson
 *   captures/0/n1.pcapng    only if saved "with the captures inside", or where the capture lies in no lasting place
 *   cluster/0/all.json
 * ```
 *
 * A file of another person is hostile: every text and list has a limit, and what is unknown is refused, with its place.
 */
import * as v from "valibot";
import { DECODE_AS } from "../model/decode-as";
import { POINT_ROLES } from "../model/point-role";
import { filter, index, natural, path, text, whole } from "../schema/limited";
import { annotationSchema } from "../annotations/annotation";
import { lessonSchema } from "../lessons/lesson";

export const WORKSPACE_FORMAT = "hopscope-workspace";
/** Grows with every change that older programs cannot read. */
export const WORKSPACE_VERSION = 1;
export const WORKSPACE_ENTRY = "workspace.json";
export const WORKSPACE_EXTENSION = ".hopscope";

/** A file the workspace speaks of. */
const referenceSchema = v.object({
  /** "n1.pcapng": what people call it, and what is looked for where it was moved. */
  name: v.pipe(text(255), v.minLength(1)),
  /** Absolute, on the computer that saved it. */
  path,
  /** From the folder of the workspace file, with "/" between; null: none (another drive). */
  relative: v.nullable(path),
  bytes: natural,
  /** contentHash() of it; null: it could not be read when the workspace was saved. */
  hash: v.nullable(text(100)),
  /** Name of the zip entry that holds it; null: only referred to. */
  inside: v.nullable(text(300)),
});
export type FileReference = v.InferOutput<typeof referenceSchema>;

const role = v.picklist(POINT_ROLES);

const captureSchema = v.object({
  ...referenceSchema.entries,
  /** Seconds added to its times when joining; null: estimated. */
  clockOffset: v.nullable(v.pipe(v.number(), v.finite())),
  /** What a person said about its interfaces. */
  points: v.pipe(
    v.array(v.object({ interface: index, enabled: v.boolean(), name: v.nullable(text(200)), role: v.nullable(role) })),
    v.maxLength(10_000),
  ),
});

/** What the window keeps with a workspace. The theme and other tastes stay with the person. */
export const windowPartSchema = v.object({
  /** The display filter in force. */
  filter,
  savedFilters: v.pipe(v.array(v.object({ label: text(200), filter })), v.maxLength(200)),
  sort: v.pipe(v.array(v.object({ column: text(200), descending: v.boolean() })), v.maxLength(20)),
  /** Settings of the layout by name (panes, splits, columns); each is checked by its own rule when it is taken over. */
  layout: v.record(text(100), v.unknown()),
  notes: v.pipe(v.array(annotationSchema), v.maxLength(1_000_000)),
  /** Steps of a tour through this workspace. */
  lesson: v.nullable(lessonSchema),
});
export type WindowPart = v.InferOutput<typeof windowPartSchema>;

export const EMPTY_WINDOW_PART: WindowPart = {
  filter: "",
  savedFilters: [],
  sort: [],
  layout: {},
  notes: [],
  lesson: null,
};

const workspaceDocumentSchema = v.object({
  format: v.literal(WORKSPACE_FORMAT),
  version: v.literal(WORKSPACE_VERSION),
  /** Milliseconds since the epoch. */
  savedMs: natural,
  /** "Hopscope 0.1.0" */
  application: text(100),
  /** Of an autosave: the workspace file that it holds the changes of; else null. */
  base: v.nullable(path),
  captures: v.pipe(v.array(captureSchema), v.maxLength(10_000)),
  decodeAs: v.pipe(
    v.array(
      v.object({
        what: text(200),
        value: whole(0, 65535),
        as: v.picklist(DECODE_AS),
      }),
    ),
    v.maxLength(200),
  ),
  clusterFiles: v.pipe(v.array(referenceSchema), v.maxLength(1000)),
  window: windowPartSchema,
});
export type WorkspaceDocument = v.InferOutput<typeof workspaceDocumentSchema>;

/**
 * Reads workspace.json.
 * @throws Error whose message says what is wrong and where: "captures.2.bytes: expected …"
 */
export function parseWorkspaceDocument(json: string): WorkspaceDocument {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new Error(`${WORKSPACE_ENTRY} is no JSON: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  const head = v.safeParse(v.object({ format: v.literal(WORKSPACE_FORMAT), version: natural }), value);
  if (!head.success) throw new Error(`${WORKSPACE_ENTRY} is of no Hopscope workspace`);
  if (head.output.version > WORKSPACE_VERSION)
    throw new Error(
      `it was saved by a newer Hopscope (workspace version ${head.output.version}, this one reads up to ${WORKSPACE_VERSION})`,
    );
  const parsed = v.safeParse(workspaceDocumentSchema, value);
  if (!parsed.success) throw new Error(`${WORKSPACE_ENTRY}: ${issueText(parsed.issues[0])}`);
  return parsed.output;
}

/** "captures.2.bytes: Invalid type: Expected number but received \"x\"" */
export function issueText(issue: v.BaseIssue<unknown>): string {
  const where = v.getDotPath(issue);
  return `${where === null ? "" : `${where}: `}${issue.message}`;
}
