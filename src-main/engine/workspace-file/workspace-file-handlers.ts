/** Answers the requests about `.hopscope` files (contract/workspace-file.ts). */
import { basename, resolve } from "node:path";
import * as v from "valibot";
import { ContractError } from "../../../src-shared/contract/messages";
import type { WorkspaceFileOpening } from "../../../src-shared/contract/workspace-file";
import {
  EMPTY_WINDOW_PART,
  type WindowPart,
  issueText,
  windowPartSchema,
} from "../../../src-shared/workspace-file/document";
import type { Engine, Handlers, RequestContext } from "../service/handlers";
import { autosave, discardAutosave, forgetAutosave, recoverable } from "./autosave";
import { locateWorkspace } from "./open-workspace";
import { type SaveOptions, checkTarget, saveWorkspace } from "./save-workspace";

/** Window parts on their way, of all tokens together. */
const MAX_STAGED_CHARACTERS = 400_000_000;
const MAX_TOKENS = 8;
/** An autosave copies dropped captures so far: their scratch folder ends with the program. */
const MAX_AUTOSAVE_BYTES = 64 << 20;

export function workspaceFileHandlers(engine: Engine): Handlers {
  const staged = new StagedParts();
  /** Opened by a host, for the window that asks first. */
  let waiting: WorkspaceFileOpening | null = null;

  const saveOptions = (context: RequestContext, changes: Partial<SaveOptions>): SaveOptions => ({
    inside: false,
    scratchFolder: engine.scratchFolder,
    maxScratchBytes: Number.MAX_SAFE_INTEGER,
    application: "Hopscope",
    nowMs: Date.now(),
    breathe: () => context.breathe(),
    progress: (done, total, text) => context.progress(done, total, text),
    ...changes,
  });

  return {
    "workspaceFile.open": async ({ path, folders, anyway, later }, context) => {
      const full = resolve(path);
      if (later) waiting = null;
      const located = await locateWorkspace(full, {
        folders,
        scratchFolder: engine.scratchFolder,
        breathe: () => context.breathe(),
        progress: (done, total, text) => context.progress(done, total, text),
      }).catch((error: unknown) => {
        if (later) waiting = failedOpening(full, error);
        throw error;
      });
      const { document, files } = located;
      const isMissing = files.some(({ state }) => state === "missing");
      const opened = !isMissing || anyway;
      if (!opened) located.discard();
      const isAutosave = document.base !== null || AUTOSAVE.test(full);
      const saved = isAutosave ? document.base : full;
      const answer: WorkspaceFileOpening = {
        path: saved,
        name: basename(saved ?? full),
        opened,
        files,
        window: JSON.stringify(document.window),
        state: opened ? engine.openSaved(located.session) : null,
        problem: null,
      };
      // A window that asks for what waits opens it itself where files are missing.
      if (later) waiting = opened ? answer : { ...answer, path: full };
      return answer;
    },
    "workspaceFile.waiting": () => {
      const answer = waiting;
      waiting = null;
      return answer;
    },
    "workspaceFile.stage": ({ token, text }) => {
      staged.add(token, text);
      return null;
    },
    "workspaceFile.save": async ({ path, token, inside }, context) => {
      const window = staged.take(token);
      const full = resolve(path);
      checkTarget(full);
      const written = await saveWorkspace(full, engine.savedSession(), window, saveOptions(context, { inside }));
      return { path: full, ...written };
    },
    "workspaceFile.autosave": async ({ folder, token, name }, context) => {
      const window = staged.take(token);
      const session = engine.savedSession();
      if (session.captures.length === 0) return null;
      const options = saveOptions(context, { maxScratchBytes: MAX_AUTOSAVE_BYTES });
      await autosave(folderOf(folder), session, { ...window, notes: [] }, name, options);
      return null;
    },
    "workspaceFile.forgetAutosave": ({ folder }) => {
      forgetAutosave(folderOf(folder));
      return null;
    },
    "workspaceFile.recoverable": async ({ folder }) => ({ workspaces: await recoverable(folderOf(folder)) }),
    "workspaceFile.discard": ({ folder, path }) => {
      discardAutosave(folderOf(folder), path);
      return null;
    },
  };
}

function failedOpening(path: string, error: unknown): WorkspaceFileOpening {
  const problem = error instanceof Error ? error.message : String(error);
  return {
    path,
    name: basename(path),
    opened: false,
    files: [],
    window: JSON.stringify(EMPTY_WINDOW_PART),
    state: null,
    problem,
  };
}

/** A recovered workspace that was never saved has no file of its own. */
const AUTOSAVE = /[\\/]unsaved[\\/]\d+\.hopscope$/;

function folderOf(folder: string | null): string {
  if (folder === null) throw new ContractError("unsupported", "this host has no folder for what is not saved");
  return folder;
}

class StagedParts {
  private readonly parts = new Map<string, string[]>();

  add(token: string, text: string): void {
    const known = this.parts.get(token);
    if (known) known.push(text);
    else this.parts.set(token, [text]);
    // Of windows that went away in between.
    for (const old of [...this.parts.keys()].slice(0, -MAX_TOKENS)) this.parts.delete(old);
    let characters = 0;
    for (const list of this.parts.values()) for (const part of list) characters += part.length;
    if (characters > MAX_STAGED_CHARACTERS) {
      this.parts.delete(token);
      throw new ContractError(
        "invalid-request",
        `notes of more than ${MAX_STAGED_CHARACTERS} characters fit no workspace file`,
      );
    }
  }

  /** @throws ContractError "invalid-request": nothing was staged, or it is no window part */
  take(token: string): WindowPart {
    const parts = this.parts.get(token);
    this.parts.delete(token);
    if (!parts) throw new ContractError("invalid-request", `nothing was staged as "${token}"`);
    let value: unknown;
    try {
      value = JSON.parse(parts.join(""));
    } catch (error) {
      throw new ContractError("invalid-request", `the window's part is no JSON: ${(error as Error).message}`);
    }
    const checked = v.safeParse(windowPartSchema, value);
    if (!checked.success)
      throw new ContractError("invalid-request", `the window's part: ${issueText(checked.issues[0])}`);
    return checked.output;
  }
}
