/** Bisecting in what is in order. */

/** The first index from 0 for which `reached` is true, `count` if none; once true it has to stay true. */
export function firstIndex(count: number, reached: (index: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (reached(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Index of the first of `count` ascending values that is not below `value`; `count` if all are. */
export function lowerBound(values: ArrayLike<number>, value: number, count = values.length): number {
  return firstIndex(count, (index) => (values[index] as number) >= value);
}

/** Index of the first of the ascending values that is above `value`; their number if none is. */
export function upperBound(values: ArrayLike<number>, value: number): number {
  return firstIndex(values.length, (index) => (values[index] as number) > value);
}
