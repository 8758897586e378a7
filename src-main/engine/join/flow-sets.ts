/**
 * Which flows at capture points are one connection, as the kernel found it (kernel/assembly/flow-sets.ts): each flow knows its set's root,
 * and whether its endpoint A is on the same side as the root's (canonical order flips when NAT changes an address).
 */
export class FlowSets {
  /** By flow: root * 2 + (1: A and B are swapped against it); evidence at the root. */
  constructor(
    private readonly parents: Uint32Array,
    private readonly bits: Uint16Array,
  ) {}

  /** The lowest flow of the set. */
  root(flow: number): number {
    return (this.parents[flow] as number) >>> 1;
  }

  /** 1: the flow's endpoint A is on the side of B of its root. */
  swapped(flow: number): number {
    return (this.parents[flow] as number) & 1;
  }

  /** EVIDENCE_* of all joins in the set. */
  evidence(flow: number): number {
    return this.bits[this.root(flow)] as number;
  }
}
