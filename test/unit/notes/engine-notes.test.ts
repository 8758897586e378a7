/**
 * What the engine knows of notes: a recording is the same one wherever its file goes and whatever format it has, packets are
 * found again, filters see notes and comments, exported files hold ours beside everybody else's.
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PacketAnchor } from "../../../src-shared/annotations/annotation";
import { ANCHOR_NUMBERS } from "../../../src-shared/contract/annotations";
import type { Params } from "../../../src-shared/contract/requests";
import { PcapngWriter } from "../../../src-shared/wire/write/pcapng";
import { notesHandlers } from "../../../src-main/engine/notes/notes-handlers";
import { manyPackets } from "../../builders/many-packets";
import { ServiceClient } from "../../builders/service-client";
import { hasTool } from "../../builders/shared-data";
import { exported, tool } from "../../builders/wireshark-tools";

let client: ServiceClient;
beforeEach(() => {
  client = new ServiceClient([notesHandlers]);
});
afterEach(() => client.close());

type ShownNote = Params<"notes.show">["notes"][number];

function shown(given: Partial<ShownNote> & { packets: number[] }): ShownNote {
  const text = given.text ?? "a note";
  return { id: text, text, tags: [], author: "ada", colour: "yellow", comment: text, ...given };
}

const show = (...notes: ShownNote[]): Promise<null> =>
  client.ask("notes.show", { clear: true, removed: [], notes: [...notes] });

const hashes = async (): Promise<(string | null)[]> =>
  (await client.ask("notes.recordings", {})).recordings.map(({ hash }) => hash);

const anchorsOf = async (...packets: number[]): Promise<PacketAnchor[]> =>
  (await client.ask("notes.anchors", { packets })).anchors as PacketAnchor[];

/** Where the anchors are now, as the window asks. */
async function resolve(anchors: readonly PacketAnchor[]): Promise<number[]> {
  const recordings = [...new Set(anchors.map(({ recording }) => recording))];
  const numbers = new Float64Array(anchors.length * ANCHOR_NUMBERS);
  anchors.forEach(({ recording, ordinal, time }, i) => {
    const [seconds, nanoseconds] = time.split(".").map(Number) as [number, number];
    numbers.set([recordings.indexOf(recording), ordinal, seconds, nanoseconds], i * ANCHOR_NUMBERS);
  });
  const { packets } = await client.ask("notes.resolve", { recordings, anchors: new Uint8Array(numbers.buffer) });
  return [...new Int32Array(packets.slice().buffer)];
}

const search = async (anchors: PacketAnchor[]): Promise<readonly number[]> =>
  (await client.ask("notes.search", { anchors })).packets;

/** Traffic of two capture points; the third packet has a comment already. */
const TRAFFIC = `a = 10.0.0.1:1000   b = 10.0.0.2:80
  @veth0 = ethernet
  @veth1 = ethernet
  0.0 @veth0 a > b tcp SYN
  0.1 @veth1 b > a tcp SYN,ACK
  0.2 @veth0 a > b tcp ACK comment="theirs"
  0.3 @veth0 a > b tcp PSH,ACK http GET /x host=b.test
`;

describe("a recording", () => {
  it("keeps its hash when it is moved, renamed, compressed, and other captures are added", async () => {
    const path = client.write("one.pcap", manyPackets({ count: 200 }));
    await client.open(path);
    const [hash] = await hashes();
    expect(hash).toMatch(/^h1:[0-9a-f]{32}$/);
    mkdirSync(join(client.folder, "moved"));
    const moved = join(client.folder, "moved", "renamed.pcap.gz");
    writeFileSync(moved, gzipSync(readFileSync(path)));
    const other = client.write("other.pcap", manyPackets({ count: 200, hosts: 3 }));
    await client.open(other, moved);
    const [otherHash, again] = await hashes();
    expect(again).toBe(hash);
    expect(otherHash).not.toBe(hash);
  });

  it("is the same as pcap and as pcapng, with and without comments, and while it grows", async () => {
    const path = client.write("one.pcap", manyPackets({ count: 200 }));
    await client.open(path);
    const [hash] = await hashes();
    await show(shown({ packets: [0], text: "mine" }));
    const view = await client.view();
    const pcapng = join(client.folder, "one.pcapng");
    await client.ask("export.write", { view: view.view, packets: null, path: pcapng, columns: [] });
    const longer = client.write("longer.pcap", manyPackets({ count: 5000 }));
    await client.open(pcapng, longer);
    expect(await hashes()).toEqual([hash, hash]);
  });

  it("without packets has none", async () => {
    await client.open(client.write("empty.pcap", manyPackets({ count: 0 })));
    expect(await hashes()).toEqual([null]);
  });
});

describe("an anchor", () => {
  it("leads back to its packet, in whatever order files are opened", async () => {
    const one = client.write("one.pcap", manyPackets({ count: 300 }));
    const two = client.write("two.pcap", manyPackets({ count: 300, hosts: 7 }));
    await client.open(one, two);
    const anchors = await anchorsOf(17, 317, 0);
    expect(anchors.map(({ ordinal, time }) => [ordinal, time])).toEqual([
      [18, "1700000000.017000000"],
      [18, "1700000000.017000000"],
      [1, "1700000000.000000000"],
    ]);
    await client.open(two, one);
    expect(await resolve(anchors)).toEqual([317, 17, 300]);
  });

  it("leads nowhere where ordinal and time disagree, and is then found by time and bytes", async () => {
    await client.open(client.write("one.pcap", manyPackets({ count: 300 })));
    const [anchor] = (await anchorsOf(40)) as [PacketAnchor];
    expect(
      await resolve([
        { ...anchor, ordinal: 40 },
        { ...anchor, ordinal: 999 },
      ]),
    ).toEqual([-1, -1]);
    expect(await resolve([{ ...anchor, recording: "h1:another" }])).toEqual([-1]);
    expect(await search([{ ...anchor, ordinal: 999 }])).toEqual([40]);
    expect(await search([{ ...anchor, check: "0000000000000000" }])).toEqual([-1]);
  });

  it("is found in a part of the recording, whose first packets are others", async () => {
    await client.open(client.write("one.pcap", manyPackets({ count: 300 })));
    const anchors = await anchorsOf(100, 5);
    const view = await client.view("frame.number > 60");
    const part = join(client.folder, "part.pcapng");
    await client.ask("export.write", { view: view.view, packets: null, path: part, columns: [] });
    await client.open(part);
    expect(await resolve(anchors)).toEqual([-1, -1]);
    expect(await search(anchors)).toEqual([40, -1]);
  });
});

describe("filters", () => {
  beforeEach(async () => {
    await client.open(client.write("t.pcapng", TRAFFIC));
    await client.ask("notes.comments", {});
    await show(
      shown({ packets: [0], text: "MTU too small", tags: ["mtu", "urgent"], author: "bo", colour: "red" }),
      shown({ packets: [1, 3], text: "fine", tags: ["ok"] }),
    );
  });

  it.each([
    ["annotation", ["1", "2", "3", "4"]],
    ['annotation.tag == "mtu"', ["1"]],
    ['annotation.tag != "mtu"', ["2", "4"]],
    ['annotation.text contains "MTU"', ["1"]],
    ['annotation.text == "theirs"', ["3"]],
    ['annotation.author == "ada"', ["2", "4"]],
    ['annotation.colour == "red" or http', ["1", "4"]],
    // Not answered by the index: the same by reading the file.
    ['annotation.tag == "ok" and ip.id >= 0 and http.host == "b.test"', ["4"]],
    ['annotation.text == "theirs" and ip.id >= 0 and !http.host', ["3"]],
    ["!annotation", []],
  ])("%s", async (filter, numbers) => {
    expect(await client.column("number", filter)).toEqual(numbers);
  });

  it("see what was changed and removed since they were last asked", async () => {
    const filter = 'annotation.tag == "mtu" and ip.id >= 0 and !http.host';
    expect(await client.column("number", filter)).toEqual(["1"]);
    await client.ask("notes.show", {
      clear: false,
      removed: ["MTU too small"],
      notes: [shown({ id: "fine", packets: [2], text: "fine", tags: ["mtu"] })],
    });
    expect(await client.column("number", filter)).toEqual(["3"]);
    expect(await client.column("number", "annotation")).toEqual(["3"]);
  });
});

it("tells the comments of sections, interfaces and packets, with the program that wrote them", async () => {
  const chunks: Uint8Array[] = [];
  const writer = new PcapngWriter((chunk) => chunks.push(chunk));
  writer.beginSection({ application: "Some Sniffer 2", comments: ["on the section"] });
  writer.addInterface({ linkType: 1, name: "eth0" });
  writer.addInterface({ linkType: 1, name: "eth1", comments: ["on eth1"] });
  writer.packet({ bytes: new Uint8Array(60), time: { seconds: 1, nanoseconds: 5000 }, comments: ["one", "two"] });
  writer.flush();
  await client.open(client.write("commented.pcapng", Buffer.concat(chunks)));
  const [hash] = await hashes();
  const tool = "Some Sniffer 2";
  const none = { file: 0, packet: -1, anchor: null, point: -1, interface: -1, tool };
  expect((await client.ask("notes.comments", {})).comments).toEqual([
    { ...none, place: "section", texts: ["on the section"] },
    { ...none, place: "interface", point: 1, interface: 1, texts: ["on eth1"] },
    {
      ...none,
      place: "packet",
      packet: 0,
      texts: ["one", "two"],
      anchor: {
        recording: hash,
        ordinal: 1,
        time: "1.000005000",
        check: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
      },
    },
  ]);
});

describe("an exported pcapng", () => {
  it("has ours behind theirs, in both byte orders, in obsolete blocks and in what was a pcap", async () => {
    const mixed = join(client.folder, "mixed.pcapng");
    copyFileSync("fixtures/mixed-sections.pcapng", mixed);
    const pcap = client.write("plain.pcap", manyPackets({ count: 40 }));
    const state = await client.open(mixed, pcap);
    const all = state.packets;
    const before = await client.column("frame.comment");
    await show(
      ...Array.from({ length: all }, (_, packet) =>
        shown({ id: `${packet}`, packets: [packet], text: `ours ${packet}` }),
      ),
      shown({ id: "file", packets: [], text: "[Pod shop/web] on nothing that is a packet" }),
    );
    const view = await client.view();
    const path = join(client.folder, "out.pcapng");
    await client.ask("export.write", { view: view.view, packets: null, path, columns: [] });
    const reopened = await client.open(path);
    const after = await client.column("frame.comment");
    // Theirs, in their order, none missing. (The one block that must not be copied into changed files has no comment.)
    const theirs = after.map((text) => text.replace(/,?ours \d+$/, ""));
    expect(theirs.filter(Boolean)).toEqual(before.filter(Boolean));
    // Ours on every packet, but for two that have no room for it: a simple packet block and a custom block.
    const ours = after.flatMap((text) => /ours (\d+)$/.exec(text)?.[1] ?? []);
    expect(new Set(ours).size).toBe(ours.length);
    expect(ours.length).toBeGreaterThanOrEqual(all - 3);
    expect(reopened.files[0]?.comments).toContain("[Pod shop/web] on nothing that is a packet");
    expect(reopened.files[0]?.problems).toEqual([]);
  });

  it("cuts a comment longer than an option into several, between characters", async () => {
    await client.open(client.write("t.pcapng", TRAFFIC));
    const text = "é€".repeat(40_000);
    await show(shown({ id: "long", packets: [0], text: "long", comment: text }));
    const view = await client.view();
    const path = join(client.folder, "out.pcapng");
    await client.ask("export.write", { view: view.view, packets: null, path, columns: [] });
    await client.open(path);
    const { comments } = await client.ask("notes.comments", {});
    const [parts] = comments.filter(({ packet }) => packet === 0).map(({ texts }) => texts);
    expect(parts?.length).toBeGreaterThan(1);
    expect(parts?.join("")).toBe(text);
  });

  it.skipIf(!hasTool("tshark") || !hasTool("editcap"))(
    "prints the same as before plus ours in tshark, also what editcap wrote",
    async () => {
      const plain = client.write("t.pcapng", TRAFFIC);
      const theirs = join(client.folder, "editcap.pcapng");
      tool("editcap", "-a", "1:by editcap, with a comma", "-a", "4:zweiter Gruß", plain, theirs);
      const before = exported(theirs);
      expect(before).toEqual(["by editcap, with a comma", "", "theirs", "zweiter Gruß"]);
      await client.open(theirs);
      await show(shown({ packets: [0], text: "ours one" }), shown({ packets: [1, 2], text: "ours two" }));
      const view = await client.view();
      const path = join(client.folder, "out.pcapng");
      await client.ask("export.write", { view: view.view, packets: null, path, columns: [] });
      expect(exported(path)).toEqual([
        "by editcap, with a comma,ours one",
        "ours two",
        "theirs,ours two",
        "zweiter Gruß",
      ]);
    },
  );
});
