/**
 * What was learned when: values of a key over time, each valid from its first packet until another value takes its place.
 *
 * ```
 * key   "n1 cni0 aa:…"     veth3 veth3 veth3          veth7 veth7
 *                          └ from                     └ until, and from of the next, which moved
 *       veth3 veth7 veth3 veth7                       both are heard at once: disputed
 * ```
 * Numbers only while it is filled: a mark says which packet it was (a sighting's row, a claim's index).
 */
import type { TimeValue } from "../../../src-shared/contract/results";

/** A packet and when it was. */
export interface Stamp {
  readonly time: TimeValue;
  readonly file: number;
  readonly frameNumber: number;
}

interface Heard {
  firstNs: number;
  lastNs: number;
  firstMark: number;
  lastMark: number;
  count: number;
}

export interface Learned {
  readonly value: string;
  readonly firstMark: number;
  readonly lastMark: number;
  readonly firstNs: number;
  readonly lastNs: number;
  /** First packet of the next value; -1: it holds until the end of the recording. */
  readonly untilMark: number;
  /** The value before; null: the first one. */
  readonly before: string | null;
  /** Heard again after another value had taken its place: both are in use. */
  readonly disputed: boolean;
  readonly count: number;
}

export class LearnedHistory {
  readonly #keys = new Map<string, Map<string, Heard>>();

  /** `ns`: on the common clock. */
  note(key: string, value: string, ns: number, mark: number, count = 1): void {
    let values = this.#keys.get(key);
    if (!values) this.#keys.set(key, (values = new Map<string, Heard>()));
    const heard = values.get(value);
    if (!heard) {
      values.set(value, { firstNs: ns, lastNs: ns, firstMark: mark, lastMark: mark, count });
      return;
    }
    heard.count += count;
    if (ns < heard.firstNs) {
      heard.firstNs = ns;
      heard.firstMark = mark;
    }
    if (ns > heard.lastNs) {
      heard.lastNs = ns;
      heard.lastMark = mark;
    }
  }

  get keys(): readonly string[] {
    return [...this.#keys.keys()];
  }

  /** By time of the first packet. */
  of(key: string): readonly Learned[] {
    const list = [...(this.#keys.get(key) ?? [])].sort(([, a], [, b]) => a.firstNs - b.firstNs);
    return list.map(([value, heard], at): Learned => {
      const next = list[at + 1]?.[1];
      return {
        value,
        firstMark: heard.firstMark,
        lastMark: heard.lastMark,
        firstNs: heard.firstNs,
        lastNs: heard.lastNs,
        untilMark: next ? next.firstMark : -1,
        before: list[at - 1]?.[0] ?? null,
        disputed: next !== undefined && heard.lastNs > next.firstNs,
        count: heard.count,
      };
    });
  }
}

/** "moved from veth3"; "" for what was always so. */
export function movedText(learned: Learned, name: (value: string) => string): string {
  const parts: string[] = [];
  if (learned.before !== null) parts.push(`moved from ${name(learned.before)}`);
  if (learned.disputed) parts.push("still heard after it moved");
  return parts.join(", ");
}
