/**
 * The boxes of machines and what stands in each: pods in slots, a host veth under its pod, bridges across, devices at the bottom.
 * In the pod and the Service network only who talks is there.
 */
import { addToGroup } from "../../src-shared/base/grouping";
import type { MapPoint } from "../../src-shared/contract/map";
import type { MapElement, MapFold } from "./map-element";
import type { MapItem, MapModel } from "./map-model";
import type { Slots } from "./map-slots";

const POD_W = 128;
const POD_H = 44;
const CHIP_W = 104;
const CHIP_H = 22;
const GAP = 14;
const PAD = 14;
const TITLE_H = 40;
const VETH_GAP = 12;
const BRIDGE_H = 22;
/** Room under the pods for the bows between neighbours. */
const BOW_H = 26;
/** A node's title needs it. */
const LEAST_W = 220;

const UNPLACED = "unplaced";
/** machine-2 before machine-10; of no person's language, so that a map is the same everywhere. */
export const BY_NUMBER = new Intl.Collator("en", { numeric: true });

export interface Box {
  readonly machine: number;
  readonly key: string;
  readonly title: string;
  readonly subtitle: string;
  readonly items: readonly MapItem[];
  readonly points: readonly MapPoint[];
  /** Nodes stand above the lanes, all else hangs below. */
  readonly above: boolean;
  readonly faint: boolean;
  /** Machines put together (map-folds.ts); null: one machine, or none. */
  readonly fold: MapFold | null;
}

/** Thousands of arguments are too many for Math.max. */
export function greatest(values: readonly number[], least: number): number {
  return values.reduce((most, value) => Math.max(most, value), least);
}

export function makeBoxes(model: MapModel, items: readonly MapItem[]): readonly Box[] {
  const byMachine = new Map<number, MapItem[]>();
  for (const item of items) {
    addToGroup(byMachine, item.machine, item);
  }
  // Sought for each of 300 machines, 1,200 points took 35 ms of every opening of a group.
  const pointsOf = new Map<number, MapPoint[]>();
  for (const point of model.points) addToGroup(pointsOf, point.machine, point);
  const boxes = model.machines.map((machine, at): Box => {
    const points = pointsOf.get(at) ?? [];
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
      fold: null,
    };
  });
  boxes.sort((a, b) => BY_NUMBER.compare(a.title, b.title));
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
        fold: null,
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
      fold: null,
    });
  return boxes;
}

function machineWord(kind: string, recorded: boolean, addresses: readonly string[]): string {
  const word = kind === "unknown" ? "machine" : kind === "outside" ? "outside host" : kind;
  const address = addresses.find((one) => !one.includes(":")) ?? addresses[0];
  return [recorded ? word : `${word}, not recorded`, address].filter(Boolean).join(" · ");
}

export interface FilledBox {
  readonly w: number;
  readonly h: number;
  readonly elements: readonly MapElement[];
}

/** Pods side by side: few in one row, many in a broad block. */
export function columnsFor(most: number): number {
  return most <= 2 ? 2 : most <= 4 ? most : most <= 12 ? 4 : most <= 30 ? 6 : Math.ceil(Math.sqrt(most * 2));
}

/** A box with an opened group is a block of its own; all others have the same columns. */
function acrossOf(box: Box, columns: number): number {
  return box.items.some((item) => item.fold?.open) ? Math.max(columns, columnsFor(box.items.length)) : columns;
}

/** Who talks, without what they talk over: pods and the machine itself side by side, room for bows below. */
export function fillTalkers(box: Box, columns: number, slots: Slots): FilledBox {
  const basic = basicOf(box);
  const items = [...box.items].sort((a, b) => Number(a.kind === "host") - Number(b.kind === "host"));
  const own = slots.give(
    `${box.key} talkers`,
    items.map((item) => item.key),
  );
  const across = box.above ? acrossOf(box, columns) : Math.min(6, items.length);
  const top = box.above ? TITLE_H : PAD;
  const w = Math.max(PAD * 2 + across * (POD_W + GAP) - GAP, LEAST_W);
  const rows = Math.ceil((greatest(own, -1) + 1) / across);
  const h = top + rows * (POD_H + GAP) - GAP + (box.above ? PAD + BOW_H : TITLE_H);
  const elements = items.map((item, i) => {
    const slot = own[i] ?? 0;
    const x = PAD + (slot % across) * (POD_W + GAP);
    return itemElement(item, basic, x, top + Math.floor(slot / across) * (POD_H + GAP));
  });
  return { w, h, elements: [machineElement(box, basic, w, h), ...elements] };
}

/** Everything of a machine: who is on it, and its wiring. */
export function fillBox(box: Box, columns: number, slots: Slots): FilledBox {
  const elements: MapElement[] = [];
  const basic = basicOf(box);
  const people = box.items.filter((item) => item.kind !== "host");
  const hosts = box.items.filter((item) => item.kind === "host");
  const ofPlace = new Map<number, MapItem>();
  for (const item of people) if (!item.fold?.open) for (const place of item.places) ofPlace.set(place, item);
  const cards = new Map<string, MapPoint[]>();
  const bridges: MapPoint[] = [];
  const devices: MapPoint[] = [];
  for (const point of box.points) {
    const item = point.place >= 0 ? ofPlace.get(point.place) : undefined;
    if (item) {
      // Of a group only the group is drawn.
      if (item.kind === "pod") {
        addToGroup(cards, item.key, point);
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
  const across = box.above ? acrossOf(box, columns) : Math.min(6, Math.max(1, people.length));
  const deviceSlots = slots.give(`${box.key} devices`, [...devices.map((p) => p.id), ...hosts.map((h) => h.key)]);
  const deviceCount = greatest(deviceSlots, -1) + 1;
  const devicesAcross = Math.max(1, Math.min(deviceCount, Math.max(across, 5, Math.ceil(Math.sqrt(deviceCount)))));
  const w = PAD * 2 + Math.max(across * (POD_W + GAP), devicesAcross * (CHIP_W + GAP), box.above ? LEAST_W : 130) - GAP;
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
      ...itemElement(item, basic, px, py),
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
    elements.push({ ...itemElement(host, basic, 0, 0), ...place(devices.length + at), w: CHIP_W, h: POD_H - 10 }),
  );
  const h = Math.max(y, TITLE_H + 20) + (box.above ? 6 : TITLE_H - GAP);
  return { w, h, elements: [machineElement(box, basic, w, h), ...elements] };
}

type Basic = Pick<MapElement, "machine" | "places" | "point" | "service" | "faint" | "hangs" | "fold">;

function basicOf(box: Box): Basic {
  return { machine: box.machine, places: [], point: -1, service: -1, faint: false, hangs: !box.above, fold: null };
}

function machineElement(box: Box, basic: Basic, w: number, h: number): MapElement {
  const { key, title, subtitle, faint, fold } = box;
  return { ...basic, key, kind: "machine", label: title, subtitle, x: 0, y: 0, w, h, faint, fold };
}

function itemElement(item: MapItem, basic: Basic, x: number, y: number): MapElement {
  const { key, kind, label, subtitle, places, fold } = item;
  const name = kind === "host" ? `${label} itself` : label;
  return { ...basic, key, kind, label: name, subtitle, x, y, w: POD_W, h: POD_H, places, fold };
}

function chip(point: MapPoint, basic: Basic): MapElement {
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
