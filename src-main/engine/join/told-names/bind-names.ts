/**
 * From what comments and interfaces tell of workloads to names of addresses:
 *
 * ```
 * rows of comments (told-rows.ts) ─┐                                          ┌─ node's own address: no pod's
 * flows at containers' interfaces ─┴─► pairs ─► claims (workload-pairs.ts) ─► ┼─ two workloads at once: nobody's name
 *                                                                             └─ one after the other: each its interval
 * ```
 * Intervals are those of cluster files (model/cluster.ts): the first name holds from ever, each until the next one is seen.
 */
import { NO_PORT } from "../connection-table";
import { W_ID } from "../sighting-columns";
import { INITIAL_TTLS } from "../traffic-roles";
import { type KnownNetwork, keyOf } from "../topology/known-network";
import type { ToldBy } from "../../../../src-shared/reconstruct/result";
import { NO_TOLD_NAMES, type ToldByCaptures, type ToldName, ToldNames } from "./told-names";
import { INBOUND, OUTBOUND, type ToldRow } from "./told-rows";
import type { ToldText } from "./tool-texts";
import { type Claim, type WorkloadPair, decidePairs } from "./workload-pairs";

/** Names of one workload that are told. */
const MOST_NAMES = 3;

interface Workload {
  readonly pod: string | null;
  readonly containers: Set<string>;
  readonly processes: Set<string>;
  readonly nodes: Set<string>;
  by: ToldBy;
}

/** A process that is in no container. */
const isHost = (w: Workload): boolean => w.pod === null && w.containers.size === 0;

export function bindNames(network: KnownNetwork, told: ToldByCaptures): ToldNames {
  if (told.rows.length === 0 && told.interfaces.size === 0) return NO_TOLD_NAMES;
  const workloads = new Map<string, Workload>();
  const addresses = new KnownAddresses(network);
  const pairs = [
    ...pairsOfRows(network, told.rows, workloads, addresses),
    ...pairsOfInterfaces(network, told.interfaces, workloads, addresses),
  ];
  const claims = plausible(decidePairs(pairs), workloads, addresses);
  takeInterfaces(network, told.interfaces, claims, addresses);
  const byAddress = new Map<string, Claim[]>();
  for (const claim of claims) {
    const list = byAddress.get(claim.address);
    if (list) list.push(claim);
    else byAddress.set(claim.address, [claim]);
  }
  const names = new Map<string, readonly ToldName[]>();
  for (const [address, list] of byAddress) {
    const own = intervals(list, workloads);
    if (own.length > 0) names.set(address, own);
  }
  return new ToldNames(names);
}

/** Numbers the workload of a text: its pod, else its container, else its process. */
function workloadOf(text: ToldText, by: ToldBy, workloads: Map<string, Workload>): string {
  const key =
    text.pod !== null
      ? `pod ${text.pod}`
      : text.container !== null
        ? `container ${text.container}`
        : `process ${text.process}`;
  let workload = workloads.get(key);
  if (!workload) {
    workload = { pod: text.pod, containers: new Set(), processes: new Set(), nodes: new Set(), by };
    workloads.set(key, workload);
  }
  if (by === "interface") workload.by = by;
  const add = (set: Set<string>, name: string | null): void => {
    if (name !== null && set.size < MOST_NAMES) set.add(name);
  };
  add(workload.containers, text.container);
  add(workload.processes, text.process);
  add(workload.nodes, text.node);
  return key;
}

class Pairs {
  private readonly all = new Map<string, WorkloadPair>();

  constructor(private readonly addresses: KnownAddresses) {}

  at(workload: string, point: number, x: string, y: string): WorkloadPair {
    const [a, b] = x < y ? [x, y] : [y, x];
    const key = `${point} ${a} ${b} ${workload}`;
    let pair = this.all.get(key);
    if (!pair) {
      const local = this.addresses.localEnd(point, a, b);
      const v6 = a.includes(":");
      pair = { workload, point, v6, a, b, firstMs: Infinity, lastMs: -Infinity, votes: 0, local };
      this.all.set(key, pair);
    }
    return pair;
  }

  list(): Iterable<WorkloadPair> {
    return this.all.values();
  }
}

function widen(pair: WorkloadPair, firstMs: number, lastMs: number): void {
  pair.firstMs = Math.min(pair.firstMs, firstMs);
  pair.lastMs = Math.max(pair.lastMs, lastMs);
}

function vote(pair: WorkloadPair, address: string): void {
  pair.votes |= address === pair.a ? 1 : 2;
}

function pairsOfRows(
  network: KnownNetwork,
  rows: readonly ToldRow[],
  workloads: Map<string, Workload>,
  addresses: KnownAddresses,
): Iterable<WorkloadPair> {
  const pairs = new Pairs(addresses);
  const clients = rows.some((r) => r.text.opened !== null) ? clientsOf(network, rows) : undefined;
  for (const row of rows) {
    // A process talking with itself over one address.
    if (row.source === row.destination || !addresses.isPlain(row.source) || !addresses.isPlain(row.destination))
      continue;
    const pair = pairs.at(workloadOf(row.text, "comment", workloads), row.point, row.source, row.destination);
    widen(pair, row.firstMs, row.lastMs);
    if (row.text.opened !== null) {
      const client = clients?.get(`${pair.a} ${pair.b}`);
      if (client === pair.a || client === pair.b)
        vote(pair, row.text.opened ? client : client === pair.a ? pair.b : pair.a);
    }
    if (isCard(network, row.point)) {
      if (row.direction === OUTBOUND) vote(pair, row.source);
      if (row.direction === INBOUND) vote(pair, row.destination);
    }
  }
  return pairs.list();
}

/** Whether "out" is what leaves the machine or the pod. At a veth of the host's it is what enters the pod. */
function isCard(network: KnownNetwork, point: number): boolean {
  const role = network.roles[point];
  return role !== "host-veth" && role !== "bridge" && role !== "loopback";
}

/** Who opened the connections between two addresses ("a b", the smaller first); "" where both did. */
function clientsOf(network: KnownNetwork, rows: readonly ToldRow[]): ReadonlyMap<string, string> {
  const wanted = new Set(rows.flatMap((r) => [`${r.source} ${r.destination}`, `${r.destination} ${r.source}`]));
  const texts = new Map<number, string>();
  const textOf = (key: number): string => {
    let text = texts.get(key);
    if (text === undefined) texts.set(key, (text = network.textOf(key)));
    return text;
  };
  const clients = new Map<string, string>();
  const { table } = network;
  for (let c = 0; c < table.count; c++) {
    if (table.clientPort[c] === NO_PORT || table.directionInferred[c]) continue;
    const v6 = network.v6(c);
    const client = textOf(keyOf(table.clientAddress[c] as number, v6));
    const others = [
      [table.serverAddress, table.serverPort],
      [table.requestedAddress, table.requestedPort],
    ] as const;
    for (const [other, port] of others) {
      if (port[c] === NO_PORT) continue;
      const text = textOf(keyOf(other[c] as number, v6));
      const key = client < text ? `${client} ${text}` : `${text} ${client}`;
      if (!wanted.has(key)) continue;
      const known = clients.get(key);
      clients.set(key, known === undefined || known === client ? client : "");
    }
  }
  return clients;
}

/** A container's own interface: every packet there is its own. */
function pairsOfInterfaces(
  network: KnownNetwork,
  interfaces: ToldByCaptures["interfaces"],
  workloads: Map<string, Workload>,
  addresses: KnownAddresses,
): Iterable<WorkloadPair> {
  const pairs = new Pairs(addresses);
  if (interfaces.size === 0) return pairs.list();
  const { columns, joined } = network.input;
  for (let f = 0; f < columns.flowCount; f++) {
    const point = joined.pointOfFlow[f] as number;
    const text = interfaces.get(point);
    if (!text || columns.quoted(f) || columns.depth(f) !== 1) continue;
    const v6 = columns.v6(f);
    const keys = [keyOf(columns.address(f, 0), v6), keyOf(columns.address(f, 1), v6)] as const;
    if (keys[0] === keys[1] || !network.isPlain(keys[0]) || !network.isPlain(keys[1])) continue;
    const ends = [network.textOf(keys[0]), network.textOf(keys[1])] as const;
    addresses.take(ends[0], keys[0]);
    addresses.take(ends[1], keys[1]);
    const pair = pairs.at(workloadOf(text, "interface", workloads), point, ends[0], ends[1]);
    const [from, to] = [columns.start[f] as number, columns.start[f + 1] as number];
    /** By direction: -1 not seen. */
    const ttl = [-1, -1];
    for (let i = from; i < to && (ttl[0] === -1 || ttl[1] === -1); i++) {
      const row = columns.order[i] as number;
      ttl[columns.direction(row)] = (columns.word(row, W_ID) >>> 8) & 255;
    }
    if (from < to) {
      const ms = (row: number): number => columns.seconds(row) * 1000 + columns.nanoseconds(row) / 1e6;
      widen(pair, ms(columns.order[from] as number), ms(columns.order[to - 1] as number));
    }
    if (ttl[0] === -1 || ttl[1] === -1) continue;
    const starts = ttl.map((t) => INITIAL_TTLS.has(t));
    if (starts[0] !== starts[1]) vote(pair, ends[starts[0] ? 0 : 1]);
  }
  return pairs.list();
}

/** Claims that no other one, and nothing that is known of the network, speaks against. */
function plausible(
  claims: readonly Claim[],
  workloads: ReadonlyMap<string, Workload>,
  addresses: KnownAddresses,
): Claim[] {
  const hosts = new Map<string, Set<string>>();
  for (const { workload, address } of claims) {
    const w = workloads.get(workload);
    if (!w || !isHost(w)) continue;
    const set = hosts.get(address);
    if (set) w.processes.forEach((p) => set.add(p));
    else hosts.set(address, new Set(w.processes));
  }
  const left = claims.filter((claim) => {
    const w = workloads.get(claim.workload);
    if (!w || isHost(w)) return false;
    if (w.by === "interface") return true;
    // Processes outside of containers have it too: the host's address, which a pod on the host network shares.
    const others = [...(hosts.get(claim.address) ?? [])].filter((p) => !w.processes.has(p));
    return others.length === 0 && !addresses.isNodes(claim.address);
  });
  // A pod has one address of a family at a time; several cards of one are believed where each was seen to be.
  return left.filter(
    (claim) =>
      claim.isStrong ||
      !left.some(
        (other) =>
          other !== claim &&
          other.workload === claim.workload &&
          other.v6 === claim.v6 &&
          other.firstMs <= claim.lastMs &&
          claim.firstMs <= other.lastMs,
      ),
  );
}

function intervals(claims: readonly Claim[], workloads: ReadonlyMap<string, Workload>): ToldName[] {
  const isPods = claims.some((c) => workloads.get(c.workload)?.pod);
  const list = claims
    .filter((c) => !isPods || workloads.get(c.workload)?.pod)
    .sort((x, y) => x.firstMs - y.firstMs || (x.workload < y.workload ? -1 : 1));
  return list.flatMap((claim, i): ToldName[] => {
    const w = workloads.get(claim.workload);
    // Two at once: one of them is not its own address.
    if (!w || list.some((other) => other !== claim && other.firstMs <= claim.lastMs && claim.firstMs <= other.lastMs))
      return [];
    return [
      {
        pod: w.pod,
        container: namesText(w.containers),
        process: namesText(w.processes),
        node: w.nodes.size === 1 ? namesText(w.nodes) : null,
        by: w.by,
        fromMs: i === 0 ? -Infinity : claim.firstMs,
        untilMs: list[i + 1]?.firstMs ?? Infinity,
      },
    ];
  });
}

function namesText(names: ReadonlySet<string>): string | null {
  return names.size === 0 ? null : [...names].sort().join(" or ");
}

/** A container's interface leads to its one address. */
function takeInterfaces(
  network: KnownNetwork,
  interfaces: ToldByCaptures["interfaces"],
  claims: readonly Claim[],
  addresses: KnownAddresses,
): void {
  for (const [point, { pod }] of interfaces) {
    if (pod === null) continue;
    const own = claims.filter((c) => c.workload === `pod ${pod}`);
    for (const { address } of own) {
      const key = addresses.keyOf(address);
      if (key === undefined) continue;
      network.owned.delete(key);
      network.pods.set(key, network.fileOf(point));
      if (!network.podOfPoint.has(point)) network.podOfPoint.set(point, key);
    }
  }
}

/** Addresses by their texts, and on which machine they are known to be. */
class KnownAddresses {
  private readonly keys = new Map<string, number>();
  /** Machines with pods of their own. */
  private readonly nodes = new Set<number>();

  constructor(private readonly network: KnownNetwork) {
    for (const key of [...network.pods.keys(), ...network.owned.keys()]) this.keys.set(network.textOf(key), key);
    for (const file of network.pods.values()) this.nodes.add(network.fileMachine[file] as number);
    network.roles.forEach((role, point) => {
      if (role === "host-veth") this.nodes.add(network.machineFile(point));
    });
  }

  take(text: string, key: number): void {
    this.keys.set(text, key);
  }

  keyOf(text: string): number | undefined {
    return this.keys.get(text);
  }

  /** Neither link-local nor a group's, nor the loopback's. */
  isPlain(text: string): boolean {
    if (text.includes(":")) return !/^(?:fe[89ab]|ff)/.test(text) && text !== "::" && text !== "::1";
    const first = Number.parseInt(text, 10);
    return first > 0 && first < 224 && first !== 127 && !text.startsWith("169.254.");
  }

  /** A node's own address: not a pod's, but of pods on the host's network. */
  isNodes(text: string): boolean {
    const key = this.keys.get(text);
    const file = key === undefined || this.network.pods.has(key) ? undefined : this.network.owned.get(key);
    return file !== undefined && this.nodes.has(this.network.fileMachine[file] as number);
  }

  /** 1 or 2: only a, only b is of the machine that the point is on; 0: both, none, or the point's machine is not known. */
  localEnd(point: number, a: string, b: string): number {
    const { network } = this;
    const machine = network.machineFile(point);
    // Of a machine that shows no pods all that is known is which address was in most conversations.
    if (network.input.mixed.has(machine) || !this.nodes.has(machine)) return 0;
    const isHere = (text: string): boolean => {
      const key = this.keys.get(text);
      const file = key === undefined ? undefined : (network.pods.get(key) ?? network.owned.get(key));
      return file !== undefined && network.fileMachine[file] === machine;
    };
    const [hereA, hereB] = [isHere(a), isHere(b)];
    return hereA === hereB ? 0 : hereA ? 1 : 2;
  }
}
