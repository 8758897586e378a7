/** What decoding promises whatever the bytes: rows inside their packet, honest stop reasons, flows that count every event. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { F_PACKETS, LAYER_FLAG_REASSEMBLED, S_RAW } from "../../src-main/engine/kernel/assembly/abi";
import { LAYER_IPV4, LAYER_UDP } from "../../src-shared/model/layer-kind";
import { writeCommunityId } from "../../src-main/engine/flows/community-id";
import { TextWriter } from "../../src-shared/base/text-writer";
import { parseIp } from "../../src-shared/wire/write/address";
import { ethernet } from "../../src-shared/wire/write/ethernet";
import { fragmentLayers } from "../../src-shared/wire/write/fragment";
import { ipv4 } from "../../src-shared/wire/write/ipv4";
import { destinationOptions, ipv6 } from "../../src-shared/wire/write/ipv6";
import { buildPacket } from "../../src-shared/wire/write/layer";
import { payload } from "../../src-shared/wire/write/payload";
import { udp } from "../../src-shared/wire/write/udp";
import { corpusCaptures, fixtureCaptures } from "./support/captures";
import { Engine, type Mode, type Run } from "./support/engine";
import { brokenInvariant } from "./support/invariants";
import { readPackets, writePcap, writePcapng, type PacketToWrite } from "./support/packets";

const SEED = Number(process.env["HOPSCOPE_SEED"] ?? 20241121);
const MACS = { src: "02:00:00:00:00:01", dst: "02:00:00:00:00:02" };
const LINK_TYPES = [0, 1, 9, 12, 14, 101, 108, 113, 147, 228, 229, 276] as const;
const engines: readonly Engine[] = (["flows", "streams", "point-streams"] as const satisfies readonly Mode[]).map(
  (mode) => new Engine(mode),
);
const [flows] = engines as [Engine];
const fixtures = await readPackets(fixtureCaptures(), 1000, 4000);

/** Decodes in every mode; every row must hold what it promises, and every flow event be counted once. */
async function check(packets: readonly PacketToWrite[]): Promise<Run> {
  const bytes = writePcapng(packets);
  let first: Run | undefined;
  for (const engine of engines) {
    let broken: string | undefined;
    const before = engine.mode === "flows" ? flowPackets(engine) : 0;
    const run = await engine.run(bytes, (batch) => (broken ??= brokenInvariant(batch, true)), {
      rows: engine.mode === "flows",
    });
    if (broken) expect.fail(`${engine.mode}: ${broken}`);
    if (run.problems.some((p) => p.fatal)) expect(run.problems).toEqual([]);
    if (engine.mode === "flows") {
      expect(flowPackets(engine) - before).toBe(run.flowEvents);
      first = run;
    }
  }
  return first as Run;
}

const counted = { rows: 0, packets: 0 };

/** Packets over all flow rows. Only new rows change: points are new in every run. */
function flowPackets(engine: Engine): number {
  const { kernel, memory } = engine.handle;
  const view = new DataView(memory.memory.buffer);
  for (const n = kernel.flowCount(); counted.rows < n; counted.rows++) {
    const at = kernel.flowRow(counted.rows) >>> 0;
    counted.packets += view.getUint32(at + F_PACKETS, true) + view.getUint32(at + F_PACKETS + 4, true);
  }
  return counted.packets;
}

const linkType = fc.constantFrom(...LINK_TYPES);
const wireLength = fc.option(
  fc.oneof(fc.nat(3000), fc.constantFrom(0, 1, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff)),
  { nil: undefined },
);

const arbitraryPacket = fc
  .record({ linkType, bytes: fc.uint8Array({ maxLength: 300 }), length: wireLength })
  .map(({ linkType, bytes, length }) => ({ linkType, bytes, ...(length === undefined ? {} : { length }) }));

type Edit =
  | readonly ["byte", number, number]
  | readonly ["cut", number]
  | readonly ["zero" | "ones", number]
  | readonly ["splice", number, number, number];

const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.tuple(fc.constant("byte" as const), fc.nat(200), fc.nat(255)),
  fc.tuple(fc.constant("cut" as const), fc.nat(200)),
  fc.tuple(fc.constantFrom("zero" as const, "ones" as const), fc.nat(200)),
  fc.tuple(fc.constant("splice" as const), fc.nat(), fc.nat(100), fc.nat(100)),
);

const mutatedPacket = fc
  .record({
    at: fc.nat(fixtures.length - 1),
    edits: fc.array(edit, { minLength: 1, maxLength: 4 }),
    length: wireLength,
  })
  .map(({ at, edits, length }): PacketToWrite => {
    const seed = fixtures[at];
    if (!seed) throw new Error("no fixture");
    let bytes = seed.bytes.slice();
    for (const e of edits) {
      if (e[0] === "byte") bytes[e[1] % Math.max(bytes.length, 1)] = e[2];
      else if (e[0] === "cut") bytes = bytes.slice(0, e[1]);
      else if (e[0] === "splice") {
        const other = fixtures[e[1] % fixtures.length]?.bytes ?? bytes;
        bytes = new Uint8Array(Buffer.concat([bytes.subarray(0, e[2]), other.subarray(e[3])]));
      } else bytes.fill(e[0] === "zero" ? 0 : 255, e[1], e[1] + 2);
    }
    return { linkType: seed.linkType, bytes, length: length ?? Math.max(seed.length, bytes.length) };
  });

describe("every row of a batch", () => {
  test("of the fixtures", async () => {
    expect(fixtures.length).toBeGreaterThan(100);
    const run = await check(fixtures);
    expect(run.rows.length).toBe(fixtures.length);
  });

  test("of the corpus (skipped: corpus not here)", async ({ skip }) => {
    const captures = corpusCaptures("", 3e6);
    if (captures.length === 0) skip("corpus not here");
    const packets = await readPackets(captures, 2000, 60000);
    for (let i = 0; i < packets.length; i += 2000) await check(packets.slice(i, i + 2000));
  });

  test("of arbitrary bytes", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(arbitraryPacket, { minLength: 1, maxLength: 12 }),
        async (packets) => void (await check(packets)),
      ),
      {
        numRuns: 400,
        seed: SEED,
      },
    );
  });

  test("of mutated real packets", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(mutatedPacket, { minLength: 1, maxLength: 12 }),
        async (packets) => void (await check(packets)),
      ),
      {
        numRuns: 1500,
        seed: SEED,
      },
    );
  });

  test("of a first packet that states more bytes than an address can reach", async () => {
    // Ethernet, IPv4 with total length 0 (segmentation offload), a later fragment.
    const bytes = buildPacket([
      ethernet(MACS),
      ipv4({ src: "10.0.0.1", dst: "10.0.0.2", fragmentOffset: 64, protocol: 17 }),
      payload(new Uint8Array(40)),
    ]);
    bytes[16] = bytes[17] = 0;
    for (const length of [0x7fffffff, 0x80000000, 0xf0000000, 0xffffff00, 0xffffffff]) {
      for (let low = 0; low < 16; low++) await check([{ linkType: 1, bytes, length: length - low }]);
    }
  });

  test("depends on no byte behind the packet", async () => {
    const patterns = [
      new Uint8Array(64),
      new Uint8Array(64).fill(255),
      Buffer.from("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n  "),
      Buffer.from("16030100101603010010160301001016030100101603010010160301001016030100", "hex"),
    ];
    const cutPacket = fc.oneof(
      mutatedPacket,
      fc.tuple(fc.nat(fixtures.length - 1), fc.nat(200)).map(([at, cut]): PacketToWrite => {
        const seed = fixtures[at];
        if (!seed) throw new Error("no fixture");
        return { linkType: seed.linkType, bytes: seed.bytes.subarray(0, cut), length: seed.length };
      }),
      // A TCP header that states more bytes than were captured.
      fc
        .tuple(fc.nat(fixtures.length - 1), fc.nat(60), fc.integer({ min: 5, max: 15 }))
        .map(([at, more, words]): PacketToWrite => {
          const seed = fixtures[at];
          const tcp = seed?.layers.find((l) => l.kind === 32);
          if (!seed || !tcp) return { linkType: 1, bytes: new Uint8Array(20) };
          const bytes = seed.bytes.slice(0, tcp.at + 20 + more);
          if (bytes.length > tcp.at + 12) bytes[tcp.at + 12] = words << 4;
          return { linkType: seed.linkType, bytes, length: seed.length };
        }),
    );
    // The first fragment of a datagram, cut inside the ports.
    const fragment = buildPacket([
      ethernet(MACS),
      ipv4({ src: "10.0.0.1", dst: "10.0.0.2", moreFragments: true, protocol: 17 }),
      payload(new Uint8Array(16)),
    ]);
    const examples = Array.from({ length: 9 }, (_, cut): [PacketToWrite] => [
      { linkType: 1, bytes: fragment.subarray(0, 34 + cut), length: fragment.length },
    ]);
    await fc.assert(
      fc.asyncProperty(cutPacket, async (packet) => {
        const bytes = writePcap(packet);
        const seen: Omit<Run, "batches">[] = [];
        for (const pattern of patterns) {
          for (const slot of flows.slots) {
            const memory = flows.handle.memory.bytes();
            for (let at = 0; at < bytes.length + 256; at += pattern.length) memory.set(pattern, slot + S_RAW + at);
          }
          const { rows, flows: table, offsets, events, problems, flowEvents } = await flows.run(bytes);
          seen.push({ rows, flows: table, offsets, events, problems, flowEvents });
        }
        for (const run of seen) expect(run).toEqual(seen[0]);
      }),
      { numRuns: 2500, seed: SEED, examples },
    );
  });
});

/** Layers in bytes rebuilt from fragments, one text a packet that has any. */
function rebuilt(run: Run): string[] {
  return run.rows
    .filter((row) => row.includes("rebuilt#"))
    .map((row) => {
      const layers = (row.split("!")[0] ?? "").split("|").slice(1);
      const hash = /rebuilt#(\d+)/.exec(row)?.[1] ?? "";
      return [
        hash,
        ...layers
          .filter((layer) => (Number(/ f=(\d+)/.exec(layer)?.[1]) & LAYER_FLAG_REASSEMBLED) !== 0)
          .map((l) => l.replace(/ flow=\d+/, "")),
      ].join("|");
    });
}

describe("reassembly", () => {
  const datagram = fc.record({
    six: fc.boolean(),
    bytes: fc.uint8Array({ minLength: 17, maxLength: 600 }),
    size: fc.integer({ min: 1, max: 20 }).map((n) => n * 8),
    order: fc.array(fc.nat(), { minLength: 64, maxLength: 64 }),
    extension: fc.boolean(),
  });
  const fragmentsOf = (
    d: { six: boolean; bytes: Uint8Array; size: number; extension: boolean },
    identification = 7,
  ): Uint8Array[] =>
    fragmentLayers(
      [
        ethernet(MACS),
        ...(d.six
          ? [ipv6({ src: "fd00::1", dst: "fd00::2" }), ...(d.extension ? [destinationOptions()] : [])]
          : [ipv4({ src: "10.0.0.1", dst: "10.0.0.2", identification })]),
        udp({ sport: 4000, dport: 4001 }),
        payload(d.bytes),
      ],
      { maxPayload: d.size, identification },
    ).map((layers) => buildPacket([...layers]));
  const shuffled = <T>(items: readonly T[], order: readonly number[]): T[] =>
    items
      .map((item, i) => ({ item, key: order[i % order.length] ?? 0 }))
      .sort((a, b) => a.key - b.key)
      .map(({ item }) => item);
  const toRun = (packets: readonly Uint8Array[]): Promise<Run> =>
    check(packets.map((bytes) => ({ linkType: 1, bytes })));

  test("any order of the fragments of a datagram gives the same layers", async () => {
    await fc.assert(
      fc.asyncProperty(datagram, async (d) => {
        const fragments = fragmentsOf(d);
        fc.pre(fragments.length > 1 && fragments.length <= 64);
        const inOrder = rebuilt(await toRun(fragments));
        expect(inOrder).toHaveLength(1);
        expect(inOrder[0]).toContain(`|${LAYER_UDP} `);
        expect(rebuilt(await toRun(shuffled(fragments, d.order)))).toEqual(inOrder);
        // A second sighting of some changes nothing.
        const twice = fragments.flatMap((f, i) => ((d.order[i] ?? 0) % 2 && i < fragments.length - 1 ? [f, f] : [f]));
        expect(rebuilt(await toRun(twice))).toEqual(inOrder);
      }),
      { numRuns: 300, seed: SEED },
    );
  });

  test("several datagrams at once do not mix", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(datagram, { minLength: 2, maxLength: 6 }), async (many) => {
        const all = many.map((d, i) => fragmentsOf(d, 100 + i));
        fc.pre(all.every((f) => f.length > 1 && f.length <= 64));
        const alone: string[] = [];
        for (const fragments of all) alone.push(...rebuilt(await toRun(fragments)));
        const mixed = rebuilt(
          await toRun(
            shuffled(
              all.flat(),
              many.flatMap((d) => d.order),
            ),
          ),
        );
        expect(mixed.sort()).toEqual(alone.sort());
      }),
      { numRuns: 100, seed: SEED },
    );
  });

  interface Piece {
    readonly offset: number;
    readonly length: number;
    readonly more: boolean;
  }
  const frame = ({ offset, length, more }: Piece): Uint8Array =>
    buildPacket([
      ethernet(MACS),
      ipv4({
        src: "10.0.0.1",
        dst: "10.0.0.2",
        identification: 9,
        fragmentOffset: offset,
        moreFragments: more,
        protocol: 253,
      }),
      payload(Uint8Array.from({ length }, (_, i) => offset + i)),
    ]);

  test("overlapping fragments never reassemble", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 10 }),
        fc.integer({ min: 2, max: 4 }),
        fc.nat(),
        fc.nat(),
        fc.array(fc.nat(), { minLength: 12, maxLength: 12 }),
        async (count, words, where, extra, order) => {
          const size = words * 8;
          const pieces: Piece[] = Array.from({ length: count }, (_, i) => ({
            offset: i * size,
            length: size,
            more: i < count - 1,
          }));
          const at = (where % (count * words)) * 8;
          const length = 8 * (1 + (extra % (words + 1)));
          // Where it begins at a piece, it could stand for whole pieces that have not come yet.
          fc.pre(at % size !== 0);
          const overlap: Piece = { offset: at, length, more: true };
          const mixed = shuffled([...pieces, overlap], order);
          fc.pre(mixed[mixed.length - 1] !== overlap);
          expect(rebuilt(await toRun(mixed.map(frame)))).toEqual([]);
        },
      ),
      { numRuns: 400, seed: SEED },
    );
  });

  test("only a datagram of which every byte came is rebuilt", async () => {
    const piece = fc.record({
      offset: fc.nat(5).map((n) => n * 8),
      length: fc.integer({ min: 1, max: 3 }).map((n) => n * 8),
      more: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 6 }), async (pieces) => {
        const run = await toRun(pieces.map(frame));
        run.rows.forEach((row, i) => {
          if (!row.includes("rebuilt#")) return;
          const total = Number(/ l=(\d+) e=r\d+/.exec(row)?.[1]);
          const came = new Set<number>();
          for (const p of pieces.slice(0, i + 1)) for (let b = p.offset; b < p.offset + p.length; b++) came.add(b);
          for (let b = 0; b < total; b++)
            if (!came.has(b))
              expect.fail(`byte ${b} of ${total} never came: ${JSON.stringify(pieces.slice(0, i + 1))}`);
        });
      }),
      { numRuns: 1500, seed: SEED },
    );
  });
});

describe("Community ID", () => {
  const { kernel, memory, scratch } = flows.handle;

  function id(
    source: Uint8Array,
    destination: Uint8Array,
    protocol: number,
    sport: number,
    dport: number,
    seed = 0,
  ): string {
    const bytes = memory.bytes();
    bytes.set(source, scratch + 256);
    bytes.set(destination, scratch + 272);
    kernel.communityId(
      scratch + 256,
      scratch + 272,
      source.length,
      protocol,
      sport,
      dport,
      seed,
      scratch,
      scratch + 128,
    );
    const out = new TextWriter();
    writeCommunityId(out, memory.bytes(), scratch + 128);
    return out.toString();
  }
  const of = (src: string, dst: string, protocol: number, sport: number, dport: number): string =>
    id(parseIp(src), parseIp(dst), protocol, sport, dport);

  test.each([
    ["128.232.110.120", "66.35.250.204", 6, 34855, 80, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="],
    ["192.168.1.52", "8.8.8.8", 17, 54585, 53, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="],
  ])("%s ↔ %s protocol %i", (src, dst, protocol, sport, dport, expected) => {
    expect(of(src, dst, protocol, sport, dport)).toBe(expected);
    expect(of(dst, src, protocol, dport, sport)).toBe(expected);
  });

  test("the specification's table (skipped: corpus not here)", ({ skip }) => {
    interface Line {
      readonly flows: readonly {
        src: string;
        dst: string;
        proto: number;
        sport: number | null;
        dport: number | null;
        communityId: string;
      }[];
    }
    let text: string;
    try {
      text = readFileSync(new URL("../../../shared/corpus/expected/community-id.jsonl", import.meta.url), "utf8");
    } catch {
      return skip("corpus not here");
    }
    for (const line of text.split("\n").filter(Boolean))
      for (const f of (JSON.parse(line) as Line).flows)
        expect(of(f.src, f.dst, f.proto, f.sport ?? 0, f.dport ?? 0), JSON.stringify(f)).toBe(f.communityId);
  });

  const address = fc.boolean().chain((six) => {
    const width = six ? 16 : 4;
    // Few values, so that equal addresses come up.
    const one = fc.oneof(
      fc.uint8Array({ minLength: width, maxLength: width }),
      fc.constantFrom(new Uint8Array(width), new Uint8Array(width).fill(9)),
    );
    return fc.tuple(one, one);
  });

  test("is the same for both directions", () => {
    fc.assert(
      fc.property(
        address,
        fc.constantFrom(6, 17, 132, 47, 4, 2, 255),
        fc.nat(65535),
        fc.nat(65535),
        fc.nat(65535),
        ([a, b], protocol, sport, dport, seed) => {
          expect(id(a, b, protocol, sport, dport, seed)).toBe(id(b, a, protocol, dport, sport, seed));
        },
      ),
      { numRuns: 2000, seed: SEED },
    );
  });

  test("is the same for an ICMP request and its reply, and keeps the direction of one-way messages", () => {
    const pairs = {
      1: [
        [8, 0],
        [13, 14],
        [15, 16],
        [10, 9],
        [17, 18],
      ],
      58: [
        [128, 129],
        [133, 134],
        [135, 136],
        [130, 131],
        [139, 140],
        [144, 145],
      ],
    } as const;
    fc.assert(
      fc.property(address, fc.nat(20), ([a, b], n) => {
        const protocol = a.length === 4 ? 1 : 58;
        const [request, reply] = pairs[protocol][n % pairs[protocol].length] as readonly [number, number];
        expect(id(a, b, protocol, request, 0)).toBe(id(b, a, protocol, reply, 0));
        fc.pre(Buffer.compare(a, b) !== 0);
        expect(id(a, b, protocol, protocol === 1 ? 3 : 1, 0)).not.toBe(id(b, a, protocol, protocol === 1 ? 3 : 1, 0));
      }),
      { numRuns: 1000, seed: SEED },
    );
  });
});

describe("checksum", () => {
  const { kernel, memory, scratch } = flows.handle;
  /** RFC 1071, a 16-bit word at a time, in memory order. */
  const naive = (bytes: Uint8Array, initial: number): number => {
    let sum = BigInt(initial);
    for (let i = 0; i < bytes.length; i += 2) sum += BigInt((bytes[i] as number) | ((bytes[i + 1] ?? 0) << 8));
    while (sum > 0xffffn) sum = (sum & 0xffffn) + (sum >> 16n);
    return Number(sum);
  };

  test("equals the naive sum", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 2000 }),
      fc.tuple(fc.nat(2000), fc.constantFrom(0, 255)).map(([n, v]) => new Uint8Array(n).fill(v)),
    );
    fc.assert(
      fc.property(
        bytes,
        fc.nat(63),
        fc.oneof(fc.constant(0), fc.nat(0xffff), fc.constantFrom(0xffffffff, 0xfffe0001)),
        (given, shift, initial) => {
          memory.bytes().set(given, scratch + shift);
          expect(kernel.sum16(scratch + shift, given.length, initial)).toBe(naive(given, initial));
        },
      ),
      { numRuns: 3000, seed: SEED },
    );
  });

  test("of a correct IPv4 header is ffff", async () => {
    let checked = 0;
    await flows.run(writePcapng(fixtures), (batch) => {
      for (let row = 0; row < batch.layerCount; row++) {
        if (batch.layerKind[row] !== LAYER_IPV4 || batch.layerFlags[row] !== 0) continue;
        const p = batch.layerPtr[row] as number;
        const header = batch.layerHeader[row] as number;
        const sum = kernel.sum16(p, header, 0);
        expect(sum).toBe(naive(batch.bytes.slice(p, p + header), 0));
        if (sum === 0xffff) checked++;
      }
    });
    expect(checked).toBeGreaterThan(100);
  });
});
