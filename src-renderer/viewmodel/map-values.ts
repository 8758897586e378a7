/**
 * What elements and wires of the map stand for as filters: addresses of pods, machines and Services, capture points. A wire stands for
 * what is between both of its ends.
 */
import { addressValue, anyOf, type FilterValue, pointValue } from "./filter-value";
import { textLiteral } from "../../src-shared/model/filter-text";
import type { MapElement } from "./map-element";
import type { MapModel } from "./map-model";
import type { MapScene } from "./map-scene";

/** All of it first, then each address of it; empty: nothing is known that a filter could ask for. */
export function elementValues(model: MapModel, element: MapElement): readonly FilterValue[] {
  const point = model.points[element.point];
  const together = element.fold?.machines ?? [];
  if (together.length > 0) return machinesValues(model, element, together);
  const addresses = addressesOf(model, element).map((address) => addressValue("Address", address));
  const own = element.kind === "point" && point ? [pointValue(point)] : [];
  const [only] = addresses;
  if (only && addresses.length === 1) return [...own, { ...only, label: KINDS[element.kind] }];
  const all = anyOf(addresses.map(({ filter }) => filter));
  return [
    ...own,
    ...(all === null ? [] : [{ label: KINDS[element.kind], text: element.label, filter: all }]),
    ...addresses.filter(({ filter }) => filter !== null).slice(0, MOST_ADDRESSES),
  ];
}

/** Machines that are drawn as one: what was captured on any of them, and on each. */
function machinesValues(model: MapModel, { label }: MapElement, machines: readonly number[]): readonly FilterValue[] {
  const each = machines.flatMap((at): FilterValue[] => {
    const machine = model.machines[at];
    if (!machine?.recorded) return [];
    return [{ label: "Captured on", text: machine.name, filter: `k8s.node == ${textLiteral(machine.name)}` }];
  });
  const all = anyOf(each.map(({ filter }) => filter));
  return all === null ? each : [{ label: "Captured on them", text: label, filter: all }, ...each];
}

/** Packets between its ends. */
export function wireValues(scene: MapScene, wire: number): readonly FilterValue[] {
  const { model, layout, net } = scene;
  const ends = [net.wires[wire]?.a, net.wires[wire]?.b].map((at) => layout.elements[at ?? -1]);
  const filters = ends.map((end) => (end ? (elementValues(model, end)[0]?.filter ?? null) : null));
  const [a, b] = filters;
  if (!a || !b) return [];
  const [from, to] = ends;
  // Two capture points: no packet is at both, so those at either.
  const isPath = from?.kind === "point" && to?.kind === "point";
  return [
    {
      label: "Between them",
      text: `${from?.label ?? ""} – ${to?.label ?? ""}`,
      filter: isPath ? `${a} || ${b}` : `(${a}) && (${b})`,
    },
  ];
}

const MOST_ADDRESSES = 12;

const KINDS: Readonly<Record<MapElement["kind"], string>> = {
  machine: "Machine",
  pod: "Pod",
  group: "All of them",
  host: "Machine",
  address: "Address",
  point: "Address",
  service: "Service",
};

function addressesOf(model: MapModel, element: MapElement): readonly string[] {
  // "10.96.0.1:80": whether it is TCP or UDP only its connections tell.
  const service = model.services[element.service]?.label;
  if (service !== undefined) return [service.replace(/^\[(.*)\](:\d+)?$/, "$1").replace(/^([\d.]+):\d+$/, "$1")];
  if (element.kind === "machine") return model.machines[element.machine]?.addresses ?? [];
  if (element.kind === "point") return [];
  return [...new Set(element.places.flatMap((at) => model.places[at]?.addresses ?? []))];
}
