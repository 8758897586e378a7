/**
 * Tests of paths that the kernel answers in one walk (assembly/path-marks.ts): addresses and ports against constants, and
 * whether a protocol is there. Others are evaluated on paths laid out as batches (path-columns.ts).
 */
import {
  LAYER_ETHERNET,
  LAYER_ICMP,
  LAYER_ICMPV6,
  LAYER_IPV4,
  LAYER_IPV6,
  LAYER_TCP,
  LAYER_UDP,
} from "../../../src-shared/model/layer-kind";
import type { Intervals, TestPlan } from "../filter/plan";

/** Where the values of a field lie in the headers of a kind of layer. Width 0: only whether there is one is asked. */
interface Place {
  readonly kind: number;
  readonly width: 0 | 2 | 4 | 6 | 16;
  readonly at: number;
  /** Of a field that has two values in each header. */
  readonly also?: number;
}

const PLACES: ReadonlyMap<string, Place> = new Map<string, Place>([
  ["eth.dst", { kind: LAYER_ETHERNET, width: 6, at: 0 }],
  ["eth.src", { kind: LAYER_ETHERNET, width: 6, at: 6 }],
  ["eth.addr", { kind: LAYER_ETHERNET, width: 6, at: 0, also: 6 }],
  ["ip.src", { kind: LAYER_IPV4, width: 4, at: 12 }],
  ["ip.dst", { kind: LAYER_IPV4, width: 4, at: 16 }],
  ["ip.addr", { kind: LAYER_IPV4, width: 4, at: 12, also: 16 }],
  ["ipv6.src", { kind: LAYER_IPV6, width: 16, at: 8 }],
  ["ipv6.dst", { kind: LAYER_IPV6, width: 16, at: 24 }],
  ["ipv6.addr", { kind: LAYER_IPV6, width: 16, at: 8, also: 24 }],
  ...[["tcp", LAYER_TCP] as const, ["udp", LAYER_UDP] as const].flatMap(([protocol, kind]): [string, Place][] => [
    [`${protocol}.srcport`, { kind, width: 2, at: 0 }],
    [`${protocol}.dstport`, { kind, width: 2, at: 2 }],
    [`${protocol}.port`, { kind, width: 2, at: 0, also: 2 }],
  ]),
]);

/** Protocols that are there when a layer of one kind is. */
const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ["eth", LAYER_ETHERNET],
  ["ip", LAYER_IPV4],
  ["ipv6", LAYER_IPV6],
  ["icmp", LAYER_ICMP],
  ["icmpv6", LAYER_ICMPV6],
  ["tcp", LAYER_TCP],
  ["udp", LAYER_UDP],
]);

/** More are tried one by one for every value: then a search in sorted columns is quicker. */
const MOST_INTERVALS = 16;
/** Room for the intervals of a test. */
export const INTERVAL_BYTES = MOST_INTERVALS * 32;
const NO_PLACE = 0xff;

/** What markPaths() is told, but for where. */
export interface PathTest {
  readonly kind: number;
  readonly width: number;
  readonly placeA: number;
  readonly placeB: number;
  /** Lowest and highest value of each, as the kernel reads them. */
  readonly intervals: Uint8Array;
  readonly intervalCount: number;
  readonly want: boolean;
  readonly all: boolean;
}

/** The test that answers a plan of one leaf; undefined: the kernel does not. `fields`: names, by number of the plan. */
export function pathTestOf(plan: TestPlan, fields: readonly string[]): PathTest | undefined {
  if ((plan.type !== "exists" && plan.type !== "intervals") || plan.value.type !== "field") return undefined;
  const name = fields[plan.value.field] as string;
  if (plan.type === "exists") {
    const kind = plan.filled ? undefined : PROTOCOLS.get(name);
    if (kind === undefined) return undefined;
    const intervals = new Uint8Array(0);
    return { kind, width: 0, placeA: 0, placeB: NO_PLACE, intervals, intervalCount: 0, want: true, all: false };
  }
  const place = PLACES.get(name);
  const intervals = place && intervalBytes(plan.intervals, place.width);
  if (!place || !intervals) return undefined;
  return {
    kind: place.kind,
    width: place.width,
    placeA: place.at,
    placeB: place.also ?? NO_PLACE,
    intervals,
    intervalCount: intervals.length / (place.width === 16 ? 32 : 16),
    want: plan.want,
    all: plan.all,
  };
}

/** Undefined for what the kernel does not compare: too many, ends that are no whole numbers or no whole addresses. */
function intervalBytes(intervals: Intervals, width: number): Uint8Array | undefined {
  if (intervals.domain === "number" && width !== 16) return numberIntervals(intervals, width);
  if (intervals.domain !== "bytes" || width !== 16 || intervals.items.length > MOST_INTERVALS) return undefined;
  const bytes = new Uint8Array(intervals.items.length * 32);
  for (const [i, { low, high, highOpen }] of intervals.items.entries()) {
    if (highOpen || (low && low.length !== 16) || (high && high.length !== 16)) return undefined;
    // The kernel reads numbers with their lowest byte first.
    const write = (at: number, address: Uint8Array): void => {
      for (let b = 0; b < 8; b++) {
        bytes[at + b] = address[7 - b] as number;
        bytes[at + 8 + b] = address[15 - b] as number;
      }
    };
    write(i * 32, low ?? new Uint8Array(16));
    write(i * 32 + 16, high ?? new Uint8Array(16).fill(0xff));
  }
  return bytes;
}

function numberIntervals(
  { lows, highs }: { readonly lows: Float64Array; readonly highs: Float64Array },
  width: number,
): Uint8Array | undefined {
  const most = 2 ** (width * 8) - 1;
  const kept: number[] = [];
  for (let i = 0; i < lows.length; i++) {
    const low = Math.max(0, lows[i] as number);
    const high = Math.min(most, highs[i] as number);
    // No value is in it.
    if (low > high) continue;
    if (!Number.isInteger(low) || !Number.isInteger(high)) return undefined;
    kept.push(low, high);
  }
  if (kept.length > 2 * MOST_INTERVALS) return undefined;
  const bytes = new Uint8Array(kept.length * 8);
  const view = new DataView(bytes.buffer);
  kept.forEach((value, i) => view.setBigUint64(i * 8, BigInt(value), true));
  return bytes;
}
