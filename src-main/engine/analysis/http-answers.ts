/**
 * Status codes of HTTP/1 answers by packet, gathered while the batches pass: 12 bytes looked at of each packet with an HTTP
 * layer. Only answers that begin at a segment's first byte (RFC 9112 section 4): one that begins in the middle of another
 * answer's segment (pipelining) is not counted.
 */
import { LAYER_HTTP } from "../../../src-shared/model/layer-kind";
import type { Batch } from "../kernel/batch";

/** "HTTP/1." */
const BEGINNING = [0x48, 0x54, 0x54, 0x50, 0x2f, 0x31, 0x2e] as const;

export class HttpAnswers {
  /** Status by packet, an index over the workspace in reading order. */
  readonly statusOf = new Map<number, number>();
  #packets = 0;

  /** To be called for every batch, in order. */
  take(batch: Batch): void {
    for (let row = 0; row < batch.packetCount; row++) {
      const last = (batch.firstLayer[row] as number) + batch.layersOf(row) - 1;
      if (batch.layerKind[last] !== LAYER_HTTP) continue;
      const status = statusAt(batch.bytes, batch.layerPtr[last] as number, batch.layerEnd[last] as number);
      if (status > 0) this.statusOf.set(this.#packets + row, status);
    }
    this.#packets += batch.packetCount;
  }
}

/** Code of a status line; 0: it is none. */
export function statusAt(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < 12 || BEGINNING.some((byte, i) => bytes[start + i] !== byte) || bytes[start + 8] !== 0x20) return 0;
  let code = 0;
  for (let i = 9; i < 12; i++) {
    const digit = (bytes[start + i] as number) - 0x30;
    if (digit < 0 || digit > 9) return 0;
    code = code * 10 + digit;
  }
  return code;
}
