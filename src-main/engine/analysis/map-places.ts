/**
 * Who is where, for pictures: machines (recorded ones and those a cluster file names), and the places that send and answer.
 *
 * ```
 * address ─► pod (told, or behind a veth) ─┐
 *         ─► a machine's own address ──────┼─► place, on a machine or on none
 *         ─► outside, or nothing is known ─┘
 * ```
 */
import type { MapMachine, MapPlace, ServiceKind } from "../../../src-shared/contract/map";
import type { Cluster } from "../../../src-shared/model/cluster";
import type { Service } from "../../../src-shared/model/kubernetes";
import type { JoinResult, PlacedEndpoint } from "../../../src-shared/reconstruct/result";

interface GrowingPlace extends MapPlace {
  readonly addresses: string[];
}

/** More addresses of one machine or pod than a person reads. */
const MOST_ADDRESSES = 32;

export class MapPlaces {
  readonly machines: MapMachine[] = [];
  readonly places: GrowingPlace[] = [];
  readonly #machineByName = new Map<string, number>();
  readonly #machineByAddress = new Map<string, number>();
  readonly #byKey = new Map<string, number>();
  /** Pods by name, then by address: what was met before has nothing to add. */
  readonly #met = new Map<string, Map<string, number>>();
  /** Places of addresses that no cluster file names: these hold for all times. */
  readonly #byAddress = new Map<string, number>();

  constructor(
    private readonly join: JoinResult,
    private readonly cluster: Cluster,
  ) {
    for (const machine of join.topology.machines) {
      // A file that showed nothing, or whose interfaces tell of other machines.
      if (machine.points.length === 0 && machine.addresses.length === 0) continue;
      const at = this.#machine(machine.name, {
        name: machine.name,
        kind: machine.kind,
        source: machine.nameSource === "told" ? "told" : "inferred",
        addresses: machine.addresses,
        recorded: true,
      });
      for (const address of machine.addresses) this.#machineByAddress.set(address, at);
    }
    for (const node of cluster.nodes(null)) {
      const { name } = node.meta;
      const addresses = node.addresses.map((a) => a.address);
      const at = this.#machine(name, { name, kind: "node", source: "told", addresses, recorded: false });
      for (const address of addresses)
        if (!this.#machineByAddress.has(address)) this.#machineByAddress.set(address, at);
    }
    for (const pod of cluster.pods(null)) {
      if (pod.hostNetwork) continue;
      const name = `${pod.meta.namespace}/${pod.meta.name}`;
      const at = this.#pod(name, pod.node);
      for (const address of pod.addresses) this.#addAddress(at, address);
    }
    for (const point of join.points) {
      if (point.pod === null && point.podAddress === null) continue;
      const at =
        point.pod !== null
          ? this.#pod(point.pod, point.node)
          : this.#place(point.podAddress ?? "", {
              name: point.podAddress ?? "",
              kind: "pod",
              machine: this.machine(point.node),
            });
      if (point.podAddress !== null) this.#addAddress(at, point.podAddress);
    }
  }

  /** Index of the machine with this name; -1 none. */
  machine(name: string | null): number {
    return name === null ? -1 : (this.#machineByName.get(name) ?? -1);
  }

  /** Place of a capture point's pod; -1: it is no pod's. */
  ofPoint(point: number): number {
    const one = this.join.points[point];
    if (!one) return -1;
    return this.#byKey.get(one.pod ?? one.podAddress ?? "") ?? -1;
  }

  /** Place of a connection's end; -1: a Service's address, or none at all. */
  of(end: PlacedEndpoint): number {
    if (end.ip === "") return -1;
    // An address may be one pod's now and another's later: pods are known by name.
    if (end.pod !== null) {
      let met = this.#met.get(end.pod);
      if (!met) this.#met.set(end.pod, (met = new Map<string, number>()));
      let at = met.get(end.ip);
      if (at === undefined) {
        at = this.#byKey.get(end.pod) ?? this.#pod(end.pod, end.node);
        this.#addAddress(at, end.ip);
        this.#nameBy(at, end.namedBy);
        met.set(end.ip, at);
      }
      return at;
    }
    let at = this.#byAddress.get(end.ip);
    if (at === undefined) this.#byAddress.set(end.ip, (at = this.#ofAddress(end)));
    return at;
  }

  #ofAddress(end: PlacedEndpoint): number {
    const place = this.join.topology.place(end.ip);
    if (place?.network === "service") return -1;
    const machine = this.#machineByAddress.get(end.ip) ?? this.machine(end.node);
    if (place?.network === "pod") return this.#place(end.ip, { name: end.ip, kind: "pod", machine }, end.ip);
    const one = this.machines[machine];
    if (one && (place?.network === "node" || this.#machineByAddress.has(end.ip))) {
      const kind = one.kind === "outside" ? "outside" : "host";
      return this.#place(`machine ${one.name}`, { name: one.name, kind, machine }, end.ip);
    }
    const kind = place?.network === "outside" ? "outside" : "unknown";
    return this.#place(end.ip, { name: end.ip, kind, machine }, end.ip);
  }

  #pod(name: string, node: string | null): number {
    const told = this.cluster.pod(name, null);
    const slash = name.indexOf("/");
    return this.#place(name, {
      name,
      kind: "pod",
      machine: this.machine(told?.node ?? node),
      namespace: slash > 0 ? name.slice(0, slash) : null,
      workload: told?.owner ? `${told.owner.kind} ${told.owner.name}` : null,
      source: told ? "told" : "inferred",
    });
  }

  #place(
    key: string,
    place: Pick<MapPlace, "name" | "kind" | "machine"> & Partial<MapPlace>,
    address?: string,
  ): number {
    let at = this.#byKey.get(key);
    if (at === undefined) {
      at = this.places.length;
      this.#byKey.set(key, at);
      this.places.push({ namespace: null, workload: null, source: "inferred", ...place, addresses: [] });
    }
    if (address !== undefined) this.#addAddress(at, address);
    return at;
  }

  #nameBy(at: number, namedBy: MapPlace["namedBy"]): void {
    const place = this.places[at];
    if (place && namedBy !== undefined && place.source === "inferred") this.places[at] = { ...place, namedBy };
  }

  #addAddress(at: number, address: string): void {
    const { addresses } = this.places[at] as GrowingPlace;
    if (addresses.length < MOST_ADDRESSES && !addresses.includes(address)) addresses.push(address);
  }

  /** Files of one machine's name are one machine. */
  #machine(name: string, machine: MapMachine): number {
    const known = this.#machineByName.get(name);
    if (known === undefined) {
      this.#machineByName.set(name, this.machines.length);
      return this.machines.push(machine) - 1;
    }
    const old = this.machines[known] as MapMachine;
    this.machines[known] = {
      ...old,
      source: old.source === "told" ? "told" : machine.source,
      addresses: [...new Set([...old.addresses, ...machine.addresses])].slice(0, MOST_ADDRESSES),
    };
    return known;
  }
}

/** What a Service is, for the picture: a ClusterIP without an address is headless. */
export function serviceKind(service: Service | null): ServiceKind {
  if (!service) return "inferred";
  return service.headless && service.type === "ClusterIP" ? "headless" : service.type;
}

/** Addresses of one link or of a group belong to no place: fe80::/10, ff00::/8, 169.254/16, 224/4, broadcast, unspecified. */
export function isPlaceless(ip: string): boolean {
  if (ip.includes(":")) return /^(fe[89ab]|ff)/i.test(ip) || ip === "::";
  const first = Number.parseInt(ip, 10);
  return first >= 224 || first === 0 || ip.startsWith("169.254.");
}
