/** The journal of notes: what was acknowledged is there, whatever happened to the process, the file's end, or the disk. */
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { NotesJournal } from "../../../src-main/hosts/shared/notes-journal";
import type { Annotation } from "../../../src-shared/annotations/annotation";
import { unpackNotes } from "../../../src-shared/annotations/note-page";
import { note } from "../../builders/notes";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hopscope-notes-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What a window is told, with its notes unpacked. */
function told(journal: NotesJournal, known: string | null, position: number) {
  const { page, ...rest } = journal.since(known, position);
  return { ...rest, notes: page === "" ? [] : unpackNotes(page) };
}

it("tells a new window everything, and one that was there what is new", () => {
  const journal = new NotesJournal(folder);
  expect(told(journal, null, 0)).toMatchObject({ notes: [], more: false });
  const [a, b] = [note({ text: "first" }), note({ text: "second" })];
  const place = journal.append([a]);
  journal.append([b]);
  expect(told(new NotesJournal(folder), null, 0).notes).toEqual([a, b]);
  expect(told(journal, place.journal, place.position).notes).toEqual([b]);
  expect(told(journal, "another", place.position).notes).toEqual([a, b]);
});

it("loses nothing acknowledged to a crash amid a line, at any byte of it", () => {
  const journal = new NotesJournal(folder);
  const kept = note({ text: "kept: é €" });
  const { position } = journal.append([kept]);
  journal.append([note({ text: "cut off: é €" })]);
  const whole = readFileSync(journal.path).length;
  const later = note({ text: "later" });
  for (let length = whole - 1; length >= position; length--) {
    truncateSync(journal.path, length);
    expect(told(journal, null, 0).notes).toEqual([kept]);
  }
  appendFileSync(journal.path, '{"id":"half');
  journal.append([later]);
  expect(told(journal, null, 0)).toMatchObject({ notes: [kept, later], unreadable: 1 });
});

it("takes an empty file, of a host that was killed before the first line, as no journal yet", () => {
  const journal = new NotesJournal(folder);
  writeFileSync(journal.path, "");
  expect(told(journal, "another", 500)).toMatchObject({ journal: "", notes: [], more: false });
  const one = note();
  journal.append([one]);
  expect(told(journal, "", 0).notes).toEqual([one]);
});

it("hands out a long journal in parts", () => {
  const journal = new NotesJournal(folder);
  const notes = Array.from({ length: 120 }, (_, i) => note({ text: `${i} ${"long ".repeat(15_000)}` }));
  journal.append(notes);
  const read: Annotation[] = [];
  let parts = 0;
  for (let place = { journal: null as string | null, position: 0 }, more = true; more; parts++) {
    const part = told(journal, place.journal, place.position);
    read.push(...part.notes);
    ({ more } = part);
    place = part;
  }
  expect(read.map(({ id }) => id)).toEqual(notes.map(({ id }) => id));
  expect(parts).toBeGreaterThan(1);
});

it("does not write into a file that is not its own, and says what to do", () => {
  writeFileSync(join(folder, "notes.jsonl"), "my shopping list\n");
  const journal = new NotesJournal(folder);
  expect(() => journal.append([note()])).toThrow(/notes\.jsonl: its first line is not that of Hopscope's notes/);
  expect(readFileSync(journal.path, "utf8")).toBe("my shopping list\n");
  mkdirSync(join(folder, "other", "notes.jsonl"), { recursive: true });
  expect(() => new NotesJournal(join(folder, "other")).append([note()])).toThrow(/notes are not kept in/);
});
