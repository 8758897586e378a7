/**
 * Every scenario: tshark finds nothing wrong with its bytes, and joining finds out what the simulator knows. Truth is made from
 * numbers that travel with the packets inside the simulator, joining from the packets alone.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ConnectionJson } from "../../src-shared/contract/join";
import type { TruthConnection } from "../../src-main/engine/simulate/record/true-connection";
import { SCENARIOS } from "../../src-main/engine/simulate/scenarios/catalogue";
import { connectionsJson, joinFiles } from "../builders/join-files";
import { recordScenario, type RecordedScenario } from "../builders/recorded-scenario";
import { hasTool } from "../builders/shared-data";

const withTshark = hasTool("tshark");
if (!withTshark) console.warn("simulate-truth.test.ts: tshark is not here, bytes are not judged by it");

/** Scenarios that are also written as one file a namespace, and run again with the same and another seed. */
const SPLIT = new Set([
  "home-network",
  "udp-tunnel",
  "ipip",
  "hairpin",
  "node-port-cluster",
  "ingress",
  "pod-replaced",
  "dual-stack",
]);

/** What both tell, in one order. */
interface Comparable extends Omit<TruthConnection, "packets" | "translations" | "encapsulations"> {
  readonly distinct: number;
  readonly sightings: number;
  readonly translations: readonly string[];
  readonly encapsulations: readonly string[];
}

function comparable(c: TruthConnection | ConnectionJson): Comparable {
  return {
    protocol: c.protocol as Comparable["protocol"],
    kind: c.kind,
    locality: c.locality,
    hairpin: c.hairpin,
    client: c.client,
    requested: c.requested as Comparable["requested"],
    server: c.server,
    seenByServerAs: c.seenByServerAs,
    service: c.service,
    translations: c.translations
      .map(
        (t) =>
          `${t.kind} ${t.from.ip}:${t.from.port} to ${t.to.ip}:${t.to.port} ${t.between.join(" > ")} on ${t.node ?? "?"}`,
      )
      .sort(),
    encapsulations: c.encapsulations
      .map((e) => `${e.kind} ${e.vni ?? ""} ${e.port ?? ""} ${e.outer.src} > ${e.outer.dst}`)
      .sort(),
    path: c.path,
    returnPath: c.returnPath,
    firstTime: c.firstTime,
    lastTime: c.lastTime,
    distinct: c.packets.distinct,
    sightings: c.packets.sightings,
    bytes: c.bytes,
    state: c.state,
  };
}

/** What packets cannot tell without a cluster file, by scenario; everything else but names they do. */
const NOT_SHOWN: Readonly<Record<string, readonly ("kind" | "locality")[]>> = {
  // No pod and no node: which of the machines are "inside" is not shown.
  "home-network": ["kind", "locality"],
  // Nobody ever answered for the Service: it is an address like any other.
  "fault-no-endpoint": ["kind", "locality"],
};

/** What no cluster file is needed for. */
function withoutNames(scenario: string, c: Comparable): unknown {
  const { service: _service, client, server, ...rest } = c;
  for (const what of NOT_SHOWN[scenario] ?? []) delete (rest as Partial<Comparable>)[what];
  return { ...rest, client: `${client.ip}:${client.port}`, server: `${server.ip}:${server.port}` };
}

function sorted(list: readonly (TruthConnection | ConnectionJson)[]): Comparable[] {
  return list.map(comparable).sort((a, b) => (a.firstTime < b.firstTime ? -1 : 1));
}

/** One program run for all: sections of a pcapng file may follow each other. */
describe.skipIf(!withTshark)("tshark finds", () => {
  const wrongFrames = (names: readonly string[], wrong: string): string => {
    const recordings = SCENARIOS.filter((s) => names.includes(s.name)).map((s) => recordScenario(s));
    const [first] = recordings;
    if (!first) throw new Error("no scenario has such a name");
    try {
      const file = join(first.folder, "together.pcapng");
      writeFileSync(file, Buffer.concat(recordings.map((r) => readFileSync(r.files[0] ?? ""))));
      const found = spawnSync(
        "tshark",
        [
          ...["-r", file, "-Y", wrong],
          ...["ip", "tcp", "udp"].flatMap((p) => ["-o", `${p}.check_checksum:TRUE`]),
          // One packet is there once for each capture point: nothing for tshark to put together.
          ...["-o", "tcp.desegment_tcp_streams:FALSE", "-o", "ip.defragment:FALSE"],
        ],
        { encoding: "utf8" },
      );
      expect(found.status, found.stderr).toBe(0);
      return found.stdout;
    } finally {
      for (const recorded of recordings) recorded.remove();
    }
  };
  const BROKEN = "fault-broken-outer-checksum";
  // ICMP errors quote the beginning of a packet: a checksum over what is quoted cannot be right.
  const malformed =
    "_ws.malformed || ip.checksum.status == 0 || icmp.checksum.status == 0 || icmpv6.checksum.status == 0 || " +
    "(!icmp && !icmpv6 && tcp.checksum.status == 0)";
  const badUdp = "!icmp && !icmpv6 && udp.checksum.status == 0";

  test("nothing malformed and no bad checksum in any scenario", () => {
    const names = SCENARIOS.map((s) => s.name).filter((name) => name !== BROKEN);
    expect(wrongFrames(names, `${malformed} || (${badUdp})`)).toBe("");
  });

  test("the wrong outer checksum where it is the fault, and nothing else", () => {
    expect(wrongFrames([BROKEN], malformed)).toBe("");
    expect(wrongFrames([BROKEN], badUdp)).not.toBe("");
  });
});

describe.each(SCENARIOS.map((s) => [s.name, s] as const))("%s", (name, scenario) => {
  let recorded: RecordedScenario;
  beforeAll(() => {
    recorded = recordScenario(scenario);
  });
  afterAll(() => {
    recorded.remove();
  });

  test("has traffic in every line of it", () => {
    expect(recorded.packets).toBeGreaterThan(20);
    expect(recorded.truth.connections.length).toBeGreaterThan(0);
  });

  test("joining with the cluster's objects tells the truth", async () => {
    const result = await joinFiles(recorded.files, { cluster: recorded.clusters });
    expect(sorted(connectionsJson(result))).toEqual(sorted(recorded.truth.connections));
  });

  test("without them all that is no name is told all the same", async () => {
    const result = await joinFiles(recorded.files);
    const shown = (list: Parameters<typeof sorted>[0]): unknown[] => sorted(list).map((c) => withoutNames(name, c));
    expect(shown(connectionsJson(result))).toEqual(shown(recorded.truth.connections));
  });

  if (!SPLIT.has(name)) return;
  test("so do files of each namespace", async () => {
    const split = recordScenario(scenario, { split: true });
    try {
      const result = await joinFiles(split.files, { cluster: split.clusters });
      expect(sorted(connectionsJson(result))).toEqual(sorted(split.truth.connections));
    } finally {
      split.remove();
    }
  });

  test("the same seed gives the same bytes, another one others", () => {
    const hash = (r: RecordedScenario): string =>
      createHash("sha256")
        .update(readFileSync(r.files[0] ?? ""))
        .digest("hex");
    const again = recordScenario(scenario);
    const other = recordScenario(scenario, { seed: 2 });
    try {
      expect(hash(again)).toBe(hash(recorded));
      expect(hash(other)).not.toBe(hash(recorded));
    } finally {
      again.remove();
      other.remove();
    }
  });
});

test("where nothing arrives, what got furthest tells whom it was meant for", async () => {
  const scenario = SCENARIOS.find((s) => s.name === "fault-dead-endpoint");
  if (!scenario) throw new Error("there is no such scenario any more");
  // Seed 5: two of three SYNs end before they are seen translated, the third one on the other node.
  const recorded = recordScenario(scenario, { seed: 5 });
  try {
    const result = await joinFiles(recorded.files, { cluster: recorded.clusters });
    expect(sorted(connectionsJson(result))).toEqual(sorted(recorded.truth.connections));
    expect(recorded.truth.connections.some((c) => c.state === "S0" && c.server.ip !== c.requested.ip)).toBe(true);
  } finally {
    recorded.remove();
  }
});
