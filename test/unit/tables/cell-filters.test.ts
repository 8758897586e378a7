/** "Apply as filter" of every cell of every table: the engine takes the filter, and it finds packets of the cell's row. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TABLE_NAMES } from "../../../src-shared/contract/tables";
import type { TableRow } from "../../../src-shared/contract/results";
import { JoinedNetwork, NETWORKS, withoutPackets } from "../../builders/joined-network";
import { parseTraffic, trafficToPcapng } from "../../builders/traffic";

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

/** Every cell with a filter of the first rows of every table, at every layer. */
async function cellsOf(network: JoinedNetwork): Promise<readonly Cell[]> {
  const found: Cell[] = [];
  for (const name of TABLE_NAMES) {
    if (name === "findings") continue;
    const layers = name === "conversations" || name === "endpoints" ? LAYERS.map((layer) => ({ layer })) : [{}];
    for (const options of layers) {
      const { columns, rows } = await network.table(name, options, ROWS);
      for (const row of rows)
        columns.forEach(({ id }, at) => {
          const filter = row.filters[at] ?? null;
          if (filter !== null) found.push({ table: name, column: id, filter, row });
        });
    }
  }
  return found;
}

/** Which columns had a filter, over all networks: none is forgotten. */
const seen = new Set<string>();

describe.each([...Object.entries(NETWORKS), ["ARP, IPv6, one port at both ends", [] as readonly string[]] as const])(
  "%s: a cell's filter",
  (_, files) => {
    const network = new JoinedNetwork(files);
    let cells: readonly Cell[] = [];

    beforeAll(async () => {
      await network.open(files.length === 0 ? { "a' or tcp.pcapng": HOSTILE, "b.pcapng": HOSTILE } : {});
      cells = await cellsOf(network);
    });
    afterAll(() => network.close());

    it("is taken by the engine and finds packets of its row", async () => {
      const shown = cells.map(({ table, column, filter, row }) => {
        seen.add(`${table}.${column}`);
        return { place: `${table}.${column}`, filter, of: row.filter };
      });
      const wrong = await withoutPackets(network, shown);
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
