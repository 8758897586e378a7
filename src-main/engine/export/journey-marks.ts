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

/** Words of a packet: its id; the connection; the journey, times two, and its direction; the hop and how many there are; the depth. */
const WORDS = 5;
const [ID, CONNECTION, JOURNEY, HOPS, DEPTH] = [0, 1, 2, 3, 4] as const;
const MOST_HOPS = 0xffff;

/** 20 bytes for every packet of the captures. */
export class JourneyMarks {
  private readonly files: Uint32Array[] = [];

  /** `index`: of one connection; undefined: of all. `hasComments`: marks tell the hop. */
  constructor(
    private readonly join: JoinResult,
    index: number | undefined,
    private readonly hasComments: boolean,
  ) {
    const { sightings } = join;
    let packetId = 0;
    for (let i = 0; i < join.connectionCount; i++)
      for (const journey of join.journeys(i)) {
        packetId++;
        if (index !== undefined && i !== index) continue;
        const way = journey.index * 2 + (journey.direction === "to-client" ? 1 : 0);
        const hops = Math.min(journey.sightings.length, MOST_HOPS);
        journey.sightings.forEach((row, hop) => {
          const file = sightings.file(row);
          const number = sightings.frameNumber(row);
          const words = this.roomFor(file, number);
          const at = number * WORDS;
          if ((words[at + DEPTH] as number) >= sightings.depth(row)) return;
          words[at + ID] = packetId;
          words[at + CONNECTION] = i;
          words[at + JOURNEY] = way;
          words[at + HOPS] = (Math.min(hop + 1, MOST_HOPS) << 16) | hops;
          words[at + DEPTH] = sightings.depth(row);
        });
      }
  }

  private roomFor(file: number, number: number): Uint32Array {
    const words = this.files[file];
    if (words && words.length > (number + 1) * WORDS) return words;
    const more = new Uint32Array(Math.max(1024, number * 2) * WORDS);
    if (words) more.set(words);
    return (this.files[file] = more);
  }

  /** Of the packet with this frame.number in the file; undefined: it is of no journey. */
  of(file: number, frameNumber: number): PacketMark | undefined {
    const words = this.files[file];
    const at = frameNumber * WORDS;
    const packetId = words?.[at + ID] ?? 0;
    if (!words || packetId === 0) return undefined;
    if (!this.hasComments) return { packetId: BigInt(packetId) };
    const way = words[at + JOURNEY] as number;
    const hops = words[at + HOPS] as number;
    const connection = this.join.connectionId(words[at + CONNECTION] as number);
    return {
      packetId: BigInt(packetId),
      comment: `hopscope: connection ${connection}, packet ${(way >>> 1) + 1} ${way & 1 ? "to-client" : "to-server"}, hop ${hops >>> 16} of ${hops & MOST_HOPS}`,
    };
  }
}
