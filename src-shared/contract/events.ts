/** What the engine tells without being asked. */
import type { JournalPlace } from "./annotations";
import type { LiveState } from "./live";
import type { ViewState, WorkspaceState } from "./results";

export interface Events {
  /** The workspace changed: files, points, counts, problems. At most ten times a second while it loads. */
  workspace: WorkspaceState;
  /** A view has more rows (loading, filtering), or is complete. */
  view: ViewState;
  /** The analysis over all packets (flows, joining, findings) moved on. */
  analysis: {
    readonly state: "idle" | "running" | "done" | "failed";
    readonly done: number;
    readonly total: number;
    readonly text: string;
  };
  /** Live sources (named pipe, growing file, dumpcap …). */
  live: LiveState;
  /** Somebody appended notes to the journal (this window too). */
  notes: JournalPlace;
  /** The host asks the window to do something: a menu item, a file handed over by a second start. */
  command: { readonly command: string; readonly argument: string | null };
  /** The engine ended unexpectedly and was started again. */
  restarted: { readonly reason: string };
}

export type EventName = keyof Events;
