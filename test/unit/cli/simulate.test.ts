/** `hopscope simulate` as a program: what it writes where, what it says when it cannot, and that a reader may leave early. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CLI, hopscope } from "../../builders/shared-data";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hopscope-simulate-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});
const at = (name: string): string => join(folder, name);

describe("hopscope simulate", () => {
  test("writes recording, cluster, truth and connection tracking, which the other commands read", () => {
    const made = hopscope(
      ...["simulate", "cluster-ip", "--seed", "4", "--out", at("x.pcapng"), "--cluster-out", at("c.json")],
      ...["--truth-out", at("t.json"), "--conntrack-out", folder],
    );
    expect(made).toEqual({ stdout: "", stderr: "", status: 0 });
    const truth = JSON.parse(readFileSync(at("t.json"), "utf8")) as {
      connections: { service: string }[];
      seed: number;
    };
    expect(truth.seed).toBe(4);
    expect(truth.connections.every((c) => c.service === "default/web")).toBe(true);
    const joined = hopscope("connections", at("x.pcapng"), "--cluster", at("c.json"), "--json");
    expect((JSON.parse(joined.stdout) as { connections: unknown[] }).connections).toHaveLength(
      truth.connections.length,
    );
    const found = hopscope("findings", at("x.pcapng"), "--conntrack", at("conntrack-node-a.txt"));
    expect(found.stdout).toMatch(
      /No findings\.\nConnection tracking: \d+ connections have entries; \d+ translations told are those seen, 0/,
    );
  });

  test("writes one file a namespace into a folder", () => {
    expect(hopscope("simulate", "same-node", "--split", at("parts")).status).toBe(0);
    expect(readdirSync(at("parts"))).toEqual(
      expect.arrayContaining(["client.pcapng", "node-a.pcapng", "web-a.pcapng"]),
    );
  });

  test("writes to a pipe without being told, the same bytes as to a file", () => {
    const piped = spawnSync(process.execPath, [CLI, "simulate", "hairpin"]);
    hopscope("simulate", "hairpin", "--out", at("h.pcapng"));
    expect(piped.stdout.equals(readFileSync(at("h.pcapng")))).toBe(true);
  });

  test("records only where it is told to", () => {
    hopscope("simulate", "vxlan", "--point", "node-b/eth0", "--point", "web-b", "--out", at("p.pcapng"));
    const info = JSON.parse(hopscope("info", at("p.pcapng"), "--json").stdout) as {
      files: { interfaces: { name: string }[] }[];
    };
    expect(info.files[0]?.interfaces.map((i) => i.name)).toEqual(["eth0", "eth0"]);
  });

  test("runs a scenario of one's own that began as a built-in one", () => {
    writeFileSync(
      at("own.yaml"),
      hopscope("simulate", "two-clusters", "--show").stdout.replace("name: two-clusters", "name: own"),
    );
    expect(hopscope("simulate", at("own.yaml"), "--out", at("own.pcapng")).status).toBe(0);
  });

  test("says what is wrong with a scenario: file, line, path", () => {
    writeFileSync(at("bad.yaml"), "name: bad\ntitle: x\nnetworks:\n  lan: { subnet: everywhere }\n");
    const { stderr, status } = hopscope("simulate", at("bad.yaml"), "--out", at("never.pcapng"));
    expect(status).toBe(2);
    expect(stderr).toContain("bad.yaml line 4: networks.lan.subnet: expected an IPv4 range such as 10.0.0.0/24");
  });

  test.each([
    ["a folder where none can be made", ["--split", "/proc/x"], /^hopscope: \/proc\/x: .*folder/],
    ["a folder that is a file", ["--conntrack-out", CLI], /is a file, not a folder/],
    ["two outputs in one place", ["--out", "same", "--truth-out", "./same"], /--out and --truth-out both write/],
    ["a fault's value out of range", ["--fault", "small-mtu=1"], /small-mtu=1: mtu: expected a number from 576/],
    ["a place that is not there", ["--point", "nod-a"], /did you mean node-a\? There are: gw outside node-a node-b/],
    ["a scenario without an end", ["/dev/zero"], /expected a file with a scenario in YAML or JSON/],
  ])("says what is wrong with %s", (_what, args, expected) => {
    const scenario = args[0]?.startsWith("--") === true ? ["vxlan"] : [];
    const out = args.includes("--split") || args.includes("--out") ? [] : ["--out", at("never.pcapng")];
    const { stderr, status } = hopscope("simulate", ...scenario, ...args, ...out);
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringMatching(expected) as string });
  });

  test("knows what was meant", () => {
    expect(hopscope("simulate", "hair-pin", "--out", at("n.pcapng")).stderr).toContain("did you mean hairpin?");
    expect(hopscope("simulate", "vxlan", "--fault", "loss=x", "--out", at("n.pcapng")).stderr).toContain(
      "expected a number for share",
    );
  });

  test("lists scenarios and faults, one line each", () => {
    const { stdout } = hopscope("simulate", "--list");
    expect(stdout).toMatch(/^home-network +Home network/m);
    expect(stdout).toMatch(/^broken-checksum +VXLAN's outer checksum is wrong \(node\)$/m);
  });

  test("live: packets come as they are made; a reader that leaves ends it in peace", async () => {
    const child = spawn(process.execPath, [CLI, "simulate", "same-node", "--live"], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let errors = "";
    child.stderr.on("data", (text: Buffer) => (errors += text.toString()));
    const first = await new Promise<Buffer>((resolve) => child.stdout.once("data", resolve));
    expect(first.readUInt32LE(0)).toBe(0x0a0d0d0a);
    child.stdout.destroy();
    const code = await new Promise<number | null>((resolve) => child.once("exit", resolve));
    expect({ code, errors }).toEqual({ code: 0, errors: "" });
  });

  test("live: Ctrl+C ends it with a file that is whole", async () => {
    const child = spawn(
      process.execPath,
      [CLI, "simulate", "same-node", "--live", "--out", at("live.pcapng"), "--duration", "600"],
      {
        stdio: ["ignore", "ignore", "pipe"],
      },
    );
    // The file's first packets say that it runs.
    while (hopscope("fields", at("live.pcapng"), "-e", "frame.number").stdout === "")
      await new Promise((r) => setImmediate(r));
    child.kill("SIGINT");
    expect(await new Promise<number | null>((resolve) => child.once("exit", resolve))).toBe(0);
    expect(hopscope("info", at("live.pcapng")).status).toBe(0);
  });
});
