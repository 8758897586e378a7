/** What the map is drawn on, in which colours, and which part of its world is seen. */
import type { MapLayout } from "./map-element";

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
  readonly selected: string;
}

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
