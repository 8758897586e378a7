/**
 * The workspace as a file: its name, whether it has changes, saving, opening, and what was not saved last time.
 *
 * ```
 * what is open ─► content (text) ─┬─ equal to the saved one: nothing to do
 *                                 └─ other: dirty ─► 2 s later: autosave in the host's data folder ─► offered after a crash
 * ```
 */
import { baseName } from "../../src-shared/base/file-name";
import type { FoundFile, RecoverableWorkspace, WorkspaceFileOpening } from "../../src-shared/contract/workspace-file";
import { call, errorText } from "../bridge/engine";
import { dialogs, openDialog, showError } from "../state/dialogs.svelte";
import { lessonState } from "../lessons/lesson-state.svelte";
import { packets } from "../state/packets.svelte";
import { mayLeaveRecording } from "../state/recording";
import { showToast } from "../state/toasts.svelte";
import { workspace } from "../state/workspace.svelte";
import { startDownload } from "../bridge/upload";
import { formatNoun } from "../viewmodel/quantity";
import { saidOf } from "../viewmodel/workspace-content";
import MissingDialog from "./missing-dialog.svelte";
import SaveDialog from "./save-dialog.svelte";
import { adoptWindowPart, stageWindowPart } from "./window-part";

const AUTOSAVE_DELAY_MS = 1500;
const EXTENSION = ".hopscope";

interface SaveDialogProps {
  name: string;
  inside: boolean;
  close: (choice: { path: string; inside: boolean } | null) => void;
}

type ChooseFolder = (title: string) => Promise<string | null>;
let chooseFolder: ChooseFolder = () => Promise.resolve(null);

/** The file chooser is a pane's: the application hands it over at the start. */
export function useFolderChooser(choose: ChooseFolder): void {
  chooseFolder = choose;
}

class WorkspaceFile {
  /** Its file; null: never saved. */
  path = $state<string | null>(null);
  saving = $state(false);
  /** Not saved when Hopscope ended. */
  unsaved = $state.raw<readonly RecoverableWorkspace[]>([]);
  /** Content at the last save or opening; null: of captures that were just opened. */
  #saved = $state<string | null>(null);
  #inside = false;
  #autosaved = false;
  /** An autosave that was opened: deleted when its content is saved or autosaved anew. */
  #recovered: string | null = null;

  readonly #content = $derived(JSON.stringify([saidOf(workspace.state), packets.filter]));
  /** Something is said about the captures that no file holds yet. */
  readonly dirty = $derived(
    !workspace.isEmpty &&
      !workspace.isLoading &&
      !lessonState.ofCourse &&
      (this.#saved === null ? saidOf(workspace.state).isSaid : this.#content !== this.#saved),
  );

  get name(): string | null {
    return this.path === null ? null : baseName(this.path);
  }

  /** Other captures are open now: nothing of a file. */
  forget(): void {
    this.path = null;
    this.#saved = null;
    this.#inside = false;
  }

  /**
   * Something else is about to take the place of what is open, or it is to be closed: asks where that would lose something. False: it
   * stays.
   */
  async mayLeave(way: "Leave" | "Close all" = "Leave"): Promise<boolean> {
    if (!(await mayLeaveRecording())) return false;
    if (!this.dirty) return true;
    const what = this.name === null ? "What you said about these captures" : `Changes of ${this.name}`;
    const answer = await dialogs.ask({
      title: way === "Leave" ? "Leave without saving?" : "Close without saving?",
      text: `${what} would be lost: names, roles, clock offsets, decode-as rules, filters.`,
      kind: "question",
      action: this.path === null ? "Save…" : "Save",
      otherwise: way,
    });
    if (answer !== true) return answer === "otherwise";
    return this.save();
  }

  /** Ctrl+S: to its file, or where a person chooses. False: nothing was saved. */
  async save(): Promise<boolean> {
    return this.path === null ? this.saveAs() : this.#write(this.path, this.#inside);
  }

  async saveAs(): Promise<boolean> {
    const name = this.name ?? `${(workspace.state.files[0]?.name ?? "workspace").replace(/\.[^.]*$/, "")}${EXTENSION}`;
    if (workspace.app?.dialogs) {
      const picked = await call("files.pickSave", { title: "Save workspace", name });
      if (picked.path === null) return false;
      return this.#write(picked.path.endsWith(EXTENSION) ? picked.path : `${picked.path}${EXTENSION}`, this.#inside);
    }
    const choice = await openDialog<SaveDialogProps>(SaveDialog, { name, inside: this.#inside });
    return choice === null ? false : this.#write(choice.path, choice.inside);
  }

  /** With the captures in it, to hand to somebody else. */
  async saveWithCaptures(): Promise<boolean> {
    this.#inside = true;
    return this.saveAs();
  }

  async #write(path: string, inside: boolean): Promise<boolean> {
    this.saving = true;
    try {
      const content = this.#content;
      const token = await stageWindowPart(true);
      const written = await call("workspaceFile.save", { path, token, inside });
      const isDownload = written.path.startsWith("/download/");
      if (isDownload) startDownload(written.path, path);
      else {
        this.path = written.path;
        this.#saved = content;
        this.#inside = inside;
      }
      await this.#dropAutosave();
      workspace.app = await call("app.info", {});
      const captures = written.inside > 0 ? ` with ${formatNoun(written.inside, "capture")} inside` : "";
      showToast(`Saved ${isDownload ? path : (this.name ?? path)}${captures}.`, { kind: "success" });
      return true;
    } catch (error) {
      showError("The workspace could not be saved", error);
      return false;
    } finally {
      this.saving = false;
    }
  }

  /** Opens a `.hopscope` file; asks where captures are that cannot be found. Rejected with a ContractError. */
  async open(path: string): Promise<void> {
    await this.#offer(path, await call("workspaceFile.open", { path, folders: [], anyway: false, later: false }));
  }

  /** What a host opened before this window stood, or while it did. */
  async takeWaiting(): Promise<void> {
    const waiting = await call("workspaceFile.waiting", {});
    if (waiting === null) return;
    if (waiting.problem !== null) showError("The workspace could not be opened", new Error(waiting.problem));
    else await this.#offer(waiting.path ?? "", waiting);
  }

  async #offer(path: string, first: WorkspaceFileOpening): Promise<void> {
    let opening = first;
    const folders: string[] = [];
    while (!opening.opened) {
      const missing = opening.files.filter(({ state }) => state === "missing");
      const choice = await openDialog(MissingDialog, { name: opening.name, missing, searched: folders.at(-1) ?? null });
      if (choice === null) return;
      if (choice === "choose") {
        const folder = await chooseFolder("Folder to look for the missing files in");
        if (folder === null) continue;
        folders.push(folder);
      }
      opening = await call("workspaceFile.open", { path, folders, anyway: choice === "anyway", later: false });
    }
    await this.#adopt(path, opening);
  }

  async #adopt(path: string, opening: WorkspaceFileOpening): Promise<void> {
    // The answer may have waited for this window: what was being read then may be read by now.
    workspace.adopt(await call("workspace.state", {}));
    this.path = opening.path;
    this.#inside = opening.files.length > 0 && opening.files.every(({ state }) => state === "inside");
    this.#recovered = opening.path === path ? null : path;
    try {
      await adoptWindowPart(opening.window);
    } catch (error) {
      showToast(`The workspace's layout could not be taken over: ${errorText(error)}`, { kind: "warning" });
    }
    workspace.app = await call("app.info", {});
    // Points come while the captures are read; until then nothing is dirty.
    if (this.#recovered === null) this.#savedAtEndOfLoading = true;
    else {
      this.#saved = "";
      await this.lookForUnsaved();
    }
    this.#settle();
    const changed = opening.files.filter(({ state }) => state === "changed");
    if (changed.length > 0)
      showToast(`${names(changed)} ${changed.length === 1 ? "is" : "are"} not as when the workspace was saved.`, {
        kind: "warning",
      });
    const moved = opening.files.filter(({ state }) => state === "moved");
    if (moved.length > 0) showToast(`${names(moved)} found again at another place.`);
  }

  #savedAtEndOfLoading = false;

  #settle(): void {
    if (!this.#savedAtEndOfLoading || workspace.isLoading || workspace.isEmpty) return;
    this.#savedAtEndOfLoading = false;
    this.#saved = this.#content;
  }

  /** Keeps what is not saved, and notices when a workspace that was opened is read. Once, in a component's effect. */
  watch(): () => void {
    return $effect.root(() => {
      $effect(() => {
        void workspace.state;
        this.#settle();
      });
      $effect(() => {
        if ((workspace.isEmpty || lessonState.ofCourse) && this.path !== null) this.forget();
      });
      $effect(() => {
        void this.#content;
        if (!this.dirty) {
          if (this.#autosaved) void this.#dropAutosave();
          return;
        }
        const timer = setTimeout(() => void this.#autosave(), AUTOSAVE_DELAY_MS);
        return () => clearTimeout(timer);
      });
    });
  }

  async #autosave(): Promise<void> {
    try {
      // Notes are durable by themselves.
      const token = await stageWindowPart(false);
      await call("workspaceFile.autosave", { folder: null, token, name: this.path });
      this.#autosaved = true;
      await this.#discardRecovered();
    } catch (error) {
      showToast(`What is not saved could not be kept: ${errorText(error)}`, { kind: "warning" });
    }
  }

  async #dropAutosave(): Promise<void> {
    this.#autosaved = false;
    await call("workspaceFile.forgetAutosave", { folder: null }).catch(() => undefined);
    await this.#discardRecovered();
  }

  async #discardRecovered(): Promise<void> {
    const path = this.#recovered;
    if (path === null) return;
    this.#recovered = null;
    await call("workspaceFile.discard", { folder: null, path }).catch(() => undefined);
    await this.lookForUnsaved();
  }

  /** Asks what earlier runs left. */
  async lookForUnsaved(): Promise<void> {
    const answer = await call("workspaceFile.recoverable", { folder: null }).catch(() => null);
    this.unsaved = (answer?.workspaces ?? []).filter(({ path }) => path !== this.#recovered);
  }

  async discard(path: string): Promise<void> {
    await call("workspaceFile.discard", { folder: null, path });
    await this.lookForUnsaved();
  }
}

export const workspaceFile = new WorkspaceFile();

function names(files: readonly FoundFile[]): string {
  const [first, second, ...more] = files.map(({ name }) => name);
  if (second === undefined) return first ?? "";
  return more.length === 0 ? `${first} and ${second}` : `${first}, ${second} and ${more.length} more`;
}
