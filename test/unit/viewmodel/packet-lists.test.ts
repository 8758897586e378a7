/** The packet list's view models: columns, scroll position, pages of rows, colours, marks, filters from cells. */
import { PACKET_COLUMNS } from "../../../src-shared/contract/columns";
import { describe, expect, it } from "vitest";

import { COLOUR_RULES } from "../../../src-shared/contract/colours";
import type { PacketRow, TimeValue } from "../../../src-shared/contract/results";
import { AA_CONTRAST, contrast, rowColours } from "../../../src-renderer/viewmodel/packet-colours";
import {
  checkColumns,
  columnFor,
  defaultColumns,
  drawnWidths,
  dropIndex,
  type ListColumn,
  listColumns,
  movedColumn,
  resizedColumn,
  storedColumns,
  withColumn,
  withoutColumn,
} from "../../../src-renderer/viewmodel/packet-columns";
import { textLiteral } from "../../../src-shared/model/filter-text";
import { cellFilter, joinFilter } from "../../../src-renderer/viewmodel/packet-filter";
import { gutterCell, type Selected } from "../../../src-renderer/viewmodel/packet-gutter";
import {
  clampTop,
  isShown,
  MIN_THUMB_PX,
  rowAfterKey,
  thumbAt,
  topAtThumb,
  topCentring,
  topShowing,
  wheelRows,
} from "../../../src-renderer/viewmodel/packet-scroll";
import { baseTime, compareTimes } from "../../../src-renderer/viewmodel/packet-time";
import { MAX_PAGES, PacketWindow, PAGE_ROWS } from "../../../src-renderer/viewmodel/packet-window";

const ids = (columns: readonly { id: string }[]): string => columns.map((column) => column.id).join(" ");

describe("columns", () => {
  it("are wide enough at first for their heading and the arrow of a sorted one", () => {
    // Semi-bold letters of 12 px are 6.4 px wide on average, the edges 12 px, the arrow 16.
    for (const { label, widthPx } of PACKET_COLUMNS)
      expect(widthPx, label).toBeGreaterThanOrEqual(label.length * 6.4 + 28);
  });

  it("are Wireshark's, in its order, before a person changes them", () => {
    expect(defaultColumns().map((column) => column.label)).toEqual([
      "No.",
      "Time",
      "Source",
      "Destination",
      "Protocol",
      "Length",
      "Info",
    ]);
  });

  it("come back from the setting as they were", () => {
    const columns = resizedColumn(withColumn(movedColumn(defaultColumns(), "length", 0), "ip.ttl"), "ip.ttl", 77.4);
    expect(ids(columns)).toBe("length number time source destination protocol ip.ttl info");
    const stored: unknown = JSON.parse(JSON.stringify(storedColumns(columns)));
    expect(listColumns(checkColumns(stored) ?? [])).toEqual(columns);
  });

  it.each([
    ["nothing", null],
    ["a text", "number"],
    ["a record", {}],
    ["a list of nothing usable", [null, 7, { id: 5 }, { id: "a b" }, { id: "<b>" }]],
  ])("are not taken from a setting that holds %s", (_, stored) => {
    expect(checkColumns(stored)).toBeUndefined();
  });

  it("of a damaged setting are those that can be used, each once, with a sane width", () => {
    const stored = [{ id: "time", widthPx: -5 }, { id: "time" }, { id: "ip.src", widthPx: 1e9 }, { id: "info" }];
    expect(checkColumns(stored)?.map(({ id, widthPx }) => [id, widthPx])).toEqual([
      ["time", 36],
      ["ip.src", 4000],
      ["info", 520],
    ]);
  });

  it("can be removed, but for the last one", () => {
    let columns: readonly { id: string }[] = defaultColumns();
    for (const { id } of defaultColumns()) columns = withoutColumn(columns as never, id);
    expect(ids(columns)).toBe("info");
  });

  it("fill the pane: the last one takes what is left, and shrinks as long as nobody has set its width", () => {
    const columns = listColumns([
      { id: "number", widthPx: 50 },
      { id: "info", widthPx: 100 },
    ]);
    expect(drawnWidths(columns, 400)).toEqual([50, 350]);
    expect(drawnWidths(columns, 100), "set by a person").toEqual([50, 100]);
    const untouched = [columnFor("number"), columnFor("info")];
    expect([drawnWidths(untouched, 400), drawnWidths(untouched, 100)]).toEqual([
      [72, 328],
      [72, 200],
    ]);
  });

  it("show IPv6 addresses whole where the last column has more than enough, unless a person has set their width", () => {
    const source = columnFor("source");
    const drawn = (columns: readonly ListColumn[], pane: number): number[] => drawnWidths(columns, pane);
    expect(drawn([source, columnFor("info")], 600)).toEqual([138, 462]);
    expect(drawn([source, columnFor("info")], 800)).toEqual([200, 600]);
    expect(drawn([source, columnFor("info")], 2000)).toEqual([300, 1700]);
    expect(drawn([{ ...source, widthPx: 90 }, columnFor("info")], 2000)).toEqual([90, 1910]);
  });

  it("land where they are dropped: past the middle of a neighbour", () => {
    const widths = [100, 100, 100];
    expect([10, 60, 149, 151, 290, 999].map((x) => dropIndex(widths, 0, x))).toEqual([0, 0, 0, 1, 2, 2]);
    expect([10, 60, 149, 240].map((x) => dropIndex(widths, 2, x))).toEqual([0, 1, 1, 2]);
  });
});

describe("scroll position", () => {
  const area = { rows: 10_000_000, page: 30.5 };

  it("reaches the last row of ten million, whole, at the end of the track", () => {
    const thumb = thumbAt(area.rows, area, 600);
    expect(thumb).toEqual({ topPx: 600 - MIN_THUMB_PX, lengthPx: MIN_THUMB_PX });
    expect(topAtThumb(600 - MIN_THUMB_PX, area, 600)).toBe(area.rows - area.page);
    expect(isShown(area.rows - 1, area.rows - area.page, area)).toBe(true);
  });

  it("and its thumb agree in both directions", () => {
    for (const top of [0, 1234.5, 5_000_000, area.rows - area.page]) {
      const thumb = thumbAt(top, area, 640);
      expect(topAtThumb(thumb?.topPx ?? -1, area, 640)).toBeCloseTo(top, 3);
    }
  });

  it("has no thumb when everything fits", () => {
    expect(thumbAt(0, { rows: 30, page: 30.5 }, 600)).toBeNull();
    expect(clampTop(17, { rows: 30, page: 30.5 })).toBe(0);
  });

  it("moves as little as needed to show a row, and centres it after a jump", () => {
    const small = { rows: 100, page: 10 };
    expect(topShowing(12, 10, small)).toBe(10);
    expect(topShowing(9, 10, small)).toBe(8);
    expect(topShowing(20, 10, small)).toBe(12);
    expect(topShowing(99, 0, small)).toBe(90);
    expect(topShowing(0, 50, small)).toBe(0);
    expect(topCentring(50, small)).toBe(45.5);
  });

  it("understands wheels that count pixels, lines and pages", () => {
    expect([wheelRows(60, 0, 20, 30), wheelRows(-3, 1, 20, 30), wheelRows(1, 2, 20, 30)]).toEqual([3, -3, 30]);
  });

  it("follows the keys, and stays inside", () => {
    const small = { rows: 100, page: 10.2 };
    const after = (key: string, row: number): number | null => rowAfterKey(key, row, 40, small);
    expect([after("ArrowDown", 5), after("ArrowUp", 5), after("ArrowUp", 0), after("ArrowDown", 99)]).toEqual([
      6, 4, 0, 99,
    ]);
    expect([after("PageDown", 5), after("PageUp", 5), after("PageDown", 95)]).toEqual([14, 0, 99]);
    expect([after("Home", 5), after("End", 5), after("Home", -1), after("End", -1)]).toEqual([0, 99, 0, 99]);
    expect(after("ArrowDown", -1), "nothing selected: the first row on screen").toBe(40);
    expect(after("x", 5)).toBeNull();
    expect(rowAfterKey("ArrowDown", -1, 0, { rows: 0, page: 10 })).toBeNull();
  });
});

/** Rows of a view in which row n is packet n. */
function rowsOf(from: number, count: number): PacketRow[] {
  return Array.from({ length: count }, (_, index) => ({
    packet: from + index,
    number: from + index + 1,
    file: 0,
    point: 0,
    time: [0, from + index] as TimeValue,
    cells: [],
    colour: -1,
    stream: -1,
    reply: false,
    comments: 0,
  }));
}

describe("pages of rows", () => {
  const filled = (...pages: number[]): PacketWindow => {
    const window = new PacketWindow();
    for (const page of pages) window.store(page, rowsOf(page * PAGE_ROWS, PAGE_ROWS));
    return window;
  };
  const none = new Set<number>();

  it("of a jump are drawn before their pages are there, and give way to them", () => {
    const window = filled(0);
    window.storeScreen(1000, rowsOf(1000, 40));
    expect(window.has(1000, 1040)).toBe(true);
    expect([window.has(999, 1040), window.has(1000, 1041)]).toEqual([false, false]);
    expect(window.row(1039)?.packet).toBe(1039);
    expect(window.drawableTop(1005, 0, 30, 5000), "far from what is drawn").toBe(1005);
    // Half of it from the page: 7 pages are 896 rows, 8 are 1024.
    window.store(7, rowsOf(7 * PAGE_ROWS, PAGE_ROWS));
    expect(window.has(900, 1040)).toBe(true);
    expect(pagesOf(window.missing(1000, 1040, 1040, 1, none)), "still asked for").toBe("8");
    window.storeScreen(2000, rowsOf(2000, 40));
    expect(window.row(1030), "only the last jump is kept").toBeUndefined();
    window.clear();
    expect(window.row(2000)).toBeUndefined();
  });

  const pagesOf = (requests: readonly { page: number; shown: boolean }[]): string =>
    requests.map(({ page, shown }) => `${page}${shown ? "" : "?"}`).join(" ");

  it("are asked for where they are shown, then ahead of the movement", () => {
    const window = filled();
    expect(pagesOf(window.missing(130, 170, 100_000, 1, none))).toBe("1 2? 3?");
    expect(pagesOf(window.missing(1000, 1040, 100_000, -1, none))).toBe("7 8 6? 5?");
    expect(pagesOf(filled(1, 2).missing(130, 170, 100_000, 1, new Set([3])))).toBe("");
  });

  it("end with the view", () => {
    expect(filled().missing(100, 140, 140, 1, none)).toEqual([
      { page: 0, from: 0, count: 128, shown: true },
      { page: 1, from: 128, count: 12, shown: true },
    ]);
    expect(filled().missing(0, 0, 0, 1, none)).toEqual([]);
  });

  it("that were short are asked for again when the view has grown; those that are stale always", () => {
    const window = new PacketWindow();
    window.store(0, rowsOf(0, 40));
    expect(window.missing(0, 30, 40, 1, none)).toEqual([]);
    expect(pagesOf(window.missing(0, 30, 90, 1, none))).toBe("0");
    window.store(0, rowsOf(0, 90));
    window.markStale();
    expect(window.row(5)?.packet, "still drawn").toBe(5);
    expect(pagesOf(window.missing(0, 30, 90, 1, none))).toBe("0");
  });

  it("that were asked for before the view changed are asked for once more", () => {
    const window = new PacketWindow();
    const { epoch } = window;
    window.markStale();
    window.store(0, rowsOf(0, 90), epoch);
    expect(window.row(5)?.packet).toBe(5);
    expect(pagesOf(window.missing(0, 30, 90, 1, none))).toBe("0");
    window.store(0, rowsOf(0, 90), window.epoch);
    expect(window.missing(0, 30, 90, 1, none)).toEqual([]);
  });

  it("let the list move only to where every row is there", () => {
    const window = filled(0, 1);
    expect(window.drawableTop(100, 0, 30, 10_000), "inside").toBe(100);
    expect(window.drawableTop(240, 200, 30, 10_000), "as far as there are rows").toBe(226);
    expect(window.drawableTop(8000, 200, 30, 10_000), "a jump waits").toBe(200);
    expect(window.drawableTop(8000, 5000, 30, 10_000), "nothing to draw at all").toBeNull();
    expect(window.drawableTop(0, 0, 30, 10), "a view shorter than the screen").toBe(0);
  });

  it("are bounded, whatever is scrolled over, and the shown ones stay", () => {
    const window = new PacketWindow();
    for (let page = 0; page < 2000; page++) {
      window.store(page, rowsOf(page * PAGE_ROWS, PAGE_ROWS));
      window.missing(0, 30, 1_000_000, 0, none);
    }
    expect(window.pageCount).toBeLessThanOrEqual(MAX_PAGES);
    expect(window.has(0, 30)).toBe(true);
  });
});

describe("row colours", () => {
  it.each([
    ["light", false],
    ["dark", true],
  ])("can be read in the %s theme", (_, dark) => {
    for (const [index, colour] of rowColours(dark).entries())
      expect(contrast(colour.text, colour.background), COLOUR_RULES[index]?.label).toBeGreaterThanOrEqual(AA_CONTRAST);
  });

  it("are Wireshark's in the light theme, but for a text that could not be read", () => {
    const changed = rowColours(false).flatMap((colour, index) => {
      const rule = COLOUR_RULES[index];
      return rule && (rule.background !== colour.background || rule.text !== colour.text) ? [rule.id] : [];
    });
    expect(changed).toEqual(["broadcast"]);
  });

  it("are dark in the dark theme, and told apart", () => {
    const colours = rowColours(true);
    for (const [index, { background }] of colours.entries())
      if (!COLOUR_RULES[index]?.id.match(/reset|ttl/))
        expect(contrast(background, "#000000"), background).toBeLessThan(2.6);
    const pale = ["arp", "icmp", "http", "tcp", "udp", "tcp-syn-fin", "broadcast"].map((id) => {
      return colours[COLOUR_RULES.findIndex((rule) => rule.id === id)]?.background;
    });
    expect(new Set(pale).size).toBe(pale.length);
  });
});

describe("marks beside related packets", () => {
  /** Rows 0 … 5 are packets 10 … 15 of these streams. */
  const streams = [7, 1, 7, 1, 7, 2];
  const selected: Selected = {
    packet: 12,
    stream: 7,
    row: 2,
    related: [
      { packet: 10, number: 1, relation: "first-of-stream" },
      { packet: 10, number: 1, relation: "request" },
      { packet: 15, number: 6, relation: "same-journey" },
    ],
  };
  const draw = (span: { firstRow: number; lastRow: number }): string =>
    streams
      .map((stream, index) => gutterCell({ index, packet: 10 + index, stream }, selected, span))
      .map((cell) => `${cell.line}${cell.mark ? `:${cell.mark}` : ""}`)
      .join(" ");

  it("draw a line through the conversation", () => {
    expect(draw({ firstRow: 0, lastRow: 4 })).toBe("start:request through member through end none:same-journey");
  });

  it("draw no line between when the ends are not known", () => {
    expect(draw({ firstRow: -1, lastRow: -1 })).toBe("start:request none member none member none:same-journey");
  });

  it("are absent while nothing is selected", () => {
    expect(gutterCell({ index: 0, packet: 1, stream: 1 }, null, { firstRow: 0, lastRow: 9 }).line).toBe("none");
  });
});

describe("filters from what is pointed at", () => {
  it("join the filter in force as Wireshark's menu says", () => {
    const joined = (["selected", "not", "and", "or", "and-not", "or-not"] as const).map((join) =>
      joinFilter("tcp or udp", "ip.ttl == 1", join),
    );
    expect(joined).toEqual([
      "ip.ttl == 1",
      "!(ip.ttl == 1)",
      "(tcp or udp) && (ip.ttl == 1)",
      "(tcp or udp) || (ip.ttl == 1)",
      "(tcp or udp) && !(ip.ttl == 1)",
      "(tcp or udp) || !(ip.ttl == 1)",
    ]);
    expect([joinFilter(" ", "arp", "and"), joinFilter("", "arp", "or-not")]).toEqual(["arp", "!(arp)"]);
  });

  it.each([
    ["number", "17", "frame.number == 17"],
    ["time", "", "frame.time_epoch == 12.000000345"],
    ["source", "10.0.0.1", "ip.src == 10.0.0.1"],
    ["destination", "fe80::1", "ipv6.dst == fe80::1"],
    ["source", "02:00:00:00:00:01", "eth.src == 02:00:00:00:00:01"],
    ["source", "", null],
    ["protocol", "IPv4", "ip"],
    ["protocol", "ICMPv6", "icmpv6"],
    ["length", "98", "frame.len == 98"],
    ["stream", "4", "udp.stream == 4"],
    ["point", "n1.pcapng eth0", 'point.id == "n1.pcapng#0"'],
    ["protocol", "802.11", null],
    ["info", "anything", null],
    ["ip.ttl", "63", "ip.ttl == 63"],
    ["ip.src", "10.0.0.1,10.244.0.2", "ip.src == 10.0.0.1"],
    ["http.host", 'a"b\\c', 'http.host == "a\\"b\\\\c"'],
    ["ip.ttl", "", null],
  ])("of the %s cell %j is %j", (column, text, filter) => {
    const row = { number: 17, time: [12, 345] as const, protocol: "DNS", stream: 9, pointId: "n1.pcapng#0" };
    expect(cellFilter({ ...row, column, text })).toBe(filter);
  });

  it("cannot break out of a string literal", () => {
    expect(textLiteral('" or tcp "\n')).toBe('"\\" or tcp \\"\\x0a"');
  });
});

describe("time references", () => {
  const first: TimeValue = [100, 0];

  it("count from the last reference not after the packet", () => {
    const references: TimeValue[] = [
      [105, 0],
      [103, 500],
    ];
    expect(baseTime([102, 0], first, references)).toEqual(first);
    expect(baseTime([104, 0], first, references)).toEqual([103, 500]);
    expect(baseTime([105, 0], first, references)).toEqual([105, 0]);
  });

  it("are compared to the nanosecond", () => {
    expect(compareTimes([1_700_000_000, 1], [1_700_000_000, 2])).toBe(-1);
    expect(compareTimes([2, 0], [1, 999_999_999])).toBe(1);
    expect(compareTimes([2, 5], [2, 5])).toBe(0);
  });
});
