/** What the parts of live recording have in common: a running source, and whom it tells what happens. */
import type { InjectChoice, LiveControl, LiveProblem } from "../../../src-shared/contract/live";

export interface GeneratorState {
  readonly paused: boolean;
  readonly speed: number;
  readonly choices: readonly InjectChoice[];
}

/** Told by a running source. */
export interface SourceListener {
  /** It records, or something about it changed. */
  running(message: string): void;
  /** From now on it writes to this file (rotation); what was before is finished. */
  file(path: string): void;
  /** It ended: by itself, or because it was told to. `problem`: not as it should. */
  ended(message: string, problem: LiveProblem | null): void;
  generator?(state: GeneratorState): void;
}

export interface RunningSource {
  /** Tells it to finish its file and end; `ended` tells when it has. */
  stop(): void;
  /** Ends it at once, when the engine ends. */
  kill(): void;
  control?(control: LiveControl): void;
}
