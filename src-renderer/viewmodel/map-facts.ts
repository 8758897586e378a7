/**
 * The map in words: what an element or a line is, what a click on it limits connections to, and the table that says the same as
 * the picture.
 */
import type { MapElement, MapLayout } from "./map-element";
import type { MapModel } from "./map-model";
import type { MapScene } from "./map-scene";
import { wireSums, type MapNet } from "./map-wires";
import { formatBytes, formatCount, formatNoun } from "./quantity";
import type { ConnectionScope } from "./selection-step";

/** The engine takes texts up to this length (contract/requests.ts, table.open). */
const LONGEST_OPTION = 4096;

export interface MapFact {
  readonly title: string;
  readonly lines: readonly string[];
}

interface Traffic {
  readonly connections: number;
  readonly packets: number;
  readonly bytes: number;
  readonly missing: number;
}

/** Names that the engine finds an element's ends by; empty: none. */
function endsOf(model: MapModel, element: MapElement): readonly string[] {
  return element.places.flatMap((at) => {
    const place = model.places[at];
    return !place ? [] : place.kind === "pod" ? [place.name] : place.addresses;
  });
}

/** What a click limits connections to; null: nothing can be said (too many pods in one box). */
export function elementScope(model: MapModel, element: MapElement): ConnectionScope | null {
  const { kind, label } = element;
  const together = element.fold?.machines ?? [];
  if (together.length > 0) {
    const node = together.flatMap((at) => model.machines[at]?.name ?? []).join("\n");
    const named = kind === "machine" ? label : `${label} (${element.subtitle})`;
    return node.length > LONGEST_OPTION ? null : { kind: "machine", label: `at ${named}`, options: { node } };
  }
  if (kind === "machine") {
    const machine = model.machines[element.machine];
    return machine ? { kind, label: `at ${machine.name}`, options: { node: machine.name } } : null;
  }
  if (kind === "service") {
    const service = model.services[element.service];
    return service ? { kind, label: `Service ${service.label}`, options: { service: service.label } } : null;
  }
  if (kind === "point") {
    const point = model.points[element.point];
    return point ? { kind, label: `through ${point.name}`, options: { point: point.point } } : null;
  }
  const ends = endsOf(model, element).join("\n");
  if (ends === "" || ends.length > LONGEST_OPTION) return null;
  const name = element.places.length === 1 ? (model.places[element.places[0] ?? -1]?.name ?? label) : label;
  const word = kind === "group" ? element.subtitle : kind === "pod" ? "pod" : kind === "host" ? "" : "address";
  const text = kind === "group" ? `${name} (${word})` : `${word} ${name}`.trim();
  return { kind, label: text, options: { ends } };
}

export function wireScope(scene: MapScene, wire: number): ConnectionScope | null {
  const { model, layout, net } = scene;
  const one = net.wires[wire];
  const [a, b] = [layout.elements[one?.a ?? -1], layout.elements[one?.b ?? -1]];
  if (!a || !b) return null;
  const label = wireLabel(a, b);
  const [service, other] = a.kind === "service" ? [a, b] : [b, a];
  if (service.kind === "service") {
    const ends = endsOf(model, other).join("\n");
    const name = model.services[service.service]?.label;
    return name === undefined || ends.length > LONGEST_OPTION
      ? null
      : { kind: "wire", label, options: { service: name, ends } };
  }
  if (net.network === "node") {
    if (a.point >= 0 && b.point >= 0) return { kind: "wire", label, options: { hopFrom: a.point, hopTo: b.point } };
    const [point, end] = a.point >= 0 ? [a, b] : [b, a];
    const ends = endsOf(model, end).join("\n");
    if (ends === "" || ends.length > LONGEST_OPTION) return null;
    return { kind: "wire", label, options: point.point >= 0 ? { ends, point: point.point } : { ends } };
  }
  const [ends, peers] = [endsOf(model, a).join("\n"), endsOf(model, b).join("\n")];
  return ends.length > LONGEST_OPTION || peers.length > LONGEST_OPTION
    ? null
    : { kind: "wire", label, options: { ends, peers } };
}

function wireLabel(a: MapElement, b: MapElement): string {
  return `between ${a.label} and ${b.label}`;
}

/** What runs over wires and what concerns elements, summed once a picture. */
export interface MapTotals {
  readonly ofElement: readonly Traffic[];
  readonly ofWire: (wire: number) => Traffic;
}

/** A set for each of 93,000 routes took 76 ms, this 31. */
export function mapTotals(model: MapModel, layout: MapLayout, net: MapNet): MapTotals {
  const columns = [model.connections, model.packets, model.bytes, model.missing];
  const elements = columns.map(() => new Float64Array(layout.elements.length));
  const wires = columns.map((column) => wireSums(net, column));
  const boxOf = (machine: number): number => layout.ofMachine[machine] ?? -1;
  // Paths are few: what each concerns is looked up once. A point's machine has to do with it, though the point may not be drawn.
  const ofPath = model.paths.map((path) => [
    ...new Set(path.flatMap((point) => [layout.ofPoint[point] ?? -1, boxOf(model.points[point]?.machine ?? -1)])),
  ]);
  /** Route that an element was met by last: each counts once a route. */
  const metBy = new Int32Array(layout.elements.length).fill(-1);
  const met: number[] = [];
  const meet = (element: number | undefined, route: number): void => {
    if (element === undefined || element < 0 || metBy[element] === route) return;
    metBy[element] = route;
    met.push(element);
    meet(layout.boxOf[element], route);
  };
  for (let r = 0; r < model.routes; r++) {
    met.length = 0;
    meet(layout.ofPlace[model.client[r] ?? -1], r);
    meet(layout.ofPlace[model.server[r] ?? -1], r);
    meet(layout.ofService[model.service[r] ?? -1], r);
    for (const element of ofPath[model.path[r] ?? 0] ?? []) meet(element, r);
    for (const element of ofPath[model.returnPath[r] ?? 0] ?? []) meet(element, r);
    for (let c = 0; c < columns.length; c++) {
      const value = columns[c]?.[r] ?? 0;
      const sums = elements[c];
      if (sums && value !== 0) for (const element of met) sums[element] = (sums[element] ?? 0) + value;
    }
  }
  const traffic = (from: readonly Float64Array[], at: number): Traffic => ({
    connections: from[0]?.[at] ?? 0,
    packets: from[1]?.[at] ?? 0,
    bytes: from[2]?.[at] ?? 0,
    missing: from[3]?.[at] ?? 0,
  });
  return {
    ofElement: layout.elements.map((_, at) => traffic(elements, at)),
    ofWire: (wire) => traffic(wires, wire),
  };
}

function trafficLines({ connections, packets, bytes, missing }: Traffic): string[] {
  if (connections === 0) return ["no connections seen"];
  return [
    `${formatNoun(connections, "connection")}, ${formatNoun(packets, "packet")}, ${formatBytes(bytes)} of payload`,
    ...(missing > 0 ? [`${formatNoun(missing, "packet")} not seen where to be expected`] : []),
  ];
}

const KIND_WORDS: Readonly<Record<MapElement["kind"], string>> = {
  machine: "Machine",
  pod: "Pod",
  group: "Group of pods",
  host: "The machine itself",
  address: "Address",
  point: "Capture point",
  service: "Service",
};

function kindWord({ kind, fold }: MapElement): string {
  if (fold !== null && fold.machines.length > 0) return kind === "machine" ? "Machines" : "Group of machines";
  if (kind === "group" && fold?.key.startsWith("address")) return "Group";
  return KIND_WORDS[kind];
}

function sourceText({ source, namedBy }: MapModel["places"][number]): string {
  if (source === "told") return "named by the cluster file";
  if (namedBy !== undefined) return namedBy === "comment" ? "named by packets' comments" : "named by the interface";
  return "inferred from the traffic";
}

export function elementFact(model: MapModel, element: MapElement, totals: Traffic | undefined): MapFact {
  const lines: string[] = [];
  const point = model.points[element.point];
  const place = element.places.length === 1 ? model.places[element.places[0] ?? -1] : undefined;
  const machine = model.machines[element.machine];
  if (element.kind === "group" && element.subtitle !== "") lines.push(element.subtitle);
  if (element.kind === "machine") lines.push(element.subtitle);
  if (place) {
    if (place.addresses.length > 0) lines.push(place.addresses.slice(0, 4).join(", "));
    if (place.workload !== null) lines.push(`of ${place.workload}`);
    lines.push(sourceText(place));
  }
  if (element.kind === "pod" && !point && element.faint) lines.push("not recorded itself");
  if (point && element.kind === "point")
    lines.push(`${element.subtitle} · ${point.id}`, `role by ${point.roleEvidence.join(", ") || "nothing"}`);
  const service = model.services[element.service];
  if (service) lines.push(element.subtitle);
  if (machine && element.kind !== "machine") lines.push(`on ${machine.name}`);
  // Traffic of what is open is at what stands beside it.
  if (totals && !element.fold?.open) lines.push(...trafficLines(totals));
  if (element.fold) lines.push(element.fold.open ? "open: a click or Enter closes it" : "a click or Enter opens it");
  const name = place && element.kind === "pod" ? place.name : (point?.name ?? element.label);
  return { title: `${kindWord(element)} ${element.kind === "host" ? "" : name}`.trim(), lines };
}

export function wireFact(scene: MapScene, wire: number, totals: MapTotals): MapFact | null {
  const one = scene.net.wires[wire];
  const [a, b] = [scene.layout.elements[one?.a ?? -1], scene.layout.elements[one?.b ?? -1]];
  if (!a || !b) return null;
  const lines = trafficLines(totals.ofWire(wire));
  if (scene.net.tunnel[wire] === 1) lines.push("some of it inside a tunnel");
  return { title: `${a.label} – ${b.label}`, lines };
}

export interface MapTableRow {
  readonly element: number;
  readonly cells: readonly string[];
}

export const MAP_TABLE_COLUMNS = ["What", "Name", "Where", "Talks with", "Connections", "Packets", "Missing"] as const;

/** The picture as a table: its elements that take part in anything, busiest first within their machine. */
export function mapTable(scene: MapScene, totals: MapTotals, most: number): readonly MapTableRow[] {
  const { model, layout, net } = scene;
  const peers = new Map<number, Set<number>>();
  const note = (from: number, to: number): void => {
    const own = peers.get(from);
    if (own) own.add(to);
    else peers.set(from, new Set([to]));
  };
  net.wires.forEach((wire, at) => {
    if ((scene.traffic[at] ?? 0) === 0) return;
    note(wire.a, wire.b);
    note(wire.b, wire.a);
  });
  return layout.elements.slice(0, most).map((element, at) => {
    const traffic = totals.ofElement[at];
    const own = [...(peers.get(at) ?? [])].map((other) => layout.elements[other]?.label ?? "");
    return {
      element: at,
      cells: [
        element.kind === "point" || element.kind === "service" ? element.subtitle : kindWord(element),
        element.label,
        model.machines[element.machine]?.name ?? "",
        own.length > 6 ? `${own.slice(0, 6).join(", ")} and ${own.length - 6} more` : own.join(", "),
        formatCount(traffic?.connections ?? 0),
        formatCount(traffic?.packets ?? 0),
        formatCount(traffic?.missing ?? 0),
      ],
    };
  });
}
