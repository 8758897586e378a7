/** A joined connection in the map's terms: its ends as places, its way as points. */
import type { ConnectionJson, PlacedEndpointJson } from "../../src-shared/contract/join";
import { endpointText } from "../../src-shared/model/endpoint-text";
import type { MapModel } from "./map-model";
import type { LitConnection } from "./map-wires";

export function litConnection(model: MapModel, connection: ConnectionJson): LitConnection {
  const points = new Map(model.points.map((point) => [point.id, point.point]));
  const numbers = (path: readonly string[]): number[] => path.flatMap((id) => points.get(id) ?? []);
  const { requested, service } = connection;
  const label = service ?? (requested ? endpointText(requested) : "");
  return {
    client: placeOf(model, connection.client),
    server: placeOf(model, connection.server),
    service: model.services.findIndex((one) => one.label === label),
    path: numbers(connection.path),
    returnPath: numbers(connection.returnPath),
  };
}

function placeOf(model: MapModel, end: PlacedEndpointJson): number {
  const named = end.pod === null ? -1 : model.places.findIndex((place) => place.name === end.pod);
  return named >= 0 ? named : model.places.findIndex((place) => place.addresses.includes(end.ip));
}
