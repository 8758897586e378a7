/**
 * Paints the map on its two canvases, in the colours of the page.
 *
 * ```
 * base   everything that stands      marks   focus, lit path, above it
 * replay still pictures of what does not change, the wires of the moment between them
 * ```
 */
import { isDark } from "../../ui/metrics.svelte";
import type { MapColours, MapView } from "../../viewmodel/map-canvas";
import { drawMapBase, drawMovingMap, drawStillMap } from "../../viewmodel/map-draw";
import { drawMapOverlay, type MapMarks } from "../../viewmodel/map-overlay";
import type { MapScene } from "../../viewmodel/map-scene";
import { SvgCanvas } from "../../viewmodel/svg-canvas";

interface Picture {
  readonly canvas: OffscreenCanvas;
  readonly context: OffscreenCanvasRenderingContext2D;
}

export class MapPainter {
  /** Colours by theme: asking the page for 17 of them for every movement of the pointer costs more than drawing the mark. */
  #colours: { readonly dark: boolean; readonly values: MapColours } | null = null;
  /** What a replay does not change, as pictures, and what they were drawn of. */
  #still: { readonly of: readonly unknown[]; readonly under: Picture; readonly over: Picture } | null = null;

  base(canvas: HTMLCanvasElement, scene: MapScene, view: MapView, isReplaying: boolean): void {
    const context = contextOf(canvas, view);
    if (!context) return;
    const { fontFamily } = getComputedStyle(canvas);
    const colours = this.#coloursOf(canvas);
    if (isReplaying && this.#moment(context, canvas, scene, view, colours, fontFamily)) return;
    this.#still = null;
    drawMapBase(context, scene, view, colours, fontFamily);
  }

  marks(canvas: HTMLCanvasElement, scene: MapScene, view: MapView, marks: MapMarks): void {
    const context = contextOf(canvas, view);
    if (context) drawMapOverlay(context, scene, view, this.#coloursOf(canvas), marks);
  }

  /** What is on the screen, drawn once more by the same functions. */
  svg(canvas: HTMLCanvasElement, scene: MapScene, view: MapView, marks: MapMarks): string {
    const colours = this.#coloursOf(canvas);
    const svg = new SvgCanvas(view.widthPx, view.heightPx, colours.background);
    drawMapBase(svg, scene, view, colours, getComputedStyle(canvas).fontFamily);
    drawMapOverlay(svg, scene, view, colours, { ...marks, focus: -1 });
    return svg.text();
  }

  /** False: pictures could not be made. */
  #moment(
    context: CanvasRenderingContext2D,
    { width, height }: HTMLCanvasElement,
    scene: MapScene,
    view: MapView,
    colours: MapColours,
    fontFamily: string,
  ): boolean {
    const of = [scene.layout, scene.net, view, colours, width, height];
    if (!this.#still || this.#still.of.some((value, at) => value !== of[at])) {
      const [under, over] = [emptyPicture(width, height), emptyPicture(width, height)];
      if (!under || !over) return false;
      drawStillMap({ under: under.context, over: over.context }, scene, view, colours, fontFamily);
      this.#still = { of, under, over };
    }
    context.clearRect(0, 0, view.widthPx, view.heightPx);
    context.globalAlpha = 1;
    context.drawImage(this.#still.under.canvas, 0, 0, view.widthPx, view.heightPx);
    drawMovingMap(context, scene, view, colours);
    context.drawImage(this.#still.over.canvas, 0, 0, view.widthPx, view.heightPx);
    return true;
  }

  #coloursOf(element: HTMLElement): MapColours {
    const dark = isDark();
    if (this.#colours?.dark !== dark) this.#colours = { dark, values: readColours(element, dark) };
    return this.#colours.values;
  }
}

function readColours(element: HTMLElement, dark: boolean): MapColours {
  const style = getComputedStyle(element);
  const value = (name: string): string => style.getPropertyValue(name).trim();
  return {
    background: value("--surface"),
    machine: value("--surface-sunken"),
    box: value("--surface-raised"),
    border: value("--border-strong"),
    strong: value("--border-strong"),
    text: value("--text"),
    muted: value("--text-muted"),
    wire: value("--border"),
    traffic: dark ? "#8a94a3" : "#7d8794",
    tunnel: dark ? "#2fbf95" : "#00805f",
    there: value("--accent"),
    back: dark ? "#e69f00" : "#c25b00",
    lost: value("--danger"),
    service: dark ? "#dd8fbb" : "#b04f8a",
    focus: value("--focus"),
    selected: value("--accent"),
  };
}

function emptyPicture(width: number, height: number): Picture | null {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  context?.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  return context ? { canvas, context } : null;
}

function contextOf(canvas: HTMLCanvasElement, { widthPx, heightPx }: MapView): CanvasRenderingContext2D | null {
  const context = canvas.getContext("2d");
  const ratio = devicePixelRatio;
  const [w, h] = [Math.round(widthPx * ratio), Math.round(heightPx * ratio)];
  // Setting a size clears a canvas and costs as much as drawing it.
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
  }
  context?.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}
