/** Files of conntrack's output, as the command (`--conntrack`) and the window ("Import conntrack…") read them. */
import { readFileSync } from "node:fs";
import type { ToldTranslation } from "../../../src-shared/model/told-translation";
import { openFailureMessage } from "../sources/open-failure";
import { readConntrack } from "./conntrack";
import { decodeText } from "./documents";
import type { ClusterProblem } from "./load-cluster";

export interface ConntrackLoad {
  readonly entries: readonly ToldTranslation[];
  readonly problems: readonly ClusterProblem[];
}

/**
 * Never throws for what is in the files; a file that cannot be read is a problem of line 0. An empty one is none: a machine that tracks no
 * connection prints nothing.
 */
export function loadConntrack(files: readonly string[]): ConntrackLoad {
  const entries: ToldTranslation[] = [];
  const problems: ClusterProblem[] = [];
  for (const file of files) {
    try {
      const read = readConntrack(file, decodeText(readFileSync(file)));
      entries.push(...read.entries);
      problems.push(...read.problems);
    } catch (error) {
      problems.push({ file, line: 0, path: "", message: openFailureMessage(error) });
    }
  }
  return { entries, problems };
}
