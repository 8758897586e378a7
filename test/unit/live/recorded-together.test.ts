/** Two machines recorded at once into one file: what joining makes of it is what it makes of a file of each. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { RecordedTogether } from "../../../src-main/engine/live/recorded-together";
import type { JoinedResult } from "../../../src-main/engine/join/join-result";
import { connectionsOf, joinFiles } from "../../builders/join-files";

/** A Service call over VXLAN, as two nodes saw it; the second one's clock is 83 ms ahead. */
const NODES = [1, 2].map((n) =>
  fileURLToPath(new URL(`../../../fixtures/service-vxlan-node${n}.pcapng`, import.meta.url)),
);

async function withTogether(use: (path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "hopscope-together-"));
  try {
    const path = join(folder, "together.pcapng");
    await new Promise<void>((ended, failed) => {
      const together = new RecordedTogether(path, {
        failed: (_, message) => failed(new Error(message)),
        ended,
      });
      NODES.forEach((node, i) =>
        together.add(node, { machine: `node ${i + 1}`, interface: "never used: they have names" }),
      );
      for (const node of NODES) together.end(node);
    });
    await use(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Without the files' names. */
function told(result: JoinedResult): unknown {
  return connectionsOf(result).map((c) => ({
    ends: [c.client.ip, c.requested, c.server.ip, c.locality],
    path: c.path.map((p) => result.points[p]?.interface),
    back: c.returnPath.map((p) => result.points[p]?.interface),
    nat: c.translations.map((t) => [
      t.kind,
      t.from,
      t.to,
      t.between.map((p) => p !== null && result.points[p]?.interface),
    ]),
    packets: [c.sightings, c.distinct],
  }));
}

describe("two nodes recorded together", () => {
  it("are joined as their own files would be, each with its clock and its name", () =>
    withTogether(async (path) => {
      const apart = await joinFiles(NODES);
      const together = await joinFiles([path]);
      expect(told(together)).toEqual(told(apart));
      expect(together.connectionCount).toBeGreaterThan(0);
      const offset = together.clocks.find(({ source }) => source === "estimated");
      expect(offset?.seconds).toBeCloseTo(apart.clocks.find(({ source }) => source === "estimated")?.seconds ?? 0, 6);
      expect(Math.abs(offset?.seconds ?? 0)).toBeCloseTo(0.083, 3);
      expect(new Set(together.points.map((p) => p.node))).toEqual(new Set(["node-1", "node-2"]));
    }));
});
