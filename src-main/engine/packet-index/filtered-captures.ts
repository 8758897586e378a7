/** What a filter over the packet index is asked of. */
import type { PacketNotes } from "../notes/packet-notes";
import type { Workspace } from "../session/workspace";
import type { Facts } from "./facts";
import type { PacketIndex } from "./packet-index";

export interface FilteredCaptures {
  readonly index: PacketIndex;
  readonly workspace: Workspace;
  readonly facts?: Facts;
  readonly notes?: PacketNotes;
}
