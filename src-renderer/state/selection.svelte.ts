/**
 * What is selected (packet, joined connection, its journey, a pod or other part of a picture, a time range), where one came
 * from, and what a person said about packets: marks, ignored, time references.
 *
 * ```
 * history   12  57  58  99          select(31) after back(): 12  57  31
 *                    ▲ at
 * ```
 * All views read this; what belongs together (the connection of a packet) is found by state/linking.svelte.ts.
 */
import { SvelteMap, SvelteSet } from "svelte/reactivity";
import type { PacketId, TimeValue } from "../../src-shared/contract/results";
import { compareTimes } from "../viewmodel/packet-time";
import {
  amendStep,
  moveStep,
  NO_STEPS,
  NOTHING_SELECTED,
  pushStep,
  sameStep,
  type ConnectionScope,
  type SelectionStep,
  type StepHistory,
  type TimeRange,
} from "../viewmodel/selection-step";
import { details } from "./details.svelte";

/** What a choice says besides what is chosen. */
export interface SelectOptions {
  /** Scroll to the packet (not for a click on a row that is in sight). */
  readonly reveal?: boolean;
  /** Write over the present step: it follows from it, or one of many while a picture plays. */
  readonly amend?: boolean;
  /** Nobody chose it: the first packet, when captures were opened. */
  readonly automatic?: boolean;
}

class Selection {
  #step = $state.raw<SelectionStep>(NOTHING_SELECTED);
  /** Nobody has chosen anything yet. */
  isAutomatic = $state(false);
  /** Counts up when the packet should be brought into view (also when the same one is selected again). */
  reveal = $state(0);
  /** Another number as soon as packets have other ids. */
  numbering = 0;
  readonly marks = new SvelteSet<PacketId>();
  readonly ignored = new SvelteSet<PacketId>();
  /** Times count from these, each until the next. */
  readonly references = new SvelteMap<PacketId, TimeValue>();
  /** Ascending. */
  readonly referenceTimes = $derived([...this.references.values()].sort(compareTimes));

  #history = $state.raw<StepHistory>(NO_STEPS);
  readonly canGoBack = $derived(this.#history.at > 0);
  readonly canGoForward = $derived(this.#history.at < this.#history.steps.length - 1);

  readonly packet = $derived(this.#step.packet);
  readonly connection = $derived(this.#step.connection);
  readonly journey = $derived(this.#step.journey);
  readonly hop = $derived(this.#step.hop);
  readonly scope: ConnectionScope | null = $derived(this.#step.scope);
  readonly range: TimeRange | null = $derived(this.#step.range);

  /** Selects a packet. Which connection it is of is not known yet: see linking. */
  select(packet: PacketId | null, options: SelectOptions = {}): void {
    this.choose({ packet }, options);
  }

  /** Selects several things at once; what is not named stays. */
  choose(change: Partial<SelectionStep>, options: SelectOptions = {}): void {
    const step = { ...this.#step, ...change };
    this.isAutomatic = options.automatic === true;
    if (!sameStep(step, NOTHING_SELECTED) || this.#history.at >= 0)
      this.#history = options.amend ? amendStep(this.#history, step) : pushStep(this.#history, step);
    this.#show(step, options.reveal ?? change.packet !== undefined);
  }

  back(): void {
    this.#move(-1);
  }

  forward(): void {
    this.#move(1);
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
    this.numbering++;
    this.marks.clear();
    this.ignored.clear();
    this.references.clear();
    this.isAutomatic = false;
    this.#history = NO_STEPS;
    this.#show(NOTHING_SELECTED, false);
  }

  #move(by: -1 | 1): void {
    const moved = moveStep(this.#history, by);
    if (moved === this.#history) return;
    this.#history = moved;
    this.isAutomatic = false;
    this.#show(moved.steps[moved.at] ?? NOTHING_SELECTED, true);
  }

  #show(step: SelectionStep, reveal: boolean): void {
    const { packet } = this.#step;
    this.#step = step;
    if (reveal) this.reveal++;
    if (step.packet !== packet || reveal) void details.show(step.packet);
  }
}

export const selection = new Selection();
