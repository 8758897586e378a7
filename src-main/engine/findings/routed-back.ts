/**
 * First packets of connections (SYN) that come by a point again with a smaller TTL, whatever connection each crossing was joined to.
 *
 * ```
 * a:1000 > pod:80 ttl 62 ─► n2 ─► n1 ─► n2   ttl 61    routed back: to the NAT of n2 this is another connection that takes an address
 * a:2345 > pod:80 ttl 60 ◄──────────────┘              pair that is in use, so it gives it another port, and so at every turn
 * ```
 * Sequence number and identification stay, and show that all of it is one packet. Once back is a router with one card; more is a loop.
 */
import type { Connection, Journey } from "../../../src-shared/reconstruct/result";
import { type FindingContext, firstRow, isSeenOnce, TCP_ACK, TCP_SYN, upsert } from "./context";

/** Crossings of one interface by one packet with less TTL each time: a mirror port may see it on both sides of two routers, and once more. */
const LOOP_CROSSINGS = 5;
/** The same for a point that shows many interfaces, or many machines: each router on the way is two of them. */
const LOOP_CROSSINGS_OF_MANY = 10;
/** A router with one card sends every packet back: beyond so many no more are kept. */
const MOST_PACKETS = 1 << 14;

/** Crossings of a point with falling TTL that are a loop; routed back once is a hairpin. */
export function leastLoopCrossings(context: FindingContext, point: number): number {
  const isOfMany = context.observer.cookedPoints.has(point) || context.point(point).node === null;
  return isOfMany ? LOOP_CROSSINGS_OF_MANY : LOOP_CROSSINGS;
}

export interface LoopedPacket {
  readonly point: number;
  /** Row of the crossing with each TTL. */
  readonly rows: Map<number, number>;
  readonly connections: Connection[];
}

export class RoutedBack {
  readonly #packets = new Map<string, LoopedPacket>();
  #looped: ReadonlySet<string> | undefined;

  constructor(private readonly context: FindingContext) {}

  visit(connection: Connection, journeys: readonly Journey[]): void {
    if (connection.protocol !== "tcp") return;
    const { sightings } = this.context.join;
    for (const journey of journeys) {
      if (isSeenOnce(journey)) continue;
      const row = firstRow(journey);
      if ((sightings.tcpFlags(row) & (TCP_SYN | TCP_ACK)) !== TCP_SYN || sightings.identification(row) === 0) continue;
      const points = journey.sightings.map((r) => sightings.point(r));
      for (const at of journey.sightings) {
        const point = sightings.point(at);
        if (points.indexOf(point) === points.lastIndexOf(point)) continue;
        const key = `${point} ${sightings.destination(at)} ${this.#nameOf(at)}`;
        if (this.#packets.size >= MOST_PACKETS && !this.#packets.has(key)) continue;
        const packet = upsert(this.#packets, key, () => ({ point, rows: new Map(), connections: [] }));
        packet.rows.set(sightings.ttl(at), at);
        if (packet.connections.at(-1) !== connection) packet.connections.push(connection);
      }
    }
  }

  /** Loops, after all connections were visited. */
  loops(): readonly LoopedPacket[] {
    return [...this.#packets.values()].filter((p) => p.rows.size >= leastLoopCrossings(this.context, p.point));
  }

  /** Whether this packet went round in a loop; after all connections were visited. */
  isLooped(row: number): boolean {
    this.#looped ??= new Set(this.loops().flatMap(({ rows }) => [...rows.values()].map((r) => this.#nameOf(r))));
    return this.#looped.has(this.#nameOf(row));
  }

  /** What no router and no NAT changes of a packet. */
  #nameOf(row: number): string {
    const { sightings } = this.context.join;
    return `${sightings.tcpSeq(row)} ${sightings.identification(row)}`;
  }
}
