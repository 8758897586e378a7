/** Requests about joined captures go to the analysis thread; its tables are told from the engine's own by their numbers. */
import type { MethodName, Params, Results } from "../../../src-shared/contract/requests";
import type { Engine, Handler, Handlers } from "../service/handlers";
import { tablesHandlers } from "../tables/tables-handlers";
import { AnalysisHost } from "./analysis-host";
import { checkImports } from "./import-check";
import { LEARNED_TABLES } from "../../../src-shared/contract/tables";

const JOINED_TABLES: ReadonlySet<string> = new Set(["connections", "nat", ...LEARNED_TABLES]);
/** Tables of the analysis thread have numbers from here on. */
const FIRST_JOINED_TABLE = 1_000_000_000;

export function analysisHandlers(engine: Engine): Handlers {
  const analysis = new AnalysisHost(engine);
  const own = tablesHandlers(engine);
  const ask =
    <M extends MethodName>(method: M): Handler<M> =>
    async (params, context) =>
      (await analysis.ask(method, params, context)) as Results[M];
  /** A request about an open table, to whom it belongs. */
  const aboutTable =
    <M extends "table.rows" | "table.csv" | "table.close">(method: M): Handler<M> =>
    async (params, context) => {
      if (params.table < FIRST_JOINED_TABLE) {
        const handler = own[method] as Handler<M>;
        return handler(params, context);
      }
      const joined = { ...params, table: params.table - FIRST_JOINED_TABLE } as Params<M>;
      return (await analysis.ask(method, joined, context)) as Results[M];
    };
  return {
    ...own,
    "table.open": async (params, context) => {
      if (!JOINED_TABLES.has(params.name)) return (own["table.open"] as Handler<"table.open">)(params, context);
      const state = (await analysis.ask("table.open", params, context)) as Results["table.open"];
      return { ...state, table: state.table + FIRST_JOINED_TABLE };
    },
    "table.rows": aboutTable("table.rows"),
    "table.csv": aboutTable("table.csv"),
    "table.close": aboutTable("table.close"),
    "join.connection": ask("join.connection"),
    "join.journeys": ask("join.journeys"),
    "join.ofPacket": ask("join.ofPacket"),
    "join.telling": ask("join.telling"),
    "join.rowOf": async ({ table, connection }, context) =>
      table < FIRST_JOINED_TABLE
        ? { row: -1, key: "" }
        : ((await analysis.ask(
            "join.rowOf",
            { table: table - FIRST_JOINED_TABLE, connection },
            context,
          )) as Results["join.rowOf"]),
    "notes.packetsOfConnection": ask("notes.packetsOfConnection"),
    "notes.connections": ask("notes.connections"),
    "join.topology": ask("join.topology"),
    "join.findings": ask("join.findings"),
    "join.model": ask("join.model"),
    "map.graph": ask("map.graph"),
    "map.activity": ask("map.activity"),
    "services.list": ask("services.list"),
    "nat.entry": ask("nat.entry"),
    "import.check": async ({ cluster, conntrack }, context) => ({
      files: await checkImports(cluster, conntrack, () => context.breathe()),
    }),
  };
}
