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

/** Never throws for what is in the files; a file that cannot be read is a problem of line 0. */
export function loadConntrack(files: readonly string[]): ConntrackLoad {
  const entries: ToldTranslation[] = [];
  const problems: ClusterProblem[] = [];
  for (const file of files) {
    try {
      const read = readConntrack(file, decodeText(readFileSync(file)));
      entries.push(...read.entries);
      problems.push(...read.problems);
      if (read.entries.length === 0 && read.problems.length === 0)
        problems.push({
          file,
          line: 0,
          path: "",
          message:
            'expected lines as `conntrack -L` or `conntrack -E` print them, such as "tcp 6 … src=… dst=…", found none',
        });
    } catch (error) {
      problems.push({ file, line: 0, path: "", message: openFailureMessage(error) });
    }
  }
  return { entries, problems };
}
