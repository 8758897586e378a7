/**
 * Simulator against kernel: the labs that Linux ran and dumpcap recorded, and the same labs simulated, both joined. Kind of traffic by
 * kind of traffic they must show the same hops, the same translations, and the same sequence of changes on the way.
 *
 * ```
 * hops      set of machine/device on the path, each way (a kernel stamps a bridge's copy like its port's frame: their order is open)
 * changes   what a packet looks like from its first point to its last, each state once: client > service ttl 64 | client > web-b ttl 64 | …
 * ```
 * Writes docs/SIMULATOR-VS-KERNEL.md anew with UPDATE_DOCS=1; else that file must say what was found.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JoinedResult } from "../../src-main/engine/join/join-result";
import type { Connection } from "../../src-shared/reconstruct/result";
import { connectionsOf, joinFiles } from "../builders/join-files";
import { LAB_MODES, labScenario, type LabMode } from "../builders/lab-scenarios";
import { recordScenario } from "../builders/recorded-scenario";
import { LABS } from "../builders/shared-data";

const DOCUMENT = resolve("docs/SIMULATOR-VS-KERNEL.md");
const here = LAB_MODES.filter((mode) => existsSync(join(LABS, mode, "cluster.json")));
if (here.length === 0) console.warn(`simulate-kernel.test.ts: skipped, no recordings under ${LABS}`);

/** What one kind of traffic came to; several of each where endpoints were chosen at random. */
interface Observed {
  connections: number;
  readonly hops: Set<string>;
  readonly translations: Set<string>;
  readonly changes: Set<string>;
}

/** Addresses by the part they play, so that two labs with other addresses compare. */
function roles(clusterFile: string): (address: string) => string {
  const names = new Map<string, string>();
  const { items } = JSON.parse(readFileSync(clusterFile, "utf8")) as { items: Readonly<Record<string, never>>[] };
  const at = (object: unknown, ...path: readonly string[]): unknown =>
    path.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], object);
  for (const item of items) {
    const kind = at(item, "kind");
    const name = String(at(item, "metadata", "name"));
    if (kind === "Pod") names.set(String(at(item, "status", "podIP")), name);
    if (kind === "Service") names.set(String(at(item, "spec", "clusterIP")), "service");
    if (kind !== "Node") continue;
    for (const { type, address } of at(item, "status", "addresses") as { type: string; address: string }[])
      if (type === "InternalIP") names.set(address, name);
    const base = String(at(item, "spec", "podCIDR")).replace(/\d+\/\d+$/, "");
    names.set(`${base}1`, `bridge of ${name}`);
    names.set(`${base}0`, `tunnel of ${name}`);
  }
  return (address) => {
    const known = names.get(address);
    if (known !== undefined) return known;
    // A TUN device's own address, the outside host, the gateway's outside.
    if (/^172\.16\.1\./.test(address)) return "tunnel of n1";
    if (/^172\.16\.2\./.test(address)) return "tunnel of n2";
    if (/^(198\.51\.100\.50|192\.0\.2\.99)$/.test(address)) return "ext";
    if (/^(198\.51\.100|192\.0\.2)\.1$/.test(address)) return "r outside";
    return address;
  };
}

function observe(result: JoinedResult, role: (address: string) => string): Map<string, Observed> {
  const veths = new Map<number, string>();
  const point = (p: number): string => {
    let name = veths.get(p);
    if (name === undefined) {
      const { file, interface: device, role: kind, pod } = result.points[p] ?? {};
      const machine = file?.replace(/\.pcapng$/, "") ?? "?";
      name = `${machine}/${kind === "host-veth" ? `veth of ${pod?.replace(/^.*\//, "") ?? "?"}` : (device ?? "?")}`;
      veths.set(p, name);
    }
    return name;
  };
  const found = new Map<string, Observed>();
  for (const connection of connectionsOf(result)) {
    if (connection.protocol !== "tcp" && !isEcho(result, connection)) continue;
    const key = [
      connection.protocol === "icmp" ? "ping" : "http",
      connection.kind,
      ...(connection.hairpin ? ["(hairpin)"] : []),
      `${role(connection.client.ip)} to ${role(connection.server.ip)}`,
      ...(connection.kind === "external-to-service" ? [`by ${role(connection.requested?.ip ?? "?")}`] : []),
    ].join(" ");
    let one = found.get(key);
    if (!one) found.set(key, (one = { connections: 0, hops: new Set(), translations: new Set(), changes: new Set() }));
    one.connections++;
    const ways = [connection.path, connection.returnPath].map((path) =>
      [...new Set(path.map(point))].sort().join(", "),
    );
    one.hops.add(ways.join(" / "));
    one.translations.add(
      connection.translations
        .map((t) => `${t.kind} ${role(t.from.ip)} to ${role(t.to.ip)}`)
        .sort()
        .join(", "),
    );
    one.changes.add(changes(result, connection, role));
  }
  return found;
}

function isEcho(result: JoinedResult, connection: Connection): boolean {
  return connection.protocol === "icmp" && [0x800, 0].includes(result.sightings.icmpTypeCode(connection.firstSighting));
}

/** The first packet each way that was seen all the way: each state of it once, in order. */
function changes(result: JoinedResult, connection: Connection, role: (address: string) => string): string {
  const { sightings } = result;
  const journeys = result.journeys(connection.index);
  return (["to-server", "to-client"] as const)
    .map((direction) => {
      const journey = journeys.find((j) => j.direction === direction && j.missingAt < 0);
      const states: string[] = [];
      for (const row of journey?.sightings ?? []) {
        const tunnel = sightings.tunnel(row);
        const state = `${role(sightings.source(row))} > ${role(sightings.destination(row))} ttl ${sightings.ttl(row)}${tunnel ? ` in ${tunnel.kind}` : ""}`;
        // A bridge's late copy of a frame that was translated meanwhile is no way back.
        if (!states.includes(state)) states.push(state);
      }
      return states.join(" | ");
    })
    .join(" <<< ");
}

const KINDS = new Map<LabMode, { readonly kernel: Map<string, Observed>; readonly simulated: Map<string, Observed> }>();

describe.skipIf(here.length === 0)("simulated and recorded labs are the same", () => {
  beforeAll(async () => {
    for (const mode of here) {
      const folder = join(LABS, mode);
      const files = readdirSync(folder)
        .filter((f) => f.endsWith(".pcapng"))
        .map((f) => join(folder, f));
      const cluster = join(folder, "cluster.json");
      const kernel = observe(await joinFiles(files, { cluster: [cluster] }), roles(cluster));
      const recorded = recordScenario(labScenario(mode), { split: true, seed: 3 });
      try {
        const [own = ""] = recorded.clusters;
        const simulated = observe(await joinFiles(recorded.files, { cluster: recorded.clusters }), roles(own));
        KINDS.set(mode, { kernel, simulated });
      } finally {
        recorded.remove();
      }
    }
  }, 60_000);

  test.each(here)("%s: every kind of traffic of the recording is there", (mode) => {
    const { kernel, simulated } = KINDS.get(mode) ?? { kernel: new Map(), simulated: new Map() };
    const missing = [...kernel.keys()].filter((kind) => !simulated.has(kind as string));
    expect(missing).toEqual([]);
  });

  for (const what of ["hops", "translations", "changes"] as const)
    test.each(here)(`%s: the same ${what}, kind by kind`, (mode) => {
      const { kernel, simulated } = KINDS.get(mode) ?? {
        kernel: new Map<string, Observed>(),
        simulated: new Map<string, Observed>(),
      };
      const of = (all: ReadonlyMap<string, Observed>): Record<string, string[]> =>
        Object.fromEntries([...kernel.keys()].sort().map((kind) => [kind, [...(all.get(kind)?.[what] ?? [])].sort()]));
      expect(of(simulated)).toEqual(of(kernel));
    });

  afterAll(() => {
    if (process.env["UPDATE_DOCS"] === "1" && here.length === LAB_MODES.length) writeFileSync(DOCUMENT, document());
  });

  test.skipIf(here.length < LAB_MODES.length || process.env["UPDATE_DOCS"] === "1")(
    "the table in docs/ says so",
    () => {
      expect(readFileSync(DOCUMENT, "utf8")).toBe(document());
    },
  );
});

function document(): string {
  const rows: string[][] = [];
  for (const mode of here) {
    const { kernel, simulated } = KINDS.get(mode) ?? {
      kernel: new Map<string, Observed>(),
      simulated: new Map<string, Observed>(),
    };
    for (const [kind, a] of [...kernel].sort(([x], [y]) => (x < y ? -1 : 1))) {
      const b = simulated.get(kind);
      const verdict = (what: "hops" | "translations" | "changes"): string => {
        const [x, y] = [[...a[what]].sort(), [...(b?.[what] ?? [])].sort()];
        return x.join("\n") === y.join("\n") ? "same" : "differ";
      };
      const states = [...a.changes].map((c) =>
        c
          .split(" <<< ")
          .map((way) => way.split(" | ").length)
          .join("+"),
      );
      rows.push([
        mode,
        kind,
        `${verdict("hops")} (${[...a.hops]
          .map((h) =>
            h
              .split(" / ")
              .map((way) => way.split(", ").filter((x) => x !== "").length)
              .join("+"),
          )
          .join(", ")})`,
        `${verdict("translations")} (${[...a.translations].map((t) => (t === "" ? "none" : t)).join("; ")})`,
        `${verdict("changes")} (${states.join(", ")})`,
      ]);
    }
  }
  const head = ["lab", "traffic", "hops", "translations", "changes"];
  const widths = head.map((h, i) => Math.max(h.length, ...rows.map((r) => r[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string => `| ${cells.map((c, i) => c.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  return `# Simulator against kernel

Made by \`test/differential/simulate-kernel.test.ts\` (\`UPDATE_DOCS=1 npx vitest run --project differential simulate-kernel\`): the four labs that
Linux ran and dumpcap recorded in every network namespace, and the same labs simulated with other addresses, ports and VNIs. Both
are joined; each kind of traffic is compared: the set of capture points crossed each way (their numbers are in parentheses, there +
back), the translations, and the sequence of states of a packet from its first point to its last (addresses, TTL, tunnel; numbers of
states, there + back). Left out: IPv6 neighbour discovery, which the simulator does not do, and the kernel's ICMP redirects.

${[line(head), `| ${widths.map((w) => "-".repeat(w)).join(" | ")} |`, ...rows.map(line)].join("\n")}
`;
}
