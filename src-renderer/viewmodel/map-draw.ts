/**
 * Draws the map on a canvas (or on anything that takes the same calls: svg-canvas.ts, a test's recorder).
 *
 * ```
 * base     machine boxes ─ wires, as wide as their traffic ─ pods, devices, Services ─ names       drawn when something changes
 * overlay  hover ─ focus ─ lit path ─ where the chosen packet is                                    drawn with every step
 * ```
 * What is off the screen is not drawn; what is too small to be read is drawn without text, all of a kind in one call.
 */
import { scaleSqrt } from "d3";
import type { MapElement, MapElementKind, MapLayout } from "./map-layout";
import type { MapModel } from "./map-model";
import type { MapNet, MapWire, WireStep } from "./map-wires";

/** The calls of a 2D context that are used. */
export interface MapCanvas {
  fillStyle: unknown;
  strokeStyle: unknown;
  lineWidth: number;
  lineJoin: "round" | "bevel" | "miter";
  lineDashOffset: number;
  font: string;
  textAlign: "left" | "right" | "center" | "start" | "end";
  textBaseline: "top" | "middle" | "bottom" | "alphabetic" | "hanging" | "ideographic";
  globalAlpha: number;
  setLineDash(dash: number[]): void;
  beginPath(): void;
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  quadraticCurveTo(cx: number, cy: number, x: number, y: number): void;
  arc(x: number, y: number, radius: number, from: number, to: number): void;
  closePath(): void;
  rect(x: number, y: number, w: number, h: number): void;
  roundRect(x: number, y: number, w: number, h: number, radius: number): void;
  clearRect(x: number, y: number, w: number, h: number): void;
  fillRect(x: number, y: number, w: number, h: number): void;
  fill(): void;
  stroke(): void;
  fillText(text: string, x: number, y: number): void;
}

/** Screen = world · k + offset. */
export interface MapView {
  readonly k: number;
  readonly x: number;
  readonly y: number;
  readonly widthPx: number;
  readonly heightPx: number;
}

export interface MapColours {
  readonly background: string;
  readonly machine: string;
  readonly box: string;
  readonly border: string;
  readonly strong: string;
  readonly text: string;
  readonly muted: string;
  readonly wire: string;
  readonly traffic: string;
  readonly tunnel: string;
  readonly there: string;
  readonly back: string;
  readonly lost: string;
  readonly service: string;
  readonly focus: string;
  readonly hover: string;
  readonly selected: string;
}

export interface MapScene {
  readonly model: MapModel;
  readonly layout: MapLayout;
  readonly net: MapNet;
  /** Packets on each wire, over the whole time or in a part of it. */
  readonly traffic: Float64Array;
  /** The most that any wire has, in any part: what is drawn widest. */
  readonly most: number;
  /** Packets missing on each wire's routes. */
  readonly missing: Float64Array;
  /** Busiest first: wires drawn where there are too many for all. */
  readonly order: Int32Array;
  /** So many of them, from the first, carry something. */
  readonly busy: number;
}

export interface MapMarks {
  readonly hover: number;
  readonly focus: number;
  /** Elements that are selected. */
  readonly selected: readonly number[];
  readonly there: readonly WireStep[];
  readonly back: readonly WireStep[];
  /** Element where the chosen packet is now; -1 none. */
  readonly packetAt: number;
  readonly wire: number;
  /** Moves the dashes of the lit path. */
  readonly phase: number;
}

/** More lines than this are a grey cloth: only the busiest are drawn. */
export const MOST_WIRES = 3000;
/** Below this size text is left out. */
const LEAST_TEXT_PX = 6.5;
const FONT = 12;
const SMALL = 10;
const MOST_WIDTH = 7;

export function fitView(layout: MapLayout, widthPx: number, heightPx: number): MapView {
  const { x, y, w, h } = layout.bounds;
  const k = Math.min(1.6, Math.max(0.02, Math.min(widthPx / w, heightPx / h)));
  return {
    k,
    x: (widthPx - w * k) / 2 - x * k,
    y: Math.max((heightPx - h * k) / 2, 0) - y * k,
    widthPx,
    heightPx,
  };
}

/**
 * How the drawn picture has to be moved and stretched to look as `now` wants it, until it is drawn anew: a CSS transform with its
 * origin in the corner.
 */
export function shiftOf(drawn: MapView, now: MapView): string {
  const scale = now.k / drawn.k;
  if (scale === 1 && drawn.x === now.x && drawn.y === now.y) return "none";
  return `translate(${now.x - drawn.x * scale}px, ${now.y - drawn.y * scale}px) scale(${scale})`;
}

export function buildScene(
  model: MapModel,
  layout: MapLayout,
  net: MapNet,
  traffic: Float64Array,
  missing: Float64Array,
  most = traffic.reduce((a, b) => Math.max(a, b), 0),
): MapScene {
  // Only what carries something is put in order: in a moment of a replay that is little.
  const count = net.wires.length;
  const order = new Int32Array(count);
  let busy = 0;
  for (let at = 0; at < count; at++) if ((traffic[at] ?? 0) > 0) order[busy++] = at;
  order.subarray(0, busy).sort((a, b) => (traffic[b] ?? 0) - (traffic[a] ?? 0) || a - b);
  let quiet = busy;
  for (let at = 0; at < count; at++) if (!((traffic[at] ?? 0) > 0)) order[quiet++] = at;
  return { model, layout, net, traffic, most, missing, order, busy };
}

export function drawMapBase(
  canvas: MapCanvas,
  scene: MapScene,
  view: MapView,
  colours: MapColours,
  fontFamily: string,
): void {
  canvas.clearRect(0, 0, view.widthPx, view.heightPx);
  drawBackground(canvas, scene, view, colours);
  drawWires(canvas, scene, view, colours, scene.order.length);
  drawForeground(canvas, scene, view, colours, fontFamily);
}

/**
 * The base in a replay: what does not change is drawn twice only, onto pictures of its own, and copied for every moment.
 *
 * ```
 * under (machines, idle wires) ─► wires of the moment ─► over (pods, devices, names)
 * ```
 */
export function drawStillMap(
  canvas: { readonly under: MapCanvas; readonly over: MapCanvas },
  scene: MapScene,
  view: MapView,
  colours: MapColours,
  fontFamily: string,
): void {
  for (const one of [canvas.under, canvas.over]) one.clearRect(0, 0, view.widthPx, view.heightPx);
  drawBackground(canvas.under, scene, view, colours);
  const nothing = new Float64Array(scene.traffic.length);
  if (scene.net.network === "node")
    drawWires(canvas.under, { ...scene, traffic: nothing, busy: 0 }, view, colours, scene.order.length);
  drawForeground(canvas.over, scene, view, colours, fontFamily);
}

/** What a moment of a replay has between the two still pictures. */
export function drawMovingMap(canvas: MapCanvas, scene: MapScene, view: MapView, colours: MapColours): void {
  canvas.lineJoin = "round";
  canvas.setLineDash([]);
  drawWires(canvas, scene, view, colours, scene.busy);
}

/** Machines' boxes: what wires run over. */
function drawBackground(canvas: MapCanvas, scene: MapScene, view: MapView, colours: MapColours): void {
  canvas.lineJoin = "round";
  canvas.setLineDash([]);
  canvas.globalAlpha = 1;
  const machines = scene.layout.elements.filter(
    (element) => element.kind === "machine" && isOnScreen(element, view) && hasMembers(scene, element),
  );
  boxes(canvas, machines, view, colours.machine, colours.border, 8);
}

/** Pods, devices, Services and all names: what wires run under. */
function drawForeground(
  canvas: MapCanvas,
  scene: MapScene,
  view: MapView,
  colours: MapColours,
  fontFamily: string,
): void {
  const { layout, net } = scene;
  const { k } = view;
  const shown = layout.elements.filter(
    (element) => isOnScreen(element, view) && (element.kind !== "service" || net.network === "service"),
  );
  const isQuiet = net.network !== "node";
  for (const kind of ["point", "pod", "host", "address", "group", "service"] as const) {
    if (kind === "point" && isQuiet) continue;
    const own = shown.filter((element) => element.kind === kind);
    const border = kind === "service" ? colours.service : kind === "point" ? colours.strong : colours.border;
    boxes(canvas, own, view, colours.box, border, kind === "service" ? 20 : kind === "point" ? 3 : 6);
    if (kind === "service" || kind === "group") marksOfKind(canvas, own, view, kind, colours);
  }
  const fontPx = FONT * k;
  canvas.textBaseline = "middle";
  canvas.textAlign = "left";
  for (const element of shown) {
    if (element.kind === "machine" && !hasMembers(scene, element)) continue;
    if (element.kind === "machine") machineTitle(canvas, element, view, colours, fontFamily);
    else if (element.kind === "point" && isQuiet) continue;
    else if (fontPx >= LEAST_TEXT_PX) elementText(canvas, element, view, colours, fontFamily);
  }
}

/** A router has nothing to show where only who talks with whom is drawn. */
function hasMembers({ layout, net }: MapScene, machine: MapElement): boolean {
  return net.network === "node" || machine.machine < 0 || layout.peopled.has(machine.machine);
}

/** Boxes of one look in one path: four thousand are one call. Faint ones have a broken outline. */
function boxes(
  canvas: MapCanvas,
  elements: readonly MapElement[],
  { k, x, y }: MapView,
  fill: string,
  border: string,
  radius: number,
): void {
  for (const faint of [false, true]) {
    const own = elements.filter((element) => element.faint === faint);
    if (own.length === 0) continue;
    canvas.beginPath();
    for (const e of own) {
      const [left, top, w, h] = [e.x * k + x, e.y * k + y, e.w * k, e.h * k];
      // Corners too small to be seen cost ten times a plain one.
      if (w < 24) canvas.rect(left, top, w, h);
      else canvas.roundRect(left, top, w, h, radius * Math.min(1, k));
    }
    canvas.fillStyle = fill;
    canvas.fill();
    canvas.strokeStyle = border;
    canvas.lineWidth = k < 0.3 ? 0.5 : 1;
    canvas.setLineDash(faint && k > 0.25 ? [4, 3] : []);
    canvas.stroke();
    canvas.setLineDash([]);
  }
}

/** A Service's bar, a group's stack: shapes that tell kinds apart without colour. */
function marksOfKind(
  canvas: MapCanvas,
  elements: readonly MapElement[],
  { k, x, y }: MapView,
  kind: MapElementKind,
  colours: MapColours,
): void {
  if (k < 0.25) return;
  canvas.beginPath();
  for (const e of elements) {
    if (kind === "service") canvas.rect(e.x * k + x + 8 * k, (e.y + 12) * k + y, 3 * k, (e.h - 24) * k);
    else {
      canvas.moveTo((e.x + 4) * k + x, (e.y - 3) * k + y);
      canvas.lineTo((e.x + e.w + 3) * k + x, (e.y - 3) * k + y);
      canvas.lineTo((e.x + e.w + 3) * k + x, (e.y + e.h - 4) * k + y);
    }
  }
  if (kind === "service") {
    canvas.fillStyle = colours.service;
    canvas.fill();
  } else {
    canvas.strokeStyle = colours.strong;
    canvas.lineWidth = 1;
    canvas.stroke();
  }
}

/** The first `most` wires of the order. */
function drawWires(canvas: MapCanvas, scene: MapScene, view: MapView, colours: MapColours, most: number): void {
  const { net, traffic } = scene;
  const width = widthScale(scene);
  const isCurved = net.network !== "node";
  // Widths in steps, so that wires of one width are one path.
  const byWidth = new Map<number, number[]>();
  const shown = Math.min(most, MOST_WIRES);
  for (let i = 0; i < shown; i++) {
    const at = scene.order[i] ?? 0;
    const wire = net.wires[at];
    if (!wire || !isLineOnScreen(wire, view)) continue;
    const packets = traffic[at] ?? 0;
    if (isCurved && packets === 0) continue;
    const step = packets === 0 ? 0 : Math.max(1, Math.round(width(packets)));
    const key = step * 2 + (net.tunnel[at] === 1 && packets > 0 && !isCurved ? 1 : 0);
    const list = byWidth.get(key);
    if (list) list.push(at);
    else byWidth.set(key, [at]);
  }
  const thin = Math.min(1, Math.max(0.35, view.k * 1.4));
  for (const key of [...byWidth.keys()].sort((a, b) => a - b)) {
    const step = key >> 1;
    const tunnel = (key & 1) === 1;
    canvas.beginPath();
    for (const at of byWidth.get(key) ?? []) trace(canvas, net.wires[at], view);
    canvas.strokeStyle = step === 0 ? colours.wire : tunnel ? colours.tunnel : colours.traffic;
    canvas.globalAlpha = isCurved ? 0.55 : 1;
    canvas.lineWidth = step === 0 ? thin : Math.max(0.75, step * thin);
    canvas.stroke();
    // A tunnel's wire has a bright core: a pipe, also without colours.
    if (tunnel && step * thin >= 2) {
      canvas.strokeStyle = colours.background;
      canvas.lineWidth = Math.max(0.75, (step * thin) / 3);
      canvas.stroke();
    }
  }
  canvas.globalAlpha = 1;
  lossMarks(canvas, scene, view, colours);
}

/** A cross where packets of a wire's routes went missing. */
function lossMarks(canvas: MapCanvas, { net, missing }: MapScene, view: MapView, colours: MapColours): void {
  if (net.network === "node" || view.k < 0.3) return;
  canvas.beginPath();
  net.wires.forEach((wire, at) => {
    if ((missing[at] ?? 0) === 0 || !isLineOnScreen(wire, view)) return;
    const [mx, my] = middle(wire);
    const [px, py] = [mx * view.k + view.x, my * view.k + view.y];
    canvas.moveTo(px - 4, py - 4);
    canvas.lineTo(px + 4, py + 4);
    canvas.moveTo(px + 4, py - 4);
    canvas.lineTo(px - 4, py + 4);
  });
  canvas.strokeStyle = colours.lost;
  canvas.lineWidth = 2;
  canvas.stroke();
}

function widthScale(scene: MapScene): (packets: number) => number {
  return scaleSqrt()
    .domain([0, Math.max(1, scene.most)])
    .range([1, MOST_WIDTH]);
}

function trace(canvas: MapCanvas, wire: MapWire | undefined, { k, x, y }: MapView): void {
  const line = wire?.line;
  if (!line || line.length < 4) return;
  canvas.moveTo((line[0] ?? 0) * k + x, (line[1] ?? 0) * k + y);
  if (wire.curved)
    canvas.quadraticCurveTo(
      (line[2] ?? 0) * k + x,
      (line[3] ?? 0) * k + y,
      (line[4] ?? 0) * k + x,
      (line[5] ?? 0) * k + y,
    );
  else for (let i = 2; i < line.length; i += 2) canvas.lineTo((line[i] ?? 0) * k + x, (line[i + 1] ?? 0) * k + y);
}

/** Half way along the drawn line. */
export function middle(wire: MapWire): readonly [number, number] {
  const { line } = wire;
  if (wire.curved) {
    const at = (i: number): number => ((line[i] ?? 0) + 2 * (line[i + 2] ?? 0) + (line[i + 4] ?? 0)) / 4;
    return [at(0), at(1)];
  }
  let length = 0;
  for (let i = 2; i < line.length; i += 2) length += part(line, i);
  let left = length / 2;
  for (let i = 2; i < line.length; i += 2) {
    const own = part(line, i);
    if (left <= own && own > 0) {
      const share = left / own;
      const [x0, y0] = [line[i - 2] ?? 0, line[i - 1] ?? 0];
      return [x0 + ((line[i] ?? 0) - x0) * share, y0 + ((line[i + 1] ?? 0) - y0) * share];
    }
    left -= own;
  }
  return [line[0] ?? 0, line[1] ?? 0];
}

function part(line: readonly number[], i: number): number {
  return Math.hypot((line[i] ?? 0) - (line[i - 2] ?? 0), (line[i + 1] ?? 0) - (line[i - 1] ?? 0));
}

function machineTitle(
  canvas: MapCanvas,
  element: MapElement,
  { k, x, y }: MapView,
  colours: MapColours,
  fontFamily: string,
): void {
  const w = element.w * k;
  // Readable from far: the name keeps its size while its box still holds a few letters.
  const titlePx = Math.max(13 * k, Math.min(13, w / 5));
  if (titlePx < LEAST_TEXT_PX) return;
  const left = element.x * k + x + 12 * k;
  const top = (element.hangs ? element.y + element.h - 38 : element.y) * k + y;
  canvas.fillStyle = colours.text;
  canvas.font = `600 ${titlePx.toFixed(1)}px ${fontFamily}`;
  canvas.fillText(fitText(element.label, w - 16 * k, titlePx), left, top + Math.max(14 * k, titlePx * 0.75));
  if (SMALL * k < LEAST_TEXT_PX) return;
  canvas.fillStyle = colours.muted;
  canvas.font = `${(SMALL * k).toFixed(1)}px ${fontFamily}`;
  canvas.fillText(fitText(element.subtitle, w - 16 * k, SMALL * k), left, top + 29 * k);
}

function elementText(
  canvas: MapCanvas,
  element: MapElement,
  { k, x, y }: MapView,
  colours: MapColours,
  fontFamily: string,
): void {
  const left = (element.x + (element.kind === "service" ? 18 : 8)) * k + x;
  const room = (element.w - (element.kind === "service" ? 28 : 14)) * k;
  const top = element.y * k + y;
  const isOneLine = element.h < 30;
  canvas.fillStyle = colours.text;
  const size = (isOneLine ? 11 : FONT) * k;
  canvas.font = `${element.kind === "point" ? "" : "600 "}${size.toFixed(1)}px ${fontFamily}`;
  const words = isOneLine && element.subtitle !== "" ? `${element.label} · ${element.subtitle}` : element.label;
  canvas.fillText(fitText(words, room, size), left, top + (isOneLine ? element.h / 2 : element.h * 0.34) * k);
  if (isOneLine || element.subtitle === "" || SMALL * k < LEAST_TEXT_PX) return;
  canvas.fillStyle = colours.muted;
  canvas.font = `${(SMALL * k).toFixed(1)}px ${fontFamily}`;
  canvas.fillText(fitText(element.subtitle, room, SMALL * k), left, top + element.h * 0.72 * k);
}

/** Cut to the width with "…"; measured by the mean width of letters, as asking the canvas for each name costs more than drawing it. */
export function fitText(text: string, widthPx: number, fontPx: number): string {
  const most = Math.floor(widthPx / (fontPx * 0.56));
  if (text.length <= most) return text;
  return most < 2 ? "" : `${text.slice(0, most - 1)}…`;
}

export function drawMapOverlay(
  canvas: MapCanvas,
  scene: MapScene,
  view: MapView,
  colours: MapColours,
  marks: MapMarks,
): void {
  const { layout, net } = scene;
  canvas.clearRect(0, 0, view.widthPx, view.heightPx);
  canvas.lineJoin = "round";
  canvas.globalAlpha = 1;
  if (marks.wire >= 0) {
    canvas.beginPath();
    trace(canvas, net.wires[marks.wire], view);
    canvas.strokeStyle = colours.hover;
    canvas.lineWidth = 5;
    canvas.stroke();
  }
  // There: a solid line; back: dashes in another colour beside it. Both with arrow heads.
  litPath(canvas, net, view, marks.there, colours.there, -2.5, [], marks.phase);
  litPath(canvas, net, view, marks.back, colours.back, 2.5, [7, 5], marks.phase);
  outline(canvas, layout, view, [marks.hover], colours.hover, 2, 1);
  outline(canvas, layout, view, marks.selected, colours.selected, 3, 2);
  outline(canvas, layout, view, [marks.focus], colours.focus, 2, 4);
  const at = layout.elements[marks.packetAt];
  if (at) {
    const [px, py] = [(at.x + at.w) * view.k + view.x, at.y * view.k + view.y];
    canvas.beginPath();
    canvas.arc(px, py, 7, 0, Math.PI * 2);
    canvas.fillStyle = colours.there;
    canvas.fill();
    canvas.lineWidth = 2;
    canvas.strokeStyle = colours.background;
    canvas.stroke();
    outline(canvas, layout, view, [marks.packetAt], colours.there, 2, 1);
  }
}

function outline(
  canvas: MapCanvas,
  layout: MapLayout,
  { k, x, y }: MapView,
  elements: readonly number[],
  colour: string,
  widthPx: number,
  gapPx: number,
): void {
  canvas.setLineDash([]);
  canvas.strokeStyle = colour;
  canvas.lineWidth = widthPx;
  for (const at of elements) {
    const e = layout.elements[at];
    if (!e) continue;
    canvas.beginPath();
    canvas.roundRect(e.x * k + x - gapPx, e.y * k + y - gapPx, e.w * k + gapPx * 2, e.h * k + gapPx * 2, 6);
    canvas.stroke();
  }
}

function litPath(
  canvas: MapCanvas,
  net: MapNet,
  view: MapView,
  steps: readonly WireStep[],
  colour: string,
  besidePx: number,
  dash: number[],
  phase: number,
): void {
  if (steps.length === 0) return;
  const { k } = view;
  // Beside the wire's middle: both ways are seen where they take the same wire.
  const moved = { ...view, x: view.x + besidePx, y: view.y + besidePx };
  canvas.beginPath();
  for (const { wire } of steps) trace(canvas, net.wires[wire], moved);
  canvas.strokeStyle = colour;
  canvas.lineWidth = 3;
  canvas.setLineDash(dash);
  canvas.lineDashOffset = dash.length > 0 ? phase : 0;
  canvas.stroke();
  canvas.setLineDash([]);
  canvas.beginPath();
  for (const { wire, forward } of steps) {
    const one = net.wires[wire];
    if (!one) continue;
    const [mx, my] = middle(one);
    const [dx, dy] = directionAt(one, forward);
    const [px, py] = [mx * k + moved.x, my * k + moved.y];
    canvas.moveTo(px + dx * 7, py + dy * 7);
    canvas.lineTo(px - dx * 5 - dy * 5, py - dy * 5 + dx * 5);
    canvas.lineTo(px - dx * 5 + dy * 5, py - dy * 5 - dx * 5);
    canvas.closePath();
  }
  canvas.fillStyle = colour;
  canvas.fill();
}

/** Unit vector of a wire at its middle. */
function directionAt(wire: MapWire, forward: boolean): readonly [number, number] {
  const { line } = wire;
  let [dx, dy] = [0, 0];
  if (wire.curved) [dx, dy] = [(line[4] ?? 0) - (line[0] ?? 0), (line[5] ?? 0) - (line[1] ?? 0)];
  else {
    let length = 0;
    for (let i = 2; i < line.length; i += 2) length += part(line, i);
    let left = length / 2;
    for (let i = 2; i < line.length; i += 2) {
      const own = part(line, i);
      [dx, dy] = [(line[i] ?? 0) - (line[i - 2] ?? 0), (line[i + 1] ?? 0) - (line[i - 1] ?? 0)];
      if (left <= own) break;
      left -= own;
    }
  }
  const size = (Math.hypot(dx, dy) || 1) * (forward ? 1 : -1);
  return [dx / size, dy / size];
}

function isOnScreen(e: MapElement, { k, x, y, widthPx, heightPx }: MapView): boolean {
  return (e.x + e.w) * k + x >= 0 && e.x * k + x <= widthPx && (e.y + e.h) * k + y >= 0 && e.y * k + y <= heightPx;
}

function isLineOnScreen({ line }: MapWire, { k, x, y, widthPx, heightPx }: MapView): boolean {
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < line.length; i += 2) {
    const [px, py] = [line[i] ?? 0, line[i + 1] ?? 0];
    if (px < left) left = px;
    if (px > right) right = px;
    if (py < top) top = py;
    if (py > bottom) bottom = py;
  }
  return right * k + x >= 0 && left * k + x <= widthPx && bottom * k + y >= 0 && top * k + y <= heightPx;
}

/** The smallest element under a place on the screen; -1 none. */
export function elementAt({ layout, net }: MapScene, { k, x, y }: MapView, px: number, py: number): number {
  const [wx, wy] = [(px - x) / k, (py - y) / k];
  let found = -1;
  let least = Infinity;
  layout.elements.forEach((e, at) => {
    if (wx < e.x || wx > e.x + e.w || wy < e.y || wy > e.y + e.h || !isDrawn(e, net)) return;
    const size = e.w * e.h;
    if (size <= least) {
      least = size;
      found = at;
    }
  });
  return found;
}

export function isDrawn(element: MapElement, net: MapNet): boolean {
  if (element.kind === "service") return net.network === "service";
  return element.kind !== "point" || net.network === "node";
}

/** The wire within a few pixels of a place on the screen, the busiest of several; -1 none. */
export function wireAt(scene: MapScene, { k, x, y }: MapView, px: number, py: number): number {
  const [wx, wy] = [(px - x) / k, (py - y) / k];
  const reach = 5 / k;
  for (const at of scene.order.subarray(0, MOST_WIRES)) {
    const wire = scene.net.wires[at];
    if (wire && (scene.traffic[at] ?? 0) > 0 && distance(wire, wx, wy) <= reach) return at;
  }
  return -1;
}

function distance(wire: MapWire, x: number, y: number): number {
  const { line } = wire;
  if (wire.curved) {
    let least = Infinity;
    for (let t = 0; t <= 1; t += 1 / 16) {
      const u = 1 - t;
      const at = (i: number): number =>
        u * u * (line[i] ?? 0) + 2 * u * t * (line[i + 2] ?? 0) + t * t * (line[i + 4] ?? 0);
      least = Math.min(least, Math.hypot(at(0) - x, at(1) - y));
    }
    return least;
  }
  let least = Infinity;
  for (let i = 2; i < line.length; i += 2) {
    const [x0, y0] = [line[i - 2] ?? 0, line[i - 1] ?? 0];
    const [dx, dy] = [(line[i] ?? 0) - x0, (line[i + 1] ?? 0) - y0];
    const t = Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy || 1)));
    least = Math.min(least, Math.hypot(x0 + dx * t - x, y0 + dy * t - y));
  }
  return least;
}

/** The next element in a direction from one (arrow keys): near and straight before far and aside. */
export function neighbour({ layout, net }: MapScene, from: number, dx: number, dy: number): number {
  const here = layout.elements[from];
  if (!here) return layout.elements.findIndex((e) => isDrawn(e, net));
  let found = from;
  let least = Infinity;
  layout.elements.forEach((e, at) => {
    // A machine's box holds the others: Page Up and Page Down go to it.
    if (at === from || !isDrawn(e, net) || e.kind === "machine") return;
    const [vx, vy] = [e.x + e.w / 2 - here.x - here.w / 2, e.y + e.h / 2 - here.y - here.h / 2];
    const ahead = vx * dx + vy * dy;
    // Edge to edge across the way: a bridge as wide as its machine is straight below every veth.
    const aside = dx !== 0 ? gap(here.y, here.h, e.y, e.h) : gap(here.x, here.w, e.x, e.w);
    if (ahead <= 1 || aside > ahead * 3) return;
    const cost = ahead + (aside > 0 ? 300 + aside * 2.5 : 0);
    if (cost < least) {
      least = cost;
      found = at;
    }
  });
  return found;
}

/** Between two stretches; 0 where they overlap. */
function gap(a: number, lengthA: number, b: number, lengthB: number): number {
  return Math.max(0, b - (a + lengthA), a - (b + lengthB));
}
