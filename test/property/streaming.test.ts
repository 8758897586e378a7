/**
 * Feeding any capture one byte at a time, or cut at every byte, gives the same rows up to the cut.
 *
 * ```
 * bytes ──┬── in one piece ────────────────► rows, events, problems ─┐
 *         ├── 1 byte, 7 bytes, any sizes ──► rows, events, problems ─┴─ equal
 *         └── cut at byte n ───────────────► the rows whose records end by n, and one problem if n is inside a record
 * ```
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  H_FILE_OFFSET,
  LAYERS_PER_PACKET,
  MAX_PACKETS,
  MAX_RECORD_BYTES,
  READ_BYTES,
  STOP_DEPTH,
} from "../../src-main/engine/kernel/assembly/abi";
import { openSource } from "../../src-main/engine/sources/open-source";
import { collectChunks } from "../../src-shared/wire/write/capture-chunks";
import { ethernet, vlan } from "../../src-shared/wire/write/ethernet";
import { fragmentLayers } from "../../src-shared/wire/write/fragment";
import { ipv4 } from "../../src-shared/wire/write/ipv4";
import { destinationOptions, ipv6 } from "../../src-shared/wire/write/ipv6";
import { type Layer, buildPacket } from "../../src-shared/wire/write/layer";
import { mpls } from "../../src-shared/wire/write/mpls";
import { filler } from "../../src-shared/wire/write/payload";
import { PcapWriter } from "../../src-shared/wire/write/pcap";
import { PcapngWriter } from "../../src-shared/wire/write/pcapng";
import { udp } from "../../src-shared/wire/write/udp";
import { traffic, trafficToPcap, trafficToPcapng } from "../builders/traffic";
import { corpusCaptures, fixtureCaptures } from "./support/captures";
import { Engine, PiecesSource, type Run, comparable } from "./support/engine";
import { brokenInvariant } from "./support/invariants";
import { walkRecords } from "./support/records";

const MACS = { src: "02:00:00:00:00:01", dst: "02:00:00:00:00:02" };
const flows = new Engine("flows");
const streams = new Engine("streams");

async function same(
  bytes: Uint8Array,
  sizes: readonly number[],
  asynchronous = false,
  engines = [flows, streams],
): Promise<Run> {
  let whole: Run | undefined;
  for (const engine of engines) {
    whole = await engine.run(bytes);
    const pieces = await engine.run(new PiecesSource(bytes, sizes, asynchronous));
    // Row by row first: a difference of two whole runs is too long to read.
    expect(pieces.rows.length).toBe(whole.rows.length);
    for (let i = 0; i < whole.rows.length; i++)
      if (pieces.rows[i] !== whole.rows[i]) expect(pieces.rows[i]).toBe(whole.rows[i]);
    // "pieces" is the name of every source here.
    expect(comparable(pieces)).toEqual(comparable(whole));
  }
  return whole as Run;
}

function pcap(
  packets: readonly Uint8Array[],
  options: { bigEndian?: boolean; linkType?: number; snapLength?: number } = {},
): Uint8Array {
  return collectChunks((sink) => {
    const writer = new PcapWriter(sink, { linkType: 1, ...options });
    packets.forEach((bytes, i) =>
      writer.packet({ time: { seconds: 1700000000 + Math.floor(i / 1000), nanoseconds: (i % 1000) * 1000000 }, bytes }),
    );
    writer.flush();
  });
}

function pcapng(packets: readonly Uint8Array[]): Uint8Array {
  return collectChunks((sink) => {
    const writer = new PcapngWriter(sink);
    writer.beginSection({});
    writer.addInterface({ linkType: 1, name: "eth0" });
    packets.forEach((bytes, i) => writer.packet({ time: { seconds: 1700000000 + i, nanoseconds: 0 }, bytes }));
    writer.flush();
  });
}

/** A block of any type: what the writers do not write. */
function block(type: number, bodyLength: number): Uint8Array {
  const bytes = new Uint8Array(bodyLength + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, bytes.length, true);
  for (let i = 8; i < bytes.length - 4; i++) bytes[i] = i;
  view.setUint32(bytes.length - 4, bytes.length, true);
  return bytes;
}

const concat = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

function udpFrame(i: number, length: number): Uint8Array {
  return buildPacket([
    ethernet(MACS),
    ipv4({ src: `10.0.${(i >> 8) & 255}.${i & 255}`, dst: "10.9.9.9", identification: i & 0xffff }),
    udp({ sport: 1000 + (i % 50000), dport: 9999 }),
    filler(length),
  ]);
}

const mixed = traffic`
  client = 10.244.1.11:47004   server = 10.96.10.20:80   node1 = 192.168.1.1   node2 = 192.168.1.2   pod = 10.244.2.5:8080
  @veth0 = ethernet
  @eth0  = sll2 index=2 resolution=ns snap=128
  syn: 0.000 @veth0 client > server  tcp SYN mss=1460 ws=7 sackok
       0.0002 @eth0 seen syn dst=pod hops=1 vxlan(vni=1, node1 > node2)
       1.000 @veth0 again syn
       1.001 @veth0 server > client  tcp SYN,ACK
       1.002 @veth0 client > server  tcp PSH,ACK "GET / HTTP/1.1\r\nHost: a\r\n\r\n"  comment="first request"
       1.003 @veth0 10.0.0.1:5000 > 10.0.0.2:5001 udp len=3000 frag=1000 order=3,1,2
       1.004 @veth0 [fd00::1]:700 > [fd00::2]:701 udp len=2000 frag=800
       1.005 @eth0 10.0.0.1 > 10.0.0.2 geneve(vni=7, node1 > node2) vlan(10) icmp request ident=1 seq=1
       1.006 @veth0 10.0.0.9:1234 > 10.0.0.3:53 dns query 7 A web.example
  host 10.244.1.11 client.ns
  counts @veth0 received=7 dropped=0
`;

const byteOrders: readonly (readonly [string, Uint8Array])[] = [
  ["pcapng, little-endian", trafficToPcapng(mixed)],
  ["pcapng, big-endian", trafficToPcapng(mixed, { bigEndian: true })],
  [
    "both byte orders in one file",
    concat(trafficToPcapng(mixed), trafficToPcapng(mixed, { bigEndian: true }), trafficToPcapng(mixed)),
  ],
  ...(["us", "ns"] as const).flatMap((resolution) =>
    [false, true].map(
      (bigEndian) =>
        [
          `pcap, ${resolution}, ${bigEndian ? "big" : "little"}-endian`,
          trafficToPcap(
            traffic`0.5 10.0.0.1:1 > 10.0.0.2:2 udp "abc"
                  0.6 10.0.0.1:1 > 10.0.0.2:2 tcp SYN
                  0.7 fd00::1 > fd00::2 icmp request ident=1 seq=2`,
            { resolution, bigEndian },
          ),
        ] as const,
    ),
  ),
];

const fixtures = fixtureCaptures();
/** Both byte orders of every kind of block; strange but small files of other projects. */
const generated = corpusCaptures("pcapng-test-generator", 20000);
const odd = [
  ...corpusCaptures("python-pcapng", 20000),
  ...corpusCaptures("libpcap", 20000),
  ...corpusCaptures("community-id", 20000),
];

describe("one byte at a time, or any number, gives the same", () => {
  test.each(byteOrders)("%s", async (_name, bytes) => {
    const run = await same(bytes, [1]);
    expect(run.rows.length).toBe(walkRecords(bytes).packets.length);
    expect(run.problems).toEqual([]);
    await same(bytes, [1], true);
    await same(bytes, [3, 16, 1, 40, 7]);
  });

  test("every fixture", async () => {
    for (const { path, name } of fixtures) {
      const bytes = new Uint8Array(readFileSync(path));
      const run = await same(bytes, [1]);
      expect(run.rows.length, name).toBeGreaterThan(0);
      await same(bytes, [5, 100, 1]);
    }
  });

  test.skipIf(generated.length === 0)("the corpus's pcapng and odd files (skipped: corpus not here)", async () => {
    for (const { path } of [...generated, ...odd]) {
      const bytes = new Uint8Array(readFileSync(path));
      await same(bytes, [1]);
      await same(bytes, [13, 2, 100], true);
    }
  });

  test.skipIf(generated.length === 0)("damaged files of the corpus (skipped: corpus not here)", async () => {
    // Every 12th: the same few shapes of damage come again and again.
    const files = [
      ...corpusCaptures("tcpdump", 20000),
      ...corpusCaptures("pcapplusplus", 20000),
      ...corpusCaptures("edge-cases", 20000),
    ];
    for (const { path, name } of files.filter((_, i) => i % 12 === 0)) {
      const bytes = new Uint8Array(readFileSync(path));
      if (bytes[0] === 0x1f) continue;
      try {
        await same(bytes, [1], false, [flows]);
        await same(bytes, [1000, 3], false, [flows]);
      } catch (error) {
        throw new Error(`${name}: ${String(error)}`, { cause: error });
      }
    }
  });

  test("any sizes, any damage", async () => {
    const sources = [
      ...byteOrders.map(([, bytes]) => bytes),
      ...fixtures.map((f) => new Uint8Array(readFileSync(f.path))),
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...sources),
        fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 20 }),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
        fc.boolean(),
        async (given, sizes, damage, asynchronous) => {
          const bytes = given.slice();
          for (const [at, value] of damage) bytes[at % bytes.length] = value;
          await same(bytes, sizes, asynchronous);
        },
      ),
      { numRuns: 400, seed: SEED },
    );
  });
});

const SEED = Number(process.env["HOPSCOPE_SEED"] ?? 20241120);

/** Cuts `bytes` at every position (or every `step`-th and all near a boundary) and judges rows and problems. */
async function cutEverywhere(name: string, bytes: Uint8Array, step = 1): Promise<void> {
  const full = await flows.run(bytes, undefined, { process: false });
  const records = walkRecords(bytes);
  const ends = records.ends;
  const damaged = full.problems.some((p) => p.fatal) || !records.whole;
  const near = new Set([0, records.head, ...ends].flatMap((e) => [e - 1, e, e + 1]));
  if (!damaged) expect(full.offsets, name).toEqual(records.packets);
  let boundary = 0;
  let rowsWhole = 0;
  for (let cut = 0; cut <= bytes.length; cut++) {
    while (boundary < ends.length && (ends[boundary] as number) <= cut) boundary++;
    const begun = boundary === 0 ? records.head : (ends[boundary - 1] as number);
    while (rowsWhole < full.offsets.length && (full.offsets[rowsWhole] as number) < begun) rowsWhole++;
    if (cut % step !== 0 && !near.has(cut)) continue;
    const run = await flows.run(bytes.subarray(0, cut), undefined, { process: false });
    const at = `${name}, cut at byte ${cut}`;
    if (run.rows.length !== rowsWhole) expect.fail(`${at}: ${run.rows.length} rows, not ${rowsWhole}`);
    for (let i = 0; i < rowsWhole; i++) if (run.rows[i] !== full.rows[i]) expect(run.rows[i], at).toBe(full.rows[i]);
    const fatal = run.problems.filter((p) => p.fatal);
    const clean = cut === begun && cut > 0 && (records.pcapng ? boundary > 0 : cut >= records.head);
    if (damaged && !records.whole && boundary === ends.length) {
      // The file's own damage begins here; a cut inside may be told as either.
      if (fatal.length > 1) expect.fail(`${at}: ${JSON.stringify(fatal)}`);
      continue;
    }
    if (damaged) continue;
    if (fatal.length !== (clean ? 0 : 1)) expect.fail(`${at}: ${JSON.stringify(fatal)}`);
    const problem = fatal[0];
    if (problem === undefined) continue;
    const headless = cut < (records.pcapng ? 12 : 24);
    expect(problem.code, at).toBe(headless ? "unknown-format" : "truncated");
    if (!headless) expect(problem.offset, at).toBe(begun);
  }
}

describe("cut at every byte: the rows up to the cut, and one problem if it is inside a record", () => {
  test.each(byteOrders)("%s", async (name, bytes) => {
    // The long one holds the same sections as the others.
    await cutEverywhere(name, bytes, bytes.length > 10_000 ? 5 : 1);
  });
  test.each(fixtures.map((f) => [f.name, f.path] as const))("%s", async (name, path) => {
    await cutEverywhere(name, new Uint8Array(readFileSync(path)));
  });
  test.skipIf(generated.length === 0)(
    "the corpus's pcapng files (skipped: corpus not here)",
    { timeout: 120_000 },
    async () => {
      for (const { name, path } of generated) await cutEverywhere(name, new Uint8Array(readFileSync(path)));
      for (const { name, path, size } of odd) {
        if (path.endsWith(".gz")) continue;
        await cutEverywhere(name, new Uint8Array(readFileSync(path)), size > 4000 ? 7 : 1);
      }
    },
  );
});

describe("compressed", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "hopscope-streaming-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const open = async (name: string, bytes: Uint8Array) => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return openSource(path);
  };

  test.each([
    ["a small one", trafficToPcapng(mixed)],
    ["several reads", pcap(Array.from({ length: 3000 }, (_, i) => udpFrame(i, i % 700)))],
    ["a packet a block", pcap([udpFrame(1, 60000), udpFrame(2, 1), udpFrame(3, 65000)])],
  ])("gzip of %s gives the same rows", async (_name, bytes) => {
    const plain = await flows.run(bytes);
    const packed = await flows.run(await open("whole.gz", gzipSync(bytes)));
    expect(packed.rows).toEqual(plain.rows);
    expect(packed.flows).toEqual(plain.flows);
    expect(packed.problems).toEqual([]);
  });

  test("gzip cut anywhere: a prefix of the rows, and one problem", async () => {
    const bytes = trafficToPcapng(mixed);
    const plain = await flows.run(bytes);
    const packed = gzipSync(bytes);
    for (let cut = 0; cut < packed.length; cut++) {
      const run = await flows.run(await open("cut.gz", packed.subarray(0, cut)));
      expect(plain.rows.slice(0, run.rows.length), `cut at ${cut}`).toEqual(run.rows);
      const fatal = run.problems.filter((p) => p.fatal);
      expect(
        fatal.map((p) => p.code),
        `cut at ${cut}: ${JSON.stringify(fatal)}`,
      ).toHaveLength(1);
    }
  });
});

describe("lengths that lie", () => {
  test.each([
    1_900_001, 0x7ffffffc, 0x7ffffffd, 0x7fffffff, 0x80000000, 0x80000003, 0xfffffffc, 0xfffffffd, 0xffffffff,
  ])("a block of %i bytes that is no packet is passed over to the file's end", async (total) => {
    const before = pcapng([udpFrame(1, 30)]);
    const bytes = concat(before, block(0x80000123, 100));
    new DataView(bytes.buffer).setUint32(before.length + 4, total, true);
    const run = await same(bytes, [1, 20]);
    expect(run.rows.length).toBe(1);
    expect(run.problems.map((p) => [p.code, p.fatal])).toEqual([
      ["block-skipped", false],
      ["truncated", true],
    ]);
  });

  test("more captured bytes than a packet block has room for: only that packet is left out", async () => {
    const frame = udpFrame(1, 30);
    for (let captured = frame.length + 4; captured < frame.length + 80; captured++) {
      const bytes = pcapng([frame, udpFrame(2, 30)]);
      const records = walkRecords(bytes);
      new DataView(bytes.buffer).setUint32((records.packets[0] as number) + 20, captured, true);
      const run = await same(bytes, [7], false, [flows]);
      expect(run.problems.map((p) => [p.code, p.fatal])).toEqual([["bad-length", false]]);
      expect(run.offsets).toEqual(records.packets.slice(1));
    }
  });
});

describe("large", () => {
  const straddling = (lengths: readonly number[]): Uint8Array[] => lengths.map((n, i) => udpFrame(i, n));

  test("records that straddle the read size", async () => {
    // 16 + 42 bytes around each; some begin, some end exactly at the boundary.
    const filled = READ_BYTES - 24 - 58 * 5;
    for (const shift of [-60, -59, -58, -57, -43, -42, -17, -16, -15, -1, 0, 1]) {
      const bytes = pcap(straddling([60000, 60000, 60000, 60000, filled - 240000 + shift, 100, 1000, 1400]));
      const run = await same(bytes, [Infinity], false, [flows]);
      expect(run.rows.length).toBe(8);
      expect((await same(bytes, [65536, 1000], true, [flows])).problems).toEqual([]);
    }
    const many = pcapng(straddling(Array.from({ length: 2500 }, (_, i) => (i * 37) % 1400)));
    expect(many.length).toBeGreaterThan(READ_BYTES * 3);
    const run = await same(many, [100_000, 1, 50_000]);
    expect(run.rows.length).toBe(2500);
  });

  test("more packets in a read than a slot has rows", async () => {
    const tiny = pcap(Array.from({ length: 30_000 }, (_, i) => new Uint8Array([i, i >> 8])));
    const run = await same(tiny, [Infinity], false, [flows]);
    expect(run.rows.length).toBe(30_000);
    expect(Math.max(...run.batches)).toBe(MAX_PACKETS);
    const pieces = await flows.run(new PiecesSource(tiny, [18]));
    expect(pieces.rows).toEqual(run.rows);
  });

  test("more layers in a read than a slot has rows", async () => {
    const deep: Layer[] = [ethernet(MACS), ...Array.from({ length: 60 }, (_, i) => mpls({ label: i })), filler(10)];
    const bytes = pcap(Array.from({ length: 1500 }, () => buildPacket([...deep])));
    expect(bytes.length).toBeGreaterThan(READ_BYTES);
    let broken: string | undefined;
    const run = await flows.run(bytes, (batch) => {
      broken ??= brokenInvariant(batch, true);
    });
    expect(broken).toBeUndefined();
    expect(run.rows.length).toBe(1500);
    expect(new Set(run.rows.map((row) => row.split("|").length))).toEqual(new Set([63]));
    expect((await flows.run(new PiecesSource(bytes, [999]))).rows).toEqual(run.rows);
  });

  test.each([
    ["MPLS labels", [ethernet(MACS), ...Array.from({ length: 4000 }, (_, i) => mpls({ label: i })), filler(4)]],
    [
      "VLAN tags",
      [
        ethernet(MACS),
        ...Array.from({ length: 4000 }, (_, i) => vlan({ id: i % 4095 })),
        ipv4({ src: "10.0.0.1", dst: "10.0.0.2" }),
        udp({ sport: 1, dport: 2 }),
      ],
    ],
    [
      "IPv6 extension headers",
      [
        ethernet(MACS),
        ipv6({ src: "fd00::1", dst: "fd00::2" }),
        ...Array.from({ length: 4000 }, () => destinationOptions()),
        udp({ sport: 1, dport: 2 }),
      ],
    ],
    [
      "IP in IP",
      [
        ethernet(MACS),
        ...Array.from({ length: 1000 }, () => ipv4({ src: "10.0.0.1", dst: "10.0.0.2" })),
        udp({ sport: 1, dport: 2 }),
      ],
    ],
  ] as const)("thousands of %s in a packet: as many rows as it may have, and a stop reason", async (_name, layers) => {
    const bytes = pcap(Array.from({ length: 8 }, () => buildPacket([...layers])));
    let broken: string | undefined;
    const run = await flows.run(bytes, (batch) => {
      broken ??= brokenInvariant(batch, true);
      for (let i = 0; i < batch.packetCount; i++) {
        expect(batch.layersOf(i)).toBeLessThanOrEqual(LAYERS_PER_PACKET);
        expect(batch.stopReason(i)).toBe(STOP_DEPTH);
      }
    });
    expect(broken).toBeUndefined();
    expect(run.rows.length).toBe(8);
    await same(bytes, [30_000, 7], false, [flows]);
  });

  test("records near the largest that is kept", async () => {
    const labels = new Uint8Array(MAX_RECORD_BYTES).fill(0x11);
    labels.set(
      buildPacket([
        ethernet(MACS),
        ipv4({ src: "10.0.0.1", dst: "10.0.0.2" }),
        udp({ sport: 1, dport: 2 }),
        filler(20),
      ]),
    );
    const small = udpFrame(7, 30);
    for (const length of [MAX_RECORD_BYTES - 32, MAX_RECORD_BYTES - 36, MAX_RECORD_BYTES - 1000]) {
      const bytes = concat(pcapng([small]), packetBlock(labels.subarray(0, length)), packetBlock(small));
      const run = await same(bytes, [Infinity], false, [flows]);
      expect(run.problems).toEqual([]);
      expect(run.rows.length).toBe(3);
      await same(bytes, [70_000], true, [flows]);
    }
    // Four bytes more cannot be: told, and the reading ends there.
    const bytes = concat(pcapng([small]), packetBlock(labels.subarray(0, MAX_RECORD_BYTES - 28)), packetBlock(small));
    const run = await same(bytes, [Infinity], false, [flows]);
    expect(run.problems.map((p) => [p.code, p.fatal])).toEqual([["bad-length", true]]);
    expect(run.rows.length).toBe(1);
    // pcap with a snap length that allows it.
    const large = pcap([small, labels.subarray(0, MAX_RECORD_BYTES), small], { snapLength: MAX_RECORD_BYTES });
    expect((await same(large, [100_001], false, [flows])).rows.length).toBe(3);
  });

  test.each([MAX_RECORD_BYTES - 12, MAX_RECORD_BYTES + 1, 3_000_000, 5_000_000])(
    "a block of %i bytes that is no packet is passed over",
    async (length) => {
      const bodyLength = Math.ceil(length / 4) * 4;
      const small = [udpFrame(1, 30), udpFrame(2, 40), udpFrame(3, 50)] as const;
      const before = pcapng([small[0]]);
      const bytes = concat(
        before,
        block(0x80000123, bodyLength),
        packetBlock(small[1]),
        block(0xbad, bodyLength),
        packetBlock(small[2]),
      );
      const run = await same(bytes, [Infinity], false, [flows]);
      const skipped = bodyLength + 12 > MAX_RECORD_BYTES;
      expect(run.problems.map((p) => [p.code, p.offset, p.fatal])).toEqual(
        skipped
          ? [
              ["block-skipped", before.length, false],
              ["block-skipped", before.length + bodyLength + 12 + packetBlock(small[1]).length, false],
            ]
          : [],
      );
      expect(run.offsets).toEqual(walkRecords(bytes).packets);
      await same(bytes, [65_537, 1], true, [flows]);
      // Cut inside the skipped block: one problem.
      const cut = await flows.run(
        bytes.subarray(
          0,
          before.length + 2_000_000 > bytes.length ? bytes.length - 10 : before.length + bodyLength - 5,
        ),
      );
      expect(cut.problems.filter((p) => p.fatal).map((p) => p.code)).toEqual(["truncated"]);
    },
  );

  test("more reassembled datagrams at once than a slot has room for", async () => {
    // All fragments but the first of six datagrams of 64 KiB, then the six first fragments in one read.
    const late: Uint8Array[] = [];
    const first: Uint8Array[] = [];
    for (let i = 0; i < 6; i++) {
      const layers = [
        ethernet(MACS),
        ipv4({ src: "10.0.0.1", dst: "10.0.0.2", identification: 100 + i }),
        udp({ sport: 1, dport: 2 }),
        filler(65000),
      ];
      const cut = fragmentLayers(layers, { maxPayload: 1480 }).map((l) => buildPacket([...l]));
      first.push(cut[0] as Uint8Array);
      late.push(...cut.slice(1));
    }
    const bytes = pcap([...late, ...first]);
    const run = await same(bytes, [2000], false, [flows]);
    expect(run.rows.filter((row) => row.includes("rebuilt#")).length).toBe(6);
  });

  test("offsets of records in later slots", async () => {
    const bytes = pcap(Array.from({ length: 9000 }, (_, i) => udpFrame(i, 200)));
    const seen: number[] = [];
    const run = await flows.run(bytes, (batch) => seen.push(batch.view.getFloat64(batch.slot + H_FILE_OFFSET, true)));
    expect(run.offsets).toEqual(walkRecords(bytes).packets);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    const stream = await streams.run(bytes);
    expect(stream.rows.length).toBe(9000);
  });
});

/** An enhanced packet block around `data`. */
function packetBlock(data: Uint8Array): Uint8Array {
  const padded = Math.ceil(data.length / 4) * 4;
  const bytes = new Uint8Array(32 + padded);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 6, true);
  view.setUint32(4, bytes.length, true);
  view.setUint32(20, data.length, true);
  view.setUint32(24, data.length, true);
  bytes.set(data, 28);
  view.setUint32(bytes.length - 4, bytes.length, true);
  return bytes;
}
