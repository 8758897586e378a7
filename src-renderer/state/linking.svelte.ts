/**
 * Keeps what is selected together: a packet's connection and journey, a connection's packet. Views only say what was chosen and
 * draw what `selection` holds; nothing here moves the focus or brings a tab to the front.
 *
 * ```
 * packet list ─► selection.select(57) ─► join.ofPacket ─► selection {packet 57, connection 9f…, journey 3, hop 2}  the same step
 * ladder, layers, map ─► linking.chooseSighting({…})  ─► selection, all at once
 * map, Services ─► linking.chooseScope({pod …})       ─► the table of connections shows those alone
 * ```
 * Nobody has chosen anything yet: join.telling ─► the first call of a Service (or what else shows most of the network) is selected
 * in place of the first packet, which is mostly an ARP request. Its packet is the selected one then, in all views.
 *
 * A packet is looked up only once the captures are joined (somebody opened a joined view): selecting packets never starts that.
 */
import type { TellingConnection } from "../../src-shared/contract/joined";
import type { PacketId } from "../../src-shared/contract/results";
import { call, on } from "../bridge/engine";
import { pause } from "../bridge/idle";
import { sameScope, type ConnectionScope, type TimeRange } from "../viewmodel/selection-step";
import { packets } from "./packets.svelte";
import { selection } from "./selection.svelte";
import { defineSetting, isBoolean } from "./settings.svelte";
import { workspace } from "./workspace.svelte";

/** Off: a chosen packet leaves the joined views as they are. */
export const followSelection = defineSetting("link.follow", true, isBoolean);

/** A key that is held down passes packets faster than this. */
const PAUSE_MS = 40;

export interface ChosenSighting {
  readonly connection: string;
  /** Of the connection; -1: not known yet. */
  readonly journey: number;
  /** Of the journey's sightings; -1: none in particular. */
  readonly hop: number;
  readonly packet: PacketId;
}

class Linking {
  /** The captures are joined: packets can be looked up. */
  joined = $state(false);
  /** Why the selected packet is in no connection; null: it is in one, or nobody asked. */
  reason = $state<string | null>(null);
  /** Shown to begin with, because nobody had chosen anything. */
  begunWith = $state.raw<TellingConnection | null>(null);

  #known: PacketId | null = null;
  #request: AbortController | null = null;

  /** A packet of a known journey, chosen in a picture. `amend`: the picture plays, or follows another choice. */
  chooseSighting(sighting: ChosenSighting, options: { amend?: boolean } = {}): void {
    this.#request?.abort();
    this.#known = sighting.packet;
    this.reason = null;
    selection.choose(sighting, { ...options, reveal: true });
  }

  /** A connection, chosen in a table or picture; its packet follows when its journeys are there. */
  chooseConnection(connection: string): void {
    if (connection === selection.connection) return;
    this.#request?.abort();
    selection.choose({ connection, journey: -1, hop: -1 });
  }

  /** What connections are limited to; null: all. The same again takes it back. */
  chooseScope(scope: ConnectionScope | null): void {
    selection.choose({ scope: scope && sameScope(scope, selection.scope) ? null : scope });
  }

  /** A time range; null: the whole recording. `amend`: while it is dragged. */
  chooseRange(range: TimeRange | null, options: { amend?: boolean } = {}): void {
    selection.choose({ range }, options);
  }

  /** Finds connection and journey of the selected packet. Call in an effect that depends on `selection.packet` and `joined`. */
  follow(packet: PacketId | null): void {
    if (packet === this.#known) return;
    this.#known = packet;
    this.#request?.abort();
    this.#request = null;
    if (packet === null || !this.joined || !followSelection.value) {
      this.#known = null;
      return;
    }
    const request = new AbortController();
    this.#request = request;
    void this.#find(packet, request.signal, selection.isAutomatic && mayBegin());
  }

  /** Other captures are open, or the same ones are joined anew: nothing is known. */
  forget(): void {
    this.#request?.abort();
    this.#known = null;
    this.reason = null;
    this.begunWith = null;
  }

  /** `begins`: nobody chose the packet, another one may tell more. */
  async #find(packet: PacketId, signal: AbortSignal, begins: boolean): Promise<void> {
    try {
      await pause(PAUSE_MS);
      if (signal.aborted) return;
      if (begins) {
        const telling = await call("join.telling", {}, { signal });
        if (signal.aborted || selection.packet !== packet || !selection.isAutomatic) return;
        if (telling !== null) {
          this.begunWith = telling;
          const { connection, journey, packet: first } = telling;
          this.chooseSighting({ connection, journey, hop: 0, packet: first }, { amend: true });
          return;
        }
      }
      const { connection, journey, hop, reason } = await call("join.ofPacket", { packet }, { signal });
      if (signal.aborted || selection.packet !== packet) return;
      this.reason = reason;
      // A packet in no connection leaves the pictures on the one before: they would only go empty.
      if (connection !== null) selection.choose({ connection, journey, hop }, { amend: true });
    } catch {
      // Cancelled, or the captures are joined anew: the next selection asks again.
      this.#known = null;
    }
  }
}

/** Newest packets are followed while a recording grows, and a filter says what a person wants to see. */
function mayBegin(): boolean {
  return !workspace.isLive && packets.filter === "";
}

export const linking = new Linking();

/** Starts listening to the engine. Once, at the start. */
export function listenToAnalysis(): void {
  on("analysis", ({ state }) => {
    linking.joined = state === "done";
    if (state !== "done") linking.forget();
  });
}
