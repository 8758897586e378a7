/**
 * Captures in which nothing may be joined: another project's generator, whose conversations have random numbers but share hosts,
 * ports and payloads; every flow of it is seen at one point, in one tunnel, untranslated.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { connectionsOf, joinFiles } from "../builders/join-files";
import { isHere, SHARED } from "../builders/shared-data";

const GENERATOR = join(SHARED, "bench", "gen.js");
if (!isHere(GENERATOR)) console.warn(`no-false-joins.test.ts: skipped, no generator at ${GENERATOR}`);

test.skipIf(!isHere(GENERATOR)).each(["k8s", "small"])("generated traffic, %s", async (kind) => {
  const folder = mkdtempSync(join(tmpdir(), "hopscope-"));
  try {
    const file = join(folder, "generated.pcapng");
    expect(spawnSync(process.execPath, [GENERATOR, kind, file, "6000000", "3000"]).status).toBe(0);
    const result = await joinFiles([file]);
    const all = connectionsOf(result);
    expect(all.length).toBeGreaterThan(1500);
    const joined = all.filter(
      (c) => c.translations.length > 0 || c.ambiguous || c.path.length > 1 || c.encapsulations.length > 1,
    );
    expect(joined.map((c) => [c.client, c.server, c.translations])).toEqual([]);
    // One tuple in one tunnel is one connection: no more, no less than the flows that are not tunnels themselves.
    const keys = new Set(
      all.map((c) =>
        [
          c.protocol,
          ...[`${c.client.ip} ${c.client.port}`, `${c.server.ip} ${c.server.port}`].sort(),
          JSON.stringify(c.encapsulations),
        ].join(" "),
      ),
    );
    expect(keys.size).toBe(all.length);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
