/**
 * Places a Service's flow: three columns of boxes, ribbons as thick as the calls they stand for.
 *
 * ```
 *  x = 0          the middle        the right edge
 *  ┌ box ┐════╗                     a box is as high as its connections, at least LEAST_H
 *  └─────┘    ╠══► ┌ box ┐════►     a ribbon leaves in the order of the boxes it leads to: fewer crossings
 *  ┌ box ┐════╝    └─────┘
 * ```
 * d3's bundle has no sankey: with three columns in a given order no layout has to be searched for.
 */
import type { FilterValue } from "./filter-value";
import { formatCount, formatNoun } from "./quantity";
import type { ConnectionScope } from "./selection-step";

/** A box that has no place yet. */
export interface FlowDraft {
  readonly id: string;
  readonly column: 0 | 1 | 2;
  readonly label: string;
  readonly subtitle: string;
  connections: number;
  /** "plain", "quiet": nothing was sent there, "bad": something went wrong there. */
  readonly tone: "plain" | "quiet" | "bad";
  readonly scope: ConnectionScope | null;
  /** What its menu can ask for; null: nothing. */
  readonly value: FilterValue | null;
}

/** Between two boxes, by their ids. */
export interface FlowLink {
  readonly from: string;
  readonly to: string;
  connections: number;
  failed: number;
}

export interface FlowNode extends Readonly<FlowDraft> {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

export interface FlowRibbon {
  readonly id: string;
  /** SVG path of its area. */
  readonly path: string;
  readonly failed: boolean;
  readonly title: string;
  /** Of both of its ends: behind a translation no packet has both addresses. */
  readonly values: readonly FilterValue[];
}

export interface ServiceFlow {
  readonly nodes: readonly FlowNode[];
  readonly ribbons: readonly FlowRibbon[];
  readonly widthPx: number;
  readonly heightPx: number;
}

const MOST_W = 210;
const LEAST_W = 150;
/** Between the columns, for the ribbons. */
const LEAST_BETWEEN = 70;
const LEAST_H = 40;
const GAP = 12;
const TOP = 26;
/** Height that the most used column's ribbons share. */
const FLOW_PX = 170;

/** `widthPx`: of the pane; the picture is at least as wide as its boxes need. */
export function placeFlow(drafts: readonly FlowDraft[], links: readonly FlowLink[], widthPx: number): ServiceFlow {
  const totals = [0, 1, 2].map((column) =>
    drafts.filter((d) => d.column === column).reduce((sum, d) => sum + d.connections, 0),
  );
  const scale = FLOW_PX / Math.max(1, ...totals);
  const width = Math.max(widthPx, LEAST_W * 3 + LEAST_BETWEEN * 2);
  const nodeW = Math.min(MOST_W, (width - LEAST_BETWEEN * 2) / 3);
  const xs = [0, (width - nodeW) / 2, width - nodeW];
  const heights = [TOP, TOP, TOP];
  const nodes = new Map<string, FlowNode>();
  for (const draft of drafts) {
    const h = Math.max(LEAST_H, draft.connections * scale);
    const y = heights[draft.column] ?? TOP;
    heights[draft.column] = y + h + GAP;
    nodes.set(draft.id, { ...draft, x: xs[draft.column] ?? 0, y, w: nodeW, h });
  }
  // Shorter columns stand in the middle of the tallest.
  const tallest = Math.max(...heights);
  for (const [id, node] of nodes)
    nodes.set(id, { ...node, y: node.y + (tallest - (heights[node.column] ?? tallest)) / 2 });
  const out = new Map<string, number>();
  const into = new Map<string, number>();
  const sum = (key: "from" | "to", id: string): number =>
    links.filter((l) => l[key] === id).reduce((total, l) => total + thicknessOf(l, scale), 0);
  // In the order of the boxes on both sides: fewer crossings.
  const place = new Map([...nodes.keys()].map((id, at) => [id, at]));
  const order = (id: string): number => place.get(id) ?? 0;
  const sorted = links.toSorted((a, b) => order(a.from) - order(b.from) || order(a.to) - order(b.to));
  const ribbons = sorted.flatMap((l): FlowRibbon[] => {
    const [from, to] = [nodes.get(l.from), nodes.get(l.to)];
    if (!from || !to) return [];
    const thickness = thicknessOf(l, scale);
    const start = (node: FlowNode, key: "from" | "to", used: Map<string, number>): number => {
      const at = used.get(node.id) ?? (node.h - Math.min(node.h, sum(key, node.id))) / 2;
      used.set(node.id, at + thickness);
      return node.y + at + thickness / 2;
    };
    const [y1, y2] = [start(from, "from", out), start(to, "to", into)];
    const [x1, x2] = [from.x + from.w, to.x];
    const failed = l.failed > 0 ? `, ${formatCount(l.failed)} failed` : "";
    return [
      {
        id: `${l.from} > ${l.to}`,
        path: ribbonPath(x1, y1, x2, y2, thickness),
        failed: l.failed > 0,
        values: [from.value, to.value].flatMap((value) => value ?? []),
        title: `${from.label} to ${to.label}: ${l.connections === 0 ? "leads there" : formatNoun(l.connections, "connection")}${failed}`,
      },
    ];
  });
  return { nodes: [...nodes.values()], ribbons, widthPx: width, heightPx: tallest };
}

/** An area between two curves: a stroke as thick would bulge over the boxes. */
function ribbonPath(x1: number, y1: number, x2: number, y2: number, thickness: number): string {
  const half = thickness / 2;
  const middle = round((x1 + x2) / 2);
  const [a, b, c, d] = [y1 - half, y2 - half, y2 + half, y1 + half].map(round);
  return `M${round(x1)} ${a}C${middle} ${a} ${middle} ${b} ${round(x2)} ${b}V${c}C${middle} ${c} ${middle} ${d} ${round(x1)} ${d}Z`;
}

function thicknessOf(link: FlowLink, scale: number): number {
  return Math.max(1.5, link.connections * scale);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
