/**
 * Reads a zip by its central directory, so that what lies in an entry (a capture that holds a zip, say) cannot be taken for
 * structure. Sizes are bounded by what the directory states, and an entry never gives more than that.
 *
 * ```
 * … local header │ name │ data …            central directory │ end record (last 22 bytes + comment)
 *      ▲─ offset ───────────────────────────── entry: name, method, sizes, CRC, offset      ▲ found from the end
 * ```
 * PKWARE APPNOTE 4.3. Stored (0) and deflated (8) entries; no zip64, no encryption, no parts.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
// The build for Node brings a "require" of its own, which the bundle has already; threads are not used here.
import { Inflate } from "fflate/browser";

const END_SIGNATURE = 0x06054b50;
const CENTRAL_SIGNATURE = 0x02014b50;
const LOCAL_SIGNATURE = 0x04034b50;
const END_BYTES = 22;
const CENTRAL_BYTES = 46;
const LOCAL_BYTES = 30;
const MAX_COMMENT = 0xffff;
const MAX_DIRECTORY_BYTES = 16 << 20;
const MAX_ENTRIES = 20_000;
const CHUNK = 1 << 18;

export interface ZipEntry {
  readonly name: string;
  /** Bytes in the zip, and unpacked. */
  readonly packed: number;
  readonly bytes: number;
  readonly method: number;
  readonly offset: number;
}

/** What is wrong with a zip, and at which byte. */
class ZipError extends Error {
  override readonly name = "ZipError";
}

export class ZipReader {
  readonly entries: ReadonlyMap<string, ZipEntry>;
  private readonly size: number;

  private constructor(
    private readonly fd: number,
    readonly path: string,
  ) {
    this.size = fstatSync(fd).size;
    this.entries = this.readDirectory();
  }

  /** @throws ZipError, or the file system's error. `close` it. */
  static open(path: string): ZipReader {
    const fd = openSync(path, "r");
    try {
      return new ZipReader(fd, path);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  close(): void {
    closeSync(this.fd);
  }

  /** A whole entry. @throws ZipError if it is longer than `limit` bytes, or damaged */
  async read(name: string, limit: number): Promise<Uint8Array> {
    const entry = this.entries.get(name);
    if (!entry) throw new ZipError(`it holds no ${name}`);
    if (entry.bytes > limit) throw new ZipError(`${name} is larger than ${limit} bytes`);
    const whole = new Uint8Array(entry.bytes);
    let at = 0;
    await this.unpack(entry, (part) => {
      whole.set(part, at);
      at += part.length;
    });
    return whole;
  }

  /**
   * Hands an entry's bytes on, part by part (valid during the call). `breathe` is awaited between parts.
   * @throws ZipError if it is damaged, or holds more or less than the directory states
   */
  async unpack(
    entry: ZipEntry,
    write: (part: Uint8Array) => void,
    breathe: () => Promise<void> = () => Promise.resolve(),
  ): Promise<void> {
    const head = this.bytes(entry.offset, LOCAL_BYTES, "an entry's header");
    const view = viewOf(head);
    if (view.getUint32(0, true) !== LOCAL_SIGNATURE)
      throw new ZipError(`byte ${entry.offset}: expected the header of ${entry.name}`);
    const start = entry.offset + LOCAL_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
    if (start + entry.packed > this.size)
      throw new ZipError(`byte ${start}: ${entry.name} goes beyond the end of the file`);
    let given = 0;
    const take = (part: Uint8Array): void => {
      given += part.length;
      if (given > entry.bytes)
        throw new ZipError(`byte ${start}: ${entry.name} unpacks to more than the ${entry.bytes} bytes it states`);
      if (part.length > 0) write(part);
    };
    const inflate = entry.method === 8 ? new Inflate((part) => take(part)) : undefined;
    const buffer = new Uint8Array(Math.min(CHUNK, Math.max(1, entry.packed)));
    for (let at = 0; at < entry.packed;) {
      const part = this.into(buffer, start + at, Math.min(buffer.length, entry.packed - at));
      at += part.length;
      if (!inflate) take(part);
      else {
        try {
          inflate.push(part, at === entry.packed);
        } catch (error) {
          if (error instanceof ZipError) throw error;
          throw new ZipError(`near byte ${start + at}: ${entry.name} is damaged (${(error as Error).message})`);
        }
      }
      await breathe();
    }
    if (given !== entry.bytes)
      throw new ZipError(`${entry.name} ends after ${given} bytes; the directory states ${entry.bytes}`);
  }

  private readDirectory(): ReadonlyMap<string, ZipEntry> {
    if (this.size < END_BYTES) throw new ZipError(`it is no zip: ${this.size} bytes are too few`);
    const tailAt = Math.max(0, this.size - END_BYTES - MAX_COMMENT);
    const tail = this.bytes(tailAt, this.size - tailAt, "the end");
    const tailView = viewOf(tail);
    let end = tail.length - END_BYTES;
    while (end >= 0 && tailView.getUint32(end, true) !== END_SIGNATURE) end--;
    if (end < 0) throw new ZipError("it is no zip, or its end is missing (no end record)");
    const count = tailView.getUint16(end + 10, true);
    const length = tailView.getUint32(end + 12, true);
    const offset = tailView.getUint32(end + 16, true);
    if (count > MAX_ENTRIES || length > MAX_DIRECTORY_BYTES)
      throw new ZipError(`byte ${tailAt + end}: ${count} entries in ${length} bytes are more than a workspace has`);
    const directory = this.bytes(offset, length, "the directory");
    const view = viewOf(directory);
    const entries = new Map<string, ZipEntry>();
    let at = 0;
    for (let i = 0; i < count; i++) {
      if (at + CENTRAL_BYTES > length || view.getUint32(at, true) !== CENTRAL_SIGNATURE)
        throw new ZipError(`byte ${offset + at}: expected entry ${i + 1} of ${count} of the directory`);
      const flags = view.getUint16(at + 8, true);
      const nameLength = view.getUint16(at + 28, true);
      const next = at + CENTRAL_BYTES + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
      if (next > length) throw new ZipError(`byte ${offset + at}: an entry goes beyond the directory`);
      const name = new TextDecoder().decode(directory.subarray(at + CENTRAL_BYTES, at + CENTRAL_BYTES + nameLength));
      const entry: ZipEntry = {
        name,
        packed: view.getUint32(at + 20, true),
        bytes: view.getUint32(at + 24, true),
        method: view.getUint16(at + 10, true),
        offset: view.getUint32(at + 42, true),
      };
      if (flags & 1) throw new ZipError(`${name} is encrypted`);
      if (entry.method !== 0 && entry.method !== 8) throw new ZipError(`${name} is packed by method ${entry.method}`);
      if (entry.packed === 0xffffffff || entry.bytes === 0xffffffff || entry.offset === 0xffffffff)
        throw new ZipError(`${name} needs zip64, which a workspace never does`);
      if (entries.has(name)) throw new ZipError(`byte ${offset + at}: there are two entries ${name}`);
      entries.set(name, entry);
      at = next;
    }
    return entries;
  }

  private bytes(offset: number, length: number, what: string): Uint8Array {
    if (offset + length > this.size)
      throw new ZipError(`byte ${offset}: ${what} (${length} bytes) goes beyond the end of the file`);
    return this.into(new Uint8Array(length), offset, length);
  }

  private into(buffer: Uint8Array, offset: number, length: number): Uint8Array {
    let at = 0;
    while (at < length) {
      const read = readSync(this.fd, buffer, at, length - at, offset + at);
      if (read === 0) throw new ZipError(`byte ${offset + at}: the file ended while it was read`);
      at += read;
    }
    return buffer.subarray(0, length);
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
