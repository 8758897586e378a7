/**
 * Which flows at capture points are one connection: a union-find that also knows, for each flow, whether its endpoint A is on
 * the same side as endpoint A of the set's root (canonical order flips when NAT changes an address).
 */
export class FlowSets {
  private readonly parent: Int32Array;
  /** 1: A and B are swapped against the parent. */
  private readonly swap: Uint8Array;
  /** Evidence of all joins in the set, at its root. */
  private readonly bits: Uint16Array;

  constructor(count: number) {
    this.parent = new Int32Array(count).map((_, i) => i);
    this.swap = new Uint8Array(count);
    this.bits = new Uint16Array(count);
  }

  root(flow: number): number {
    let at = flow;
    let swapped = 0;
    while ((this.parent[at] as number) !== at) {
      swapped ^= this.swap[at] as number;
      at = this.parent[at] as number;
    }
    // Flatten: everything on the way points at the root.
    let walk = flow;
    while ((this.parent[walk] as number) !== at && walk !== at) {
      const next = this.parent[walk] as number;
      const own = this.swap[walk] as number;
      this.parent[walk] = at;
      this.swap[walk] = swapped;
      swapped ^= own;
      walk = next;
    }
    return at;
  }

  /** 1: the flow's endpoint A is on the side of B of its root. */
  swapped(flow: number): number {
    this.root(flow);
    return (this.parent[flow] as number) === flow ? 0 : (this.swap[flow] as number);
  }

  /** Joins the sets of two flows whose A and B are the same way round (0) or swapped (1). */
  join(a: number, b: number, swapped: number, evidence: number): void {
    const ra = this.root(a);
    const rb = this.root(b);
    const all = evidence | (this.bits[ra] as number) | (this.bits[rb] as number);
    if (ra !== rb) {
      const s = swapped ^ this.swapped(a) ^ this.swapped(b);
      // The lower number stays the root: results do not depend on the order of joins.
      const [to, from] = ra < rb ? [ra, rb] : [rb, ra];
      this.parent[from] = to;
      this.swap[from] = s;
      this.bits[to] = all;
    } else this.bits[ra] = all;
  }

  evidence(flow: number): number {
    return this.bits[this.root(flow)] as number;
  }
}
