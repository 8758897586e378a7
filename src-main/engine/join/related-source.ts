/** What relating connections looks at: the joined connections before they are related, and what was said in them. */
import type { AddressPlace, Connection, PlacedEndpoint } from "../../../src-shared/reconstruct/result";
import type { ApplicationMessages } from "./application-messages";
import type { SightingRows } from "./sighting-rows";

export interface PlacedHost extends PlacedEndpoint {
  /** Network its address is of; null: not known. */
  readonly network: AddressPlace["network"] | null;
}

export interface RelatedSource {
  readonly sightings: SightingRows;
  readonly messages: ApplicationMessages;
  readonly connectionCount: number;
  /** How far two times of different files may be wrong against each other, nanoseconds. */
  readonly clockErrorNs: number;
  /** The connection as the packets alone show it: `related` is empty. Builds it: for few. */
  bare(index: number): Connection;
  /** Its ends, without building it. */
  client(index: number): PlacedHost;
  server(index: number): PlacedHost;
  /** The address it asked for (else the one that answered), without building the connection. */
  askedAddress(index: number): string;
  /** Aligned time of its first sighting. */
  firstNs(index: number): number;
}

/** Messages by the connection they were said in: those of connection c are order[start[c]] … order[start[c + 1] - 1]. */
export interface MessagesOfConnections {
  readonly start: Uint32Array;
  readonly order: Uint32Array;
  /** Row of the sighting that carries each message. */
  readonly row: Int32Array;
}

/** Sorts messages by connection, in linear time; those of no connection are left out. */
export function byConnection(
  { sightings, connectionCount }: RelatedSource,
  packets: { readonly length: number; at(index: number): number },
): MessagesOfConnections {
  const count = packets.length;
  const row = sightings.rowsOf(packets);
  const start = new Uint32Array(connectionCount + 2);
  for (const found of row) {
    if (found < 0) continue;
    const c = sightings.connection(found);
    start[c + 2] = (start[c + 2] as number) + 1;
  }
  for (let c = 2; c < start.length; c++) start[c] = (start[c] as number) + (start[c - 1] as number);
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    if ((row[i] as number) < 0) continue;
    const c = sightings.connection(row[i] as number);
    const to = start[c + 1] as number;
    order[to] = i;
    start[c + 1] = to + 1;
  }
  return { start, order, row };
}

/** What tells hosts apart: a pod by its name, a node's own addresses by the node, everything else by its address. */
export function hostOf({ ip, pod, node, network }: PlacedHost): string {
  return pod ?? (network === "node" && node !== null ? `node ${node}` : ip);
}
