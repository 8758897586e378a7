/** The healthy labs: what is found there is true there, and nothing else is found. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { searchFiles } from "../../builders/find-in-traffic";
import { LABS } from "../../builders/shared-data";

const labs = existsSync(LABS) ? readdirSync(LABS).filter((f) => existsSync(join(LABS, f, "truth.json"))) : [];
if (labs.length === 0) console.warn(`skipped: no labs in ${LABS}`);

/**
 * True in every lab: NodePort requests from outside reach the server from a node's address (its truth.json says so). True
 * where a tunnel device has a smaller MTU than the pods: ICMP "fragmentation needed" tells the senders.
 */
const TRUE_THERE = new Set(["note snat-hides-client", "chat path-mtu"]);

interface Truth {
  readonly requests: readonly {
    readonly frm: string;
    readonly local: readonly [string, number];
    readonly server: { readonly peer: readonly [string, number] } | null;
  }[];
}

/** Requests from outside that the server saw from another address, by the truth of both sockets. */
function hiddenClients(lab: string): number {
  const { requests } = JSON.parse(readFileSync(join(LABS, lab, "truth.json"), "utf8")) as Truth;
  return requests.filter((r) => r.frm === "ext" && r.server && r.server.peer[0] !== r.local[0]).length;
}

describe.skipIf(labs.length === 0)("no false alarms", () => {
  for (const lab of labs) {
    const all = readdirSync(join(LABS, lab)).filter((f) => f.endsWith(".pcapng"));
    const cluster = readFileSync(join(LABS, lab, "cluster.json"), "utf8");
    const conntrack = readdirSync(join(LABS, lab))
      .filter((f) => f.startsWith("conntrack"))
      .map((f) => readFileSync(join(LABS, lab, f), "utf8"))
      .join("");
    for (const [what, files, options] of [
      ["all files", all, { cluster, conntrack }],
      ["all files, no cluster file", all, {}],
      ["the node files alone", ["n1.pcapng", "n2.pcapng"], { cluster, conntrack }],
      ["the node files alone, no cluster file", ["n1.pcapng", "n2.pcapng"], {}],
    ] as const) {
      test(`${lab}: ${what}`, async () => {
        const found = await searchFiles(
          files.map((f) => join(LABS, lab, f)),
          options,
        );
        const kinds = [...new Set(found.findings.map((f) => `${f.severity} ${f.kind}`))];
        expect(kinds.filter((k) => !TRUE_THERE.has(k))).toEqual([]);
        const hidden = found.of("snat-hides-client").reduce((sum, f) => sum + f.connectionCount, 0);
        expect(hidden).toBe(hiddenClients(lab));
        expect(found.rules.map((r) => r.verdict)).toEqual(["held", "held", "held"]);
        if (found.conntrack) expect(found.conntrack.agreed).toBeGreaterThan(20);
      });
    }
  }
});
