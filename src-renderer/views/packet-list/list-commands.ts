/** The commands that move among packets, mark them and search: the packet list's, whatever has the keyboard. */
import type { PacketId } from "../../../src-shared/contract/results";
import { call } from "../../bridge/engine";
import type { CommandSpec } from "../../state/commands.svelte";
import { details } from "../../state/details.svelte";
import { openDialog } from "../../state/dialogs.svelte";
import { layout } from "../../state/layout.svelte";
import { packets } from "../../state/packets.svelte";
import { selection } from "../../state/selection.svelte";
import { showToast } from "../../state/toasts.svelte";
import ColumnsDialog from "./columns-dialog.svelte";
import { finding } from "./finding.svelte";
import { chooseDisplayed, unignoreAll, unmarkDisplayed, unsetReferences } from "./all-displayed";
import GoToDialog from "./go-to-dialog.svelte";
import type { PacketListController } from "./list-controller.svelte";
import { copySummary } from "./packet-menu";

export async function openColumns(): Promise<void> {
  await openDialog(ColumnsDialog, {});
}

/** The search field of the tab in front. */
function searchInSight(): HTMLElement | undefined {
  const fields = document.querySelectorAll<HTMLElement>("#main input[type='search']");
  return [...fields].find((field) => field.checkVisibility());
}

/** Of the list that `list` draws; `focusGrid` gives it the keyboard. */
export function listCommands(list: PacketListController, focusGrid: () => void): CommandSpec[] {
  const rows = (): number => packets.view?.rows ?? 0;
  const isListed = (): boolean => rows() > 0;
  const isSelected = (): boolean => selection.packet !== null;
  const hasMarks = (): boolean => selection.marks.size > 0;

  function step(by: number): void {
    list.selectRow(list.currentRow < 0 ? Math.ceil(list.top) : list.currentRow + by);
  }

  async function goToPacket(): Promise<void> {
    const there = await openDialog(GoToDialog, {
      file: list.selectedData?.file ?? null,
      go: (number: number, file: number) => list.goToNumber(number, file),
    });
    if (there === null) return;
    layout.showTab("packets");
    // In front it can have the keyboard.
    requestAnimationFrame(focusGrid);
    if ((await there.going) < 0) showToast("The file has no such packet any more.", { kind: "warning" });
  }

  async function goToNeighbour(backwards: boolean): Promise<void> {
    const { view } = packets;
    if (!view || selection.packet === null) return;
    const { row } = await call("packets.neighbour", { view: view.view, packet: selection.packet, backwards });
    if (row >= 0) list.selectRow(row, "middle");
    else
      showToast(
        backwards ? "This is the first packet of the conversation." : "This is the last packet of the conversation.",
      );
  }

  /** Marks have no order of their own: the list's. */
  async function goToMark(direction: 1 | -1): Promise<void> {
    const { view } = packets;
    if (!view) return;
    const { row } = await call("packets.nextOf", {
      view: view.view,
      from: list.currentRow,
      backwards: direction < 0,
      packets: [...selection.marks],
    });
    if (row < 0) showToast("The filter in force hides all marked packets.");
    else list.selectRow(row, "middle");
  }

  /** In a table its own search is meant: what is looked for is what is in sight. */
  function openFind(): void {
    const search = layout.mainTab === "packets" ? null : searchInSight();
    if (search) return search.focus();
    layout.showTab("packets");
    finding.open = true;
  }

  /** Opens the find bar, or goes on with what it searched last. */
  function find(backwards: boolean): void {
    layout.showTab("packets");
    if (finding.search && finding.query) finding.search(backwards);
    else finding.open = true;
  }

  function change(action: (packet: PacketId) => void): void {
    if (selection.packet !== null) action(selection.packet);
  }

  function toggleReference(): void {
    const shown = list.selectedData ?? details.packet;
    if (shown?.packet === selection.packet && shown) selection.toggleReference(shown.packet, shown.time);
  }

  function copySelected(): void {
    const row = list.selectedData;
    if (row) copySummary(row, list.looks.cellTexts(row, list.selectedRow), "text");
  }

  return [
    { id: "go.next", keys: ["Mod+Down", "F8"], enabled: isListed, inTextFields: true, run: () => step(1) },
    { id: "go.previous", keys: ["Mod+Up", "F7"], enabled: isListed, inTextFields: true, run: () => step(-1) },
    { id: "go.first", enabled: isListed, run: () => list.selectRow(0) },
    { id: "go.last", enabled: isListed, run: () => list.selectRow(rows() - 1) },
    { id: "go.packet", enabled: isListed, run: () => goToPacket() },
    { id: "go.nextInConversation", enabled: isSelected, run: () => goToNeighbour(false) },
    { id: "go.previousInConversation", enabled: isSelected, run: () => goToNeighbour(true) },
    { id: "edit.find", enabled: isListed, run: openFind },
    { id: "edit.findNext", keys: ["Mod+N", "F3"], enabled: isListed, run: () => find(false) },
    { id: "edit.findPrevious", keys: ["Mod+B", "Shift+F3"], enabled: isListed, run: () => find(true) },
    { id: "edit.mark", enabled: isSelected, run: () => change((packet) => selection.toggleMark(packet)) },
    { id: "edit.ignore", enabled: isSelected, run: () => change((packet) => selection.toggleIgnored(packet)) },
    // A browser keeps Ctrl+T, Ctrl+N and Ctrl+Shift+N for itself.
    { id: "edit.timeReference", keys: ["Mod+T", "Alt+T"], enabled: isSelected, run: toggleReference },
    { id: "edit.markAll", enabled: isListed, run: () => chooseDisplayed("marks") },
    { id: "edit.unmarkAll", enabled: hasMarks, run: () => unmarkDisplayed() },
    { id: "edit.ignoreAll", enabled: isListed, run: () => chooseDisplayed("ignored") },
    { id: "edit.unignoreAll", enabled: () => selection.ignored.size > 0, run: unignoreAll },
    { id: "edit.unsetReferences", enabled: () => selection.references.size > 0, run: unsetReferences },
    { id: "edit.copySummary", enabled: isSelected, run: copySelected },
    { id: "view.columns", run: openColumns },
    {
      id: "list.timeOrder",
      title: "Sort Packets by Time",
      group: "View",
      enabled: () => packets.sort.length > 0,
      run: () => packets.setSort([]),
    },
    {
      id: "list.nextMark",
      title: "Next Marked Packet",
      group: "Go",
      keys: ["Mod+Shift+N", "Alt+M"],
      enabled: hasMarks,
      run: () => goToMark(1),
    },
    {
      id: "list.previousMark",
      title: "Previous Marked Packet",
      group: "Go",
      keys: ["Mod+Shift+B", "Alt+Shift+M"],
      enabled: hasMarks,
      run: () => goToMark(-1),
    },
  ];
}
