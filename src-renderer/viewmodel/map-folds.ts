/**
 * Too many machines to be read are put together, twenty in a box; a box that a person opens shows its machines beside it.
 *
 * ```
 * closed  ┌ node-0 … node-19 ┐  ┌ node-20 … node-39 ┐        open  ┌ node-0 … node-19 ┐ ┌ node-0 ┐ ┌ node-1 ┐ …
 *         │ [20 nodes     +] │  │ [20 nodes      +] │              │ [20 nodes     −] │ │ …      │ │ …      │
 *         └──────────────────┘  └───────────────────┘              └──────────────────┘ └────────┘ └────────┘
 * ```
 * Which machine is in which box does not change while more are found: a machine keeps its number.
 */
import { addToGroup } from "../../src-shared/base/grouping";
import type { MapMachine } from "../../src-shared/contract/map";
import type { Box } from "./map-boxes";
import type { MapItem, MapModel } from "./map-model";
import type { Slots } from "./map-slots";
import { formatNoun } from "./quantity";

/** As many boxes still have readable names in a window of 1280 × 800. */
const MOST_MACHINES = 60;
/** In one box, and so many of a kind that are not put together. */
const TOGETHER = 20;

/** Boxes as they are drawn. `opened`: keys of those that a person opened. */
export function foldMachines(
  model: MapModel,
  boxes: readonly Box[],
  opened: ReadonlySet<string>,
  slots: Slots,
): readonly Box[] {
  if (boxes.filter((box) => box.machine >= 0).length <= MOST_MACHINES) return boxes;
  const byKind = new Map<string, Box[]>();
  for (const box of boxes)
    if (box.machine >= 0) addToGroup(byKind, `${box.above ? "above" : "below"} ${machineOf(model, box).kind}`, box);
  const folded = new Map<Box, string>();
  const members = new Map<string, Box[]>();
  for (const [kind, own] of byKind) {
    if (own.length <= TOGETHER) continue;
    const numbers = slots.give(
      `folds ${kind}`,
      own.map((box) => box.key),
    );
    own.forEach((box, i) => {
      const key = `machines ${kind} ${Math.floor((numbers[i] ?? 0) / TOGETHER)}`;
      folded.set(box, key);
      addToGroup(members, key, box);
    });
  }
  const made = new Set<string>();
  return boxes.flatMap((box): readonly Box[] => {
    const key = folded.get(box);
    const own = key === undefined ? [] : (members.get(key) ?? []);
    // The last one of a kind may be alone.
    if (key === undefined || own.length < 2) return [box];
    const open = opened.has(key);
    if (made.has(key)) return open ? [box] : [];
    made.add(key);
    const together = foldedBox(model, key, own, open);
    return open ? [together, box] : [together];
  });
}

function foldedBox(model: MapModel, key: string, own: readonly Box[], open: boolean): Box {
  const [first, last] = [own[0], own.at(-1)];
  const count = machinesText(machineOf(model, first).kind, own.length);
  const places = own.flatMap((box) => box.items.flatMap((item) => item.places));
  const pods = places.filter((at) => model.places[at]?.kind === "pod").length;
  const title = `${first?.title ?? ""} … ${last?.title ?? ""}`;
  const fold = { key, open, machines: own.map((box) => box.machine) };
  const item: MapItem = {
    key: `group ${key}`,
    kind: "group",
    label: count,
    subtitle: pods > 0 ? formatNoun(pods, "pod") : "",
    places,
    machine: -1,
    fold,
  };
  return {
    machine: -1,
    key,
    title,
    subtitle: pods > 0 ? `${count} · ${formatNoun(pods, "pod")}` : count,
    items: [item],
    points: [],
    above: first?.above ?? true,
    faint: own.every((box) => box.faint),
    fold,
  };
}

function machineOf(model: MapModel, box: Box | undefined): Pick<MapMachine, "kind"> {
  return model.machines[box?.machine ?? -1] ?? { kind: "unknown" };
}

function machinesText(kind: MapMachine["kind"], count: number): string {
  return formatNoun(count, kind === "unknown" ? "machine" : kind === "outside" ? "outside host" : kind);
}
