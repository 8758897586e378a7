/**
 * WireGuard is opaque: no packet shows what it carries. Its sizes and times do, where both ends' tunnel devices were recorded.
 *
 * ```
 * n1 wg0   12.000 100  IP packet of 84 bytes ──┐ padded to 16, 32 bytes more (WireGuard paper, section 5.4.6)
 * n1 eth0  12.000 140  UDP payload of 128 ─────┘
 * n2 eth0  12.000 400  UDP payload of 128 ─────┐
 * n2 wg0   12.000 450  the same IP packet ─────┘
 * ```
 * A connection is carried by a WireGuard conversation if every packet that is looked at has a partner of its size within 5 ms on
 * each side where that conversation was recorded, and no other conversation fits as well. Anything less: nothing is said.
 */
import { lowerBound } from "../../../src-shared/base/search";
import { LAYER_WIREGUARD } from "../../../src-shared/model/layer-kind";
import type { FoundCarrier } from "./connection-table";
import type { Joined } from "./join";
import { PROTOCOL_UDP, type SightingColumns, W_IP_LENGTH, W_LENGTH } from "./sighting-columns";

/** Encrypting and sending a packet takes microseconds. */
const AT_ONCE_NS = 5e6;
/** Packets of a connection that are looked at, and the fewest that tell anything. */
const LOOKED_AT = 48;
const FEWEST = 4;
/** Longer ones are cut into segments on their way into the tunnel. */
const LONGEST = 1600;
/** Type, receiver, counter, and the tag behind the data. */
const OVERHEAD = 32;

/** What the tunnels of one machine sent and got, in order of time. */
class Outside {
  readonly times: number[] = [];
  readonly rows: number[] = [];

  /** Rows of `sizes` between two times. */
  between(columns: SightingColumns, fromNs: number, toNs: number, sizes: readonly number[]): number[] {
    const found: number[] = [];
    for (let i = lowerBound(this.times, fromNs); i < this.times.length && (this.times[i] as number) <= toNs; i++)
      if (sizes.includes(columns.word(this.rows[i] as number, W_LENGTH) >>> 8)) found.push(this.rows[i] as number);
    return found;
  }
}

export interface WireguardInput {
  readonly columns: SightingColumns;
  readonly joined: Joined;
  /** Rows of WireGuard packets. */
  readonly rows: readonly number[];
  readonly isTunnelDevice: (point: number) => boolean;
  readonly machineOf: (point: number) => number;
}

/** Carrier by row of the connection table. */
export function findWireguardCarriers(input: WireguardInput): ReadonlyMap<number, FoundCarrier> {
  const { columns, joined, rows, isTunnelDevice, machineOf } = input;
  const { table, pointOfFlow, matcher, connectionOfFlow } = joined;
  const found = new Map<number, FoundCarrier>();
  const pointOf = (row: number): number => pointOfFlow[columns.flow(row)] as number;
  const outside = new Map<number, Outside>();
  const own = new Set<number>();
  const timed = rows.map((row) => ({ row, ns: matcher.alignedNs(row) })).sort((a, b) => a.ns - b.ns);
  for (const { row, ns } of timed) {
    own.add(connectionOfFlow[columns.flow(row)] as number);
    const machine = machineOf(pointOf(row));
    let side = outside.get(machine);
    if (!side) outside.set(machine, (side = new Outside()));
    side.times.push(ns);
    side.rows.push(row);
  }
  for (let c = 0; c < table.count; c++) {
    if (own.has(c) || table.carriers[c]) continue;
    const path = table.paths[table.path[c] as number] ?? [];
    const devices = path.filter(isTunnelDevice);
    const near = devices[0];
    const far = devices.find((p) => near !== undefined && machineOf(p) !== machineOf(near));
    if (near === undefined || far === undefined) continue;
    const carrier = carrierOf(c, near, far);
    if (carrier) found.set(c, carrier);
  }
  return found;

  function carrierOf(c: number, near: number, far: number): FoundCarrier | undefined {
    const { toServer, toClient } = joined.facts.rows(c);
    let tested = 0;
    /** By WireGuard conversation: partners found, and one that goes to the server. */
    const hits = new Map<number, { count: number; row: number; toServer: boolean }>();
    for (const [list, isToServer] of [
      [toServer, true],
      [toClient, false],
    ] as const)
      for (const row of list.subarray(0, LOOKED_AT * 4)) {
        const point = pointOf(row);
        if ((point !== near && point !== far) || tested >= LOOKED_AT * 2) continue;
        const side = outside.get(machineOf(point));
        const length = columns.word(row, W_IP_LENGTH);
        if (!side || length === 0 || length > LONGEST) continue;
        tested++;
        const at = matcher.alignedNs(row);
        const leaves = (point === near) === isToServer;
        const sizes = [OVERHEAD + ((length + 15) & ~15), OVERHEAD + length];
        const partners = leaves
          ? side.between(columns, at, at + AT_ONCE_NS, sizes)
          : side.between(columns, at - AT_ONCE_NS, at, sizes);
        const seen = new Set<number>();
        for (const partner of partners) {
          const carrier = connectionOfFlow[columns.flow(partner)] as number;
          if (seen.has(carrier)) continue;
          seen.add(carrier);
          const hit = hits.get(carrier);
          if (hit) hit.count++;
          else hits.set(carrier, { count: 1, row: partner, toServer: isToServer });
        }
      }
    if (tested < FEWEST) return undefined;
    const whole = [...hits.values()].filter((hit) => hit.count === tested);
    const [only] = whole;
    if (!only || whole.length > 1) return undefined;
    const flow = columns.flow(only.row);
    const from = columns.direction(only.row) ^ (only.toServer ? 0 : 1);
    return {
      kind: LAYER_WIREGUARD,
      inner6: columns.v6(table.root[c] as number),
      outer6: columns.v6(flow),
      vni: 0,
      port: columns.port(flow, columns.direction(only.row) ^ 1),
      source: columns.address(flow, from),
      destination: columns.address(flow, from ^ 1),
      protocol: PROTOCOL_UDP,
    };
  }
}
