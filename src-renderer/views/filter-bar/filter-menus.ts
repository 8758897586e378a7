/** The filter bar's menus: filters used before, saved filters, one saved filter. */
import { type MenuEntry, separator } from "../../state/menus.svelte";
import { filterHistory, packets } from "../../state/packets.svelte";
import { removeSavedFilter, savedFilters } from "../../state/saved-filters.svelte";
import { saveCurrentFilter } from "./filter-commands.svelte";

/** Puts a filter into the bar and into force. */
export type ApplyFilter = (filter: string) => Promise<void>;

export function historyMenu(apply: ApplyFilter): MenuEntry[] {
  const entries = filterHistory.value.map((filter) => ({ label: filter, run: () => void apply(filter) }));
  if (entries.length === 0) return [{ label: "No filter was applied yet", disabled: true }];
  return [...entries, separator, { label: "Forget history", run: () => filterHistory.reset() }];
}

export function savedMenu(apply: ApplyFilter): MenuEntry[] {
  const saved = savedFilters.value.map(({ label, filter }) => ({ label, run: () => void apply(filter) }));
  return [
    {
      label: "Save this filter as button…",
      disabled: packets.draft.trim() === "",
      run: () => void saveCurrentFilter(),
    },
    ...(saved.length > 0 ? ([separator] as const) : []),
    ...saved,
  ];
}

export function savedFilterMenu(label: string, filter: string, apply: ApplyFilter): MenuEntry[] {
  return [
    { label: "Apply", run: () => void apply(filter) },
    { label: "Edit in the filter bar", run: () => (packets.draft = filter) },
    separator,
    { label: "Remove", danger: true, run: () => removeSavedFilter(label) },
  ];
}
