/** What changes with every step on the map: focus, selection, the lit path, where the chosen packet is. (The pointer: map-pointed.svelte) */
import type { MapCanvas, MapColours, MapView } from "./map-canvas";
import type { MapLayout } from "./map-element";
import { directionAt, middle, trace } from "./map-line";
import type { MapScene } from "./map-scene";
import type { MapNet, WireStep } from "./map-wires";

export interface MapMarks {
  readonly focus: number;
  /** Elements that are selected. */
  readonly selected: readonly number[];
  readonly there: readonly WireStep[];
  readonly back: readonly WireStep[];
  /** Element where the chosen packet is now; -1 none. */
  readonly packetAt: number;
  /** Moves the dashes of the lit path. */
  readonly phase: number;
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
  // There: a solid line; back: dashes in another colour beside it. Both with arrow heads.
  litPath(canvas, net, view, marks.there, colours.there, -2.5, [], marks.phase);
  litPath(canvas, net, view, marks.back, colours.back, 2.5, [7, 5], marks.phase);
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
