/**
 * The tree of capture points as rows, top to bottom: files, and below an open one its problems and points.
 *
 * ```
 * ▾ n1.pcapng            file 0
 *     ! cut off          problem 0 of file 0
 *     eth0               point 0
 *     cni0               point 1
 * ▸ n2.pcapng            file 1 (closed: its points are not rows)
 * ```
 */
import { addToGroup } from "../../src-shared/base/grouping";
import type { FileState, PointState, ProblemInfo } from "../../src-shared/contract/results";
import type { PointRole } from "../../src-shared/model/point-role";

/** What the box of a file shows: all of its points are enabled, none, or some. */
export type Checked = "true" | "false" | "mixed";

export type TreeRow = (
  | { readonly kind: "file"; readonly open: boolean; readonly checked: Checked }
  | { readonly kind: "problem"; readonly problem: ProblemInfo }
  | { readonly kind: "point"; readonly point: PointState }
) & {
  readonly key: string;
  readonly file: FileState;
  /** It is the n-th, from 1, of `siblings` rows below the same parent: rows that are not in sight are no elements. */
  readonly position: number;
  readonly siblings: number;
};

/** More problems of a file are in the dialog that the last one opens. */
export const SHOWN_PROBLEMS = 3;

/** @param closed indices of files whose rows are folded away */
export function treeRows(
  files: readonly FileState[],
  points: readonly PointState[],
  closed: ReadonlySet<number>,
): TreeRow[] {
  const rows: TreeRow[] = [];
  // Once for all files: workspaces have hundreds of them, and the tree is made anew ten times a second while they load.
  const pointsOf = new Map<number, PointState[]>();
  for (const point of points) {
    addToGroup(pointsOf, point.file, point);
  }
  for (const [index, file] of files.entries()) {
    const open = !closed.has(file.file);
    const own = pointsOf.get(file.file) ?? [];
    const place = { position: index + 1, siblings: files.length };
    rows.push({ kind: "file", key: `file-${file.file}`, file, open, checked: fileChecked(own), ...place });
    if (!open) continue;
    const problems = file.problems.slice(0, SHOWN_PROBLEMS);
    const siblings = problems.length + own.length;
    for (const [at, problem] of problems.entries())
      rows.push({ kind: "problem", key: `problem-${file.file}-${at}`, file, problem, position: at + 1, siblings });
    for (const [at, point] of own.entries()) {
      const position = problems.length + at + 1;
      rows.push({ kind: "point", key: `point-${point.point}`, file, point, position, siblings });
    }
  }
  return rows;
}

/** Where rows lie that are `heightOf` high, one below the other: row i from tops[i] to tops[i + 1]. */
export function rowTops(rows: readonly TreeRow[], heightOf: (row: TreeRow) => number): Float64Array {
  const tops = new Float64Array(rows.length + 1);
  rows.forEach((row, index) => (tops[index + 1] = (tops[index] ?? 0) + heightOf(row)));
  return tops;
}

/** Index of the row at `y`; the last one for what is below all. */
export function rowAt(tops: Float64Array, y: number): number {
  let low = 0;
  let high = Math.max(0, tops.length - 2);
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((tops[middle] ?? 0) <= y) low = middle;
    else high = middle - 1;
  }
  return low;
}

export function fileChecked(points: readonly PointState[]): Checked {
  const enabled = points.filter((point) => point.enabled).length;
  if (enabled === points.length) return "true";
  return enabled === 0 ? "false" : "mixed";
}

/** Height of each bar of a sparkline, 0 … 1 of the highest; a part with few packets is still seen. */
export function sparkHeights(counts: readonly number[]): number[] {
  const highest = Math.max(0, ...counts);
  return counts.map((count) => (count <= 0 ? 0 : Math.max(0.12, count / highest)));
}

/** Bars as one SVG path in a box of `width` × `height`. */
export function sparkPath(counts: readonly number[], width: number, height: number): string {
  const heights = sparkHeights(counts);
  const step = width / Math.max(1, heights.length);
  const bar = Math.max(0.5, step - 0.4);
  const round = (value: number): number => Math.round(value * 100) / 100;
  return heights
    .flatMap((share, index) =>
      share === 0
        ? []
        : [`M${round(index * step)} ${height}v${round(-share * height)}h${round(bar)}v${round(share * height)}z`],
    )
    .join("");
}

/** Link types that have a name people use; the others keep that of the list of link types ("IEEE802_15_4"). */
const LINK_TYPES: ReadonlyMap<string, string> = new Map([
  ["ETHERNET", "Ethernet"],
  ["RAW", "Raw IP"],
  ["IPV4", "Raw IPv4"],
  ["IPV6", "Raw IPv6"],
  ["LINUX_SLL", "Linux cooked"],
  ["LINUX_SLL2", "Linux cooked v2"],
  ["NULL", "BSD loopback"],
  ["LOOP", "Loopback"],
  ["PPP", "PPP"],
  ["IEEE802_11", "Wi-Fi"],
  ["IEEE802_11_RADIOTAP", "Wi-Fi with radiotap"],
]);

export function linkTypeLabel(name: string): string {
  return LINK_TYPES.get(name) ?? name;
}

export const ROLES: readonly { readonly role: PointRole; readonly label: string; readonly hint: string }[] = [
  { role: "pod-nic", label: "Pod NIC", hint: "eth0 inside a pod" },
  { role: "host-veth", label: "Host veth", hint: "A pod's cable end on the node" },
  { role: "bridge", label: "Bridge", hint: "cni0, cbr0, br0, docker0" },
  { role: "tunnel-device", label: "Tunnel device", hint: "VXLAN, Geneve, IP-in-IP, TUN" },
  { role: "node-nic", label: "Node NIC", hint: "The node's own network card" },
  { role: "router-port", label: "Router port", hint: "A router or gateway between networks" },
  { role: "loopback", label: "Loopback", hint: "lo" },
  { role: "unknown", label: "Unknown", hint: "" },
];

export function roleLabel(role: PointRole): string {
  return ROLES.find((known) => known.role === role)?.label ?? role;
}
