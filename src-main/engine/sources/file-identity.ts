/**
 * Whether a file that was read still holds what was read: packets are read again from it by their offsets, and what another
 * program has put there since would be shown as packets of the recording.
 *
 * ```
 * read to its end ─► FileIdentity: device, inode, size, time of change │ first and last bytes of what was read
 * read again      ─► the four are the same ─► yes
 *                    not so ─► the bytes are the same ─► yes: it was touched, or has grown
 *                              not so ─► no
 * ```
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** Bytes compared at either end: a capture file's head, and a packet, which no other recording has at the same place. */
const COMPARED_BYTES = 512;

interface Stamp {
  readonly device: number;
  readonly inode: number;
  readonly size: number;
  readonly changedMs: number;
}

export class FileIdentity {
  private constructor(
    private stamp: Stamp,
    private readonly head: Buffer,
    private readonly tail: Buffer,
    /** Offset behind what was read. */
    private readonly end: number,
  ) {}

  /** Of the file at `path`, which was read up to offset `end`; undefined if it cannot be opened any more. */
  static of(path: string, end: number): FileIdentity | undefined {
    try {
      const descriptor = openSync(path, "r");
      try {
        const tail = bytesAt(descriptor, Math.max(0, end - COMPARED_BYTES), end);
        return new FileIdentity(stampOf(descriptor), bytesAt(descriptor, 0, Math.min(COMPARED_BYTES, end)), tail, end);
      } finally {
        closeSync(descriptor);
      }
    } catch {
      return undefined;
    }
  }

  /** Whether what is open as `descriptor` holds at its beginning what was read. */
  isIn(descriptor: number): boolean {
    const now = stampOf(descriptor);
    const { stamp } = this;
    if (
      now.size === stamp.size &&
      now.changedMs === stamp.changedMs &&
      now.inode === stamp.inode &&
      now.device === stamp.device
    )
      return true;
    if (now.size < this.end) return false;
    if (!bytesAt(descriptor, 0, this.head.length).equals(this.head)) return false;
    if (!bytesAt(descriptor, this.end - this.tail.length, this.end).equals(this.tail)) return false;
    this.stamp = now;
    return true;
  }
}

function stampOf(descriptor: number): Stamp {
  const { dev, ino, size, mtimeMs } = fstatSync(descriptor);
  return { device: dev, inode: ino, size, changedMs: mtimeMs };
}

/** Bytes [from, to) of the file, fewer if there are no more. */
function bytesAt(descriptor: number, from: number, to: number): Buffer {
  const bytes = Buffer.alloc(to - from);
  return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, from));
}
