/** Exports that are made of connections: a Service call before and after its translation, as other programs read it. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { runExport } from "../../../src-main/hosts/cli/export-command";
import { decodeOptions } from "../../../src-main/hosts/cli/run";
import { UsageError } from "../../../src-main/hosts/cli/usage";
import { fieldRows } from "../../builders/run-engine";

const fixture = fileURLToPath(new URL("../../../fixtures/service-dnat.pcapng", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "hopscope-export-"));
afterAll(() => rmSync(folder, { recursive: true }));

const exportTo = async (name: string, filter?: string, journeys = false): Promise<string> => {
  const to = join(folder, name);
  await runExport({
    inputs: [fixture],
    decode: decodeOptions({}, true),
    to,
    filter,
    fields: [],
    connection: undefined,
    journeys,
    cluster: [],
    clockOffsets: [],
  });
  return readFileSync(to, "utf8");
};

it("hubble.json has a line for every sighting, with the addresses it carried there", async () => {
  const lines = (await exportTo("hubble.json")).trim().split("\n");
  const flows = lines.map(
    (line) => (JSON.parse(line) as { flow: { IP: { destination: string }; is_reply: boolean } }).flow,
  );
  const asked = flows.filter((flow) => !flow.is_reply).map((flow) => flow.IP.destination);
  // The same packets before and after the Service's translation.
  expect(new Set(asked).size).toBe(2);
  expect(lines[0]).toMatch(/"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z"/);
});

it("ipfix.csv has what was asked for beside what NAT made of it", async () => {
  const [head, ...rows] = (await exportTo("x.ipfix.csv")).trim().split("\r\n");
  const names = head?.split(",") ?? [];
  const calls = rows.map((row) => new Map(row.split(",").map((cell, i) => [names[i] ?? "", cell])));
  const translated = calls.find((c) => c.get("destinationIPv4Address") !== c.get("postNATDestinationIPv4Address"));
  expect(translated).toBeDefined();
  expect(Number(translated?.get("packetDeltaCount"))).toBeGreaterThan(0);
});

it("a filter of packets cannot choose connections, and the message says what can", async () => {
  await expect(exportTo("hubble.json", "tcp")).rejects.toThrow(UsageError);
  await expect(exportTo("hubble.json", "tcp")).rejects.toThrow("--connection");
});

it("a marked pcapng gives both sightings of a packet the same number, and keeps the packets as they were", async () => {
  await exportTo("marked.pcapng", undefined, true);
  const rows = await fieldRows(readFileSync(join(folder, "marked.pcapng")), [
    "frame.packet_id",
    "tcp.seq_raw",
    "frame.comment",
  ]);
  const before = await fieldRows(readFileSync(fixture), ["tcp.seq_raw"]);
  expect(rows.map((row) => row[1])).toEqual(before.map((row) => row[0]));
  const syns = rows.filter((row) => row[1] === rows.find((r) => r[1] !== "")?.[1]);
  expect(syns.length).toBeGreaterThan(1);
  expect(new Set(syns.map((row) => row[0])).size).toBe(1);
  expect(syns[1]?.[2]).toMatch(/hop 2 of \d+$/);
});
