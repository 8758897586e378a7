/**
 * Sightings exported as Parquet and grouped in DuckDB, by the queries that docs/SCALE.md shows, against the journeys of the engine:
 * on the recorded labs, on the project's own captures and on simulated networks. Compared are partitions: which sightings are
 * together, not how many groups there are.
 */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } from "hyparquet";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SIGHTING_SCHEMA } from "../../src-main/engine/export/parquet-export";
import type { JoinedResult } from "../../src-main/engine/join/join-result";
import { SCENARIOS } from "../../src-main/engine/simulate/scenarios/catalogue";
import { exportFile } from "../builders/export-file";
import { joinFiles, withFiles } from "../builders/join-files";
import { recordScenario } from "../builders/recorded-scenario";
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

/** Runs a query of the page on files; groups as sorted lists of "file number depth". */
async function grouped(query: string, parquet: readonly string[]): Promise<Set<string>> {
  const text = QUERIES.get(query);
  if (text === undefined) throw new Error(`docs/SCALE.md has no query "${query}"`);
  const instance = await DuckDBInstance.create(":memory:");
  const db = await instance.connect();
  try {
    await db.run(`CREATE VIEW sightings AS SELECT * FROM read_parquet([${parquet.map((p) => `'${p}'`).join(", ")}])`);
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
  /** Identification 0: what looks the same may have been sent several times. */
  readonly hasNoNumber: boolean;
  /** Split or merged on the way. */
  readonly offload: boolean;
}

function journeysOf(result: JoinedResult): EngineJourney[] {
  const { sightings: s, points } = result;
  const all: EngineJourney[] = [];
  for (let i = 0; i < result.connectionCount; i++)
    for (const { sightings } of result.journeys(i))
      all.push({
        text: sightings
          .map((r) => `${points[s.point(r)]?.file ?? ""} ${s.frameNumber(r)} ${s.depth(r)}`)
          .sort()
          .join("|"),
        hasNoNumber: s.identification(sightings[0] as number) === 0,
        offload: new Set(sightings.map((r) => s.payloadLength(r))).size > 1,
      });
  return all;
}

/** Journeys that are no group. */
function notGrouped(journeys: readonly EngineJourney[], groups: ReadonlySet<string>): string[] {
  return journeys.filter((j) => !groups.has(j.text)).map((j) => j.text);
}

/** Groups that are no journey. */
function noJourneys(groups: ReadonlySet<string>, journeys: readonly EngineJourney[]): string[] {
  const known = new Set(journeys.map((j) => j.text));
  return [...groups].filter((group) => !known.has(group));
}

interface Network {
  readonly name: string;
  readonly files: readonly string[];
  /** Journeys that are one group, of a hundred, where each file was exported for itself: joined by itself, or not at all. */
  readonly apart?: { readonly joined: number; readonly plain: number };
}

const labs = isHere(LABS) ? readdirSync(LABS).filter((l) => isHere(join(LABS, l, "truth.json"))) : [];
if (labs.length === 0) console.warn(`parquet.test.ts: no labs under ${LABS}, only the project's own captures`);

/**
 * Simulated networks, each recorded as a file a machine: translations, tunnels, IPv6, what was lost and what was sent twice. Shares as
 * measured, rounded down; where a question without identification is lost between two files, its repetitions are paired wrongly.
 */
const SIMULATED: Readonly<Record<string, NonNullable<Network["apart"]>>> = {
  ingress: { joined: 100, plain: 100 },
  "dual-stack": { joined: 100, plain: 100 },
  "fault-duplicate-delivery": { joined: 100, plain: 100 },
  "fault-ipv6-too-big-dropped": { joined: 100, plain: 85 },
  "fault-conntrack-clash": { joined: 60, plain: 60 },
};
const simulated = SCENARIOS.filter(({ name }) => name in SIMULATED).map((scenario) => ({
  name: scenario.name,
  recording: recordScenario(scenario, { seed: 5, split: true }),
}));
afterAll(() => {
  for (const { recording } of simulated) recording.remove();
});

const networks: readonly Network[] = [
  ...labs.map((lab) => ({
    name: `lab ${lab}`,
    files: readdirSync(join(LABS, lab))
      .filter((f) => f.endsWith(".pcapng"))
      .map((f) => join(LABS, lab, f)),
    apart: { joined: 98, plain: 92 },
  })),
  ...simulated.map(({ name, recording }) => ({
    name: `simulated ${name}`,
    files: recording.files,
    ...(SIMULATED[name] && { apart: SIMULATED[name] }),
  })),
  { name: "service-vxlan", files: ["fixtures/service-vxlan-node1.pcapng", "fixtures/service-vxlan-node2.pcapng"] },
  ...["service-dnat.pcapng", "ip-over-udp.pcapng", "geneve.pcapng", "ip-in-ip.pcapng", "dns-search.pcapng"].map(
    (f) => ({ name: f, files: [`fixtures/${f}`] }),
  ),
];
test("the simulated networks are there", () => {
  expect(simulated).toHaveLength(Object.keys(SIMULATED).length);
});

describe.each(networks)("$name", ({ name, files, apart }) => {
  const target = (what: string): string => join(folder, `${name.replace(/\W/g, "-")}-${what}.parquet`);
  let journeys: EngineJourney[];
  beforeAll(async () => {
    journeys = journeysOf(await joinFiles(files));
  });

  test("exported together, GROUP BY sighting_key gives the engine's journeys and nothing else", async () => {
    await exportFile(files, target("together"));
    for (const query of ["plain", "offload"]) {
      const groups = await grouped(query, [target("together")]);
      expect(notGrouped(journeys, groups)).toEqual([]);
      expect(noJourneys(groups, journeys)).toEqual([]);
    }
  });

  test.runIf(apart)("exported file by file, nearly so: what each file tells by itself is known", async () => {
    for (const plain of [false, true]) {
      const parquet = files.map((f) => target(`${plain ? "plain" : "joined"}-${basename(f)}`));
      for (const [i, file] of files.entries()) await exportFile([file], parquet[i] ?? "", { plain });
      const equal = journeys.length - notGrouped(journeys, await grouped("offload", parquet)).length;
      expect((equal / journeys.length) * 100).toBeGreaterThanOrEqual((plain ? apart?.plain : apart?.joined) ?? 100);
      if (!plain) continue;
      // What has an identification and was not split needs nothing but itself.
      const certain = journeys.filter((j) => !j.hasNoNumber && !j.offload);
      expect(notGrouped(certain, await grouped("plain", parquet))).toEqual([]);
    }
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
    expect(hopscope("export", ...files, "--to", parquet, "--plain")).toMatchObject({ status: 0, stderr: "" });
    const journeys = journeysOf(await joinFiles(files));
    expect(journeys.map((j) => j.text.split("|").length)).toEqual([2, 1, 2]);
    expect(notGrouped(journeys, await grouped("plain", [parquet]))).toEqual([]);
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

test("a filter chooses packets; what cannot be chosen by is refused", async () => {
  const target = join(folder, "some.parquet");
  const source = "fixtures/service-vxlan-node1.pcapng";
  const numbers = hopscope("fields", source, "-Y", "udp", "-e", "frame.number").stdout.trim().split("\n");
  expect(numbers.length).toBeGreaterThan(1);
  for (const plain of [false, true]) {
    await exportFile([source], target, { filter: "udp", plain });
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(target) });
    expect([...new Set(rows.map((row) => String(row["number"])))]).toEqual(numbers);
    // What is in a connection depends on joining; what is a packet's journey does not.
    expect(rows.some((row) => row["connection"] !== null)).toBe(!plain);
    expect(rows.some((row) => row["in_journey"])).toBe(true);
  }
  expect(hopscope("export", source, "-Y", "tcp.analysis.retransmission", "--to", target)).toMatchObject({ status: 2 });
  expect(hopscope("export", source, "-e", "ip.src", "--to", target)).toMatchObject({ status: 2 });
});
