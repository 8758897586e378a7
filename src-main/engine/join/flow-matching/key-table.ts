/** Which sets of flows picked a packet with the same key. */

/** More tuples than NAT can make of one: client, service, node port, pod, node, gateway. */
const MAX_TUPLES = 6;

/** Keys and the sets that have them: open addressing, entries of one key chained. */
export class KeyTable {
  private readonly keys: Uint32Array;
  private readonly values: Int32Array;
  /** Next entry of the same key plus one, 0 at the end. The entry in `heads` is the newest. */
  private readonly next: Int32Array;
  private readonly slots: Int32Array;
  private readonly mask: number;
  count = 0;

  /** `most` entries at most. */
  constructor(most: number) {
    this.keys = new Uint32Array(most);
    this.values = new Int32Array(most);
    this.next = new Int32Array(most);
    let mask = 1023;
    while (mask < most * 2) mask = mask * 2 + 1;
    this.mask = mask;
    this.slots = new Int32Array(mask + 1);
  }

  private slotOf(key: number): number {
    let i = (Math.imul(key, 0x9e3779b1) >>> 7) & this.mask;
    for (;;) {
      const at = this.slots[i] as number;
      if (at === 0 || this.keys[at - 1] === key) return i;
      i = (i + 1) & this.mask;
    }
  }

  add(key: number, value: number): void {
    const at = this.count++;
    this.keys[at] = key;
    this.values[at] = value;
    const slot = this.slotOf(key);
    this.next[at] = this.slots[slot] as number;
    this.slots[slot] = at + 1;
  }

  /** The other sets with the key of this entry. False: none, or more than NAT can make of one. */
  others(entry: number, into: number[]): boolean {
    into.length = 0;
    const newest = (this.slots[this.slotOf(this.keys[entry] as number)] as number) - 1;
    if (newest === entry && this.next[entry] === 0) return false;
    const own = this.values[entry] as number;
    for (let at = newest; at >= 0; at = (this.next[at] as number) - 1) {
      const s = this.values[at] as number;
      if (s === own || into.includes(s)) continue;
      if (into.length === MAX_TUPLES - 1) return false;
      into.push(s);
    }
    return into.length > 0;
  }
}
