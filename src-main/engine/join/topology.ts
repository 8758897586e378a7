/**
 * What the joined connections say of the network: which machine a point is on and in which role, where pods are, which addresses
 * a machine owns, which are Services. Told by a cluster file where there is one, else inferred, and then marked so.
 *
 * ```
 * names, link types ─┐
 * paths ─────────────┼─► roles ─► pods (behind a veth, on a pod's NIC) ─► tunnel ends, NAT addresses ─► machines ─► places
 * MACs, translations ┘
 * ```
 */
import type { Cluster } from "../../../src-shared/model/cluster";
import type { PointRole } from "../../../src-shared/model/point-role";
import type { AddressPlace, Endpoint, Machine, Point, Topology } from "../../../src-shared/reconstruct/result";
import { SIGHTING_CARRIED } from "../kernel/assembly/abi";
import { type ConnectionTable, NO_PORT } from "./connection-table";
import { FLOW_ACTIVE } from "./flow-matching";
import type { Joined } from "./join";
import { isCardName, namedRole } from "./point-names";
import { type SightingColumns, W_ID } from "./sighting-columns";
import { isPlain, trafficRoles } from "./traffic-roles";

/** LINUX_SLL, LINUX_SLL2. */
const COOKED: ReadonlySet<number> = new Set([113, 276]);

export interface PointInfo {
  readonly id: string;
  readonly fileIndex: number;
  readonly file: string;
  /** Points of one file, or of one network namespace of it (point-groups.ts). */
  readonly group: number;
  /** "default/web-a", where the capture tells it. */
  readonly toldPod: string | null;
  readonly name: string | undefined;
  readonly linkType: number;
  readonly packets: number;
}

export interface TopologyInput {
  readonly columns: SightingColumns;
  readonly joined: Joined;
  readonly points: readonly PointInfo[];
  /** Names of the groups of points; below a group is called a file, which it is nearly always. */
  readonly groups: readonly string[];
  readonly cluster: Cluster | undefined;
}

/** Connections looked at for addresses and MACs, evenly over the recording. */
const SAMPLE = 20000;

/** Of these, connections whose steps are looked at for roles. */
const ROLE_SAMPLE = 1000;

/** An address with its family: keys of all maps here. */
function keyOf(address: number, v6: boolean): number {
  return v6 ? address + 4294967296 : address;
}

export interface Place extends AddressPlace {
  /** Index of the machine, -1 unknown. */
  readonly machine: number;
}

export class NetworkTopology implements Topology {
  readonly machines: Machine[] = [];
  readonly points: Point[] = [];
  readonly services: Topology["services"];
  readonly machineOfPoint: Int32Array;
  private readonly roles: PointRole[] = [];
  private readonly roleEvidence: string[][] = [];
  /** Machine (file, before machines are numbered) of each pod address, of each owned address. */
  private readonly pods = new Map<number, number>();
  private readonly owned = new Map<number, number>();
  /** Node address in front of a pod whose own node's files are not given. */
  private readonly behind = new Map<number, number>();
  private readonly podOfPoint = new Map<number, number>();
  private readonly serviceKeys = new Set<number>();
  private readonly keyByText = new Map<string, number>();
  private readonly fileMachine: Int32Array;
  private readonly podPrefixes = new Set<number>();
  private readonly cluster: Cluster | undefined;

  constructor(private readonly input: TopologyInput) {
    this.cluster = input.cluster && !input.cluster.empty ? input.cluster : undefined;
    this.fileMachine = new Int32Array(input.groups.length).map((_, i) => i);
    this.machineOfPoint = new Int32Array(input.points.length);
    const sample = this.sample();
    this.findRoles(sample);
    this.findPods(sample);
    this.joinFiles(sample);
    this.findOwned(sample);
    this.findTunnelEnds();
    this.findServices();
    this.buildMachines();
    this.buildPoints();
    this.services = this.listServices();
  }

  private get table(): ConnectionTable {
    return this.input.joined.table;
  }

  private sample(): number[] {
    const { count } = this.table;
    const step = Math.max(1, Math.floor(count / SAMPLE));
    const list: number[] = [];
    for (let c = 0; c < count; c += step) list.push(c);
    return list;
  }

  private v6(connection: number): boolean {
    return this.input.columns.v6(this.table.root[connection] as number);
  }

  private fileOf(point: number): number {
    return this.input.points[point]?.group ?? 0;
  }

  private textOf(key: number): string {
    const v6 = key >= 4294967296;
    return this.input.columns.addressText(v6 ? key - 4294967296 : key, v6);
  }

  private pathsOf(connection: number): readonly (readonly number[])[] {
    const { table } = this;
    return [
      table.paths[table.path[connection] as number] ?? [],
      table.paths[table.returnPath[connection] as number] ?? [],
    ];
  }

  /** Link-local and group addresses say nothing of who lives where. */
  private isPlain(key: number): boolean {
    const v6 = key >= 4294967296;
    return isPlain(this.input.columns, v6 ? key - 4294967296 : key, v6);
  }

  private findRoles(sample: readonly number[]): void {
    const { points, joined, columns } = this.input;
    const perFile: number[][] = this.input.groups.map(() => []);
    points.forEach((p, i) => {
      perFile[p.group]?.push(i);
      this.roles.push("unknown");
      this.roleEvidence.push([]);
    });
    const give = (p: number, role: PointRole, evidence: string): void => {
      this.roles[p] = role;
      this.roleEvidence[p] = [evidence];
    };
    points.forEach((p, i) => {
      const named = namedRole(p.name);
      if (named) give(i, named, "name");
      else if (p.linkType === 0 || p.linkType === 108) give(i, "loopback", "link type");
      else if (p.linkType === 12 || p.linkType === 14 || p.linkType === 101 || p.linkType === 228 || p.linkType === 229)
        give(i, "tunnel-device", "link type");
      else if (joined.bridges.has(i)) give(i, "bridge", "shares stamps with its ports");
    });
    // A file that shows a packet both in a tunnel and out of it is of a tunnel's end: a node.
    const carried = new Uint8Array(points.length);
    const isEnd = new Uint8Array(this.input.groups.length);
    for (const c of sample) {
      // By file and tuple: a router that passes on both a call and, later, its tunnelled and translated continuation is no end.
      const from = this.table.flowStart[c] as number;
      const to = this.table.flowStart[c + 1] as number;
      for (let i = from; i < to; i++) {
        const f = this.table.flows[i] as number;
        if (columns.depth(f) < 2) continue;
        const p = joined.pointOfFlow[f] as number;
        const file = this.fileOf(p);
        carried[p] = 1;
        for (let k = from; k < to && !isEnd[file]; k++) {
          const g = this.table.flows[k] as number;
          if (
            joined.match.tuple[g] === joined.match.tuple[f] &&
            columns.depth(g) < 2 &&
            this.fileOf(joined.pointOfFlow[g] as number) === file
          )
            isEnd[file] = 1;
        }
      }
    }
    const forwards = this.forwardingFiles(sample);
    const traffic = trafficRoles(columns, joined, (p) => this.fileOf(p), sample.slice(0, ROLE_SAMPLE));
    for (const [file, list] of perFile.entries()) {
      for (const p of list) {
        if (this.roles[p] !== "unknown") continue;
        if (traffic.tunnelDevices.has(p) && !carried[p] && isEnd[file])
          give(p, "tunnel-device", "plain before it is carried");
        else if (traffic.bridges.has(p)) give(p, "bridge", "switches before a routed step");
        else if (traffic.veths.has(p)) give(p, "host-veth", "one address behind it");
      }
      const roles = new Set(list.map((p) => this.roles[p]));
      const node = isEnd[file] === 1 || roles.has("host-veth") || (roles.has("bridge") && !forwards.has(file));
      for (const p of list) {
        if (this.roles[p] !== "unknown") continue;
        if (carried[p] && isEnd[file]) give(p, "node-nic", "carries tunnels that end here");
        else if (node && list.length > 1) give(p, "node-nic", isCardName(points[p]?.name) ? "name" : "traffic");
        else if (list.length > 1 && forwards.has(file)) give(p, "router-port", "forwards");
      }
    }
  }

  /** Files two of whose points see the same packets with nothing in between: they route or switch. */
  private forwardingFiles(sample: readonly number[]): Set<number> {
    const files = new Set<number>();
    for (const c of sample)
      for (const path of this.pathsOf(c))
        for (let i = 1; i < path.length; i++) {
          const a = this.fileOf(path[i - 1] as number);
          if (a === this.fileOf(path[i] as number)) files.add(a);
        }
    return files;
  }

  /** Addresses at the ends of paths that begin or end at a veth or a pod's card. */
  private findPods(sample: readonly number[]): void {
    const { points } = this.input;
    const votes = new Map<number, Map<number, number>>();
    const vote = (point: number, key: number): void => {
      if (!this.isPlain(key)) return;
      let m = votes.get(point);
      if (!m) votes.set(point, (m = new Map<number, number>()));
      m.set(key, (m.get(key) ?? 0) + 1);
    };
    const perFile = this.input.groups.map(
      (_, f) => points.filter((p) => p.group === f && namedRole(p.name) !== "loopback").length,
    );
    for (const c of sample) {
      const v6 = this.v6(c);
      const [there = [], back = []] = this.pathsOf(c);
      const ends = (path: readonly number[], fromClient: boolean): void => {
        const near = fromClient ? this.table.clientAddress : this.table.serverAddress;
        const port = fromClient ? this.table.clientPort : this.table.serverPort;
        if (port[c] === NO_PORT) return;
        const key = keyOf(near[c] as number, v6);
        const [first, second] = path;
        if (first === undefined) return;
        if (this.roles[first] === "host-veth") vote(first, key);
        else if (this.roles[first] === "unknown" && perFile[this.fileOf(first)] === 1) {
          vote(first, key);
          if (second !== undefined && this.roles[second] === "host-veth") vote(second, key);
        }
      };
      ends(there, true);
      ends(back, false);
    }
    // A single card next to a veth of another file is a pod's.
    const nextToVeth = new Set<number>();
    for (const c of sample)
      for (const path of this.pathsOf(c)) {
        for (const [x, y] of [
          [path[0], path[1]],
          [path[path.length - 1], path[path.length - 2]],
        ])
          if (
            x !== undefined &&
            y !== undefined &&
            this.roles[x] === "unknown" &&
            this.roles[y] === "host-veth" &&
            this.fileOf(x) !== this.fileOf(y)
          )
            nextToVeth.add(x);
      }
    for (const [point, m] of votes) {
      const [best, second] = [...m].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
      if (!best) continue;
      const address = best[0];
      if (this.roles[point] === "unknown" && this.isWholeNode(point, m)) continue;
      if (this.roles[point] === "unknown") {
        const told = this.cluster?.podAt(this.textOf(address), null);
        if (nextToVeth.has(point)) {
          this.roles[point] = "pod-nic";
          this.roleEvidence[point] = ["next to a veth"];
        } else if (told) {
          this.roles[point] = "pod-nic";
          this.roleEvidence[point] = ["told"];
        } else {
          // A host's only card: the address in everything is its own, if several conversations tell it from their other ends.
          if (second && second[1] * 2 > best[1]) continue;
          this.owned.set(address, this.fileOf(point));
          if (this.cluster?.nodeAt(this.textOf(address), null)) {
            this.roles[point] = "node-nic";
            this.roleEvidence[point] = ["told"];
          }
          continue;
        }
      }
      this.podOfPoint.set(point, address);
      this.pods.set(address, this.fileOf(point));
      // Dual stack: an address of the other family behind the same point.
      const [other, next] = [...m]
        .filter(([key]) => key >= 4294967296 !== address >= 4294967296)
        .sort((a, b) => b[1] - a[1] || a[0] - b[0]);
      if (other && (!next || next[1] * 2 <= other[1])) this.pods.set(other[0], this.fileOf(point));
    }
    for (const address of this.pods.keys()) if (address < 4294967296) this.podPrefixes.add(address >>> 16);
  }

  /**
   * A cooked capture of all interfaces ("any") on a node: cluster files say that several of the addresses whose packets begin there
   * are pods', or one of them the node's. Takes notice of these.
   */
  private isWholeNode(point: number, votes: ReadonlyMap<number, number>): boolean {
    const { cluster } = this;
    const { linkType } = this.input.points[point] ?? {};
    if (!cluster || linkType === undefined || !COOKED.has(linkType)) return false;
    const addresses = [...votes.keys()];
    const pods = addresses.filter((key) => cluster.podAt(this.textOf(key), null));
    const nodes = addresses.filter((key) => cluster.nodeAt(this.textOf(key), null));
    const names = pods.map((key) => cluster.podAt(this.textOf(key), null)?.meta);
    const isSeveral = new Set(names.map((meta) => `${meta?.namespace}/${meta?.name}`)).size > 1;
    if (!isSeveral && nodes.length === 0) return false;
    for (const key of pods) this.pods.set(key, this.fileOf(point));
    for (const key of nodes) this.owned.set(key, this.fileOf(point));
    return true;
  }

  /** A pod's card and the veth it is wired to are on one machine. */
  private joinFiles(sample: readonly number[]): void {
    const root = (f: number): number => {
      let at = f;
      while ((this.fileMachine[at] as number) !== at) at = this.fileMachine[at] as number;
      return at;
    };
    for (const c of sample)
      for (const path of this.pathsOf(c))
        for (let i = 1; i < path.length; i++) {
          const a = path[i - 1] as number;
          const b = path[i] as number;
          const [x, y] = this.roles[a] === "pod-nic" ? [a, b] : [b, a];
          if (this.roles[x] !== "pod-nic" || this.roles[y] !== "host-veth" || this.fileOf(x) === this.fileOf(y))
            continue;
          if (this.podOfPoint.get(x) !== this.podOfPoint.get(y)) continue;
          // The node's file stands for the machine.
          this.fileMachine[root(this.fileOf(x))] = root(this.fileOf(y));
        }
    for (let f = 0; f < this.fileMachine.length; f++) this.fileMachine[f] = root(f);
  }

  private machineFile(point: number): number {
    return this.fileMachine[this.fileOf(point)] as number;
  }

  /** Addresses a machine owns: what NAT put there, what begins on its own devices. */
  private findOwned(sample: readonly number[]): void {
    const { table } = this;
    const { columns, joined } = this.input;
    const own = (key: number, file: number): void => {
      if (this.isPlain(key) && !this.pods.has(key) && !this.owned.has(key)) this.owned.set(key, file);
    };
    // MACs of a machine's own cards: they send what came from its other points.
    const localMacs = new Map<number, Set<string>>();
    const macOf = (c: number, point: number, toServer: boolean, destination: boolean): string | undefined => {
      const flip = table.serverIsA[c] as number;
      for (let i = table.flowStart[c] as number; i < (table.flowStart[c + 1] as number); i++) {
        const f = table.flows[i] as number;
        if (joined.pointOfFlow[f] !== point) continue;
        const direction = (toServer ? 0 : 1) ^ joined.match.sets.swapped(f) ^ flip;
        if (columns.macSeen(f, direction) !== 1) continue;
        const at = columns.macsAt(f, direction) + (destination ? 6 : 0);
        let text = "";
        for (let k = 0; k < 6; k++) text += String.fromCharCode(columns.bytes[at + k] as number);
        return text;
      }
      return undefined;
    };
    const add = (point: number, mac: string | undefined): void => {
      if (mac === undefined) return;
      let set = localMacs.get(point);
      if (!set) localMacs.set(point, (set = new Set()));
      set.add(mac);
    };
    const few = sample.slice(0, 1500);
    for (const c of few)
      this.pathsOf(c).forEach((path, back) => {
        for (let i = 0; i < path.length; i++) {
          const p = path[i] as number;
          if (this.roles[p] !== "node-nic" && this.roles[p] !== "router-port") continue;
          // Crossed twice, its flows are of both ways: which MAC is whose is not told.
          if (path.indexOf(p) !== path.lastIndexOf(p)) continue;
          const before = path[i - 1];
          const after = path[i + 1];
          if (before !== undefined && this.machineFile(before) === this.machineFile(p))
            add(p, macOf(c, p, back === 0, false));
          else if (after !== undefined && this.machineFile(after) === this.machineFile(p))
            add(p, macOf(c, p, back === 0, true));
        }
      });
    for (const c of sample) {
      const v6 = this.v6(c);
      for (const t of table.translations[table.changes[c] as number] ?? [])
        if (t.kind === "snat" && this.machineFile(t.before) === this.machineFile(t.after))
          own(keyOf(t.toAddress, v6), this.machineFile(t.after));
      this.pathsOf(c).forEach((path, back) => {
        const p = path[0];
        const port = back ? table.serverPort[c] : table.clientPort[c];
        if (p === undefined || port === NO_PORT) return;
        const key = keyOf((back ? table.serverAddress : table.clientAddress)[c] as number, v6);
        const role = this.roles[p];
        if (role === "bridge" || role === "tunnel-device" || role === "loopback") {
          // A router's bridge sees what its hosts send; a node's own begins with what the node sends.
          if (role !== "bridge" || this.hasRole(this.machineFile(p), "host-veth")) own(key, this.machineFile(p));
        } else if (role === "node-nic" || role === "router-port") {
          const mac = macOf(c, p, back === 0, false);
          if (mac !== undefined && localMacs.get(p)?.has(mac)) own(key, this.machineFile(p));
        }
      });
    }
  }

  private hasRole(file: number, role: PointRole): boolean {
    return this.input.points.some((_, i) => this.machineFile(i) === file && this.roles[i] === role);
  }

  /** The outer address on a local pod's side is the node's; the other one stands in front of the pod at the other end. */
  private findTunnelEnds(): void {
    const { columns, joined } = this.input;
    const flowsSeen = Math.min(columns.flowCount, 200000);
    for (let f = 0; f < flowsSeen; f++) {
      if (joined.match.kind[f] !== FLOW_ACTIVE || columns.depth(f) < 2) continue;
      const row = columns.order[columns.start[f] as number];
      if (row === undefined || row === 0 || !(columns.word(row, W_ID) & SIGHTING_CARRIED)) continue;
      const outer = columns.flow(row - 1);
      const d = columns.direction(row);
      const o = columns.direction(row - 1);
      const v6 = columns.v6(f);
      const file = this.machineFile(joined.pointOfFlow[f] as number);
      for (let end = 0; end < 2; end++) {
        const inner = keyOf(columns.address(f, d ^ end), v6);
        const node = keyOf(columns.address(outer, o ^ end), columns.v6(outer));
        const home = this.pods.get(inner);
        if (home !== undefined && this.fileMachine[home] === file) {
          if (!this.owned.has(node)) this.owned.set(node, file);
        } else if (home === undefined && !this.owned.has(inner) && this.isPlain(inner)) this.behind.set(inner, node);
      }
    }
    for (const [inner, node] of this.behind) {
      const file = this.owned.get(node);
      // The node's own files are here, and its pods known: what it sent itself is its own address.
      if (file !== undefined) this.behind.delete(inner);
    }
  }

  private findServices(): void {
    const { table } = this;
    for (let c = 0; c < table.count; c++) {
      if (!table.changes[c]) continue;
      const v6 = this.v6(c);
      for (const t of table.translations[table.changes[c] as number] ?? []) {
        const key = keyOf(t.fromAddress, v6);
        if (t.kind === "dnat" && !this.owned.has(key) && !this.pods.has(key)) this.serviceKeys.add(key);
      }
    }
  }

  private buildMachines(): void {
    const { groups, points } = this.input;
    const roots = [...new Set(this.fileMachine)].sort((a, b) => a - b);
    const number = new Map(roots.map((f, i) => [f, i]));
    for (let p = 0; p < points.length; p++) this.machineOfPoint[p] = number.get(this.machineFile(p)) ?? 0;
    for (const file of roots) {
      const own = points.map((_, i) => i).filter((i) => this.machineFile(i) === file);
      const keys = [...this.owned].filter(([, f]) => this.fileMachine[f] === file).map(([k]) => k);
      const addresses = keys.map((k) => this.textOf(k));
      const pods = [...this.pods].filter(([, f]) => this.fileMachine[f] === file).map(([k]) => this.textOf(k));
      const told = this.toldNode(addresses, pods);
      const has = (role: PointRole): boolean => own.some((p) => this.roles[p] === role);
      const kind =
        told || has("host-veth") || has("node-nic") || has("pod-nic")
          ? "node"
          : has("router-port")
            ? "router"
            : "unknown";
      const stem = groups[file] ?? "";
      this.machines.push({
        name: told ?? stem,
        nameSource: told !== null ? "told" : "file",
        kind: kind === "unknown" && addresses.length > 0 && this.pods.size > 0 ? "outside" : kind,
        addresses,
        points: own,
      });
    }
    for (const key of [...this.owned.keys(), ...this.pods.keys(), ...this.behind.keys(), ...this.serviceKeys])
      this.keyByText.set(this.textOf(key), key);
    this.machineNumber = number;
  }
  private machineNumber = new Map<number, number>();

  /** Name of the cluster's node that has one of these addresses, or runs most of these pods. */
  private toldNode(addresses: readonly string[], pods: readonly string[]): string | null {
    const { cluster } = this;
    if (!cluster) return null;
    for (const a of addresses) {
      const node = cluster.nodeAt(a, null);
      if (node) return node.meta.name;
    }
    const votes = new Map<string, number>();
    for (const a of pods) {
      const name = cluster.podAt(a, null)?.node;
      if (name) votes.set(name, (votes.get(name) ?? 0) + 1);
    }
    return [...votes].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
  }

  private buildPoints(): void {
    this.input.points.forEach((p, i) => {
      const machine = this.machines[this.machineOfPoint[i] as number];
      const address = this.podOfPoint.get(i);
      const text = address === undefined ? null : this.textOf(address);
      const isPod = this.roles[i] === "pod-nic" || this.roles[i] === "host-veth";
      const pod = isPod && text !== null ? (this.cluster?.podAt(text, null) ?? null) : null;
      this.points.push({
        id: p.id,
        fileIndex: p.fileIndex,
        file: p.file,
        interface: p.name ?? null,
        role: this.roles[i] ?? "unknown",
        roleEvidence: this.roleEvidence[i] ?? [],
        node: machine?.name ?? null,
        machine: this.machineOfPoint[i] as number,
        namespace: pod?.meta.namespace ?? null,
        pod: pod
          ? `${pod.meta.namespace}/${pod.meta.name}`
          : isPod && text !== null
            ? this.inferredPodName(text)
            : null,
        podAddress: isPod ? text : null,
        packets: p.packets,
      });
    });
  }

  /** The capture tells it, or the file of a pod's own card names the pod, if nothing else does. */
  private inferredPodName(address: string): string | null {
    for (const [point, key] of this.podOfPoint) {
      const told = this.input.points[point]?.toldPod;
      if (told && this.textOf(key) === address) return told;
    }
    for (const [point, key] of this.podOfPoint)
      if (this.roles[point] === "pod-nic" && this.textOf(key) === address)
        return this.input.groups[this.fileOf(point)] ?? null;
    return null;
  }

  place(address: string): Place | null {
    return this.placeAt(address, null);
  }

  /**
   * Whether what is no pod and no node is outside. Captures of all interfaces show no veths and no bridges: where nobody tells of pods
   * and nodes either, any of the machines may be one.
   */
  get knowsInside(): boolean {
    return (
      this.cluster !== undefined ||
      this.pods.size > 0 ||
      this.machines.some((m) => m.kind === "node") ||
      !this.input.points.some((p) => COOKED.has(p.linkType))
    );
  }

  /** By stretch of the cluster's time (0 without one), then by address. Finding took half of the time of building a connection. */
  private readonly knownPlaces = new Map<number, Map<string, Place | null>>();

  /** What an address is. `atMs`: names hold for intervals. */
  placeAt(address: string, atMs: number | null): Place | null {
    const stretch = this.cluster?.stretchAt(atMs) ?? 0;
    let known = this.knownPlaces.get(stretch);
    if (!known) this.knownPlaces.set(stretch, (known = new Map<string, Place | null>()));
    let place = known.get(address);
    if (place === undefined) {
      place = this.findPlace(address, atMs);
      known.set(address, place);
    }
    return place;
  }

  private findPlace(address: string, atMs: number | null): Place | null {
    const { cluster } = this;
    const key = this.keyByText.get(address);
    const file = key === undefined ? undefined : (this.pods.get(key) ?? this.owned.get(key));
    const machine = file === undefined ? -1 : (this.machineNumber.get(this.fileMachine[file] as number) ?? -1);
    if (cluster) {
      const pod = cluster.podAt(address, atMs);
      if (pod)
        return {
          network: "pod",
          pod: `${pod.meta.namespace}/${pod.meta.name}`,
          node: pod.node,
          source: "told",
          machine: machine >= 0 ? machine : this.machineNamed(pod.node),
        };
      const node = cluster.nodeAt(address, atMs);
      if (node)
        return {
          network: "node",
          pod: null,
          node: node.meta.name,
          source: "told",
          machine: machine >= 0 ? machine : this.machineNamed(node.meta.name),
        };
      if (cluster.networkOf(address, atMs) === "service")
        return { network: "service", pod: null, node: null, source: "told", machine: -1 };
    }
    const name = machine >= 0 ? (this.machines[machine]?.name ?? null) : null;
    const kind = machine >= 0 ? this.machines[machine]?.kind : undefined;
    if (key !== undefined) {
      if (this.pods.has(key))
        return { network: "pod", pod: this.inferredPodName(address), node: name, source: "inferred", machine };
      if (this.owned.has(key)) {
        const inside = kind === "node";
        return {
          network: inside ? "node" : "outside",
          pod: null,
          node: inside ? name : null,
          source: "inferred",
          machine,
        };
      }
      if (this.serviceKeys.has(key))
        return { network: "service", pod: null, node: null, source: "inferred", machine: -1 };
      const front = this.behind.get(key);
      if (front !== undefined) {
        const told = cluster?.nodeAt(this.textOf(front), atMs)?.meta.name;
        return {
          network: "pod",
          pod: null,
          node: told ?? this.textOf(front),
          source: "inferred",
          machine: told === undefined ? -1 : this.machineNamed(told),
        };
      }
    }
    const range = cluster?.nodeOfPodRange(address, atMs);
    if (range)
      return {
        network: "node",
        pod: null,
        node: range.meta.name,
        source: "inferred",
        machine: this.machineNamed(range.meta.name),
      };
    // A neighbour of known pods, reached without NAT.
    const v4 = /^(\d+)\.(\d+)\.\d+\.\d+$/.exec(address);
    if (v4 && this.podPrefixes.has((Number(v4[1]) << 8) | Number(v4[2])))
      return { network: "pod", pod: null, node: null, source: "inferred", machine: -1 };
    if (this.pods.size > 0 || cluster)
      return { network: "outside", pod: null, node: null, source: "inferred", machine: -1 };
    return null;
  }

  private machineNamed(name: string | null): number {
    return name === null ? -1 : this.machines.findIndex((m) => m.name === name);
  }

  private listServices(): Topology["services"] {
    const { table } = this;
    const found = new Map<
      number,
      {
        readonly endpoint: Endpoint;
        readonly protocol: string;
        readonly backends: Endpoint[];
        readonly known: Set<number>;
      }
    >();
    for (let c = 0; c < table.count; c++) {
      if (!table.changes[c]) continue;
      const v6 = this.v6(c);
      const text = (a: number): string => this.input.columns.addressText(a, v6);
      const udp = this.input.columns.protocol(table.root[c] as number) === 17;
      // Address, port and what tells families and protocols apart fit 53 bits.
      const numberOf = (address: number, port: number): number =>
        ((address * 131072 + port) * 2 + (udp ? 1 : 0)) * 2 + (v6 ? 1 : 0);
      for (const t of table.translations[table.changes[c] as number] ?? []) {
        if (t.kind !== "dnat") continue;
        const key = numberOf(t.fromAddress, t.fromPort);
        let one = found.get(key);
        if (!one) {
          const endpoint = { ip: text(t.fromAddress), port: t.fromPort };
          found.set(key, (one = { endpoint, protocol: udp ? "udp" : "tcp", backends: [], known: new Set() }));
        }
        const backend = numberOf(t.toAddress, t.toPort);
        if (one.known.has(backend)) continue;
        one.known.add(backend);
        one.backends.push({ ip: text(t.toAddress), port: t.toPort });
      }
    }
    return [...found.values()].map((s) => {
      const told = this.cluster?.serviceAt(s.endpoint.ip, s.endpoint.port, s.protocol === "udp" ? "udp" : "tcp", null);
      return {
        name: told ? `${told.service.meta.namespace}/${told.service.meta.name}` : null,
        endpoint: s.endpoint,
        protocol: s.protocol,
        backends: s.backends,
        source: told ? ("told" as const) : ("inferred" as const),
      };
    });
  }
}
