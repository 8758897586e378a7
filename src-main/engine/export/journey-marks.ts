/**
 * Marks for the packets of journeys: every sighting of one packet gets the same number, and a comment that says which hop it is.
 *
 * ```
 * n1.pcapng 160   packet id 17   "hopscope: connection 3f2a…, packet 4 to-server, hop 2 of 12"
 * n2.pcapng 803   packet id 17   "hopscope: connection 3f2a…, packet 4 to-server, hop 7 of 12"
 * ```
 * Numbers are counted over the connections and their journeys from 1: the same for the same input. A packet that carries
 * another one belongs to the journey of the innermost.
 */
import type { JoinResult } from "../../../src-shared/reconstruct/result";
import type { PacketMark } from "./pcapng-export";

/** By file, then by frame.number. `index`: of one connection; undefined: of all. */
export function journeyMarks(join: JoinResult, index: number | undefined): readonly ReadonlyMap<number, PacketMark>[] {
  const { sightings } = join;
  const marks: Map<number, PacketMark>[] = [];
  const depths: Map<number, number>[] = [];
  let packetId = 0n;
  for (let i = 0; i < join.connectionCount; i++) {
    const connection = join.connection(i);
    for (const journey of join.journeys(i)) {
      packetId++;
      if (index !== undefined && i !== index) continue;
      journey.sightings.forEach((row, hop) => {
        const file = sightings.file(row);
        const number = sightings.frameNumber(row);
        const ofFile = (marks[file] ??= new Map());
        const depthOf = (depths[file] ??= new Map());
        if ((depthOf.get(number) ?? 0) >= sightings.depth(row)) return;
        depthOf.set(number, sightings.depth(row));
        ofFile.set(number, {
          packetId,
          comment: `hopscope: connection ${connection.id}, packet ${journey.index + 1} ${journey.direction}, hop ${hop + 1} of ${journey.sightings.length}`,
        });
      });
    }
  }
  return marks;
}
