/**
 * The lab kit as a person runs it: what it records is joined as it was built, and nothing of it is left, also after Ctrl+C.
 * Needs root, iproute2 and dumpcap; says why where it is skipped.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { connectionsJson, joinFiles } from "../builders/join-files";

const RUN = resolve("lab/run.sh");
const folder = mkdtempSync(join(tmpdir(), "hopscope-lab-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Undefined: everything is there. */
function reasonToSkip(): string | undefined {
  if (process.getuid?.() !== 0) return "not root";
  for (const [tool, option] of [
    ["ip", "-V"],
    ["dumpcap", "--version"],
    ["python3", "--version"],
  ] as const)
    if (spawnSync(tool, [option]).status !== 0) return `${tool} is not here`;
  const probe = `hopscope-${process.pid}-lab-probe`;
  const made = spawnSync("ip", ["netns", "add", probe]).status === 0;
  const linked =
    made &&
    spawnSync("ip", ["-n", probe, "link", "add", "v0", "type", "vxlan", "id", "1", "dstport", "8472"]).status === 0;
  if (made) spawnSync("ip", ["netns", "del", probe]);
  return linked ? undefined : "network namespaces or VXLAN devices cannot be made here";
}

const skip = reasonToSkip();
if (skip !== undefined) console.warn(`lab-kit skipped: ${skip}`);

interface LabRun {
  readonly code: number | null;
  readonly text: string;
  /** Namespaces with this run's process in their name that are still there. */
  readonly left: readonly string[];
}

/** Runs a lab; `at` is called when a line it printed holds the text. */
function runLab(
  lab: string,
  out: string,
  at: { text: string; call: (kill: () => void) => void } | null,
): Promise<LabRun> {
  return new Promise((done) => {
    const child = spawn(RUN, [lab, "--out", out, "--seconds", at ? "60" : "1"], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let text = "";
    let waiting = at;
    child.stderr.setEncoding("utf8");
    child.stderr.on("data", (piece: string) => {
      text += piece;
      if (!waiting || !text.includes(waiting.text)) return;
      waiting.call(() => child.kill("SIGINT"));
      waiting = null;
    });
    child.on("close", (code) => {
      const list = spawnSync("ip", ["netns", "list"], { encoding: "utf8" }).stdout;
      const left = list.split("\n").filter((line) => line.startsWith(`hopscope-lab-${child.pid ?? 0}-`));
      done({ code, text, left });
    });
  });
}

describe.skipIf(skip !== undefined)("the lab kit", () => {
  test("records two machines with a VXLAN between them as they are", async () => {
    const out = join(folder, "vxlan");
    const { code, text, left } = await runLab("vxlan", out, null);
    expect({ code, left }, text).toEqual({ code: 0, left: [] });
    const files = readdirSync(out).filter((name) => name.endsWith(".pcapng"));
    expect(files).toEqual(["a1", "a2", "b1", "b2", "n1", "n2", "r"].map((name) => `${name}.pcapng`));

    const joined = await joinFiles(
      files.map((name) => join(out, name)),
      { cluster: [join(out, "cluster.json")] },
    );
    // Bridges ask for groups (IGMP) when they like: what pods said is what counts.
    const ofPods = connectionsJson(joined).filter((c) => c.client.pod !== null);
    const told = ofPods.map((c) => ({
      from: c.client.pod,
      to: c.server.pod,
      protocol: c.protocol,
      kind: c.kind,
      locality: c.locality,
      tunnel: c.encapsulations.map((e) => `${e.kind} ${e.vni ?? ""} ${e.port ?? ""}`).join(),
      nat: c.translations.length,
      missing: c.packets.missing,
      via: [...new Set(c.path.map((point) => point.split(".")[0]))].join(" "),
    }));
    const pods = { kind: "pod-to-pod", nat: 0, missing: 0 };
    const same = { ...pods, locality: "same-node", tunnel: "" };
    const cross = { ...pods, locality: "cross-node", tunnel: "vxlan 1 8472" };
    const expected = [
      { ...same, from: "default/a1", to: "default/a2", protocol: "icmp", via: "a1 n1 a2" },
      { ...cross, from: "default/a1", to: "default/b1", protocol: "icmp", via: "a1 n1 r n2 b1" },
      { ...same, from: "default/a1", to: "default/a2", protocol: "tcp", via: "a1 n1 a2" },
      { ...cross, from: "default/a1", to: "default/b1", protocol: "tcp", via: "a1 n1 r n2 b1" },
      { ...cross, from: "default/b2", to: "default/a2", protocol: "tcp", via: "b2 n2 r n1 a2" },
    ];
    expect(told).toEqual(expected);
  });

  test("takes everything down after Ctrl+C", async () => {
    const interrupt = { text: "recording", call: (kill: () => void): void => kill() };
    const { code, text, left } = await runLab("one-subnet", join(folder, "interrupted"), interrupt);
    expect({ code, left }, text).toEqual({ code: 130, left: [] });
  });

  test("says what it knows, and does nothing, when it is asked for what it does not", () => {
    const { status, stderr } = spawnSync(RUN, ["no-such-lab"], { encoding: "utf8" });
    expect(status).toBe(2);
    expect(stderr).toContain("one-subnet|udp-tunnel|vxlan|service-nat");
  });
});
