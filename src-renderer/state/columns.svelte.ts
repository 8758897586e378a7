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
import { lastChange } from "./last-change.svelte";
import { defineSetting } from "./settings.svelte";
import { showToast } from "./toasts.svelte";
import { workspace } from "./workspace.svelte";

const setting = defineSetting<readonly StoredColumn[]>(
  "packet-list.columns",
  storedColumns(defaultColumns()),
  checkColumns,
);

class Columns {
  /** Until a person has a say, the capture point is shown as soon as there are two: "No." counts in each file anew. */
  readonly #list = $derived(
    setting.value === setting.fallback && workspace.state.points.length > 1
      ? movedColumn(withColumn(listColumns(setting.value), "point"), "point", 2)
      : listColumns(setting.value),
  );

  get list(): readonly ListColumn[] {
    return this.#list;
  }

  set list(columns: readonly ListColumn[]) {
    setting.value = storedColumns(columns);
  }

  reset(): void {
    setting.reset();
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
    showToast(`Column ${label} added.`, { undo: () => (this.list = before) });
  }

  /** Takes a column away and says so, with a way back: where it stood, as wide as it was. */
  remove(id: string): void {
    const before = this.list;
    const removed = before.find((column) => column.id === id);
    const after = withoutColumn(before, id);
    if (!removed || after.length === before.length) return;
    this.list = after;
    const change = {
      undo: (): void => {
        lastChange.forget(change);
        // What was changed since stays: only this column comes back.
        if (this.list.some((column) => column.id === id)) return;
        const at = before.indexOf(removed);
        this.list = [...this.list.slice(0, at), removed, ...this.list.slice(at)];
      },
    };
    lastChange.set(change);
    showToast(`Column ${removed.label} removed.`, { undo: change.undo });
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
