/** Marks, ignores, and takes that back for all packets the list shows at once. Every one of these can be undone. */
import { MOST_CHOSEN } from "../../../src-shared/contract/most-chosen";
import type { PacketId } from "../../../src-shared/contract/results";
import { call } from "../../bridge/engine";
import { tellChange } from "../../state/last-change.svelte";
import { packets } from "../../state/packets.svelte";
import { selection } from "../../state/selection.svelte";
import { showToast } from "../../state/toasts.svelte";
import { formatCount, formatNoun } from "../../viewmodel/quantity";

type Chosen = "marks" | "ignored";

const DONE: Readonly<Record<Chosen, string>> = { marks: "marked", ignored: "ignored" };

/** Packets of the list, in its order. Null, and says why, where they are more than can be chosen. */
async function displayed(what: Chosen): Promise<readonly PacketId[] | null> {
  const { view } = packets;
  if (!view) return null;
  if (view.rows > MOST_CHOSEN) {
    const most = `No more than ${formatCount(MOST_CHOSEN)} packets can be ${DONE[what]}`;
    showToast(`${most}, and the list shows ${formatCount(view.rows)}: filter first.`, { kind: "warning" });
    return null;
  }
  const { packets: bytes } = await call("packets.ids", { view: view.view, count: view.rows });
  const numbers = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.byteLength >> 2 }, (_, at) => numbers.getUint32(at * 4, true));
}

/** Does it, and says so. Undo and redo are for these packets alone, while they have the same ids. */
function change(text: string, redo: () => void, undo: () => void): void {
  const { numbering } = selection;
  const whileSame = (step: () => void) => (): void => (selection.numbering === numbering ? step() : undefined);
  redo();
  tellChange(text, { undo: whileSame(undo), redo: whileSame(redo) }, { ofFiles: true });
}

/** Marks or ignores every packet of the list. */
export async function chooseDisplayed(what: Chosen): Promise<void> {
  const shown = await displayed(what);
  const chosen = selection[what];
  const added = (shown ?? []).filter((packet) => !chosen.has(packet));
  if (shown && added.length === 0) showToast(`All packets of the list are ${DONE[what]} already.`);
  if (added.length === 0) return;
  if (chosen.size + added.length > MOST_CHOSEN)
    return showToast(`No more than ${formatCount(MOST_CHOSEN)} packets can be ${DONE[what]}.`, { kind: "warning" });
  change(
    `${formatNoun(added.length, "packet")} ${DONE[what]}.`,
    () => added.forEach((packet) => chosen.add(packet)),
    () => added.forEach((packet) => chosen.delete(packet)),
  );
}

/** The marks of packets that the list does not show stay. */
export async function unmarkDisplayed(): Promise<void> {
  const { view } = packets;
  if (!view) return;
  // Of a list without a filter all: there may be more rows than can be asked for.
  const shown = packets.filter === "" ? selection.marks : await displayed("marks");
  if (!shown) return;
  const removed = [...shown].filter((packet) => selection.marks.has(packet));
  if (removed.length === 0) return showToast("The list shows no marked packet.");
  change(
    `${formatNoun(removed.length, "packet")} unmarked.`,
    () => removed.forEach((packet) => selection.marks.delete(packet)),
    () => removed.forEach((packet) => selection.marks.add(packet)),
  );
}

/** All: a filter hides those that are ignored, so that none of them is ever "displayed" with one. */
export function unignoreAll(): void {
  const before = [...selection.ignored];
  change(
    `${formatNoun(before.length, "packet")} no longer ignored.`,
    () => before.forEach((packet) => selection.ignored.delete(packet)),
    () => before.forEach((packet) => selection.ignored.add(packet)),
  );
}

export function unsetReferences(): void {
  const before = [...selection.references];
  change(
    `${formatNoun(before.length, "time reference")} unset.`,
    () => before.forEach(([packet]) => selection.references.delete(packet)),
    () => before.forEach(([packet, time]) => selection.references.set(packet, time)),
  );
}
