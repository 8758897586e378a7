/**
 * Answers table.open, table.rows, table.csv, table.close. Tables are made from the packet index, so that they can be limited to
 * a view or to the points that are switched on; what they were made from is added up once and kept while the workspace is.
 */
import type { Params } from "../../../src-shared/contract/requests";
import type { TableState } from "../../../src-shared/contract/results";
import { ContractError } from "../../../src-shared/contract/messages";
import { TABLE_NAMES, type TableName } from "../../../src-shared/contract/tables";
import type { Engine, Handlers, OpenCaptures, RequestContext } from "../service/handlers";
import { Breather } from "../service/breather";
import { pointLabels } from "../service/point-label";
import { CONVERSATION_LAYERS, type ConversationLayer, conversationsTable, endpointsTable } from "./conversations-table";
import { expertTable } from "./expert-table";
import { type Depth, flowsTable } from "./flows-table";
import { hierarchyTable } from "./hierarchy-table";
import { namesTable } from "./names-table";
import { PathLayers } from "./path-layers";
import { type TableSource, orderRows, tableCsv, tableRow } from "./table";
import { TrafficUnits } from "./traffic-units";

interface OpenTable {
  readonly name: string;
  readonly source: TableSource;
  readonly order: Uint32Array;
}

/** Tables open at once; the oldest is closed for one more. */
const MOST_TABLES = 24;
/** Paths read between two turns of others. */
const PATHS_AT_ONCE = 8192;

/** What is kept of the open workspace. */
interface Kept {
  readonly serial: number;
  readonly layers: PathLayers;
  /** All packets of enabled points, while nothing changes. */
  units: { readonly key: string; readonly count: number; readonly units: TrafficUnits } | undefined;
  /** Settled when nobody adds to `units` or makes a table of them: one at a time. */
  turn: Promise<void>;
  /** Tables over all packets of enabled points, unsorted, by name and options; of the same packets as `units`. */
  readonly sources: Map<string, TableSource>;
}

export function tablesHandlers(engine: Engine): Handlers {
  const tables = new Map<number, OpenTable>();
  let next = 1;
  let kept: Kept | undefined;
  /** How many wait for what is being made. */
  let waiting = 0;
  engine.onWorkspace((what) => {
    if (what === "closed" || what === "opened") {
      tables.clear();
      kept = undefined;
    }
    if (what === "loaded") void makeAhead();
  });

  const keptOf = (captures: OpenCaptures): Kept => {
    if (kept?.serial !== captures.serial || kept.layers.pathCount > captures.index.paths.count)
      kept = {
        serial: captures.serial,
        layers: new PathLayers(captures.index.paths),
        units: undefined,
        turn: Promise.resolve(),
        sources: new Map(),
      };
    return kept;
  };

  const layersOf = async (captures: OpenCaptures, context: RequestContext): Promise<PathLayers> => {
    const { layers } = keptOf(captures);
    while (!layers.update(PATHS_AT_ONCE)) await context.breathe();
    return layers;
  };

  const unitsOf = async (
    captures: OpenCaptures,
    view: number | null,
    context: RequestContext,
  ): Promise<TrafficUnits> => {
    const { index } = captures;
    const skip = skipDisabled(captures);
    const breathe = (): Promise<void> => context.breathe();
    if (view !== null) {
      const units = new TrafficUnits(index);
      await units.add({ ids: engine.packetsOfView(view) }, skip, breathe);
      return units;
    }
    const k = keptOf(captures);
    const key = captures.enabledPoints.map((on) => (on ? 1 : 0)).join("");
    const known = k.units?.key === key ? k.units : undefined;
    if (known?.count === index.count) return known.units;
    // While packets come in, only the new ones are added.
    const units = known?.units ?? new TrafficUnits(index);
    const to = index.count;
    k.sources.clear();
    // Cancelled half way these numbers would be of no use any more.
    k.units = undefined;
    await units.add({ from: known?.count ?? 0, to }, skip, breathe);
    k.units = { key, count: to, units };
    return units;
  };

  /** Kept from the time before, or made. */
  const sourceOf = async (params: Params<"table.open">, context: RequestContext): Promise<TableSource> => {
    if (params.view !== null) return make(params, context);
    const k = keptOf(engine.captures());
    const before = k.turn;
    let done = (): void => undefined;
    k.turn = new Promise((resolve) => (done = resolve));
    try {
      waiting++;
      await before.finally(() => waiting--);
      return await keptSource(params, context);
    } finally {
      done();
    }
  };

  const keptSource = async (params: Params<"table.open">, context: RequestContext): Promise<TableSource> => {
    const captures = engine.captures();
    await unitsOf(captures, null, context);
    const { sources } = keptOf(captures);
    const key = JSON.stringify([params.name, Object.entries(params.options).sort()]);
    let source = sources.get(key);
    if (!source) {
      source = await make(params, context);
      if (sources.size >= MOST_TABLES) sources.clear();
      sources.set(key, source);
    }
    return source;
  };

  /** The table that is opened first is there when it is asked for. */
  const makeAhead = async (): Promise<void> => {
    const abort = new AbortController();
    const { breathe } = new Breather(abort.signal);
    const context: RequestContext = {
      signal: abort.signal,
      progress: () => undefined,
      // Jumps through the list wait for pieces of this otherwise; who waits for the table itself waits no longer than he must.
      breathe: async () => {
        if (waiting === 0) await engine.quiet();
        await breathe();
      },
    };
    const stop = engine.onWorkspace((what) => {
      if (what === "closed" || what === "opened") abort.abort();
    });
    try {
      await sourceOf({ name: "flows", options: {}, view: null, search: "", sort: [] }, context);
    } catch {
      // Cancelled, or it will be told when somebody asks for the table.
    } finally {
      stop();
    }
  };

  const make = async (params: Params<"table.open">, context: RequestContext): Promise<TableSource> => {
    const { name, view } = params;
    const captures = engine.captures();
    const breathe = (): Promise<void> => context.breathe();
    const selection = view === null ? { from: 0, to: captures.index.count } : { ids: engine.packetsOfView(view) };
    const skip = skipDisabled(captures);
    switch (name as TableName) {
      case "flows": {
        const units = await unitsOf(captures, view, context);
        const layers = await layersOf(captures, context);
        const options = { depth: depthOption(params), perPoint: params.options["perPoint"] === true };
        const points = { name: pointLabels(captures), id: (point: number) => captures.workspace.pointId(point) };
        return flowsTable(units, layers, options, points, breathe);
      }
      case "conversations":
      case "endpoints": {
        const units = await unitsOf(captures, view, context);
        const layers = await layersOf(captures, context);
        const options = { depth: depthOption(params), layer: layerOption(params) };
        return name === "endpoints"
          ? endpointsTable(units, layers, options, breathe)
          : conversationsTable(units, layers, options, breathe);
      }
      case "hierarchy":
        return hierarchyTable(captures.index, await layersOf(captures, context), selection, skip, breathe);
      case "expert":
        return expertTable(captures.index, captures.workspace, selection, skip, breathe);
      case "names":
        return namesTable(captures, selection, skip, breathe);
      default:
        throw new ContractError(
          "invalid-request",
          TABLE_NAMES.includes(name as TableName)
            ? `the table "${name}" is made of joined captures, not of packets`
            : `there is no table "${name}"; there are ${TABLE_NAMES.join(", ")}`,
        );
    }
  };

  const get = (table: number): OpenTable => {
    const found = tables.get(table);
    if (!found) throw new ContractError("gone", `table ${table} is closed`);
    return found;
  };

  return {
    async "table.open"(params, context): Promise<TableState> {
      const source = await sourceOf(params, context);
      const order = await orderRows(source, params.sort, params.search, () => context.breathe());
      const table = next++;
      tables.set(table, { name: params.name, source, order });
      const oldest = tables.keys().next();
      if (tables.size > MOST_TABLES && !oldest.done) tables.delete(oldest.value);
      return { table, name: params.name, columns: source.columns, rows: order.length, total: source.rows };
    },
    "table.rows"({ table, from, count }) {
      const { source, order } = get(table);
      return { rows: Array.from(order.subarray(from, from + count), (row) => tableRow(source, row)) };
    },
    async "table.csv"({ table }, context) {
      const { source, order } = get(table);
      return { text: await tableCsv(source, order, () => context.breathe()) };
    },
    "table.close"({ table }) {
      tables.delete(table);
      return null;
    },
  };
}

function skipDisabled(captures: OpenCaptures): (point: number) => boolean {
  return (point) => captures.enabledPoints[point] === false;
}

function depthOption({ options }: Params<"table.open">): Depth {
  const depth = options["depth"] ?? "all";
  if (depth === "all" || depth === "outer" || depth === "inner") return depth;
  throw new ContractError("invalid-request", `depth is one of all, outer, inner, not "${String(depth)}"`);
}

function layerOption({ options }: Params<"table.open">): ConversationLayer {
  const layer = options["layer"] ?? "ipv4";
  const found = CONVERSATION_LAYERS.find((l) => l === layer);
  if (!found)
    throw new ContractError(
      "invalid-request",
      `layer is one of ${CONVERSATION_LAYERS.join(", ")}, not "${String(layer)}"`,
    );
  return found;
}
