/**
 * What joining needs of the batches themselves, taken while they pass. Apart from join-captures.ts, which is loaded meanwhile: it is
 * needed behind the last packet.
 */
import type { Batch } from "../kernel/batch";
import { ApplicationMessages } from "./application-messages";
import { ToldRows } from "./told-names/told-rows";

/** Counts packets by file and point while batches pass, and keeps what applications said. */
export class PacketCounter {
  readonly messages = new ApplicationMessages();
  /** What comments tell of pods. */
  readonly told = new ToldRows();
  /** By point; may be longer than there are points. */
  ofPoint = new Uint32Array(16);
  readonly ofFile: number[] = [];
  readonly firstOfFile: number[] = [];
  total = 0;

  take(batch: Batch): void {
    const { file } = batch;
    this.firstOfFile[file] ??= this.total;
    const n = batch.packetCount;
    for (let i = 0; i < n; i++) {
      const p = batch.point[i] as number;
      if (p >= this.ofPoint.length) this.makeRoom(p);
      this.ofPoint[p] = (this.ofPoint[p] as number) + 1;
    }
    this.ofFile[file] = (this.ofFile[file] ?? 0) + n;
    this.messages.take(batch, this.total);
    this.told.take(batch);
    this.total += n;
  }

  private makeRoom(point: number): void {
    const more = new Uint32Array(Math.max(point + 1, this.ofPoint.length * 2));
    more.set(this.ofPoint);
    this.ofPoint = more;
  }
}
