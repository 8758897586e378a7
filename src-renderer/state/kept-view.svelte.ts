/**
 * Keeps what a person has before them over a reload of the page and a crash of page or engine: per window, in the page's session
 * storage, which goes with the window. Never over to other captures (viewmodel/kept-view.ts).
 *
 * ```
 * change ─200 ms─► session storage ◄─ at once ─ page hides
 * page starts ─► workspace.state ─► restore() ─► selection, tabs, filter ─► packets.follow() opens that view
 *                                                                              └─ complete ─► the list takes `wantedTop`
 * ```
 */
import { readKeptView, type KeptView } from "../viewmodel/kept-view";
import { layout } from "./layout.svelte";
import { mapGroups } from "./map-groups.svelte";
import { packets } from "./packets.svelte";
import { selection } from "./selection.svelte";
import { workspace } from "./workspace.svelte";

const NAME = "hopscope.view";
const WRITE_DELAY_MS = 200;
/** A person moves: the list stays where they go. */
const MOVES = ["keydown", "pointerdown", "wheel"] as const;

class KeptViewState {
  /** Row at the upper edge of the packet list; the list writes it. */
  top = $state(0);
  /** Row the list is to show at its upper edge once its view is complete; null: none in particular. */
  wantedTop = $state<number | null>(null);
  /** What is drawn is of an engine that is gone, and stays until the list can stand at `wantedTop` again. */
  holdsRows = $state(false);
  /** Nothing is written before what was kept is taken over. */
  #restored = $state(false);

  readonly #files = $derived(workspace.state.files.map((file) => file.path));

  /** Takes over what the page before had, if the same files are open. Does nothing the second time. */
  restore(): void {
    if (this.#restored) return;
    this.#restored = true;
    const kept = this.#files.length === 0 ? null : readKeptView(stored(), this.#files);
    if (!kept) return;
    for (const packet of kept.marks) selection.marks.add(packet);
    for (const packet of kept.ignored) selection.ignored.add(packet);
    for (const [packet, time] of kept.references) selection.references.set(packet, time);
    selection.choose(kept.step, { automatic: kept.isAutomatic, reveal: true });
    packets.begin(kept.filter, kept.draft, kept.sort);
    mapGroups.replace(kept.mapGroups);
    layout.extraTabs = kept.tabs;
    layout.showTab(kept.front);
    this.top = kept.top;
    this.wantTop();
  }

  /** The list's rows are about to go and come again: it is to stand where it stands. `holdsRows`: they are drawn until then. */
  wantTop(holdsRows = false): void {
    this.wantedTop ??= this.top;
    this.holdsRows = holdsRows;
    const forget = (): void => {
      this.reached();
      for (const kind of MOVES) removeEventListener(kind, forget, true);
    };
    for (const kind of MOVES) addEventListener(kind, forget, { capture: true, passive: true });
  }

  /** The list stands there, or a person went elsewhere. */
  reached(): void {
    this.wantedTop = null;
    this.holdsRows = false;
  }

  /** Call in an effect: keeps what is there now, a little later. Returns "not any more". */
  keepSoon(): (() => void) | undefined {
    const now = this.#now();
    if (!this.#restored) return undefined;
    const timer = setTimeout(() => store(now), WRITE_DELAY_MS);
    return () => clearTimeout(timer);
  }

  /** The page goes. */
  keep(): void {
    if (this.#restored) store(this.#now());
  }

  #now(): KeptView | null {
    if (this.#files.length === 0) return null;
    const { packet, connection, journey, hop, scope, range } = selection;
    return {
      files: this.#files,
      filter: packets.filter,
      draft: packets.draft,
      sort: packets.sort.map(({ column, descending }) => ({ column, descending })),
      step: {
        packet,
        connection,
        journey,
        hop,
        scope: scope && { ...scope, options: { ...scope.options } },
        range: range && { from: [...range.from], to: [...range.to] },
      },
      isAutomatic: selection.isAutomatic,
      marks: [...selection.marks],
      ignored: [...selection.ignored],
      references: [...selection.references].map(([of, time]) => [of, [...time]]),
      mapGroups: [...mapGroups.opened],
      top: this.wantedTop ?? this.top,
      tabs: layout.extraTabs.map(({ id, pane, title, argument }) => ({ id, pane, title, argument })),
      front: layout.mainTab,
    };
  }
}

export const keptView = new KeptViewState();

// A window without storage (switched off, or full) works all the same: it only begins anew after a reload.

function stored(): string | null {
  try {
    return sessionStorage.getItem(NAME);
  } catch {
    return null;
  }
}

function store(view: KeptView | null): void {
  try {
    if (view === null) sessionStorage.removeItem(NAME);
    else sessionStorage.setItem(NAME, JSON.stringify(view));
  } catch {
    return;
  }
}
