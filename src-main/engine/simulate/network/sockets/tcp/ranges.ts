/** Ranges of sequence numbers above a base, in order and apart: what was selectively acknowledged, or came out of order. */
import { distance, isAfter } from "./segment";

export interface Range {
  start: number;
  end: number;
}

export class Ranges {
  list: Range[] = [];
  /** The range that was added to last: SACK tells it first (RFC 2018 section 4). */
  latest: Range | undefined = undefined;

  add(start: number, end: number): void {
    let merged: Range = { start, end };
    const rest: Range[] = [];
    for (const range of this.list)
      if (isAfter(range.start, merged.end) || isAfter(merged.start, range.end)) rest.push(range);
      else
        merged = {
          start: isAfter(merged.start, range.start) ? range.start : merged.start,
          end: isAfter(merged.end, range.end) ? merged.end : range.end,
        };
    rest.push(merged);
    this.list = rest.sort((a, b) => distance(a.start, b.start));
    this.latest = merged;
  }

  /** Forgets what lies before. */
  trim(base: number): void {
    if (this.list.length === 0) return;
    this.list = this.list.filter((range) => isAfter(range.end, base));
    for (const range of this.list) if (isAfter(base, range.start)) range.start = base;
    if (this.latest !== undefined && !this.list.includes(this.latest)) this.latest = this.list[0];
  }

  clear(): void {
    this.list = [];
    this.latest = undefined;
  }

  get bytes(): number {
    let sum = 0;
    for (const { start, end } of this.list) sum += distance(end, start);
    return sum;
  }

  /** The range that holds that number. */
  at(sequence: number): Range | undefined {
    return this.list.find(({ start, end }) => !isAfter(start, sequence) && isAfter(end, sequence));
  }

  /** Start of the first range after that number. */
  nextStart(sequence: number): number | undefined {
    return this.list.find(({ start }) => isAfter(start, sequence))?.start;
  }

  get highest(): number | undefined {
    return this.list.at(-1)?.end;
  }
}
