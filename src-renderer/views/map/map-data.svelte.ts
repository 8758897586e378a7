/**
 * What the map shows, asked from the engine: the graph when the pane is in front (who is where at once, routes when they are
 * counted), the selected connection with its packets, the replay's counts of the chosen time range.
 *
 * ```
 * workspace, analysis ─► map.graph ─► model        selection.connection ─► join.journeys ─► journeys
 * selection.range ─► map.activity ─► replay
 * ```
 */
import type { ConnectionJourneys } from "../../../src-shared/contract/join";
import type { MapGraph } from "../../../src-shared/contract/map";
import { call, errorText, isCancelled } from "../../bridge/engine";
import { linking } from "../../state/linking.svelte";
import { isOnPage, pageAround } from "../../viewmodel/journey-pages";
import { readMapActivity, readMapGraph, type MapModel, type MapReplay } from "../../viewmodel/map-model";
import { secondsSince } from "../../viewmodel/timeline";
import type { TimeRange } from "../../viewmodel/selection-step";

/** Parts that replay divides the time into. */
const BUCKETS = 240;

interface Progress {
  readonly done: number;
  readonly total: number;
  readonly text: string;
}
const NO_PROGRESS: Progress = { done: 0, total: 0, text: "" };

export class MapData {
  model = $state.raw<MapModel | null>(null);
  problem = $state<string | null>(null);
  loading = $state(false);
  progress = $state.raw<Progress>(NO_PROGRESS);
  journeys = $state.raw<ConnectionJourneys | null>(null);
  replay = $state.raw<MapReplay | null>(null);

  #graph: AbortController | null = null;
  #connection: AbortController | null = null;
  #activity: AbortController | null = null;

  async load(): Promise<void> {
    this.#graph?.abort();
    const request = new AbortController();
    this.#graph = request;
    this.loading = true;
    this.progress = NO_PROGRESS;
    const options = {
      signal: request.signal,
      onProgress: ({ done, total, text }: Progress) => (this.progress = { done, total, text }),
    };
    try {
      const first = await call("map.graph", { sketch: true }, options);
      // What was drawn before is worth more than a sketch without routes.
      if (!first.sketch || this.model === null) this.#show(first);
      if (first.sketch) this.#show(await call("map.graph", {}, options));
    } catch (error) {
      if (isCancelled(error)) return;
      this.problem = errorText(error);
      this.model = null;
    }
    this.loading = false;
  }

  #show(graph: MapGraph): void {
    this.model = readMapGraph(graph);
    this.problem = null;
    this.replay = null;
    linking.joined = true;
  }

  /** `id` null: none is selected. `journey`: of which the map shows where it is; -1: none in particular. */
  async showConnection(id: string | null, journey: number): Promise<void> {
    this.#connection?.abort();
    if (id === null) {
      this.journeys = null;
      return;
    }
    const known = this.journeys;
    if (id === known?.connection.id && (journey < 0 || isOnPage(known, journey))) return;
    const request = new AbortController();
    this.#connection = request;
    try {
      this.journeys = await call(
        "join.journeys",
        { connection: id, from: pageAround(journey) },
        { signal: request.signal },
      );
    } catch (error) {
      // The joining is made anew, or it is another workspace's connection: the map stands without it.
      if (!isCancelled(error)) this.journeys = null;
    }
  }

  /** Counts for the replay, of the range or of everything. */
  async loadReplay(range: TimeRange | null): Promise<void> {
    const { model } = this;
    if (!model) return;
    this.#activity?.abort();
    const request = new AbortController();
    this.#activity = request;
    const whole = Math.max(1, model.graph.durationNs);
    const at = (time: TimeRange["from"]): number =>
      Math.min(whole, Math.max(0, secondsSince(time, model.graph.firstTime) * 1e9));
    const fromNs = range ? at(range.from) : 0;
    const toNs = range ? Math.max(fromNs + 1, at(range.to)) : whole;
    try {
      const answer = await call("map.activity", { fromNs, toNs, buckets: BUCKETS }, { signal: request.signal });
      this.replay = readMapActivity(answer);
    } catch (error) {
      if (!isCancelled(error)) this.replay = null;
    }
  }
}
