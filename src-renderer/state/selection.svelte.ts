/**
 * The selected packet, where one came from, and what a person said about packets: marks, ignored, time references.
 *
 * ```
 * history   12  57  58  99          selectPacket(31) after back(): 12  57  31
 *                    ▲ at
 * ```
 */
import { SvelteMap, SvelteSet } from "svelte/reactivity";
import type { PacketId, TimeValue } from "../../src-shared/contract/results";
import { compareTimes } from "../viewmodel/packet-time";
import { details } from "./details.svelte";

const HISTORY_LENGTH = 500;

class Selection {
  packet = $state.raw<PacketId | null>(null);
  /** Counts up when the packet should be brought into view (also when the same one is selected again). */
  reveal = $state(0);
  readonly marks = new SvelteSet<PacketId>();
  readonly ignored = new SvelteSet<PacketId>();
  /** Times count from these, each until the next. */
  readonly references = new SvelteMap<PacketId, TimeValue>();
  /** Ascending. */
  readonly referenceTimes = $derived([...this.references.values()].sort(compareTimes));

  #history = $state.raw<readonly PacketId[]>([]);
  #at = $state(-1);
  readonly canGoBack = $derived(this.#at > 0);
  readonly canGoForward = $derived(this.#at < this.#history.length - 1);

  /** `reveal`: scroll to it (not for a click on a row that is in sight). */
  select(packet: PacketId | null, options: { reveal?: boolean } = {}): void {
    if (packet !== null && packet !== this.#history[this.#at]) {
      this.#history = [...this.#history.slice(0, this.#at + 1), packet].slice(-HISTORY_LENGTH);
      this.#at = this.#history.length - 1;
    }
    this.#show(packet, options.reveal ?? true);
  }

  back(): void {
    if (!this.canGoBack) return;
    this.#at--;
    this.#show(this.#history[this.#at] ?? null, true);
  }

  forward(): void {
    if (!this.canGoForward) return;
    this.#at++;
    this.#show(this.#history[this.#at] ?? null, true);
  }

  toggleMark(packet: PacketId): void {
    if (!this.marks.delete(packet)) this.marks.add(packet);
  }

  toggleIgnored(packet: PacketId): void {
    if (!this.ignored.delete(packet)) this.ignored.add(packet);
  }

  toggleReference(packet: PacketId, time: TimeValue): void {
    if (!this.references.delete(packet)) this.references.set(packet, time);
  }

  /** Other packets have these numbers now. */
  clear(): void {
    this.marks.clear();
    this.ignored.clear();
    this.references.clear();
    this.#history = [];
    this.#at = -1;
    this.#show(null, false);
  }

  #show(packet: PacketId | null, reveal: boolean): void {
    this.packet = packet;
    if (reveal) this.reveal++;
    void details.show(packet);
  }
}

export const selection = new Selection();
