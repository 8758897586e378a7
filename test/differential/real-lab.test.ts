/**
 * A lab of network namespaces that the test builds, breaks, records and takes down: every fault put in must be found, where it
 * was put, and nothing may be found in the healthy run.
 *
 * ```
 *  ca eth0 ══ veth1 n1 eth0 ════════ eth0 n2 veth2 ══ eth0 wb
 *  10.61.1.5      .1   192.168.61.1        .2    10.61.2.1     10.61.2.9
 *
 *  Services, translated on n1:  10.62.0.10:80 → 10.61.2.9:8080      10.62.0.11:80 → 10.61.2.99:8080 (nobody has it)
 *  faults, on n2:               8081 every fourth packet dropped    8082 dropped, as a NetworkPolicy would
 *                               veth2 has MTU 1300, and its ICMP "fragmentation needed" is dropped
 * ```
 * Needs root, iproute2, iptables and dumpcap; says why where it is skipped.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FindingKind } from "../../src-shared/model/finding";
import { type Searched, searchFiles } from "../builders/find-in-traffic";

const NAMESPACES = ["ca", "n1", "n2", "wb"] as const;
const CAPTURED: Readonly<Record<string, readonly string[]>> = {
  ca: ["eth0"],
  n1: ["veth1", "eth0"],
  n2: ["eth0", "veth2"],
  wb: ["eth0"],
};
/** Names of this process alone: several runs do not meet. */
const netns = (name: string): string => `hopscope-${process.pid}-${name}`;

function run(command: string, ...args: string[]): { readonly ok: boolean; readonly text: string } {
  const r = spawnSync(command, args, { encoding: "utf8" });
  return { ok: r.status === 0, text: r.error ? r.error.message : `${r.stdout}${r.stderr}` };
}

function must(command: string, ...args: string[]): void {
  const { ok, text } = run(command, ...args);
  if (!ok) throw new Error(`${command} ${args.join(" ")}: ${text}`);
}

const inside = (name: string, ...command: string[]): void => must("ip", "netns", "exec", netns(name), ...command);

/** Undefined: everything is there. */
function reasonToSkip(): string | undefined {
  if (process.getuid?.() !== 0) return "not root";
  for (const [tool, ...args] of [
    ["ip", "-V"],
    ["iptables", "--version"],
    ["dumpcap", "--version"],
  ] as const)
    if (!run(tool, ...args).ok) return `${tool} is not here`;
  const probe = netns("probe");
  if (!run("ip", "netns", "add", probe).ok) return "network namespaces cannot be made here";
  const tables = run("ip", "netns", "exec", probe, "iptables", "-t", "nat", "-L");
  run("ip", "netns", "del", probe);
  return tables.ok ? undefined : `iptables does not work here: ${tables.text.trim().split("\n")[0] ?? ""}`;
}

const skip = reasonToSkip();
if (skip !== undefined) console.warn(`real-lab skipped: ${skip}`);

function build(): void {
  for (const name of NAMESPACES) must("ip", "netns", "add", netns(name));
  const link = (a: string, aDevice: string, b: string, bDevice: string): void =>
    must("ip", "link", "add", aDevice, "netns", netns(a), "type", "veth", "peer", "name", bDevice, "netns", netns(b));
  link("ca", "eth0", "n1", "veth1");
  link("n1", "eth0", "n2", "eth0");
  link("n2", "veth2", "wb", "eth0");
  for (const [name, device, address] of [
    ["ca", "eth0", "10.61.1.5/24"],
    ["n1", "veth1", "10.61.1.1/24"],
    ["n1", "eth0", "192.168.61.1/24"],
    ["n2", "eth0", "192.168.61.2/24"],
    ["n2", "veth2", "10.61.2.1/24"],
    ["wb", "eth0", "10.61.2.9/24"],
  ] as const) {
    must("ip", "-n", netns(name), "addr", "add", address, "dev", device);
    must("ip", "-n", netns(name), "link", "set", device, "up");
  }
  for (const name of NAMESPACES) must("ip", "-n", netns(name), "link", "set", "lo", "up");
  for (const [name, to, via] of [
    ["ca", "default", "10.61.1.1"],
    ["wb", "default", "10.61.2.1"],
    ["n1", "10.61.2.0/24", "192.168.61.2"],
    ["n2", "10.61.1.0/24", "192.168.61.1"],
  ] as const)
    must("ip", "-n", netns(name), "route", "add", to, "via", via);
  for (const name of ["n1", "n2"]) inside(name, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward");
  for (const [service, endpoint] of [
    ["10.62.0.10", "10.61.2.9:8080"],
    ["10.62.0.11", "10.61.2.99:8080"],
  ] as const)
    inside(
      "n1",
      "iptables",
      "-t",
      "nat",
      "-A",
      "PREROUTING",
      "-p",
      "tcp",
      "-d",
      service,
      "--dport",
      "80",
      "-j",
      "DNAT",
      "--to-destination",
      endpoint,
    );
}

function breakIt(): void {
  inside(
    "n2",
    "iptables",
    "-A",
    "FORWARD",
    "-p",
    "tcp",
    "--dport",
    "8081",
    "-m",
    "statistic",
    "--mode",
    "nth",
    "--every",
    "4",
    "--packet",
    "3",
    "-j",
    "DROP",
  );
  inside("n2", "iptables", "-A", "FORWARD", "-p", "tcp", "--dport", "8082", "-j", "DROP");
  inside("n2", "iptables", "-A", "OUTPUT", "-p", "icmp", "--icmp-type", "fragmentation-needed", "-j", "DROP");
  must("ip", "-n", netns("n2"), "link", "set", "veth2", "mtu", "1300");
}

const started: ChildProcess[] = [];

function start(name: string, command: string, ...args: string[]): ChildProcess {
  const child = spawn("ip", ["netns", "exec", netns(name), command, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  started.push(child);
  return child;
}

/** Resolves when the process has written a line that matches. */
function says(child: ChildProcess, pattern: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = "";
    const look = (chunk: Buffer): void => {
      text += chunk.toString();
      if (pattern.test(text)) resolve();
    };
    child.stdout?.on("data", look);
    child.stderr?.on("data", look);
    child.on("exit", () => reject(new Error(`ended before ${pattern.source}: ${text}`)));
  });
}

const ended = (child: ChildProcess): Promise<void> => new Promise((resolve) => child.on("exit", () => resolve()));

/** Answers every message of a connection with its length. */
const SERVER = `
const { createServer } = require("node:net");
for (const port of [8080, 8081, 8082])
  createServer((s) => s.on("error", () => {}).on("data", (d) => s.write(String(d.length)))).listen(port, () => console.log("port " + port));
const echo = require("node:dgram").createSocket("udp4");
echo.on("message", (m, from) => echo.send(m, from.port, from.address)).bind(9999);
`;
/** Sends a UDP message and waits for it to come back. */
const ECHO = `
const socket = require("node:dgram").createSocket("udp4");
socket.on("message", () => process.exit()).send(process.argv[1], 9999, "10.61.2.9");
setTimeout(() => process.exit(1), 3000);
`;
/** Sends messages of \`bytes\` bytes one after the other, each after the answer to the last; gives up after \`seconds\`. */
const CLIENT = `
const [host, port, bytes, times, seconds] = process.argv.slice(1);
const socket = require("node:net").connect(Number(port), host);
let left = Number(times), got = 0;
const ask = () => (left-- > 0 ? ((got = 0), socket.write(Buffer.alloc(Number(bytes), 120))) : socket.end());
socket.on("connect", ask).on("error", () => {}).on("close", () => process.exit());
socket.on("data", (d) => ask());
setTimeout(() => socket.destroy(), Number(seconds) * 1000);
`;

const LAST = "the last packet of this recording";

async function record(
  folder: string,
  calls: readonly (readonly [host: string, port: number, bytes: number, times: number, seconds: number])[],
): Promise<readonly string[]> {
  const server = start("wb", process.execPath, "-e", SERVER);
  await says(server, /port 8082/);
  const files = NAMESPACES.map((name) => join(folder, `${name}.pcapng`));
  const captures = NAMESPACES.map((name, i) =>
    start(
      name,
      "dumpcap",
      "-q",
      ...(CAPTURED[name] ?? []).flatMap((device) => ["-i", device]),
      "-w",
      files[i] as string,
    ),
  );
  await Promise.all(captures.map((c) => says(c, /File: /)));
  const echo = (text: string): void => inside("ca", process.execPath, "-e", ECHO, text);
  // The first packets ask for MAC addresses: not part of what is looked at.
  echo("first packet");
  const clients = calls.map((call) => start("ca", process.execPath, "-e", CLIENT, ...call.map(String)));
  await Promise.all(clients.map(ended));
  // The capture is complete where a last packet, known by its bytes, has been written.
  echo(LAST);
  await Promise.all(files.map((file) => untilItHas(file, LAST)));
  for (const c of captures) c.kill("SIGINT");
  await Promise.all(captures.map(ended));
  const stopped = ended(server);
  server.kill("SIGKILL");
  await stopped;
  return files;
}

/** Looks again whenever the event loop has waited 50 ms for it; the test's own time limit ends a capture that never has it. */
function untilItHas(file: string, mark: string): Promise<void> {
  return new Promise((resolve) => {
    const look = setInterval(() => {
      if (!existsSync(file) || !readFileSync(file).includes(mark)) return;
      clearInterval(look);
      resolve();
    }, 50);
  });
}

const CLUSTER = `
{ kind: Node, metadata: { name: n1 }, spec: { podCIDR: 10.61.1.0/24 }, status: { addresses: [{ type: InternalIP, address: 192.168.61.1 }] } }
---
{ kind: Node, metadata: { name: n2 }, spec: { podCIDR: 10.61.2.0/24 }, status: { addresses: [{ type: InternalIP, address: 192.168.61.2 }] } }
---
{ kind: Pod, metadata: { name: client, namespace: lab, labels: { app: client } }, spec: { nodeName: n1 }, status: { podIP: 10.61.1.5 } }
---
{ kind: Pod, metadata: { name: web, namespace: lab, labels: { app: web } }, spec: { nodeName: n2 }, status: { podIP: 10.61.2.9 } }
---
kind: NetworkPolicy
apiVersion: networking.k8s.io/v1
metadata: { name: web-ports, namespace: lab }
spec: { podSelector: { matchLabels: { app: web } }, ingress: [{ ports: [{ port: 8080, endPort: 8081 }] }] }
`;

describe.skipIf(skip !== undefined)("a lab recorded by the test itself", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "hopscope-lab-"));
    build();
  });
  afterAll(() => {
    for (const child of started) if (child.exitCode === null) child.kill("SIGKILL");
    for (const name of NAMESPACES) run("ip", "netns", "del", netns(name));
    rmSync(folder, { recursive: true });
  });

  const find = async (name: string, calls: Parameters<typeof record>[1]): Promise<Searched> => {
    const sub = mkdtempSync(join(folder, `${name}-`));
    const files = await record(sub, calls);
    writeFileSync(join(sub, "cluster.yaml"), CLUSTER);
    return searchFiles(files, { cluster: CLUSTER });
  };

  test("the healthy run has no findings", async () => {
    const found = await find("healthy", [
      ["10.62.0.10", 80, 200, 20, 5],
      ["10.61.2.9", 8081, 200, 20, 5],
      ["10.61.2.9", 8080, 20_000, 1, 1],
    ]);
    expect(found.findings.map((f) => `${f.kind}: ${f.title}`)).toEqual([]);
    expect(found.join.connectionCount).toBeGreaterThanOrEqual(3);
    expect(found.rules.map((r) => r.verdict)).toEqual(["held", "no-evidence", "held"]);
  }, 60_000);

  test("every fault is found where it was put", async () => {
    breakIt();
    const found = await find("broken", [
      ["10.61.2.9", 8081, 200, 20, 8], // loss
      ["10.61.2.9", 8080, 20_000, 1, 5], // MTU
      ["10.61.2.9", 8082, 200, 1, 5], // policy
      ["10.62.0.11", 80, 200, 1, 5], // dead endpoint
      ["10.62.0.10", 80, 200, 20, 5], // nothing wrong with this one
    ]);
    const one = (kind: FindingKind): Searched["findings"][number] => {
      const list = found.of(kind);
      expect(
        list.map((f) => f.title),
        kind,
      ).toHaveLength(1);
      return list[0] as Searched["findings"][number];
    };
    const hop = ["n2.pcapng#0", "n2.pcapng#1", "n2"];
    expect(one("lost-between").where).toEqual(hop);
    const hole = one("mtu-blackhole");
    expect(hole).toMatchObject({ severity: "error", where: hop });
    expect(hole.title).toMatch(/: 1500 bytes vanish, \d+ pass$/);
    const silence = one("policy-silence");
    expect(silence.title).toBe("No answer from lab/web (10.61.2.9:8082): NetworkPolicies would drop it (inferred)");
    expect(silence.where).toContain("n2.pcapng#0");
    expect(one("no-endpoint").title).toBe("Dead endpoint: 10.62.0.11:80 leads to 10.61.2.99:8080, which nobody has");
    // Loss and the blackhole make answers slow; nothing else may be there.
    const others = new Set(found.findings.map((f) => f.kind));
    for (const kind of ["lost-between", "mtu-blackhole", "policy-silence", "no-endpoint", "slow-answer"] as const)
      others.delete(kind);
    expect([...others]).toEqual([]);
  }, 60_000);
});
