/**
 * Reads plain values of unknown shape: every look says where it looked, and what was expected there.
 *
 * ```
 * read.at("spec").at("ports").list().map((p) => p.at("port").integer(0, 65535))
 *                                    └ throws ObjectProblem: path ["spec", "ports", 0, "port"], 'expected …, found "http"'
 * ```
 * Kubernetes leaves out what is empty, so absent, null and (for lists) empty are the same: the optional… readers answer null.
 */
import type { PathPart } from "./documents";

export class ObjectProblem extends Error {
  override readonly name = "ObjectProblem";
  constructor(
    readonly path: readonly PathPart[],
    readonly expected: string,
    found: unknown,
  ) {
    super(`expected ${expected}, found ${describe(found)}`);
  }
}

export class ObjectReader {
  constructor(
    readonly value: unknown,
    readonly path: readonly PathPart[],
  ) {}

  get absent(): boolean {
    return this.value === undefined || this.value === null;
  }

  /** The member `name`; absent if this is absent. Throws if this is no object. */
  at(name: string): ObjectReader {
    if (this.absent) return new ObjectReader(undefined, [...this.path, name]);
    const object = this.#object();
    return new ObjectReader(Object.hasOwn(object, name) ? object[name] : undefined, [...this.path, name]);
  }

  /** Elements; none if absent. */
  list(): readonly ObjectReader[] {
    if (this.absent) return [];
    if (!Array.isArray(this.value)) this.fail("a list");
    return (this.value as readonly unknown[]).map((value, i) => new ObjectReader(value, [...this.path, i]));
  }

  text(): string {
    if (typeof this.value !== "string") this.fail("text");
    return this.value;
  }

  /** Null if absent or empty. */
  optionalText(): string | null {
    return this.absent || this.value === "" ? null : this.text();
  }

  oneOf<T extends string>(words: readonly T[], fallback?: T): T {
    if (this.absent && fallback !== undefined) return fallback;
    const found = words.find((word) => word === this.value);
    return found ?? this.fail(`one of ${words.join(" ")}`);
  }

  integer(least: number, most: number): number {
    const { value } = this;
    if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most)
      this.fail(`a whole number ${least} … ${most}`);
    return value;
  }

  boolean(fallback: boolean): boolean {
    if (this.absent) return fallback;
    if (typeof this.value !== "boolean") this.fail("true or false");
    return this.value;
  }

  /** Text by text (labels). A Map: a key may be anything, also "__proto__". */
  texts(): ReadonlyMap<string, string> {
    const map = new Map<string, string>();
    if (this.absent) return map;
    for (const key of Object.keys(this.#object())) map.set(key, this.at(key).text());
    return map;
  }

  /** RFC 3339 as milliseconds since the epoch; null if absent. */
  timeMs(): number | null {
    if (this.absent) return null;
    const text = this.text();
    const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : NaN;
    return Number.isNaN(ms) ? this.fail("a time such as 2024-03-01T10:00:00Z") : ms;
  }

  /** What `parse` makes of the text; undefined from it means that the text is not `expected`. */
  parsed<T>(parse: (text: string) => T | undefined, expected: string): T {
    return parse(this.text()) ?? this.fail(expected);
  }

  fail(expected: string): never {
    throw new ObjectProblem(this.path, expected, this.value);
  }

  #object(): Record<string, unknown> {
    if (typeof this.value !== "object" || this.value === null || Array.isArray(this.value)) this.fail("an object");
    return this.value as Record<string, unknown>;
  }
}

/** "spec.ports[0].port" */
export function formatPath(path: readonly PathPart[]): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else if (/^[\w-]+$/.test(part)) text += text === "" ? part : `.${part}`;
    else text += `[${JSON.stringify(part)}]`;
  }
  return text;
}

function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
