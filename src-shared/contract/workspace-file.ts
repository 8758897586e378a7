/**
 * Requests about `.hopscope` files: saving, opening, what was not saved when Hopscope ended. The document itself is described in
 * src-shared/workspace-file/document.ts; here its window part travels as JSON, which the engine checks.
 */
import * as v from "valibot";
import { path, text } from "../schema/limited";
import type { WorkspaceState } from "./results";

const token = v.pipe(v.string(), v.minLength(1), v.maxLength(80));

export const workspaceFileRequests = {
  /**
   * Opens a workspace file. Captures are looked for at their recorded place, beside the file, and by content in `folders`. If some
   * are missing and not `anyway`, nothing is opened: the answer lists them. `later`: the answer is kept for the window that asks
   * with workspaceFile.waiting (a host opens what it was started with).
   */
  "workspaceFile.open": v.strictObject({
    path,
    folders: v.pipe(v.array(path), v.maxLength(50)),
    anyway: v.boolean(),
    later: v.boolean(),
  }),
  "workspaceFile.waiting": v.strictObject({}),
  /** A piece of the window's part, which may be larger than one message; pieces of one token are put together in their order. */
  "workspaceFile.stage": v.strictObject({ token, text: text(4_000_000) }),
  /** Writes what is open. `token`: the staged window part. `inside`: captures go into the file. */
  "workspaceFile.save": v.strictObject({ path, token, inside: v.boolean() }),
  /** Keeps what is not saved yet; `folder` is the host's to say. `name`: the workspace's file, if it has one. */
  "workspaceFile.autosave": v.strictObject({ folder: v.nullable(path), token, name: v.nullable(path) }),
  /** Nothing is unsaved any more. */
  "workspaceFile.forgetAutosave": v.strictObject({ folder: v.nullable(path) }),
  /** What earlier runs that are no more did not save. */
  "workspaceFile.recoverable": v.strictObject({ folder: v.nullable(path) }),
  "workspaceFile.discard": v.strictObject({ folder: v.nullable(path), path }),
} as const;

/** How a referred file was found. "changed": at its place, with other content; "moved": elsewhere, with the same content. */
export type FoundState = "found" | "moved" | "changed" | "inside" | "missing";

export interface FoundFile {
  readonly name: string;
  readonly kind: "capture" | "cluster";
  /** Where it was when the workspace was saved. */
  readonly recorded: string;
  /** Where it is; null: missing. */
  readonly path: string | null;
  readonly state: FoundState;
}

export interface WorkspaceFileOpening {
  /** The workspace's file: where saving goes. null: it was never saved (recovered). */
  readonly path: string | null;
  readonly name: string;
  /** false: files are missing, and nothing was opened. */
  readonly opened: boolean;
  readonly files: readonly FoundFile[];
  /** WindowPart as JSON. */
  readonly window: string;
  readonly state: WorkspaceState | null;
  /** Of one that waits: why it could not be opened. */
  readonly problem: string | null;
}

export interface RecoverableWorkspace {
  /** To open it with. */
  readonly path: string;
  /** The workspace's file, or the names of its captures. */
  readonly title: string;
  readonly savedMs: number;
  readonly captures: number;
}

export interface WorkspaceFileResults {
  "workspaceFile.open": WorkspaceFileOpening;
  "workspaceFile.waiting": WorkspaceFileOpening | null;
  "workspaceFile.stage": null;
  "workspaceFile.save": { readonly path: string; readonly bytes: number; readonly inside: number };
  "workspaceFile.autosave": null;
  "workspaceFile.forgetAutosave": null;
  "workspaceFile.recoverable": { readonly workspaces: readonly RecoverableWorkspace[] };
  "workspaceFile.discard": null;
}
