/** The flows of every set, as columns. */
import type { FlowSets } from "../flow-sets";
import { FLOW_ACTIVE } from "./flow-kinds";

/** Flows of each set: flows[start[s]] … flows[start[s + 1] - 1]. */
export class SetMembers {
  readonly count: number;
  readonly start: Uint32Array;
  readonly flows: Uint32Array;

  constructor(total: number, sets: FlowSets, kind: Uint8Array) {
    const number = new Int32Array(total).fill(-1);
    let count = 0;
    let active = 0;
    for (let f = 0; f < total; f++) {
      if (kind[f] !== FLOW_ACTIVE) continue;
      active++;
      const root = sets.root(f);
      if ((number[root] as number) < 0) number[root] = count++;
      number[f] = number[root] as number;
    }
    this.count = count;
    this.start = new Uint32Array(count + 1);
    this.flows = new Uint32Array(active);
    for (let f = 0; f < total; f++)
      if (kind[f] === FLOW_ACTIVE)
        this.start[(number[f] as number) + 1] = (this.start[(number[f] as number) + 1] as number) + 1;
    for (let s = 0; s < count; s++) this.start[s + 1] = (this.start[s + 1] as number) + (this.start[s] as number);
    const next = this.start.slice();
    for (let f = 0; f < total; f++) {
      if (kind[f] !== FLOW_ACTIVE) continue;
      const s = number[f] as number;
      this.flows[next[s] as number] = f;
      next[s] = (next[s] as number) + 1;
    }
  }
}
