/** Notes of a row of the engine's tables: a connection's are its own, those of any other row are about the packets that its filter selects. */
import type { Annotation } from "../../src-shared/annotations/annotation";
import type { TableColumn, TableRow } from "../../src-shared/contract/results";
import type { TableName } from "../../src-shared/contract/tables";
import { noteMenu, writeNote } from "../annotations/note-actions";
import { keys } from "../annotations/note-index";
import { notes } from "../annotations/notes.svelte";
import { connectionTarget, flowTarget, podTarget, serviceTarget, type Target } from "../annotations/subjects";
import { call } from "../bridge/engine";
import type { MenuEntry } from "../state/menus.svelte";
import { timeText } from "../state/time.svelte";
import { cellText } from "../viewmodel/table-cells";

/** A table that is open: what a note says its row is of. */
export interface NotedTable {
  readonly name: TableName;
  readonly title: string;
  readonly columns: readonly TableColumn[];
}

/** Cells of a row in a note's title. */
const TITLE_CELLS = 4;

/** A row without a filter stands for no packets that a note could be about. */
function canBeNoted(name: TableName, row: TableRow): boolean {
  return name === "connections" || row.filter !== null;
}

/** The first one is the row's colour. Read `notes.version` where that is to be drawn again. */
export function notesOfRow(name: TableName, row: TableRow): readonly Annotation[] {
  if (name === "connections") return notes.at(keys.connection(row.key));
  return row.filter === null ? [] : notes.at(keys.flow(row.filter));
}

export function writeNoteOnRow(table: NotedTable, row: TableRow): void {
  if (canBeNoted(table.name, row)) void writeNote(targetOf(table, row));
}

/** Empty where no note can be written. */
export async function rowNoteMenu(table: NotedTable, row: TableRow): Promise<readonly MenuEntry[]> {
  if (!canBeNoted(table.name, row)) return [];
  const entries = noteMenu(notesOfRow(table.name, row), () => targetOf(table, row));
  // Without the connection's names there are its own notes all the same.
  return [...entries, ...(table.name === "connections" ? await namesMenu(row).catch(() => []) : [])];
}

/** @throws ContractError where the connection is gone */
async function targetOf({ name, title, columns }: NotedTable, row: TableRow): Promise<Target> {
  if (name === "connections") return connectionTarget(await call("join.connection", { id: row.key }));
  const cells = columns.map((column, at) => cellText(column.kind, row.cells[at] ?? null, timeText));
  const words = cells.filter((cell) => cell !== "").slice(0, TITLE_CELLS);
  return flowTarget(`${title}: ${words.join(" ")}`, row.filter ?? "");
}

/** Of the pods and the Service that the connection is between. */
async function namesMenu(row: TableRow): Promise<readonly MenuEntry[]> {
  const { client, server, service } = await call("join.connection", { id: row.key });
  const pods = [...new Set([client.pod, server.pod])].filter((pod) => pod !== null);
  return [
    ...pods.map((pod) => ({ label: `Add note on pod ${pod}…`, run: () => void writeNote(podTarget(pod)) })),
    ...(service === null
      ? []
      : [{ label: `Add note on Service ${service}…`, run: () => void writeNote(serviceTarget(service)) }]),
  ];
}
