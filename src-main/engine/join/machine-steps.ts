/**
 * Which side of a node's card the other end of a connection is on, where its own machine was not recorded or did not answer.
 *
 * ```
 *   n1: pod ── veth ── card ──►            seen nowhere else: it left n1
 *   n1: pod ── veth ── card ── n2: card ── veth ── (no answer)
 * ```
 */
import type { Point } from "../../../src-shared/reconstruct/result";

/** A path each way, as points in hop order. */
export interface Ways {
  readonly path: readonly number[];
  readonly returnPath: readonly number[];
}

/**
 * Whether the packets of an end on `machine` were seen on the other end's side of that machine's card: there last on the way to it, first on
 * the way from it.
 */
export function isBeyondCard(
  points: readonly Point[],
  { path, returnPath }: Ways,
  machine: number,
  isClient: boolean,
): boolean {
  if (machine < 0) return false;
  const [to, from] = isClient ? [path, returnPath] : [returnPath, path];
  const wayEnds = [...to.slice(-1), ...from.slice(0, 1)];
  // A single point sees one packet on both sides of the card where it is of several devices (merged recordings).
  if (points.filter((p) => p.machine === machine).length < 2) return false;
  return wayEnds.length > 0 && wayEnds.every((p) => isOutside(points[p], machine));
}

function isOutside(point: Point | undefined, machine: number): boolean {
  return point !== undefined && (point.machine !== machine ? point.node !== null : point.role === "node-nic");
}
