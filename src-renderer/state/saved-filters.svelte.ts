/** Filters kept under a name, shown as buttons beside the filter bar. */
import { tellChange } from "./last-change.svelte";
import { defineSetting } from "./settings.svelte";

export interface SavedFilter {
  readonly label: string;
  readonly filter: string;
}

const MAX_SAVED = 40;

export const savedFilters = defineSetting<readonly SavedFilter[]>("filter.saved", [], (value) => {
  if (!Array.isArray(value)) return undefined;
  const entries = value as readonly Partial<Record<string, unknown>>[];
  return entries.flatMap((entry) =>
    typeof entry?.label === "string" && typeof entry.filter === "string"
      ? [{ label: entry.label, filter: entry.filter }]
      : [],
  );
});

/** Saves under a name; one that is taken gets the new filter. */
export function saveFilter(label: string, filter: string): void {
  const others = savedFilters.value.filter((saved) => saved.label !== label);
  savedFilters.value = [...others, { label, filter }].slice(-MAX_SAVED);
}

export function removeSavedFilter(label: string): void {
  const before = savedFilters.value;
  const at = before.findIndex((saved) => saved.label === label);
  const removed = before[at];
  if (!removed) return;
  const others = (): readonly SavedFilter[] => savedFilters.value.filter((saved) => saved.label !== label);
  savedFilters.value = others();
  tellChange(`Removed the filter button “${label}”.`, {
    undo: () => {
      // What was saved since stays.
      const now = others();
      savedFilters.value = [...now.slice(0, at), removed, ...now.slice(at)];
    },
    redo: () => void (savedFilters.value = others()),
  });
}
