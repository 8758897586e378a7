/** What joining is given: the sightings and what is known of files and points. */
import type { SightingColumns } from "./sighting-columns";

export interface JoinInput {
  readonly columns: SightingColumns;
  readonly fileNames: readonly string[];
  readonly fileOfPoint: readonly number[];
  readonly packetsOfFile: readonly number[];
  /** Interface names, where the capture says them. */
  readonly pointNames: readonly (string | undefined)[];
  /** Seconds to add to a file's times, by file: told by a person. */
  readonly toldOffsets: ReadonlyMap<number, number>;
}
