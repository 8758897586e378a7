/**
 * An engine in this thread with a network's recordings open and joined: asks it as the window does, and finds what filters find.
 *
 * ```ts
 * const network = new JoinedNetwork(NETWORKS["Geneve"]);
 * await network.open();
 * await network.matches(["geneve"])    // by filter its packets, or why the engine refuses it
 * await network.joined.answer("join.findings", {})
 * ```
 */
import { basename, isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";
import type { Results } from "../../src-shared/contract/requests";
import type { TableColumn, TableRow, WorkspaceState } from "../../src-shared/contract/results";
import type { TableName } from "../../src-shared/contract/tables";
import { Analysis } from "../../src-main/engine/analysis/analysis";
import { DEFAULT_DECODE_OPTIONS } from "../../src-main/engine/decode/decode-options";
import { type JoinedColumns, JoinedFacts } from "../../src-main/engine/fields/joined-facts";
import { detailsHandlers } from "../../src-main/engine/details/details-handlers";
import { followHandlers } from "../../src-main/engine/follow/follow-handlers";
import type { Engine, Handlers } from "../../src-main/engine/service/handlers";
import { LoadedCaptures } from "../../src-main/engine/service/loaded-captures";
import { compile } from "../../src-main/engine/service/packet-matcher";
import { tablesHandlers } from "../../src-main/engine/tables/tables-handlers";
import { filterMatches } from "./filter-matches";
import { ServiceClient } from "./service-client";

/** Fixtures that are networks of every kind, by what they are. */
export const NETWORKS: Readonly<Record<string, readonly string[]>> = {
  "two nodes with VXLAN and a Service": ["service-vxlan-node1.pcapng", "service-vxlan-node2.pcapng"],
  "a Service by DNAT": ["service-dnat.pcapng"],
  Geneve: ["geneve.pcapng"],
  "GRE and ERSPAN": ["gre-erspan.pcapng"],
  "IP in IP": ["ip-in-ip.pcapng"],
  "IP over UDP": ["ip-over-udp.pcapng"],
  "IPv6 and DNS": ["ipv6-extensions.pcapng", "dns-search.pcapng"],
  "errors and trouble": ["icmp-errors.pcapng", "tcp-trouble.pcapng", "damaged-truncated.pcapng"],
};

const IN_ANALYSIS: ReadonlySet<TableName> = new Set(["connections", "nat", "macs", "neighbours", "tunnels", "routes"]);

export class JoinedNetwork {
  readonly client: ServiceClient;
  private analysis: Analysis | undefined;
  private opened: WorkspaceState | undefined;
  private readonly files: readonly string[];
  private captures: Engine["captures"] = () => {
    throw new Error("not opened");
  };

  /**
   * @param files names of files in fixtures/, or paths of others
   * @param clusterFiles what kubectl told
   */
  constructor(
    files: readonly string[],
    private readonly clusterFiles: readonly string[] = [],
  ) {
    this.files = files.map((name) =>
      isAbsolute(name) ? name : fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url)),
    );
    const take = (engine: Engine): Handlers => {
      this.captures = () => engine.captures();
      return {};
    };
    this.client = new ServiceClient([take, tablesHandlers, detailsHandlers, followHandlers]);
  }

  /** What joining is asked. */
  get joined(): Analysis {
    if (!this.analysis) throw new Error("not opened");
    return this.analysis;
  }

  get workspace(): WorkspaceState {
    if (!this.opened) throw new Error("not opened");
    return this.opened;
  }

  /** @param more further files, by name */
  async open(more: Readonly<Record<string, Uint8Array>> = {}): Promise<void> {
    const paths = [...this.files, ...Object.entries(more).map(([name, bytes]) => this.client.write(name, bytes))];
    this.opened = await this.client.open(...paths);
    let firstPacket = 0;
    const list = this.opened.files.map(({ path, packets }) => {
      const file = { path, name: basename(path), firstPacket, unreadable: false, clockOffset: null };
      firstPacket += packets;
      return file;
    });
    const input = { files: list, decode: DEFAULT_DECODE_OPTIONS, clusterFiles: this.clusterFiles };
    this.analysis = await Analysis.run({ ...input, disabledPoints: [], live: false, firstTable: 1 }, () => undefined);
  }

  close(): Promise<void> {
    return this.client.close();
  }

  /** The first rows of a table. */
  async table(
    name: TableName,
    options: Record<string, string>,
    count: number,
  ): Promise<{ readonly columns: readonly TableColumn[]; readonly rows: readonly TableRow[] }> {
    const params = { name, options, view: null, search: "", sort: [] };
    const inAnalysis = IN_ANALYSIS.has(name);
    const { table, columns } = inAnalysis
      ? ((await this.joined.answer("table.open", params)) as Results["table.open"])
      : await this.client.ask("table.open", params);
    const wanted = { table, from: 0, count };
    const { rows } = inAnalysis
      ? ((await this.joined.answer("table.rows", wanted)) as Results["table.rows"])
      : await this.client.ask("table.rows", wanted);
    return { columns, rows };
  }

  /** By filter the packets it finds, all in one pass; a text: why the engine refuses it. */
  async matches(filters: Iterable<string>): Promise<ReadonlyMap<string, ReadonlySet<number> | string>> {
    const captures = this.captures();
    if (!(captures instanceof LoadedCaptures)) throw new Error("nothing is open");
    captures.joined = new JoinedFacts((await this.joined.answer("join.columns", {})) as JoinedColumns);
    const problems = new Map<string, string>();
    const taken = [...new Set(filters)].filter((filter) => {
      try {
        compile(filter);
        return true;
      } catch (error) {
        problems.set(filter, String(error));
        return false;
      }
    });
    const found = [...filterMatches(captures, taken)].map(([filter, ids]) => [filter, new Set(ids)] as const);
    return new Map<string, ReadonlySet<number> | string>([...found, ...problems]);
  }
}

/** A filter that something on screen stands for, and the one of what it stands beside; null: beside nothing. */
export interface ShownFilter {
  readonly place: string;
  readonly filter: string;
  readonly of: string | null;
}

/** Those that the engine refuses, and those that find no packet of what they stand beside, in words: none, if all is well. */
export async function withoutPackets(
  network: JoinedNetwork,
  shown: readonly ShownFilter[],
): Promise<readonly string[]> {
  const found = await network.matches(shown.flatMap(({ filter, of }) => (of === null ? [filter] : [filter, of])));
  return shown.flatMap(({ place, filter, of }) => {
    const packets = found.get(filter);
    const own = of === null ? packets : found.get(of);
    if (typeof packets === "string") return [`${place}: ${packets}`];
    if (typeof own === "string") return [`${place}: ${own}`];
    const isFound = packets !== undefined && [...packets].some((packet) => own?.has(packet));
    return isFound ? [] : [`${place}: ${filter} finds none of ${of ?? "its packets"}`];
  });
}
