/** Which rows the packet list asks for: pages around what is shown; of a jump its screen alone, and the rest once that is drawn. */
import { describe, expect, it } from "vitest";
import type { PacketRow } from "../../src-shared/contract/results";
import { startFakeEngine } from "./support/fake-engine";

const ROWS = 100_000;
const rowsFrom = (from: number, count: number): PacketRow[] =>
  Array.from({ length: count }, (_, n) => ({ packet: from + n }) as PacketRow);
const engine = startFakeEngine({
  "packets.rows": ({ from, count }) => ({ rows: rowsFrom(from, count), view: null as never }),
});
const { connect } = await import("../../src-renderer/bridge/engine");
const { ListRows } = await import("../../src-renderer/views/packet-list/list-rows");
connect();

const asked = (): string[] => engine.asked("packets.rows").map(({ from, count }) => `${from}+${count}`);

describe("a jump", () => {
  it("asks for its screen alone; once that is drawn for what is around it", async () => {
    const before = asked().length;
    const rows = new ListRows(
      () => undefined,
      (reason) => expect.unreachable(reason),
    );
    rows.reset(1, ["number"]);
    rows.ensure(50_000, 50_040, ROWS, 0, true);
    await engine.settle();
    expect(asked().slice(before)).toEqual(["50000+40"]);
    // The frame that draws them is on its way: nothing may come before it.
    rows.ensure(50_000, 50_040, ROWS, 0, true);
    await engine.settle();
    expect(asked().slice(before)).toHaveLength(1);
    rows.ensure(50_000, 50_040, ROWS, 0);
    await engine.settle();
    expect(asked().slice(before + 1)).toEqual(expect.arrayContaining(["49920+128", "50048+128"]));
  });

  it("whose rows came with the answer to another question asks for nothing", async () => {
    const before = asked().length;
    const rows = new ListRows(
      () => undefined,
      (reason) => expect.unreachable(reason),
    );
    rows.reset(2, ["number"]);
    rows.storeScreen(2, 70_000, rowsFrom(70_000, 44));
    rows.ensure(70_001, 70_041, ROWS, 0, true);
    await engine.settle();
    expect(asked().slice(before)).toEqual([]);
    expect(rows.row(70_020)?.packet).toBe(70_020);
  });
});
