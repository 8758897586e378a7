/** The view of the packet list: opened, replaced, refused, cancelled, followed through changes of the workspace. */
import { beforeEach, describe, expect, it } from "vitest";
import { ContractError } from "../../src-shared/contract/messages";
import type { ViewState } from "../../src-shared/contract/results";
import { startFakeEngine, viewOf, workspaceOf } from "./support/fake-engine";

const engine = startFakeEngine();
const { connect } = await import("../../src-renderer/bridge/engine");
const { filterHistory, listenToPackets, packets } = await import("../../src-renderer/state/packets.svelte");
const { selection } = await import("../../src-renderer/state/selection.svelte");
const { workspace } = await import("../../src-renderer/state/workspace.svelte");
connect();
listenToPackets();

let nextView = 1;
beforeEach(async () => {
  engine.answers = {
    "packets.open": () => viewOf(nextView++, 100),
    "packets.close": () => null,
    "packet.details": () => {
      throw new ContractError("gone", "not in this test");
    },
    "settings.set": () => null,
  };
  workspace.adopt(workspaceOf(1, ["a.pcap"]));
  selection.clear();
  await packets.apply("");
});

describe("a filter", () => {
  it("opens a new view, then closes the one before", async () => {
    const before = packets.view?.view ?? -1;
    expect(await packets.apply(" tcp ")).toBe(true);
    await engine.settle();
    expect(packets.filter).toBe("tcp");
    expect(packets.view?.view).toBe(before + 1);
    expect(engine.asked("packets.open").at(-1)?.filter).toBe("tcp");
    expect(engine.asked("packets.close").at(-1)).toEqual({ view: before });
  });

  it("that is refused leaves the old view, and tells where it is wrong", async () => {
    const before = packets.view;
    const problem = { message: "expected ==", from: 8, to: 9 };
    engine.answers["packets.open"] = () => {
      throw new ContractError("invalid-filter", "no filter", problem);
    };
    expect(await packets.apply("ip.addr = 1")).toBe(false);
    expect(packets.problem).toEqual(problem);
    expect(packets.view).toBe(before);
    expect(packets.filter).toBe("");
    expect(packets.draft).toBe("ip.addr = 1");
  });

  it("is overtaken by the next one: the first is cancelled, and closed should it come all the same", async () => {
    let comeLate: (view: ViewState) => void = () => undefined;
    engine.answers["packets.open"] = ({ filter }) =>
      filter === "slow" ? new Promise((resolve) => (comeLate = resolve)) : viewOf(500, 3);
    const slow = packets.apply("slow");
    await engine.settleNow();
    expect(await packets.apply("quick")).toBe(true);
    expect(await slow).toBe(false);
    expect(packets.view?.view).toBe(500);
    comeLate(viewOf(499, 1));
    await engine.settle();
    expect(packets.view?.view).toBe(500);
    expect(engine.asked("packets.close").at(-1)).toEqual({ view: 499 });
  });

  it("that takes long is stopped: the newest view that was complete is opened again, and what was written stays", async () => {
    await packets.apply("tcp");
    expect(packets.canStop, "all is found").toBe(false);
    engine.answers["packets.open"] = ({ filter }) => viewOf(nextView++, 3, filter !== 'frame contains "x"');
    await packets.apply('frame contains "x"');
    expect(packets.canStop).toBe(true);
    packets.cancel();
    await engine.settle();
    expect([packets.filter, packets.draft, packets.canStop]).toEqual(["tcp", 'frame contains "x"', false]);
  });

  it("that takes long again, for other capture points, say, is stopped in favour of all packets", async () => {
    engine.answers["packets.open"] = ({ filter }) => viewOf(nextView++, 3, filter === "" || nextView % 2 === 0);
    if (nextView % 2 === 0) nextView++;
    await packets.apply("slow");
    expect(packets.view?.complete).toBe(true);
    await packets.reopen();
    expect([packets.view?.complete, packets.canStop]).toEqual([false, true]);
    packets.cancel();
    await engine.settle();
    expect([packets.filter, packets.view?.complete]).toEqual(["", true]);
  });

  it("is no more to be stopped than the list of all packets where nothing else could take its place", async () => {
    engine.answers["packets.open"] = () => viewOf(nextView++, 3, false);
    await packets.apply("");
    expect([packets.isWorking, packets.canStop]).toEqual([true, false]);
    const opened = engine.asked("packets.open").length;
    packets.cancel();
    expect(engine.asked("packets.open").length).toBe(opened);
    engine.emit("view", viewOf(packets.view?.view ?? -1, 3));
  });

  it("joins what is pointed at, or prepares it only", async () => {
    await packets.apply("tcp");
    await packets.applyExpression("ip.ttl == 63", "and");
    expect(packets.filter).toBe("(tcp) && (ip.ttl == 63)");
    await packets.applyExpression("udp", "selected", true);
    expect(packets.draft).toBe("udp");
    expect(packets.filter).toBe("(tcp) && (ip.ttl == 63)");
  });

  it("that was applied is remembered once, newest first", async () => {
    for (const filter of ["tcp", "udp", "tcp", ""]) await packets.apply(filter);
    expect(filterHistory.value.slice(0, 2)).toEqual(["tcp", "udp"]);
  });
});

describe("an open view", () => {
  it("grows with its events, and takes no notice of other views'", async () => {
    const view = packets.view?.view ?? -1;
    engine.emit("view", viewOf(view, 250, false));
    expect(packets.view).toMatchObject({ rows: 250, complete: false });
    engine.emit("view", viewOf(view + 1000, 1));
    expect(packets.view?.rows).toBe(250);
    engine.emit("view", viewOf(view, 300));
    await engine.settle();
  });

  it("is opened anew, with its filter, when the workspace is another", async () => {
    await packets.apply("dns");
    const opened = engine.asked("packets.open").length;
    workspace.adopt(workspaceOf(2, ["a.pcap", "b.pcap"]));
    packets.follow();
    await engine.settle();
    expect(engine.asked("packets.open").length).toBe(opened + 1);
    expect(engine.asked("packets.open").at(-1)?.filter).toBe("dns");
  });

  it("is opened anew when a capture point is switched off or a packet ignored, but not for counts that grow", async () => {
    packets.follow();
    await engine.settle();
    const opened = (): number => engine.asked("packets.open").length;
    const before = opened();
    workspace.adopt(workspaceOf(1, ["a.pcap"], { packets: 5000 }));
    packets.follow();
    await engine.settle();
    expect(opened()).toBe(before);

    const state = workspaceOf(1, ["a.pcap"]);
    workspace.adopt({ ...state, points: state.points.map((point) => ({ ...point, enabled: false })) });
    packets.follow();
    await engine.settle();
    expect(opened()).toBe(before + 1);

    selection.toggleIgnored(12);
    packets.follow();
    await engine.settle();
    expect(opened()).toBe(before + 2);
    expect(engine.asked("packets.open").at(-1)?.ignored).toEqual([12]);
  });

  it("stays drawn while the engine is started again, and is not closed there: its number may be another view's", async () => {
    await packets.apply("dns");
    const before = packets.view;
    const closed = engine.asked("packets.close").length;
    packets.forget();
    expect(packets.view).toBe(before);
    engine.emit("view", viewOf(before?.view ?? -1, 7));
    expect(packets.view?.rows).toBe(100);
    engine.answers["packets.open"] = () => viewOf(before?.view ?? -1, 42);
    packets.follow();
    await engine.settle();
    expect(packets.view?.rows).toBe(42);
    expect(engine.asked("packets.close").length).toBe(closed);
  });

  it("is gone with the last file", () => {
    workspace.adopt(workspaceOf(3, []));
    packets.follow();
    expect(packets.view).toBeNull();
  });
});
