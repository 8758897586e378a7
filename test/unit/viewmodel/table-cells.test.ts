/** Cells of the engine's tables as texts, and how wide their columns are. */
import { describe, expect, it } from "vitest";
import type { TableColumn } from "../../../src-shared/contract/results";
import {
  cellHint,
  cellText,
  columnWidth,
  grownWidths,
  nextSort,
  rowAsText,
  severityTone,
} from "../../../src-renderer/viewmodel/table-cells";

const column = (id: string, kind: TableColumn["kind"], field: string | null = null): TableColumn => ({
  id,
  label: id,
  kind,
  field,
  hint: "",
});
const time = (t: readonly [number, number]): string => `at ${t[0]}`;

describe("cells of a table", () => {
  it("are texts in the units of their column", () => {
    expect(cellText("number", 1234567, time)).toBe("1,234,567");
    expect(cellText("bytes", 1536, time)).toBe("1.5 KiB");
    expect(cellText("duration", 0.0012, time)).toBe("1.2 ms");
    expect(cellText("percent", 3.14159, time)).toBe("3.14 %");
    expect(cellText("time", [17, 5], time)).toBe("at 17");
    expect(cellText("text", null, time)).toBe("");
  });

  it("keep the exact number in the tooltip and in copied text", () => {
    expect(cellHint("bytes", 1536)).toBe("1,536 bytes");
    const row = { key: "1", cells: ["10.0.0.1", 1536], filter: null, filters: [], level: 0 };
    expect(rowAsText([column("address", "address"), column("bytes", "bytes")], row, time)).toBe("10.0.0.1\t1536");
  });
});

describe("the widths of a table's columns", () => {
  const fixed = { widthPx: 100 };
  it("leave no room unused where a column may take it, and none takes more than it may", () => {
    expect(grownWidths([fixed, { widthPx: 100, mostPx: 480 }], 500)).toEqual([100, 400]);
    expect(
      grownWidths(
        [
          { widthPx: 100, mostPx: 150 },
          { widthPx: 100, mostPx: 480 },
        ],
        500,
      ),
    ).toEqual([150, 350]);
    expect(grownWidths([{ widthPx: 100, mostPx: 150 }, fixed], 500)).toEqual([150, 100]);
  });

  it("go by the longest of the first texts, up to a point; what a longer one needs is what it may grow to", () => {
    const rows = [
      { key: "1", cells: ["TCP", "x".repeat(50), 7], filter: null, filters: [], level: 2 },
      { key: "2", cells: ["ICMPv6", "y", 7], filter: null, filters: [], level: 0 },
    ];
    const width = (kind: TableColumn["kind"], at: number): unknown => columnWidth(column("c", kind), at, rows);
    expect(width("text", 0)).toEqual({ widthPx: 81, mostPx: 81 });
    expect(width("text", 1)).toEqual({ widthPx: 200, mostPx: 433 });
    expect(width("number", 2)).toEqual({ widthPx: 88, mostPx: null });
  });

  it("of addresses are shown whole from the start: their end tells rows apart", () => {
    const address = "2001:db8:1111:2222:3333:4444:5555:6666";
    const rows = [{ key: "1", filter: null, filters: [], level: 0, cells: [address] }];
    expect(columnWidth(column("a", "address"), 0, rows).widthPx).toBeGreaterThan(address.length * 7.3);
  });

  it("have room for their headings", () => {
    expect(columnWidth(column("a".repeat(20), "number"), 0, []).widthPx).toBe(188);
  });

  it("are no wider than their headings where nothing is in them", () => {
    const rows = [{ key: "1", cells: [null], filter: null, filters: [], level: 0 }];
    expect(columnWidth(column("until", "time"), 0, []).widthPx).toBe(104);
    expect(columnWidth(column("until", "time"), 0, rows).widthPx).toBeLessThan(70);
  });

  it("stay as they are where there is no room: the table scrolls sideways", () => {
    expect(grownWidths([fixed, { widthPx: 100, mostPx: 480 }], 150)).toEqual([100, 100]);
    expect(grownWidths([{ widthPx: 500, mostPx: 480 }], 900)).toEqual([500]);
  });
});

describe("a severity", () => {
  it("has the colour of its gravity, in the words of whichever table", () => {
    expect(["Error", "Warning", "warn", "Chat"].map(severityTone)).toEqual(["error", "warn", "warn", "chat"]);
    expect(severityTone(null)).toBeNull();
  });
});

describe("a click on a heading", () => {
  const packets = column("packets", "number");
  const name = column("name", "text");

  it("orders numbers from the largest, texts from the smallest, then turns round, then gives the own order back", () => {
    const first = nextSort([], packets, false);
    const second = nextSort(first, packets, false);
    expect(first).toEqual([{ column: "packets", descending: true }]);
    expect(second).toEqual([{ column: "packets", descending: false }]);
    expect(nextSort(second, packets, false)).toEqual([]);
    expect(nextSort([], name, false)).toEqual([{ column: "name", descending: false }]);
  });

  it("with Shift orders behind what orders already", () => {
    expect(nextSort(nextSort([], packets, false), name, true).map((key) => key.column)).toEqual(["packets", "name"]);
  });
});
