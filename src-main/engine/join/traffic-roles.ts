/**
 * What a point is by what crosses it, where its name does not say: read off the paths' steps inside one file.
 *
 * ```
 *   veth ──same TTL── bridge ──TTL less── tunnel device ──same TTL, now carried── card
 *    │ an end of the file's part of the path, always one address of a family, whose TTL is still what a system starts with
 * ```
 * A step of equal TTL at an end, with a routed step behind it, shows a bridge and its port. A plain sighting and a carried one with
 * the same inner TTL show a tunnel device. Cards carry tunnels, or are ends that many addresses use.
 */
import type { Joined } from "./join";
import { type SightingColumns, W_ID } from "./sighting-columns";

export interface TrafficRoles {
  readonly tunnelDevices: ReadonlySet<number>;
  readonly bridges: ReadonlySet<number>;
  /** Ports of bridges with the one address of each family behind them. */
  readonly veths: ReadonlySet<number>;
  /**
   * Points with one address behind them, or one of each family, that no one routed before, with those: a pod's veth, or a router's port to
   * one host.
   */
  readonly leaves: ReadonlyMap<number, readonly number[]>;
  /** Pairs of points of one file between which it routes, neither side in a tunnel. */
  readonly routedSteps: readonly (readonly [from: number, to: number])[];
}

/** What systems start with. */
export const INITIAL_TTLS: ReadonlySet<number> = new Set([64, 128, 255]);

/** Share of a veth's conversations of one family that are its pod's. */
const MOST = 0.9;

export function trafficRoles(
  columns: SightingColumns,
  joined: Joined,
  fileOfPoint: (point: number) => number,
  sample: readonly number[],
): TrafficRoles {
  const { table } = joined;
  const tunnelVotes = new Map<number, number>();
  const bridgeVotes = new Map<number, number>();
  const portVotes = new Map<number, number>();
  const ports = new Map<number, Set<number>>();
  const routedSteps = new Map<string, readonly [number, number]>();
  /** By point: connections, and by address how many of them, and how many packets of its own came routed. */
  const addresses = new Map<number, AddressesAt>();
  const vote = (votes: Map<number, number>, p: number): void => {
    votes.set(p, (votes.get(p) ?? 0) + 1);
  };

  for (const c of sample) {
    const v6 = table.v6[c] === 1;
    const family = v6 ? V6 : 0;
    // Multicast and link-local packets are everywhere.
    if (
      !isPlain(columns, table.clientAddress[c] as number, v6) ||
      !isPlain(columns, table.serverAddress[c] as number, v6)
    )
      continue;
    const crossed = new Set<number>();
    for (const toServer of [true, false]) {
      const path = table.paths[(toServer ? table.path : table.returnPath)[c] as number] ?? [];
      // Crossed twice, a point has packets of two steps: nothing is told by them.
      if (path.length === 0 || new Set(path).size !== path.length) continue;
      const ttl: number[] = [];
      const carried: boolean[] = [];
      for (const p of path) {
        const found = firstAt(columns, joined, c, p, toServer);
        ttl.push(found < 0 ? -1 : (columns.word(found, W_ID) >>> 8) & 255);
        carried.push(found >= 0 && columns.depth(columns.flow(found)) > 1);
      }
      for (let i = 0; i < path.length; i++) {
        const p = path[i] as number;
        crossed.add(p);
        if (i === 0) continue;
        const before = path[i - 1] as number;
        if (fileOfPoint(before) !== fileOfPoint(p) || (ttl[i] as number) < 0) continue;
        if ((ttl[i] as number) < (ttl[i - 1] as number) && !carried[i] && !carried[i - 1])
          routedSteps.set(`${before} ${p}`, [before, p]);
        if (ttl[i] !== ttl[i - 1]) continue;
        if (!carried[i - 1] && carried[i]) vote(tunnelVotes, before);
        if (carried[i - 1] && !carried[i]) vote(tunnelVotes, p);
        if (carried[i - 1] || carried[i]) continue;
        // A switched step: at an end of the file's part, with a routed one behind it?
        const first = i === 1 || fileOfPoint(path[i - 2] as number) !== fileOfPoint(p);
        const last = i === path.length - 1 || fileOfPoint(path[i + 1] as number) !== fileOfPoint(p);
        const port = first && !last && (ttl[i + 1] as number) < (ttl[i] as number) ? before : undefined;
        const portBehind = last && !first && (ttl[i - 2] as number) > (ttl[i - 1] as number) ? p : undefined;
        for (const [one, bridge] of [
          [port, p],
          [portBehind, before],
        ] as const) {
          if (one === undefined) continue;
          vote(bridgeVotes, bridge);
          vote(portVotes, one);
          const set = ports.get(one);
          if (set) set.add(bridge);
          else ports.set(one, new Set([bridge]));
        }
      }
      // Who sends here, and whether it was routed before.
      const near = family + ((toServer ? table.clientAddress : table.serverAddress)[c] as number);
      for (let i = 0; i < path.length; i++) {
        const at = addressesAt(addresses, path[i] as number);
        (INITIAL_TTLS.has(ttl[i] as number) ? at.unrouted : at.routed).add(near);
      }
    }
    for (const p of crossed) {
      const at = addressesAt(addresses, p);
      at.total[v6 ? 1 : 0]++;
      for (const key of new Set([
        family + (table.clientAddress[c] as number),
        family + (table.serverAddress[c] as number),
      ]))
        at.counts.set(key, (at.counts.get(key) ?? 0) + 1);
    }
  }

  const bridges = new Set([...bridgeVotes].filter(([p, n]) => n > (portVotes.get(p) ?? 0)).map(([p]) => p));
  const veths = new Set<number>();
  for (const [port, of] of ports) {
    if (bridges.has(port)) continue;
    const at = addresses.get(port);
    if (at && [...of].some((b) => bridges.has(b)) && ownAt(at)) veths.add(port);
  }
  const leaves = new Map<number, readonly number[]>();
  for (const [point, at] of addresses) {
    // Where a family's conversations are all of the same two, the other family says which end is behind the point.
    const own = ownAt(at)?.flatMap((keys) => (keys.length === 1 ? keys : [])) ?? [];
    if (own.length > 0 && own.every((key) => at.unrouted.has(key))) leaves.set(point, own);
  }
  return { tunnelDevices: new Set(tunnelVotes.keys()), bridges, veths, leaves, routedSteps: [...routedSteps.values()] };
}

/** Added to a key of an IPv6 address. */
const V6 = 4294967296;

interface AddressesAt {
  /** Connections of IPv4, of IPv6. */
  readonly total: [v4: number, v6: number];
  readonly counts: Map<number, number>;
  /** Who sent packets that a router had passed on before, and packets that none had. */
  readonly routed: Set<number>;
  readonly unrouted: Set<number>;
}

function addressesAt(all: Map<number, AddressesAt>, point: number): AddressesAt {
  let at = all.get(point);
  if (!at) all.set(point, (at = { total: [0, 0], counts: new Map(), routed: new Set(), unrouted: new Set() }));
  return at;
}

/**
 * Of each family that counts at a point, the addresses that have nearly all of its conversations and never came routed; undefined if one
 * has none. A dual-stack pod has half of all by each of its two addresses.
 */
function ownAt({ total: [v4, v6], counts, routed }: AddressesAt): readonly (readonly number[])[] | undefined {
  const few = (v4 + v6) * (1 - MOST);
  const families = [
    { total: v4, from: 0, to: V6 },
    { total: v6, from: V6, to: Infinity },
  ].filter(({ total }) => total > few);
  const own = families.map(({ total, from, to }) =>
    [...counts]
      .filter(([key, n]) => key >= from && key < to && n >= total * MOST && !routed.has(key))
      .map(([key]) => key),
  );
  return own.length > 0 && own.every((keys) => keys.length > 0) ? own : undefined;
}

/** First row of a connection at a point in one direction, -1 none. A hairpin crosses one point twice, translated the second time. */
export function firstAt(columns: SightingColumns, joined: Joined, c: number, point: number, toServer: boolean): number {
  const { table, pointOfFlow, match } = joined;
  const flip = table.serverIsA[c] as number;
  let first = -1;
  for (let i = table.flowStart[c] as number; i < (table.flowStart[c + 1] as number); i++) {
    const f = table.flows[i] as number;
    if (pointOfFlow[f] !== point) continue;
    const wanted = (toServer ? 0 : 1) ^ match.sets.swapped(f) ^ flip;
    if (columns.sentBy(f, wanted) === 0) continue;
    const end = columns.start[f + 1] as number;
    for (let k = columns.start[f] as number; k < end; k++) {
      const row = columns.order[k] as number;
      if (columns.direction(row) !== wanted) continue;
      if (first < 0 || columns.timeNs(row) < columns.timeNs(first)) first = row;
      break;
    }
  }
  return first;
}

/** Neither multicast, broadcast, link-local nor loopback. */
export function isPlain(columns: SightingColumns, address: number, v6: boolean): boolean {
  if (v6) {
    const at = columns.address6At(address);
    const first = columns.bytes[at] as number;
    return first !== 0xff && !(first === 0xfe && ((columns.bytes[at + 1] as number) & 0xc0) === 0x80);
  }
  return (
    address >>> 28 !== 14 &&
    address !== 0 &&
    address !== 0xffffffff &&
    address >>> 16 !== 0xa9fe &&
    address >>> 24 !== 127
  );
}
