/**
 * Initial round-trip times. A TCP stream has one at each capture point that saw its handshake, whatever the number of its
 * packets: eight bytes a stream here, four bytes a packet as a column.
 */
import { GrowableU32 } from "./growable";

/** Longest time that fits a word, nanoseconds; longer ones are kept apart. */
const MOST = 0xffffffff;
/** More capture points than a workspace has. */
const POINTS = 1 << 20;

export class RoundTrips {
  /** By stream: at the point that told of one first, nanoseconds; 0 none. */
  private readonly first = new GrowableU32();
  private readonly firstPoint = new GrowableU32();
  /** What does not fit there, by stream * POINTS + point. */
  private readonly others = new Map<number, number>();

  /** The first time told stays. */
  set(stream: number, point: number, nanoseconds: number): void {
    const { first, firstPoint, others } = this;
    while (first.length <= stream) {
      first.push(0);
      firstPoint.push(0);
    }
    const told = first.at(stream);
    if (told !== 0 && firstPoint.at(stream) === point) return;
    if (told === 0 && nanoseconds <= MOST) {
      first.set(stream, nanoseconds);
      firstPoint.set(stream, point);
      return;
    }
    const key = stream * POINTS + point;
    if (!others.has(key)) others.set(key, nanoseconds);
  }

  /** Nanoseconds, 0 if none was told. */
  at(stream: number, point: number): number {
    if (stream >= this.first.length) return 0;
    const told = this.first.at(stream);
    if (told !== 0 && this.firstPoint.at(stream) === point) return told;
    return this.others.get(stream * POINTS + point) ?? 0;
  }

  get memoryBytes(): number {
    return this.first.length * 8 + this.others.size * 40;
  }
}
