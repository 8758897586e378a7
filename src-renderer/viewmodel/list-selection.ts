/** Selecting several entries of a list. */

/** All indices from one to the other, both included, in ascending order. */
export function rangeBetween(one: number, other: number): number[] {
  const first = Math.min(one, other);
  return Array.from({ length: Math.abs(one - other) + 1 }, (_, index) => first + index);
}
