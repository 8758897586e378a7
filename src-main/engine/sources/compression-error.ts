/**
 * What a compressed source reports when its data is damaged, cut off, or made in a way it cannot read.
 * Kept apart from I/O errors so that a caller can turn it into a problem at a known place and keep the packets read so far.
 */
export class CompressionError extends Error {
  override readonly name = "CompressionError";
  /** How many decompressed bytes were delivered before the trouble: the place in the decompressed file. */
  readonly offset: number;

  constructor(message: string, offset: number, options?: ErrorOptions) {
    super(message, options);
    this.offset = offset;
  }
}

/**
 * What the decoders throw. They do not know how much the caller has read; `BlockSource` does, and turns this
 * into a `CompressionError`.
 */
export class DamagedData extends Error {
  override readonly name = "DamagedData";
}
