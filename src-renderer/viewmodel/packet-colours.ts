/**
 * The packet list's colours: the contract's rules as they are for the light theme (text lightened or darkened where it could
 * not be read), and a dark theme derived from them.
 *
 * ```
 * light   pale background, dark text     ─► dark   deep background of the same hue, pale text
 * light   dark or strong background      ─► dark   the same background
 * both    text moved away from its background until the contrast is 4.5 (WCAG 2.2 AA, 1.4.3)
 * ```
 */
import { COLOUR_RULES } from "../../src-shared/contract/colours";

export interface RowColour {
  readonly background: string;
  readonly text: string;
}

export const AA_CONTRAST = 4.5;

type Rgb = readonly [red: number, green: number, blue: number];

/** Row colours by colour rule, for a theme. */
export function rowColours(dark: boolean): readonly RowColour[] {
  return COLOUR_RULES.map((rule) => {
    const background = dark ? darkened(parseColour(rule.background)) : parseColour(rule.background);
    const text = dark && isPale(parseColour(rule.background)) ? ([226, 230, 233] as const) : parseColour(rule.text);
    return { background: formatColour(background), text: formatColour(readable(text, background)) };
  });
}

/** Contrast of two colours, 1 … 21 (WCAG 2.2, "contrast ratio"). */
export function contrast(a: string, b: string): number {
  return ratio(parseColour(a), parseColour(b));
}

/** The colours a minimap pixel has, as [red, green, blue] by rule. */
export function minimapColours(dark: boolean): readonly Rgb[] {
  return COLOUR_RULES.map((rule) => {
    const background = parseColour(rule.background);
    if (!dark) return background;
    // A line one pixel high needs more than a row's background to be seen on dark ground.
    return isPale(background)
      ? mix(darkened(background), background, 0.35)
      : mix(background, parseColour(rule.text), 0.3);
  });
}

function isPale(colour: Rgb): boolean {
  return luminance(colour) > 0.25;
}

/** A pale background for dark ground: same hue; what was darker than the others becomes lighter than them. */
function darkened(colour: Rgb): Rgb {
  if (!isPale(colour)) return colour;
  const high = Math.max(...colour);
  const low = Math.min(...colour);
  // Grey stays grey; otherwise the distance of the channels is what makes the hue: kept, and stretched a little.
  const stretch = high === low ? 0 : Math.min(1.6, 44 / (high - low));
  const base = 26 + (255 - high) * 0.5;
  return [
    clamp(base + (colour[0] - low) * stretch),
    clamp(base + (colour[1] - low) * stretch),
    clamp(base + (colour[2] - low) * stretch),
  ];
}

/** `text` moved towards white or black, whichever its background is further from, until it can be read. */
function readable(text: Rgb, background: Rgb): Rgb {
  const aim: Rgb = luminance(background) < 0.18 ? [255, 255, 255] : [0, 0, 0];
  for (let part = 0; part <= 1; part += 0.05) {
    const colour = mix(text, aim, part);
    if (ratio(colour, background) >= AA_CONTRAST) return colour;
  }
  return aim;
}

function mix(a: Rgb, b: Rgb, part: number): Rgb {
  return [clamp(a[0] + (b[0] - a[0]) * part), clamp(a[1] + (b[1] - a[1]) * part), clamp(a[2] + (b[2] - a[2]) * part)];
}

function clamp(value: number): number {
  return Math.max(0, Math.min(255, Math.round(value)));
}

function ratio(a: Rgb, b: Rgb): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** Relative luminance, 0 … 1 (WCAG 2.2). */
function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((channel) => {
    const c = channel / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** "#rrggbb" */
function parseColour(text: string): Rgb {
  const value = Number.parseInt(text.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

function formatColour(colour: Rgb): string {
  return `#${colour.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;
}
