/**
 * What each device on the way got and what it sent on, layer by layer: "in layers" and "out layers", with what it did between.
 *
 * ```
 * node n1        in, at veth1                    out, at eth0
 *   4 Transport  TCP 47004 → 80                  TCP 47004 → 8080
 *   3 Network    IPv4 10.1.0.5 → 10.96.0.1       IPv4 10.1.0.5 → 10.1.1.9
 *   did          DNAT …, routed …, wrapped …
 * ```
 * A device is a pod or a machine: neighbouring columns of one are its way in, through and out.
 */
import type { FilterValue } from "./filter-value";
import { columnValues, type HopColumn, type Lane, type LayerViewModel } from "./layer-view";

export interface LayerLine {
  readonly lane: Lane;
  readonly text: string;
  readonly values: readonly FilterValue[];
  /** Another text than on the other side. */
  readonly changed: boolean;
}

export interface DeviceStep {
  readonly device: string;
  /** Columns of the picture it stands for. */
  readonly first: number;
  readonly last: number;
  /** Name of the capture point. */
  readonly cameInAt: string;
  readonly wentOutAt: string;
  readonly inLayers: readonly LayerLine[];
  readonly outLayers: readonly LayerLine[];
  /** In sentences, in order. */
  readonly did: readonly string[];
}

export function deviceSteps(model: LayerViewModel): readonly DeviceStep[] {
  const groups: { device: string; first: number; last: number }[] = [];
  model.columns.forEach((column, at) => {
    const device = deviceOf(column);
    const open = groups.at(-1);
    if (open?.device === device) open.last = at;
    else groups.push({ device, first: at, last: at });
  });
  return groups.map(({ device, first, last }): DeviceStep => {
    const into = model.columns[first] as HopColumn;
    const out = model.columns[last] as HopColumn;
    const lines = (column: HopColumn, other: HopColumn): readonly LayerLine[] =>
      model.lanes.map((lane) => {
        const text = laneText(column, lane);
        return { lane, text, values: columnValues(column, lane.id), changed: text !== laneText(other, lane) };
      });
    return {
      device,
      first,
      last,
      cameInAt: into.title,
      wentOutAt: out.title,
      inLayers: lines(into, out),
      outLayers: lines(out, into),
      did: model.columns.slice(first + 1, last + 1).flatMap((column) => column.happened),
    };
  });
}

function deviceOf({ point, title }: HopColumn): string {
  if (!point) return title;
  if (point.role === "pod-nic" && point.pod !== null) return `pod ${point.pod}`;
  return point.node ?? title;
}

/** "IPv4 10.1.0.5 → 10.1.1.9, TTL 63"; "" where the packet has nothing in this lane. */
function laneText(column: HopColumn, lane: Lane): string {
  return column.cards
    .filter((card) => card.lane === lane.id)
    .map((card) => {
      const value = (label: string): string | undefined => card.fields.find((f) => f.label === label)?.value;
      const from = value("from");
      const to = value("to");
      const ends = from !== undefined && to !== undefined ? `${from} → ${to}` : (from ?? to ?? "");
      const rest = card.fields
        .filter((f) => f.label !== "from" && f.label !== "to")
        .map((f) => (f.label === "interface" || f.label === "size" ? f.value : `${f.label} ${f.value}`));
      return [[card.title, ends].filter(Boolean).join(" "), ...rest].join(", ");
    })
    .join("; ");
}
