/**
 * A point in time that survives: two whole numbers. Nanoseconds since 1970 do not fit a number (2^53 ns are 104 days), and
 * a bigint per packet is an allocation per packet.
 */
export interface CaptureTime {
  /** Since 1970-01-01T00:00:00Z; may be negative. */
  readonly seconds: number;
  /** 0..999 999 999, always forward from `seconds`. */
  readonly nanoseconds: number;
}

/** A 64-bit unsigned number as two halves. */
export interface Ticks {
  readonly high: number;
  readonly low: number;
}

const TWO32 = 0x100000000;

/** Exact up to about 285 years either side of 1970. */
export function timeFromNanoseconds(ns: bigint): CaptureTime {
  const nanoseconds = ((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  return { seconds: Number((ns - nanoseconds) / 1_000_000_000n), nanoseconds: Number(nanoseconds) };
}

export function timeToNanoseconds(time: CaptureTime): bigint {
  return BigInt(time.seconds) * 1_000_000_000n + BigInt(time.nanoseconds);
}

/**
 * How a clock counts: 10^exponent or 2^exponent ticks a second (pcapng `if_tsresol`).
 */
export interface Resolution {
  readonly base: 2 | 10;
  readonly exponent: number;
}

export const MICROSECONDS: Resolution = { base: 10, exponent: 6 };
export const NANOSECONDS: Resolution = { base: 10, exponent: 9 };

/**
 * Ticks since 1970, rounded down to the resolution. Times before 1970 wrap as pcapng readers expect (two's complement).
 *
 * Numbers only for the usual resolutions: with seconds split at 16 bits, every product stays below 2^53.
 */
export function ticksOf(time: CaptureTime, resolution: Resolution): Ticks {
  const { base, exponent } = resolution;
  const perSecond = base ** exponent;
  if (base === 10 ? exponent > 9 : exponent > 22) return ticksByBigint(time, resolution);
  // With at most 2^22 or 10^9 ticks a second this product is exact: 10^9 divides it, or it is below 2^53.
  const fraction =
    base === 10
      ? Math.floor(time.nanoseconds / 10 ** (9 - exponent))
      : Math.floor((time.nanoseconds * perSecond) / 1e9);
  const high = Math.floor(time.seconds / 65536) * perSecond;
  const low = (time.seconds - Math.floor(time.seconds / 65536) * 65536) * perSecond + fraction;
  // value = high * 65536 + low
  const highRest = high - Math.floor(high / 65536) * 65536;
  const lowSum = highRest * 65536 + low;
  return { high: (Math.floor(high / 65536) + Math.floor(lowSum / TWO32)) >>> 0, low: lowSum >>> 0 };
}

function ticksByBigint(time: CaptureTime, { base, exponent }: Resolution): Ticks {
  const perSecond = BigInt(base) ** BigInt(exponent);
  const nanoseconds = timeToNanoseconds(time) * perSecond;
  const remainder = ((nanoseconds % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const ticks = BigInt.asUintN(64, (nanoseconds - remainder) / 1_000_000_000n);
  return { high: Number(ticks >> 32n), low: Number(ticks & 0xffffffffn) };
}
