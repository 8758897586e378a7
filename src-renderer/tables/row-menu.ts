/** The context menu of a row of the engine's tables: filters by the cell and by the row, notes, copies, the table's order. */
import type { TableColumn, TableRow } from "../../src-shared/contract/results";
import { copyText } from "../state/clipboard";
import { filterJoins, filterMenu, filterMenuOf } from "../state/filter-menu";
import { separator, type MenuEntry } from "../state/menus.svelte";
import { timeText } from "../state/time.svelte";
import { cellText, nextSort, rowAsText, type TableSort } from "../viewmodel/table-cells";

interface Pointed {
  /** One row: "flow", "conversation". */
  readonly noun: string;
  readonly columns: readonly TableColumn[];
  readonly row: TableRow;
  /** Of the cell that is pointed at; null: by keyboard none is. */
  readonly columnId: string | null;
  readonly sort: readonly TableSort[];
  /** About notes; empty: none can be written. */
  readonly notes: readonly MenuEntry[];
  readonly onshow: () => void;
  readonly onsort: (sort: readonly TableSort[]) => void;
}

export function rowMenu({ noun, columns, row, columnId, sort, notes, onshow, onsort }: Pointed): MenuEntry[] {
  const index = columns.findIndex((column) => column.id === columnId);
  const column = columns[index];
  const text = column ? cellText(column.kind, row.cells[index] ?? null, timeText) : "";
  // What no field holds (a count, a state) stands for its row's packets.
  const byCell = row.filters[index] ?? (text === "" ? null : row.filter);
  const entries: MenuEntry[] = [];
  if (column) entries.push(...filterMenu(byCell));
  else {
    const choices = columns.flatMap(({ label }, at) => {
      const filter = row.filters[at] ?? null;
      return filter === null ? [] : [{ label: `${label}: ${filter}`, filter }];
    });
    if (choices.length > 0) entries.push(...filterMenuOf(choices));
  }
  if (row.filter !== null) {
    const { filter } = row;
    if (entries.length > 0) entries.push(separator);
    entries.push(
      { label: `Show packets of this ${noun}`, run: onshow },
      { label: `Apply ${noun} as filter`, items: filterJoins(filter, false) },
      { label: `Prepare ${noun} as filter`, items: filterJoins(filter, true) },
    );
  }
  if (entries.length > 0) entries.push(separator);
  if (notes.length > 0) entries.push(...notes, separator);
  if (column) {
    entries.push(
      { label: "Copy cell", run: () => copy(text), disabled: text === "" },
      { label: "Copy cell as filter", run: () => copy(byCell ?? ""), disabled: byCell === null },
    );
  }
  entries.push({ label: "Copy row", keys: "Mod+C", run: () => copyRow(columns, row) });
  if (row.filter !== null) {
    const { filter } = row;
    entries.push({ label: "Copy row as filter", run: () => copy(filter) });
  }
  entries.push(separator, {
    label: "Sort by",
    items: columns.map((column) => ({
      label: column.label,
      checked: sort.some((key) => key.column === column.id),
      run: () => onsort(nextSort(sort, column, false)),
    })),
  });
  return entries;
}

export function copyRow(columns: readonly TableColumn[], row: TableRow): void {
  copy(rowAsText(columns, row, timeText));
}

function copy(text: string): void {
  void copyText(text, "The text");
}
