/** The selected packet, its history, and what is said about packets; through files that come and go. */
import { beforeEach, describe, expect, it } from "vitest";
import { ContractError } from "../../src-shared/contract/messages";
import type { PacketDetails } from "../../src-shared/contract/results";
import { startFakeEngine, viewOf, workspaceOf } from "./support/fake-engine";

const engine = startFakeEngine();
const { connect } = await import("../../src-renderer/bridge/engine");
const { details } = await import("../../src-renderer/state/details.svelte");
const { selection } = await import("../../src-renderer/state/selection.svelte");
const { followWorkspace } = await import("../../src-renderer/state/session.svelte");
const { workspace } = await import("../../src-renderer/state/workspace.svelte");
connect();

beforeEach(() => {
  engine.answers = {
    "packet.details": ({ packet }) => ({ packet, sources: [], tree: [] }) as unknown as PacketDetails,
    "packets.open": () => viewOf(1, 10),
    "packets.close": () => null,
  };
  workspace.adopt(workspaceOf(1, ["a.pcap"]));
  followWorkspace();
  selection.clear();
});

describe("going back and forward", () => {
  it("walks the packets in the order they were selected", () => {
    for (const packet of [12, 57, 58]) selection.select(packet);
    selection.back();
    selection.back();
    expect(selection.packet).toBe(12);
    expect([selection.canGoBack, selection.canGoForward]).toEqual([false, true]);
    selection.forward();
    expect(selection.packet).toBe(57);
    // A new way: what was ahead is forgotten.
    selection.select(31);
    expect(selection.canGoForward).toBe(false);
    selection.back();
    expect(selection.packet).toBe(57);
  });

  it("counts a packet once, however often it is selected in a row", () => {
    selection.select(12);
    selection.select(12);
    expect(selection.canGoBack).toBe(false);
  });

  it("brings the packet into view, but not for a click on one that is", () => {
    const before = selection.reveal;
    selection.select(12, { reveal: false });
    expect(selection.reveal).toBe(before);
    selection.select(57);
    expect(selection.reveal).toBe(before + 1);
  });
});

describe("marks, ignored packets and time references", () => {
  it("are switched on and off", () => {
    selection.toggleMark(3);
    selection.toggleReference(9, [2, 0]);
    selection.toggleReference(5, [1, 0]);
    expect([...selection.marks]).toEqual([3]);
    expect(selection.referenceTimes).toEqual([
      [1, 0],
      [2, 0],
    ]);
    selection.toggleMark(3);
    expect(selection.marks.size).toBe(0);
  });

  it("stay when files are added, and go when packets get other numbers", () => {
    selection.select(3);
    selection.toggleMark(3);
    workspace.adopt(workspaceOf(2, ["a.pcap", "b.pcap"]));
    followWorkspace();
    expect(selection.packet).toBe(3);
    expect(selection.marks.has(3)).toBe(true);
    workspace.adopt(workspaceOf(3, ["b.pcap"]));
    followWorkspace();
    expect(selection.packet).toBeNull();
    expect(selection.marks.size).toBe(0);
  });
});

describe("details", () => {
  it("are those of the last packet, however the answers come", async () => {
    const later: (() => void)[] = [];
    engine.answers["packet.details"] = ({ packet }) =>
      new Promise((resolve) =>
        later.push(() => resolve({ packet, sources: [], tree: [] } as unknown as PacketDetails)),
      );
    selection.select(1);
    await expect.poll(() => later.length).toBe(1);
    selection.select(2);
    await expect.poll(() => later.length).toBe(2);
    later.reverse().forEach((answer) => answer());
    await expect.poll(() => details.packet?.packet).toBe(2);
    expect(details.loading).toBe(false);
  });

  it("say why there are none", async () => {
    engine.answers["packet.details"] = () => {
      throw new ContractError("file", "a.pcap: it was removed");
    };
    selection.select(4);
    // The request waits a moment: while somebody walks through the list only the last packet's is made.
    await expect.poll(() => details.problem).toContain("it was removed");
    expect(details.packet).toBeNull();
  });
});
