/** Where notes are found: by packet, field, hop, connection …, after changes, deletions and when they are hidden. */
import { describe, expect, it } from "vitest";
import type { Annotation, PacketAnchor, Subject } from "../../../src-shared/annotations/annotation";
import { isFound, keys, NoteIndex, type NotePlace } from "../../../src-renderer/annotations/note-index";
import { RECORDING, edited, note, stamp } from "../../builders/notes";

const packet: PacketAnchor = { recording: RECORDING, ordinal: 1, time: "1.000000000", check: "0" };
const end = { ip: "10.0.0.1", port: 1 };
const connection = { id: "c1", protocol: "tcp", client: end, server: end, firstTime: "1.000000000" };

function indexed(subject: Subject, packets: readonly number[]): { index: NoteIndex; one: Annotation } {
  const index = new NoteIndex();
  const one = note({ subject });
  index.set(one, { packets, kind: "here" });
  return { index, one };
}

describe("a note", () => {
  it("on a packet is on that packet", () => {
    const { index, one } = indexed({ kind: "packet", packet }, [12]);
    expect(index.onPacket(12)).toEqual([one]);
    expect(index.onPacket(13)).toEqual([]);
  });

  it("on a field, journey or hop is there and on its packets", () => {
    const field = indexed({ kind: "field", packet, field: "ip.ttl", occurrence: 1, label: "" }, [4]);
    expect(field.index.at(keys.field(4, "ip.ttl", 1))).toEqual([field.one]);
    expect(field.index.at(keys.field(4, "ip.ttl", 0))).toEqual([]);
    expect(field.index.onPacket(4)).toEqual([field.one]);
    const hop = indexed({ kind: "hop", connection, before: packet, after: packet, label: "" }, [4, 9]);
    expect(hop.index.at(keys.hop(4, 9))).toEqual([hop.one]);
    expect(hop.index.onPacket(9)).toEqual([hop.one]);
    const journey = indexed({ kind: "journey", connection, first: packet, label: "" }, [4]);
    expect(journey.index.at(keys.journey(4))).toEqual([journey.one]);
    expect(journey.index.at(keys.connection("c1"))).toEqual([journey.one]);
  });

  it.each<[Subject, string]>([
    [{ kind: "connection", connection }, keys.connection("c1")],
    [{ kind: "flow", label: "", filter: "udp.stream == 1" }, keys.flow("udp.stream == 1")],
    [{ kind: "pod", name: "shop/web" }, keys.pod("shop/web")],
    [{ kind: "service", name: "shop/web" }, keys.service("shop/web")],
    [{ kind: "capture-point", recording: RECORDING, interface: 2, name: "" }, keys.point(RECORDING, 2)],
    [{ kind: "recording", recording: RECORDING, name: "" }, keys.recording(RECORDING)],
  ])("on %o is found under its key", (subject, key) => {
    const { index, one } = indexed(subject, []);
    expect(index.at(key)).toEqual([one]);
  });

  it("whose packet is not here is nowhere, and says so", () => {
    const lost: NotePlace = { packets: [3, -1], kind: "here" };
    expect(isFound(lost)).toBe(false);
    expect(indexed({ kind: "packet", packet }, [-1]).index.onPacket(-1)).toEqual([]);
  });
});

describe("several notes on a packet", () => {
  it("come the oldest first; deleted and hidden ones do not", () => {
    const index = new NoteIndex();
    const place: NotePlace = { packets: [7], kind: "here" };
    const [late, early, gone, doubled] = [30, 10, 20, 5].map((createdMs) => note({ createdMs })) as [
      Annotation,
      Annotation,
      Annotation,
      Annotation,
    ];
    for (const one of [late, early, gone, doubled]) index.set(one, place);
    index.set(edited(gone, "deleted", true, stamp(99)));
    index.hidden.add(doubled.id);
    expect(index.onPacket(7)).toEqual([early, late]);
    index.delete(early.id);
    expect(index.onPacket(7)).toEqual([late]);
  });

  it("do not count answers, which are under their note", () => {
    const index = new NoteIndex();
    const place: NotePlace = { packets: [7], kind: "here" };
    const root = note();
    const [second, first] = [20, 10].map((createdMs) => note({ createdMs, parent: root.id })) as [
      Annotation,
      Annotation,
    ];
    for (const one of [root, second, first]) index.set(one, place);
    expect(index.onPacket(7)).toEqual([root]);
    expect(index.repliesTo(root.id)).toEqual([first, second]);
  });
});
