/** Filters over what joining says, and capture points that are switched off: as the window asks for them. */
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import type { analysisHandlers } from "../../../src-main/engine/analysis/analysis-handlers";
import { Analysis } from "../../../src-main/engine/analysis/analysis";
import type { ViewState } from "../../../src-shared/contract/results";
import { DEFAULT_DECODE_OPTIONS } from "../../../src-main/engine/decode/decode-options";
import { JoinedFacts, type JoinedColumns } from "../../../src-main/engine/fields/joined-facts";
import type { Engine } from "../../../src-main/engine/service/handlers";
import { type ServiceClient, withClient } from "../../builders/service-client";
import { fieldRows } from "../../builders/run-engine";
import { isHere } from "../../builders/shared-data";

const files = [1, 2].map((n) =>
  fileURLToPath(new URL(`../../../fixtures/service-vxlan-node${n}.pcapng`, import.meta.url)),
);

/** The analysis in this thread: what the window's engine asks its own thread for. */
async function analyse(disabledPoints: readonly number[] = []): Promise<Analysis> {
  let before = 0;
  const list = [];
  for (const path of files) {
    list.push({ path, name: path, firstPacket: before, unreadable: false, clockOffset: null });
    before += 1000;
  }
  return Analysis.run(
    { files: list, decode: DEFAULT_DECODE_OPTIONS, clusterFiles: [], disabledPoints, live: false, firstTable: 1 },
    () => undefined,
  );
}

let columns: JoinedColumns;
beforeAll(async () => {
  columns = (await (await analyse()).answer("join.columns", {})) as JoinedColumns;
});

/** Handlers whose joining is done already. */
const joins = (engine: Engine): ReturnType<typeof analysisHandlers> => {
  engine.onWorkspace((what) => {
    if (what === "opened") engine.captures().joinedSource = () => Promise.resolve(new JoinedFacts(columns));
  });
  return {};
};

/** Rows of a view when it is complete: on its way it may have said that it waits for joining. */
async function rowsOf(client: ServiceClient, filter: string): Promise<number> {
  const { view, complete, rows } = await client.ask("packets.open", { filter, sort: [], ignored: [] });
  if (complete) return rows;
  // It may have been told already, behind the answer.
  for (const told of client.told) {
    const state = told.kind === "event" && told.event === "view" ? (told.data as ViewState) : null;
    if (state?.view === view && state.complete) return state.rows;
  }
  return (await client.event("view", (v) => v.view === view && v.complete)).rows;
}

test("a filter over connections finds every sighting of their packets, in tunnels and out of them", async () => {
  await withClient(
    async (client) => {
      await client.open(...files);
      const id = columns.ids[0] ?? "";
      const expected = columns.connection.reduce((n, c) => n + (c === 0 ? 1 : 0), 0);
      expect(expected).toBeGreaterThan(10);
      expect(await rowsOf(client, `connection.id == "${id}"`)).toBe(expected);
      const later = await rowsOf(client, `connection.kind == "pod-to-service" && journey.hop > 1`);
      expect(later).toBeGreaterThan(0);
      expect(later).toBeLessThan(expected);
      // The same filter, asked again, is joined again: nothing of it is kept.
      expect(await rowsOf(client, `connection.id == "${id}"`)).toBe(expected);
    },
    [joins],
  );
});

test("while joining runs the view says so; without an engine that joins it says why nothing is found", async () => {
  let joined: (facts: JoinedFacts) => void = () => undefined;
  const slow = (engine: Engine): ReturnType<typeof analysisHandlers> => {
    engine.onWorkspace((what) => {
      if (what === "opened") engine.captures().joinedSource = () => new Promise((resolve) => (joined = resolve));
    });
    return {};
  };
  await withClient(
    async (client) => {
      await client.open(...files);
      const waiting = client.event("view", (v) => v.problem?.includes("joining") ?? false);
      const view = await client.ask("packets.open", { filter: "journey.id", sort: [], ignored: [] });
      await waiting;
      const complete = client.event("view", (v) => v.view === view.view && v.complete);
      joined(new JoinedFacts(columns));
      expect((await complete).problem).toBe(null);
    },
    [slow],
  );
  await withClient(async (client) => {
    await client.open(...files);
    const told = client.event("view", (v) => v.problem?.includes("nothing joins") ?? false);
    await client.ask("packets.open", { filter: "journey.id", sort: [], ignored: [] });
    await told;
  });
});

test("a capture point that is switched off is not joined", async () => {
  const all = await analyse();
  const topology = all.answer("join.topology", {}) as Promise<{ points: { id: string; point: number }[] }>;
  const { points } = await topology;
  const off = points.findIndex((p) => p.id.startsWith("service-vxlan-node2"));
  const without = points.filter((p) => p.id.startsWith("service-vxlan-node2")).map((p) => p.point);
  expect(off).toBeGreaterThanOrEqual(0);
  const half = (await (await analyse(without)).answer("join.columns", {})) as JoinedColumns;
  const seenBy = (c: JoinedColumns, file: number): number =>
    c.connection
      .subarray(c.firstOfFile[file], c.firstOfFile[file + 1] ?? c.connection.length)
      .reduce((n, one) => n + (one >= 0 ? 1 : 0), 0);
  expect(seenBy(columns, 1)).toBeGreaterThan(0);
  expect(seenBy(half, 1)).toBe(0);
  expect(seenBy(half, 0)).toBe(seenBy(columns, 0));
});

test.skipIf(!isHere(files[0] ?? ""))(
  "without joining the fields have no values, but a capture point has its name",
  async () => {
    const { readFileSync } = await import("node:fs");
    const rows = await fieldRows(readFileSync(files[0] ?? ""), ["connection.id", "journey.hop", "point.id"]);
    expect(rows[0]?.slice(0, 2)).toEqual(["", ""]);
    expect(rows[0]?.[2]).toMatch(/#\d$/);
  },
);
