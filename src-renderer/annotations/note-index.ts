/**
 * The notes of what is open, and where each is: found by packet, by connection, by table row … in one look-up. No runes in
 * here: notes.svelte.ts tells components when it changed.
 *
 * ```
 * note ─► place ─► packets 12, 57                    onPacket(12)            notes on it, its fields, journeys and hops
 *      └► keysOf(subject, place) ─► "hop 12 57"      at(keys.hop(12, 57))    the oldest first
 * ```
 */
import type { Annotation, Subject } from "../../src-shared/annotations/annotation";

/**
 * How a note's packets were found: "here" in the recording it was written on (or there are none), "moved" in another one by time and
 * bytes, "shifted" in one with another clock by place and bytes, "alike" as one of several that fit.
 */
export type PlaceKind = "here" | "moved" | "shifted" | "alike";

/** Where a note's subject is in the open workspace. */
export interface NotePlace {
  /** Ids of the packets it is shown on, in the subject's order; -1: not found. */
  readonly packets: readonly number[];
  readonly kind: PlaceKind;
  /** Of a connection: ids of the packets that tell which one it is; -1: not found. */
  readonly tied?: readonly number[];
  /** What its connection is called here; null: it is not here. Not known before the captures are joined. */
  readonly connection?: string | null;
}

export const NOWHERE: NotePlace = { packets: [], kind: "here" };

/** A note's place is known if nothing it names is missing. */
export function isFound({ packets, connection }: NotePlace): boolean {
  return connection !== null && packets.every((packet) => packet >= 0);
}

/** What a person has to know of a note's place; null: it is where it was written. `short`: for lists; null: nothing to warn of. */
export function placeText(place: NotePlace): { readonly short: string | null; readonly long: string } | null {
  if (!isFound(place)) return { short: "not here", long: "What it is about is not in what is open." };
  switch (place.kind) {
    case "here":
      return null;
    case "moved":
      return { short: null, long: "Written on another recording; found here by the packet's time and bytes." };
    case "shifted":
      return {
        short: "other clock",
        long: "Written on a recording with another clock; found here by the packet's place and bytes.",
      };
    case "alike":
      return {
        short: "place not certain",
        long: "Place not certain: several packets here have this time and these bytes. The first one is shown.",
      };
  }
}

export const keys = {
  field: (packet: number, field: string, occurrence: number): string => `field ${packet} ${occurrence} ${field}`,
  journey: (packet: number): string => `journey ${packet}`,
  hop: (before: number, after: number): string => `hop ${before} ${after}`,
  connection: (id: string): string => `connection ${id}`,
  flow: (filter: string): string => `flow ${filter}`,
  pod: (name: string): string => `pod ${name}`,
  service: (name: string): string => `service ${name}`,
  point: (recording: string, number: number): string => `point ${recording} ${number}`,
  recording: (hash: string): string => `recording ${hash}`,
};

/** Everything but packets under which a note is looked for. */
function keysOf(subject: Subject, { packets, connection }: NotePlace): string[] {
  const [first = -1, second = -1] = packets;
  const own = connection === undefined && "connection" in subject ? subject.connection.id : connection;
  switch (subject.kind) {
    case "packet":
      // Found by NoteIndex.onPacket without a key of text: there are many of them.
      return [];
    case "field":
      return first < 0 ? [] : [keys.field(first, subject.field, subject.occurrence)];
    case "journey":
      return first < 0 ? [] : [keys.journey(first), ...(own ? [keys.connection(own)] : [])];
    case "hop":
      return first < 0 || second < 0 ? [] : [keys.hop(first, second)];
    case "connection":
      return own ? [keys.connection(own)] : [];
    case "flow":
      return [keys.flow(subject.filter)];
    case "pod":
      return [keys.pod(subject.name)];
    case "service":
      return [keys.service(subject.name)];
    case "capture-point":
      return [keys.point(subject.recording, subject.interface)];
    case "recording":
      return [keys.recording(subject.recording)];
    case "time":
    case "time-range":
      return [];
  }
}

const NONE: readonly Annotation[] = [];

export class NoteIndex {
  readonly notes = new Map<string, Annotation>();
  /** Ids of notes that others stand for: they are not shown. */
  readonly hidden = new Set<string>();
  private readonly places = new Map<string, NotePlace>();
  private readonly byKey = new Map<string, Ids>();
  private readonly byPacket = new Map<number, Ids>();
  private readonly replies = new Map<string, Ids>();

  clear(): void {
    this.notes.clear();
    this.hidden.clear();
    this.places.clear();
    this.byKey.clear();
    this.byPacket.clear();
    this.replies.clear();
  }

  /** Adds a note or takes its newer version; `place` undefined: where it was. */
  set(note: Annotation, place?: NotePlace): void {
    const known = this.notes.get(note.id);
    const where = place ?? this.places.get(note.id) ?? NOWHERE;
    if (!known || place) {
      if (known) this.unlink(note.id);
      this.places.set(note.id, where);
      if (note.parent === null) this.link(note, where);
      else append(this.replies, note.parent, note.id);
    }
    this.notes.set(note.id, note);
  }

  delete(id: string): void {
    this.unlink(id);
    this.notes.delete(id);
    this.places.delete(id);
  }

  placeOf(id: string): NotePlace {
    return this.places.get(id) ?? NOWHERE;
  }

  /** Notes under a key that are not deleted, the oldest first. */
  at(key: string): readonly Annotation[] {
    const ids = this.byKey.get(key);
    return ids === undefined ? NONE : this.living(ids);
  }

  /** Notes on a packet, its fields, the journeys it begins and the hops it is an end of. */
  onPacket(packet: number): readonly Annotation[] {
    const ids = this.byPacket.get(packet);
    return ids === undefined ? NONE : this.living(ids);
  }

  /** Answers to a note, the oldest first. */
  repliesTo(id: string): readonly Annotation[] {
    const ids = this.replies.get(id);
    return ids ? this.living(ids) : NONE;
  }

  /** The oldest first, wherever they came from. */
  private living(ids: Ids): readonly Annotation[] {
    const found = (typeof ids === "string" ? [ids] : ids).flatMap((id) => {
      const note = this.notes.get(id);
      return note && !note.deleted && !this.hidden.has(id) ? [note] : [];
    });
    return found.length > 1 ? found.sort((a, b) => a.createdMs - b.createdMs || (a.id < b.id ? -1 : 1)) : found;
  }

  private link(note: Annotation, { packets }: NotePlace): void {
    for (const [at, packet] of packets.entries())
      if (packet >= 0 && packets.indexOf(packet) === at) append(this.byPacket, packet, note.id);
    for (const key of keysOf(note.subject, this.placeOf(note.id))) append(this.byKey, key, note.id);
  }

  private unlink(id: string): void {
    const note = this.notes.get(id);
    if (!note) return;
    for (const packet of this.placeOf(id).packets) remove(this.byPacket, packet, id);
    for (const key of keysOf(note.subject, this.placeOf(id))) remove(this.byKey, key, id);
    if (note.parent !== null) remove(this.replies, note.parent, id);
  }
}

/** Most have one: a list of its own for each of 50,000 packets would take longer than all the rest. */
type Ids = string | readonly string[];

function append<K>(map: Map<K, Ids>, key: K, id: string): void {
  const ids = map.get(key);
  map.set(key, ids === undefined ? id : typeof ids === "string" ? [ids, id] : [...ids, id]);
}

function remove<K>(map: Map<K, Ids>, key: K, id: string): void {
  const ids = map.get(key);
  const left = typeof ids === "object" ? ids.filter((other) => other !== id) : ids === id ? [] : (ids ?? []);
  if (left.length > 0) map.set(key, left);
  else map.delete(key);
}
