/**
 * What is known of the network while it is found out, step by step (topology.ts): roles of points, whose addresses are whose. An
 * address with its family is one number (keyOf): the key of all maps here.
 */
import type { Cluster } from "../../../../src-shared/model/cluster";
import type { PointRole } from "../../../../src-shared/model/point-role";
import type { ConnectionTable } from "../connection-table";
import type { Joined } from "../join";
import { type SightingColumns, W_ID } from "../sighting-columns";
import { NO_TOLD_NAMES, type ToldByCaptures, type ToldNames } from "../told-names/told-names";
import { INITIAL_TTLS, firstAt, isPlain } from "../traffic-roles";

export interface PointInfo {
  readonly id: string;
  readonly fileIndex: number;
  readonly file: string;
  /** Points of one file, or of one network namespace of it (point-groups.ts). */
  readonly group: number;
  /** "default/web-a", where the capture tells it. */
  readonly toldPod: string | null;
  /** Another tool made the interface for one container: all that crosses it is that container's. */
  readonly isContainers: boolean;
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
  /** Groups of points of several machines (point-groups.ts). */
  readonly mixed: ReadonlySet<number>;
  readonly cluster: Cluster | undefined;
  /** What captures call addresses, by their texts (capture-names.ts). */
  readonly names: ReadonlyMap<string, string>;
  /** What comments and interfaces tell of pods (told-names/bind-names.ts). */
  readonly told: ToldByCaptures;
}

/** LINUX_SLL, LINUX_SLL2. */
export const COOKED: ReadonlySet<number> = new Set([113, 276]);

const V6 = 4294967296;

/** An address with its family. */
export function keyOf(address: number, v6: boolean): number {
  return v6 ? address + V6 : address;
}
export function isV6(key: number): boolean {
  return key >= V6;
}

export class KnownNetwork {
  readonly cluster: Cluster | undefined;
  /** By point. */
  readonly roles: PointRole[];
  readonly roleEvidence: string[][];
  /** Machine (file, before machines are numbered) of each pod address, of each owned address. */
  readonly pods = new Map<number, number>();
  readonly owned = new Map<number, number>();
  /** Node address in front of a pod whose own node's files are not given. */
  readonly behind = new Map<number, number>();
  /** Of these, the tunnel's own end: the node's address on its tunnel device. */
  readonly tunnelEnds = new Set<number>();
  /** Who talks with pods as only the inside does, though its own machine's files are not given (peers.ts). */
  readonly peers = new Map<number, "pod" | "node">();
  /** Files that turned out to be of several machines, though they have one interface only. */
  readonly several = new Set<number>();
  readonly podOfPoint = new Map<number, number>();
  /** Of pods with addresses of both families: the point that the other one is behind. */
  readonly pointOfOther = new Map<number, number>();
  /** Upper halves of the IPv4 pods' addresses. */
  readonly podPrefixes = new Set<number>();
  /** First three bytes of the IPv4 addresses of peers that are pods. */
  readonly peerPrefixes = new Set<number>();
  /** Addresses that were asked for and translated, and are nobody's own. */
  readonly serviceKeys = new Set<number>();
  /** Pods' cards that are parts of a node's card (macvlan, ipvlan), with that card. */
  readonly sharedCards = new Map<number, number>();
  /** Names that comments and interfaces tell. */
  told: ToldNames = NO_TOLD_NAMES;
  /** File that stands for the machine of each file. */
  readonly fileMachine: Int32Array;

  /** Of a file of several machines nothing tells which point, or which packet, is of which. */
  isMixed(file: number): boolean {
    return this.input.mixed.has(file) || this.several.has(file);
  }

  constructor(readonly input: TopologyInput) {
    this.cluster = input.cluster && !input.cluster.empty ? input.cluster : undefined;
    this.fileMachine = new Int32Array(input.groups.length).map((_, i) => i);
    this.roles = input.points.map(() => "unknown");
    this.roleEvidence = input.points.map(() => []);
  }

  get table(): ConnectionTable {
    return this.input.joined.table;
  }

  v6(connection: number): boolean {
    return this.table.v6[connection] === 1;
  }

  fileOf(point: number): number {
    return this.input.points[point]?.group ?? 0;
  }

  textOf(key: number): string {
    const v6 = isV6(key);
    return this.input.columns.addressText(v6 ? key - V6 : key, v6);
  }

  pathsOf(connection: number): readonly (readonly number[])[] {
    const { table } = this;
    return [
      table.paths[table.path[connection] as number] ?? [],
      table.paths[table.returnPath[connection] as number] ?? [],
    ];
  }

  /** Link-local and group addresses say nothing of who lives where. */
  isPlain(key: number): boolean {
    const v6 = isV6(key);
    return isPlain(this.input.columns, v6 ? key - V6 : key, v6);
  }

  /** The file that stands for the point's machine. */
  machineFile(point: number): number {
    return this.fileMachine[this.fileOf(point)] as number;
  }

  /** Link address (six characters) of a connection's packets of one direction at a point; undefined where there is not one alone. */
  macAt(connection: number, point: number, toServer: boolean, destination: boolean): string | undefined {
    const { table } = this;
    const { columns, joined } = this.input;
    const flip = table.serverIsA[connection] as number;
    let found: string | undefined;
    for (let i = table.flowStart[connection] as number; i < (table.flowStart[connection + 1] as number); i++) {
      const f = table.flows[i] as number;
      if (joined.pointOfFlow[f] !== point) continue;
      const direction = (toServer ? 0 : 1) ^ joined.match.sets.swapped(f) ^ flip;
      if (columns.macSeen(f, direction) !== 1) continue;
      const at = columns.macsAt(f, direction) + (destination ? 6 : 0);
      let text = "";
      for (let k = 0; k < 6; k++) text += String.fromCharCode(columns.bytes[at + k] as number);
      // Sent back where it came from, translated: each of its flows has addresses of its own.
      if (found !== undefined && found !== text) return undefined;
      found = text;
    }
    return found;
  }

  giveRole(point: number, role: PointRole, evidence: string): void {
    this.roles[point] = role;
    this.roleEvidence[point] = [evidence];
  }
}

/** The first packet of a connection at a point has as many hops left as systems begin with. */
export function hasAllHops(
  { input: { columns, joined } }: KnownNetwork,
  c: number,
  point: number,
  toServer: boolean,
): boolean {
  const row = firstAt(columns, joined, c, point, toServer);
  return row >= 0 && INITIAL_TTLS.has((columns.word(row, W_ID) >>> 8) & 255);
}
