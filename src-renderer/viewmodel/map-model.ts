/**
 * The map's graph as the pictures read it: the answer of map.graph with its columns as typed arrays, and how pods are put
 * together so that thousands stay readable.
 *
 * ```
 * places ─► items of a machine's box: a pod each, or all pods of a workload, a namespace, the machine
 *             machine n1 │ Deployment web ×12 │ DaemonSet log ×1 │ …
 * ```
 */
import type { MapActivity, MapGraph, MapMachine, MapPlace, MapPoint, MapService } from "../../src-shared/contract/map";

import type { MapFold } from "./map-element";
import { formatNoun } from "./quantity";

/** Which of the three networks is drawn. */
export type MapNetwork = "node" | "pod" | "service";

export interface MapModel {
  readonly machines: readonly MapMachine[];
  readonly points: readonly MapPoint[];
  readonly places: readonly MapPlace[];
  readonly services: readonly MapService[];
  readonly paths: readonly (readonly number[])[];
  readonly routes: number;
  readonly client: Int32Array;
  readonly server: Int32Array;
  readonly service: Int32Array;
  readonly path: Int32Array;
  readonly returnPath: Int32Array;
  readonly flags: Int32Array;
  readonly connections: Float64Array;
  readonly packets: Float64Array;
  readonly bytes: Float64Array;
  readonly missing: Float64Array;
  readonly graph: MapGraph;
}

/** Copies: where the bytes lie in their message is not for typed arrays. */
function ints(bytes: Uint8Array): Int32Array {
  return new Int32Array(bytes.slice().buffer);
}

function floats(bytes: Uint8Array): Float64Array {
  return new Float64Array(bytes.slice().buffer);
}

export function readMapGraph(graph: MapGraph): MapModel {
  const { machines, points, places, services, paths, routes } = graph;
  return {
    machines,
    points,
    places,
    services,
    paths,
    routes: routes.count,
    client: ints(routes.client),
    server: ints(routes.server),
    service: ints(routes.service),
    path: ints(routes.path),
    returnPath: ints(routes.returnPath),
    flags: ints(routes.flags),
    connections: floats(routes.connections),
    packets: floats(routes.packets),
    bytes: floats(routes.bytes),
    missing: floats(routes.missing),
    graph,
  };
}

/** Packets of routes by part of the time; entries of part b are start[b] … start[b + 1]. */
export interface MapReplay {
  readonly fromNs: number;
  readonly toNs: number;
  readonly buckets: number;
  readonly start: Int32Array;
  readonly route: Int32Array;
  readonly packets: Int32Array;
}

export function readMapActivity(activity: MapActivity): MapReplay {
  const { fromNs, toNs, buckets } = activity;
  return {
    fromNs,
    toNs,
    buckets,
    start: ints(activity.start),
    route: ints(activity.route),
    packets: ints(activity.packets),
  };
}

export type MapGrouping = "auto" | "pods" | "workload" | "namespace" | "node";

/** What one box inside a machine stands for. */
export interface MapItem {
  /** Stable: "pod default/web-a", "workload Deployment web". */
  readonly key: string;
  readonly kind: "pod" | "group" | "host" | "address";
  readonly label: string;
  readonly subtitle: string;
  /** Indices of places. */
  readonly places: readonly number[];
  /** Index of the machine; -1: no machine is known. */
  readonly machine: number;
  /** Null: it does not open. */
  readonly fold: MapFold | null;
}

/** Boxes that a person still reads one by one. */
const MOST_PODS = 80;
/** Addresses outside that are drawn one by one; the rest is one box. */
const MOST_ADDRESSES = 24;
const MORE_ADDRESSES = "address ~ more";

/** What "auto" comes to. */
export function chosenGrouping(model: MapModel, grouping: MapGrouping): Exclude<MapGrouping, "auto"> {
  if (grouping !== "auto") return grouping;
  const pods = model.places.filter((place) => place.kind === "pod");
  if (pods.length <= MOST_PODS) return "pods";
  const isOfUse = (of: (place: MapPlace) => string | null): boolean => {
    const known = pods.filter((pod) => of(pod) !== null).length;
    // Workloads that have a pod on every node are as many boxes as there are pods.
    const boxes = new Set(pods.map((pod) => `${pod.machine} ${pod.namespace ?? ""} ${of(pod) ?? ""}`)).size;
    return known * 2 > pods.length && boxes <= MOST_PODS;
  };
  if (isOfUse((place) => place.workload)) return "workload";
  return isOfUse((place) => place.namespace) ? "namespace" : "node";
}

/**
 * The boxes of all machines, each in an order that does not depend on traffic. `opened`: keys of groups whose pods are drawn one by
 * one, beside the group.
 */
export function mapItems(
  model: MapModel,
  grouping: Exclude<MapGrouping, "auto">,
  opened: ReadonlySet<string> = new Set(),
): readonly MapItem[] {
  const groups = new Map<
    string,
    { readonly item: Omit<MapItem, "places" | "subtitle" | "fold">; readonly places: number[] }
  >();
  const items: MapItem[] = [];
  const addresses: number[] = [];
  model.places.forEach((place, at) => {
    if (place.kind === "host" || (place.kind === "outside" && place.machine >= 0)) {
      items.push({
        key: `host ${place.name}`,
        kind: "host",
        label: place.name,
        subtitle: place.addresses[0] ?? "",
        places: [at],
        machine: place.machine,
        fold: null,
      });
    } else if (place.kind !== "pod") addresses.push(at);
    else if (grouping === "pods") items.push(podItem(place, at));
    else {
      const name =
        grouping === "workload"
          ? (place.workload ?? place.namespace)
          : grouping === "namespace"
            ? place.namespace
            : null;
      const machine = model.machines[place.machine]?.name ?? "";
      const key = `group ${machine} ${grouping === "node" ? "" : (place.namespace ?? "")} ${name ?? ""}`;
      const known = groups.get(key);
      if (known) known.places.push(at);
      else {
        const label = grouping === "node" ? "Pods" : (name ?? "other pods");
        groups.set(key, { item: { key, kind: "group", label, machine: place.machine }, places: [at] });
      }
    }
  });
  for (const { item, places } of groups.values()) {
    const [only] = places;
    const place = only === undefined ? undefined : model.places[only];
    if (places.length === 1 && place && only !== undefined) items.push(podItem(place, only));
    else {
      const open = opened.has(item.key);
      items.push({
        ...item,
        subtitle: formatNoun(places.length, "pod"),
        places,
        fold: { key: item.key, open, machines: [] },
      });
      if (open) items.push(...places.flatMap((at) => (model.places[at] ? [podItem(model.places[at], at)] : [])));
    }
  }
  items.push(...addressItems(model, addresses, opened));
  return items.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

function podItem(place: MapPlace, at: number): MapItem {
  return {
    key: `pod ${place.name}`,
    kind: "pod",
    label: place.name.includes("/") ? place.name.slice(place.name.indexOf("/") + 1) : place.name,
    subtitle: place.addresses.find((address) => address !== place.name) ?? (place.source === "inferred" ? "pod" : ""),
    places: [at],
    machine: place.machine,
    fold: null,
  };
}

/** The busiest addresses one by one, all others as one box. */
function addressItems(model: MapModel, addresses: readonly number[], opened: ReadonlySet<string>): MapItem[] {
  const count = new Float64Array(model.places.length);
  for (let r = 0; r < model.routes; r++)
    for (const end of [model.client[r] ?? -1, model.server[r] ?? -1])
      if (end >= 0) count[end] = (count[end] ?? 0) + (model.connections[r] ?? 0);
  const order = [...addresses].sort((a, b) => (count[b] ?? 0) - (count[a] ?? 0) || a - b);
  const rest = order.slice(MOST_ADDRESSES);
  const open = opened.has(MORE_ADDRESSES);
  const items = (open ? order : order.slice(0, MOST_ADDRESSES)).map((at): MapItem => {
    const place = model.places[at];
    const name = place?.name ?? "";
    const subtitle = place?.kind === "outside" ? "outside" : "network unknown";
    return { key: `address ${name}`, kind: "address", label: name, subtitle, places: [at], machine: -1, fold: null };
  });
  if (rest.length > 0)
    items.push({
      key: MORE_ADDRESSES,
      kind: "group",
      label: "More addresses",
      subtitle: `${rest.length} addresses`,
      places: rest,
      machine: -1,
      fold: { key: MORE_ADDRESSES, open, machines: [] },
    });
  return items;
}
