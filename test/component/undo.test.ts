/** What Ctrl+Z takes back of the window, and how the messages that offer the same go with it. */
import { beforeEach, describe, expect, it } from "vitest";
import type { Annotation } from "../../src-shared/annotations/annotation";
import type { WorkspaceState } from "../../src-shared/contract/results";
import { startFakeEngine, workspaceOf } from "./support/fake-engine";

let state: WorkspaceState = workspaceOf(0, []);
const app = { recent: [] } as never;
const engine = startFakeEngine({
  "app.info": () => app,
  "settings.set": () => null,
  "workspace.open": ({ paths }) => {
    const names = [...state.files.map((file) => file.name), ...paths.map((path) => path.slice(1))];
    return (state = workspaceOf(state.workspace + 1, names));
  },
  "workspace.close": ({ file }) =>
    (state = workspaceOf(
      state.workspace + 1,
      file === null ? [] : state.files.filter((other) => other.file !== file).map(({ name }) => name),
    )),
  "workspace.setPoint": ({ point, name }) => {
    const points = state.points.map((other) => (other.point === point ? { ...other, name: name ?? "" } : other));
    return (state = { ...state, points });
  },
  "workspace.setClockOffset": ({ file, seconds }) => {
    const files = state.files.map((other) => (other.file === file ? { ...other, clockOffset: seconds } : other));
    return (state = { ...state, files });
  },
});

const { connect } = await import("../../src-renderer/bridge/engine");
const { lastChange, tellChange } = await import("../../src-renderer/state/last-change.svelte");
const { toasts } = await import("../../src-renderer/state/toasts.svelte");
const { workspace } = await import("../../src-renderer/state/workspace.svelte");
const { removeSavedFilter, saveFilter, savedFilters } = await import("../../src-renderer/state/saved-filters.svelte");
const { closeFile, renamePoint } = await import("../../src-renderer/views/points/tree-actions");
const { setClockOffsets } = await import("../../src-renderer/state/clock-offsets");
const { UndoSteps } = await import("../../src-renderer/annotations/undo-steps.svelte");

connect();

const offered = (): string[] => toasts.list.filter(({ action }) => action !== null).map(({ text }) => text);
const labels = (): string[] => savedFilters.value.map(({ label }) => label);
const pointNames = (): string[] => workspace.state.points.map(({ name }) => name);
const fileNames = (): string[] => workspace.state.files.map(({ name }) => name);

async function undo(): Promise<void> {
  await lastChange.undo();
  await engine.settle();
}

function file(name: string) {
  const found = workspace.state.files.find((other) => other.name === name);
  if (!found) throw new Error(`${name} is not open`);
  return found;
}

async function rename(from: string, to: string): Promise<void> {
  const point = workspace.state.points.find(({ name }) => name === from);
  if (!point) throw new Error(`no point is called ${from}`);
  renamePoint(point, to);
  await engine.settle();
}

beforeEach(async () => {
  workspace.adopt(workspaceOf(0, []));
  while (lastChange.canUndo) await lastChange.undo();
  toasts.list = [];
  savedFilters.value = [];
  state = workspaceOf(1, ["a", "b"]);
  workspace.adopt(state);
});

describe("Ctrl+Z takes back, newest first,", () => {
  it("a name, a filter button and a closed file, and each message goes with its change", async () => {
    await rename("a", "client");
    saveFilter("Web", "http");
    saveFilter("Names", "dns");
    removeSavedFilter("Web");
    await closeFile(file("b"));
    await engine.settle();
    expect(offered()).toEqual(["Renamed to client.", "Removed the filter button “Web”.", "Closed b."]);

    await undo();
    expect(fileNames()).toEqual(["a", "b"]);
    expect(offered()).toEqual(["Renamed to client.", "Removed the filter button “Web”."]);
    await undo();
    expect(labels()).toEqual(["Web", "Names"]);
    expect(offered()).toEqual(["Renamed to client."]);
    await rename("a", "client");
    await undo();
    await undo();
    expect(pointNames()).toEqual(["a", "b"]);
    expect(lastChange.canUndo).toBe(false);
  });

  it("clock offsets, all that were set at once", async () => {
    await setClockOffsets([
      { file: file("a"), seconds: -0.25 },
      { file: file("b"), seconds: 3 },
    ]);
    expect(workspace.state.files.map(({ clockOffset }) => clockOffset)).toEqual([-0.25, 3]);
    expect(offered()).toEqual(["Clock offsets of 2 files were changed."]);
    await undo();
    expect(workspace.state.files.map(({ clockOffset }) => clockOffset)).toEqual([null, null]);
  });

  it("what the message's button has not taken back already", async () => {
    const undone: string[] = [];
    tellChange("First.", () => void undone.push("first"));
    tellChange("Second.", () => void undone.push("second"));
    toasts.list[0]?.action?.run();
    await undo();
    await undo();
    expect(undone).toEqual(["first", "second"]);
  });

  it("what was changed before or after a note: the turns tell which is newer", () => {
    const notes = new UndoSteps();
    const step = { label: "Write", before: new Map<string, Annotation | null>() };
    tellChange("Older.", () => undefined);
    notes.add(step);
    expect(notes.turn).toBeGreaterThan(lastChange.turn);
    tellChange("Newer.", () => undefined);
    expect(lastChange.turn).toBeGreaterThan(notes.turn);
  });
});

describe("a change of what was open", () => {
  it("is found again though its number is another one", async () => {
    await rename("b", "server");
    state = workspaceOf(2, ["b"], { points: [{ ...workspaceOf(2, ["b"]).points[0], name: "server" } as never] });
    workspace.adopt(state);
    await undo();
    expect(pointNames()).toEqual(["b"]);
  });

  it("is gone with it, and its message too; what is about the window stays", async () => {
    await rename("a", "client");
    saveFilter("Web", "http");
    removeSavedFilter("Web");
    await workspace.close(null);
    expect(offered()).toEqual(["Removed the filter button “Web”."]);
    await undo();
    expect(labels()).toEqual(["Web"]);
    expect(lastChange.canUndo).toBe(false);
  });

  it("a file closed last comes back, but not into what was opened instead", async () => {
    await closeFile(file("b"));
    await closeFile(file("a"));
    expect(offered()).toEqual(["Closed a."]);
    await undo();
    expect(fileNames()).toEqual(["a"]);

    await closeFile(file("a"));
    state = workspaceOf(9, ["c"]);
    workspace.adopt(state);
    expect(lastChange.canUndo).toBe(false);
    expect(offered()).toEqual([]);
  });
});
