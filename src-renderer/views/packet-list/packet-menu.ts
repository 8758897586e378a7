/** What can be done with a packet of the list: its context menu, and copying it. */
import type { PacketDetails, PacketRow, RelatedPacket } from "../../../src-shared/contract/results";
import { noteMenu } from "../../annotations/note-actions";
import { notes } from "../../annotations/notes.svelte";
import { packetTarget } from "../../annotations/subjects";
import { call } from "../../bridge/engine";
import { copyText } from "../../state/clipboard";
import { columns } from "../../state/columns.svelte";
import { keysOf, runCommand } from "../../state/commands.svelte";
import { details } from "../../state/details.svelte";
import { showError } from "../../state/dialogs.svelte";
import { filterMenu, filterMenuOf } from "../../state/filter-menu";
import { separator, type MenuEntry } from "../../state/menus.svelte";
import { packets } from "../../state/packets.svelte";
import { selection } from "../../state/selection.svelte";
import { workspace } from "../../state/workspace.svelte";
import { bytesAsDump, bytesAsHex, rowsAsCsv, rowsAsJson, rowsAsText } from "../../viewmodel/packet-copy";
import { conversationFilters } from "../../viewmodel/conversation-filter";
import { valuesInText } from "../../viewmodel/filter-value";
import { cellFilter } from "../../viewmodel/packet-filter";

const RELATIONS: Readonly<Record<RelatedPacket["relation"], string>> = {
  request: "Request",
  response: "Response",
  "first-of-stream": "First of conversation",
  "last-of-stream": "Last of conversation",
  acknowledged: "Acknowledged packet",
  "same-journey": "Same packet elsewhere",
};

/** `cells`: the row's texts as shown; `column`: the one pointed at, -1 none; `taken`: the packet taken apart, if that could be done. */
export function packetMenu(
  row: PacketRow,
  cells: readonly string[],
  column: number,
  taken: PacketDetails | null,
): MenuEntry[] {
  const pointed = columns.list[column];
  const cell = cells[column] ?? "";
  const filterAt = (at: number): string | null => filterOfCell(row, cells, at);
  const filter = filterAt(column);
  const choices = columns.list.flatMap(({ label }, at) => {
    const filter = filterAt(at);
    return filter === null ? [] : [{ label: `${label}: ${filter}`, filter }];
  });
  const conversations = conversationFilters(taken?.tree ?? []);
  const related = taken?.related ?? [];
  const { packet, time } = row;
  return [
    ...(pointed?.id === "info" ? infoMenu(cell) : pointed ? filterMenu(filter) : filterMenuOf(choices)),
    {
      label: "Conversation filter",
      disabled: conversations.length === 0,
      items: conversations.map(({ label, filter }) => ({ label, run: () => void packets.apply(filter) })),
    },
    separator,
    {
      label: "Follow stream",
      keys: keysOf("analyze.follow"),
      disabled: row.stream < 0,
      run: () => runCommand("analyze.follow"),
    },
    { label: "Decode as…", keys: keysOf("analyze.decodeAs"), run: () => runCommand("analyze.decodeAs") },
    {
      label: "Go to related packet",
      disabled: related.length === 0,
      items: related.slice(0, 40).map((other) => ({
        label: `${RELATIONS[other.relation]}: packet ${other.number}`,
        run: () => selection.select(other.packet),
      })),
    },
    separator,
    ...noteMenu(notes.onPacket(packet), () => packetTarget(packet), "Mod+Alt+C"),
    {
      label: "Marked",
      checked: selection.marks.has(packet),
      keys: keysOf("edit.mark"),
      run: () => selection.toggleMark(packet),
    },
    {
      label: "Ignored",
      checked: selection.ignored.has(packet),
      keys: keysOf("edit.ignore"),
      run: () => selection.toggleIgnored(packet),
    },
    {
      label: "Time reference",
      checked: selection.references.has(packet),
      keys: keysOf("edit.timeReference"),
      run: () => selection.toggleReference(packet, time),
    },
    separator,
    {
      label: "Copy",
      items: [
        { label: "Cell", disabled: cell === "", run: () => void copyText(cell, pointed?.label ?? "Cell") },
        { label: "Cell as filter", disabled: filter === null, run: () => void copyText(filter ?? "", "Filter") },
        separator,
        { label: "Summary as text", keys: "Mod+Shift+C", run: () => copySummary(row, cells, "text") },
        { label: "Summary as CSV", run: () => copySummary(row, cells, "csv") },
        { label: "Summary as JSON", run: () => copySummary(row, cells, "json") },
        separator,
        { label: "Bytes as hex stream", run: () => void copyBytes(row, "stream") },
        { label: "Bytes as hex dump", run: () => void copyBytes(row, "dump") },
      ],
    },
    { label: "Export packets…", run: () => runCommand("file.export") },
  ];
}

/** No field holds the text itself: the addresses in it. */
function infoMenu(text: string): MenuEntry[] {
  const values = valuesInText(text);
  const [only] = values;
  if (values.length < 2) return filterMenu(only?.filter ?? null);
  return filterMenuOf(values.flatMap(({ filter }) => (filter === null ? [] : [{ label: filter, filter }])));
}

/** What a cell stands for, as a filter; null: it has none. */
function filterOfCell(row: PacketRow, cells: readonly string[], at: number): string | null {
  const column = columns.list[at];
  if (!column) return null;
  return cellFilter({
    column: column.id,
    text: cells[at] ?? "",
    number: row.number,
    time: row.time,
    protocol: cells[columns.list.findIndex(({ id }) => id === "protocol")] ?? "",
    stream: row.stream,
    pointId: workspace.point(row.point)?.id ?? null,
  });
}

const SUMMARIES = { text: rowsAsText, csv: rowsAsCsv, json: rowsAsJson };
const SUMMARY_NAMES = { text: "text", csv: "CSV", json: "JSON" };

export function copySummary(row: PacketRow, cells: readonly string[], as: keyof typeof SUMMARIES): void {
  const labels = columns.list.map(({ label }) => label);
  void copyText(SUMMARIES[as](labels, [cells]), `Packet ${row.number} as ${SUMMARY_NAMES[as]}`);
}

async function copyBytes(row: PacketRow, as: "stream" | "dump"): Promise<void> {
  try {
    const shown = details.packet?.packet === row.packet ? details.packet : null;
    const { sources } = shown ?? (await call("packet.details", { packet: row.packet }));
    const bytes = sources[0]?.bytes ?? new Uint8Array();
    await copyText(as === "stream" ? bytesAsHex(bytes) : bytesAsDump(bytes), `Bytes of packet ${row.number}`);
  } catch (error) {
    showError("The packet's bytes could not be copied", error);
  }
}
