/** Packets that become the selected one without a person having chosen them: the next one behind a hidden one, the first of all. */
import type { PacketId, TimeValue } from "../../../src-shared/contract/results";
import { call } from "../../bridge/engine";
import { layout } from "../../state/layout.svelte";
import { packets } from "../../state/packets.svelte";
import { selection } from "../../state/selection.svelte";
import { workspace } from "../../state/workspace.svelte";

/**
 * A filter hides the packet that was selected (or it was ignored): the next one in time takes its place, so that details show what
 * is listed and keys go on from there. Not behind a person's back: only while the list is what is looked at.
 * @param hidden the packet that was selected in the view before, and when it was captured; null: its row was never kept
 * @throws ContractError
 */
export async function selectNextInTime(
  view: number,
  hidden: { readonly packet: PacketId; readonly time: TimeValue } | null,
): Promise<void> {
  if (hidden?.packet !== selection.packet || layout.mainTab !== "packets" || !packets.view || workspace.isLive) return;
  const { row } = await call("packets.atTime", { view, time: [...hidden.time] });
  const from = row >= 0 ? row : Math.max(0, packets.view.rows - 1);
  // Rows that are kept may be from before others came in above.
  const { rows } = await call("packets.rows", { view, from, count: 1, columns: [] });
  if (rows[0] && selection.packet === hidden.packet) selection.select(rows[0].packet);
}

/**
 * The view's first packet, in place of one that was its first before others came in above it.
 * @throws ContractError
 */
export async function selectFirst(view: number): Promise<void> {
  const { rows } = await call("packets.rows", { view, from: 0, count: 1, columns: [] });
  if (!rows[0] || !selection.isAutomatic) return;
  selection.select(rows[0].packet, { amend: true, reveal: false, automatic: true });
}
