/** Marking, ignoring and unmarking everything the list shows, each with a way back. */
import { beforeEach, describe, expect, it } from "vitest";
import { startFakeEngine, viewOf, workspaceOf } from "./support/fake-engine";

/** What the list shows. */
let shown: readonly number[] = [];
const engine = startFakeEngine({
  "packets.open": () => viewOf(1, shown.length),
  "packets.close": () => null,
  "packets.ids": ({ count }) => ({ packets: new Uint8Array(Uint32Array.from(shown.slice(0, count)).buffer) }),
});

const { connect } = await import("../../src-renderer/bridge/engine");
const { lastChange } = await import("../../src-renderer/state/last-change.svelte");
const { packets } = await import("../../src-renderer/state/packets.svelte");
const { selection } = await import("../../src-renderer/state/selection.svelte");
const { toasts } = await import("../../src-renderer/state/toasts.svelte");
const { workspace } = await import("../../src-renderer/state/workspace.svelte");
const { chooseDisplayed, unignoreAll, unmarkDisplayed, unsetReferences } =
  await import("../../src-renderer/views/packet-list/all-displayed");

connect();

async function show(rows: readonly number[], filter = ""): Promise<void> {
  shown = rows;
  await packets.apply(filter);
  await engine.settle();
}

const marks = (): number[] => [...selection.marks].sort((a, b) => a - b);

beforeEach(() => {
  workspace.adopt(workspaceOf(1, ["a"]));
  selection.clear();
  toasts.list = [];
});

describe("everything the list shows", () => {
  it("is marked, on top of what is; undo leaves what was marked before", async () => {
    selection.toggleMark(5);
    selection.toggleMark(99);
    await show([5, 3, 70_000], "tcp");
    await chooseDisplayed("marks");
    expect(marks()).toEqual([3, 5, 99, 70_000]);
    expect(toasts.list.at(-1)?.text).toBe("2 packets marked.");
    await lastChange.undo();
    expect(marks()).toEqual([5, 99]);
  });

  it("is unmarked, and nothing that a filter hides", async () => {
    for (const packet of [1, 2, 99]) selection.toggleMark(packet);
    await show([1, 2, 3], "tcp");
    await unmarkDisplayed();
    expect(marks()).toEqual([99]);
    await lastChange.undo();
    expect(marks()).toEqual([1, 2, 99]);
    await show([1, 2, 3, 99]);
    await unmarkDisplayed();
    expect(marks()).toEqual([]);
  });

  it("is ignored; all that is ignored comes back", async () => {
    await show([4, 6]);
    await chooseDisplayed("ignored");
    expect([...selection.ignored]).toEqual([4, 6]);
    unignoreAll();
    expect(selection.ignored.size).toBe(0);
    await lastChange.undo();
    expect([...selection.ignored]).toEqual([4, 6]);
  });

  it("is too much to be marked: that is said, and nothing is", async () => {
    await show(Array.from({ length: 100_001 }, (_, at) => at));
    await chooseDisplayed("marks");
    expect(selection.marks.size).toBe(0);
    expect(toasts.list.at(-1)?.text).toContain("the list shows 100,001: filter first");
  });
});

it("time references are unset, and come back in their order", async () => {
  selection.toggleReference(7, [1, 0]);
  selection.toggleReference(2, [0, 5]);
  unsetReferences();
  expect(selection.references.size).toBe(0);
  await lastChange.undo();
  expect(selection.referenceTimes).toEqual([
    [0, 5],
    [1, 0],
  ]);
});

it("nothing comes back to packets that have other numbers since", async () => {
  selection.toggleReference(7, [1, 0]);
  unsetReferences();
  selection.clear();
  await lastChange.undo();
  expect(selection.references.size).toBe(0);
});
