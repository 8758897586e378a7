/**
 * From what the engine told to what is drawn, each step anew only when what it is made of has changed.
 *
 * ```
 * model ─► layout (places kept) ─► wires ─► scene (whole time, or the clock's moment)
 *                                    └► lit path of the selected connection
 * ```
 */
import { network, grouping } from "./map-choices";
import { mapGroups } from "../../state/map-groups.svelte";
import { selection } from "../../state/selection.svelte";
import { workspace } from "../../state/workspace.svelte";
import { elementFact, elementScope, mapTotals, wireFact, type MapFact } from "../../viewmodel/map-facts";
import { layoutMap } from "../../viewmodel/map-layout";
import { litConnection } from "../../viewmodel/map-lit";
import { chosenGrouping, mapItems } from "../../viewmodel/map-model";
import { buildScene } from "../../viewmodel/map-scene";
import type { MapMemory } from "../../viewmodel/map-slots";
import { buildWires, litWires, replayFrame, replayMost, wireSums } from "../../viewmodel/map-wires";
import { sameScope } from "../../viewmodel/selection-step";
import type { MapData } from "./map-data.svelte";
import type { ReplayClock } from "./replay-clock.svelte";

export class MapPicture {
  readonly #data: MapData;
  readonly #clock: ReplayClock;
  #memory: MapMemory = new Map();
  #memoryOf = -1;

  constructor(data: MapData, clock: ReplayClock) {
    this.#data = data;
    this.#clock = clock;
  }

  readonly model = $derived.by(() => this.#data.model);

  /** What pods are put together by; null: nothing is known yet. */
  readonly group = $derived.by(() => (this.model ? chosenGrouping(this.model, grouping.value) : null));

  readonly layout = $derived.by(() => {
    const { model, group } = this;
    const { opened } = mapGroups;
    if (!model || group === null) return null;
    // Places are remembered as long as the same files are open.
    const [first] = workspace.state.files;
    const of = first ? (workspace.state.firstTime?.[0] ?? 0) : 0;
    if (of !== this.#memoryOf) this.#memory = new Map();
    this.#memoryOf = of;
    const made = layoutMap(model, mapItems(model, group, opened), this.#memory, network.value, opened);
    // Columns are as many as the first picture needs: a sketch may not know all pods yet.
    if (!model.graph.sketch) this.#memory = made.memory;
    return made.layout;
  });

  readonly net = $derived.by(() =>
    this.model && this.layout ? buildWires(this.model, this.layout, network.value) : null,
  );

  /** 80 ms at 100,000 connections: made when it is first told. */
  readonly totals = $derived.by(() =>
    this.model && this.layout && this.net ? mapTotals(this.model, this.layout, this.net) : null,
  );

  /** Kept while time moves on: only the traffic of a moment is summed for each. */
  readonly #whole = $derived.by(() => {
    const { net, model } = this;
    return net && model ? { packets: wireSums(net, model.packets), missing: wireSums(net, model.missing) } : null;
  });

  readonly #isReplaying = $derived.by(() => this.#clock.bucket >= 0);

  readonly #mostAtOnce = $derived.by(() =>
    this.net && this.#data.replay && this.#isReplaying ? replayMost(this.net, this.#data.replay) : 0,
  );

  readonly scene = $derived.by(() => {
    const { model, layout, net } = this;
    const whole = this.#whole;
    const { replay } = this.#data;
    if (!model || !layout || !net || !whole) return null;
    return this.#isReplaying && replay
      ? buildScene(model, layout, net, replayFrame(net, replay, this.#clock.bucket), whole.missing, this.#mostAtOnce)
      : buildScene(model, layout, net, whole.packets, whole.missing);
  });

  readonly lit = $derived.by(() => {
    const { model, layout, net } = this;
    const { journeys } = this.#data;
    return model && layout && net && journeys
      ? litWires(layout, net, litConnection(model, journeys.connection))
      : { there: [], back: [] };
  });

  /** Element where the selected packet is at the selected hop; -1 none. */
  readonly packetAt = $derived.by(() => {
    const { journeys } = this.#data;
    if (!this.layout || selection.connection !== journeys?.connection.id || network.value !== "node") return -1;
    const sighting = journeys?.journeys.find((one) => one.index === selection.journey)?.sightings[selection.hop];
    return sighting ? (this.layout.ofPoint[sighting.point] ?? -1) : -1;
  });

  /** Elements that connections are limited to. */
  readonly selected = $derived.by(() => {
    const { scope } = selection;
    const { model, layout } = this;
    if (!model || !layout || !scope) return [];
    return layout.elements.flatMap((element, at) => (sameScope(elementScope(model, element), scope) ? [at] : []));
  });

  /** What an element is, in words; null: there is none. */
  elementFact(at: number): MapFact | null {
    const element = this.layout?.elements[at];
    return element && this.model ? elementFact(this.model, element, this.totals?.ofElement[at]) : null;
  }

  wireFact(at: number): MapFact | null {
    return at >= 0 && this.scene && this.totals ? wireFact(this.scene, at, this.totals) : null;
  }
}
