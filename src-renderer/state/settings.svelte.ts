/**
 * What a person set up, kept by the host: one JSON text under the name "interface".
 *
 * ```
 * settings.get ──► values {"theme": "dark", …} ──► Setting.value  (checked; unusable: the default)
 *                        ▲ Setting.value = …          │
 * settings.set ◄─────────┴── 300 ms later             └► components (reactive)
 * ```
 */
import { SvelteMap } from "svelte/reactivity";
import { call } from "../bridge/engine";
import { holdIdle } from "../bridge/idle";
import { checkZone, type TimeZone } from "../../src-shared/base/time-zone";

/** The value if it is one, undefined if not (an older or a damaged settings file). */
export type Check<T> = (value: unknown) => T | undefined;

const DOCUMENT = "interface";
const WRITE_DELAY_MS = 300;

const values = new SvelteMap<string, unknown>();
let writing: (() => void) | null = null;

/** One setting. Reading `value` in a component makes it depend on it; writing keeps it. */
export class Setting<T> {
  readonly #stored = $derived.by(() => this.check(values.get(this.name)));

  constructor(
    readonly name: string,
    readonly fallback: T,
    private readonly check: Check<T>,
  ) {}

  get value(): T {
    const stored = this.#stored;
    return stored === undefined ? this.fallback : stored;
  }

  set value(value: T) {
    values.set(this.name, value);
    writeSoon();
  }

  reset(): void {
    values.delete(this.name);
    writeSoon();
  }
}

/** Declares a setting. `value` must be plain data (it is written as JSON). Names are unique: "packet-list.columns". */
export function defineSetting<T>(name: string, fallback: T, check: Check<T>): Setting<T> {
  return new Setting(name, fallback, check);
}

/** Reads what was kept; without it (first start, damaged file, host unreachable) everything has its default. */
export async function loadSettings(): Promise<void> {
  try {
    const { value } = await call("settings.get", { name: DOCUMENT });
    const stored: unknown = JSON.parse(value ?? "{}");
    if (typeof stored !== "object" || stored === null) return;
    for (const [name, entry] of Object.entries(stored)) values.set(name, entry);
  } catch {
    // Nothing is lost: the next change writes a whole document again.
  }
}

/** What is set of these names: a workspace file keeps the layout. */
export function settingsOf(names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.filter((name) => values.has(name)).map((name) => [name, values.get(name)]));
}

/** Takes settings over, of these names only; each is checked by its own rule when it is read. */
export function adoptSettings(from: Readonly<Record<string, unknown>>, names: readonly string[]): void {
  for (const name of names) if (Object.hasOwn(from, name)) values.set(name, from[name]);
  writeSoon();
}

function writeSoon(): void {
  if (writing) return;
  const release = holdIdle();
  const timer = setTimeout(write, WRITE_DELAY_MS);
  writing = () => {
    clearTimeout(timer);
    release();
    writing = null;
  };
}

function write(): void {
  writing?.();
  // Not kept, then: the window works with it all the same, and the next change tries again.
  call("settings.set", { name: DOCUMENT, value: JSON.stringify(Object.fromEntries(values)) }).catch(() => undefined);
}

/** Writes what is still waiting: the window is about to close. */
export function flushSettings(): void {
  if (writing) write();
}

export function isOneOf<const T extends string>(choices: readonly T[]): Check<T> {
  return (value) => choices.find((choice) => choice === value);
}

export function isNumber(least: number, most: number): Check<number> {
  return (value) => (typeof value === "number" && value >= least && value <= most ? value : undefined);
}

/** Part of a split pane, which keeps its own bounds: narrower ones here would make it jump back where it is dragged to its end. */
export const isShare: Check<number> = isNumber(0, 1);

export function isBoolean(value: unknown): boolean | undefined {
  return typeof value === "boolean" ? value : undefined;
}

export function isText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

export function isTextList(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every((entry) => typeof entry === "string") ? value : undefined;
}

export const theme = defineSetting("theme", "system", isOneOf(["system", "light", "dark"]));
export const motion = defineSetting("motion", "system", isOneOf(["system", "reduced"]));
/** Size of everything, in per cent. */
export const zoom = defineSetting("zoom", 100, isNumber(60, 250));
export const layerNames = defineSetting("layer-names", "five", isOneOf(["five", "osi"]));
/** Typing outside a text field starts a filter; "?" shows the shortcuts. */
export const typeToFilter = defineSetting("type-to-filter", true, isBoolean);

export const timeFormat = defineSetting(
  "time.format",
  "relative",
  isOneOf(["relative", "time", "date-time", "epoch", "delta"]),
);
export const timeZone = defineSetting<TimeZone>("time.zone", "local", checkZone);
/** Digits after the point. */
export const timePrecision = defineSetting("time.precision", 6, isNumber(0, 9));
