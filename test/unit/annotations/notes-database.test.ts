/** The window's database of notes: upgrades from every version, merging, pages, what is sent and what is not. */
import "fake-indexeddb/auto";
import Dexie from "dexie";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Annotation } from "../../../src-shared/annotations/annotation";
import { BULK_NOTES, NotesDatabase, storageProblem } from "../../../src-renderer/annotations/notes-database";
import { RECORDING, edited, note, stamp } from "../../builders/notes";

let count = 0;
let name = "";
let database: NotesDatabase;
beforeEach(() => {
  name = `notes-${count++}`;
  database = new NotesDatabase(name);
});
afterEach(() => database.delete());

const ids = (notes: readonly { id: string }[]): string[] => notes.map(({ id }) => id).sort();

it("brings a database of version 1 up: its notes are found by recording and by time, and are sent to the journal", async () => {
  const old = new Dexie(name);
  old.version(1).stores({ notes: "id, *recordings" });
  const [packet, pod] = [note(), note({ subject: { kind: "pod", name: "shop/web" } })];
  await old.table("notes").bulkPut([packet, pod].map((one) => ({ id: one.id, recordings: one.recordings, note: one })));
  old.close();
  expect(ids(await database.ofRecordings([RECORDING]))).toEqual(ids([packet, pod]));
  expect(await database.ofTimes(1_700_000_000, 1_700_000_000, [])).toEqual([packet]);
  expect(ids(await database.unsent())).toEqual(ids([packet, pod]));
  expect(database.verno).toBe(3);
});

it("brings a database of version 2 up: its pages, which were lists of notes, are read as before", async () => {
  const old = new Dexie(name);
  old.version(2).stores({
    notes: "id, *recordings, seconds, unsent",
    pages: "++id, *recordings, lastSeconds, unsent",
    places: "name",
  });
  const listed = [note({ text: "old" }), note({ subject: { kind: "pod", name: "shop/web" } })];
  await old.table("pages").add({
    recordings: [RECORDING],
    firstSeconds: -1,
    lastSeconds: 1_700_000_000,
    unsent: 1,
    text: JSON.stringify(listed),
  });
  old.close();
  expect(await database.ofRecordings([RECORDING])).toEqual(listed);
  expect(await database.unsent()).toEqual(listed);
});

it("keeps the newest of every field, in whatever order versions come", async () => {
  const first = note({ text: "old" });
  const later = edited(first, "text", "new", stamp(1_800_000_000_000));
  await database.put([later], 0);
  await database.put([first], 0);
  expect(await database.ofRecordings([RECORDING])).toEqual([later]);
});

describe("many notes", () => {
  const many = Array.from({ length: BULK_NOTES * 6 }, () => note());

  it("are kept as pages, and single changes after them win", async () => {
    await database.put(many, 0);
    expect(await database.notes.count()).toBe(0);
    const changed = edited(many[7] as (typeof many)[number], "colour", "red", stamp(1_800_000_000_000));
    await database.put([changed], 0);
    const read = await database.ofRecordings([RECORDING, "h1:another"]);
    expect(read).toHaveLength(many.length);
    expect(read.find(({ id }) => id === changed.id)?.colour).toBe("red");
    expect(await database.ofTimes(1_700_000_000, 1_700_000_000, [])).toHaveLength(many.length);
    expect(await database.ofTimes(1, 2, [])).toEqual([]);
  });

  it("of one time are told without those of recordings that are known already", async () => {
    const elsewhere = Array.from({ length: BULK_NOTES + 1 }, () => note({ recordings: ["h1:another"] }));
    const single = note({ recordings: ["h1:another"] });
    for (const part of [many, elsewhere, [single, note()]]) await database.put(part, 0);
    const found = await database.ofTimes(1_700_000_000, 1_700_000_000, [RECORDING]);
    expect(ids(found)).toEqual(ids([...elsewhere, single]));
  });

  it("are unsent until the journal has all of a page, in the version that is here", async () => {
    await database.put(many, 1);
    expect(await database.unsent()).toHaveLength(many.length);
    await database.markSent(many.slice(0, BULK_NOTES + 1));
    expect((await database.unsent()).length).toBeGreaterThan(0);
    await database.markSent(many);
    expect(await database.unsent()).toEqual([]);
    expect(ids(await database.all())).toEqual(ids(many));
  });
});

it("says that a version is sent only if nothing changed meanwhile", async () => {
  const first = note();
  const later = edited(first, "deleted", true, stamp(1_800_000_000_000));
  await database.put([first], 1);
  await database.put([later], 1);
  await database.markSent([first]);
  expect(await database.unsent()).toEqual([later]);
  await database.markSent([later]);
  expect(await database.unsent()).toEqual([]);
});

it("tells packets by which other recordings are known again: at most three of each, from pages and single notes", async () => {
  const anchored = (recording: string, check: string): Annotation =>
    note({
      recordings: [recording],
      subject: { kind: "packet", packet: { recording, ordinal: 1, time: "1700000000.000000001", check } },
    });
  const paged = Array.from({ length: BULK_NOTES + 1 }, (_, n) => anchored("h1:paged", `p${n}`));
  await database.put(paged, 0);
  await database.put([anchored("h1:single", "a"), anchored("h1:single", "a"), anchored("h1:single", "b"), note()], 0);
  const samples = await database.samples([RECORDING]);
  expect([...samples.keys()].sort()).toEqual(["h1:paged", "h1:single"]);
  expect(samples.get("h1:paged")?.map(({ check }) => check)).toEqual(["p0", "p1", "p2"]);
  expect(samples.get("h1:single")?.map(({ check }) => check)).toEqual(["a", "b"]);
});

it("remembers how much of the journal it has", async () => {
  expect(await database.place()).toBeUndefined();
  await database.setPlace("j", 120);
  await database.setPlace("j", 240);
  expect(await new NotesDatabase(name).place()).toMatchObject({ journal: "j", position: 240 });
});

it("names what a person can do something about: no room, no permission", () => {
  expect(storageProblem(new DOMException("", "QuotaExceededError"))).toMatch(/room .* used up/);
  expect(storageProblem(new DOMException("", "SecurityError"))).toMatch(/does not let this page keep/);
  // As Dexie tells that the browser refused to open a database.
  const wrapped = Object.assign(new Error("SecurityError blocked"), { name: "DatabaseClosedError" });
  expect(storageProblem(wrapped)).toMatch(/does not let this page keep/);
  expect(storageProblem(new Error("else"))).toBe("else");
});
