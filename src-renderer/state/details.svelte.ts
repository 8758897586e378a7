/**
 * The selected packet taken apart, and which part of it is pointed at: shared by tree, bytes and diagram.
 *
 * ```
 * selection ─► details.show(packet) ─► packet.details ─► details.packet
 * tree, bytes, diagram: details.selected = node ─► the other two highlight its bytes; details.hovered likewise
 * ```
 */
import { firstNode } from "../viewmodel/packet-tree";
import { ContractError } from "../../src-shared/contract/messages";
import type { DetailNode, PacketDetails, PacketId } from "../../src-shared/contract/results";
import { answered, call, errorText, isCancelled, isLost } from "../bridge/engine";
import { pause } from "../bridge/idle";

/** A key that is held down passes packets faster than this. */
const PAUSE_MS = 20;
/** The list asks for rows in its next frame. */
const FRAME_MS = 17;

class Details {
  /** Of the selected packet; of the one before while the new one is on its way. */
  packet = $state.raw<PacketDetails | null>(null);
  loading = $state(false);
  /** Why there are none. */
  problem = $state.raw<string | null>(null);
  /** A node of `packet.tree` (the object itself). */
  selected = $state.raw<DetailNode | null>(null);
  hovered = $state.raw<DetailNode | null>(null);
  /** Index into `packet.sources`: the bytes that are shown. */
  source = $state(0);

  #request: AbortController | null = null;
  #wanted: ((node: DetailNode) => boolean) | null = null;

  async show(packet: PacketId | null): Promise<void> {
    this.#request?.abort();
    this.#request = null;
    if (packet === null) {
      this.#adopt(null, null);
      return;
    }
    const request = new AbortController();
    this.#request = request;
    this.loading = true;
    try {
      await pause(PAUSE_MS);
      // The list's rows go first: details of a packet among ten million take the engine 15 ms or more, which a jump would wait for.
      if ((await answered("packets.around")) || (await answered("packets.locate"))) await pause(FRAME_MS);
      await answered("packets.rows");
      if (request.signal.aborted) return;
      this.#adopt(await call("packet.details", { packet }, { signal: request.signal }), null);
    } catch (error) {
      if (isCancelled(error)) return;
      const gone = error instanceof ContractError && error.code === "gone" && !isLost();
      this.#adopt(null, gone ? "This packet is not open any more." : errorText(error));
    }
  }

  /** Selects a node and shows the bytes it lies in. */
  select(node: DetailNode | null): void {
    this.selected = node;
    if (node && node.length > 0) this.source = node.source;
  }

  /** Selects the first node that fits, of the packet that is being loaded, or else of the one that is shown. */
  selectWhenShown(fits: (node: DetailNode) => boolean): void {
    this.#wanted = fits;
    if (!this.loading) this.#selectWanted();
  }

  #selectWanted(): void {
    const fits = this.#wanted;
    this.#wanted = null;
    if (fits && this.packet) this.select(firstNode(this.packet.tree, fits));
  }

  #adopt(packet: PacketDetails | null, problem: string | null): void {
    this.packet = packet;
    this.problem = problem;
    this.selected = null;
    this.hovered = null;
    this.source = 0;
    this.loading = false;
    this.#selectWanted();
  }
}

export const details = new Details();
