/** The packet list's columns: the capture point comes where there are several, until a person says otherwise of it. */
import { beforeEach, describe, expect, it } from "vitest";
import { movedColumn, resizedColumn, withColumn } from "../../src-renderer/viewmodel/packet-columns";
import { startFakeEngine, workspaceOf } from "./support/fake-engine";

const engine = startFakeEngine({ "settings.set": () => null });
const { connect } = await import("../../src-renderer/bridge/engine");
const { columns } = await import("../../src-renderer/state/columns.svelte");
const { workspace } = await import("../../src-renderer/state/workspace.svelte");
connect();

const open = (...names: string[]): void => workspace.adopt(workspaceOf(1, names));
const ids = (): string[] => columns.list.map(({ id }) => id);

beforeEach(async () => {
  open("a.pcap");
  columns.reset();
  await engine.settle();
});

describe("the capture point's column", () => {
  it("is shown while there are several points", () => {
    expect(ids()).not.toContain("point");
    open("a.pcap", "b.pcap");
    expect(ids().indexOf("point")).toBe(2);
    open("a.pcap");
    expect(ids()).not.toContain("point");
  });

  it("still is after something was said of another column", () => {
    columns.list = resizedColumn(columns.list, "info", 500);
    columns.remove("protocol");
    open("a.pcap", "b.pcap");
    expect(ids().indexOf("point")).toBe(2);
    expect(ids()).not.toContain("protocol");
    expect(columns.list.find(({ id }) => id === "info")?.widthPx).toBe(500);
  });

  it("keeps the place and the width a person gave it", () => {
    open("a.pcap", "b.pcap");
    columns.list = resizedColumn(movedColumn(columns.list, "point", 0), "point", 90);
    open("a.pcap");
    expect(ids()).not.toContain("point");
    open("a.pcap", "b.pcap");
    expect(columns.list[0]).toMatchObject({ id: "point", widthPx: 90 });
  });

  it("stays away once it was removed, until it is added again", () => {
    open("a.pcap", "b.pcap");
    columns.remove("point");
    expect(ids()).not.toContain("point");
    open("a.pcap", "b.pcap", "c.pcap");
    expect(ids()).not.toContain("point");
    columns.list = withColumn(columns.list, "point");
    expect(ids()).toContain("point");
  });

  it("stays where a person wanted it, of one point too", () => {
    columns.list = withColumn(columns.list, "point");
    expect(ids()).toContain("point");
    open("b.pcap");
    expect(ids()).toContain("point");
  });
});
