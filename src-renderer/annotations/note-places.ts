/**
 * Asks the engine where notes are in what is open.
 *
 * ```
 * anchors of all notes ─► notes.resolve   their recording is open: ordinal and time fit                 "here"
 *   those left over    ─► notes.search    time and bytes fit: cut, filtered, merged, converted          "moved", several: "alike"
 * another recording's  ─► notes.search    place and bytes fit: its clock was shifted (editcap -t)       "shifted"
 * ```
 */
import { anchorsOf, type Annotation, type PacketAnchor } from "../../src-shared/annotations/annotation";
import { ANCHOR_NUMBERS, ANCHORS_AT_ONCE, NOTES_AT_ONCE } from "../../src-shared/contract/annotations";
import type { Params } from "../../src-shared/contract/requests";
import { call } from "../bridge/engine";
import { isFound, type NotePlace, type PlaceKind } from "./note-index";

/** Where each of the notes is. `open`: hashes of the open recordings. */
export async function findPlaces(notes: readonly Annotation[], open: readonly string[]): Promise<NotePlace[]> {
  const { anchors, starts } = anchorsOfAll(notes);
  const found = new Int32Array(anchors.length).fill(-1);
  for (let from = 0; from < anchors.length; from += ANCHORS_AT_ONCE) {
    const part = anchors.slice(from, from + ANCHORS_AT_ONCE);
    const { packets } = await call("notes.resolve", { recordings: [...open], anchors: packAnchors(part, open) });
    found.set(new Int32Array(packets.slice().buffer), from);
  }
  const kinds = new Map<number, PlaceKind>();
  const missing = anchors.flatMap((_, at) => (found[at] === -1 ? [at] : []));
  const answers = await search(
    missing.map((at) => anchors[at] as PacketAnchor),
    "time",
  );
  answers.forEach(({ packet, alike }, i) => {
    const at = missing[i] as number;
    found[at] = packet;
    if (packet !== -1) kinds.set(at, alike > 0 ? "alike" : "moved");
  });
  return notes.map((note, n) => {
    const from = starts[n] as number;
    const to = starts[n + 1] as number;
    // Most have one packet: 50,000 views of an array made the collector the slowest part of opening.
    const packets = to - from === 1 ? [found[from] as number] : Array.from(found.subarray(from, to));
    return placeOf(note, packets, kinds.size === 0 ? "here" : worst(kinds, from, to));
  });
}

/**
 * Which of these recordings are open with another clock: all of their packets that were given are at the same places of a file, and
 * one at least is the only one of its kind there.
 */
export async function shiftedRecordings(samples: ReadonlyMap<string, readonly PacketAnchor[]>): Promise<string[]> {
  const entries = [...samples].filter(([, anchors]) => anchors.length > 0);
  const answers = await search(
    entries.flatMap(([, anchors]) => anchors),
    "ordinal-alike",
  );
  let at = 0;
  return entries.flatMap(([recording, anchors]) => {
    const own = answers.slice(at, (at += anchors.length));
    return own.every(({ packet }) => packet >= 0) && own.some(({ alike }) => alike === 0) ? [recording] : [];
  });
}

/** Where notes on packets of such recordings are. */
export async function findShifted(notes: readonly Annotation[]): Promise<NotePlace[]> {
  const { anchors, starts } = anchorsOfAll(notes);
  const packets = (await search(anchors, "ordinal")).map(({ packet }) => packet);
  return notes.map((note, n) => placeOf(note, packets.slice(starts[n], starts[n + 1]), "shifted"));
}

/** What the connections that notes are about are called now; makes the engine join the captures if it did not yet. */
export async function findConnections(
  notes: readonly Annotation[],
  placeOf: (id: string) => NotePlace,
): Promise<Map<string, string | null>> {
  const ids = new Map<string, string | null>();
  const asked = notes.flatMap(({ id, subject }) =>
    "connection" in subject
      ? [{ id, connection: { anchor: subject.connection, packets: [...(placeOf(id).tied ?? placeOf(id).packets)] } }]
      : [],
  );
  for (let from = 0; from < asked.length; from += NOTES_AT_ONCE) {
    const part = asked.slice(from, from + NOTES_AT_ONCE);
    const answer = await call("notes.connections", { connections: part.map(({ connection }) => connection) });
    part.forEach(({ id }, at) => ids.set(id, answer.ids[at] ?? null));
  }
  return ids;
}

/** A note's packets and the connection's: whether it is here is asked of what it is shown on. */
function placeOf({ subject }: Annotation, packets: readonly number[], kind: PlaceKind): NotePlace {
  if (subject.kind === "connection") return { packets: [], tied: packets, kind: "here" };
  return { packets, kind: isFound({ packets, kind }) ? kind : "here" };
}

function anchorsOfAll(notes: readonly Annotation[]): { anchors: PacketAnchor[]; starts: Uint32Array } {
  const anchors: PacketAnchor[] = [];
  const starts = new Uint32Array(notes.length + 1);
  notes.forEach(({ subject }, n) => {
    for (const anchor of anchorsOf(subject)) anchors.push(anchor);
    starts[n + 1] = anchors.length;
  });
  return { anchors, starts };
}

async function search(
  anchors: readonly PacketAnchor[],
  by: Params<"notes.search">["by"],
): Promise<{ readonly packet: number; readonly alike: number }[]> {
  const found: { packet: number; alike: number }[] = [];
  for (let from = 0; from < anchors.length; from += NOTES_AT_ONCE) {
    const { packets, alike } = await call("notes.search", { anchors: anchors.slice(from, from + NOTES_AT_ONCE), by });
    packets.forEach((packet, at) => found.push({ packet, alike: alike[at] ?? 0 }));
  }
  return found;
}

function worst(kinds: ReadonlyMap<number, PlaceKind>, from: number, to: number): PlaceKind {
  let kind: PlaceKind = "here";
  for (let at = from; at < to; at++) {
    const one = kinds.get(at);
    if (one === "alike" || (one === "moved" && kind === "here")) kind = one;
  }
  return kind;
}

/** Doubles as the contract packs them: recording, ordinal, seconds, nanoseconds. */
function packAnchors(anchors: readonly PacketAnchor[], open: readonly string[]): Uint8Array<ArrayBuffer> {
  const numbers = new Float64Array(anchors.length * ANCHOR_NUMBERS);
  const places = new Map(open.map((hash, at) => [hash, at]));
  anchors.forEach(({ recording, ordinal, time }, i) => {
    const point = time.indexOf(".");
    const at = i * ANCHOR_NUMBERS;
    numbers[at] = places.get(recording) ?? -1;
    numbers[at + 1] = ordinal;
    numbers[at + 2] = Number(time.slice(0, point));
    numbers[at + 3] = Number(time.slice(point + 1));
  });
  return new Uint8Array(numbers.buffer);
}
