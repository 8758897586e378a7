/**
 * How the rows of the packet list look: texts by column, colours, states, and the gutter that ties packets to the selected one. Made
 * once a row, and again when something changes for all of them.
 */
import type { PacketRow, TimeValue } from "../../../src-shared/contract/results";
import { notesLabel } from "../../annotations/note-actions";
import { notes } from "../../annotations/notes.svelte";
import { columns } from "../../state/columns.svelte";
import { selection } from "../../state/selection.svelte";
import { timeBase, timeStyle } from "../../state/time.svelte";
import { isDark } from "../../ui/metrics.svelte";
import { rowColours } from "../../viewmodel/packet-colours";
import {
  gutterCell,
  type GutterCell,
  NO_GUTTER,
  NO_SPAN,
  type Selected,
  type StreamSpan,
} from "../../viewmodel/packet-gutter";
import { REFERENCE_TEXT } from "../../viewmodel/packet-time";
import { formatTime } from "../../viewmodel/time-format";
import type { RowLook } from "./row-pool";

const IGNORED_TEXT = "<Ignored>";

export class RowLooks {
  /** What the gutter shows: the selected packet with what belongs to it, and its stream's rows. */
  selected: Selected | null = null;
  span: StreamSpan = NO_SPAN;

  #looks = new WeakMap<PacketRow, RowLook>();
  #colours = rowColours(false);

  constructor(private readonly rowAt: (index: number) => PacketRow | undefined) {}

  /** Everything looks different: theme, time format, marks, selection. */
  restyle(): void {
    this.forget();
    this.#colours = rowColours(isDark());
  }

  forget(): void {
    this.#looks = new WeakMap();
  }

  /** Null: its row is not there. */
  of(index: number): RowLook | null {
    const row = this.rowAt(index);
    if (!row) return null;
    const known = this.#looks.get(row);
    if (known) return known;
    const made = this.#make(row, index);
    this.#looks.set(row, made);
    return made;
  }

  #make(row: PacketRow, index: number): RowLook {
    const states: string[] = [];
    const ignored = selection.ignored.has(row.packet);
    const marked = selection.marks.has(row.packet);
    const reference = selection.references.has(row.packet);
    const selected = row.packet === selection.packet;
    if (selected) states.push("selected");
    if (marked) states.push("marked");
    if (ignored) states.push("ignored");
    if (reference) states.push("reference");
    const colour = selected || ignored || marked ? undefined : this.#colours[row.colour];
    return {
      cells: this.cellTexts(row, index),
      background: colour?.background ?? "",
      text: colour?.text ?? "",
      states: states.join(" "),
      gutter: this.#gutter(row, index),
    };
  }

  #gutter(row: PacketRow, index: number): GutterCell {
    const cell = this.selected
      ? gutterCell({ index, packet: row.packet, stream: row.stream }, this.selected, this.span)
      : NO_GUTTER;
    const there = notes.onPacket(row.packet);
    const [first] = there;
    return first ? { ...cell, note: { colour: first.colour, text: notesLabel(there) } } : cell;
  }

  /** The texts of a row as they are shown, by column. */
  cellTexts(row: PacketRow, index: number): string[] {
    const ignored = selection.ignored.has(row.packet);
    return columns.list.map((column, at) => {
      if (column.id === "number") return String(row.number);
      if (column.id === "time") return this.#timeText(row, index);
      if (ignored) return column.id === "info" ? IGNORED_TEXT : "";
      return row.cells[at] ?? "";
    });
  }

  #timeText(row: PacketRow, index: number): string {
    if (selection.references.has(row.packet)) return REFERENCE_TEXT;
    const previous: TimeValue | null = index > 0 ? (this.rowAt(index - 1)?.time ?? null) : null;
    return formatTime(row.time, timeStyle(), timeBase(row.time), previous);
  }
}
