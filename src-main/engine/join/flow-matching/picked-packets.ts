/** The packets the kernel picked of each flow while it wrote their sightings (kernel/assembly/picks.ts), and those two flows share. */
import { PICK_CLASS_BYTES, PICKS_BYTES, PICKS_CARRYING, PICKS_SEGMENT_SHIFT } from "../../kernel/assembly/abi";
import type { SightingColumns } from "../sighting-columns";

const SEGMENT_MASK = (1 << PICKS_SEGMENT_SHIFT) - 1;

/** Four classes of packets (each way, short and long), each sorted by key. */
export class PickedPackets {
  private readonly words: Uint32Array;
  /** Word position of each segment. */
  private readonly segments: Uint32Array;

  constructor(columns: SightingColumns) {
    const { kernel, memory } = columns.handle;
    this.words = new Uint32Array(memory.memory.buffer);
    const count = (Math.max(0, columns.flowCount - 1) >>> PICKS_SEGMENT_SHIFT) + 1;
    this.segments = new Uint32Array(memory.memory.buffer, kernel.pickDirectory(), count).map((at) => at >>> 2);
  }

  /** Position of a class; there the count, then key and row in turns. */
  at(flow: number, kind: number): number {
    return this.placeOf(flow) + (kind * PICK_CLASS_BYTES) / 4;
  }
  /** Rows of a flow that carry another network layer. */
  carrying(flow: number): number {
    return this.words[this.placeOf(flow) + PICKS_CARRYING / 4] as number;
  }
  private placeOf(flow: number): number {
    return (this.segments[flow >>> PICKS_SEGMENT_SHIFT] as number) + ((flow & SEGMENT_MASK) * PICKS_BYTES) / 4;
  }
  word(at: number): number {
    return this.words[at] as number;
  }

  /** Calls `each` for every key that both flows picked; it says whether that is enough. */
  eachShared(f: number, g: number, each: (rowF: number, rowG: number) => boolean): void {
    for (let kind = 0; kind < 4; kind++) if (this.sharedOf(f, kind, g, kind, each)) return;
  }

  /** As eachShared, endpoint A of one being B of the other. */
  eachSharedTurned(f: number, g: number, each: (rowF: number, rowG: number) => boolean): void {
    for (let kind = 0; kind < 4; kind++) if (this.sharedOf(f, kind, g, kind ^ 2, each)) return;
  }

  private sharedOf(
    f: number,
    kindF: number,
    g: number,
    kindG: number,
    each: (rowF: number, rowG: number) => boolean,
  ): boolean {
    const { words } = this;
    let i = this.at(f, kindF);
    let k = this.at(g, kindG);
    const endI = i + 1 + (words[i] as number) * 2;
    const endK = k + 1 + (words[k] as number) * 2;
    i++;
    k++;
    while (i < endI && k < endK) {
      const a = words[i] as number;
      const b = words[k] as number;
      if (a < b) i += 2;
      else if (b < a) k += 2;
      else {
        if (each(words[i + 1] as number, words[k + 1] as number)) return true;
        i += 2;
        k += 2;
      }
    }
    return false;
  }
}
