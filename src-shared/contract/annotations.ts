/**
 * Notes between window, engine and host: schemas and results, spread into requests.ts.
 *
 * ```
 * window ── notes.recordings, anchors, resolve, search, comments, show ──► engine   what a note is tied to, where it is now
 *        ── notes.packetsOfConnection, connections ─────────────────────► engine   the same of connections: asks the joining
 *        ── notes.append, notes.since ──────────────────────────────────► host     the journal all windows share
 *        ◄─ event "notes" ────────────────────────────────────────────── host     somebody appended
 * ```
 */
import * as v from "valibot";
import { index, text } from "../schema/limited";
import {
  annotationSchema,
  CONNECTION_PACKETS,
  connectionAnchorSchema,
  packetAnchorSchema,
  type PacketAnchor,
} from "../annotations/annotation";
import type { PacketId } from "./results";

/** Anchors or notes in one request: more are asked for in parts. */
export const NOTES_AT_ONCE = 2000;
/** Anchors that notes.resolve takes at once: 1.6 MB. */
export const ANCHORS_AT_ONCE = 50_000;
/** Numbers of one packed anchor: recording (index), ordinal, seconds, nanoseconds. */
export const ANCHOR_NUMBERS = 4;

export const annotationRequests = {
  /** Hashes of the open files, in their order. */
  "notes.recordings": v.strictObject({}),
  /** What ties a note to packets, wherever their file goes. */
  "notes.anchors": v.strictObject({ packets: v.pipe(v.array(index), v.maxLength(NOTES_AT_ONCE)) }),
  /**
   * Packets of anchors whose recordings are open: those whose ordinal and time (to the microsecond) both fit, else -1.
   * `anchors`: Float64Array bytes, ANCHOR_NUMBERS an anchor; `recordings`: what the first of them counts.
   */
  "notes.resolve": v.strictObject({
    recordings: v.pipe(v.array(text(80)), v.maxLength(1000)),
    anchors: v.pipe(
      v.instance(Uint8Array),
      v.check(
        (bytes) => bytes.length % (ANCHOR_NUMBERS * 8) === 0 && bytes.length <= ANCHORS_AT_ONCE * ANCHOR_NUMBERS * 8,
        `anchors are ${ANCHOR_NUMBERS} doubles each, at most ${ANCHORS_AT_ONCE}`,
      ),
    ),
  }),
  /**
   * Packets of the same bytes in any open file, the first of them; -1: none. `by` "time": at the same time (a filtered, cut, merged
   * or converted recording); "ordinal": at the same place of the file (one whose clock was shifted), "ordinal-alike": the same, and
   * whether the packet is the only one of its kind: slower, for a few.
   */
  "notes.search": v.strictObject({
    anchors: v.pipe(v.array(packetAnchorSchema), v.maxLength(ANCHORS_AT_ONCE)),
    by: v.picklist(["time", "ordinal", "ordinal-alike"]),
  }),
  /** The first packet of a connection in each file that saw it. */
  "notes.packetsOfConnection": v.strictObject({ id: text(100) }),
  /**
   * What connections are called now, by their packets (ids in the window; -1: not here), else by their ends and times; null: not
   * found, or several fit.
   */
  "notes.connections": v.strictObject({
    connections: v.pipe(
      v.array(
        v.strictObject({
          anchor: connectionAnchorSchema,
          packets: v.pipe(v.array(v.pipe(v.number(), v.integer(), v.minValue(-1))), v.maxLength(CONNECTION_PACKETS)),
        }),
      ),
      v.maxLength(NOTES_AT_ONCE),
    ),
  }),
  /** Comments in the open captures: of packets, sections, interfaces. */
  "notes.comments": v.strictObject({}),
  /** Tells the engine the notes on packets, for filters (annotation.*) and exports. `clear` forgets those told before. */
  "notes.show": v.strictObject({
    clear: v.boolean(),
    removed: v.pipe(v.array(text(80)), v.maxLength(ANCHORS_AT_ONCE)),
    /** JSON of ShownNote[] (shown-notes.ts): as one text 50,000 of them are encoded in a fifth of the time. */
    notes: text(16_000_000),
  }),

  /** Writes notes (new versions of them) to the journal. Answered when they are on the disk. */
  "notes.append": v.strictObject({ notes: v.pipe(v.array(annotationSchema), v.maxLength(NOTES_AT_ONCE)) }),
  /** What was appended since a position; `journal` null or another one: from the start. */
  "notes.since": v.strictObject({ journal: v.nullable(text(80)), position: index }),
} as const;

export interface OpenRecording {
  readonly file: number;
  /** null while too little of it was read to tell (a live capture's first packets), or where it holds no packet. */
  readonly hash: string | null;
  readonly packets: number;
}

/** Comments of one place in a capture. */
export interface CapturedComments {
  readonly place: "packet" | "section" | "interface";
  readonly file: number;
  /** Of "packet"; else -1. */
  readonly packet: PacketId;
  /** What the note on it would be tied to; null unless "packet". */
  readonly anchor: PacketAnchor | null;
  /** Of "interface": capture point, and its number in the file; else -1. */
  readonly point: number;
  readonly interface: number;
  readonly texts: readonly string[];
  /** Program that wrote the section, as it says itself. */
  readonly tool: string | null;
}

/** Where a journal ends: its id and a byte position. Another id: it was written anew, start over. */
export interface JournalPlace {
  readonly journal: string;
  readonly position: number;
}

export interface AnnotationResults {
  "notes.recordings": { readonly recordings: readonly OpenRecording[] };
  "notes.anchors": { readonly anchors: readonly (PacketAnchor | null)[] };
  /** Int32Array bytes. */
  "notes.resolve": { readonly packets: Uint8Array };
  /** `alike`: others that fit as well; of "ordinal-alike": 1 if another packet of the file has the same bytes, or that is not known. */
  "notes.search": { readonly packets: readonly PacketId[]; readonly alike: readonly number[] };
  "notes.packetsOfConnection": { readonly packets: readonly PacketId[] };
  "notes.connections": { readonly ids: readonly (string | null)[] };
  "notes.comments": {
    readonly comments: readonly CapturedComments[];
    /** More were there than are told at once (50,000 places). */
    readonly truncated: boolean;
  };
  "notes.show": null;
  "notes.append": JournalPlace;
  "notes.since": JournalPlace & {
    /** See annotations/note-page.ts; "" none. As objects 50,000 notes took the connection longer than all the rest. */
    readonly page: string;
    /** Ask again from `position`. */
    readonly more: boolean;
    /** Bytes of the journal: `position` of these are read. */
    readonly bytes: number;
    /** Lines that are no notes (a damaged disk); they are left as they are. */
    readonly unreadable: number;
  };
}

export const NOTES_HOST_METHODS = ["notes.append", "notes.since"] as const;
