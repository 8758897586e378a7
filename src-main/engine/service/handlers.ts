/**
 * How modules answer requests. A module exports a function that makes its handlers from the engine's services; the service
 * puts all of them into one table (engine-service.ts) and validates parameters before a handler sees them.
 *
 * ```ts
 * export function detailsHandlers(engine: Engine): Handlers {
 *   return { "packet.details": ({ packet }) => detailsOf(engine.captures().reader.decode(packet)) };
 * }
 * ```
 */
import type { EventName, Events } from "../../../src-shared/contract/events";
import type { MethodName, Params, Results } from "../../../src-shared/contract/requests";
import type { PacketId, WorkspaceState } from "../../../src-shared/contract/results";
import type { JoinedFacts } from "../fields/joined-facts";
import type { PacketNotes } from "../notes/packet-notes";
import type { IndexedCaptures, PacketReader } from "../packet-index/packet-reader";
import type { SavedSession } from "./saved-session";

/** What a request can do besides answer. */
export interface RequestContext {
  /** Aborted when the request is cancelled, or its workspace closed. Long work looks at it: `throwIfCancelled`. */
  readonly signal: AbortSignal;
  /** Tells how far it is, `total` 0 if unknown. Sent at most ten times a second. */
  progress(done: number, total: number, text: string): void;
  /**
   * Lets other requests have their turn if this one has worked for 8 ms; throws ContractError "cancelled" if it was
   * cancelled. Call it in every long loop.
   */
  breathe(): Promise<void>;
}

export type Handler<M extends MethodName> = (
  params: Params<M>,
  context: RequestContext,
) => Results[M] | Promise<Results[M]>;

export type Handlers = { readonly [M in MethodName]?: Handler<M> };

/** The open workspace, as modules see it. */
export interface OpenCaptures extends IndexedCaptures {
  /** WorkspaceState.workspace: changes with every open, close and reload. */
  readonly serial: number;
  readonly reader: PacketReader;
  /** Notes and comments on its packets. */
  readonly notes: PacketNotes;
  /** Everything is read, and nothing more comes. */
  readonly complete: boolean;
  /** Everything there is so far is read, and a live source is being recorded. */
  readonly live: boolean;
  /** By capture point: 1 if it is switched on. Points that came since have no value yet: treat them as on. */
  readonly enabledPoints: readonly boolean[];
  /** What a person called the point, else what the capture does, else "interface 2". */
  pointName(point: number): string;
  /** Joins the captures; set by the module that joins. Fields of joined captures have no values without it. */
  joinedSource: ((signal: AbortSignal) => Promise<JoinedFacts>) | undefined;
  /** @throws ContractError "file" with the file that is gone or holds something else than what was read */
  checkUnchanged(): void;
  /** Resolves when everything there is was read (or loading was stopped); rejects when the workspace is closed. */
  loaded(signal: AbortSignal): Promise<void>;
}

/** A file that a live source writes. */
export interface LiveFile {
  readonly path: string;
  /** What people call it. */
  readonly name: string;
}

/** How live sources put their recordings into the workspace. */
export interface LiveFiles {
  readonly scratchFolder: string;
  /** Files, folders, globs: as "workspace.open". */
  openPaths(paths: readonly string[], add: boolean): WorkspaceState;
  /** `add` keeps what is open. */
  open(file: LiveFile, add: boolean): WorkspaceState;
  /** What is in the file is read, then it is a file like others. */
  end(path: string): void;
  /** The packets of the other files are read again. */
  drop(path: string): void;
  /** The file is part of the workspace. */
  has(path: string): boolean;
}

/** What the service offers to modules. */
export interface Engine {
  /** The open workspace. @throws ContractError "gone" if none is open */
  captures(): OpenCaptures;
  /** What the window knows of the workspace. */
  workspaceState(): WorkspaceState;
  /** Ids of a view's packets in their order: a view, not to be kept. @throws ContractError "gone" */
  packetsOfView(view: number): ArrayLike<PacketId>;
  /** Ids of the packets a filter finds, ascending, once everything is loaded. @throws ContractError "invalid-filter", "gone", "cancelled" */
  packetsMatching(filter: string, signal: AbortSignal): Promise<PacketId[]>;
  /** Another module's answer. @throws ContractError */
  ask<M extends MethodName>(method: M, params: Params<M>, context: RequestContext): Promise<Results[M]>;
  emit<E extends EventName>(event: E, data: Events[E]): void;
  /** For live sources: opens a file that is being written, tells that it grows no more, forgets one that is gone. */
  readonly files: LiveFiles;
  /** Resolves when nothing was asked for a tenth of a second: for work that nobody waits for. */
  quiet(): Promise<void>;
  /** Called when the engine ends. */
  onClose(listener: () => Promise<void>): void;
  /** For files that last as long as this process. */
  readonly scratchFolder: string;
  /** What a workspace file keeps of what is open, and how that is opened again. */
  savedSession(): SavedSession;
  openSaved(saved: SavedSession): WorkspaceState;
  /**
   * Called when another workspace is open (or none): "opened" at the start of loading (also of added files), "loaded" at its end, "points" when
   * capture points were switched on or off, "conntrack" when other output of conntrack is to be compared with, "closed". Returns "stop".
   */
  onWorkspace(listener: (what: "opened" | "loaded" | "points" | "conntrack" | "closed") => void): () => void;
}
