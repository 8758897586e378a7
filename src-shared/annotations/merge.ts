/**
 * Merging what two people wrote without asking either: every changeable field is a register of which the last writer wins.
 *
 * ```
 * mine    text "MTU"   12:00 ada  c1 ─┐
 *                                     ├─► text "MTU 1450", 12:05 bo c7      later time wins; equal: author, then change,
 * theirs  text "MTU …" 12:05 bo   c7 ─┘                                     then the value itself (hostile files)
 * ```
 * The order is total, so merging is commutative, associative and idempotent: files may be exchanged in any order, any number
 * of times (Shapiro et al. 2011, "last writer wins register"). A deleted note stays as a tombstone.
 */
import { type Annotation, CHANGEABLE, type ChangeableField, type Stamp } from "./annotation";

/** Negative, 0 or positive, as `a` was written before, with or after `b`. */
function compareStamps(a: Stamp, b: Stamp): number {
  return a.timeMs - b.timeMs || compareText(a.author, b.author) || compareText(a.change, b.change);
}

/** Of two versions of one note (the same id) the one that both sides agree on. Returns `a` itself where `b` has nothing newer. */
export function mergeAnnotation(a: Annotation, b: Annotation): Annotation {
  if (a === b) return a;
  const newer = CHANGEABLE.filter((field) => wins(b, a, field));
  // What never changes can differ in damaged or forged files only: one of the two is taken, always the same.
  const base = compareText(immutableText(a), immutableText(b)) <= 0 ? a : b;
  if (base === a && newer.length === 0) return a;
  const from = (field: ChangeableField): Annotation => (newer.includes(field) ? b : a);
  return {
    ...base,
    text: from("text").text,
    tags: from("tags").tags,
    colour: from("colour").colour,
    deleted: from("deleted").deleted,
    stamps: {
      text: from("text").stamps.text,
      tags: from("tags").stamps.tags,
      colour: from("colour").stamps.colour,
      deleted: from("deleted").stamps.deleted,
    },
  };
}

/** All notes of both, by id; where both have one, merged. The order is that of `a`, then what only `b` has. */
export function mergeAll(a: readonly Annotation[], b: readonly Annotation[]): Annotation[] {
  const merged = new Map<string, Annotation>();
  for (const notes of [a, b])
    for (const note of notes) {
      const known = merged.get(note.id);
      merged.set(note.id, known ? mergeAnnotation(known, note) : note);
    }
  return [...merged.values()];
}

/** The versions among `incoming` that change something of `known`: what is to be written after an import. */
export function newerOf(
  known: (id: string) => Annotation | undefined,
  incoming: readonly Annotation[],
): { readonly added: Annotation[]; readonly changed: Annotation[] } {
  const added: Annotation[] = [];
  const changed: Annotation[] = [];
  for (const note of mergeAll(incoming, [])) {
    const mine = known(note.id);
    if (!mine) added.push(note);
    else {
      const merged = mergeAnnotation(mine, note);
      if (merged !== mine) changed.push(merged);
    }
  }
  return { added, changed };
}

function wins(challenger: Annotation, holder: Annotation, field: ChangeableField): boolean {
  const order =
    compareStamps(challenger.stamps[field], holder.stamps[field]) ||
    compareText(JSON.stringify(challenger[field]), JSON.stringify(holder[field]));
  return order > 0;
}

/** By UTF-16 units: the same on every machine, whatever its language. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function immutableText({ createdMs, createdBy, parent, subject, recordings, origin }: Annotation): string {
  return JSON.stringify([createdMs, createdBy, parent, subject, recordings, origin]);
}
