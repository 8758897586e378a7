/** Says by hand what is on a port, with a way back. */
import type { DecodeAs } from "../../src-shared/contract/results";
import { formatNoun } from "../viewmodel/quantity";
import { tellChange } from "./last-change.svelte";
import { workspace } from "./workspace.svelte";

/** The files are read again with these rules and no others. Rejected with a ContractError. */
export async function setDecodeAs(rules: readonly DecodeAs[]): Promise<void> {
  const before = workspace.state.decodeAs;
  await workspace.setDecodeAs(rules);
  if (textOf(before) === textOf(rules)) return;
  tellChange(
    rules.length === 0
      ? "Everything is decoded as its bytes say."
      : `Decoded with ${formatNoun(rules.length, "rule")}.`,
    { undo: () => workspace.setDecodeAs(before), redo: () => workspace.setDecodeAs(rules) },
    { ofFiles: true },
  );
}

function textOf(rules: readonly DecodeAs[]): string {
  return rules.map(({ what, value, as }) => `${what} ${value} ${as}`).join("\n");
}
