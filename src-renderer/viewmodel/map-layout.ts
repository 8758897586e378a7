/**
 * Where everything on the map is, in a world of its own pixels: pure arithmetic, the same for the same graph, and what has a
 * place keeps it when more data come (a slot, once given, is remembered).
 *
 * ```
 *  ┌ n1 ──────────────┐  ┌ n2 ──────────────┐
 *  │ ┌pod┐ ┌pod┐      │  │ ┌pod┐            │           slots in rows
 *  │  veth  veth      │  │  veth             │           a host veth under its pod
 *  │ ═══ bridge ═════ │  │ ═══ bridge ══════ │
 *  │ tunnel  NIC host │  │ tunnel  NIC       │           devices
 *  └──────────┼───────┘  └──────────┼────────┘
 *     ────────┴──── lanes ──────────┴──────              a lane a link, or one rail for all where links are many
 *        ┌ router ┐       ┌ outside ┐                   many machines: rows, each under lanes of its own
 * ```
 * In the pod network machines hold who talks and nothing else, so they are small; in the Service network the Services stand
 * where the lanes are: names are at the other side of every box than its lines.
 */
import { BY_NUMBER, columnsFor, fillBox, fillTalkers, greatest, makeBoxes, type FilledBox } from "./map-boxes";
import type { MapElement, MapLayout } from "./map-element";
import { foldMachines } from "./map-folds";
import type { MapItem, MapModel, MapNetwork } from "./map-model";
import { Slots, type MapMemory } from "./map-slots";

const MACHINE_GAP = 48;
/** Room for lanes between the nodes and what hangs below. */
const LANES_H = 110;
/** Between rows of what hangs below. */
const ROW_LANES_H = 64;
/** Width to height. */
const WINDOW_SHAPE = 1.8;
const SERVICE_W = 176;
const SERVICE_H = 44;
/** Above and below the Services. */
const SERVICES_GAP = 76;

export function layoutMap(
  model: MapModel,
  items: readonly MapItem[],
  before: MapMemory = new Map(),
  network: MapNetwork = "node",
  opened: ReadonlySet<string> = new Set(),
): { readonly layout: MapLayout; readonly memory: MapMemory } {
  const slots = new Slots(before);
  const boxes = foldMachines(model, makeBoxes(model, items), opened, slots);
  const isGrouped = items.some((item) => item.kind === "group" && item.machine >= 0);
  const columns = slots.once(
    // Pods one by one need more columns than groups of them.
    isGrouped ? "columns of groups" : "columns",
    columnsFor(
      greatest(
        boxes.filter((box) => box.above && !box.items.some((item) => item.fold?.open)).map((box) => box.items.length),
        1,
      ),
    ),
  );
  const elements: MapElement[] = [];
  const machines: number[] = [];
  const rowOfBox = new Map<number, number>();
  const boxOfElement = new Map<number, number>();

  // Nodes: a grid of slots. A column is as wide, a row as high as its largest box.
  const isWired = network === "node";
  // A machine that nobody talks from is no part of the other networks; its slot is.
  const above = boxes.filter((box) => box.above);
  const slotOf = new Map(zip(above, slots.give("nodes", keysOf(above))));
  const placed = boxes
    .filter((box) => isWired || box.items.some((item) => item.places.length > 0))
    .map((box) => ({ box, inside: isWired ? fillBox(box, columns, slots) : fillTalkers(box, columns, slots) }));
  const nodes = placed.filter(({ box }) => box.above);
  const nodeSlots = nodes.map(({ box }) => slotOf.get(box) ?? 0);
  const gridColumns = slots.once("nodes", above.length <= 3 ? 3 : Math.ceil(Math.sqrt(above.length * 1.4)));
  const widths: number[] = [];
  const heights: number[] = [];
  nodes.forEach(({ inside }, i) => {
    const slot = nodeSlots[i] ?? 0;
    const [column, row] = [slot % gridColumns, Math.floor(slot / gridColumns)];
    widths[column] = Math.max(widths[column] ?? 0, inside.w);
    heights[row] = Math.max(heights[row] ?? 0, inside.h);
  });
  const left = offsets(widths, MACHINE_GAP);
  const lane = nodes.length > gridColumns ? 56 : LANES_H;
  const top = offsets(heights, lane);
  const rows = Array.from(heights, (height, row) => ({ laneY: (top[row] ?? 0) + (height ?? 0) + 22 }));
  nodes.forEach(({ inside }, i) => {
    const slot = nodeSlots[i] ?? 0;
    const row = Math.floor(slot / gridColumns);
    add(inside, left[slot % gridColumns] ?? 0, top[row] ?? 0, row);
  });

  // Routers, outside, what has no place: below.
  const hanging = boxes.filter((box) => !box.above);
  const belowSlotOf = new Map(zip(hanging, slots.give("below", keysOf(hanging))));
  const below = placed.filter(({ box }) => !box.above);
  const lowestNode =
    heights.length === 0 ? -LANES_H : (top[heights.length - 1] ?? 0) + (heights[heights.length - 1] ?? 0);
  const width = greatest(
    elements.map((e) => e.x + e.w),
    400,
  );
  const servicesH = network === "service" ? addServices(model, elements, slots, width, lowestNode + SERVICES_GAP) : 0;
  const belowTop = lowestNode + (servicesH > 0 ? servicesH + SERVICES_GAP * 2 : LANES_H);
  if (rows.length === 0) rows.push({ laneY: -40 });
  hang(
    below.map(({ box, inside }) => ({ inside, slot: belowSlotOf.get(box) ?? 0 })),
    slots.once("below columns", hangingColumns(below, width)),
  );

  /** In rows: the first under the lanes of the nodes, each further one under lanes of its own. */
  function hang(boxes: readonly { readonly inside: FilledBox; readonly slot: number }[], across: number): void {
    let [x, y, row, height] = [0, belowTop, 0, 0];
    for (const { inside, slot } of [...boxes].sort((a, b) => a.slot - b.slot)) {
      if (Math.floor(slot / across) > row) {
        row = Math.floor(slot / across);
        y += height + ROW_LANES_H;
        rows.push({ laneY: y - ROW_LANES_H / 2 });
        [x, height] = [0, 0];
      }
      add(inside, x, y, rows.length - 1);
      x += inside.w + MACHINE_GAP;
      height = Math.max(height, inside.h);
    }
  }

  function add(inside: FilledBox, dx: number, dy: number, row: number): void {
    const box = elements.length;
    for (const element of inside.elements) {
      const at = elements.push({ ...element, x: element.x + dx, y: element.y + dy }) - 1;
      rowOfBox.set(at, row);
      boxOfElement.set(at, box);
      if (element.kind === "machine") machines.push(at);
    }
  }

  const ofPlace = new Int32Array(model.places.length).fill(-1);
  const ofPoint = new Int32Array(model.points.length).fill(-1);
  const ofService = new Int32Array(model.services.length).fill(-1);
  const ofMachine = new Int32Array(model.machines.length).fill(-1);
  /** What machines that are put together are drawn as. */
  const groupOf = new Int32Array(model.machines.length).fill(-1);
  elements.forEach((element, at) => {
    // What is open is drawn beside it.
    if (element.fold?.open) return;
    for (const place of element.places) if (element.kind !== "point") ofPlace[place] = at;
    if (element.kind === "machine" && element.machine >= 0) ofMachine[element.machine] = at;
    for (const machine of element.fold?.machines ?? [])
      (element.kind === "machine" ? ofMachine : groupOf)[machine] = at;
    if (element.point >= 0) ofPoint[element.point] = at;
    if (element.service >= 0) ofService[element.service] = at;
  });
  // The card inside a pod has no mark of its own while pods are grouped, nor has its veth: they are the group.
  model.points.forEach((point, p) => {
    if ((ofPoint[p] ?? -1) < 0 && point.place >= 0) ofPoint[p] = ofPlace[point.place] ?? -1;
    if ((ofPoint[p] ?? -1) < 0 && point.machine >= 0) ofPoint[p] = groupOf[point.machine] ?? -1;
  });
  const leftmost = -greatest(
    elements.map((e) => -e.x),
    -Infinity,
  );
  const topmost = -greatest(
    elements.map((e) => -e.y),
    -Infinity,
  );
  const rightmost = greatest(
    elements.map((e) => e.x + e.w),
    0,
  );
  const lowest = greatest(
    elements.map((e) => e.y + e.h),
    0,
  );
  const bounds =
    elements.length === 0
      ? { x: 0, y: 0, w: 100, h: 100 }
      : { x: leftmost - 40, y: topmost - 20, w: rightmost - leftmost + 60, h: lowest - topmost + 40 };
  return {
    layout: {
      elements,
      ofPlace,
      ofPoint,
      ofService,
      ofMachine,
      boxOf: Int32Array.from(elements, (_, at) => boxOfElement.get(at) ?? -1),
      machines,
      rows,
      rowOf: Int32Array.from(elements, (_, at) => rowOfBox.get(at) ?? 0),
      trunkX: -26,
      bounds,
    },
    memory: slots.memory,
  };
}

/** As many side by side as fit under the nodes, or as make a block about as broad as a window. */
function hangingColumns(below: readonly { readonly inside: FilledBox }[], width: number): number {
  const cells = below.map(({ inside }) => ({ w: inside.w + MACHINE_GAP, h: inside.h + ROW_LANES_H }));
  const w = cells.reduce((sum, cell) => sum + cell.w, 0) / Math.max(1, cells.length);
  const h = cells.reduce((sum, cell) => sum + cell.h, 0) / Math.max(1, cells.length);
  return Math.max(4, Math.floor(width / w) || 0, Math.ceil(Math.sqrt((cells.length * WINDOW_SHAPE * h) / w)) || 0);
}

function keysOf(list: readonly { readonly key: string }[]): readonly string[] {
  return list.map(({ key }) => key);
}

function zip<A, B>(one: readonly A[], other: readonly B[]): readonly (readonly [A, B])[] {
  return one.flatMap((a, i) => (other[i] === undefined ? [] : [[a, other[i]] as const]));
}

function offsets(sizes: readonly (number | undefined)[], gap: number): number[] {
  let at = 0;
  return Array.from(sizes, (size) => {
    const here = at;
    at += (size ?? 0) + gap;
    return here;
  });
}

/** How high they are together. */
function addServices(model: MapModel, elements: MapElement[], slots: Slots, width: number, top: number): number {
  if (model.services.length === 0) return 0;
  const order = model.services
    .map((_, i) => i)
    .sort((a, b) => BY_NUMBER.compare(model.services[a]?.label ?? "", model.services[b]?.label ?? ""));
  const own = slots.give(
    "services",
    order.map((i) => model.services[i]?.label ?? ""),
  );
  const across = slots.once("services", Math.max(2, Math.floor(width / (SERVICE_W + 40))));
  const left = slots.once(
    "services x",
    Math.max(20, (width - Math.min(across, order.length) * (SERVICE_W + 40) + 40) / 2),
  );
  order.forEach((service, i) => {
    const slot = own[i] ?? 0;
    const one = model.services[service];
    if (!one) return;
    elements.push({
      key: `service ${one.label}`,
      kind: "service",
      label: one.name === null ? one.label : one.name.slice(one.name.indexOf("/") + 1),
      subtitle: one.type === "inferred" ? "Service, inferred" : `${one.type} Service`,
      x: (slot % across) * (SERVICE_W + 40) + left,
      y: top + Math.floor(slot / across) * (SERVICE_H + 18),
      w: SERVICE_W,
      h: SERVICE_H,
      machine: -1,
      places: [],
      point: -1,
      service,
      faint: false,
      hangs: false,
      fold: null,
    });
  });
  return (Math.floor(greatest(own, 0) / across) + 1) * (SERVICE_H + 18) - 18;
}
