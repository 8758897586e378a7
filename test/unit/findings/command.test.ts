/** `hopscope findings` and `hopscope model` as other programs call them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Finding } from "../../../src-shared/model/finding";
import type { RuleVerdict } from "../../../src-shared/model/model-rule";
import { hopscope } from "../../builders/shared-data";
import { TwoNodes } from "../../builders/two-nodes";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hopscope-"));
  const nodes = new TwoNodes({ service: "10.96.0.10:80" })
    .send("client", 0, "tcp SYN seq=3000000000 id=101 ts=5000,0")
    .send("server", 0.001, "tcp RST,ACK seq=0 id=0");
  for (const [name, bytes] of Object.entries(nodes.captures())) writeFileSync(join(folder, name), bytes);
  writeFileSync(join(folder, "ct.txt"), "nonsense\n");
  writeFileSync(join(folder, "cluster.yaml"), "kind: Pod\nmetadata: { name: a }\nstatus: { podIP: 10.1.0 }\n");
});
afterAll(() => rmSync(folder, { recursive: true }));

const captures = (): string[] => ["n1.pcapng", "n2.pcapng"].map((f) => join(folder, f));

describe("hopscope findings", () => {
  test("--json is one object with everything of a finding", () => {
    const { stdout, status } = hopscope("findings", ...captures(), "--json");
    expect(status).toBe(0);
    const { version, findings, conntrack } = JSON.parse(stdout) as {
      version: number;
      findings: Finding[];
      conntrack: null;
    };
    expect([version, conntrack]).toEqual([1, null]);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({
      id: "no-endpoint:refused 10.1.1.9:8080",
      kind: "no-endpoint",
      severity: "warn",
      packets: expect.arrayContaining([{ packet: 0, file: "n1.pcapng", number: 1 }]) as unknown,
    });
  });

  test("as text: what, where, why, ruled out, packets, what to check", () => {
    const { stdout } = hopscope("findings", ...captures());
    expect(stdout).toMatch(/^WARN Nothing listens on 10\.1\.1\.9:8080\n {2}what/);
    for (const word of ["where", "because", "may be", "ruled out", "packets", "connection", "check", "id"])
      expect(stdout).toContain(`\n  ${word.padEnd(11)}`);
  });

  test("is the same for the same input", () => {
    expect(hopscope("findings", ...captures(), "--json").stdout).toBe(
      hopscope("findings", ...captures(), "--json").stdout,
    );
  });

  test("unreadable cluster and conntrack files: said with their line, exit code 1, the rest is done", () => {
    const ct = join(folder, "ct.txt");
    const cluster = join(folder, "cluster.yaml");
    const { stderr, stdout, status } = hopscope("findings", ...captures(), "--conntrack", ct, "--cluster", cluster);
    expect(status).toBe(1);
    expect(stderr).toContain(`${ct}:1: expected a protocol and its number`);
    expect(stderr).toContain(`${cluster}:3: status.podIP: expected an IP address, found "10.1.0"`);
    expect(stdout).toContain("Nothing listens");
  });
});

test("connection tracking's output without entries is no problem: the machine tracked none", () => {
  const empty = join(folder, "empty.txt");
  const none = join(folder, "none.txt");
  writeFileSync(empty, "");
  writeFileSync(none, "conntrack v1.4.6 (conntrack-tools): 0 flow entries have been shown.\n");
  const { stderr, stdout, status } = hopscope("findings", ...captures(), "--conntrack", empty, "--conntrack", none);
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout).toContain("Connection tracking: 0 connections have entries");
});

describe("hopscope model", () => {
  test("--json has a verdict for each rule", () => {
    const { stdout, status } = hopscope("model", ...captures(), "--json");
    expect(status).toBe(0);
    const { rules } = JSON.parse(stdout) as { rules: RuleVerdict[] };
    expect(rules.map((r) => [r.id, r.verdict])).toEqual([
      ["pods-reach-pods", "no-evidence"],
      ["nodes-reach-pods", "no-evidence"],
      ["pod-sees-itself", "no-evidence"],
    ]);
  });

  test("as text", () => {
    expect(hopscope("model", ...captures()).stdout).toMatch(/^NO EVIDENCE {2}Pods reach all pods without NAT\n/);
  });
});
