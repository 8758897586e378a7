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
  "workspace.setPoint": ({ point, name, enabled, role }) => {
    const points = state.points.map((other) => {
      if (other.point !== point) return other;
      return {
        ...other,
        ...(name !== undefined && { name: name ?? "" }),
        ...(enabled !== undefined && { enabled }),
        ...(role !== undefined && { role: role ?? "unknown", roleTold: role !== null }),
      };
    });
    return (state = { ...state, points });
  },
  "workspace.setDecodeAs": ({ rules }) => (state = { ...state, decodeAs: rules }),
  "workspace.setClockOffset": ({ file, seconds }) => {
    const files = state.files.map((other) => (other.file === file ? { ...other, clockOffset: seconds } : other));
    return (state = { ...state, files });
  },
});

const { connect } = await import("../../src-renderer/bridge/engine");
const { lastChange, tellChange } = await import("../../src-renderer/state/last-change.svelte");
const { separator } = await import("../../src-renderer/state/menus.svelte");
const { toasts } = await import("../../src-renderer/state/toasts.svelte");
const { workspace } = await import("../../src-renderer/state/workspace.svelte");
const { removeSavedFilter, saveFilter, savedFilters } = await import("../../src-renderer/state/saved-filters.svelte");
const { closeFile, renamePoint, rowMenu, toggle } = await import("../../src-renderer/views/points/tree-actions");
const { setDecodeAs } = await import("../../src-renderer/state/decode-rules");
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

async function redo(): Promise<void> {
  await lastChange.redo();
  await engine.settle();
}

const row = (name: string) => {
  const point = workspace.state.points.find((other) => other.name === name);
  if (!point) throw new Error(`no point is called ${name}`);
  const at = { key: name, position: 1, siblings: 1, file: workspace.state.files[point.file] ?? file("a") };
  return { kind: "point" as const, point, ...at };
};
const switchedOn = (): string[] => workspace.state.points.filter(({ enabled }) => enabled).map(({ name }) => name);

/** Chooses an item of a point's menu, by its labels from the outermost. */
async function choose(name: string, ...labels: string[]): Promise<void> {
  let entries = rowMenu(row(name), () => undefined, null, false);
  for (const label of labels) {
    const entry = entries.flatMap((one) => (one !== separator && one.label === label ? [one] : []))[0];
    if (!entry) throw new Error(`there is no ${label}`);
    if (entry.items) entries = [...entry.items];
    else entry.run?.();
  }
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
  const known = { role: "unknown" as const, roleTold: false, pod: null, node: null };
  state = { ...state, points: state.points.map((point) => ({ ...point, id: `${point.name}#0`, ...known })) };
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
    const telling = (name: string) => ({ undo: () => void undone.push(name), redo: () => undefined });
    tellChange("First.", telling("first"));
    tellChange("Second.", telling("second"));
    toasts.list[0]?.action?.run();
    await undo();
    await undo();
    expect(undone).toEqual(["first", "second"]);
  });

  it("what was changed before or after a note: the turns tell which is newer", () => {
    const notes = new UndoSteps();
    const step = { label: "Write", before: new Map<string, Annotation | null>() };
    const nothing = { undo: () => undefined, redo: () => undefined };
    tellChange("Older.", nothing);
    notes.add(step);
    expect(notes.turn).toBeGreaterThan(lastChange.turn);
    tellChange("Newer.", nothing);
    expect(lastChange.turn).toBeGreaterThan(notes.turn);
  });
});

describe("Ctrl+Shift+Z does again what was taken back", () => {
  it("last taken back, first done again; every message offers to take it back once more", async () => {
    await rename("a", "client");
    saveFilter("Web", "http");
    removeSavedFilter("Web");
    await closeFile(file("b"));
    await engine.settle();
    await undo();
    await undo();
    await undo();
    expect([pointNames(), labels(), fileNames()]).toEqual([["a", "b"], ["Web"], ["a", "b"]]);
    expect(lastChange.redoName).toBe("Renamed to client");
    await redo();
    expect(pointNames()).toEqual(["client", "b"]);
    expect(lastChange.redoName).toBe("Removed the filter button “Web”");
    await redo();
    expect(labels()).toEqual([]);
    await redo();
    expect(fileNames()).toEqual(["a"]);
    expect(offered()).toEqual(["Renamed to client.", "Removed the filter button “Web”.", "Closed b."]);
    expect(lastChange.canRedo).toBe(false);
    await redo();
    await undo();
    expect(fileNames()).toEqual(["a", "b"]);
  });

  it("capture points switched on and off, one or all of a file, and what they are said to be", async () => {
    toggle(row("b"));
    await engine.settle();
    await choose("a", "Role", "Bridge");
    expect(offered()).toEqual([]);
    expect(switchedOn()).toEqual(["a"]);
    expect(lastChange.undoName).toBe("a: Bridge");
    await undo();
    expect(workspace.state.points[0]).toMatchObject({ roleTold: false });
    await undo();
    expect(switchedOn()).toEqual(["a", "b"]);
    expect(lastChange.redoName).toBe("b switched off");
    await redo();
    await redo();
    expect(switchedOn()).toEqual(["a"]);
    expect(workspace.state.points[0]).toMatchObject({ role: "bridge", roleTold: true });
    // What is so already is no change.
    await choose("a", "Role", "Bridge");
    await undo();
    expect(workspace.state.points[0]).toMatchObject({ roleTold: false });
  });

  it("a capture point shown alone", async () => {
    await choose("a", "Show only this one");
    expect(switchedOn()).toEqual(["a"]);
    await undo();
    expect(switchedOn()).toEqual(["a", "b"]);
    await redo();
    expect(switchedOn()).toEqual(["a"]);
  });

  it("what is decoded as what; the same rules again are no change", async () => {
    const rules = [{ what: "udp.port", value: 9000, as: "vxlan" }];
    await setDecodeAs(rules);
    await setDecodeAs(rules);
    expect(offered()).toEqual(["Decoded with 1 rule."]);
    await undo();
    expect(workspace.state.decodeAs).toEqual([]);
    await redo();
    expect(workspace.state.decodeAs).toEqual(rules);
    await undo();
    expect(lastChange.canUndo).toBe(false);
  });

  it("until something else is changed, in the window or of notes", async () => {
    const notes = new UndoSteps();
    const step = { label: "Write", before: new Map<string, Annotation | null>() };
    const revert = () => Promise.resolve(step);
    notes.add(step);
    await rename("a", "client");
    await undo();
    await notes.undo(revert);
    // The note was taken back last: it comes first.
    expect([notes.canRedo, lastChange.redoName]).toEqual(["Write", "Renamed to client"]);
    expect(notes.redoTurn).toBeGreaterThan(lastChange.redoTurn);
    await notes.redo(revert);
    expect(lastChange.redoName).toBe("Renamed to client");
    notes.add(step);
    expect([notes.canRedo, lastChange.redoName]).toEqual([null, null]);
    await notes.undo(revert);
    await rename("b", "server");
    expect([notes.canRedo, lastChange.redoName]).toEqual([null, null]);
    await redo();
    expect(pointNames()).toEqual(["a", "server"]);
  });

  it("not what failed", async () => {
    const failing = { undo: () => undefined, redo: () => Promise.reject(new Error("gone")) };
    tellChange("Fails.", failing);
    await undo();
    await redo();
    expect([lastChange.canUndo, lastChange.canRedo]).toEqual([false, false]);
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

describe("redo that is asked for before undo has ended", () => {
  it("waits for it: of the window", async () => {
    const done: string[] = [];
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    tellChange("Turned.", {
      undo: () => ended.then(() => void done.push("undone")),
      redo: () => void done.push("done again"),
    });
    const undone = lastChange.undo();
    await Promise.resolve();
    const redone = lastChange.redo();
    end();
    await Promise.all([undone, redone]);
    expect(done).toEqual(["undone", "done again"]);
    expect(lastChange.canUndo).toBe(true);
  });

  it("waits for it: of notes", async () => {
    const steps = new UndoSteps();
    const done: string[] = [];
    let end: () => void = () => undefined;
    const kept = new Promise<void>((resolve) => (end = resolve));
    const step = { label: "note", before: new Map<string, Annotation | null>() };
    steps.add(step);
    const undone = steps.undo(() => kept.then(() => (done.push("undone"), step)));
    const redone = steps.redo(() => Promise.resolve((done.push("done again"), step)));
    end();
    await Promise.all([undone, redone]);
    expect(done).toEqual(["undone", "done again"]);
    expect(steps.canUndo).toBe("note");
  });
});
