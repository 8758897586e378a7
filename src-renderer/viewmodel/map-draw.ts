/**
 * Draws the map on a canvas (or on anything that takes the same calls: svg-canvas.ts, a test's recorder).
 *
 * ```
 * base     machine boxes ─ wires, as wide as their traffic ─ pods, devices, Services ─ names       drawn when something changes
 * overlay  focus ─ lit path ─ where the chosen packet is                                    map-overlay.ts, with every step
 * ```
 * What is off the screen is not drawn; what is too small to be read is drawn without text, all of a kind in one call.
 */
import { addToGroup } from "../../src-shared/base/grouping";
import { scaleSqrt } from "d3";
import { fitMiddle } from "./fit-middle";
import type { MapCanvas, MapColours, MapView } from "./map-canvas";
import type { MapElement, MapElementKind } from "./map-element";
import { isLineOnScreen, middle, trace } from "./map-line";
import { MOST_WIRES, type MapScene } from "./map-scene";

/** Below this size text is left out. */
const LEAST_TEXT_PX = 6.5;
const FONT = 12;
const SMALL = 10;
const MOST_WIDTH = 7;
/** Half a plus sign, and the room it takes of a group's text. */
const FOLD_PX = 5;
const FOLD_ROOM = 18;
/** Mean width of a letter, in heights of the font. */
const LETTER_W = 0.56;
/** Of bold letters. */
const TITLE_LETTER_W = 0.64;

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
  const machines = scene.layout.elements.filter((element) => element.kind === "machine" && isOnScreen(element, view));
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
  const shown = scene.layout.elements.filter((element) => isOnScreen(element, view));
  for (const kind of ["point", "pod", "host", "address", "group", "service"] as const) {
    const own = shown.filter((element) => element.kind === kind);
    const border = kind === "service" ? colours.service : kind === "point" ? colours.strong : colours.border;
    boxes(canvas, own, view, colours.box, border, kind === "service" ? 20 : kind === "point" ? 3 : 6);
    if (kind === "service" || kind === "group") marksOfKind(canvas, own, view, kind, colours);
    if (kind === "group") foldSigns(canvas, own, view, colours);
  }
  const fontPx = FONT * view.k;
  canvas.textBaseline = "middle";
  canvas.textAlign = "left";
  for (const element of shown) {
    if (element.kind === "machine") machineTitle(canvas, element, view, colours, fontFamily);
    else if (fontPx >= LEAST_TEXT_PX) elementText(canvas, element, view, colours, fontFamily);
  }
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

/** Plus and minus at the right of what opens and closes. */
function foldSigns(
  canvas: MapCanvas,
  elements: readonly MapElement[],
  { k, x, y }: MapView,
  colours: MapColours,
): void {
  const half = FOLD_PX * Math.max(k, 0.4);
  canvas.beginPath();
  for (const e of elements) {
    if (e.fold === null || e.w * k < half * 6) continue;
    const [mx, my] = [(e.x + e.w) * k + x - half * 2.2, (e.y + e.h / 2) * k + y];
    canvas.moveTo(mx - half, my);
    canvas.lineTo(mx + half, my);
    if (e.fold.open) continue;
    canvas.moveTo(mx, my - half);
    canvas.lineTo(mx, my + half);
  }
  canvas.strokeStyle = colours.text;
  canvas.lineWidth = Math.max(1, 1.5 * k);
  canvas.stroke();
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
    if (!wire || !isLineOnScreen(net, at, view)) continue;
    const packets = traffic[at] ?? 0;
    if (isCurved && packets === 0) continue;
    const step = packets === 0 ? 0 : Math.max(1, Math.round(width(packets)));
    const key = step * 2 + (net.tunnel[at] === 1 && packets > 0 && !isCurved ? 1 : 0);
    addToGroup(byWidth, key, at);
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
    if ((missing[at] ?? 0) === 0 || !isLineOnScreen(net, at, view)) return;
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
  // Machines are told apart by the end of their names.
  const title = fitMiddle(element.label, w - 18 * k, (text) => text.length * titlePx * TITLE_LETTER_W);
  const middle = top + Math.max(14 * k, titlePx * 0.75);
  // Where a line must cross a name, the name is read.
  canvas.fillStyle = colours.machine;
  canvas.fillRect(left - 2, middle - titlePx * 0.6, title.length * titlePx * TITLE_LETTER_W + 4, titlePx * 1.2);
  canvas.fillStyle = colours.text;
  canvas.font = `600 ${titlePx.toFixed(1)}px ${fontFamily}`;
  canvas.fillText(title, left, middle);
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
  const room = (element.w - (element.kind === "service" ? 28 : element.fold ? 14 + FOLD_ROOM : 14)) * k;
  const top = element.y * k + y;
  const isOneLine = element.h < 30;
  canvas.fillStyle = colours.text;
  const size = (isOneLine ? 11 : FONT) * k;
  canvas.font = `${element.kind === "point" ? "" : "600 "}${size.toFixed(1)}px ${fontFamily}`;
  const words = isOneLine && element.subtitle !== "" ? `${element.label} · ${element.subtitle}` : labelOf(element, k);
  canvas.fillText(fitText(words, room, size), left, top + (isOneLine ? element.h / 2 : element.h * 0.34) * k);
  if (isOneLine || element.subtitle === "" || SMALL * k < LEAST_TEXT_PX) return;
  canvas.fillStyle = colours.muted;
  canvas.font = `${(SMALL * k).toFixed(1)}px ${fontFamily}`;
  canvas.fillText(fitText(element.subtitle, room, SMALL * k), left, top + element.h * 0.72 * k);
}

/** From far only one line is drawn: of a group, how many it is. */
function labelOf({ kind, label, subtitle, fold, places }: MapElement, k: number): string {
  if (kind !== "group" || subtitle === "" || SMALL * k >= LEAST_TEXT_PX || (fold?.machines ?? []).length > 0)
    return label;
  return label === "Pods" ? subtitle : `${places.length} × ${label}`;
}

/** Cut to the width with "…"; measured by the mean width of letters, as asking the canvas for each name costs more than drawing it. */
export function fitText(text: string, widthPx: number, fontPx: number): string {
  const most = Math.floor(widthPx / (fontPx * LETTER_W));
  if (text.length <= most) return text;
  return most < 2 ? "" : `${text.slice(0, most - 1)}…`;
}

function isOnScreen(e: MapElement, { k, x, y, widthPx, heightPx }: MapView): boolean {
  return (e.x + e.w) * k + x >= 0 && e.x * k + x <= widthPx && (e.y + e.h) * k + y >= 0 && e.y * k + y <= heightPx;
}
