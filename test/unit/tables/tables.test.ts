/** Tables made from the packet index: flows, conversations, endpoints, hierarchy, expert notes, names. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { LoadedCaptures } from "../../../src-main/engine/service/loaded-captures";
import { filterMatches } from "../../builders/filter-matches";
import { UNHURRIED, withCaptures, withLoaded } from "../../builders/open-captures";
import { LABS, isHere } from "../../builders/shared-data";
import { type TableRequest, readTable, tableLines } from "../../builders/table-lines";
import { type Traffic, traffic, trafficToPcapng } from "../../builders/traffic";

const opened = <T>(recorded: Traffic, use: (captures: LoadedCaptures) => Promise<T>): Promise<T> =>
  withCaptures([trafficToPcapng(recorded)], use);

/** A handshake, a request and its answer, both sides close. */
const CONNECTION = traffic`
  client = 10.0.0.1:40000   server = 10.0.0.2:80
  0.0 client > server tcp SYN
  0.1 server > client tcp SYN,ACK
  0.2 client > server tcp ACK
  0.3 client > server tcp PSH,ACK "question"
  0.4 server > client tcp PSH,ACK "answer"
  0.5 client > server tcp FIN,ACK
  0.6 server > client tcp FIN,ACK
  0.7 client > server tcp ACK
`;

/** One TCP packet inside VXLAN, seen outside of and inside the tunnel. */
const TUNNEL = traffic`
  pod1 = 10.244.1.5:40000   pod2 = 10.244.2.6:80   node1 = 192.168.1.1   node2 = 192.168.1.2
  @veth = ethernet
  @eth0 = ethernet
  one: 0.0 @veth pod1 > pod2 tcp SYN
       0.1 @eth0 seen one hops=1 vxlan(vni=7, node1 > node2)
  two: 0.2 @eth0 pod2 > pod1 vxlan(vni=7, node2 > node1) tcp SYN,ACK
       0.3 @veth seen two hops=1
`;

describe("flows", () => {
  const FLOW = ["protocol", "source", "sport", "destination", "dport", "packets-out", "packets-in", "state"];

  test("both directions meet in one row, named by who began", async () => {
    const lines = await opened(CONNECTION, (c) => tableLines(c, { name: "flows" }, FLOW));
    expect(lines).toEqual(["TCP 10.0.0.1 40000 10.0.0.2 80 5 3 SF"]);
  });

  test("every depth has its flows; a second sighting is no second packet", async () => {
    const columns = ["protocol", "source", "destination", "depth", "tunnel", "vni", "packets", "sightings", "points"];
    await opened(TUNNEL, async (c) => {
      expect(await tableLines(c, { name: "flows", sort: [{ column: "depth", descending: false }] }, columns)).toEqual([
        "TCP 10.244.1.5 10.244.2.6 1 - - 2 2 veth",
        "UDP 192.168.1.1 192.168.1.2 1 - - 1 1 eth0",
        "UDP 192.168.1.2 192.168.1.1 1 - - 1 1 eth0",
        "TCP 10.244.1.5 10.244.2.6 2 vxlan 7 2 2 eth0",
      ]);
      expect(await tableLines(c, { name: "flows", options: { depth: "inner" } }, columns)).toHaveLength(2);
      expect(await tableLines(c, { name: "flows", options: { depth: "outer" } }, columns)).toHaveLength(3);
    });
  });

  test("seen at two points alike it is one row, and one each if asked for", async () => {
    const routed = traffic`
      @in = ethernet
      @out = ethernet
      one: 0.0 @in 10.0.0.1:1000 > 10.0.1.2:2000 udp "x"
           0.1 @out seen one hops=1
      two: 0.2 @in 10.0.0.1:1000 > 10.0.1.2:2000 udp "y"
    `;
    await opened(routed, async (c) => {
      const columns = ["source", "packets", "sightings", "points"];
      expect(await tableLines(c, { name: "flows" }, columns)).toEqual(["10.0.0.1 2 3 in, out"]);
      expect(await tableLines(c, { name: "flows", options: { perPoint: true } }, columns)).toEqual([
        "10.0.0.1 2 2 in",
        "10.0.0.1 1 1 out",
      ]);
    });
  });

  test("a tuple used again is another flow", async () => {
    const again = traffic`
      client = 10.0.0.1:40000   server = 10.0.0.2:80
      0.0 client > server tcp SYN seq=1000
      0.1 server > client tcp RST,ACK
      9.0 client > server tcp SYN seq=777000
      9.1 server > client tcp SYN,ACK
    `;
    const lines = await opened(again, (c) => tableLines(c, { name: "flows" }, ["source", "packets", "state"]));
    expect(lines).toEqual(["10.0.0.1 2 REJ", "10.0.0.1 2 S1"]);
  });

  test("limited to a view, and to the points that are switched on", async () => {
    await opened(TUNNEL, async (c) => {
      const columns = ["source", "packets"];
      const views = new Map([[1, [0]]]);
      expect(await tableLines(c, { name: "flows", view: 1 }, columns, views)).toEqual(["10.244.1.5 1"]);
      c.enabledPoints[1] = false;
      expect(await tableLines(c, { name: "flows" }, columns)).toEqual(["10.244.1.5 2"]);
    });
  });

  test("sorting by several columns, addresses by value; searching; CSV", async () => {
    const several = traffic`
      0.0 10.0.0.10:1 > 10.0.0.2:53 udp "x"
      0.1 10.0.0.9:1 > 10.0.0.2:53 udp "x"
      0.2 10.0.0.9:2 > 10.0.0.3:53 udp "x"
      0.3 10.0.0.9:2 > 10.0.0.3:53 udp "x"
    `;
    await opened(several, async (c) => {
      const columns = ["source", "sport"];
      const request = (sort: TableRequest["sort"]): TableRequest => ({ name: "flows", sort: sort ?? [] });
      const by = (column: string, descending = false): { column: string; descending: boolean } => ({
        column,
        descending,
      });
      expect(await tableLines(c, request([by("source"), by("sport", true)]), columns)).toEqual([
        "10.0.0.9 2",
        "10.0.0.9 1",
        "10.0.0.10 1",
      ]);
      expect(await tableLines(c, { name: "flows", search: "0.0.3" }, columns)).toEqual(["10.0.0.9 2"]);
      await expect(readTable(c, request([by("nonsense")]))).rejects.toThrow('no column "nonsense"');
      const table = await readTable(c, { name: "flows", search: "10.0.0.10" });
      const csv = await table.handlers["table.csv"]?.({ table: table.state.table }, UNHURRIED);
      expect(csv?.text.split("\r\n")[1]).toMatch(/^UDP,10\.0\.0\.10,1,10\.0\.0\.2,53,1,/);
      expect(table.state).toMatchObject({ rows: 1, total: 3 });
    });
  });
});

describe("conversations and endpoints", () => {
  test("layers: addresses alone, or with ports", async () => {
    await opened(CONNECTION, async (c) => {
      const sides = ["a", "b", "packets-ab", "packets-ba"];
      expect(await tableLines(c, { name: "conversations", options: { layer: "ipv4" } }, sides)).toEqual([
        "10.0.0.1 10.0.0.2 5 3",
      ]);
      expect(await tableLines(c, { name: "conversations", options: { layer: "ethernet" } }, sides)).toEqual([
        "02:00:0a:00:00:01 02:00:0a:00:00:02 5 3",
      ]);
      const ports = ["a", "port-a", "b", "port-b", "packets"];
      expect(await tableLines(c, { name: "conversations", options: { layer: "tcp" } }, ports)).toEqual([
        "10.0.0.1 40000 10.0.0.2 80 8",
      ]);
      expect(await tableLines(c, { name: "conversations", options: { layer: "udp" } }, ports)).toEqual([]);
      expect(
        await tableLines(c, { name: "endpoints", options: { layer: "tcp" } }, [
          "address",
          "port",
          "packets",
          "packets-out",
        ]),
      ).toEqual(["10.0.0.1 40000 8 5", "10.0.0.2 80 8 3"]);
    });
  });

  test("what an address sends to itself is sent and received, and one packet", async () => {
    const loopback = traffic`
      probe = 127.0.0.1:40000   server = 127.0.0.1:80   other = 127.0.0.2:80
      0.0 probe > server tcp SYN
      0.1 server > probe tcp RST,ACK
      0.2 probe > other tcp SYN
    `;
    await opened(loopback, async (c) => {
      const columns = ["address", "packets", "packets-out", "packets-in", "peers"];
      expect(await tableLines(c, { name: "endpoints", options: { layer: "ipv4" } }, columns)).toEqual([
        "127.0.0.1 3 3 2 2",
        "127.0.0.2 1 0 1 1",
      ]);
    });
  });

  test("what an option may be is said", async () => {
    await opened(CONNECTION, async (c) => {
      await expect(readTable(c, { name: "conversations", options: { layer: "wifi" } })).rejects.toThrow(
        "layer is one of",
      );
      await expect(readTable(c, { name: "nonsense" })).rejects.toThrow("there are flows, conversations");
    });
  });
});

test("the hierarchy nests as packets do", async () => {
  const lines = await opened(TUNNEL, (c) =>
    tableLines(c, { name: "hierarchy" }, ["protocol", "packets", "end-packets"]),
  );
  expect(lines).toEqual([
    "Ethernet 4 0",
    "  Internet Protocol Version 4 4 0",
    "    Transmission Control Protocol 2 2",
    "    User Datagram Protocol 2 0",
    "      Virtual eXtensible Local Area Network 2 0",
    "        Ethernet 2 0",
    "          Internet Protocol Version 4 2 0",
    "            Transmission Control Protocol 2 2",
  ]);
});

test("expert notes are counted by packets", async () => {
  const trouble = traffic`
    client = 10.0.0.1:40000   server = 10.0.0.2:80
         0.0 client > server tcp SYN
         0.1 server > client tcp SYN,ACK
    one: 0.2 client > server tcp PSH,ACK "question"
         1.2 again one
         1.3 server > client tcp RST,ACK
  `;
  const lines = await opened(trouble, (c) => tableLines(c, { name: "expert" }, ["severity", "packets", "summary"]));
  expect(lines).toContain("Warning 1 Connection reset (RST)");
  expect(lines).toContain("Note 1 This frame is a (suspected) retransmission");
  expect(lines).toContain("Chat 1 Connection establish request (SYN)");
});

test("names come from the capture and from DNS answers", async () => {
  const named = traffic`
    host 10.0.0.7 db.local
    0.0 10.0.0.1:4000 > 10.0.0.53:53 udp dns query 7 A web.example
    0.1 10.0.0.53:53 > 10.0.0.1:4000 udp dns answer 7 A web.example 10.0.0.9
  `;
  const lines = await opened(named, (c) => tableLines(c, { name: "names" }, ["address", "name", "source"]));
  expect(lines.sort()).toEqual(["10.0.0.7 db.local capture", "10.0.0.9 web.example DNS"]);
});

describe("a row's filter selects the packets the row counts", () => {
  const TABLES: readonly (TableRequest & { readonly counts: string })[] = [
    { name: "flows", options: { perPoint: false }, counts: "sightings" },
    ...(["ethernet", "ipv4", "ipv6", "tcp", "udp", "sctp"] as const).flatMap((layer) => [
      { name: "conversations", options: { layer }, counts: "packets" },
      { name: "endpoints", options: { layer }, counts: "packets" },
    ]),
    { name: "hierarchy", counts: "packets" },
    { name: "expert", counts: "packets" },
  ];

  const ICMP_ERRORS = "icmp.type in {3, 4, 5, 11, 12} || icmpv6.type in {1 .. 4}";

  async function check(captures: LoadedCaptures, file: string, most = 60): Promise<string[]> {
    const wrong: string[] = [];
    for (const request of TABLES) {
      const table = await readTable(captures, request);
      // Rows spread over the table.
      const step = Math.max(1, Math.ceil(table.rows.length / most));
      const rows = table.rows.filter((_, i) => i % step === 0);
      const filters = rows.map((r) => r.filter).filter((f) => f !== null);
      // A filter also finds the errors that quote a conversation, which are none of its packets.
      const matches = filterMatches(captures, [...filters, ...filters.map((f) => `(${f}) && (${ICMP_ERRORS})`)]);
      for (const row of rows) {
        if (row.filter === null) continue;
        const counted = table.cell(row, request.counts);
        const matched = matches.get(row.filter)?.length ?? -1;
        const errors = matches.get(`(${row.filter}) && (${ICMP_ERRORS})`)?.length ?? 0;
        // A branch of the hierarchy shares its protocols with branches that hold more of them.
        const most = request.name === "hierarchy" ? matched : Number(counted) + errors;
        const fits = matched >= Number(counted) && matched <= most;
        if (!fits)
          wrong.push(
            `${file} ${request.name} ${JSON.stringify(request.options)} ${row.filter}: counted ${String(counted)}, selected ${matched}`,
          );
      }
    }
    return wrong;
  }

  test("fixtures", { timeout: 120_000 }, async () => {
    const wrong: string[] = [];
    for (const name of readdirSync("fixtures").filter((f) => /\.pcap/.test(f)))
      wrong.push(...(await withLoaded([join("fixtures", name)], (c) => check(c, name))));
    expect(wrong).toEqual([]);
  });

  test("labs (skipped: labs not here)", { timeout: 300_000 }, async ({ skip }) => {
    if (!isHere(LABS)) skip("labs not here");
    for (const lab of ["vxlan", "ipip"]) {
      const files = ["n1", "n2"].map((n) => join(LABS, lab, `${n}.pcapng`));
      expect(await withLoaded(files, (c) => check(c, lab, 12))).toEqual([]);
    }
  });
});
