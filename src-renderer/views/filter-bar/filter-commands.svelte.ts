/** Commands of the filter bar. */
import type { CommandSpec } from "../../state/commands.svelte";
import { openDialog } from "../../state/dialogs.svelte";
import { packets } from "../../state/packets.svelte";
import { saveFilter } from "../../state/saved-filters.svelte";
import { workspace } from "../../state/workspace.svelte";
import SaveFilterDialog from "./save-filter-dialog.svelte";

export const FILTER_INPUT = "filter-input";

/** Gives the keyboard to the filter bar, the caret at the end. */
export function focusFilter(): void {
  const input = document.getElementById(FILTER_INPUT);
  if (!(input instanceof HTMLInputElement)) return;
  input.focus();
  input.setSelectionRange(input.value.length, input.value.length);
}

/** Asks for a name and saves the filter of the bar as a button. */
export async function saveCurrentFilter(): Promise<void> {
  const filter = packets.draft.trim();
  const label = await openDialog(SaveFilterDialog, { filter });
  if (label !== null) saveFilter(label, filter);
}

export const filterCommands: CommandSpec[] = [
  {
    id: "filter.focus",
    enabled: () => !workspace.isEmpty,
    run: () => {
      focusFilter();
      const input = document.getElementById(FILTER_INPUT);
      if (input instanceof HTMLInputElement) input.select();
    },
  },
  {
    id: "filter.clear",
    enabled: () => packets.filter !== "" || packets.draft !== "",
    run: async () => {
      await packets.apply("");
    },
  },
  {
    id: "filter.stop",
    title: "Stop Filtering or Sorting",
    group: "Analyze",
    keys: "Escape",
    enabled: () => packets.canStop,
    run: () => packets.cancel(),
  },
  { id: "filter.save", enabled: () => packets.draft.trim() !== "", run: saveCurrentFilter },
];
