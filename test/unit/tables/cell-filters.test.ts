/** "Apply as filter" of every cell of every table: the engine takes the filter, and it finds packets of the cell's row. */
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TABLE_NAMES, type TableName } from "../../../src-shared/contract/tables";
import type { Results } from "../../../src-shared/contract/requests";
import type { TableColumn, TableRow } from "../../../src-shared/contract/results";
import { Analysis } from "../../../src-main/engine/analysis/analysis";
import type { analysisHandlers } from "../../../src-main/engine/analysis/analysis-handlers";
import { DEFAULT_DECODE_OPTIONS } from "../../../src-main/engine/decode/decode-options";
import { JoinedFacts, type JoinedColumns } from "../../../src-main/engine/fields/joined-facts";
import type { Engine } from "../../../src-main/engine/service/handlers";
import { tablesHandlers } from "../../../src-main/engine/tables/tables-handlers";
import { ServiceClient } from "../../builders/service-client";
import { parseTraffic, trafficToPcapng } from "../../builders/traffic";

const fixture = (name: string): string => fileURLToPath(new URL(`../../../fixtures/${name}`, import.meta.url));

/** A name that would be another filter, were it not taken as text; ARP, IPv6, ICMP, ports that are used twice. */
const HOSTILE = trafficToPcapng(
  parseTraffic(`
  @veth1 = ethernet
  @veth2 = ethernet
  a = 10.1.0.5 mac=02:00:00:00:00:0a   b = 10.1.0.6 mac=02:00:00:00:00:0b
  p1: 0.1 @veth1 a > b icmp request ident=7 seq=1
      0.2 @veth2 seen p1
  p2: 0.3 @veth2 b > a icmp reply ident=7 seq=1
      0.4 @veth1 seen p2
  0.5 @veth1 [fd00::1]:4000 > [fd00::2]:53 udp "x"
  0.6 @veth1 10.1.0.5:53 > 10.1.0.6:53 udp "y"
  0.7 @veth1 10.1.0.5:53 > 10.1.0.6:53 tcp SYN
  0.8 @veth1 a > b arp request
  0.9 @veth2 b > a arp reply
`),
);

const LAYERS = ["ethernet", "ipv4", "ipv6", "tcp", "udp", "sctp"];
/** Rows looked at of each table: the first have every kind of cell. */
const ROWS = 4;

interface Cell {
  readonly table: string;
  readonly column: string;
  readonly filter: string;
  readonly row: TableRow;
}

/** An engine whose joining is done, in this thread. */
class Network {
  private readonly client: ServiceClient;
  private analysis: Analysis | undefined;

  constructor(private readonly files: readonly string[]) {
    const joins = (engine: Engine): ReturnType<typeof analysisHandlers> => {
      engine.onWorkspace((what) => {
        if (what === "opened")
          engine.captures().joinedSource = async () =>
            new JoinedFacts((await this.joined.answer("join.columns", {})) as JoinedColumns);
      });
      return {};
    };
    this.client = new ServiceClient([joins, tablesHandlers]);
  }

  private get joined(): Analysis {
    if (!this.analysis) throw new Error("not opened");
    return this.analysis;
  }

  async open(more: Readonly<Record<string, Uint8Array>> = {}): Promise<void> {
    const paths = [...this.files, ...Object.entries(more).map(([name, bytes]) => this.client.write(name, bytes))];
    const { files } = await this.client.open(...paths);
    let firstPacket = 0;
    const list = files.map(({ path, packets }) => {
      const file = { path, name: basename(path), firstPacket, unreadable: false, clockOffset: null };
      firstPacket += packets;
      return file;
    });
    this.analysis = await Analysis.run(
      { files: list, decode: DEFAULT_DECODE_OPTIONS, clusterFiles: [], disabledPoints: [], live: false, firstTable: 1 },
      () => undefined,
    );
  }

  close(): Promise<void> {
    return this.client.close();
  }

  async table(
    name: TableName,
    options: Record<string, string>,
  ): Promise<{ readonly columns: readonly TableColumn[]; readonly rows: readonly TableRow[] }> {
    const params = { name, options, view: null, search: "", sort: [] };
    const inAnalysis = ["connections", "nat", "macs", "neighbours", "tunnels", "routes"].includes(name);
    const { table, columns } = inAnalysis
      ? ((await this.joined.answer("table.open", params)) as Results["table.open"])
      : await this.client.ask("table.open", params);
    const wanted = { table, from: 0, count: ROWS };
    const { rows } = inAnalysis
      ? ((await this.joined.answer("table.rows", wanted)) as Results["table.rows"])
      : await this.client.ask("table.rows", wanted);
    return { columns, rows };
  }

  /** Every cell with a filter of the first rows of every table, at every layer. */
  async cells(): Promise<readonly Cell[]> {
    const found: Cell[] = [];
    for (const name of TABLE_NAMES) {
      if (name === "findings") continue;
      const layers = name === "conversations" || name === "endpoints" ? LAYERS.map((layer) => ({ layer })) : [{}];
      for (const options of layers) {
        const { columns, rows } = await this.table(name, options);
        for (const row of rows)
          columns.forEach(({ id }, at) => {
            const filter = row.filters[at] ?? null;
            if (filter !== null) found.push({ table: name, column: id, filter, row });
          });
      }
    }
    return found;
  }

  /** How many packets a filter finds. @throws ContractError where the engine refuses it */
  async count(filter: string): Promise<number> {
    const { view, rows } = await this.client.view(filter);
    await this.client.ask("packets.close", { view });
    return rows;
  }
}

const NETWORKS: Readonly<Record<string, readonly string[]>> = {
  "two nodes with VXLAN and a Service": ["service-vxlan-node1.pcapng", "service-vxlan-node2.pcapng"],
  "a Service by DNAT": ["service-dnat.pcapng"],
  Geneve: ["geneve.pcapng"],
  "GRE and ERSPAN": ["gre-erspan.pcapng"],
  "IP in IP": ["ip-in-ip.pcapng"],
  "IP over UDP": ["ip-over-udp.pcapng"],
  "IPv6 and DNS": ["ipv6-extensions.pcapng", "dns-search.pcapng"],
  "errors and trouble": ["icmp-errors.pcapng", "tcp-trouble.pcapng", "damaged-truncated.pcapng"],
};

/** Which columns had a filter, over all networks: none is forgotten. */
const seen = new Set<string>();

describe.each([...Object.entries(NETWORKS), ["ARP, IPv6, one port at both ends", [] as readonly string[]] as const])(
  "%s: a cell's filter",
  (_, files) => {
    const network = new Network(files.map(fixture));
    let cells: readonly Cell[] = [];

    beforeAll(async () => {
      await network.open(files.length === 0 ? { "a' or tcp.pcapng": HOSTILE, "b.pcapng": HOSTILE } : {});
      cells = await network.cells();
    });
    afterAll(() => network.close());

    it("is taken by the engine and finds packets of its row", async () => {
      const wrong: string[] = [];
      const counts = new Map<string, Promise<number>>();
      for (const { table, column, filter, row } of cells) {
        seen.add(`${table}.${column}`);
        // The row's own filter is what the cell's must meet.
        const both = row.filter === null ? filter : `(${row.filter}) && (${filter})`;
        if (!counts.has(both)) counts.set(both, network.count(both));
        const count = await counts.get(both)?.catch((error: unknown) => String(error));
        if (typeof count === "string" || count === 0) wrong.push(`${table}.${column}: ${both}: ${String(count)}`);
      }
      expect(cells.length).toBeGreaterThan(20);
      expect(wrong).toEqual([]);
    });
  },
);

it("there is one for addresses, ports, numbers of tunnels, MACs, names, points and times", () => {
  const expected = {
    flows: "protocol source sport destination dport start tunnel vni stream points",
    conversations: "a port-a b port-b start tunnel vni",
    endpoints: "address port tunnel vni",
    hierarchy: "protocol",
    expert: "summary protocol first",
    connections: "client requested server seen-as protocol kind nat tunnel start",
    nat: "protocol kind source destination reply-source reply-destination start",
    macs: "mac port who from last shown-by",
    neighbours: "owner owner-address address who mac device from last shown-by",
    tunnels: "tunnel vni port inner who mac outer node held-by from last shown-by",
    routes: "prefix mac device from last shown-by",
    names: "address name",
  };
  const missing = Object.entries(expected).flatMap(([table, columns]) =>
    columns.split(" ").flatMap((column) => (seen.has(`${table}.${column}`) ? [] : [`${table}.${column}`])),
  );
  expect(missing).toEqual([]);
});
