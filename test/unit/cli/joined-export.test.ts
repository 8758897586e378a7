/** Exports that are made of connections: a Service call before and after its translation, as other programs read it. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import type { ConnectionJson } from "../../../src-shared/contract/join";
import type { ExportOptions } from "../../../src-main/hosts/cli/export-command";
import { UsageError } from "../../../src-main/hosts/cli/usage";
import { exportFile } from "../../builders/export-file";
import { hopscope } from "../../builders/shared-data";
import { fieldRows } from "../../builders/run-engine";

const fixture = fileURLToPath(new URL("../../../fixtures/service-dnat.pcapng", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "hopscope-export-"));
afterAll(() => rmSync(folder, { recursive: true }));

const exportTo = async (name: string, options: Partial<ExportOptions> = {}): Promise<string> => {
  const to = join(folder, name);
  await exportFile([fixture], to, options);
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
  // Each way for itself, as RFC 5103 names them: packets, octets of IP packets, octets of payload.
  const numbers = (name: string): readonly number[] => [
    Number(translated?.get(name)),
    Number(translated?.get(`reverse${name[0]?.toUpperCase() ?? ""}${name.slice(1)}`)),
  ];
  const { connections } = JSON.parse(hopscope("connections", fixture, "--json").stdout) as {
    connections: ConnectionJson[];
  };
  const same = connections.find((c) => c.client.port === Number(translated?.get("sourceTransportPort")));
  const packets = numbers("packetDeltaCount");
  expect(Math.min(...packets)).toBeGreaterThan(0);
  expect(packets.reduce((a, b) => a + b)).toBe(same?.packets.distinct);
  const payload = numbers("transportOctetDeltaCount");
  expect(payload).toEqual([same?.bytes.fromClient, same?.bytes.fromServer]);
  // At least the smallest headers of IPv4 and TCP around it, at most the largest.
  for (const [way, octets] of numbers("octetDeltaCount").entries()) {
    const headers = (octets - (payload[way] ?? 0)) / (packets[way] ?? 1);
    expect(headers).toBeGreaterThanOrEqual(40);
    expect(headers).toBeLessThanOrEqual(120);
  }
});

it("a filter of packets chooses lines of hubble.json", async () => {
  const ports = async (filter?: string): Promise<number[]> => {
    const lines = (await exportTo("hubble.json", { filter })).split("\n").filter(Boolean);
    return lines.map(
      (line) =>
        (JSON.parse(line) as { flow: { l4: { TCP: { destination_port: number } } } }).flow.l4.TCP.destination_port,
    );
  };
  const all = await ports();
  const asked = all[0] as number;
  expect(new Set(all).size).toBeGreaterThan(1);
  expect(await ports(`tcp.dstport == ${asked}`)).toEqual(all.filter((port) => port === asked));
});

it("a report has the packets of a filter that asks what joining says", async () => {
  const filter = "journey.hop == 1";
  const [, ...rows] = (await exportTo("hops.csv", { filter })).trimEnd().split("\r\n");
  const report = (await exportTo("hops.html", { filter })).split("Packets that match").at(-1) ?? "";
  expect(rows.length).toBeGreaterThan(0);
  // One more: the names of the columns.
  expect(report.split("</table>")[0]?.match(/<tr/g)).toHaveLength(rows.length + 1);
});

it("a filter of packets cannot choose connections, and the message says what can", async () => {
  await expect(exportTo("x.ipfix.csv", { filter: "tcp" })).rejects.toThrow(UsageError);
  await expect(exportTo("x.ipfix.csv", { filter: "tcp" })).rejects.toThrow("--connection");
});

describe("--connection", () => {
  const rows = async (options: Partial<ExportOptions>): Promise<string[]> =>
    (await exportTo("some.csv", { fields: ["frame.number", "connection.id"], ...options })).split("\r\n").slice(1, -1);

  it("chooses rows of any target, those that a filter leaves of it", async () => {
    const all = await rows({});
    const id = all.map((row) => row.split(",")[1]).find(Boolean);
    const own = all.filter((row) => row.endsWith(`,${id}`));
    expect(await rows({ connection: id })).toEqual(own);
    const first = own[0]?.split(",")[0];
    expect(await rows({ connection: id, filter: `frame.number == ${first} || frame.number == 0` })).toEqual([own[0]]);
    const flows = (await exportTo("conn.log", { connection: id })).split("\n").filter((line) => /^\d/.test(line));
    expect(flows.length).toBeGreaterThan(0);
  });

  it("that nobody has is refused, by every target", async () => {
    for (const name of ["a.csv", "conn.log", "a.parquet", "a.pcapng", "hubble.json", "a.html"])
      await expect(exportTo(name, { connection: "nobody" })).rejects.toThrow("no connection has the id nobody");
  });
});

it("a marked pcapng gives both sightings of a packet the same number, and keeps the packets as they were", async () => {
  await exportTo("marked.pcapng", { journeys: true });
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

it("an unmarked pcapng has the numbers all the same, and no comments; a plain one has neither", async () => {
  const asked = ["frame.packet_id", "frame.comment"];
  const rows = async (name: string, options: Partial<ExportOptions>): Promise<readonly (readonly string[])[]> => {
    await exportTo(name, options);
    return fieldRows(readFileSync(join(folder, name)), asked);
  };
  const numbered = await rows("numbered.pcapng", {});
  const marked = await rows("marked.pcapng", { journeys: true });
  expect(numbered.map(([id]) => id)).toEqual(marked.map(([id]) => id));
  expect(numbered.some(([id]) => id !== "")).toBe(true);
  expect(numbered.every(([, comment]) => comment === "")).toBe(true);
  for (const row of await rows("plain.pcapng", { plain: true })) expect(row).toEqual(["", ""]);
  await expect(exportTo("both.pcapng", { plain: true, journeys: true })).rejects.toThrow(UsageError);
});
