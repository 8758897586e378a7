/**
 * Gathers what a capture writer appends and hands it on in pieces of about `chunkLength` bytes: packet by packet would be
 * a call and an allocation each, all at once would not fit for a large file.
 */
import { ByteBuilder } from "./byte-builder";

/** Receives the file's bytes in order. Each chunk is the receiver's to keep. */
export type ChunkSink = (chunk: Uint8Array) => void;

const DEFAULT_CHUNK_LENGTH = 65536;

export class CaptureChunks {
  readonly #sink: ChunkSink;
  readonly #chunkLength: number;
  #out = new ByteBuilder();
  /** Bytes handed on so far. */
  #emitted = 0;

  constructor(sink: ChunkSink, chunkLength = DEFAULT_CHUNK_LENGTH) {
    this.#sink = sink;
    this.#chunkLength = chunkLength;
  }

  /** What to append to. Ask again after each `settle`, and after a change of byte order. */
  get out(): ByteBuilder {
    return this.#out;
  }

  /** Byte offset in the file of the next byte appended. */
  get offset(): number {
    return this.#emitted + this.#out.length;
  }

  setByteOrder(littleEndian: boolean): void {
    if (this.#out.littleEndian === littleEndian) return;
    this.flush();
    this.#out = new ByteBuilder({ littleEndian });
  }

  /** To be called between records: hands on what has gathered if it is enough. */
  settle(): void {
    if (this.#out.length >= this.#chunkLength) this.flush();
  }

  flush(): void {
    if (this.#out.length === 0) return;
    const chunk = this.#out.take();
    this.#emitted += chunk.length;
    this.#sink(chunk);
  }
}

/** Runs a writer against memory: `const bytes = collectChunks((sink) => { const w = new PcapWriter(sink, …); …; w.flush(); })`. */
export function collectChunks(write: (sink: ChunkSink) => void): Uint8Array {
  const chunks: Uint8Array[] = [];
  write((chunk) => chunks.push(chunk));
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
