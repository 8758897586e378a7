/** The colours of ui/tokens.css against WCAG 2.2 AA: 4.5 for text, 3 for the parts of controls. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const css = readFileSync("src-renderer/ui/tokens.css", "utf8");

/** Colours of a theme by name, without the dashes. */
function themeOf(name: "light" | "dark"): Map<string, string> {
  const block = css.slice(css.indexOf(`:root[data-theme="${name}"]`)).split("}")[0] ?? "";
  return new Map([...block.matchAll(/--([\w-]+): (#[\da-f]{6});/g)].map((found) => [found[1] ?? "", found[2] ?? ""]));
}

/** Relative luminance, WCAG 2.2 */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

const grounds = ["bg", "surface", "surface-raised", "surface-sunken", "hover"];
/** Text, and what it is written on. */
const texts: readonly (readonly [string, readonly string[]])[] = [
  ["text", [...grounds, "selected", "selected-inactive", "accent-soft", "danger-soft", "warn-soft", "ok-soft"]],
  ["text-muted", grounds],
  ["accent-text", [...grounds, "accent-soft"]],
  ["danger", [...grounds.slice(0, 4), "danger-soft"]],
  ["warn", [...grounds.slice(0, 4), "warn-soft"]],
  ["ok", ["surface", "ok-soft"]],
  ["on-accent", ["accent"]],
];
/** Edges of controls, focus rings. */
const parts: readonly (readonly [string, readonly string[]])[] = [
  ["border-strong", ["bg", "surface", "surface-raised", "surface-sunken"]],
  ["focus", grounds],
  ["accent", grounds],
  ...["yellow", "green", "blue", "red", "purple", "grey"].map((name) => [`note-${name}`, grounds] as const),
];

describe.each(["light", "dark"] as const)("the %s theme", (name) => {
  const theme = themeOf(name);
  const pairs = [
    ...texts.flatMap(([text, over]) => over.map((ground) => [text, ground, 4.5] as const)),
    ...parts.flatMap(([part, over]) => over.map((ground) => [part, ground, 3] as const)),
  ];

  it.each(pairs)("shows %s on %s with a contrast of %f", (one, other, least) => {
    const [front, ground] = [theme.get(one), theme.get(other)];
    if (front === undefined || ground === undefined) throw new Error(`No colour --${one} or --${other}`);
    expect(contrast(front, ground)).toBeGreaterThanOrEqual(least);
  });
});
