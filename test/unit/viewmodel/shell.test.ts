/** Small view models of the window: quantities, the filter bar's marks, the points tree, finding commands by letters. */
import { describe, expect, it } from "vitest";
import type { FileState, PointState, ProblemInfo } from "../../../src-shared/contract/results";
import { formatAge } from "../../../src-renderer/viewmodel/age";
import { clockText, parseOffset } from "../../../src-renderer/viewmodel/clock-offset";
import { insertCompletion, markText } from "../../../src-renderer/viewmodel/filter-marks";
import { matchFuzzy } from "../../../src-renderer/viewmodel/fuzzy-match";
import { rangeBetween } from "../../../src-renderer/viewmodel/list-selection";
import { LoadRate } from "../../../src-renderer/viewmodel/load-rate";
import { fitDistinct, fitMiddle } from "../../../src-renderer/viewmodel/fit-middle";
import {
  fileChecked,
  rowAt,
  rowTops,
  sparkHeights,
  sparkPath,
  treeRows,
} from "../../../src-renderer/viewmodel/points-tree";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatNoun,
  formatShare,
} from "../../../src-renderer/viewmodel/quantity";
import { nextZoom } from "../../../src-renderer/viewmodel/zoom-steps";

describe("quantities", () => {
  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1536, "1.5 KiB"],
    [10 * 1024, "10 KiB"],
    [1024 ** 3, "1 GiB"],
    [5.5 * 1024 ** 4, "5.5 TiB"],
  ])("%i bytes are %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it.each([
    [0, "0 s"],
    [1.2e-9, "1.2 ns"],
    [1.2e-6, "1.2 µs"],
    [0.25, "250 ms"],
    [1.5, "1.5 s"],
    [75.5, "1 min 15.5 s"],
    [3600 * 2 + 60 * 5, "2 h 5 min"],
    [90061, "1 d 1 h 1 min"],
    [-0.25, "-250 ms"],
  ])("%f seconds are %s", (seconds, text) => expect(formatDuration(seconds)).toBe(text));

  it("counts in groups of three, with the word that fits", () => {
    expect(formatCount(1234567)).toBe("1,234,567");
    expect(formatNoun(1, "packet")).toBe("1 packet");
    expect(formatNoun(2000, "packet")).toBe("2,000 packets");
  });

  it("says neither 0 % once it began nor 100 % before it is done", () => {
    expect(formatShare(1, 1_000_000)).toBe("< 1 %");
    expect(formatShare(999_999, 1_000_000)).toBe("99 %");
    expect(formatShare(10, 10)).toBe("100 %");
    expect(formatShare(0, 0)).toBe("0 %");
  });

  it("tells how long ago something was", () => {
    const hour = 3_600_000;
    expect([-5, 1000, 5 * 60_000, 3 * hour, 30 * hour, 24 * 20 * hour].map(formatAge)).toEqual([
      "just now",
      "just now",
      "5 min ago",
      "3 h ago",
      "yesterday",
      "2 weeks ago",
    ]);
  });

  it("smooths the speed of loading, and begins anew with another load", () => {
    const rate = new LoadRate();
    expect(rate.update(0, 1000)).toBeNull();
    expect(rate.update(100, 2000)).toBe(100);
    expect(rate.update(300, 3000)).toBeGreaterThan(100);
    expect(rate.update(300, 3000)).toBeLessThan(200);
    expect(rate.update(10, 4000)).toBeNull();
  });
});

describe("the filter bar", () => {
  it.each([
    ["ip.addr = 1", 8, 9, "ip.addr |=| 1"],
    ["ip.addr ==", 10, 10, "ip.addr ==| |"],
    ["tcp foo", 4, 7, "tcp |foo|"],
    ["tcp", 40, 99, "tcp| |"],
    ["a b", 2, 2, "a |b|"],
  ])("marks %s from %i to %i as %s", (text, from, to, parts) => {
    const { before, marked, after } = markText(text, from, to);
    expect(`${before}|${marked}|${after}`).toBe(parts);
  });

  it("puts a completion in the place of what was typed", () => {
    expect(insertCompletion("tcp && ip.ad == x", 7, 12, "ip.addr")).toEqual({ text: "tcp && ip.addr == x", caret: 14 });
  });
});

describe("the points tree", () => {
  const problem = (message: string): ProblemInfo => ({ message, offset: 1, fatal: false });
  const file = (index: number, problems: ProblemInfo[] = []): FileState =>
    ({ file: index, problems }) as unknown as FileState;
  const point = (index: number, of: number, enabled = true): PointState =>
    ({ point: index, file: of, enabled }) as unknown as PointState;

  it("lists files with their problems and points, and folds closed ones", () => {
    const files = [file(0, [problem("a"), problem("b"), problem("c"), problem("d")]), file(1)];
    const points = [point(0, 0), point(1, 1), point(2, 0)];
    expect(treeRows(files, points, new Set()).map((row) => row.key)).toEqual([
      "file-0",
      "problem-0-0",
      "problem-0-1",
      "problem-0-2",
      "point-0",
      "point-2",
      "file-1",
      "point-1",
    ]);
    expect(treeRows(files, points, new Set([0])).map((row) => row.key)).toEqual(["file-0", "file-1", "point-1"]);
  });

  it("finds the rows in sight by their heights", () => {
    const rows = treeRows([file(0, [problem("cut off")])], [point(0, 0), point(1, 0)], new Set());
    const tops = rowTops(rows, (row) => (row.kind === "problem" ? 60 : 43));
    expect([...tops]).toEqual([0, 43, 103, 146, 189]);
    expect([-5, 0, 42, 43, 102, 103, 188, 5000].map((y) => rowAt(tops, y))).toEqual([0, 0, 0, 1, 1, 2, 3, 3]);
    expect(
      rowAt(
        rowTops([], () => 43),
        10,
      ),
    ).toBe(0);
  });

  it("cuts long names in their middle: the end tells files apart", () => {
    const widthOf = (text: string): number => [...text].length * 10;
    expect(fitMiddle("n1.pcapng", 200, widthOf)).toBe("n1.pcapng");
    expect(fitMiddle("service-vxlan-node2.pcapng", 200, widthOf)).toBe("servic…-node2.pcapng");
    expect(fitMiddle("service-vxlan-node2.pcapng", 10, widthOf)).toBe("…-node2.pcapng");
    // A letter of two code units stays whole.
    expect(fitMiddle("🙂🙂🙂🙂🙂🙂🙂🙂", 60, widthOf)).toBe("🙂…🙂🙂🙂🙂");
  });

  it("names that would be cut to the same keep what tells them apart", () => {
    const widthOf = (text: string): number => [...text].length * 10;
    const shown = (names: readonly string[], widthPx: number): string[] =>
      names.map((name) => fitDistinct(name, names, widthPx, widthOf));
    expect(shown(["client-1.pcapng", "client-2.pcapng", "lo.pcap"], 90)).toEqual(["…t-1.pca…", "…t-2.pca…", "lo.pcap"]);
    const folders = ["a-recording-of-monday/client.pcapng", "a-recording-of-friday/client.pcapng"];
    expect(shown(folders, 160)).toEqual(["…f-monday/clien…", "…f-friday/clien…"]);
    // Where they differ is in sight anyhow.
    const nodes = ["node1-long-name.pcapng", "node2-long-name.pcapng"];
    expect(shown(nodes, 200)).toEqual(nodes.map((name) => fitMiddle(name, 200, widthOf)));
  });

  it("shows for a file whether all, none or some of its points are enabled", () => {
    expect(fileChecked([point(0, 0), point(1, 0)])).toBe("true");
    expect(fileChecked([point(0, 0, false)])).toBe("false");
    expect(fileChecked([point(0, 0), point(1, 0, false)])).toBe("mixed");
  });

  it("draws few packets beside many as a bar that can be seen, and none as no bar", () => {
    expect(sparkHeights([0, 1, 1000])).toEqual([0, 0.12, 1]);
    expect(sparkHeights([0, 0])).toEqual([0, 0]);
    expect(sparkPath([0, 0], 10, 10)).toBe("");
    expect(sparkPath([2, 0], 10, 10)).toBe("M0 10v-10h4.6v10z");
  });
});

describe("finding a command", () => {
  const best = (query: string, titles: readonly string[]): string | undefined =>
    titles
      .flatMap((title) => {
        const match = matchFuzzy(query, title);
        return match ? [{ title, score: match.score }] : [];
      })
      .sort((a, b) => b.score - a.score)[0]?.title;
  const titles = ["Go to Packet", "Next Packet", "Mark or Unmark Packet", "Packet Bytes", "Zoom In", "Switch Theme"];

  it.each([
    ["gtp", "Go to Packet"],
    ["mark", "Mark or Unmark Packet"],
    ["pb", "Packet Bytes"],
    ["theme", "Switch Theme"],
    ["zi", "Zoom In"],
  ])("%s finds %s", (query, title) => expect(best(query, titles)).toBe(title));

  it("wants all letters, in their order", () => {
    expect(matchFuzzy("xyz", "Go to Packet")).toBeNull();
    expect(matchFuzzy("ptg", "Go to Packet")).toBeNull();
    expect(matchFuzzy("", "Go to Packet")).toEqual({ score: 0, at: [] });
  });

  it("tells which letters they were", () => {
    expect(matchFuzzy("gtp", "Go to Packet")?.at).toEqual([0, 3, 6]);
  });
});

describe("what a person types and chooses", () => {
  it.each([
    ["1.5", 1.5],
    ["-0,25", -0.25],
    ["+12 ms", 0.012],
    ["300us", 300e-6],
    ["2 min", 120],
    [".5", 0.5],
  ])("the clock offset %s is %f seconds", (text, seconds) => expect(parseOffset(text)).toBeCloseTo(seconds, 12));

  it.each(["", "a", "1.2.3", "5 parsecs", "--1", "1e999x"])("the clock offset %s is none", (text) => {
    expect(parseOffset(text)).toBeNull();
  });

  it.each([
    [{ seconds: 0, errorSeconds: 0, source: "reference", pairs: 0 }, /^The reference/],
    [
      { seconds: 0.350012, errorSeconds: 0.00004, source: "estimated", pairs: 1204 },
      "Estimated: +0.350012 s ± 40 µs, from 1,204 packets seen both ways.",
    ],
    [
      { seconds: -12, errorSeconds: null, source: "estimated", pairs: 1 },
      "Estimated: -12 s, from 1 packet seen both ways.",
    ],
    [{ seconds: 5, errorSeconds: 0, source: "told", pairs: 0 }, /^Set by hand/],
    [{ seconds: 0, errorSeconds: null, source: "unknown", pairs: 0 }, /Taken as 0 s/],
  ] as const)("what joining makes of the clock %o, in words", (clock, text) => {
    expect(clockText({ file: 0, ...clock })).toMatch(text);
  });

  it("a range of a list, in either direction", () => {
    expect(rangeBetween(2, 4)).toEqual([2, 3, 4]);
    expect(rangeBetween(4, 2)).toEqual([2, 3, 4]);
    expect(rangeBetween(3, 3)).toEqual([3]);
  });

  it("sizes in steps, and no further than the last", () => {
    expect(nextZoom(100, 1)).toBe(110);
    expect(nextZoom(105, -1)).toBe(100);
    expect(nextZoom(250, 1)).toBe(250);
    expect(nextZoom(60, -1)).toBe(60);
  });
});
