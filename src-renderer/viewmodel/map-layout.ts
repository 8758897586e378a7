/**
 * Where everything on the map is, in a world of its own pixels: pure arithmetic, the same for the same graph, and what has a
 * place keeps it when more data come (a slot, once given, is remembered).
 *
 * ```
 *  Services ─────────────────────────────────────────   only drawn in the Service network
 *  ┌ n1 ──────────────┐  ┌ n2 ──────────────┐
 *  │ ┌pod┐ ┌pod┐      │  │ ┌pod┐            │           slots in rows
 *  │  veth  veth      │  │  veth             │           a host veth under its pod
 *  │ ═══ bridge ═════ │  │ ═══ bridge ══════ │
 *  │ tunnel  NIC host │  │ tunnel  NIC       │           devices
 *  └──────────┼───────┘  └──────────┼────────┘
 *     ────────┴──── lanes ──────────┴──────              a lane a link, or one rail for all where links are many
 *        ┌ router ┐       ┌ outside ┐
 * ```
 */
import type { MapPoint } from "../../src-shared/contract/map";
import type { MapItem, MapModel } from "./map-model";

export type MapElementKind = "machine" | "pod" | "group" | "host" | "address" | "point" | "service";

export interface MapElement {
  /** Stable: what selection, focus and memory speak of. */
  readonly key: string;
  readonly kind: MapElementKind;
  readonly label: string;
  readonly subtitle: string;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  /** Index in `machines` of the model; -1 none. */
  readonly machine: number;
  /** Indices of places it stands for. */
  readonly places: readonly number[];
  /** Capture point, -1 none. */
  readonly point: number;
  /** Index in `services`, -1 none. */
  readonly service: number;
  /** Nothing of it was captured: drawn with a broken outline. */
  readonly faint: boolean;
  /** Hangs below the lanes: its name is at its bottom, where no wire passes. */
  readonly hangs: boolean;
}

export interface MapLayout {
  readonly elements: readonly MapElement[];
  /** Element of each place, point and service: index, -1 none. */
  readonly ofPlace: Int32Array;
  readonly ofPoint: Int32Array;
  readonly ofService: Int32Array;
  /** Boxes of machines: indices of elements. */
  readonly machines: readonly number[];
  /** Machines (indices of the model) that somebody is on. */
  readonly peopled: ReadonlySet<number>;
  /** y of the first lane under the nodes of each row, and the x where rows are tied together. */
  readonly rows: readonly { readonly laneY: number }[];
  /** Row of each element's machine box; the routers' row hangs under the last lanes. */
  readonly rowOf: Int32Array;
  readonly trunkX: number;
  readonly bounds: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}

/** Slots by "container|key", and sizes that were once decided. Replaced, never changed. */
export type MapMemory = ReadonlyMap<string, number>;

export const POD_W = 128;
export const POD_H = 44;
export const CHIP_W = 104;
export const CHIP_H = 22;
const GAP = 14;
const PAD = 14;
const TITLE_H = 40;
const VETH_GAP = 12;
const BRIDGE_H = 22;
const MACHINE_GAP = 48;
/** Room for lanes between the nodes and what hangs below. */
const LANES_H = 110;
const SERVICE_W = 176;
const SERVICE_H = 44;
const SERVICES_GAP = 90;

const UNPLACED = "unplaced";

class Slots {
  readonly memory: Map<string, number>;
  readonly #used = new Map<string, Set<number>>();

  constructor(before: MapMemory) {
    this.memory = new Map(before);
    for (const [key, slot] of before) this.#of(key.slice(0, key.indexOf("|"))).add(slot);
  }

  /** Slots of `keys` in a container: known ones keep theirs, new ones take the first free. */
  give(container: string, keys: readonly string[]): number[] {
    const used = this.#of(container);
    let free = 0;
    return keys.map((key) => {
      const name = `${container}|${key}`;
      let slot = this.memory.get(name);
      if (slot === undefined) {
        while (used.has(free)) free++;
        slot = free;
        used.add(slot);
        this.memory.set(name, slot);
      }
      return slot;
    });
  }

  /** A number that stays what it was at first. */
  once(name: string, value: number): number {
    const known = this.memory.get(`once|${name}`);
    if (known !== undefined) return known;
    this.memory.set(`once|${name}`, value);
    return value;
  }

  #of(container: string): Set<number> {
    let used = this.#used.get(container);
    if (!used) this.#used.set(container, (used = new Set()));
    return used;
  }
}

/** Pods side by side: few in one row, many in a broad block. */
function columnsFor(most: number): number {
  return most <= 2 ? 2 : most <= 4 ? most : most <= 12 ? 4 : most <= 30 ? 6 : Math.ceil(Math.sqrt(most * 2));
}

interface Box {
  readonly machine: number;
  readonly key: string;
  readonly title: string;
  readonly subtitle: string;
  readonly items: readonly MapItem[];
  readonly points: readonly MapPoint[];
  /** Nodes stand above the lanes, all else hangs below. */
  readonly above: boolean;
  readonly faint: boolean;
}

export function layoutMap(
  model: MapModel,
  items: readonly MapItem[],
  before: MapMemory = new Map(),
): { readonly layout: MapLayout; readonly memory: MapMemory } {
  const slots = new Slots(before);
  const boxes = makeBoxes(model, items);
  const columns = slots.once(
    "columns",
    columnsFor(
      greatest(
        boxes.filter((box) => box.above).map((box) => box.items.length),
        1,
      ),
    ),
  );
  const elements: MapElement[] = [];
  const machines: number[] = [];
  const rowOfBox = new Map<number, number>();

  // Nodes: a grid of slots. A column is as wide, a row as high as its largest box.
  const placed = boxes.map((box) => ({ box, inside: fillBox(box, columns, slots) }));
  const nodes = placed.filter(({ box }) => box.above);
  const nodeSlots = slots.give(
    "nodes",
    nodes.map(({ box }) => box.key),
  );
  const gridColumns = slots.once("nodes", nodes.length <= 3 ? 3 : Math.ceil(Math.sqrt(nodes.length * 1.4)));
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
  const below = placed.filter(({ box }) => !box.above);
  const belowSlots = slots.give(
    "below",
    below.map(({ box }) => box.key),
  );
  const belowTop =
    heights.length === 0 ? 0 : (top[heights.length - 1] ?? 0) + (heights[heights.length - 1] ?? 0) + LANES_H;
  if (rows.length === 0) rows.push({ laneY: -40 });
  let x = 0;
  for (const { inside } of [...below].sort(
    (a, b) => (belowSlots[below.indexOf(a)] ?? 0) - (belowSlots[below.indexOf(b)] ?? 0),
  )) {
    add(inside, x, belowTop, rows.length - 1);
    x += inside.w + MACHINE_GAP;
  }

  function add(inside: FilledBox, dx: number, dy: number, row: number): void {
    for (const element of inside.elements) {
      const at = elements.push({ ...element, x: element.x + dx, y: element.y + dy }) - 1;
      rowOfBox.set(at, row);
      if (element.kind === "machine") machines.push(at);
    }
  }

  addServices(
    model,
    elements,
    rowOfBox,
    slots,
    greatest(
      elements.map((e) => e.x + e.w),
      400,
    ),
  );

  const ofPlace = new Int32Array(model.places.length).fill(-1);
  const ofPoint = new Int32Array(model.points.length).fill(-1);
  const ofService = new Int32Array(model.services.length).fill(-1);
  elements.forEach((element, at) => {
    for (const place of element.places) if (element.kind !== "point") ofPlace[place] = at;
    if (element.point >= 0) ofPoint[element.point] = at;
    if (element.service >= 0) ofService[element.service] = at;
  });
  // The card inside a pod has no mark of its own while pods are grouped, nor has its veth: they are the group.
  model.points.forEach((point, p) => {
    if ((ofPoint[p] ?? -1) < 0 && point.place >= 0) ofPoint[p] = ofPlace[point.place] ?? -1;
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
      machines,
      peopled: new Set(elements.filter((e) => e.places.length > 0).map((e) => e.machine)),
      rows,
      rowOf: Int32Array.from(elements, (_, at) => rowOfBox.get(at) ?? 0),
      trunkX: -26,
      bounds,
    },
    memory: slots.memory,
  };
}

/** Thousands of arguments are too many for Math.max. */
function greatest(values: readonly number[], least: number): number {
  return values.reduce((most, value) => Math.max(most, value), least);
}

function offsets(sizes: readonly (number | undefined)[], gap: number): number[] {
  let at = 0;
  return Array.from(sizes, (size) => {
    const here = at;
    at += (size ?? 0) + gap;
    return here;
  });
}

function makeBoxes(model: MapModel, items: readonly MapItem[]): readonly Box[] {
  const byMachine = new Map<number, MapItem[]>();
  for (const item of items) {
    const list = byMachine.get(item.machine);
    if (list) list.push(item);
    else byMachine.set(item.machine, [item]);
  }
  const boxes = model.machines.map((machine, at): Box => {
    const points = model.points.filter((point) => point.machine === at);
    const own = byMachine.get(at) ?? [];
    return {
      machine: at,
      key: `machine ${machine.name}`,
      title: machine.name,
      subtitle: machineWord(machine.kind, machine.recorded, machine.addresses),
      items: own,
      points,
      above: machine.kind === "node" || own.some((item) => item.kind === "pod" || item.kind === "group"),
      faint: !machine.recorded,
    };
  });
  boxes.sort((a, b) => (a.title < b.title ? -1 : a.title > b.title ? 1 : 0));
  const loose = byMachine.get(-1) ?? [];
  const group = (key: string, title: string, subtitle: string, own: readonly MapItem[], above: boolean): void => {
    if (own.length > 0)
      boxes.push({
        machine: -1,
        key: `${UNPLACED} ${key}`,
        title,
        subtitle,
        items: own,
        points: [],
        above,
        faint: true,
      });
  };
  group(
    "pods",
    "Pods",
    "node unknown",
    loose.filter((item) => item.key.startsWith("pod ") || item.key.startsWith("group ")),
    true,
  );
  group(
    "addresses",
    "Elsewhere",
    "outside, or not known where",
    loose.filter((item) => item.key.startsWith("address ")),
    false,
  );
  const lost = model.points.filter((point) => point.machine < 0);
  if (lost.length > 0)
    boxes.push({
      machine: -1,
      key: `${UNPLACED} points`,
      title: "Capture points",
      subtitle: "machine unknown",
      items: [],
      points: lost,
      above: false,
      faint: true,
    });
  return boxes;
}

function machineWord(kind: string, recorded: boolean, addresses: readonly string[]): string {
  const word = kind === "unknown" ? "machine" : kind === "outside" ? "outside host" : kind;
  const address = addresses.find((one) => !one.includes(":")) ?? addresses[0];
  return [recorded ? word : `${word}, not recorded`, address].filter(Boolean).join(" · ");
}

interface FilledBox {
  readonly w: number;
  readonly h: number;
  readonly elements: readonly MapElement[];
}

function fillBox(box: Box, columns: number, slots: Slots): FilledBox {
  const elements: MapElement[] = [];
  const basic = { machine: box.machine, places: [], point: -1, service: -1, faint: false, hangs: !box.above };
  const people = box.items.filter((item) => item.kind !== "host");
  const hosts = box.items.filter((item) => item.kind === "host");
  const ofPlace = new Map<number, MapItem>();
  for (const item of people) for (const place of item.places) ofPlace.set(place, item);
  const cards = new Map<string, MapPoint[]>();
  const bridges: MapPoint[] = [];
  const devices: MapPoint[] = [];
  for (const point of box.points) {
    const item = point.place >= 0 ? ofPlace.get(point.place) : undefined;
    if (item) {
      // Of a group only the group is drawn.
      if (item.kind === "pod") {
        const list = cards.get(item.key);
        if (list) list.push(point);
        else cards.set(item.key, [point]);
      }
    } else if (point.role === "bridge") bridges.push(point);
    else devices.push(point);
  }
  const hasVeths = [...cards.values()].some((list) => list.some((point) => point.role === "host-veth"));
  const rowH = POD_H + (hasVeths ? VETH_GAP + CHIP_H : 0) + GAP;
  const own = slots.give(
    box.key,
    people.map((item) => item.key),
  );
  const used = greatest(own, -1) + 1;
  const across = box.above ? columns : Math.min(6, Math.max(1, people.length));
  const deviceSlots = slots.give(`${box.key} devices`, [...devices.map((p) => p.id), ...hosts.map((h) => h.key)]);
  const deviceCount = greatest(deviceSlots, -1) + 1;
  const devicesAcross = Math.max(1, Math.min(deviceCount, Math.max(across, 5)));
  const w = PAD * 2 + Math.max(across * (POD_W + GAP), devicesAcross * (CHIP_W + GAP), box.above ? 220 : 130) - GAP;
  let y = box.above ? TITLE_H : PAD;
  // What hangs below has its devices on top, next to the lanes.
  const deviceRows = Math.ceil(deviceCount / devicesAcross);
  let deviceY = y;
  if (!box.above && deviceRows > 0) y += deviceRows * (POD_H + GAP);
  people.forEach((item, i) => {
    const slot = own[i] ?? 0;
    const px = PAD + (slot % across) * (POD_W + GAP);
    const py = y + Math.floor(slot / across) * rowH;
    const points = cards.get(item.key) ?? [];
    const card = points.find((point) => point.role === "pod-nic");
    elements.push({
      ...basic,
      key: item.key,
      kind: item.kind,
      label: item.label,
      subtitle: item.subtitle,
      x: px,
      y: py,
      w: POD_W,
      h: POD_H,
      places: item.places,
      point: card?.point ?? -1,
      faint: item.kind === "pod" && points.length === 0,
    });
    let vx = px + (POD_W - CHIP_W) / 2;
    for (const point of points) {
      if (point === card) continue;
      elements.push({ ...chip(point, basic), x: vx, y: py + POD_H + VETH_GAP, places: [] });
      vx += 12;
    }
  });
  if (people.length > 0) y += Math.ceil(used / across) * rowH;
  for (const point of bridges) {
    elements.push({ ...chip(point, basic), x: PAD, y: y + 6, w: w - PAD * 2, h: BRIDGE_H });
    y += BRIDGE_H + 20;
  }
  if (box.above) {
    y += bridges.length > 0 || hasVeths ? 14 : 6;
    deviceY = y;
    if (deviceRows > 0) y += deviceRows * (POD_H + GAP);
  }
  const place = (at: number): { readonly x: number; readonly y: number } => {
    const slot = deviceSlots[at] ?? 0;
    return {
      x: PAD + (slot % devicesAcross) * (CHIP_W + GAP),
      y: deviceY + Math.floor(slot / devicesAcross) * (POD_H + GAP),
    };
  };
  devices.forEach((point, at) => elements.push({ ...chip(point, basic), ...place(at), h: POD_H - 10 }));
  hosts.forEach((host, at) =>
    elements.push({
      ...basic,
      key: host.key,
      kind: "host",
      label: `${host.label} itself`,
      subtitle: host.subtitle,
      ...place(devices.length + at),
      w: CHIP_W,
      h: POD_H - 10,
      places: host.places,
    }),
  );
  const h = Math.max(y, TITLE_H + 20) + (box.above ? 6 : TITLE_H - GAP);
  elements.unshift({
    ...basic,
    key: box.key,
    kind: "machine",
    label: box.title,
    subtitle: box.subtitle,
    x: 0,
    y: 0,
    w,
    h,
    faint: box.faint,
  });
  return { w, h, elements };
}

function chip(
  point: MapPoint,
  basic: Pick<MapElement, "machine" | "places" | "service" | "faint" | "hangs">,
): MapElement {
  return {
    ...basic,
    key: `point ${point.id}`,
    kind: "point",
    label: shortName(point),
    subtitle: ROLE_WORDS[point.role],
    x: 0,
    y: 0,
    w: CHIP_W,
    h: CHIP_H,
    point: point.point,
  };
}

export const ROLE_WORDS = {
  "pod-nic": "pod NIC",
  "host-veth": "veth",
  bridge: "bridge",
  "tunnel-device": "tunnel device",
  "node-nic": "NIC",
  "router-port": "router port",
  loopback: "loopback",
  unknown: "capture point",
} as const;

/** Inside its machine's box a point needs no file name. */
function shortName(point: MapPoint): string {
  const space = point.name.lastIndexOf(" ");
  return space > 0 ? point.name.slice(space + 1) : point.name;
}

function addServices(
  model: MapModel,
  elements: MapElement[],
  rowOf: Map<number, number>,
  slots: Slots,
  width: number,
): void {
  if (model.services.length === 0) return;
  const order = model.services
    .map((_, i) => i)
    .sort((a, b) => compare(model.services[a]?.label, model.services[b]?.label));
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
    const at = elements.push({
      key: `service ${one.label}`,
      kind: "service",
      label: one.name === null ? one.label : one.name.slice(one.name.indexOf("/") + 1),
      subtitle: one.type === "inferred" ? "Service, inferred" : `${one.type} Service`,
      x: (slot % across) * (SERVICE_W + 40) + left,
      y: -SERVICES_GAP - SERVICE_H - Math.floor(slot / across) * (SERVICE_H + 18),
      w: SERVICE_W,
      h: SERVICE_H,
      machine: -1,
      places: [],
      point: -1,
      service,
      faint: false,
      hangs: false,
    });
    rowOf.set(at - 1, 0);
  });
}

function compare(a: string | undefined, b: string | undefined): number {
  return (a ?? "") < (b ?? "") ? -1 : (a ?? "") > (b ?? "") ? 1 : 0;
}
