/** The packet list's columns, kept as a setting. The list shows them; details and tables add to them ("apply as column"). */
import { call, errorText } from "../bridge/engine";
import {
  checkColumns,
  columnFor,
  defaultColumns,
  isBuiltIn,
  isColumnId,
  type ListColumn,
  listColumns,
  movedColumn,
  storedColumns,
  type StoredColumn,
  withColumn,
  withoutColumn,
} from "../viewmodel/packet-columns";
import { tellChange } from "./last-change.svelte";
import { defineSetting, isOneOf } from "./settings.svelte";
import { showToast } from "./toasts.svelte";
import { workspace } from "./workspace.svelte";

const setting = defineSetting<readonly StoredColumn[]>(
  "packet-list.columns",
  storedColumns(defaultColumns()),
  checkColumns,
);

/**
 * The capture point is shown as soon as there are two ("No." counts in each file anew), until a person removes that very column, or adds
 * it where there is one point. What else is said of columns changes nothing about it.
 */
const pointColumn = defineSetting("packet-list.point-column", "automatic", isOneOf(["automatic", "shown", "removed"]));

const holdsPoint = (columns: readonly ListColumn[]): boolean => columns.some(({ id }) => id === "point");

class Columns {
  /** Of its own, so that the columns stay the same ones while the workspace's counts grow: others would have all rows made anew. */
  readonly #areSeveral = $derived(workspace.state.points.length > 1);
  readonly #list = $derived.by((): readonly ListColumn[] => {
    const stored = listColumns(setting.value);
    if (pointColumn.value === "shown" || pointColumn.value === "removed") return stored;
    if (this.#areSeveral) return holdsPoint(stored) ? stored : movedColumn(withColumn(stored, "point"), "point", 2);
    // Its place and width are kept for the next time there are two.
    return withoutColumn(stored, "point");
  });

  get list(): readonly ListColumn[] {
    return this.#list;
  }

  set list(columns: readonly ListColumn[]) {
    const [before, after] = [holdsPoint(this.list), holdsPoint(columns)];
    if (before && !after) pointColumn.value = "removed";
    if (!before && after) pointColumn.value = this.#areSeveral ? "automatic" : "shown";
    setting.value = storedColumns(columns);
  }

  reset(): void {
    setting.reset();
    pointColumn.reset();
  }

  /** Adds a field (or one of the list's own columns) and says so, with a way back. */
  async add(id: string): Promise<void> {
    const before = this.list;
    const { label } = columnFor(id);
    if (before.some((column) => column.id === id)) {
      showToast(`The list already has a column ${label}.`);
      return;
    }
    const problem = await columnProblem(id);
    if (problem !== null) {
      showToast(problem, { kind: "warning" });
      return;
    }
    this.list = withColumn(before, id);
    tellChange(`Column ${label} added.`, {
      undo: () => void (this.list = withoutColumn(this.list, id)),
      redo: () => void (this.list = withColumn(this.list, id)),
    });
  }

  /** Takes a column away and says so, with a way back: where it stood, as wide as it was. */
  remove(id: string): void {
    const before = this.list;
    const removed = before.find((column) => column.id === id);
    const after = withoutColumn(before, id);
    if (!removed || after.length === before.length) return;
    this.list = after;
    tellChange(`Column ${removed.label} removed.`, {
      undo: () => {
        // What was changed since stays: only this column comes back.
        if (this.list.some((column) => column.id === id)) return;
        const at = before.indexOf(removed);
        this.list = [...this.list.slice(0, at), removed, ...this.list.slice(at)];
      },
      redo: () => void (this.list = withoutColumn(this.list, id)),
    });
  }
}

export const columns = new Columns();

/** Why there can be no column of this name; null: there can. */
export async function columnProblem(id: string): Promise<string | null> {
  if (isBuiltIn(id)) return null;
  if (!isColumnId(id)) return "A column is a field's name, such as ip.ttl";
  try {
    // A field's name alone is a filter ("it is there"): the engine says whether there is such a field.
    const { valid, problem } = await call("filter.check", { filter: id });
    return valid ? null : (problem?.message ?? `There is no field ${id}`);
  } catch (error) {
    return errorText(error);
  }
}
