/** What is kept over a reload of the page: taken over for the same files alone, and only if it is what was written. */
import { describe, expect, it } from "vitest";
import { readKeptView, type KeptView } from "../../../src-renderer/viewmodel/kept-view";

const FILES = ["/captures/node-1.pcap", "/captures/node-2.pcap"];
const KEPT: KeptView = {
  files: FILES,
  filter: "tcp",
  draft: "tcp.port == 80",
  sort: [{ column: "length", descending: true }],
  step: { packet: 57, connection: "9f", journey: 3, hop: 2, scope: null, range: { from: [1, 2], to: [3, 4] } },
  isAutomatic: false,
  marks: [57],
  ignored: [],
  references: [[12, [1, 0]]],
  mapGroups: ["group n1 shop web"],
  top: 40.5,
  tabs: [{ id: "follow:12", pane: "follow", title: "Stream 6", argument: "57" }],
  front: "follow:12",
};

describe("what was before a person", () => {
  it("comes back as it was, for the same files in the same order", () => {
    expect(readKeptView(JSON.stringify(KEPT), FILES)).toEqual(KEPT);
  });

  it.each([
    ["nothing was kept", null, FILES],
    ["other files are open", JSON.stringify(KEPT), ["/captures/node-1.pcap"]],
    ["the files are in another order", JSON.stringify(KEPT), [...FILES].reverse()],
    ["it is no JSON", "{", FILES],
    ["a part is missing", JSON.stringify({ ...KEPT, step: undefined }), FILES],
    ["a packet's number is none", JSON.stringify({ ...KEPT, marks: [-1] }), FILES],
  ])("does not come back where %s", (_, text, files) => {
    expect(readKeptView(text, files)).toBeNull();
  });
});
