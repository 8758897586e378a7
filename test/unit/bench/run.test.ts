/** The bench's runner as a command, on a stand-in for ours and a few kilobytes: it must count and compare right. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const runner = fileURLToPath(new URL("../../../bench/run.mjs", import.meta.url));
let folder: string;
let cli: string;

interface Result {
  name: string;
  absent?: string;
  packets: number;
  samples: { wall: number }[];
  figures?: { wall: number; wallMin: number; packetsPerSecond: number };
  ratio?: { against: string; wall: number };
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hopscope-bench-run-"));
  cli = join(folder, "cli.mjs");
  // Has info, fields, flows. One thread takes long; fields fails.
  writeFileSync(
    cli,
    `const [command, file] = process.argv.slice(2);
if (file === "--help") {
  if (command === "connections") process.exit(2);
  console.log("Usage: hopscope " + command + " FILE...");
} else if (command === "fields") {
  console.error("cannot");
  process.exit(1);
} else if (process.argv.includes("--threads")) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
}
`,
  );
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function bench(...args: string[]) {
  const json = join(folder, "out.json");
  const full = [runner, "--bytes", "50kB", "--data", join(folder, "data"), "--json", json, ...args];
  // No peers in an empty PATH: those in /usr/sbin are left out by name.
  const env = { ...process.env, HOPSCOPE_CLI: cli, PATH: folder };
  const { status, stdout, stderr } = spawnSync(process.execPath, full, { encoding: "utf8", env });
  expect(stderr).toBe("");
  const { tables } = JSON.parse(readFileSync(json, "utf8")) as { tables: { results: Result[] }[] };
  const rows = new Map(tables.flatMap(({ results }) => results).map((result) => [result.name, result]));
  return { status, stdout, rows };
}

describe("the bench's runner", () => {
  it("measures each command as often as asked, and compares them", () => {
    const { status, stdout, rows } = bench("--runs", "2", "--inputs", "k8s", "--only", "flows,pcap-parser,info");
    expect(status).toBe(0);
    const flows = rows.get("hopscope flows");
    expect(flows?.samples).toHaveLength(2);
    expect(flows?.figures?.wallMin).toBeLessThanOrEqual(flows?.figures?.wall ?? 0);
    const single = rows.get("hopscope flows --threads 1");
    expect(single?.ratio?.against).toBe("hopscope flows");
    expect(single?.ratio?.wall).toBeGreaterThan(1.5);
    expect(single?.figures?.wall).toBeGreaterThan(0.4);
    expect(rows.get("pcap-parser (npm)")?.ratio?.against).toBe("hopscope info");
    expect(stdout).toMatch(/hopscope flows --threads 1 +flows .*x +hopscope flows$/m);
    expect(stdout).toContain("not installed: tshark");
  });

  it("says what failed and what is missing, and fails with a command of ours", () => {
    const { status, stdout, rows } = bench("--quick", "--inputs", "two-node", "--only", "hopscope");
    expect(status).toBe(1);
    expect(rows.get("hopscope fields, ten")?.figures).toBeUndefined();
    expect(stdout).toContain("hopscope fields, ten: failed: exit code 1: cannot");
    expect(stdout).toContain("hopscope connections: not in this build");
  });

  it("has nothing to measure without a build", () => {
    const env = { ...process.env, HOPSCOPE_CLI: join(folder, "nothing.js") };
    const { status, stderr } = spawnSync(process.execPath, [runner], { encoding: "utf8", env });
    expect(status).toBe(2);
    expect(stderr).toContain("npm run build");
  });
});
