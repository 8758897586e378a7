/** Times of every file on the reference file's clock: aligned = time · scale + shift, in nanoseconds after the base second. */
export class ClockMap {
  readonly scale: Float64Array;
  readonly shift: Float64Array;

  constructor(files: number) {
    this.scale = new Float64Array(files).fill(1);
    this.shift = new Float64Array(files);
  }

  aligned(file: number, timeNs: number): number {
    return timeNs * (this.scale[file] as number) + (this.shift[file] as number);
  }
}
