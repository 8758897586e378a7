/** Notes for tests: `note({ text: "MTU?" })`, everything else is made up, the same at every run. */
import type { Annotation, ChangeableField, Stamp } from "../../src-shared/annotations/annotation";

export const RECORDING = "h1:00112233445566778899aabbccddeeff";

let count = 0;

export function stamp(timeMs: number, author = "ada", change = `c${timeMs}`): Stamp {
  return { timeMs, author, change };
}

export function note(given: Partial<Annotation> = {}): Annotation {
  count++;
  const first = stamp(1_700_000_000_000);
  return {
    id: `note-${count}`,
    createdMs: 1_700_000_000_000,
    createdBy: "ada",
    parent: null,
    subject: {
      kind: "packet",
      packet: {
        recording: RECORDING,
        ordinal: count,
        time: `1700000000.${String(count).padStart(9, "0")}`,
        check: "0",
      },
    },
    recordings: [RECORDING],
    origin: { kind: "ours" },
    text: "",
    tags: [],
    colour: "yellow",
    deleted: false,
    stamps: { text: first, tags: first, colour: first, deleted: first },
    ...given,
  };
}

/** The note with one field changed at a time. */
export function edited<F extends ChangeableField>(
  of: Annotation,
  field: F,
  value: Annotation[F],
  at: Stamp,
): Annotation {
  return { ...of, [field]: value, stamps: { ...of.stamps, [field]: at } };
}
