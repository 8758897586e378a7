/** Files of notes: what is written is read again, and what is wrong with one is said with its place. */
import { describe, expect, it } from "vitest";
import { commentText, firstLine, parseTags, subjectText } from "../../../src-shared/annotations/note-text";
import { notesAsCsv, readNotesFile, writeNotesFile } from "../../../src-shared/annotations/notes-file";
import { RECORDING, note } from "../../builders/notes";

const recordings = [{ hash: RECORDING, name: "n1.pcapng", packets: 120 }];

/** A file of one note, of which `spoil` makes something else. */
function spoilt(spoil: (file: { version: unknown; annotations: Record<string, unknown>[] }) => void): string {
  const file = JSON.parse(writeNotesFile([note()], recordings, 0)) as Parameters<typeof spoil>[0];
  spoil(file);
  return JSON.stringify(file);
}

describe("a file of notes", () => {
  it("comes back as it was written, tombstones included", () => {
    const notes = [note({ text: "line\n# heading\n\u2028", tags: ["mtu"] }), note({ deleted: true })];
    expect(readNotesFile(writeNotesFile(notes, recordings, 5), "x.json")).toEqual({ recordings, annotations: notes });
    expect(readNotesFile(writeNotesFile([], [], 5), "x.json").annotations).toEqual([]);
  });

  it.each([
    ["{", /^x\.json: not JSON/],
    ['{"format":"zip"}', /^x\.json: format: "format" must be "hopscope-annotations"/],
    [spoilt((file) => (file.version = 99)), /version is 99, this Hopscope reads up to 1/],
    [spoilt((file) => ((file.annotations[0] ?? {})["colour"] = "puce")), /^x\.json: annotations\[0\]\.colour: /],
    [spoilt((file) => delete file.annotations[0]?.["stamps"]), /^x\.json: annotations\[0\]\.stamps: /],
    [
      spoilt((file) => ((file.annotations[0] ?? {})["subject"] = { kind: "time", at: "yesterday" })),
      /annotations\[0\]\.subject\.at: a time is decimal seconds/,
    ],
  ])("says what is wrong, and where: %#", (text, message) => {
    expect(() => readNotesFile(text, "x.json")).toThrow(message);
  });

  it("becomes CSV that no spreadsheet takes for a formula", () => {
    const csv = notesAsCsv([
      note({ text: '=HYPERLINK("x")', tags: ["a", "b"] }),
      note({ deleted: true, text: "gone" }),
    ]);
    const lines = csv.split("\r\n");
    expect(lines[0]).toMatch(/^id,kind,about,packet,/);
    expect(lines[1]).toContain(`a b,yellow,,"'=HYPERLINK(""x"")"`);
    expect(lines).toHaveLength(3);
  });
});

describe("a note as text", () => {
  it("is a pcapng comment: bare for a packet, with what it is about for everything else, tags behind", () => {
    expect(commentText(note({ text: "why?", tags: ["mtu", "dns"] }))).toBe("why? #mtu #dns");
    expect(commentText(note({ text: "slow", subject: { kind: "pod", name: "shop/web" } }))).toBe("[Pod shop/web] slow");
  });

  it("names IPv6 endpoints with brackets", () => {
    const connection = {
      id: "1",
      protocol: "tcp",
      client: { ip: "fd00::1", port: 9 },
      server: { ip: "10.0.0.1", port: 80 },
      firstTime: "1.000000000",
    };
    expect(subjectText({ kind: "connection", connection })).toBe("Connection tcp [fd00::1]:9 → 10.0.0.1:80");
  });

  it("shows its first line that says something", () => {
    expect(firstLine("\n\n## **MTU** is `1450`\nmore")).toBe("MTU is 1450");
    expect(firstLine("x".repeat(300), 10)).toBe("xxxxxxxxx…");
    expect(firstLine("")).toBe("");
  });

  it("reads tags as people type them", () => {
    expect(parseTags(" mtu, #Slow  dns;mtu ")).toEqual(["mtu", "Slow", "dns"]);
  });
});
