/**
 * Conversations, endpoints and the protocol hierarchy against `tshark -z conv,…`, `-z endpoints,…` and `-z io,phs`: who talks to
 * whom, packets and bytes each way. A sample by default; HOPSCOPE_FULL=1 compares all captures.
 *
 * tshark counts a packet once for every header of a layer, and leaves out what an ICMP error quotes; so do the tables, whose rows
 * are added up here over depths and tunnels, which tshark does not tell apart.
 */
import { spawnSync } from "node:child_process";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import type { LoadedCaptures } from "../../src-main/engine/service/loaded-captures";
import { withLoaded } from "../builders/open-captures";
import { CORPUS, LABS, captureFiles, hasTool, isHere } from "../builders/shared-data";
import { readTable } from "../builders/table-lines";

const ready = isHere(CORPUS) && isHere(LABS) && hasTool("tshark");
if (!ready) console.log("skipped: tables against tshark (needs tshark, the corpus and the labs)");
const FULL = process.env["HOPSCOPE_FULL"] === "1";

const LAYERS = { ethernet: "eth", ipv4: "ip", ipv6: "ipv6", tcp: "tcp", udp: "udp", sctp: "sctp" } as const;
type Layer = keyof typeof LAYERS;
const LAYER_NAMES = Object.keys(LAYERS) as Layer[];

/** Packets and bytes of a row, each way. */
type Sums = [packetsOut: number, bytesOut: number, packetsIn: number, bytesIn: number];
type Rows = Map<string, Sums>;

function add(rows: Rows, key: string, sums: Sums): void {
  const s = rows.get(key) ?? [0, 0, 0, 0];
  rows.set(key, s.map((n, i) => n + (sums[i] as number)) as Sums);
}

/** The same key for both directions. */
function addPair(rows: Rows, a: string, b: string, [po, bo, pi, bi]: Sums): void {
  if (a === b) add(rows, `${a} ${b}`, [po + pi, bo + bi, 0, 0]);
  else if (a < b) add(rows, `${a} ${b}`, [po, bo, pi, bi]);
  else add(rows, `${b} ${a}`, [pi, bi, po, bo]);
}

interface Tables {
  readonly conversations: Map<Layer, Rows>;
  readonly endpoints: Map<Layer, Rows>;
  /** By "eth:ip:tcp": packets, bytes. */
  readonly hierarchy: Map<string, [packets: number, bytes: number]>;
}

const emptyTables = (): Tables => ({
  conversations: new Map(LAYER_NAMES.map((l): [Layer, Rows] => [l, new Map<string, Sums>()])),
  endpoints: new Map(LAYER_NAMES.map((l): [Layer, Rows] => [l, new Map<string, Sums>()])),
  hierarchy: new Map(),
});

const TITLES: ReadonlyMap<string, Layer> = new Map([
  ["Ethernet", "ethernet"],
  ["IPv4", "ipv4"],
  ["IPv6", "ipv6"],
  ["TCP", "tcp"],
  ["UDP", "udp"],
  ["SCTP", "sctp"],
]);

/** tshark's statistics of one file. It rounds the bytes of long conversations ("41 kB"): those are 0 here, and not compared. */
function tsharkTables(file: string): Tables {
  const { stdout } = spawnSync(
    "tshark",
    [
      ...["-n", "-q", "-r", file, "-o", "ip.defragment:FALSE", "-o", "tcp.desegment_tcp_streams:FALSE"],
      ...["-d", "udp.port==8472,vxlan", "-z", "io,phs"],
      ...Object.values(LAYERS).flatMap((l) => ["-z", `conv,${l}`, "-z", `endpoints,${l}`]),
    ],
    { encoding: "utf8", maxBuffer: 1 << 28 },
  );
  const tables = emptyTables();
  let layer: Layer | undefined;
  const stack: string[] = [];
  for (const line of stdout.split("\n")) {
    const title = /^(\w+) (Conversations|Endpoints)$/.exec(line);
    if (title) layer = TITLES.get(title[1] as string);
    const conversation = new RegExp(
      String.raw`^(\S+) +<-> (\S+) +(\d+) ([\d,]+) (\w+) +(\d+) ([\d,]+) (\w+) +(\d+) ([\d,]+) (\w+) `,
    ).exec(line);
    if (conversation && layer) {
      const [, a = "", b = "", packetsIn, bytesIn = "", unitIn, packetsOut, bytesOut = "", unitOut] = conversation;
      const exact = (text: string, unit: string | undefined): number => (unit === "bytes" ? Number(text) : NaN);
      addPair(tables.conversations.get(layer) as Rows, a, b, [
        Number(packetsOut),
        exact(bytesOut, unitOut),
        Number(packetsIn),
        exact(bytesIn, unitIn),
      ]);
      continue;
    }
    const n = line.trim().split(/ +/);
    const ports = layer === "tcp" || layer === "udp" || layer === "sctp" ? 1 : 0;
    if (layer && n.length === 7 + ports && n.slice(1).every((x) => /^\d+$/.test(x))) {
      const name = ports ? `${n[0]}:${n[1]}` : (n[0] as string);
      const [packetsOut, bytesOut, packetsIn, bytesIn] = n.slice(3 + ports).map(Number) as Sums;
      add(tables.endpoints.get(layer) as Rows, name, [packetsOut, bytesOut, packetsIn, bytesIn]);
    }
    const protocol = /^( *)(\S+) +frames:(\d+) bytes:(\d+)$/.exec(line);
    if (protocol) {
      stack.length = (protocol[1] as string).length / 2;
      stack.push(protocol[2] as string);
      // A comment, and a link layer without a header, are rows of tshark's.
      const key = stack.filter((name) => name !== "pkt_comment" && name !== "raw").join(":");
      const [packets, bytes] = tables.hierarchy.get(key) ?? [0, 0];
      tables.hierarchy.set(key, [packets + Number(protocol[3]), bytes + Number(protocol[4])]);
    }
  }
  return tables;
}

async function ourTables(captures: LoadedCaptures): Promise<Tables> {
  const tables = emptyTables();
  for (const layer of LAYER_NAMES) {
    const ports = layer === "tcp" || layer === "udp" || layer === "sctp";
    const conversations = await readTable(captures, { name: "conversations", options: { layer, depth: "all" } });
    for (const r of conversations.rows) {
      const cell = (id: string): string => String(conversations.cell(r, id));
      const end = (side: "a" | "b"): string => (ports ? `${cell(side)}:${cell(`port-${side}`)}` : cell(side));
      addPair(tables.conversations.get(layer) as Rows, end("a"), end("b"), [
        Number(cell("packets-ab")),
        Number(cell("bytes-ab")),
        Number(cell("packets-ba")),
        Number(cell("bytes-ba")),
      ]);
    }
    const endpoints = await readTable(captures, { name: "endpoints", options: { layer, depth: "all" } });
    for (const r of endpoints.rows) {
      const cell = (id: string): string => String(endpoints.cell(r, id));
      add(tables.endpoints.get(layer) as Rows, ports ? `${cell("address")}:${cell("port")}` : cell("address"), [
        Number(cell("packets-out")),
        Number(cell("bytes-out")),
        Number(cell("packets-in")),
        Number(cell("bytes-in")),
      ]);
    }
  }
  const hierarchy = await readTable(captures, { name: "hierarchy" });
  for (const r of hierarchy.rows)
    tables.hierarchy.set(r.key, [Number(hierarchy.cell(r, "packets")), Number(hierarchy.cell(r, "bytes"))]);
  return tables;
}

interface Count {
  rows: number;
  readonly different: string[];
}

function compareRows(file: string, what: string, ours: Rows, theirs: Rows, count: Count): void {
  for (const key of new Set([...ours.keys(), ...theirs.keys()])) {
    const [a, b] = [ours.get(key), theirs.get(key)];
    count.rows++;
    const same = a && b && a.every((n, i) => n === b[i] || Number.isNaN(b[i]));
    if (!same) count.different.push(`${basename(file)} ${what} ${key}: ours ${String(a)}, tshark ${String(b)}`);
  }
}

/** Rows whose protocols all have a row of their own in both programs. */
function compareHierarchy(file: string, ours: Tables["hierarchy"], theirs: Tables["hierarchy"], count: Count): void {
  for (const key of new Set([...ours.keys(), ...theirs.keys()])) {
    const names = key.split(":");
    if (!names.every((n) => COMPARED_PROTOCOLS.has(n))) continue;
    const [a, b] = [ours.get(key), theirs.get(key)];
    count.rows++;
    if (String(a) !== String(b))
      count.different.push(`${basename(file)} hierarchy ${key}: ours ${String(a)}, tshark ${String(b)}`);
  }
}

/** What HTTP and TLS continue in later segments is theirs in tshark and TCP here; mDNS is DNS here. */
const COMPARED_PROTOCOLS = new Set(
  "eth sll vlan mpls pppoes ppp arp ip ipv6 icmp icmpv6 tcp udp sctp vxlan geneve gre dhcp".split(" "),
);

async function compare(file: string, count: Count): Promise<void> {
  const theirs = tsharkTables(file);
  await withLoaded(
    [file],
    async (captures) => {
      const ours = await ourTables(captures);
      for (const layer of LAYER_NAMES) {
        const conversations = `conversations ${layer}`;
        compareRows(
          file,
          conversations,
          ours.conversations.get(layer) as Rows,
          theirs.conversations.get(layer) as Rows,
          count,
        );
        const endpoints = `endpoints ${layer}`;
        compareRows(file, endpoints, ours.endpoints.get(layer) as Rows, theirs.endpoints.get(layer) as Rows, count);
      }
      compareHierarchy(file, ours.hierarchy, theirs.hierarchy, count);
    },
    { byBytes: false, udpPorts: [[8472, "vxlan"]], reassemble: "ipv6" },
  );
}

describe.skipIf(!ready)("tables as tshark counts", () => {
  it("lab recordings: every row", { timeout: 300_000 }, async () => {
    const count: Count = { rows: 0, different: [] };
    const files = captureFiles(LABS).filter((f) => (FULL ? /\.pcapng$/ : /(n1|ext)\.pcapng$/).test(f));
    for (const file of files) await compare(file, count);
    console.log(`labs: ${files.length} files, ${count.rows} rows`);
    expect(count.different).toEqual([]);
    expect(count.rows).toBeGreaterThan(1000);
  });

  it("other projects' captures, malformed ones included", { timeout: 3_600_000 }, async () => {
    const count: Count = { rows: 0, different: [] };
    const files = captureFiles(CORPUS)
      .filter((f) => !f.startsWith(join(CORPUS, "expected")))
      .filter((_, i) => FULL || i % 64 === 3);
    for (const file of files) await compare(file, count);
    const share = 1 - count.different.length / count.rows;
    console.log(`corpus: ${files.length} files, ${count.rows} rows, ${(share * 100).toFixed(2)} % the same`);
    // Pseudowires, offloaded sizes, fragments and cut headers are counted differently: see docs/DIFFERENCES.md.
    expect(share, count.different.join("\n")).toBeGreaterThanOrEqual(0.9);
  });
});
