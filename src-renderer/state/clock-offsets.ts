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
  await set(changes, (change) => change.seconds);
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
    {
      undo: () => set(changes, (change) => change.file.clockOffset),
      redo: () => set(changes, (change) => change.seconds),
    },
    { ofFiles: true },
  );
}

async function set(changes: readonly OffsetChange[], to: (change: OffsetChange) => number | null): Promise<void> {
  for (const change of changes) {
    // Its number is another one when files were closed or opened since.
    const now = workspace.state.files.find((other) => other.path === change.file.path);
    if (now) await workspace.setClockOffset(now.file, to(change));
  }
}
