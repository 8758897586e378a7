/** Views of packets: filters, order, rows, and what is asked about them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Params } from "../../../src-shared/contract/requests";
import { type ServiceClient, withClient } from "../../builders/service-client";

const TRAFFIC = `client = 10.0.0.10:1000   other = 10.0.0.9:1001   server = 192.0.2.1:80   resolver = 10.0.0.53:53
  @veth0 = ethernet
  0.0 @veth0 client > resolver dns query 1 A example.com
  0.1 @veth0 resolver > client dns answer 1 A example.com 192.0.2.1
  0.2 @veth0 client > server tcp SYN
  0.3 @veth0 server > client tcp SYN,ACK
  0.4 @veth0 client > server tcp ACK comment="here it begins"
  0.5 @veth0 other > server tcp SYN
  0.6 @veth0 client > server tcp PSH,ACK http GET /hidden/needle host=example.com
  0.7 @veth0 server > other tcp RST,ACK
  0.8 @veth0 server > client tcp PSH,ACK http 200 "hay"
  0.9 @veth0 client > server tcp FIN,ACK
  1.0 @veth0 10.0.0.10 > 10.0.0.53 arp request
`;

/** A client with the traffic open. */
const withTraffic = (use: (client: ServiceClient) => Promise<void>): Promise<void> =>
  withClient(async (client) => {
    await client.open(client.write("t.pcapng", TRAFFIC));
    await use(client);
  });

describe("filters", () => {
  it("by the index and by reading again find the same", () =>
    withTraffic(async (client) => {
      const numbers = (filter: string): Promise<string[]> => client.column("number", filter);
      expect(await numbers("tcp.port == 1001")).toEqual(["6", "8"]);
      expect(await numbers("tcp.port == 1001 && ip.id >= 0")).toEqual(["6", "8"]);
      expect(await numbers("dns")).toEqual(["1", "2"]);
      expect(await numbers('http.request.uri contains "needle"')).toEqual(["7"]);
      expect(await numbers("frame.comment")).toEqual(["5"]);
      expect(await numbers("!ip")).toEqual(["11"]);
    }));

  it("that do not parse say where", () =>
    withTraffic(async (client) => {
      await expect(client.ask("packets.open", { filter: "ip.src == ", sort: [], ignored: [] })).rejects.toMatchObject({
        code: "invalid-filter",
        detail: { from: 10, to: 10 },
      });
    }));

  it("leave out ignored packets; without a filter they are shown", () =>
    withTraffic(async (client) => {
      expect((await client.view("tcp.port == 1001", [], [5])).rows).toBe(1);
      expect((await client.view("", [], [5])).rows).toBe(11);
    }));
});

describe("order", () => {
  const sorted = (client: ServiceClient, column: string, descending = false, shown = column): Promise<string[]> =>
    client.column(shown, "", [{ column, descending }]);

  it("by columns of the index", () =>
    withTraffic(async (client) => {
      const lengths = (await sorted(client, "length")).map(Number);
      expect(lengths).toEqual([...lengths].sort((a, b) => a - b));
      expect(await sorted(client, "time", true, "number")).toEqual([
        "11",
        "10",
        "9",
        "8",
        "7",
        "6",
        "5",
        "4",
        "3",
        "2",
        "1",
      ]);
      expect((await sorted(client, "stream"))[0]).toBe(""); // ARP has none
    }));

  it("by addresses as numbers, not as text", () =>
    withTraffic(async (client) => {
      const sources = await sorted(client, "source");
      // MAC addresses first, then 10.0.0.9 before 10.0.0.10.
      expect([...new Set(sources)]).toEqual(["02:00:0a:00:00:0a", "10.0.0.9", "10.0.0.10", "10.0.0.53", "192.0.2.1"]);
      expect((await sorted(client, "outer-destination", true))[0]).toBe("192.0.2.1");
    }));

  it("by protocol, and by columns that are printed for it", () =>
    withTraffic(async (client) => {
      expect([...new Set(await sorted(client, "protocol"))]).toEqual(["ARP", "DNS", "HTTP", "TCP"]);
      const infos = await sorted(client, "info");
      expect(infos).toHaveLength(11);
      expect(infos.indexOf("GET /hidden/needle HTTP/1.1")).toBeGreaterThan(
        infos.findIndex((i) => i.startsWith("1000 →")),
      );
      // Numbers in fields count as numbers.
      expect((await sorted(client, "tcp.dstport")).filter(Boolean).map(Number)).toEqual([
        80, 80, 80, 80, 80, 1000, 1000, 1001,
      ]);
    }));

  it("by several columns: the first decides, equal rows keep the order of the next", () =>
    withTraffic(async (client) => {
      const view = await client.view("", [
        { column: "protocol", descending: false },
        { column: "number", descending: true },
      ]);
      const { rows } = await client.ask("packets.rows", { view: view.view, from: 0, count: 20, columns: ["protocol"] });
      expect(rows.map((r) => `${r.cells[0]} ${r.number}`)).toEqual([
        "ARP 11",
        "DNS 2",
        "DNS 1",
        "HTTP 9",
        "HTTP 7",
        "TCP 10",
        "TCP 8",
        "TCP 6",
        "TCP 5",
        "TCP 4",
        "TCP 3",
      ]);
    }));
});

describe("the order of several files", () => {
  const FIRST = `0.0 10.0.0.1:1 > 10.0.0.2:2 udp "a"
    0.2 10.0.0.1:1 > 10.0.0.2:2 udp "b"
    0.4 10.0.0.1:1 > 10.0.0.2:2 udp "c"
  `;
  const SECOND = `0.1 10.0.0.3:3 > 10.0.0.4:4 udp "d"
    0.2 10.0.0.3:3 > 10.0.0.4:4 udp "e"
    0.3 10.0.0.3:3 > 10.0.0.4:4 udp "f"
  `;
  /** "1 a" is packet 1 of the file a. */
  const shown = async (client: ServiceClient, filter = "", descending?: boolean): Promise<readonly string[]> => {
    const sort = descending === undefined ? [] : [{ column: "time", descending }];
    const view = await client.view(filter, sort);
    const { rows } = await client.ask("packets.rows", { view: view.view, from: 0, count: 20, columns: ["point"] });
    return rows.map((row) => `${row.number} ${row.cells[0]?.split("/")[0] ?? ""}`);
  };

  it("is that of time, and at the same time that of the files; numbers are each file's own", () =>
    withClient(async (client) => {
      await client.open(client.write("a.pcapng", FIRST), client.write("b.pcapng", SECOND));
      const [a, b] = [...new Set((await shown(client)).map((text) => text.slice(2)))];
      const order = [`1 ${a}`, `1 ${b}`, `2 ${a}`, `2 ${b}`, `3 ${b}`, `3 ${a}`];
      expect(await shown(client)).toEqual(order);
      expect(await shown(client, "udp.length")).toEqual(order);
      expect(await shown(client, "udp.port == 4 || frame.number == 3")).toEqual(
        order.filter((text) => text !== `1 ${a}` && text !== `2 ${a}`),
      );
      // Backwards, what is at the same time keeps its order.
      expect((await shown(client, "", true)).map((text) => text[0])).toEqual(["3", "3", "2", "2", "1", "1"]);
    }));
});

describe("rows", () => {
  it("have cells for the list's columns and for any field", () =>
    withTraffic(async (client) => {
      const view = await client.view();
      const { rows } = await client.ask("packets.rows", {
        view: view.view,
        from: 4,
        count: 2,
        columns: ["number", "time", "source", "protocol", "info", "delta", "point", "ip.ttl", "tcp.flags"],
      });
      expect(rows[0]).toMatchObject({
        number: 5,
        file: 0,
        point: 0,
        time: [1709287200, 400000000],
        comments: 1,
        reply: false,
      });
      expect(rows[0]?.cells).toEqual([
        "5",
        "",
        "10.0.0.10",
        "TCP",
        expect.stringContaining("[ACK]"),
        "0.100000000",
        "veth0",
        "64",
        "0x0010",
      ]);
      expect(rows[1]?.stream).not.toBe(rows[0]?.stream);
      await expect(
        client.ask("packets.rows", { view: view.view, from: 0, count: 1, columns: ["no.such.column"] }),
      ).rejects.toMatchObject({ code: "invalid-request" });
    }));

  it("never hold control characters of a capture", () =>
    withClient(async (client) => {
      await client.open(
        client.write(
          "evil.pcapng",
          String.raw`0.0 10.0.0.1:999 > 10.0.0.2:80 tcp PSH,ACK "GET /\x1b[31m<script> HTTP/1.1\r\nHost: a\r\n\r\n"`,
        ),
      );
      const [info] = await client.column("info");
      expect(info).toContain("\\x1b[31m<script>");
    }));

  it("have the colour of the first rule that matches", () =>
    withTraffic(async (client) => {
      const view = await client.view();
      const { rows } = await client.ask("packets.rows", { view: view.view, from: 0, count: 20, columns: [] });
      const names = [
        "bad",
        "icmp-error",
        "arp",
        "icmp",
        "reset",
        "ttl",
        "sum",
        "http",
        "syn-fin",
        "tcp",
        "udp",
        "broadcast",
      ];
      expect(rows.map((r) => names[r.colour])).toEqual(
        "udp udp http http http http http reset http http arp".split(" "),
      );
      const { colours } = await client.ask("packets.minimap", { view: view.view, buckets: 11 });
      expect([...colours].map((c) => names[c])).toEqual(rows.map((r) => names[r.colour]));
    }));

  it("are found by packet, number and time", () =>
    withTraffic(async (client) => {
      const view = await client.view("tcp");
      expect(await client.ask("packets.locate", { view: view.view, packet: 5 })).toEqual({ row: 3 });
      expect(await client.ask("packets.locate", { view: view.view, packet: 0 })).toEqual({ row: -1 });
      expect(await client.ask("packets.byNumber", { number: 6, file: null })).toEqual({ packet: 5 });
      expect(await client.ask("packets.byNumber", { number: 12, file: null })).toEqual({ packet: -1 });
      const atTime = (nanoseconds: number): Promise<{ row: number }> =>
        client.ask("packets.atTime", { view: view.view, time: [1709287200, nanoseconds] });
      expect(await atTime(0)).toEqual({ row: 0 });
      expect(await atTime(550_000_000)).toEqual({ row: 4 });
      expect(await atTime(999_999_999)).toEqual({ row: -1 });
    }));

  it("around a packet come with where it stands, in one answer: what a jump draws", () =>
    withTraffic(async (client) => {
      const { view } = await client.view("tcp");
      const around = (target: { packet: number } | { number: number; file: number | null }, count: number) =>
        client.ask("packets.around", { view, target, count, columns: ["number"] });
      const all = (await client.ask("packets.rows", { view, from: 0, count: 100, columns: ["number"] })).rows;
      // In the middle, where there are rows on both sides.
      const middle = await around({ packet: 5 }, 3);
      expect(middle).toEqual({ packet: 5, row: 3, from: 2, rows: all.slice(2, 5) });
      expect(await around({ number: 6, file: null }, 3)).toEqual(middle);
      expect(await around({ packet: all[0]?.packet ?? -1 }, 3)).toMatchObject({
        row: 0,
        from: 0,
        rows: all.slice(0, 3),
      });
      const last = all.at(-1)?.packet ?? -1;
      expect(await around({ packet: last }, 3)).toMatchObject({ from: all.length - 3, rows: all.slice(-3) });
      expect((await around({ packet: 5 }, 500)).rows).toEqual(all);
      // The filter hides packet 0; there is no packet 12.
      expect(await around({ packet: 0 }, 3)).toEqual({ packet: 0, row: -1, from: 0, rows: [] });
      expect(await around({ number: 12, file: null }, 3)).toEqual({ packet: -1, row: -1, from: 0, rows: [] });
    }));

  it("of the same conversation follow each other", () =>
    withTraffic(async (client) => {
      const view = await client.view();
      const next = (packet: number, backwards = false): Promise<{ row: number }> =>
        client.ask("packets.neighbour", { view: view.view, packet, backwards });
      expect(await next(4)).toEqual({ row: 6 }); // over another connection's SYN
      expect(await next(6, true)).toEqual({ row: 4 });
      expect(await next(7)).toEqual({ row: -1 });
      expect(await next(10)).toEqual({ row: -1 }); // ARP has no stream
    }));
});

describe("find", () => {
  const find = async (client: ServiceClient, more: Partial<Params<"packets.find">>): Promise<number> => {
    const view = await client.view();
    const { row } = await client.ask("packets.find", {
      view: view.view,
      from: -1,
      backwards: false,
      by: "text",
      query: "",
      caseSensitive: false,
      ...more,
    });
    return row;
  };

  it("by filter, from a row on, both ways, with and without the index", () =>
    withTraffic(async (client) => {
      expect(await find(client, { by: "filter", query: "tcp" })).toBe(2);
      expect(await find(client, { by: "filter", query: "tcp", from: 2 })).toBe(3);
      expect(await find(client, { by: "filter", query: "dns", from: 10, backwards: true })).toBe(1);
      expect(await find(client, { by: "filter", query: "udp", from: 1 })).toBe(-1);
      await expect(find(client, { by: "filter", query: "(" })).rejects.toMatchObject({ code: "invalid-filter" });
    }));

  it("by text and by bytes", () =>
    withTraffic(async (client) => {
      expect(await find(client, { query: "NEEDLE" })).toBe(6);
      expect(await find(client, { query: "NEEDLE", caseSensitive: true })).toBe(-1);
      expect(await find(client, { query: "hay" })).toBe(8); // in the bytes only
      expect(await find(client, { by: "hex", query: "68 61 79" })).toBe(8);
      expect(await find(client, { by: "hex", query: "686179", from: 8 })).toBe(-1);
      await expect(find(client, { by: "hex", query: "xyz" })).rejects.toMatchObject({ code: "invalid-request" });
    }));
});

describe("timeline", () => {
  const numbers = (bytes: Uint8Array): number[] => [...new Float64Array(bytes.slice().buffer)];

  it("counts packets and bytes in equal parts", () =>
    withTraffic(async (client) => {
      const ask = (
        by: "all" | "protocol" | "filters",
        filters: string[] = [],
      ): ReturnType<typeof client.ask<"stats.timeline">> =>
        client.ask("stats.timeline", { from: null, to: null, buckets: 2, by, filters, view: null });
      const all = await ask("all");
      expect(all.series.map((s) => numbers(s.packets))).toEqual([[5, 6]]);
      const protocols = await ask("protocol");
      expect(new Map(protocols.series.map((s) => [s.label, numbers(s.packets)]))).toEqual(
        new Map([
          ["DNS", [2, 0]],
          ["TCP", [3, 3]],
          ["HTTP", [0, 2]],
          ["ARP", [0, 1]],
        ]),
      );
      const filters = await ask("filters", ["tcp.flags & 2", "dns", ""]);
      expect(filters.series.map((s) => numbers(s.packets))).toEqual([
        [2, 1],
        [2, 0],
        [5, 6],
      ]);
      const view = await client.view("udp");
      const ofView = await client.ask("stats.timeline", {
        from: null,
        to: null,
        buckets: 1,
        by: "all",
        filters: [],
        view: view.view,
      });
      expect(ofView.series.map((s) => numbers(s.packets))).toEqual([[2]]);
    }));
});

describe("some packets of a view", () => {
  it("are its first rows, in its order", () =>
    withTraffic(async (client) => {
      const view = await client.view("tcp.port == 1001", [{ column: "number", descending: true }]);
      const { packets } = await client.ask("packets.ids", { view: view.view, count: 100 });
      expect([...new Uint32Array(packets.slice().buffer)]).toEqual([7, 5]);
      const first = await client.ask("packets.ids", { view: view.view, count: 1 });
      expect([...new Uint32Array(first.packets.slice().buffer)]).toEqual([7]);
    }));

  it("are walked in its order, around its end", () =>
    withTraffic(async (client) => {
      const view = await client.view("tcp", [{ column: "number", descending: true }]);
      // Rows 0 … 7 are packets 9, 8 … 2 (0-based ids); 3, 5 and 8 are looked for, 0 is not in the view.
      const next = async (from: number, backwards: boolean): Promise<number> =>
        (await client.ask("packets.nextOf", { view: view.view, from, backwards, packets: [3, 5, 8, 0] })).row;
      const walk = async (backwards: boolean): Promise<number[]> => {
        const rows = [await next(-1, backwards)];
        while (rows.length < 4) rows.push(await next(rows.at(-1) ?? -1, backwards));
        return rows;
      };
      expect(await walk(false)).toEqual([1, 4, 6, 1]);
      expect(await walk(true)).toEqual([6, 4, 1, 6]);
      expect(
        (await client.ask("packets.nextOf", { view: view.view, from: 2, backwards: false, packets: [0] })).row,
      ).toBe(-1);
    }));
});

describe("export", () => {
  it("writes what the view shows, in its order, or some of its packets", () =>
    withTraffic(async (client) => {
      const view = await client.view("tcp.port == 1001", [{ column: "number", descending: true }]);
      const write = (name: string, packets: number[] | null = null): ReturnType<typeof client.ask<"export.write">> =>
        client.ask("export.write", {
          view: view.view,
          packets,
          path: join(client.folder, name),
          columns: ["number", "time", "protocol"],
        });
      expect(await write("x.csv")).toMatchObject({ packets: 2 });
      expect(readFileSync(join(client.folder, "x.csv"), "utf8")).toBe(
        "No.,Time,Protocol\r\n8,1709287200.700000000,TCP\r\n6,1709287200.500000000,TCP\r\n",
      );
      await write("x.ndjson", [5]);
      expect(readFileSync(join(client.folder, "x.ndjson"), "utf8")).toBe(
        '{"No.":6,"Time":"1709287200.500000000","Protocol":"TCP"}\n',
      );
      await write("x.pcapng");
      await write("conn.log");
      expect(
        readFileSync(join(client.folder, "conn.log"), "utf8")
          .split("\n")
          .filter((l) => l && !l.startsWith("#")),
      ).toHaveLength(1);
      const state = await client.open(join(client.folder, "x.pcapng"));
      expect(state.packets).toBe(2);
      expect(state.points[0]?.name).toBe("veth0");
    }));

  it("says what is wrong with a target, and leaves no half file", () =>
    withTraffic(async (client) => {
      const view = await client.view();
      const write = (path: string): Promise<unknown> =>
        client.ask("export.write", { view: view.view, packets: null, path, columns: ["info"] });
      await expect(write(join(client.folder, "x.docx"))).rejects.toMatchObject({ code: "invalid-request" });
      await expect(write("/no/such/folder/x.csv")).rejects.toMatchObject({ code: "file" });
    }));
});
