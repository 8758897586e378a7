/**
 * The MAC table of each bridge: which MAC is behind which port.
 *
 * ```
 * journey        pod NIC ─ veth1 ─ cni0 ─ veth2 ─ pod NIC        the same source MAC at all of them: switched, not routed
 * learned        source MAC is behind veth1, the first port
 *                cni0 ─ veth2 ─ pod NIC                           the bridge's own MAC: it is local
 * ```
 * The destination's MAC may change on the way (DNAT by a bridge that calls iptables), the source's does not without routing. A port that was not recorded teaches nothing; a bridge that was not recorded is known by what it switched between its ports.
 */
import type { JoinResult, Journey } from "../../../src-shared/reconstruct/result";
import { type Learned, LearnedHistory } from "./learned-history";
import type { LinkAddresses } from "./learned-link";

export interface MacEntry {
  readonly machine: string;
  /** Interface of the bridge; null: not recorded. */
  readonly bridge: string | null;
  readonly mac: string;
  /** Point of the port; of a local MAC the bridge's. */
  readonly port: number;
  readonly local: boolean;
  /** Addresses of its own that its frames were sent from, at most a few. */
  readonly addresses: readonly string[];
  readonly learned: Learned;
}

const MOST_ADDRESSES = 4;

export class MacLearner {
  readonly #history = new LearnedHistory();
  /** By "machine mac". */
  readonly #addresses = new Map<string, Set<string>>();
  /** Bridge of a port: votes by point. */
  readonly #bridges = new Map<number, Map<number, number>>();

  constructor(
    private readonly join: JoinResult,
    private readonly link: LinkAddresses,
  ) {}

  visit(journey: Journey): void {
    const { sightings, points } = this.join;
    const rows = journey.sightings;
    let at = 0;
    while (at < rows.length) {
      const row = rows[at] as number;
      const source = this.link.source(row);
      const machine = points[sightings.point(row)]?.machine ?? -1;
      let end = at + 1;
      if (source !== "" && sightings.depth(row) === 1) {
        for (; end < rows.length; end++) {
          const next = rows[end] as number;
          if (
            sightings.depth(next) !== 1 ||
            (points[sightings.point(next)]?.machine ?? -1) !== machine ||
            this.link.source(next) !== source
          )
            break;
        }
        this.#run(rows.slice(at, end), source, machine, at === 0);
      }
      at = end;
    }
  }

  /** Sightings of one frame on one machine, sent by one MAC; `begins`: where the journey does, so that the address is the MAC's own. */
  #run(rows: readonly number[], source: string, machine: number, begins: boolean): void {
    const { sightings, points } = this.join;
    const ports: number[] = [];
    let bridge = -1;
    for (const row of rows) {
      const point = sightings.point(row);
      const role = points[point]?.role;
      // The pod's end of a veth is the other side of the port, not the port.
      if (role === "pod-nic" || ports.includes(point)) continue;
      ports.push(point);
      if (role === "bridge") bridge = point;
    }
    const [first] = ports;
    if (first === undefined || ports.length < 2) return;
    for (const port of ports) if (bridge >= 0 && port !== bridge) this.#vote(port, bridge);
    const row = rows.find((r) => sightings.point(r) === first) as number;
    this.#history.note(`${machine} ${source}`, String(first), sightings.alignedNs(row), row);
    if (!begins) return;
    const key = `${machine} ${source}`;
    const known = this.#addresses.get(key) ?? new Set<string>();
    if (known.size < MOST_ADDRESSES) known.add(sightings.source(row));
    this.#addresses.set(key, known);
  }

  #vote(port: number, bridge: number): void {
    const votes = this.#bridges.get(port) ?? new Map<number, number>();
    this.#bridges.set(port, votes.set(bridge, (votes.get(bridge) ?? 0) + 1));
  }

  entries(): readonly MacEntry[] {
    const { points, topology } = this.join;
    return this.#history.keys.flatMap((key) => {
      const [machine, mac] = key.split(" ") as [string, string];
      return this.#history.of(key).map((learned): MacEntry => {
        const port = Number(learned.value);
        const local = points[port]?.role === "bridge";
        const votes = [...(this.#bridges.get(port) ?? [])].sort((a, b) => b[1] - a[1]);
        const bridge = local ? port : (votes[0]?.[0] ?? -1);
        return {
          machine: topology.machines[Number(machine)]?.name ?? "",
          bridge: bridge < 0 ? null : (points[bridge]?.interface ?? null),
          mac,
          port,
          local,
          addresses: [...(this.#addresses.get(key) ?? [])],
          learned,
        };
      });
    });
  }
}
