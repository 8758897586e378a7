/** The selected packet's connection follows it, and nothing else moves. */
import { beforeEach, describe, expect, it } from "vitest";
import type { PacketDetails } from "../../src-shared/contract/results";
import { startFakeEngine } from "./support/fake-engine";

const engine = startFakeEngine();
const { connect } = await import("../../src-renderer/bridge/engine");
const { linking, listenToAnalysis } = await import("../../src-renderer/state/linking.svelte");
const { selection } = await import("../../src-renderer/state/selection.svelte");
connect();
listenToAnalysis();

beforeEach(() => {
  engine.answers = {
    "packet.details": ({ packet }) => ({ packet, sources: [], tree: [] }) as unknown as PacketDetails,
    // Packets below 10 are the third journey of connection "c", seen for the second time.
    "join.ofPacket": ({ packet }) =>
      packet < 10
        ? { connection: "c", journey: 2, hop: 1, reason: null }
        : { connection: null, journey: -1, hop: -1, reason: "no network layer" },
  };
  selection.clear();
  linking.forget();
  engine.emit("analysis", { state: "done", done: 1, total: 1, text: "" });
});

const asked = (): number => engine.asked("join.ofPacket").length;

/** What app.svelte's effect does when a packet was selected. */
function selectInList(packet: number): void {
  selection.select(packet, { reveal: false });
  linking.follow(selection.packet);
}

describe("a packet selected in the list", () => {
  it("brings its connection, journey and hop, as the same step of the history", async () => {
    selectInList(3);
    await expect.poll(() => selection.connection).toBe("c");
    expect([selection.journey, selection.hop]).toEqual([2, 1]);
    expect(selection.canGoBack).toBe(false);
    selectInList(4);
    await expect.poll(() => asked()).toBe(2);
    selection.back();
    expect([selection.packet, selection.connection, selection.journey]).toEqual([3, "c", 2]);
  });

  it("that is in no connection leaves the pictures as they are, and the reason is known", async () => {
    selectInList(3);
    await expect.poll(() => selection.connection).toBe("c");
    selectInList(11);
    await expect.poll(() => linking.reason).toBe("no network layer");
    expect(selection.connection).toBe("c");
  });

  it("is not looked up while nothing is joined: selecting packets starts no analysis", async () => {
    const before = asked();
    engine.emit("analysis", { state: "idle", done: 0, total: 0, text: "" });
    selectInList(5);
    await engine.settle();
    expect([asked() - before, selection.connection]).toEqual([0, null]);
  });
});

describe("the first packet of a recording, which nobody chose", () => {
  const telling = { connection: "call", journey: 0, packet: 40, what: "a call to the Service default/web" };
  const open = (): void => {
    selection.select(0, { reveal: false, automatic: true });
    linking.follow(selection.packet);
  };
  beforeEach(() => void (engine.answers = { ...engine.answers, "join.telling": () => telling }));

  it("gives way to one that shows more of the network, in all views, as the first step of the history", async () => {
    open();
    await expect.poll(() => selection.connection).toBe("call");
    expect([selection.packet, selection.journey, selection.hop]).toEqual([40, 0, 0]);
    expect([selection.canGoBack, linking.begunWith?.what]).toEqual([false, "a call to the Service default/web"]);
  });

  it("stays where no connection shows more", async () => {
    engine.answers = { ...engine.answers, "join.telling": () => null };
    open();
    await expect.poll(() => selection.connection).toBe("c");
    expect([selection.packet, linking.begunWith]).toEqual([0, null]);
  });

  it("stays when a person chose it", async () => {
    const before = engine.asked("join.telling").length;
    selectInList(0);
    await expect.poll(() => selection.connection).toBe("c");
    expect([selection.packet, engine.asked("join.telling").length]).toEqual([0, before]);
  });

  it("a choice made while the answer is on its way is kept", async () => {
    open();
    selectInList(4);
    await expect.poll(() => selection.connection).toBe("c");
    await engine.settle();
    expect([selection.packet, linking.begunWith]).toEqual([4, null]);
  });
});

describe("chosen in pictures", () => {
  it("a sighting is everything at once and is not looked up again", async () => {
    const before = asked();
    linking.chooseSighting({ connection: "d", journey: 0, hop: 4, packet: 8 });
    linking.follow(selection.packet);
    await engine.settle();
    expect([selection.packet, selection.connection, selection.journey, selection.hop]).toEqual([8, "d", 0, 4]);
    expect(asked()).toBe(before);
  });

  it("a part of the map is taken back by choosing it again; back and forward bring it", () => {
    const pod = { kind: "pod", label: "pod a", options: { ends: "a" } };
    selection.select(1);
    linking.chooseScope(pod);
    expect(selection.scope?.label).toBe("pod a");
    linking.chooseScope({ ...pod, options: { ends: "a" } });
    expect(selection.scope).toBeNull();
    selection.back();
    expect([selection.scope?.label, selection.packet]).toEqual(["pod a", 1]);
    selection.back();
    expect([selection.scope, selection.packet]).toEqual([null, 1]);
    selection.forward();
    expect(selection.scope?.label).toBe("pod a");
  });

  it("a time range that is dragged is one step", () => {
    selection.select(1);
    linking.chooseRange({ from: [1, 0], to: [2, 0] });
    linking.chooseRange({ from: [1, 0], to: [3, 0] }, { amend: true });
    selection.back();
    expect(selection.range).toBeNull();
    selection.forward();
    expect(selection.range?.to).toEqual([3, 0]);
  });
});
