/**
 * When each file recorded: only then does it mean anything that a packet is not in it. All points of a file were recorded by one
 * program, so that a point that saw nothing for a while was recorded all the same.
 *
 * ```
 * n1.pcapng   ├──────────────────────────────┤
 * n2.pcapng             ├─────────────┤           what n1 sent before and after is not missing at n2
 * ```
 */
import type { Joined } from "./join";
import type { SightingColumns } from "./sighting-columns";

/** A recording is taken to go on so long before its first and behind its last packet: the last packets may be what was lost. */
const MARGIN_NS = 2e9;

export class RecordedSpans {
  private readonly first: Float64Array;
  private readonly last: Float64Array;

  /** Looks at every sighting: 30 ns each. */
  constructor(
    columns: SightingColumns,
    joined: Joined,
    private readonly fileOfPoint: readonly number[],
  ) {
    let files = 1;
    for (const file of fileOfPoint) files = Math.max(files, file + 1);
    this.first = new Float64Array(files).fill(Infinity);
    this.last = new Float64Array(files).fill(-Infinity);
    for (let row = 0; row < columns.count; row++) {
      const file = fileOfPoint[joined.pointOfFlow[columns.flow(row)] as number] as number;
      const at = joined.matcher.alignedNs(row);
      if (at < (this.first[file] as number)) this.first[file] = at;
      if (at > (this.last[file] as number)) this.last[file] = at;
    }
  }

  /** Whether the point was recorded at that time of the reference clock. */
  has(point: number, atNs: number): boolean {
    const file = this.fileOfPoint[point] as number;
    return atNs >= (this.first[file] as number) - MARGIN_NS && atNs <= (this.last[file] as number) + MARGIN_NS;
  }
}
