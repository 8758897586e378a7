/**
 * Sightings exported as Parquet and grouped in DuckDB, by the queries that docs/SCALE.md shows, against the journeys of the engine:
 * on the recorded labs and on the project's own captures.
 */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } from "hyparquet";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SIGHTING_SCHEMA } from "../../src-main/engine/export/parquet-export";
import type { JoinedResult } from "../../src-main/engine/join/join-result";
import { joinFiles, withFiles } from "../builders/join-files";
import { hopscope, isHere, LABS } from "../builders/shared-data";

const folder = mkdtempSync(join(tmpdir(), "hopscope-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The SQL of docs/SCALE.md, by the name in the comment it begins with ("-- plain"). */
const QUERIES = new Map(
  [...readFileSync("docs/SCALE.md", "utf8").matchAll(/```sql\n-- (\w+)[^\n]*\n([\s\S]*?)```/g)].map((m) => [
    m[1] ?? "",
    m[2] ?? "",
  ]),
);

/** Runs a query of the page on a file; groups as sorted lists of "file number depth". */
async function grouped(query: string, parquet: string): Promise<Set<string>> {
  const text = QUERIES.get(query);
  if (text === undefined) throw new Error(`docs/SCALE.md has no query "${query}"`);
  const instance = await DuckDBInstance.create(":memory:");
  const db = await instance.connect();
  try {
    await db.run(`CREATE VIEW sightings AS SELECT * FROM '${parquet}'`);
    const reader = await db.runAndReadAll(
      `SELECT list(file || ' ' || number || ' ' || depth) FROM (${text.trim().replace(/;$/, "")}) GROUP BY packet`,
    );
    return new Set(reader.getRows().map(([list]) => (list as { items: readonly string[] }).items.toSorted().join("|")));
  } finally {
    db.closeSync();
    instance.closeSync();
  }
}

interface EngineJourney {
  readonly text: string;
  readonly protocol: number;
  /** Identification 0, and what looks the same was seen several times by a point, or sent to a group by several hosts. */
  readonly repeated: boolean;
  /** Split or merged on the way. */
  readonly offload: boolean;
}

function journeysOf(result: JoinedResult): EngineJourney[] {
  const { sightings: s, points } = result;
  const all: (EngineJourney & { readonly group: boolean; readonly key: string; readonly seen: readonly number[] })[] =
    [];
  for (let i = 0; i < result.connectionCount; i++)
    for (const { sightings } of result.journeys(i)) {
      const row = sightings[0] as number;
      all.push({
        text: sightings
          .map((r) => `${points[s.point(r)]?.file ?? ""} ${s.frameNumber(r)} ${s.depth(r)}`)
          .sort()
          .join("|"),
        protocol: s.protocol(row),
        repeated: s.identification(row) === 0,
        group: s.destination(row).startsWith("ff"),
        offload: new Set(sightings.map((r) => s.payloadLength(r))).size > 1,
        key: [s.protocol(row), s.tcpSeq(row), s.tcpAck(row), s.tcpTsval(row), s.payloadLength(row)].join(" "),
        seen: sightings.map((r) => s.point(r)),
      });
    }
  const points0 = new Map<string, number[]>();
  for (const j of all) if (j.repeated) points0.set(j.key, [...(points0.get(j.key) ?? []), ...j.seen]);
  return all.map((j) => {
    const seen = points0.get(j.key) ?? [];
    return { ...j, repeated: j.repeated && (j.group || new Set(seen).size < seen.length) };
  });
}

function compare(journeys: readonly EngineJourney[], groups: ReadonlySet<string>): string[] {
  return journeys.filter((j) => !groups.has(j.text)).map((j) => j.text);
}

const labs = isHere(LABS) ? readdirSync(LABS).filter((l) => isHere(join(LABS, l, "truth.json"))) : [];
if (labs.length === 0) console.warn(`parquet.test.ts: no labs under ${LABS}, only the project's own captures`);

const captures = [
  ...labs.map((lab) => ({
    name: `lab ${lab}`,
    files: readdirSync(join(LABS, lab))
      .filter((f) => f.endsWith(".pcapng"))
      .map((f) => join(LABS, lab, f)),
  })),
  { name: "service-vxlan", files: ["fixtures/service-vxlan-node1.pcapng", "fixtures/service-vxlan-node2.pcapng"] },
  ...["service-dnat.pcapng", "ip-over-udp.pcapng", "geneve.pcapng", "ip-in-ip.pcapng", "dns-search.pcapng"].map(
    (f) => ({
      name: f,
      files: [`fixtures/${f}`],
    }),
  ),
];

describe.each(captures)("$name", ({ name, files }) => {
  const parquet = join(folder, `${name.replace(/\W/g, "-")}.parquet`);
  let journeys: EngineJourney[];
  beforeAll(async () => {
    expect(hopscope("export", ...files, "--to", parquet)).toMatchObject({ status: 0, stderr: "" });
    journeys = journeysOf(await joinFiles(files));
  });

  test("a plain GROUP BY sighting_key gives the engine's journeys where nothing was split and nothing lacks a number", async () => {
    const certain = journeys.filter((j) => !j.repeated && !j.offload);
    expect(compare(certain, await grouped("plain", parquet))).toEqual([]);
    // What is left out is little: it must not be that nothing was compared.
    expect(certain.length).toBeGreaterThan(journeys.length * 0.7);
  });

  test("with byte ranges it gives those that segmentation offload split or merged", async () => {
    const certain = journeys.filter((j) => !j.repeated);
    expect(compare(certain, await grouped("offload", parquet))).toEqual([]);
  });
});

test("duplicate acknowledgments without identification are grouped as the engine joins them: by window and options", async () => {
  const ack = "a > b tcp ACK seq=3000000001 ack=2000000001 ts=900000020,700000001";
  const capture = `
    @veth1 = ethernet resolution=ns
    @eth0 = ethernet resolution=ns
    a = [fd00:1::5]:40000   b = [fd00:2::9]:80
    1.0000 @veth1 ${ack} win=500 sack=2000001001-2000002001
    1.0003 @veth1 ${ack} win=500 sack=2000001001-2000003001
    1.0006 @veth1 ${ack} win=400 sack=2000001001-2000003001
    1.0050 @eth0  ${ack} win=500 sack=2000001001-2000002001 ttl=63
    1.0056 @eth0  ${ack} win=400 sack=2000001001-2000003001 ttl=63`;
  await withFiles({ "n1.pcapng": capture }, async (files) => {
    const parquet = join(folder, "acknowledgments.parquet");
    expect(hopscope("export", ...files, "--to", parquet)).toMatchObject({ status: 0, stderr: "" });
    const journeys = journeysOf(await joinFiles(files));
    expect(journeys.map((j) => j.text.split("|").length)).toEqual([2, 1, 2]);
    expect(compare(journeys, await grouped("plain", parquet))).toEqual([]);
  });
});

test("hyparquet reads the documented schema back, row by row what fields prints", async () => {
  const target = join(folder, "schema.parquet");
  const source = "fixtures/service-vxlan-node1.pcapng";
  expect(hopscope("export", source, "--to", target).status).toBe(0);
  const file = await asyncBufferFromFile(target);
  const metadata = await parquetMetadataAsync(file);
  expect(parquetSchema(metadata).children.map((c) => c.element.name)).toEqual(
    SIGHTING_SCHEMA.map(([column]) => column),
  );
  const documented = [...readFileSync("docs/SCALE.md", "utf8").matchAll(/^\| `(\w+)`/gm)].map((m) => m[1]);
  expect(documented).toEqual(SIGHTING_SCHEMA.map(([column]) => column));
  const rows = await parquetReadObjects({ file, metadata });
  const printed = hopscope(
    "fields",
    source,
    "-e",
    "frame.number",
    "-e",
    "ip.src",
    "-e",
    "ip.dst",
    "-e",
    "ip.ttl",
  ).stdout;
  const byPacket = new Map<number, Record<string, unknown>[]>();
  for (const row of rows) byPacket.set(Number(row["number"]), [...(byPacket.get(Number(row["number"])) ?? []), row]);
  for (const line of printed.trim().split("\n")) {
    const [number, ...values] = line.split("\t");
    const own = byPacket.get(Number(number)) ?? [];
    const column = (c: string): string => own.map((row) => String(row[c])).join(",");
    expect([column("src"), column("dst"), column("ttl")], `packet ${number ?? "?"}`).toEqual(values);
  }
});

test("a filter chooses packets; what cannot be chosen by is refused", () => {
  const target = join(folder, "some.parquet");
  const source = "fixtures/service-vxlan-node1.pcapng";
  const count = hopscope("fields", source, "-Y", "udp", "-e", "frame.number").stdout.trim().split("\n").length;
  expect(hopscope("export", source, "-Y", "udp", "--to", target).status).toBe(0);
  expect(count).toBeGreaterThan(0);
  expect(hopscope("export", source, "-Y", "tcp.analysis.retransmission", "--to", target)).toMatchObject({ status: 2 });
  expect(hopscope("export", source, "-e", "ip.src", "--to", target)).toMatchObject({ status: 2 });
});
