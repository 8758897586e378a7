/** What the parts of the observer get of each packet. */
import type { Batch } from "../kernel/batch";

/** A packet while it is looked at. */
export interface ObservedPacket {
  readonly batch: Batch;
  /** Row in the batch. */
  readonly row: number;
  /** Index over the workspace in reading order. */
  readonly packet: number;
  readonly point: number;
  /** Nanoseconds after `PacketObserver.baseSeconds`, clock of the file. */
  readonly atNs: number;
}
