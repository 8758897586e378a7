/** In which order sightings of one time come: found by hop-order.ts and station-order.ts, used by packet-matching.ts and by the kernel. */

/** How sightings with one time are ordered. */
export interface SightingOrder {
  /** Rank by point. */
  readonly ofPoint: Uint16Array;
  /** Rank by flow · 2 + direction, in place of the point's; undefined: points tell enough. */
  readonly ofFlow: Uint16Array | undefined;
  /** By point, ns: how far two stamps of unlike clocks may be out of order. */
  readonly resolutionNs: Uint32Array;
  /** The coarsest of them; 0: none matters. */
  readonly coarsestNs: number;
}

/** Order by the points' ranks alone. */
export function orderByPoints(ofPoint: Uint16Array): SightingOrder {
  return { ofPoint, ofFlow: undefined, resolutionNs: new Uint32Array(ofPoint.length), coarsestNs: 0 };
}
