/**
 * Whether something was said once: a datagram's payload that one clock's captures have only within one second is of one packet, seen
 * several times. A health check says the same again and again, and says nothing about which of its calls is which.
 *
 * ```
 * slot   hash of payload and clock     first and last second it was seen
 * ```
 * Built when it is first asked, which most recordings never do; one pass over the datagrams, 12 bytes a slot.
 */
import { SIGHTING_CARRIES } from "../kernel/assembly/abi";
import { PROTOCOL_UDP, type SightingColumns, W_HASH, W_ID } from "./sighting-columns";

/** Datagrams of a flow that are looked at. */
const LOOKED_AT = 64;
/** With more payloads than three quarters of this nothing counts as said once. */
const MOST_SLOTS = 1 << 22;
const ONE_PACKET_NS = 1e9;

export class SaidOnce {
  private readonly keys: Uint32Array;
  private readonly firstSeconds: Float32Array;
  private readonly lastSeconds: Float32Array;
  private readonly mask: number;
  private isFull = false;

  /** `clockOfPoint`: points whose times can be compared have one number. */
  constructor(
    private readonly columns: SightingColumns,
    private readonly clockOfPoint: readonly number[],
  ) {
    let rows = 0;
    for (let f = 0; f < columns.flowCount; f++) if (this.isTaken(f)) rows += this.end(f) - (columns.start[f] as number);
    let slots = 1024;
    while (slots < rows * 2 && slots < MOST_SLOTS) slots *= 2;
    this.mask = slots - 1;
    this.keys = new Uint32Array(slots);
    this.firstSeconds = new Float32Array(slots);
    this.lastSeconds = new Float32Array(slots);
    let left = (slots / 4) * 3;
    for (let f = 0; f < columns.flowCount && !this.isFull; f++) {
      if (!this.isTaken(f)) continue;
      for (let i = columns.start[f] as number; i < this.end(f); i++) {
        const row = columns.order[i] as number;
        if (columns.word(row, W_HASH) === 0 || columns.word(row, W_ID) & SIGHTING_CARRIES) continue;
        if (this.take(row)) left--;
      }
      if (left < LOOKED_AT) this.isFull = true;
    }
  }

  /** True if the payload of `row`, a datagram's, was seen around its time only. */
  has(row: number): boolean {
    if (this.isFull) return false;
    const slot = this.slotOf(this.keyOf(row));
    return ((this.lastSeconds[slot] as number) - (this.firstSeconds[slot] as number)) * 1e9 <= ONE_PACKET_NS;
  }

  private isTaken(flow: number): boolean {
    return this.columns.protocol(flow) === PROTOCOL_UDP;
  }

  private end(flow: number): number {
    return Math.min(this.columns.start[flow + 1] as number, (this.columns.start[flow] as number) + LOOKED_AT);
  }

  /** True if its payload is new. */
  private take(row: number): boolean {
    const key = this.keyOf(row);
    const slot = this.slotOf(key);
    const seconds = this.columns.timeNs(row) / 1e9;
    if (this.keys[slot] === 0) {
      this.keys[slot] = key;
      this.firstSeconds[slot] = seconds;
      this.lastSeconds[slot] = seconds;
      return true;
    }
    if (seconds < (this.firstSeconds[slot] as number)) this.firstSeconds[slot] = seconds;
    if (seconds > (this.lastSeconds[slot] as number)) this.lastSeconds[slot] = seconds;
    return false;
  }

  /** Not 0. */
  private keyOf(row: number): number {
    const clock = this.clockOfPoint[this.columns.point(this.columns.flow(row))] ?? 0;
    let key = Math.imul(this.columns.word(row, W_HASH) ^ Math.imul(clock + 1, 0x9e3779b1), 0x85ebca6b);
    key = (key ^ (key >>> 15)) >>> 0;
    return key || 1;
  }

  private slotOf(key: number): number {
    let slot = (Math.imul(key, 0x9e3779b1) >>> 7) & this.mask;
    while (this.keys[slot] !== 0 && this.keys[slot] !== key) slot = (slot + 1) & this.mask;
    return slot;
  }
}
