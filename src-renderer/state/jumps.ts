/** What leads from one pane to another: chosen, and its tab in front. (`linking` alone chooses, and brings nothing to the front.) */
import type { PacketId } from "../../src-shared/contract/results";
import { layout } from "./layout.svelte";
import { linking } from "./linking.svelte";
import { selection } from "./selection.svelte";

/** The connection in its pane. */
export function jumpToConnection(id: string): void {
  linking.chooseConnection(id);
  layout.showTab("connections");
}

/** The packet in the packet list. */
export function jumpToPacket(packet: PacketId): void {
  selection.select(packet);
  layout.showTab("packets");
}
