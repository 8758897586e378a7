/**
 * What the gutter ties to the selected packet: the packets it is related to, and the line from the first to the last packet of its
 * stream.
 *
 * ```
 * details of the packet ─► follow() ─► looks.selected ── rows of the stream's ends are asked for ─► looks.span
 * its row, when it is kept ─► learnStream(): only the row tells the stream
 * ```
 */
import type { PacketRow } from "../../../src-shared/contract/results";
import { call } from "../../bridge/engine";
import { details } from "../../state/details.svelte";
import { packets } from "../../state/packets.svelte";
import { selection } from "../../state/selection.svelte";
import { NO_SPAN, type Selected } from "../../viewmodel/packet-gutter";
import type { RowLooks } from "./row-looks";

/** The list, as far as it is asked. */
interface List {
  readonly looks: RowLooks;
  /** Row of the selected packet in the view, -1 if it is not in it. */
  readonly selectedRow: number;
  /** Data of that row, if it is kept. */
  readonly selectedData: PacketRow | undefined;
  restyle(): void;
}

export class SelectedStream {
  constructor(private readonly list: List) {}

  /** Details tell which packets belong to the selected one. */
  follow(): void {
    const { looks, selectedData, selectedRow } = this.list;
    const packet = details.packet;
    looks.span = NO_SPAN;
    looks.selected = null;
    if (packet?.packet === selection.packet && packet) {
      looks.selected = {
        packet: packet.packet,
        stream: selectedData?.stream ?? -1,
        row: selectedRow,
        related: packet.related,
      };
      void this.#locateEnds(packet.related);
    }
    this.list.restyle();
  }

  /** Details may come before the selected row. */
  learnStream(): void {
    const { looks, selectedData } = this.list;
    const stream = selectedData?.stream ?? -1;
    const { selected } = looks;
    if (!selected || selected.stream >= 0 || stream < 0) return;
    looks.selected = { ...selected, stream };
    this.list.restyle();
  }

  async #locateEnds(related: Selected["related"]): Promise<void> {
    const view = packets.view?.view;
    const { looks } = this.list;
    const { selected } = looks;
    const first = related.find((other) => other.relation === "first-of-stream");
    const last = related.find((other) => other.relation === "last-of-stream");
    if (view === undefined || !selected || (!first && !last)) return;
    try {
      const [from, to] = await Promise.all([
        // The selected packet itself is not among those it is related to.
        call("packets.locate", { view, packet: (first ?? selected).packet }),
        call("packets.locate", { view, packet: (last ?? selected).packet }),
      ]);
      if (looks.selected?.packet !== selected.packet) return;
      // In another order than time the first packet may stand below the last one.
      looks.span = { firstRow: Math.min(from.row, to.row), lastRow: Math.max(from.row, to.row) };
      this.list.restyle();
    } catch {
      // Without its ends the line is not drawn; the packets are marked all the same.
    }
  }
}
