/** Which groups of the map a person opened: remembered with what is open, over a reload of the page (kept-view), not with other captures. */
import { workspace } from "./workspace.svelte";

/** More are not remembered: the one that was opened first is closed. */
const MOST_OPEN = 100;
const NONE: ReadonlySet<string> = new Set();

class MapGroups {
  #keys = $state.raw<readonly string[]>([]);
  /** First of the files that they are of. */
  #of = $state<string | null>(null);

  get opened(): ReadonlySet<string> {
    return this.#set;
  }

  readonly #set = $derived.by(() => (this.#of === first() ? new Set(this.#keys) : NONE));

  toggle(key: string): void {
    const known = [...this.opened];
    this.replace(known.includes(key) ? known.filter((one) => one !== key) : [...known, key]);
  }

  replace(keys: readonly string[]): void {
    this.#of = first();
    this.#keys = keys.slice(-MOST_OPEN);
  }
}

function first(): string | null {
  return workspace.state.files[0]?.path ?? null;
}

export const mapGroups = new MapGroups();
