/**
 * annotation, annotation.text, annotation.tag …: notes on packets. In the window they are the notes a person sees; on the
 * command line, which has none, the comments of the capture. They are filters' fields like all others.
 */
import { type ValueColumn, appendString, appendValue } from "../../../src-shared/tables/value-column";
import type { NotePart, PacketNotes } from "../notes/packet-notes";
import { OPTION_COMMENT, optionText } from "../readers/pcapng-blocks";
import type { Field } from "./field";
import { visitOptions } from "./frame-fields";

const PARTS: readonly (readonly [name: string, part: NotePart, label: string])[] = [
  ["annotation", "", "Note or comment on the packet"],
  ["annotation.text", "text", "Text of a note or comment"],
  ["annotation.tag", "tag", "Tag of a note"],
  ["annotation.author", "author", "Author of a note"],
  ["annotation.colour", "colour", "Colour of a note: yellow green blue red purple grey"],
];

const PART_OF: ReadonlyMap<string, NotePart> = new Map(PARTS.map(([name, part]) => [name, part]));

/** Whether the field tells of notes: what a filter found with it may be otherwise a moment later. */
export function isAnnotationField(name: string): boolean {
  return PART_OF.has(name);
}

/** Values of packets `from` … `to` - 1, with rows counted from `from`. */
export function collectNotes(name: string, notes: PacketNotes, from: number, to: number, out: ValueColumn): void {
  const part = PART_OF.get(name);
  if (part === undefined) return;
  notes.values(part, from, to, (packet, text) => {
    if (part === "") appendValue(out, packet - from, 1, 1);
    else appendString(out, packet - from, 1, text);
  });
}

export const ANNOTATION_FIELDS: readonly Field[] = PARTS.map(([name, part, label]): Field => ({
  name,
  label,
  kind: part === "" ? "none" : "string",
  protocol: "annotation",
  hexDigits: 0,
  needsStreams: false,
  collect({ batch }, out, { notes }) {
    const append = (packet: number, text: string): void => {
      if (part === "") appendValue(out, packet, 1, 1);
      else appendString(out, packet, 1, text);
    };
    const first = notes ? notes.firstId(batch.file) + batch.numberBefore : 0;
    const hasComments = part === "" || part === "text";
    for (let packet = 0; packet < batch.packetCount; packet++) {
      notes?.notesOf(first + packet, part, (text) => append(packet, text));
      if (!hasComments) continue;
      visitOptions(batch, packet, (code, start, length) => {
        if (code === OPTION_COMMENT) append(packet, optionText(batch.bytes, { code, start, length }));
      });
    }
  },
}));
