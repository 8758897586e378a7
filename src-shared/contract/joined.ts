/** Requests about joined captures that a window makes on its own: what to show first, where a connection stands in a table. */
import * as v from "valibot";
import type { PacketId } from "./results";

const index = v.pipe(v.number(), v.integer(), v.minValue(0));

export const joinedRequests = {
  /** The connection that shows most of the network, for a person who has chosen nothing yet. */
  "join.telling": v.strictObject({}),
  /** Row of a connection in an open table of connections; of its first translation in one of translations. */
  "join.rowOf": v.strictObject({ table: index, connection: v.pipe(v.string(), v.maxLength(100)) }),
} as const;

export interface JoinedResults {
  /** null: no connection tells more than the first packet itself. */
  "join.telling": TellingConnection | null;
  /** -1 and "": it is not in the table. */
  "join.rowOf": { readonly row: number; readonly key: string };
}

export interface TellingConnection {
  readonly connection: string;
  /** Its first journey, and the packet that begins it. */
  readonly journey: number;
  readonly packet: PacketId;
  /** "the first call to Service default/web across nodes" */
  readonly what: string;
}
