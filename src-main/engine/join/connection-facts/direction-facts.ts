/** What one direction of a connection comes to. */
export interface DirectionFacts {
  readonly points: readonly number[];
  /** Rows of a journey that went this way, in hop order. */
  readonly exemplary: readonly number[];
  /** Journeys that went otherwise. */
  readonly others: number;
  readonly journeys: number;
  readonly rows: number;
  readonly missing: number;
  readonly alone: number;
  readonly bytes: number;
  readonly again: number;
  readonly firstRow: number;
  readonly lastRow: number;
  readonly firstNs: number;
  readonly lastNs: number;
}

/** Of a direction without packets. */
export const NOTHING: DirectionFacts = {
  points: [],
  exemplary: [],
  others: 0,
  journeys: 0,
  rows: 0,
  missing: 0,
  alone: 0,
  bytes: 0,
  again: 0,
  firstRow: 0,
  lastRow: 0,
  firstNs: Infinity,
  lastNs: -Infinity,
};
