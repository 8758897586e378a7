/**
 * What a generator of recordings is (the simulator, traffic for measurements): it makes packets up to a time when it is told to.
 * It has no clock and no thread of its own; generator-source.ts paces it.
 *
 * ```ts
 * const recording = generator.create(options, startSeconds);
 * write(recording.advance(0));            // the head of the file: section, interfaces
 * write(recording.advance(20_000_000));   // everything that happens in the first 20 ms
 * recording.inject("fault:drop");         // from now on
 * ```
 */
import type { GeneratorInfo, InjectChoice } from "../../../src-shared/contract/live";

export interface GeneratedRecording {
  /**
   * Whole records of a capture file, in the order of time, of everything until `toNs` (nanoseconds since the recording began).
   * The first call begins with the file's head.
   */
  advance(toNs: number): readonly Uint8Array[];
  /** When the next packet comes; null: none will. */
  nextNs(): number | null;
  /** What can be made to happen now. */
  readonly choices: readonly InjectChoice[];
  /** @throws Error with text for people if there is no such choice */
  inject(choice: string): void;
}

export type GeneratorOptions = Readonly<Record<string, string | number | boolean>>;

export interface Generator extends GeneratorInfo {
  /**
   * @param startSeconds time of the recording's first moment, since the epoch
   * @throws Error with text for people if an option cannot be
   */
  create(options: GeneratorOptions, startSeconds: number): GeneratedRecording;
  /** What kubectl would print of the cluster, where there is one. Names in the recording come from it. */
  clusterText?(options: GeneratorOptions): string | undefined;
}
