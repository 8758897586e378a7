/**
 * Facts of every connection as columns: what packet matching found, kept so that it runs once. Row = connection.
 *
 * | column | |
 * |---|---|
 * | client, requested, server, seenAs | address (IPv4, or number of an interned IPv6 address) and port; NONE: not seen |
 * | path, returnPath | number of an interned list of points; 0 is the empty one |
 * | changes | number of a list in `translations`, 0 none |
 * | carriers | number of an interned list in `carrierLists`, 0 none |
 */
import type { Evidence } from "../../../src-shared/reconstruct/result";
import type { SetMembers } from "./flow-matching";

/** No port, no address: ports have 16 bits, so it lies beside them. */
export const NO_PORT = 0x1ffff;

export interface FoundTranslation {
  readonly kind: "dnat" | "snat" | "icmp-id";
  readonly fromAddress: number;
  readonly fromPort: number;
  readonly toAddress: number;
  readonly toPort: number;
  readonly before: number;
  readonly after: number;
  readonly evidence: readonly Evidence[];
  readonly packets: number;
}

/** An encapsulation seen: outer addresses as sent from the client's side. */
export interface FoundCarrier {
  readonly kind: number;
  /** IP version of the carried and the carrying layer. */
  readonly inner6: boolean;
  readonly outer6: boolean;
  readonly vni: number;
  /** -1 none */
  readonly port: number;
  readonly source: number;
  readonly destination: number;
  /** Protocol of the carrying IP header. */
  readonly protocol: number;
}

export class ConnectionTable {
  /** Lowest flow of each connection's set. */
  readonly root: Int32Array;
  /** Flows of connection c: flows[flowStart[c]] … flows[flowStart[c + 1] - 1]. */
  readonly flowStart: Uint32Array;
  readonly flows: Uint32Array;
  /** 1: endpoint A of the root flow is the server. */
  readonly serverIsA: Uint8Array;
  /** 1: who is the client was guessed from ports or times. */
  readonly directionInferred: Uint8Array;
  readonly clientAddress: Uint32Array;
  readonly clientPort: Uint32Array;
  readonly requestedAddress: Uint32Array;
  readonly requestedPort: Uint32Array;
  readonly serverAddress: Uint32Array;
  readonly serverPort: Uint32Array;
  readonly seenAsAddress: Uint32Array;
  readonly seenAsPort: Uint32Array;
  readonly path: Uint32Array;
  readonly returnPath: Uint32Array;
  readonly otherPaths: Uint32Array;
  readonly sightings: Uint32Array;
  readonly distinct: Uint32Array;
  readonly missing: Uint32Array;
  readonly retransmissions: Uint32Array;
  /** Journeys seen at two points or more. */
  readonly alone: Uint32Array;
  readonly bytesFromClient: Float64Array;
  readonly bytesFromServer: Float64Array;
  readonly firstRow: Uint32Array;
  readonly lastRow: Uint32Array;
  readonly firstNs: Float64Array;
  readonly changes: Uint32Array;
  readonly carriers: Uint32Array;
  readonly evidence: Uint16Array;
  readonly ambiguous: Uint8Array;
  /** Of the root flow, whose row lies elsewhere in memory than the next connection's: IP protocol, 1 for IPv6. */
  readonly protocol: Uint8Array;
  readonly v6: Uint8Array;
  /** How it ended where most of it was seen: position in CONN_STATES. */
  readonly state: Uint8Array;

  readonly translations: (readonly FoundTranslation[])[] = [[]];
  readonly paths: (readonly number[])[] = [[]];
  readonly carrierLists: (readonly FoundCarrier[])[] = [[]];
  private readonly numberOfList = new WeakMap<readonly number[], number>();
  private readonly pathNumbers = new Map<string, number>([["", 0]]);
  private readonly carrierNumbers = new Map<number, number>();
  private readonly nextCarriers: number[] = [0];

  readonly count: number;

  /** A row of nothing known yet for each set. */
  constructor(sets: SetMembers) {
    const { count } = sets;
    this.count = count;
    const u32 = (): Uint32Array => new Uint32Array(count);
    this.root = new Int32Array(count);
    for (let c = 0; c < count; c++) this.root[c] = sets.flows[sets.start[c] as number] as number;
    this.flowStart = sets.start;
    this.flows = sets.flows;
    this.serverIsA = new Uint8Array(count);
    this.directionInferred = new Uint8Array(count);
    this.clientAddress = u32();
    this.clientPort = u32();
    this.requestedAddress = u32();
    this.requestedPort = u32();
    this.serverAddress = u32();
    this.serverPort = u32();
    this.seenAsAddress = u32();
    this.seenAsPort = u32();
    this.path = u32();
    this.returnPath = u32();
    this.otherPaths = u32();
    this.sightings = u32();
    this.distinct = u32();
    this.missing = u32();
    this.retransmissions = u32();
    this.alone = u32();
    this.bytesFromClient = new Float64Array(count);
    this.bytesFromServer = new Float64Array(count);
    this.firstRow = u32();
    this.lastRow = u32();
    this.firstNs = new Float64Array(count);
    this.changes = u32();
    this.carriers = u32();
    this.evidence = sets.evidence;
    this.ambiguous = new Uint8Array(count);
    this.protocol = sets.protocol;
    this.v6 = sets.v6;
    this.state = new Uint8Array(count);
  }

  internPath(points: readonly number[]): number {
    // Lists are shared (connection-facts.ts): most are known by identity.
    const same = this.numberOfList.get(points);
    if (same !== undefined) return same;
    const key = points.join(" ");
    let n = this.pathNumbers.get(key);
    if (n === undefined) {
      n = this.paths.length;
      this.paths.push(points);
      this.pathNumbers.set(key, n);
    }
    this.numberOfList.set(points, n);
    return n;
  }

  internCarriers(list: readonly FoundCarrier[]): number {
    if (list.length === 0) return 0;
    let hash = list.length;
    for (const c of list) {
      hash = stir(stir(stir(hash, c.kind), c.vni), c.port);
      hash = stir(stir(stir(hash, c.source), c.destination), c.protocol);
    }
    // Lists with one hash are chained; nearly always the first is it.
    for (let n = this.carrierNumbers.get(hash) ?? 0; n > 0; n = this.nextCarriers[n] ?? 0)
      if (sameCarriers(list, this.carrierLists[n] ?? [])) return n;
    const n = this.carrierLists.length;
    this.carrierLists.push(list);
    this.nextCarriers[n] = this.carrierNumbers.get(hash) ?? 0;
    this.carrierNumbers.set(hash, n);
    return n;
  }
}

function stir(hash: number, value: number): number {
  return Math.imul(hash ^ value, 0x9e3779b1) ^ (hash >>> 15);
}

export function sameCarrier(a: FoundCarrier, b: FoundCarrier): boolean {
  return (
    a.kind === b.kind &&
    a.vni === b.vni &&
    a.port === b.port &&
    a.source === b.source &&
    a.destination === b.destination &&
    a.protocol === b.protocol &&
    a.inner6 === b.inner6 &&
    a.outer6 === b.outer6
  );
}

function sameCarriers(a: readonly FoundCarrier[], b: readonly FoundCarrier[]): boolean {
  return a.length === b.length && a.every((c, i) => sameCarrier(c, b[i] as FoundCarrier));
}
