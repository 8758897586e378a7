/** Exports that are made of connections: a Service call before and after its translation, as other programs read it. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import type { ConnectionJson } from "../../../src-shared/contract/join";
import type { ExportOptions } from "../../../src-main/hosts/cli/export-command";
import { UsageError } from "../../../src-main/hosts/cli/usage";
import type { JoinedResult } from "../../../src-main/engine/join/join-result";
import { exportFile } from "../../builders/export-file";
import { connectionsOf, joinFiles, withFiles } from "../../builders/join-files";
import { hopscope } from "../../builders/shared-data";
import { fieldRows } from "../../builders/run-engine";
import { parseTraffic, trafficToPcapng } from "../../builders/traffic";

const fixture = fileURLToPath(new URL("../../../fixtures/service-dnat.pcapng", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "hopscope-export-"));
afterAll(() => rmSync(folder, { recursive: true }));

const exportTo = async (name: string, options: Partial<ExportOptions> = {}): Promise<string> => {
  const to = join(folder, name);
  await exportFile([fixture], to, options);
  return readFileSync(to, "utf8");
};

it("hubble.json has a line for every sighting, with the addresses it carried there", async () => {
  const lines = (await exportTo("hubble.json")).trim().split("\n");
  const flows = lines.map(
    (line) => (JSON.parse(line) as { flow: { IP: { destination: string }; is_reply: boolean } }).flow,
  );
  const asked = flows.filter((flow) => !flow.is_reply).map((flow) => flow.IP.destination);
  // The same packets before and after the Service's translation.
  expect(new Set(asked).size).toBe(2);
  expect(lines[0]).toMatch(/"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z"/);
});

it("hubble.json says where each sighting is: leaving its sender or coming to its receiver, and which way the connection goes there", async () => {
  const [source, to] = [join(folder, "two-nodes"), join(folder, "nodes.hubble.json")];
  mkdirSync(source);
  const traffic = (points: readonly string[]): string =>
    `${points.map((p) => `@${p} = ethernet resolution=ns`).join("\n")}
     a = 10.1.0.5:40000   b = 10.1.1.9:80`;
  writeFileSync(
    join(source, "n1.pcapng"),
    trafficToPcapng(
      parseTraffic(`${traffic(["vetha", "eth0"])}
        q: 0.000000 @vetha a > b tcp SYN,ECE,CWR seq=3000000000 id=77
           0.000010 @eth0  seen q hops=1
        r: 0.000500 @eth0  b > a tcp SYN,ACK,ECE seq=2000000000 ack=3000000001 id=78 ttl=62
           0.000510 @vetha seen r hops=1`),
    ),
  );
  writeFileSync(
    join(source, "n2.pcapng"),
    trafficToPcapng(
      parseTraffic(`${traffic(["vethb", "eth0"])}
           0.000020 @eth0  a > b tcp SYN,ECE,CWR seq=3000000000 id=77 ttl=63
           0.000030 @vethb a > b tcp SYN,ECE,CWR seq=3000000000 id=77 ttl=62
           0.000480 @vethb b > a tcp SYN,ACK,ECE seq=2000000000 ack=3000000001 id=78
           0.000490 @eth0  b > a tcp SYN,ACK,ECE seq=2000000000 ack=3000000001 id=78 ttl=63`),
    ),
  );
  const cluster = join(folder, "nodes.json");
  const pod = (name: string, node: string, ip: string): object => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default", uid: name, creationTimestamp: "2020-01-01T00:00:00Z" },
    spec: { nodeName: node },
    status: { podIP: ip, phase: "Running" },
  });
  writeFileSync(
    cluster,
    JSON.stringify({ kind: "List", items: [pod("a", "n1", "10.1.0.5"), pod("b", "n2", "10.1.1.9")] }),
  );
  interface Line {
    readonly flow: {
      readonly node_name: string;
      readonly interface: { readonly name: string };
      readonly traffic_direction: string;
      readonly trace_observation_point: string;
      readonly l4: { readonly TCP: { readonly flags: Record<string, boolean> } };
    };
  }
  const told = async (files: readonly string[]): Promise<string[]> => {
    await exportFile(files, to, { cluster: [cluster] });
    return readFileSync(to, "utf8")
      .trim()
      .split("\n")
      .map((text) => (JSON.parse(text) as Line).flow)
      .map(
        (f) =>
          `${f.node_name} ${f.interface.name} ${f.traffic_direction} ${f.trace_observation_point} ${Object.keys(f.l4.TCP.flags).join("+")}`,
      );
  };
  const [asked, answered] = ["SYN+ECE+CWR", "SYN+ACK+ECE"];
  const atServer = [
    `n2 eth0 INGRESS FROM_NETWORK ${asked}`,
    `n2 vethb INGRESS TO_ENDPOINT ${asked}`,
    `n2 vethb INGRESS FROM_ENDPOINT ${answered}`,
    `n2 eth0 INGRESS TO_NETWORK ${answered}`,
  ];
  expect(await told([join(source, "n1.pcapng"), join(source, "n2.pcapng")])).toEqual([
    `n1 vetha EGRESS FROM_ENDPOINT ${asked}`,
    `n1 eth0 EGRESS TO_NETWORK ${asked}`,
    ...atServer,
    `n1 eth0 EGRESS FROM_NETWORK ${answered}`,
    `n1 vetha EGRESS TO_ENDPOINT ${answered}`,
  ]);
  // The same where the other node's capture is missing.
  expect(await told([join(source, "n2.pcapng")])).toEqual(atServer);
});

describe("several files in one", () => {
  const points =
    "@vetha = ethernet resolution=ns\n@eth0 = ethernet resolution=ns\na = 10.1.0.5:40000   b = 10.1.1.9:80\n";
  const contents = {
    "n1.pcapng": `${points}
      q: 0.000000 @vetha a > b tcp SYN seq=3000000000 id=77
         0.000010 @eth0  seen q hops=1
      r: 0.000500 @eth0  b > a tcp SYN,ACK seq=2000000000 ack=3000000001 id=78 ttl=62
         0.000510 @vetha seen r hops=1`,
    "n2.pcapng": `${points}
         5.000020 @eth0  a > b tcp SYN seq=3000000000 id=77 ttl=63
         5.000030 @vetha a > b tcp SYN seq=3000000000 id=77 ttl=62
         5.000480 @vetha b > a tcp SYN,ACK seq=2000000000 ack=3000000001 id=78
         5.000490 @eth0  b > a tcp SYN,ACK seq=2000000000 ack=3000000001 id=78 ttl=63`,
  };
  const said = (result: JoinedResult): unknown => [
    result.points.map((p) => `${p.node ?? "?"} ${p.interface ?? ""} ${p.role}`),
    connectionsOf(result).map((c) => [c.kind, c.locality, c.client.node, c.server.node, c.path.length]),
  ];
  const sections = (file: string): number => readFileSync(file, "latin1").split("hopscope: recorded as").length - 1;

  it("say which file each section was: opened again they are the same machines, with a clock each", async () => {
    await withFiles(contents, async (files, at) => {
      const [all, again] = [join(at, "all.pcapng"), join(at, "again.pcapng")];
      await exportFile(files, all);
      const before = said(await joinFiles(files));
      expect(before).toEqual([
        ["n1 vetha host-veth", "n1 eth0 node-nic", "n2 vetha host-veth", "n2 eth0 node-nic"],
        [["pod-to-pod", "cross-node", "n1", "n2", 4]],
      ]);
      expect(said(await joinFiles([all]))).toEqual(before);
      // Written once more, with another: what is said stays, and is said once.
      writeFileSync(join(at, "other.pcapng"), trafficToPcapng(parseTraffic(`${points}1.0 @eth0 a > b udp "x"`)));
      await exportFile([all, join(at, "other.pcapng")], again);
      expect([sections(all), sections(again)]).toEqual([2, 3]);
    });
  });

  it("a file alone is told nothing of", async () => {
    await withFiles(contents, async ([file], at) => {
      await exportFile([file ?? ""], join(at, "one.pcapng"));
      expect(sections(join(at, "one.pcapng"))).toBe(0);
    });
  });
});

it("ipfix.csv has what was asked for beside what NAT made of it", async () => {
  const [head, ...rows] = (await exportTo("x.ipfix.csv")).trim().split("\r\n");
  const names = head?.split(",") ?? [];
  const calls = rows.map((row) => new Map(row.split(",").map((cell, i) => [names[i] ?? "", cell])));
  const translated = calls.find((c) => c.get("destinationIPv4Address") !== c.get("postNATDestinationIPv4Address"));
  expect(translated).toBeDefined();
  // Each way for itself, as RFC 5103 names them: packets, octets of IP packets, octets of payload.
  const numbers = (name: string): readonly number[] => [
    Number(translated?.get(name)),
    Number(translated?.get(`reverse${name[0]?.toUpperCase() ?? ""}${name.slice(1)}`)),
  ];
  const { connections } = JSON.parse(hopscope("connections", fixture, "--json").stdout) as {
    connections: ConnectionJson[];
  };
  const same = connections.find((c) => c.client.port === Number(translated?.get("sourceTransportPort")));
  const packets = numbers("packetDeltaCount");
  expect(Math.min(...packets)).toBeGreaterThan(0);
  expect(packets.reduce((a, b) => a + b)).toBe(same?.packets.distinct);
  const payload = numbers("transportOctetDeltaCount");
  expect(payload).toEqual([same?.bytes.fromClient, same?.bytes.fromServer]);
  // At least the smallest headers of IPv4 and TCP around it, at most the largest.
  for (const [way, octets] of numbers("octetDeltaCount").entries()) {
    const headers = (octets - (payload[way] ?? 0)) / (packets[way] ?? 1);
    expect(headers).toBeGreaterThanOrEqual(40);
    expect(headers).toBeLessThanOrEqual(120);
  }
});

it("a filter of packets chooses lines of hubble.json", async () => {
  const ports = async (filter?: string): Promise<number[]> => {
    const lines = (await exportTo("hubble.json", { filter })).split("\n").filter(Boolean);
    return lines.map(
      (line) =>
        (JSON.parse(line) as { flow: { l4: { TCP: { destination_port: number } } } }).flow.l4.TCP.destination_port,
    );
  };
  const all = await ports();
  const asked = all[0] as number;
  expect(new Set(all).size).toBeGreaterThan(1);
  expect(await ports(`tcp.dstport == ${asked}`)).toEqual(all.filter((port) => port === asked));
});

it("a report has the packets of a filter that asks what joining says", async () => {
  const filter = "journey.hop == 1";
  const [, ...rows] = (await exportTo("hops.csv", { filter })).trimEnd().split("\r\n");
  const report = (await exportTo("hops.html", { filter })).split("Packets that match").at(-1) ?? "";
  expect(rows.length).toBeGreaterThan(0);
  // One more: the names of the columns.
  expect(report.split("</table>")[0]?.match(/<tr/g)).toHaveLength(rows.length + 1);
});

it("a filter of packets cannot choose connections, and the message says what can", async () => {
  await expect(exportTo("x.ipfix.csv", { filter: "tcp" })).rejects.toThrow(UsageError);
  await expect(exportTo("x.ipfix.csv", { filter: "tcp" })).rejects.toThrow("--connection");
});

describe("--connection", () => {
  const rows = async (options: Partial<ExportOptions>): Promise<string[]> =>
    (await exportTo("some.csv", { fields: ["frame.number", "connection.id"], ...options })).split("\r\n").slice(1, -1);

  it("chooses rows of any target, those that a filter leaves of it", async () => {
    const all = await rows({});
    const id = all.map((row) => row.split(",")[1]).find(Boolean);
    const own = all.filter((row) => row.endsWith(`,${id}`));
    expect(await rows({ connection: id })).toEqual(own);
    const first = own[0]?.split(",")[0];
    expect(await rows({ connection: id, filter: `frame.number == ${first} || frame.number == 0` })).toEqual([own[0]]);
    const flows = (await exportTo("conn.log", { connection: id })).split("\n").filter((line) => /^\d/.test(line));
    expect(flows.length).toBeGreaterThan(0);
  });

  it("that nobody has is refused, by every target", async () => {
    for (const name of ["a.csv", "conn.log", "a.parquet", "a.pcapng", "hubble.json", "a.html"])
      await expect(exportTo(name, { connection: "nobody" })).rejects.toThrow("no connection has the id nobody");
  });
});

it("a marked pcapng gives both sightings of a packet the same number, and keeps the packets as they were", async () => {
  await exportTo("marked.pcapng", { journeys: true });
  const rows = await fieldRows(readFileSync(join(folder, "marked.pcapng")), [
    "frame.packet_id",
    "tcp.seq_raw",
    "frame.comment",
  ]);
  const before = await fieldRows(readFileSync(fixture), ["tcp.seq_raw"]);
  expect(rows.map((row) => row[1])).toEqual(before.map((row) => row[0]));
  const syns = rows.filter((row) => row[1] === rows.find((r) => r[1] !== "")?.[1]);
  expect(syns.length).toBeGreaterThan(1);
  expect(new Set(syns.map((row) => row[0])).size).toBe(1);
  expect(syns[1]?.[2]).toMatch(/hop 2 of \d+$/);
});

it("an unmarked pcapng has the numbers all the same, and no comments; a plain one has neither", async () => {
  const asked = ["frame.packet_id", "frame.comment"];
  const rows = async (name: string, options: Partial<ExportOptions>): Promise<readonly (readonly string[])[]> => {
    await exportTo(name, options);
    return fieldRows(readFileSync(join(folder, name)), asked);
  };
  const numbered = await rows("numbered.pcapng", {});
  const marked = await rows("marked.pcapng", { journeys: true });
  expect(numbered.map(([id]) => id)).toEqual(marked.map(([id]) => id));
  expect(numbered.some(([id]) => id !== "")).toBe(true);
  expect(numbered.every(([, comment]) => comment === "")).toBe(true);
  for (const row of await rows("plain.pcapng", { plain: true })) expect(row).toEqual(["", ""]);
  await expect(exportTo("both.pcapng", { plain: true, journeys: true })).rejects.toThrow(UsageError);
});

it("marks take the place of those of an export before, and leave a person's comments", async () => {
  const asked = ["frame.packet_id", "frame.comment"];
  const noted = join(folder, "noted.pcapng");
  const again = join(folder, "again.pcapng");
  await exportTo("marked.pcapng", { journeys: true });
  const once = await fieldRows(readFileSync(join(folder, "marked.pcapng")), asked);
  await exportFile([join(folder, "marked.pcapng")], noted, { journeys: true });
  expect(await fieldRows(readFileSync(noted), asked)).toEqual(once);
  // Numbers alone: what was said of hops stays as it is.
  await exportFile([noted], again);
  expect(await fieldRows(readFileSync(again), asked)).toEqual(once);
});

it("a comment of a person is kept beside the marks, however often they are written", async () => {
  const source = join(folder, "person.pcapng");
  const marked = join(folder, "person-marked.pcapng");
  const twice = join(folder, "person-twice.pcapng");
  const line = `udp "x" comment="hopscope: connection? packet 4 looks odd"`;
  writeFileSync(
    source,
    trafficToPcapng(
      parseTraffic(
        `@a = ethernet\n@b = ethernet\n0 @a 10.1.0.5:1 > 10.1.1.9:2 ${line}\n0.001 @b 10.1.0.5:1 > 10.1.1.9:2 ${line} ttl=63`,
      ),
    ),
  );
  await exportFile([source], marked, { journeys: true });
  await exportFile([marked], twice, { journeys: true });
  const comments = await fieldRows(readFileSync(twice), ["frame.comment"]);
  expect(comments.map(([c]) => c?.split(",")[0])).toEqual(Array(2).fill("hopscope: connection? packet 4 looks odd"));
  expect(comments.map(([c]) => c?.match(/hop \d+ of/g)?.length)).toEqual([1, 1]);
});
