/** Where bytes come from: a file, a compressed file, standard input, a growing file. All are read the same way. */
export interface ByteSource {
  /** As the user named it; "-" for standard input. */
  readonly name: string;
  /** Size in bytes if known before reading (compressed and live sources: undefined). */
  readonly size: number | undefined;
  /**
   * Reads up to `length` bytes into `target` at `offset`; resolves to the number read, 0 at the end.
   * Plain files answer synchronously (a number, not a promise): the hot path never awaits.
   */
  read(target: Uint8Array, offset: number, length: number): number | Promise<number>;
  close(): void;
}
