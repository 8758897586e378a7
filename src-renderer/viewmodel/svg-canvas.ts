/**
 * A canvas that writes SVG: what a picture draws on the screen, as a file that stays sharp. Knows the calls the map makes.
 *
 * ```
 * const svg = new SvgCanvas(1280, 800, "#fff"); drawMapBase(svg, …); svg.text()  // "<svg …>…</svg>"
 * ```
 * Names come from captures: text is escaped, and nothing else of them is written.
 */
import type { MapCanvas } from "./map-canvas";

export class SvgCanvas implements MapCanvas {
  fillStyle = "#000";
  strokeStyle = "#000";
  lineWidth = 1;
  lineJoin: MapCanvas["lineJoin"] = "round";
  lineDashOffset = 0;
  font = "10px sans-serif";
  textAlign: MapCanvas["textAlign"] = "left";
  textBaseline: MapCanvas["textBaseline"] = "middle";
  globalAlpha = 1;
  #path: string[] = [];
  #dash: readonly number[] = [];
  readonly #out: string[] = [];

  constructor(
    private readonly widthPx: number,
    private readonly heightPx: number,
    private readonly background: string,
  ) {}

  setLineDash(dash: number[]): void {
    this.#dash = dash;
  }
  beginPath(): void {
    this.#path = [];
  }
  moveTo(x: number, y: number): void {
    this.#path.push(`M${n(x)} ${n(y)}`);
  }
  lineTo(x: number, y: number): void {
    this.#path.push(`L${n(x)} ${n(y)}`);
  }
  quadraticCurveTo(cx: number, cy: number, x: number, y: number): void {
    this.#path.push(`Q${n(cx)} ${n(cy)} ${n(x)} ${n(y)}`);
  }
  /** Whole circles only. */
  arc(x: number, y: number, radius: number): void {
    const r = n(radius);
    this.#path.push(
      `M${n(x - radius)} ${n(y)}a${r} ${r} 0 1 0 ${n(radius * 2)} 0a${r} ${r} 0 1 0 ${n(-radius * 2)} 0Z`,
    );
  }
  closePath(): void {
    this.#path.push("Z");
  }
  rect(x: number, y: number, w: number, h: number): void {
    this.#path.push(`M${n(x)} ${n(y)}h${n(w)}v${n(h)}h${n(-w)}Z`);
  }
  roundRect(x: number, y: number, w: number, h: number, radius: number): void {
    const r = Math.max(0, Math.min(radius, w / 2, h / 2));
    const corner = (dx: number, dy: number): string => `a${n(r)} ${n(r)} 0 0 1 ${n(dx)} ${n(dy)}`;
    this.#path.push(
      `M${n(x + r)} ${n(y)}h${n(w - 2 * r)}${corner(r, r)}v${n(h - 2 * r)}${corner(-r, r)}h${n(2 * r - w)}${corner(-r, -r)}v${n(2 * r - h)}${corner(r, -r)}Z`,
    );
  }
  /** Overlays are drawn upon what is there. */
  clearRect(): void {
    this.#path = [];
  }
  fillRect(x: number, y: number, w: number, h: number): void {
    this.#out.push(`<rect x="${n(x)}" y="${n(y)}" width="${n(w)}" height="${n(h)}" fill="${escape(this.fillStyle)}"/>`);
  }
  fill(): void {
    if (this.#path.length > 0)
      this.#out.push(`<path d="${this.#path.join("")}" fill="${escape(this.fillStyle)}"${this.#opacity()}/>`);
  }
  stroke(): void {
    if (this.#path.length === 0) return;
    const dash = this.#dash.length > 0 ? ` stroke-dasharray="${this.#dash.map(n).join(" ")}"` : "";
    this.#out.push(
      `<path d="${this.#path.join("")}" fill="none" stroke="${escape(this.strokeStyle)}" stroke-width="${n(this.lineWidth)}" stroke-linejoin="${this.lineJoin}"${dash}${this.#opacity()}/>`,
    );
  }
  fillText(text: string, x: number, y: number): void {
    const [, weight = "400", size = "10", family = "sans-serif"] = /^(?:(\d+) )?([\d.]+)px (.*)$/.exec(this.font) ?? [];
    if (text === "") return;
    this.#out.push(
      `<text x="${n(x)}" y="${n(y)}" fill="${escape(this.fillStyle)}" font-family="${escape(family)}" font-size="${size}" font-weight="${weight}" dominant-baseline="${BASELINES[this.textBaseline] ?? "auto"}" text-anchor="${ANCHORS[this.textAlign] ?? "start"}"${this.#opacity()}>${escape(text)}</text>`,
    );
  }

  text(): string {
    const size = `width="${n(this.widthPx)}" height="${n(this.heightPx)}" viewBox="0 0 ${n(this.widthPx)} ${n(this.heightPx)}"`;
    return `<svg xmlns="http://www.w3.org/2000/svg" ${size}><rect width="100%" height="100%" fill="${escape(this.background)}"/>${this.#out.join("")}</svg>`;
  }

  #opacity(): string {
    return this.globalAlpha === 1 ? "" : ` opacity="${n(this.globalAlpha)}"`;
  }
}

const BASELINES: Readonly<Record<string, string>> = { middle: "central", top: "hanging" };
const ANCHORS: Readonly<Record<string, string>> = { center: "middle", right: "end", end: "end" };

function n(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** Characters that XML does not permit at all (control characters of hostile names) become "?". */
function escape(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "?")
    .replace(/[&<>"]/g, (c) => (c === "&" ? "&amp;" : c === "<" ? "&lt;" : c === ">" ? "&gt;" : "&quot;"));
}
