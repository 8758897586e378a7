/** Sets the clocks of files by hand, and says so with a way back. */
import type { FileState } from "../../src-shared/contract/results";
import { tellChange } from "./last-change.svelte";
import { workspace } from "./workspace.svelte";

export interface OffsetChange {
  readonly file: FileState;
  /** Added to its times; null: estimated. */
  readonly seconds: number | null;
}

/** Sets those that differ from what is set. Rejected with a ContractError. */
export async function setClockOffsets(wanted: readonly OffsetChange[]): Promise<void> {
  const changes = wanted.filter(({ file, seconds }) => file.clockOffset !== seconds);
  for (const { file, seconds } of changes) await workspace.setClockOffset(file.file, seconds);
  const [first] = changes;
  if (!first) return;
  const { file, seconds } = first;
  const text =
    changes.length > 1
      ? `Clock offsets of ${changes.length} files were changed.`
      : seconds === null
        ? `The clock offset of ${file.name} is estimated again.`
        : `The clock offset of ${file.name} is ${seconds} s.`;
  tellChange(
    text,
    async () => {
      for (const { file: before } of changes) {
        // Its number is another one when files were closed or opened since.
        const now = workspace.state.files.find((other) => other.path === before.path);
        if (now) await workspace.setClockOffset(now.file, before.clockOffset);
      }
    },
    { ofFiles: true },
  );
}
