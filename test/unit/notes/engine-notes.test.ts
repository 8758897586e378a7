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
import type { ShownNote } from "../../../src-shared/contract/shown-notes";
import { collectChunks } from "../../../src-shared/wire/write/capture-chunks";
import { NANOSECONDS } from "../../../src-shared/wire/write/capture-time";
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

function shown(given: Partial<ShownNote> & { packets: number[] }): ShownNote {
  const text = given.text ?? "a note";
  return { id: text, text, tags: [], author: "ada", colour: "yellow", comment: text, ...given };
}

const show = (...notes: ShownNote[]): Promise<null> =>
  client.ask("notes.show", { clear: true, removed: [], notes: JSON.stringify(notes) });

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
  (await client.ask("notes.search", { anchors, by: "time" })).packets;

const checksOf = async (packets: readonly number[]): Promise<string[]> =>
  (await anchorsOf(...packets)).map(({ check }) => check);

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

describe("another recording of the same packets", () => {
  it("with two packets that are alike in time and bytes says so", async () => {
    const time = { seconds: 1_700_000_000, nanoseconds: 5000 };
    const once = collectChunks((sink) => {
      const writer = new PcapngWriter(sink);
      writer.beginSection({});
      writer.addInterface({ linkType: 1, name: "eth0" });
      writer.packet({ bytes: new Uint8Array(60), time });
      writer.flush();
    });
    await client.open(client.write("once.pcapng", once));
    const anchors = await anchorsOf(0);
    const twice = collectChunks((sink) => {
      const writer = new PcapngWriter(sink);
      writer.beginSection({});
      for (const name of ["eth0", "eth1"]) writer.addInterface({ linkType: 1, name });
      writer.packet({ bytes: new Uint8Array(61), time });
      for (const interfaceId of [0, 1]) writer.packet({ bytes: new Uint8Array(60), interfaceId, time });
      writer.flush();
    });
    await client.open(client.write("twice.pcapng", twice));
    expect(await client.ask("notes.search", { anchors, by: "time" })).toEqual({ packets: [1], alike: [1] });
  });

  it("with the packet at two points within a microsecond takes the one of the very nanosecond", async () => {
    const seen = (...nanoseconds: number[]): Uint8Array =>
      collectChunks((sink) => {
        const writer = new PcapngWriter(sink);
        writer.beginSection({});
        for (const n of nanoseconds.keys())
          writer.addInterface({ linkType: 1, name: `eth${n}`, resolution: NANOSECONDS });
        for (const [interfaceId, ns] of nanoseconds.entries())
          writer.packet({ bytes: new Uint8Array(60), interfaceId, time: { seconds: 1_700_000_000, nanoseconds: ns } });
        writer.flush();
      });
    await client.open(client.write("one.pcapng", seen(5400)));
    const anchors = await anchorsOf(0);
    await client.open(client.write("merged.pcapng", seen(5100, 5400, 5900)));
    expect(await client.ask("notes.search", { anchors, by: "time" })).toEqual({ packets: [1], alike: [0] });
  });

  it("with a clock that was shifted is found by place and bytes, where these are the only ones of their kind", async () => {
    await client.open(client.write("one.pcap", manyPackets({ count: 300 })));
    const anchors = await anchorsOf(40, 299);
    const shifted = client.write("shifted.pcap", manyPackets({ count: 300, seconds: 1_700_003_600 }));
    await client.open(shifted);
    expect(await search(anchors)).toEqual([-1, -1]);
    const [first, second] = anchors as [PacketAnchor, PacketAnchor];
    const asked = [first, { ...second, ordinal: 299 }, { ...first, ordinal: 4000 }];
    expect(await client.ask("notes.search", { anchors: asked, by: "ordinal-alike" })).toEqual({
      packets: [40, -1, -1],
      alike: [0, 0, 0],
    });
    const beacons = collectChunks((sink) => {
      const writer = new PcapngWriter(sink);
      writer.beginSection({});
      writer.addInterface({ linkType: 1, name: "eth0" });
      for (let n = 0; n < 3; n++)
        writer.packet({ bytes: new Uint8Array(60), time: { seconds: 1_700_000_000 + n, nanoseconds: 0 } });
      writer.flush();
    });
    await client.open(client.write("beacons.pcapng", beacons));
    expect(await client.ask("notes.search", { anchors: await anchorsOf(1), by: "ordinal-alike" })).toEqual({
      packets: [1],
      alike: [1],
    });
  });

  it.skipIf(!hasTool("editcap") || !hasTool("mergecap"))(
    "made by editcap and mergecap: every packet is found, by the recording itself, by time or by place",
    async () => {
      const one = client.write("one.pcap", manyPackets({ count: 120 }));
      const other = client.write("other.pcap", manyPackets({ count: 50, hosts: 3, seconds: 1_700_000_000 }));
      await client.open(one);
      const anchors = await anchorsOf(0, 57, 119);
      const made = (name: string): string => join(client.folder, name);
      tool("editcap", "-F", "pcapng", one, made("converted.pcapng"));
      await client.open(made("converted.pcapng"));
      expect(await resolve(anchors)).toEqual([0, 57, 119]);
      tool("mergecap", "-w", made("merged.pcapng"), other, one);
      await client.open(made("merged.pcapng"));
      expect(await resolve(anchors)).toEqual([-1, -1, -1]);
      const merged = await client.ask("notes.search", { anchors, by: "time" });
      expect(await checksOf(merged.packets)).toEqual(anchors.map(({ check }) => check));
      // The two files begin with the same packet.
      expect(merged.alike).toEqual([1, 0, 0]);
      tool("editcap", "-t", "-86400.5", one, made("yesterday.pcap"));
      await client.open(made("yesterday.pcap"));
      expect(await search(anchors)).toEqual([-1, -1, -1]);
      expect(await client.ask("notes.search", { anchors, by: "ordinal-alike" })).toEqual({
        packets: [0, 57, 119],
        alike: [0, 0, 0],
      });
    },
  );
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
      notes: JSON.stringify([shown({ id: "fine", packets: [2], text: "fine", tags: ["mtu"] })]),
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

  it("has comments of others byte by byte: several on a packet, and what is no UTF-8", async () => {
    const theirs = ["first of two", "Gr\u00fc\u00dfe in latin-1", "an empty one follows", ""];
    const bytes = collectChunks((sink) => {
      const writer = new PcapngWriter(sink);
      writer.beginSection({});
      writer.addInterface({ linkType: 1, name: "eth0" });
      // "üß" is 4 bytes of UTF-8; two bytes of latin-1 and two blanks are put in their place.
      writer.packet({ bytes: new Uint8Array(60), time: { seconds: 1, nanoseconds: 0 }, comments: theirs });
      writer.flush();
    });
    const written = Buffer.from(bytes);
    const at = written.indexOf("\u00fc\u00df", 0, "utf8");
    written.set([0xfc, 0xdf, 0x20, 0x20], at);
    const latin = written.subarray(at - 2, at + 4);
    await client.open(client.write("latin.pcapng", written));
    await show(shown({ packets: [0], text: "ours" }));
    const view = await client.view();
    const path = join(client.folder, "out.pcapng");
    await client.ask("export.write", { view: view.view, packets: null, path, columns: [] });
    expect(readFileSync(path).includes(latin)).toBe(true);
    await client.open(path);
    const { comments } = await client.ask("notes.comments", {});
    expect(comments.find(({ packet }) => packet === 0)?.texts).toEqual([
      "first of two",
      expect.stringMatching(/^Gr\ufffd+ +e in latin-1$/),
      "an empty one follows",
      "",
      "ours",
    ]);
    if (hasTool("tshark")) expect(exported(path)[0]).toMatch(/^first of two,.*an empty one follows,,ours$/);
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
