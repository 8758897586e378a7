/** From comparisons with constants to the intervals of values that satisfy them. */
import type { Constant } from "./literals";
import type { Interval, Intervals } from "./plan";

/** How a value stands to a constant. */
export type Ordering = "eq" | "lt" | "le";

/** The values that are equal to, below, or not above a constant. Of a network: any of it, the lowest, the highest. */
export function intervalOf(constant: Constant, relation: Ordering): Interval {
  const { domain } = constant;
  const below = relation !== "eq";
  const open = relation === "lt";
  switch (domain) {
    case "number":
      return { domain, low: below ? -Infinity : constant.low, high: open ? constant.low - 1 : constant.high };
    case "time": {
      const { seconds, nanoseconds } = constant;
      const borrow = open && nanoseconds === 0;
      return {
        domain,
        lowSeconds: below ? -Infinity : seconds,
        lowNanoseconds: below ? 0 : nanoseconds,
        highSeconds: borrow ? seconds - 1 : seconds,
        highNanoseconds: borrow ? 999_999_999 : open ? nanoseconds - 1 : nanoseconds,
      };
    }
    case "bytes":
      return {
        domain,
        low: below ? undefined : constant.low,
        high: open ? constant.low : constant.high,
        highOpen: open,
      };
    case "string":
      return { domain, low: below ? undefined : constant.text, high: constant.text, highOpen: open };
  }
}

export function rangeOf(from: Constant, to: Constant): Interval {
  if (from.domain === "number" && to.domain === "number") return { domain: "number", low: from.low, high: to.high };
  if (from.domain === "bytes" && to.domain === "bytes")
    return { domain: "bytes", low: from.low, high: to.high, highOpen: false };
  if (from.domain === "string" && to.domain === "string")
    return { domain: "string", low: from.text, high: to.text, highOpen: false };
  if (from.domain !== "time" || to.domain !== "time") throw new Error(`a range from ${from.domain} to ${to.domain}`);
  return {
    domain: "time",
    lowSeconds: from.seconds,
    lowNanoseconds: from.nanoseconds,
    highSeconds: to.seconds,
    highNanoseconds: to.nanoseconds,
  };
}

/** All of one domain, one at least. Numbers are sorted and joined, so that a large set is searched by bisection. */
export function makeIntervals(list: readonly Interval[]): Intervals {
  const times = list.filter((i) => i.domain === "time");
  if (times.length) return { domain: "time", items: times };
  const bytes = list.filter((i) => i.domain === "bytes");
  if (bytes.length) return { domain: "bytes", items: bytes };
  const texts = list.filter((i) => i.domain === "string");
  if (texts.length) return { domain: "string", items: texts };
  const lows: number[] = [];
  const highs: number[] = [];
  const numbers = list.filter((i) => i.domain === "number").filter((i) => i.low <= i.high);
  for (const { low, high } of numbers.sort((a, b) => a.low - b.low)) {
    const last = highs.length - 1;
    const lastHigh = highs[last];
    if (lastHigh !== undefined && low <= lastHigh) highs[last] = Math.max(lastHigh, high);
    else {
      lows.push(low);
      highs.push(high);
    }
  }
  return { domain: "number", lows: Float64Array.from(lows), highs: Float64Array.from(highs) };
}
