/** Tables of captures a test made, as lines. */
import type { Params } from "../../src-shared/contract/requests";
import type { Cell, TableRow, TableState } from "../../src-shared/contract/results";
import type { LoadedCaptures } from "../../src-main/engine/service/loaded-captures";
import type { Handlers } from "../../src-main/engine/service/handlers";
import { tablesHandlers } from "../../src-main/engine/tables/tables-handlers";
import { cellText } from "../../src-main/engine/tables/table";
import { UNHURRIED, engineOf } from "./open-captures";

export type TableRequest = Partial<Params<"table.open">> & { readonly name: string };

export interface ReadTable {
  readonly state: TableState;
  readonly rows: readonly TableRow[];
  readonly handlers: Handlers;
  /** Cell by the column's id. */
  cell(row: TableRow, column: string): Cell;
}

/** Opens a table and reads all of its rows. */
export async function readTable(
  captures: LoadedCaptures,
  request: TableRequest,
  views: ReadonlyMap<number, ArrayLike<number>> = new Map(),
): Promise<ReadTable> {
  const handlers = tablesHandlers(engineOf(captures, views));
  const open = handlers["table.open"];
  const read = handlers["table.rows"];
  if (!open || !read) throw new Error("no handler");
  const state = await open({ options: {}, view: null, search: "", sort: [], ...request }, UNHURRIED);
  const { rows } = await read({ table: state.table, from: 0, count: 1_000_000 }, UNHURRIED);
  return {
    state,
    rows,
    handlers,
    cell(row, column) {
      const at = state.columns.findIndex((c) => c.id === column);
      if (at < 0) throw new Error(`no column ${column}`);
      return row.cells[at] ?? null;
    },
  };
}

/** The named columns of all rows, joined by spaces; "-" for an empty cell. */
export async function tableLines(
  captures: LoadedCaptures,
  request: TableRequest,
  columns: readonly string[],
  views?: ReadonlyMap<number, ArrayLike<number>>,
): Promise<string[]> {
  const table = await readTable(captures, request, views);
  return table.rows.map(
    (row) => "  ".repeat(row.level) + columns.map((c) => cellText(table.cell(row, c)) || "-").join(" "),
  );
}
