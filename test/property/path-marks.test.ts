/**
 * Addresses and ports are tested by the kernel, once a path; the answer is that of reading every packet.
 *
 * ```
 * real packets, cut anywhere ──┬── index: kernel marks paths, packets are looked up ──┐
 *                              └── the filter, evaluated on every packet ─────────────┴─ equal
 * ```
 */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { compileFilter } from "../../src-main/engine/filter/compile";
import { FILTER_REGISTRY } from "../../src-main/engine/filter/engine-registry";
import { ColumnFilter } from "../../src-main/engine/packet-index/column-filter";
import { pathTestOf } from "../../src-main/engine/packet-index/path-tests";
import { matchesByPass, withCaptures } from "../builders/open-captures";
import { fixtureCaptures } from "./support/captures";
import { readPackets, type SeedPacket, writePcapng } from "./support/packets";

const SEED = Number(process.env.FC_SEED ?? 20261122);

let packets: SeedPacket[] = [];
beforeAll(async () => {
  packets = await readPackets(fixtureCaptures(), 12, 400);
});

/** Values that packets have are drawn often: others match nothing. */
const ipv4 = fc.constantFrom(
  "10.0.0.1",
  "10.0.0.2",
  "10.1.2.3",
  "172.17.0.2",
  "192.0.2.1",
  "192.168.0.0",
  "224.0.0.0",
  "0.0.0.0",
);
const ipv6 = fc.constantFrom("::", "fe80::", "fe80::1", "2001:db8::1", "2001:db8::2", "fd00::1", "ff02::1", "ff02::2");
const mac = fc.constantFrom("00:00:00:00:00:00", "02:00:00:00:00:01", "02:42:ac:11:00:02", "ff:ff:ff:ff:ff:ff");
const port = fc.oneof(fc.constantFrom(0, 53, 80, 443, 1024, 4789, 8080, 65535), fc.nat(65535)).map(String);

const relation = fc.constantFrom("==", "!=", "<", "<=", ">", ">=", "===", "!==");
const quantifier = fc.constantFrom("", "all ", "any ");

function testsOf(fields: readonly string[], value: fc.Arbitrary<string>, bits: number): fc.Arbitrary<string> {
  const field = fc.constantFrom(...fields);
  const one = fc.tuple(quantifier, field, relation, value).map((parts) => `${parts[0]}${parts.slice(1).join(" ")}`);
  const set = fc
    .tuple(field, fc.uniqueArray(value, { minLength: 1, maxLength: 20 }))
    .map(([name, values]) => `${name} in {${values.join(", ")}}`);
  const network = fc
    .tuple(field, value, fc.nat(bits))
    .map(([name, address, length]) => `${name} == ${address}/${length}`);
  return bits > 0 ? fc.oneof(one, set, network) : fc.oneof(one, set);
}

const leaf = fc.oneof(
  testsOf(["ip.src", "ip.dst", "ip.addr"], ipv4, 32),
  testsOf(["ipv6.src", "ipv6.dst", "ipv6.addr"], ipv6, 128),
  testsOf(["eth.src", "eth.dst", "eth.addr"], mac, 0),
  testsOf(["tcp.srcport", "tcp.dstport", "tcp.port", "udp.srcport", "udp.dstport", "udp.port"], port, 0),
  fc.constantFrom("eth", "ip", "ipv6", "icmp", "icmpv6", "tcp", "udp"),
  // Beside those the kernel answers, one that it does not.
  fc.constantFrom("ip.ttl < 64", "vlan", "tcp.srcport < tcp.dstport"),
);
const filter = fc
  .tuple(leaf, fc.array(fc.tuple(fc.constantFrom("and", "or", "xor"), fc.boolean(), leaf), { maxLength: 3 }))
  .map(([first, more]) =>
    more.reduce((text, [join, not, next]) => `(${text}) ${join} ${not ? "not " : ""}(${next})`, first),
  );

describe("marks of paths", () => {
  it("are what reading every packet gives, also of headers that are cut short", { timeout: 60_000 }, async () => {
    const recording = fc.array(fc.tuple(fc.nat(packets.length - 1), fc.option(fc.nat(120), { freq: 3 })), {
      minLength: 60,
      maxLength: 200,
    });
    const filters = fc.array(filter, { minLength: 30, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(recording, filters, async (chosen, sources) => {
        const bytes = writePcapng(
          chosen.map(([at, cut]) => {
            const packet = packets[at] as SeedPacket;
            return { ...packet, bytes: cut === null ? packet.bytes : packet.bytes.subarray(0, cut) };
          }),
        );
        await withCaptures([bytes], async (captures) => {
          const byPass = await matchesByPass(captures, sources);
          for (const [i, source] of sources.entries()) {
            const quick = ColumnFilter.of(compileFilter(source, FILTER_REGISTRY), captures);
            const found = new Uint8Array(captures.index.count);
            quick?.evaluate(0, found.length, found);
            expect([...found].join(""), source).toBe([...(byPass[i] as Uint8Array)].join(""));
          }
        });
      }),
      { seed: SEED, numRuns: 40 },
    );
  });

  it("are the kernel's, for addresses, ports and protocols; a long set is searched in columns", () => {
    const isKernels = (source: string): boolean => {
      const { plan, fields } = compileFilter(source, FILTER_REGISTRY);
      return pathTestOf(plan, fields) !== undefined;
    };
    const ports = Array.from({ length: 40 }, (_, i) => 2 * i + 1);
    expect(
      [
        "ip.addr == 10.0.0.0/8",
        "ipv6.src == fe80::/10",
        "eth.addr == 02:00:00:00:00:01",
        "tcp.port in {80, 443}",
        "udp",
      ].map(isKernels),
    ).toEqual([true, true, true, true, true]);
    expect(
      [
        `tcp.port in {${ports.join(", ")}}`,
        "ip.ttl == 64",
        "ip.src == ip.dst",
        "ip.addr#2 == 10.0.0.1",
        "eth.addr[0:3] == 02:00:00",
      ].map(isKernels),
    ).toEqual([false, false, false, false, false]);
  });
});
