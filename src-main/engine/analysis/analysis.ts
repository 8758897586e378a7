/**
 * Joins captures and answers questions about the result: connections, journeys, topology, findings, rules. Runs in the
 * analysis thread; without a thread in tests.
 */
import { ContractError } from "../../../src-shared/contract/messages";
import type { Params, Results } from "../../../src-shared/contract/requests";
import type { Cluster } from "../../../src-shared/model/cluster";
import type { Finding, PacketReference } from "../../../src-shared/model/finding";
import type { RuleEvidence, RuleVerdict } from "../../../src-shared/model/model-rule";
import { loadCluster } from "../cluster/load-cluster";
import type { Batch } from "../kernel/batch";
import { FileQueue } from "../decode/file-queue";
import { createKernel, runPipeline } from "../decode/pipeline";
import { type FindingResult, findFindings } from "../findings/find";
import { PacketObserver } from "../findings/observer";
import { joinRun } from "../join/join-captures";
import { PacketCounter } from "../join/packet-counter";
import { joinedColumns } from "../join/joined-columns";
import { connectionJson } from "../join/connection-json";
import type { JoinedResult } from "../join/join-result";
import { checkModelRules } from "../model-rules/check-rules";
import { Workspace } from "../session/workspace";
import { type TableSource, orderRows, tableCsv, tableRow } from "../tables/table";
import type { AnalysisData } from "./analysis-messages";
import { connectionsTable, groupConnections } from "./connections-table";
import { ConnectionFinder, firstPackets } from "./connection-anchors";
import { connectionScope } from "./connection-scope";
import { connectionIndex, connectionJourneys, packetJourney, topologyInfo } from "./join-answers";
import { HttpAnswers } from "./http-answers";
import { breather, JoinedTables } from "./joined-tables";
import { LearnedObserver } from "./learned-observer";
import { MapBuilder } from "./map-graph";
import { PacketRows } from "./packet-rows";
import { ServicesReport } from "./services-report";
import { tellingConnection } from "./telling-connection";

export type AnalysisMethod =
  | "join.connection"
  | "join.journeys"
  | "join.ofPacket"
  | "join.rowOf"
  | "join.telling"
  | "join.topology"
  | "join.findings"
  | "join.model"
  | "join.columns"
  | "notes.packetsOfConnection"
  | "notes.connections"
  | "nat.entry"
  | "map.graph"
  | "map.activity"
  | "services.list"
  | "table.open"
  | "table.rows"
  | "table.csv"
  | "table.close";

interface OpenTable {
  readonly source: TableSource;
  readonly order: Uint32Array;
}

const MOST_TABLES = 12;
/** Connections prepared without looking for questions: about 10 ms. */
const PREPARED_AT_ONCE = 400;
/** Of the 200 ms in which a view is to be there. */
const SKETCH_MS = 40;
/** How often the thread tells how far it is. */
const PROGRESS_PACKETS = 50_000;

export class Analysis {
  private readonly indices = new Map<string, number>();
  private readonly tables = new Map<number, OpenTable>();
  private next: number;
  private found: FindingResult | undefined;
  private rows: PacketRows | undefined;
  private groups: Uint8Array | undefined;
  private finder: ConnectionFinder | undefined;
  private builtMap: MapBuilder | undefined;
  private builtServices: ServicesReport | undefined;

  private constructor(
    private readonly data: AnalysisData,
    private readonly join: JoinedResult,
    private readonly cluster: Cluster,
    private readonly observer: PacketObserver,
    private readonly http: HttpAnswers,
    private readonly joinedTables: JoinedTables,
    private readonly workspace: Workspace,
    /** What could not be read of cluster files. */
    readonly problems: readonly string[],
  ) {
    this.next = data.firstTable;
  }

  /** Reads and joins everything. `progress` is told packets read; `total` 0: not known. */
  static async run(data: AnalysisData, progress: (packets: number, text: string) => void): Promise<Analysis> {
    const queue = new FileQueue();
    for (const { path, name, unreadable } of data.files)
      queue.add({ path, name, spool: undefined, tail: false, ...(unreadable && { problem: "not read before" }) });
    queue.end();
    const workspace = new Workspace(data.files.map((f) => f.name));
    const handle = createKernel();
    const counter = new PacketCounter();
    const observer = new PacketObserver();
    const learned = new LearnedObserver();
    const http = new HttpAnswers();
    let told = 0;
    const off = new Set(data.disabledPoints);
    await runPipeline(
      handle,
      queue,
      { decode: data.decode, flows: "sightings" },
      {
        event: (e) => workspace.take(e),
        ...(off.size > 0 && {
          select: (batch: Batch) =>
            batch.dropEvents(
              Uint8Array.from({ length: batch.packetCount }, (_, i) => (off.has(batch.point[i] as number) ? 0 : 1)),
            ),
        }),
        batch: (batch) => {
          counter.take(batch);
          observer.observe(batch, off);
          learned.observe(batch);
          http.take(batch);
          if (counter.total - told >= PROGRESS_PACKETS) {
            told = counter.total;
            progress(told, "Reading the captures");
          }
        },
      },
    );
    progress(counter.total, "Joining the packets");
    const { cluster, problems } = loadCluster(data.clusterFiles);
    const clockOffsets = new Map(
      data.files.flatMap((f) => (f.clockOffset === null ? [] : [[f.name, f.clockOffset] as const])),
    );
    const join = joinRun(handle, workspace, counter, {
      clockOffsets,
      ...(data.clusterFiles.length > 0 && { cluster }),
    });
    const texts = problems.map((p) => `${p.file}${p.line > 0 ? `:${p.line}` : ""}: ${p.path} ${p.message}`);
    return new Analysis(data, join, cluster, observer, http, new JoinedTables(join, learned), workspace, texts);
  }

  /** What findings and the table of translations are compared with from now on, and connections tell beside their packets. */
  useConntrack(files: readonly string[]): void {
    if (!this.joinedTables.useConntrack(files)) return;
    this.join.tell(this.joinedTables.told);
    this.found = undefined;
    this.finder = undefined;
    this.builtMap = undefined;
    this.builtServices = undefined;
  }

  /**
   * `progress` is told how far an answer is that takes longer; other questions are answered meanwhile.
   * @throws ContractError
   */
  async answer(method: string, params: unknown, progress: TellProgress = () => undefined): Promise<unknown> {
    switch (method as AnalysisMethod) {
      case "join.connection":
        return this.connection(params as Params<"join.connection">);
      case "join.journeys":
        return this.journeys(params as Params<"join.journeys">);
      case "join.ofPacket":
        return this.ofPacket(params as Params<"join.ofPacket">);
      case "join.rowOf": {
        const { table, connection } = params as Params<"join.rowOf">;
        return rowOfConnection(this.table(table), connection, connectionIndex(this.join, connection, this.indices));
      }
      case "join.telling": {
        const rows = Uint32Array.from({ length: this.join.connectionCount }, (_, i) => i);
        return tellingConnection(this.join, this.quietLast(rows), (file, number) => this.packetOf(file, number));
      }
      case "join.topology":
        return topologyInfo(this.join);
      case "join.findings":
        return { findings: this.findings() };
      case "join.columns":
        return joinedColumns(this.join);
      case "notes.packetsOfConnection": {
        const { id } = params as Params<"notes.packetsOfConnection">;
        return { packets: firstPackets(this.join, this.index(id), (file, number) => this.packetOf(file, number)) };
      }
      case "notes.connections": {
        const { connections } = params as Params<"notes.connections">;
        this.finder ??= new ConnectionFinder(this.join, (packet) => this.rowsOf(packet));
        const { finder } = this;
        return { ids: connections.map(({ anchor, packets }) => finder.find(anchor, packets)) };
      }
      case "nat.entry": {
        const { key } = params as Params<"nat.entry">;
        const entry = this.joinedTables.natEntry(key, (file, number) => this.packetOf(file, number));
        if (!entry) throw new ContractError("gone", "the translation is not in the table any more");
        return entry;
      }
      case "join.model":
        return { rules: this.model() };
      case "map.graph":
        if ((params as Params<"map.graph">).sketch) return this.map.sketch(SKETCH_MS);
        await finishWork(this.map, progress);
        return this.map.graph;
      case "map.activity": {
        const { fromNs, toNs, buckets } = params as Params<"map.activity">;
        await finishWork(this.map, progress);
        return this.map.activity(fromNs, toNs, buckets);
      }
      case "services.list":
        await finishWork(this.services, progress);
        return { services: this.services.services };
      case "table.open":
        return this.openTable(params as Params<"table.open">, progress);
      case "table.rows": {
        const { table, from, count } = params as Params<"table.rows">;
        const { source, order } = this.table(table);
        return { rows: Array.from(order.subarray(from, from + count), (row) => tableRow(source, row)) };
      }
      case "table.csv": {
        const { source, order } = this.table((params as Params<"table.csv">).table);
        return { text: await tableCsv(source, order, () => Promise.resolve()) };
      }
      case "table.close":
        this.tables.delete((params as Params<"table.close">).table);
        return null;
      default:
        throw new ContractError("internal", `the analysis has no method ${method}`);
    }
  }

  private index(id: string): number {
    const index = connectionIndex(this.join, id, this.indices);
    if (index < 0) throw new ContractError("gone", `there is no connection ${id}`);
    return index;
  }

  private packetOf(file: number, frameNumber: number): number {
    const first = this.data.files[file]?.firstPacket;
    return first === undefined ? -1 : first + frameNumber - 1;
  }

  private connection({ id }: Params<"join.connection">): Results["join.connection"] {
    return connectionJson(this.join, this.join.connection(this.index(id)));
  }

  private journeys({ connection, from }: Params<"join.journeys">): Results["join.journeys"] {
    const index = this.index(connection);
    return connectionJourneys(this.join, index, (file, number) => this.packetOf(file, number), from);
  }

  private ofPacket({ packet }: Params<"join.ofPacket">): Results["join.ofPacket"] {
    return packetJourney(this.join, this.rowsOf(packet));
  }

  /** Sightings of a packet of the window. */
  private rowsOf(packet: number): readonly number[] {
    const file = this.data.files.findLastIndex((f) => f.firstPacket <= packet);
    const first = this.data.files[file]?.firstPacket ?? 0;
    return this.packetRows.of(this.packetRows.first(file) + packet - first);
  }

  private get packetRows(): PacketRows {
    return (this.rows ??= new PacketRows(this.join.sightings));
  }

  /** Part of what the pictures will need, for times when nothing is asked. True: nothing is left to do. */
  prepare(): boolean {
    if (!this.map.work(PREPARED_AT_ONCE)) return false;
    void this.map.graph;
    if (!this.services.work(PREPARED_AT_ONCE)) return false;
    if (!this.joinedTables.collectNat(PREPARED_AT_ONCE)) return false;
    // Goes on by itself, a piece between two questions. Who opens the tables meanwhile waits for the same piece.
    if (!this.data.live) void this.joinedTables.prepareLearned().catch(() => undefined);
    return true;
  }

  private get map(): MapBuilder {
    return (this.builtMap ??= new MapBuilder(this.join, this.cluster));
  }

  private get services(): ServicesReport {
    return (this.builtServices ??= new ServicesReport({
      join: this.join,
      cluster: this.cluster,
      dns: this.observer.dns,
      statusOf: this.http.statusOf,
      rowsOf: (packet) => this.packetRows.of(packet),
    }));
  }

  private findings(): readonly Finding[] {
    this.found ??= findFindings({
      join: this.join,
      cluster: this.cluster,
      told: this.joinedTables.told,
      observer: this.observer,
      drops: this.join.points.map((_, point) => dropsOf(this.workspace, point)),
    });
    return this.found.findings.map((finding) => ({ ...finding, packets: this.ownPackets(finding.packets) }));
  }

  private model(): readonly RuleVerdict[] {
    const own = (evidence: readonly RuleEvidence[]): readonly RuleEvidence[] =>
      evidence.map((one) => ({ ...one, packets: this.ownPackets(one.packets) }));
    return checkModelRules(this.join).map((rule) => ({
      ...rule,
      evidenceFor: own(rule.evidenceFor),
      evidenceAgainst: own(rule.evidenceAgainst),
    }));
  }

  /** Packets by the window's ids. */
  private ownPackets(packets: readonly PacketReference[]): readonly PacketReference[] {
    return packets.map(({ file, number }) => ({
      packet: this.packetOf(this.join.points.find((p) => p.file === file)?.fileIndex ?? -1, number),
      file,
      number,
    }));
  }

  private async openTable(
    { name, options, search, sort }: Params<"table.open">,
    progress: TellProgress,
  ): Promise<Results["table.open"]> {
    const joined = await this.joinedTables.table(name);
    const source = joined ?? connectionsTable(this.join);
    const ordered = await orderRows(source, sort, search, () => Promise.resolve());
    const all = joined === undefined && sort.length === 0 ? this.quietLast(ordered) : ordered;
    const { fromNs, toNs } = options;
    // The map's time counts from its first packet: only then is it needed here.
    const isTimed = fromNs !== undefined || toNs !== undefined;
    if (isTimed) await finishWork(this.map, progress);
    const firstNs = isTimed ? this.map.firstNs : 0;
    const holds = connectionScope(this.join, firstNs, options);
    const order = holds ? all.filter((row) => holds(this.join.connection(row))) : all;
    const table = this.next++;
    this.tables.set(table, { source, order });
    const oldest = this.tables.keys().next();
    if (this.tables.size > MOST_TABLES && !oldest.done) this.tables.delete(oldest.value);
    return { table, name, columns: source.columns, rows: order.length, total: source.rows };
  }

  /** Until somebody sorts: by time, what is sent to groups of hosts after what hosts say to each other. */
  private quietLast(rows: Uint32Array): Uint32Array {
    const toGroup = (this.groups ??= groupConnections(this.join));
    return Uint32Array.from([...rows.filter((row) => toGroup[row] === 0), ...rows.filter((row) => toGroup[row] !== 0)]);
  }

  private table(table: number): OpenTable {
    const open = this.tables.get(table);
    if (!open) throw new ContractError("gone", `table ${table} is closed`);
    return open;
  }
}

/** `index`: of the connection, which is its row in a table of connections. */
function rowOfConnection({ source, order }: OpenTable, id: string, index: number): Results["join.rowOf"] {
  const isOfConnections = index >= 0 && index < source.rows && source.key(index) === id;
  // A translation's key begins with its connection's.
  const row = isOfConnections ? order.indexOf(index) : order.findIndex((at) => source.key(at).startsWith(`${id}/`));
  const at = order[row];
  return { row, key: at === undefined ? "" : source.key(at) };
}

type TellProgress = (done: number, total: number, text: string) => void;

/** The rest of the work, other questions between its parts. */
async function finishWork(
  what: { work(connections: number): boolean; readonly progress: { readonly done: number; readonly total: number } },
  progress: TellProgress,
): Promise<void> {
  const breathe = breather(() => progress(what.progress.done, what.progress.total, "Counting connections"));
  while (!what.work(PREPARED_AT_ONCE)) await breathe();
}

/** Packets that a capture says it lost at a point; null: it does not say. */
function dropsOf(workspace: Workspace, point: number): number | null {
  const file = workspace.files[workspace.pointFiles[point] ?? 0];
  const index = workspace.points[point]?.index;
  const statistics = file?.statistics.filter((s) => s.interface === index) ?? [];
  const drops = statistics.map((s) => s.dropped ?? s.osDropped).filter((n) => n !== undefined);
  return drops.length === 0 ? null : drops.reduce((a, b) => a + b, 0);
}
