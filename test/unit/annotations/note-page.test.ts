/** Pages of notes: what was packed comes out the same, whatever it is about and however its stamps differ; and it is small. */
import { expect, it } from "vitest";
import type { Annotation } from "../../../src-shared/annotations/annotation";
import { packNotes, unpackNotes } from "../../../src-shared/annotations/note-page";
import { RECORDING, edited, note, stamp } from "../../builders/notes";

const packet = { recording: RECORDING, ordinal: 7, time: "1700000000.000000007", check: "0123456789abcdef" };
const connection = {
  id: "c1",
  protocol: "TCP",
  client: { ip: "10.0.0.1", port: 40000 },
  server: { ip: "10.96.0.1", port: 80 },
  firstTime: "1700000000.000000000",
};

it("gives back every kind of note", () => {
  const subjects: Annotation["subject"][] = [
    { kind: "packet", packet },
    { kind: "field", packet, field: "ip.ttl", occurrence: 1, label: "Time to live: 63" },
    { kind: "journey", connection, first: packet, label: "SYN" },
    { kind: "hop", connection, before: packet, after: { ...packet, ordinal: 9 }, label: "cni0 → flannel.1" },
    { kind: "connection", connection },
    { kind: "pod", name: "shop/web" },
    { kind: "time-range", from: "1.000000000", to: "2.000000000" },
    { kind: "recording", recording: RECORDING, name: "n1.pcapng" },
  ];
  const notes = subjects.map((subject, n) =>
    note({ subject, text: `**${n}** \u2028 "quoted" \ud83d\ude00`, tags: ["mtu"] }),
  );
  expect(unpackNotes(packNotes(notes))).toEqual(notes);
});

it("keeps answers, tombstones, origins, and stamps that differ", () => {
  const first = note({ origin: { kind: "edited-comment", comment: "h1:x/p1/0" }, recordings: [] });
  const notes = [
    first,
    note({ parent: first.id, createdBy: "bo", recordings: [RECORDING, "h1:another"] }),
    edited(note(), "deleted", true, stamp(1_800_000_000_000, "bo")),
    edited(note(), "colour", "red", stamp(1_700_000_000_000, "bo")),
    edited(note(), "text", "new", stamp(1_700_000_000_000, "ada", "another change")),
  ];
  expect(unpackNotes(packNotes(notes))).toEqual(notes);
  expect(unpackNotes(packNotes([]))).toEqual([]);
});

it("takes less than half of what the notes take as JSON", () => {
  const notes = Array.from({ length: 1000 }, (_, n) => note({ text: `Note ${n} about the window` }));
  expect(packNotes(notes).length).toBeLessThan(JSON.stringify(notes).length / 2);
});
