/**
 * What is open: files, capture points, counts, problems. The engine's own picture of it, never changed here; the functions
 * ask the engine, whose answers and "workspace" events replace it.
 *
 * ```
 * openPaths(paths) ──► workspace.open ──► event "workspace" (≤ 10/s) ──► workspace.state ──► panes
 * ```
 */
import type { DecodeAs, FileState, PointState, WorkspaceState } from "../../src-shared/contract/results";
import type { PointRole } from "../../src-shared/model/point-role";
import type { AppInfo } from "../../src-shared/contract/results";
import { call, on } from "../bridge/engine";
import { holdIdle } from "../bridge/idle";
import { lastChange } from "./last-change.svelte";

const NOTHING: WorkspaceState = {
  workspace: 0,
  state: "empty",
  files: [],
  points: [],
  packets: 0,
  bytes: 0,
  read: 0,
  total: 0,
  firstTime: null,
  lastTime: null,
  decodeAs: [],
  clusterFiles: [],
  conntrackFiles: [],
};

/** What "workspace.setPoint" can change; null takes a person's word back. */
export interface PointChange {
  readonly enabled?: boolean;
  readonly name?: string | null;
  readonly role?: PointRole | null;
}

class Workspace {
  state = $state.raw<WorkspaceState>(NOTHING);
  /** Null until the host answered. */
  app = $state.raw<AppInfo | null>(null);
  /** A request to open is on its way: before the first state that says "loading". */
  opening = $state(false);

  readonly isEmpty = $derived(this.state.files.length === 0);
  readonly isLoading = $derived(this.state.state === "loading");
  /** A live source is being recorded: packets keep coming. */
  readonly isLive = $derived(this.state.files.some((file) => file.state === "live"));
  readonly enabledPoints = $derived(this.state.points.filter((point) => point.enabled).length);
  /** Problems of all files, the fatal ones first. */
  readonly problems = $derived(
    this.state.files
      .flatMap((file) => file.problems.map((problem) => ({ file, problem })))
      .sort((a, b) => Number(b.problem.fatal) - Number(a.problem.fatal)),
  );

  #release: (() => void) | null = null;

  /** Takes over a state from an answer or an event. */
  adopt(state: WorkspaceState): void {
    const paths = new Set([...this.state.files, ...state.files].map((file) => file.path));
    // No file of the ones before is open any more.
    if (paths.size > 0 && paths.size === this.state.files.length + state.files.length) lastChange.forgetFiles();
    this.state = state;
    if (state.state === "loading") this.#release ??= holdIdle();
    else {
      this.#release?.();
      this.#release = null;
    }
  }

  point(index: number): PointState | undefined {
    return this.state.points.find((point) => point.point === index);
  }

  file(index: number): FileState | undefined {
    return this.state.files.find((file) => file.file === index);
  }

  pointsOf(file: number): PointState[] {
    return this.state.points.filter((point) => point.file === file);
  }

  /** Files, folders or globs. `add` keeps what is open. */
  async open(paths: readonly string[], add: boolean): Promise<void> {
    if (paths.length === 0) return;
    this.opening = true;
    try {
      this.adopt(await call("workspace.open", { paths: [...paths], add }));
      // Recent files changed.
      this.app = await call("app.info", {});
    } finally {
      this.opening = false;
    }
  }

  /** null: all. */
  async close(file: number | null): Promise<void> {
    this.adopt(await call("workspace.close", { file }));
  }

  async reload(): Promise<void> {
    this.adopt(await call("workspace.reload", {}));
  }

  async cancel(): Promise<void> {
    this.adopt(await call("workspace.cancel", {}));
  }

  async setPoint(point: number, change: PointChange): Promise<void> {
    this.adopt(await call("workspace.setPoint", { point, ...change }));
  }

  async setClockOffset(file: number, seconds: number | null): Promise<void> {
    this.adopt(await call("workspace.setClockOffset", { file, seconds }));
  }

  async setDecodeAs(rules: readonly DecodeAs[]): Promise<void> {
    // The schema lists the protocols; the dialog offers nothing else, and the engine refuses anything else.
    const checked = rules as Parameters<typeof call<"workspace.setDecodeAs">>[1]["rules"];
    this.adopt(await call("workspace.setDecodeAs", { rules: [...checked] }));
  }

  async setCluster(paths: readonly string[]): Promise<void> {
    this.adopt(await call("workspace.setCluster", { paths: [...paths] }));
  }

  async setConntrack(paths: readonly string[]): Promise<void> {
    this.adopt(await call("workspace.setConntrack", { paths: [...paths] }));
  }

  /** Asks for everything anew: at the start, after a reconnection, after the engine was started again. */
  async refresh(): Promise<void> {
    const [app, state] = await Promise.all([call("app.info", {}), call("workspace.state", {})]);
    this.app = app;
    this.adopt(state);
  }
}

export const workspace = new Workspace();

/** Starts listening to the engine. Once, at the start. */
export function listenToWorkspace(): void {
  on("workspace", (state) => workspace.adopt(state));
}
