/**
 * What the commands that join print, kept as text a person can review: for the project's own captures, and for recordings of two
 * nodes with something wrong. `npx vitest run test/golden -u` writes them anew; look at the difference before committing it.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { hopscope } from "../builders/shared-data";
import { TwoNodes } from "../builders/two-nodes";

const folder = mkdtempSync(join(tmpdir(), "hopscope-"));
afterAll(() => rmSync(folder, { recursive: true }));

function written(name: string, captures: Readonly<Record<string, Uint8Array>>): string[] {
  return Object.entries(captures).map(([file, bytes]) => {
    const path = join(folder, `${name}-${file}`);
    writeFileSync(path, bytes);
    return path;
  });
}

const fixture = (...names: readonly string[]): string[] => names.map((name) => `fixtures/${name}`);

/** A pod's packets reach another pod from its node's address; one is lost on the way, and sent again. */
const brokenModel = new TwoNodes({ seenAs: "192.168.0.1:40000", tunnel: "vxlan(vni=1, n1 > n2)" })
  .handshake(0)
  .send("client", 0.01, 'tcp PSH,ACK id=110 ts=5010,7000 "a question of some length"')
  .send("server", 0.02, 'tcp PSH,ACK id=501 ts=7020,5010 "an answer of some length"')
  .send("client", 0.2, 'tcp PSH,ACK id=300 ts=6300,7020 "lost once, sent again"', { reaches: 2, label: "x" })
  .send("client", 0.41, "again x")
  .send("server", 0.42, "tcp ACK id=5300 ts=8300,6300")
  .send("client", 0.5, 'tcp PSH,ACK id=310 ts=6500,8300 "and on it goes"')
  .send("server", 0.51, "tcp ACK id=5301 ts=8510,6500");

/** Nobody answers a Service's address: the SYN is sent again and again. */
const silence = new TwoNodes({ service: "10.96.0.10:80" });
[0, 1, 3, 7].forEach((seconds, i) => {
  silence.send("client", seconds, `tcp SYN seq=3000000000 id=${101 + i} ts=${5000 + seconds * 1000},0 mss=1460`);
});

const RECORDINGS: readonly (readonly [name: string, files: () => readonly string[]])[] = [
  ["service-vxlan", () => fixture("service-vxlan-node1.pcapng", "service-vxlan-node2.pcapng")],
  ["service-dnat", () => fixture("service-dnat.pcapng")],
  ["dns-search", () => fixture("dns-search.pcapng")],
  ["icmp-errors", () => fixture("icmp-errors.pcapng")],
  ["broken-model", () => written("broken", brokenModel.captures())],
  ["silence", () => written("silent", silence.captures())],
];

it.each(RECORDINGS)("%s: connections, findings, the network model's rules", async (name, files) => {
  const paths = files();
  const text = ["connections", "findings", "model"]
    .map((command) => {
      const r = hopscope(command, ...paths);
      return `$ hopscope ${command} ${paths.map((p) => basename(p)).join(" ")}   # exit ${r.status}\n${r.stdout}${r.stderr}`;
    })
    .join("\n")
    .replace(/[ \t]+$/gm, "");
  await expect(text).toMatchFileSnapshot(`joined/${name}.txt`);
});
