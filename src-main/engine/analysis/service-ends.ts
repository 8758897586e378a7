/**
 * What calls a Service, and what answers: a pod, a node itself, a router, somebody outside. The map's places say it, so that both
 * pictures call the same address the same.
 */
import type { CallEnd } from "../../../src-shared/contract/map";
import type { Cluster } from "../../../src-shared/model/cluster";
import type { JoinResult, PlacedEndpoint } from "../../../src-shared/reconstruct/result";
import { MapPlaces } from "./map-places";

export class ServiceEnds {
  readonly #places: MapPlaces;

  constructor(join: JoinResult, cluster: Cluster) {
    this.#places = new MapPlaces(join, cluster);
  }

  of(end: PlacedEndpoint): CallEnd {
    const called = end.name ?? null;
    const place = this.#places.places[this.#places.of(end)];
    if (!place) return { kind: "unknown", host: called };
    if (place.kind === "pod" || place.kind === "unknown") return { kind: place.kind, host: called };
    const machine = this.#places.machines[place.machine];
    // An address outside is a machine's own only where the place is called as the machine is.
    const host = machine?.name === place.name ? machine.name : called;
    if (place.kind === "outside") return { kind: "outside", host };
    return { kind: machine === undefined || machine.kind === "unknown" ? "machine" : machine.kind, host };
  }
}
