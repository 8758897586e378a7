/** A recording that is in no file yet: asked about before something else takes its place, saved, thrown away, or kept. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { LiveSourceState } from "../../src-shared/contract/live";
import { ContractError } from "../../src-shared/contract/messages";
import { startFakeEngine } from "./support/fake-engine";

const engine = startFakeEngine();
const close = vi.fn();
Object.assign(window, { close });

const { connect } = await import("../../src-renderer/bridge/engine");
const { dialogs } = await import("../../src-renderer/state/dialogs.svelte");
const { live } = await import("../../src-renderer/state/live.svelte");
const { beforeUnload, mayLeaveRecording } = await import("../../src-renderer/state/recording");
const { workspace } = await import("../../src-renderer/state/workspace.svelte");

connect();

function source(more: Partial<LiveSourceState> = {}): LiveSourceState {
  return {
    id: "live-1",
    label: "eth0",
    state: "stopped",
    kind: "interfaces",
    path: "/scratch/live-1.pcapng",
    packets: 7,
    bytes: 700,
    message: "",
    problem: null,
    generator: null,
    ...more,
  };
}

const view = { view: 3, rows: 7, scanned: 7, packets: 7, complete: true, problem: null, failed: false };

beforeEach(() => {
  dialogs.message?.answer(false);
  live.saved = "";
  live.adopt([source()]);
  // The system's own dialog asks where to: nothing of a page is needed.
  workspace.app = { host: "browser", dialogs: true } as NonNullable<typeof workspace.app>;
  engine.answers = {
    "files.pickSave": () => ({ path: "/home/me/eth0.pcapng" }),
    "packets.open": () => view,
    "packets.close": () => null,
    "export.write": () => ({ path: "/download/x", packets: 7, bytes: 900 }),
    "live.state": () => ({ sources: [source()] }),
    "live.stop": () => source(),
    "live.saved": () => null,
  };
});

/** Asks, gives the answer, tells whether one may go on. */
async function answered(answer: boolean | "otherwise"): Promise<boolean> {
  const may = mayLeaveRecording();
  await vi.waitUntil(() => dialogs.message !== null);
  expect(dialogs.message).toMatchObject({ kind: "question", action: "Save…", otherwise: "Discard" });
  dialogs.message?.answer(answer);
  return may;
}

describe("before something takes its place", () => {
  it("is saved, and not asked about again", async () => {
    expect(await answered(true)).toBe(true);
    expect(engine.asked("export.write")).toHaveLength(1);
    expect(await mayLeaveRecording()).toBe(true);
    expect(dialogs.message).toBeNull();
  });

  it("is thrown away, or stays", async () => {
    expect(await answered("otherwise")).toBe(true);
    expect(await answered(false)).toBe(false);
  });

  it("is stopped before it is saved, so that nothing of it is missing", async () => {
    live.adopt([source({ state: "running" })]);
    expect(await answered(true)).toBe(true);
    expect(engine.asked("live.stop")).toEqual([{ id: "live-1" }]);
  });

  it("stays where it could not be written", async () => {
    engine.answers["export.write"] = () => {
      throw new ContractError("file", "the disk is full");
    };
    expect(await answered(true)).toBe(false);
    expect(dialogs.message).toMatchObject({ kind: "error", title: "The recording could not be saved" });
  });

  it("is no question without packets, and none for a file that somebody else writes", async () => {
    live.adopt([source({ packets: 0 })]);
    expect(await mayLeaveRecording()).toBe(true);
    live.adopt([source({ kind: "file" })]);
    expect(await mayLeaveRecording()).toBe(true);
  });
});

describe("before the window goes", () => {
  const leave = (): boolean => {
    let kept = false;
    beforeUnload({ preventDefault: () => (kept = true) } as unknown as BeforeUnloadEvent);
    return !kept;
  };

  it("a browser is told to ask, and asks itself", () => {
    expect(leave()).toBe(false);
    expect(dialogs.message).toBeNull();
    live.adopt([]);
    expect(leave()).toBe(true);
  });

  it("Electron's window stays, asks, and goes by itself after the answer", async () => {
    workspace.app = { host: "electron", dialogs: true } as NonNullable<typeof workspace.app>;
    expect(leave()).toBe(false);
    await vi.waitUntil(() => dialogs.message !== null);
    dialogs.message?.answer(false);
    await engine.settle();
    expect(close).not.toHaveBeenCalled();
    expect(leave()).toBe(false);
    await vi.waitUntil(() => dialogs.message !== null);
    dialogs.message?.answer("otherwise");
    await vi.waitUntil(() => close.mock.calls.length === 1);
    expect(leave()).toBe(true);
  });
});
