/** What the engine's thread and the analysis thread tell each other. */
import type { Failure } from "../../../src-shared/contract/messages";
import type { DecodeOptions } from "../decode/decode-options";

export interface AnalysisFile {
  /** Where the bytes can be read. */
  readonly path: string;
  /** What the user calls it. */
  readonly name: string;
  /** The window's id of its first packet. */
  readonly firstPacket: number;
  /** Nothing of it could be read before. */
  readonly unreadable: boolean;
  /** Seconds to add to its times; null: estimated. */
  readonly clockOffset: number | null;
}

export interface AnalysisData {
  readonly files: readonly AnalysisFile[];
  readonly decode: DecodeOptions;
  readonly clusterFiles: readonly string[];
  /** Capture points that are switched off: what they saw is not joined. */
  readonly disabledPoints: readonly number[];
  /** A source still writes: all will be joined anew soon, so nothing is made ahead that takes long. */
  readonly live: boolean;
  /** Number of its first table: those of a thread before are not taken for its own. */
  readonly firstTable: number;
}

export interface AnalysisQuestion {
  readonly id: number;
  readonly method: string;
  readonly params: unknown;
  /** Imported output of conntrack: not part of AnalysisData, since nothing has to be joined anew for it. */
  readonly conntrackFiles: readonly string[];
}

export type FromAnalysis =
  | { readonly kind: "progress"; readonly done: number; readonly total: number; readonly text: string }
  | { readonly kind: "ready"; readonly problems: readonly string[] }
  /** How far the answer to a question is. */
  | {
      readonly kind: "working";
      readonly id: number;
      readonly done: number;
      readonly total: number;
      readonly text: string;
    }
  | { readonly kind: "failed"; readonly message: string }
  | ({ readonly kind: "answer"; readonly id: number } & ({ readonly ok: true; readonly value: unknown } | Failure));
