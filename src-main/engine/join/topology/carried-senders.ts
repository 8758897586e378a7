/**
 * Who sent what a tunnel carries: a pod behind the tunnel's end, or that end itself. A node that routes between its pods and the tunnel takes
 * a hop from what its pods send, and none from what it sends itself:
 *
 * ```
 *   pod 64 ── node ── [carried: 63] ──►          node's own 64 ── [carried: 64] ──►
 * ```
 * Where the tunnel's device is a port of the pods' bridge nobody takes a hop, and nothing is told.
 */
import { SIGHTING_CARRIED } from "../../kernel/assembly/abi";
import { W_ID } from "../sighting-columns";
import { INITIAL_TTLS } from "../traffic-roles";
import { type KnownNetwork, keyOf } from "./known-network";

/** Packets of a flow that are asked. */
const LOOKED_AT = 8;

export class CarriedSenders {
  private readonly unrouted = new Set<number>();
  /** A recorded node was seen taking a hop from what its own pod sent into a tunnel. */
  private takesHop = false;

  constructor(private readonly network: KnownNetwork) {}

  /** Takes notice of who sent the first packets of a carried flow; `file` stands for the machine it was seen at. */
  look(flow: number, file: number): void {
    const { columns } = this.network.input;
    const start = columns.start[flow] as number;
    const end = Math.min(columns.start[flow + 1] as number, start + LOOKED_AT);
    for (let k = start; k < end; k++) {
      const row = columns.order[k] as number;
      if (!(columns.word(row, W_ID) & SIGHTING_CARRIED)) continue;
      const sender = keyOf(columns.address(flow, columns.direction(row)), columns.v6(flow));
      const isRouted = !INITIAL_TTLS.has((columns.word(row, W_ID) >>> 8) & 255);
      if (!isRouted) this.unrouted.add(sender);
      const home = this.network.pods.get(sender);
      if (isRouted && home !== undefined && this.network.fileMachine[home] === file) this.takesHop = true;
    }
  }

  /** What it passed on under its own address (NodePort) came routed; what it sent itself did not. */
  isTunnelEnd(sender: number): boolean {
    return this.takesHop && this.unrouted.has(sender);
  }
}
