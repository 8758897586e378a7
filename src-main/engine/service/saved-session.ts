/** What of an open workspace is worth keeping, besides its packets: which captures, and what a person said about them. */
import type { DecodeAs } from "../../../src-shared/contract/results";
import type { PointRole } from "../../../src-shared/model/point-role";

export interface SavedPoint {
  /** Number of the interface in its file. */
  readonly interface: number;
  readonly enabled: boolean;
  readonly name: string | null;
  readonly role: PointRole | null;
}

export interface SavedCapture {
  readonly path: string;
  /** Why it cannot be opened, if known: it is listed all the same. */
  readonly problem?: string;
  readonly clockOffset: number | null;
  readonly points: readonly SavedPoint[];
}

export interface SavedSession {
  readonly captures: readonly SavedCapture[];
  readonly decodeAs: readonly DecodeAs[];
  readonly clusterFiles: readonly string[];
}
