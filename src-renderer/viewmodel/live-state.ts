/** States of live sources in words, and the state of several that are recorded together. */
import type { LiveSourceState } from "../../src-shared/contract/live";

export const STATE_TEXTS: Readonly<Record<LiveSourceState["state"], string>> = {
  starting: "Starting",
  running: "Live",
  stopping: "Stopping",
  stopped: "Stopped",
  failed: "Ended",
};

/** What runs counts most; of what has ended, what failed. */
const BY_WEIGHT = ["running", "starting", "stopping", "failed", "stopped"] as const;

export function overallState(sources: readonly LiveSourceState[]): LiveSourceState["state"] {
  return BY_WEIGHT.find((state) => sources.some((source) => source.state === state)) ?? "stopped";
}
