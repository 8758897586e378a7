/** Fields and filters over what joining says, on the command line: a Service call recorded on two nodes. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { hopscope } from "../../builders/shared-data";

const FILES = ["fixtures/service-vxlan-node1.pcapng", "fixtures/service-vxlan-node2.pcapng"];

function rows(...args: string[]): string[][] {
  const r = hopscope("fields", ...FILES, ...args);
  expect(r.status, r.stderr).toBe(0);
  return r.stdout
    .trimEnd()
    .split("\n")
    .map((line) => line.split("\t"));
}

const folder = mkdtempSync(join(tmpdir(), "hopscope-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Journeys {
  readonly journeys: readonly { readonly sightings: readonly { readonly file: string; readonly number: number }[] }[];
}

const [first] = (
  JSON.parse(hopscope("connections", ...FILES, "--json").stdout) as {
    connections: { id: string; kind: string; translations: { kind: string }[] }[];
  }
).connections;

describe("fields of joined captures", () => {
  test("all sightings of a packet have one journey.id, and hops that count as journeys counts", () => {
    const id = first?.id ?? "";
    const told = JSON.parse(hopscope("journeys", ...FILES, "--connection", id, "--json").stdout) as Journeys;
    const seen = rows(
      "-Y",
      `connection.id == "${id}"`,
      "-e",
      "point.id",
      "-e",
      "frame.number",
      "-e",
      "journey.id",
      "-e",
      "journey.hop",
    );
    const byJourney = new Map<string, string[]>();
    for (const [point = "", number = "", journey = "", hop = ""] of seen)
      byJourney.set(journey, [...(byJourney.get(journey) ?? []), `${hop} ${point.split("#")[0] ?? ""} ${number}`]);
    const printed = [...byJourney.values()].map((list) => list.sort((a, b) => parseInt(a) - parseInt(b)));
    const expected = told.journeys.map((j) => j.sightings.map((s, i) => `${i + 1} ${s.file} ${s.number}`));
    expect(printed.sort()).toEqual(expected.sort());
  });

  test("kind, translations, roles: what connections prints", () => {
    const [row] = rows(
      "-Y",
      `connection.id == "${first?.id ?? ""}"`,
      "-e",
      "connection.kind",
      "-e",
      "nat.kind",
      "-e",
      "point.role",
    );
    expect(row?.[0]).toBe(first?.kind);
    expect(row?.[1]).toBe([...new Set(first?.translations.map((t) => t.kind))].join(","));
    expect(row?.[2]).toMatch(/^(pod-nic|host-veth|bridge|tunnel-device|node-nic|router-port|loopback|unknown)$/);
  });

  test("the list and exports take them as filters", () => {
    const filter = "nat.kind == dnat && journey.hop == 1";
    const count = rows("-Y", filter, "-e", "frame.number").length;
    expect(count).toBeGreaterThan(1);
    expect(
      hopscope("packets", ...FILES, "-Y", filter)
        .stdout.trimEnd()
        .split("\n"),
    ).toHaveLength(count + 1);
    const target = join(folder, "some.csv");
    expect(hopscope("export", ...FILES, "-Y", filter, "-e", "journey.id", "--to", target)).toMatchObject({ status: 0 });
    expect(readFileSync(target, "utf8").trimEnd().split("\r\n")).toHaveLength(count + 1);
  });

  test("standard input, which is read once, and flows, which are not joined, say so", () => {
    for (const args of [
      ["fields", "-", "-e", "journey.id"],
      ["packets", "-", "-Y", "journey.hop > 1"],
      ["flows", ...FILES, "-Y", "connection.kind"],
    ]) {
      const r = hopscope(...args);
      expect([r.status, r.stderr.includes("join")], args.join(" ")).toEqual([2, true]);
    }
  });
});
