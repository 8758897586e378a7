/**
 * A note a person wrote about something in a recording: what the record holds, what it is tied to, and its schema.
 *
 * ```
 * Annotation
 *   id, createdMs, createdBy, parent, origin     never change
 *   subject ──► anchors                          never change: tied by content, not by path or position in the window
 *   text, tags, colour, deleted                  change; every one has a stamp (time, author, change) for merging
 * ```
 *
 * Anchors name the recording by its hash (the file may be moved or renamed, other captures added), the packet by its ordinal,
 * time and a check of its bytes, connections and flows by their addresses. resolve.ts finds the place again, or says that
 * it is not certain.
 */
import * as v from "valibot";
import { filter, text } from "../schema/limited";

/** The version of the records; it is in exported files and grows with every change that older programs cannot read. */
export const ANNOTATION_VERSION = 1;

export const NOTE_COLOURS = ["yellow", "green", "blue", "red", "purple", "grey"] as const;
export type NoteColour = (typeof NOTE_COLOURS)[number];

export const TEXT_LIMIT = 100_000;
const TAG_LIMIT = 60;
const TAGS_LIMIT = 40;

const short = text(500);
const whole = v.pipe(v.number(), v.integer(), v.minValue(0));
/** Decimal seconds since the epoch, as text: "1795177371.846294151". A double would lose the nanoseconds. */
const timeText = v.pipe(v.string(), v.regex(/^-?\d{1,12}\.\d{9}$/, "a time is decimal seconds with nine digits"));
/** What `notes.recordings` answers for a file: "h1:" and 32 hexadecimal digits. */
const recordingHash = text(80);
const endpoint = v.object({ ip: short, port: v.pipe(whole, v.maxValue(65535)) });

/** One packet, by content. */
export const packetAnchorSchema = v.object({
  recording: recordingHash,
  /** frame.number: 1 is the file's first packet. */
  ordinal: v.pipe(whole, v.minValue(1)),
  time: timeText,
  /** 16 hexadecimal digits over the packet's captured bytes and length on the wire; the same in a re-exported file. */
  check: text(16),
});
export type PacketAnchor = v.InferOutput<typeof packetAnchorSchema>;

/** Recordings of a connection whose first packet is kept: more points of view than a person opens. */
export const CONNECTION_PACKETS = 16;

/** A connection, by its packets, and by who speaks with whom from when on; its id changes with the captures that are open. */
export const connectionAnchorSchema = v.object({
  id: short,
  protocol: short,
  client: endpoint,
  /** What the client addressed, else the server. */
  server: endpoint,
  firstTime: timeText,
  /** Its first packet in each recording that saw it. Of connections only (journeys and hops name their own), not before 2026-11. */
  packets: v.optional(v.pipe(v.array(packetAnchorSchema), v.maxLength(CONNECTION_PACKETS))),
});
export type ConnectionAnchor = v.InferOutput<typeof connectionAnchorSchema>;

const subjectSchema = v.variant("kind", [
  v.object({ kind: v.literal("packet"), packet: packetAnchorSchema }),
  /** A field of a packet: the n-th node of that name in the tree, and its value then. */
  v.object({
    kind: v.literal("field"),
    packet: packetAnchorSchema,
    field: short,
    occurrence: whole,
    label: text(2000),
  }),
  /** A journey, by the packet of its first sighting. */
  v.object({ kind: v.literal("journey"), connection: connectionAnchorSchema, first: packetAnchorSchema, label: short }),
  /** The step between two sightings of a journey. */
  v.object({
    kind: v.literal("hop"),
    connection: connectionAnchorSchema,
    before: packetAnchorSchema,
    after: packetAnchorSchema,
    label: short,
  }),
  v.object({ kind: v.literal("connection"), connection: connectionAnchorSchema }),
  /** A flow (or another row of a table that is made of packets): what it is called and the display filter that selects it. */
  v.object({ kind: v.literal("flow"), label: short, filter }),
  /** "namespace/name" */
  v.object({ kind: v.literal("pod"), name: short }),
  v.object({ kind: v.literal("service"), name: short }),
  v.object({ kind: v.literal("time-range"), from: timeText, to: timeText }),
  v.object({ kind: v.literal("time"), at: timeText }),
  v.object({ kind: v.literal("capture-point"), recording: recordingHash, interface: whole, name: short }),
  /** The recording itself: what a pcapng section's comment speaks of. */
  v.object({ kind: v.literal("recording"), recording: recordingHash, name: short }),
]);
export type Subject = v.InferOutput<typeof subjectSchema>;
export type SubjectKind = Subject["kind"];

/** Who changed a field last, and when: the later wins; equal times are decided by author, then by change. */
const stampSchema = v.object({
  /** Milliseconds since the epoch, by the clock of who wrote. */
  timeMs: whole,
  author: text(200),
  /** UUID of the change. */
  change: text(80),
});
export type Stamp = v.InferOutput<typeof stampSchema>;

const originSchema = v.variant("kind", [
  v.object({ kind: v.literal("ours") }),
  /** A comment found in a capture: `tool` is the file's application as it says itself, `index` counts the subject's comments. */
  v.object({ kind: v.literal("pcapng"), tool: v.nullable(short), index: whole }),
  /** Ours, made by editing a comment of a capture: the id of what it stands for. The comment itself stays in the capture. */
  v.object({ kind: v.literal("edited-comment"), comment: text(80) }),
]);
export type Origin = v.InferOutput<typeof originSchema>;

export const annotationSchema = v.object({
  /** UUID; of a comment found in a capture: made from its place, so that it is the same at every opening. */
  id: v.pipe(v.string(), v.minLength(1), v.maxLength(80)),
  createdMs: whole,
  createdBy: text(200),
  /** Annotation this one answers; its subject is the same. */
  parent: v.nullable(text(80)),
  subject: subjectSchema,
  /** Hashes of the recordings that were open: the note shows where one of them is open. */
  recordings: v.pipe(v.array(recordingHash), v.maxLength(1000)),
  origin: originSchema,
  /** Markdown; rendered only through annotations/markdown.ts, which sanitises. */
  text: v.pipe(v.string(), v.maxLength(TEXT_LIMIT)),
  /** In the order given, without repetition. */
  tags: v.pipe(v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(TAG_LIMIT))), v.maxLength(TAGS_LIMIT)),
  colour: v.picklist(NOTE_COLOURS),
  /** A tombstone: kept, so that merging with an older file does not bring the note back. */
  deleted: v.boolean(),
  stamps: v.object({ text: stampSchema, tags: stampSchema, colour: stampSchema, deleted: stampSchema }),
});
export type Annotation = v.InferOutput<typeof annotationSchema>;

/** The fields that change, each with its own stamp. */
export const CHANGEABLE = ["text", "tags", "colour", "deleted"] as const;
export type ChangeableField = (typeof CHANGEABLE)[number];

/** When any field changed last, milliseconds since the epoch. */
export function editedMs(note: Annotation): number {
  const { text, tags, colour, deleted } = note.stamps;
  return Math.max(text.timeMs, tags.timeMs, colour.timeMs, deleted.timeMs);
}

/** Comments of a capture are shown, not changed: editing makes a note of ours beside it. */
export function isOurs(note: Annotation): boolean {
  return note.origin.kind !== "pcapng";
}

/** The packets a subject is shown on, in its order; none for pods, Services, flows, connections and times. */
export function packetsOf(subject: Subject): readonly PacketAnchor[] {
  switch (subject.kind) {
    case "packet":
    case "field":
      return [subject.packet];
    case "journey":
      return [subject.first];
    case "hop":
      return [subject.before, subject.after];
    default:
      return [];
  }
}

/** The packets by which a subject is found again: those it is shown on, or those that tell which connection it is. */
export function anchorsOf(subject: Subject): readonly PacketAnchor[] {
  return subject.kind === "connection" ? (subject.connection.packets ?? []) : packetsOf(subject);
}

/** When it was: the time of its first packet, a point of time, a range's start; null: nothing tells. */
export function timeOf(subject: Subject): string | null {
  if (subject.kind === "time") return subject.at;
  if (subject.kind === "time-range") return subject.from;
  return packetsOf(subject)[0]?.time ?? null;
}
