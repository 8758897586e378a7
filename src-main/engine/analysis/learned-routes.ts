/**
 * Routing tables, as far as packets show them: to which next hop a machine or a pod sends what is for an address.
 *
 * ```
 * veth1 (TTL 64) ─ routed ─ eth0 (TTL 63, to MAC of the router)      n1: 10.1.1.9 by the router's MAC on eth0
 * veth1 (TTL 64) ─ routed ─ flannel.1 ═ eth0 (in a tunnel to n2)     n1: 10.1.1.9 by the tunnel to n2 on flannel.1
 * pod NIC (TTL 64, to MAC of cni0)                                   the pod: 10.1.1.9 by cni0's MAC
 * ```
 * Addresses that go the same way are told as the longest prefix that holds them all, if it holds none that goes another way and
 * is not shorter than /16 (IPv6: /48): the table itself is not in the packets.
 */
import { addressBytes, formatAddress } from "../../../src-shared/model/ip-range";
import type { PointRole } from "../../../src-shared/model/point-role";
import type { JoinResult, Journey } from "../../../src-shared/reconstruct/result";
import { type Learned, LearnedHistory } from "./learned-history";
import { isGroupMac, type LinkAddresses } from "./learned-link";
import type { NeighbourClaim } from "./learned-observer";

export interface RouteEntry {
  /** Pod or machine. */
  readonly holder: string;
  /** "10.1.1.0/28"; of one address the address. */
  readonly prefix: string;
  readonly addresses: readonly string[];
  /** MAC it is sent to; "" in tunnels without link addresses. */
  readonly mac: string;
  /** "direct": the destination's own MAC; an address; "tunnel to 192.168.1.2"; null: whose MAC it is, nobody said. */
  readonly nextHop: string | null;
  /** Point it leaves by. */
  readonly point: number;
  readonly packets: number;
  /** Of the address that was seen first, and of the one seen last. */
  readonly firstMark: number;
  readonly lastMark: number;
  /** Of an address that went another way before. */
  readonly moved: Learned | null;
}

/** What stands in a value of the history: point, MAC, outer address of a tunnel. */
export interface Way {
  readonly point: number;
  readonly mac: string;
  readonly tunnelTo: string;
}

/** The less, the likelier a route names it. */
const DEVICE_RANK: Readonly<Record<PointRole, number>> = {
  bridge: 0,
  "tunnel-device": 0,
  "node-nic": 1,
  "router-port": 1,
  loopback: 1,
  unknown: 2,
  "host-veth": 3,
  "pod-nic": 4,
};

export class RouteLearner {
  /** By "holder address". Holders may contain spaces: they are numbered. */
  readonly #history = new LearnedHistory();
  readonly #holders = new Map<string, number>();
  /** By machine: a file of a whole cluster's traffic has one with thousands. */
  readonly #addresses: readonly ReadonlySet<string>[];

  constructor(
    private readonly join: JoinResult,
    private readonly link: LinkAddresses,
  ) {
    this.#addresses = join.topology.machines.map((machine) => new Set(machine.addresses));
  }

  visit(journey: Journey): void {
    const { sightings, points, topology } = this.join;
    const rows = journey.sightings;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number;
      const point = points[sightings.point(row)];
      if (!point) continue;
      const before = rows[i - 1];
      const sameMachine = before !== undefined && points[sightings.point(before)]?.machine === point.machine;
      const machine = topology.machines[point.machine]?.name;
      if (before === undefined) {
        const source = sightings.source(row);
        const place = topology.place(source);
        if (place?.network === "pod" && (point.role === "pod-nic" || point.role === "host-veth"))
          this.#note(place.pod ?? source, rows, i);
        else if (machine !== undefined && this.#owns(point.machine, source)) this.#note(machine, rows, i);
      } else if (machine !== undefined && sameMachine && sightings.ttl(row) < sightings.ttl(before))
        this.#note(machine, rows, this.#device(rows, i));
      this.#carriers(row, before, sameMachine, machine, point.machine);
    }
  }

  /**
   * Of the sightings right behind a routing decision, which are of one moment, the device that the routing table names: not the
   * bridge's port, not the pod's card.
   */
  #device(rows: readonly number[], i: number): number {
    const { sightings, points } = this.join;
    const rank = (at: number): number => DEVICE_RANK[points[sightings.point(rows[at] as number)]?.role ?? "unknown"];
    const ttl = sightings.ttl(rows[i] as number);
    const machine = points[sightings.point(rows[i] as number)]?.machine;
    let best = i;
    for (let at = i + 1; at < rows.length; at++) {
      const row = rows[at] as number;
      if (points[sightings.point(row)]?.machine !== machine || sightings.ttl(row) !== ttl) break;
      if (sightings.depth(row) !== sightings.depth(rows[i] as number)) break;
      if (rank(at) < rank(best)) best = at;
    }
    return best;
  }

  /** The way of the outer packets of a tunnel: sent here, or forwarded here. */
  #carriers(
    row: number,
    before: number | undefined,
    sameMachine: boolean,
    machine: string | undefined,
    at: number,
  ): void {
    const { sightings } = this.join;
    const carrier = sightings.carrier(row);
    if (carrier < 0 || machine === undefined) return;
    const cameIn = before === undefined || !sameMachine ? -1 : sightings.carrier(before);
    const routed = cameIn >= 0 && sightings.ttl(carrier) < sightings.ttl(cameIn);
    if (!routed && !(cameIn < 0 && this.#owns(at, sightings.source(carrier)))) return;
    const mac = this.link.destination(carrier);
    if (mac === "" || isGroupMac(mac)) return;
    this.#add(machine, sightings.destination(carrier), { point: sightings.point(row), mac, tunnelTo: "" }, row);
  }

  #owns(machine: number, address: string): boolean {
    return this.#addresses[machine]?.has(address) ?? false;
  }

  #note(holder: string, rows: readonly number[], i: number): void {
    const { sightings, points } = this.join;
    const row = rows[i] as number;
    const mac = this.link.destination(row);
    if (mac !== "" && isGroupMac(mac)) return;
    // Already wrapped here, or at the next point of the same machine.
    let carrier = sightings.carrier(row);
    const next = rows[i + 1];
    const role = points[sightings.point(row)]?.role;
    if (
      carrier < 0 &&
      next !== undefined &&
      role !== "pod-nic" &&
      role !== "host-veth" &&
      points[sightings.point(next)]?.machine === points[sightings.point(row)]?.machine
    )
      carrier = sightings.carrier(next);
    const tunnelTo = carrier < 0 ? "" : sightings.destination(carrier);
    if (mac === "" && tunnelTo === "") return;
    // Behind the machine's own decision, but its own devices were not recorded.
    if (role === "pod-nic" && i > 0) return;
    this.#add(holder, sightings.destination(row), { point: sightings.point(row), mac, tunnelTo }, row);
  }

  #add(holder: string, address: string, way: Way, row: number): void {
    let number = this.#holders.get(holder);
    if (number === undefined) this.#holders.set(holder, (number = this.#holders.size));
    const value = `${way.point} ${way.mac} ${way.tunnelTo}`;
    this.#history.note(`${number} ${address}`, value, this.join.sightings.alignedNs(row), row);
  }

  entries(claims: readonly NeighbourClaim[]): readonly RouteEntry[] {
    const names = [...this.#holders.keys()];
    const ownersOf = new Map<string, Set<string>>();
    for (const { mac, address } of claims) {
      const owners = ownersOf.get(mac);
      if (owners) owners.add(address);
      else ownersOf.set(mac, new Set([address]));
    }
    const byHolder = new Map<number, { address: string; bytes: Uint8Array; learned: Learned }[]>();
    for (const key of this.#history.keys) {
      const [number, address] = key.split(" ") as [string, string];
      const bytes = addressBytes(address);
      if (!bytes) continue;
      const list = byHolder.get(Number(number)) ?? [];
      byHolder.set(Number(number), list);
      for (const learned of this.#history.of(key)) list.push({ address, bytes, learned });
    }
    return [...byHolder].flatMap(([holder, list]) =>
      prefixes(list, (one) => one.learned.value + hopOf(one, ownersOf)).map((group): RouteEntry => {
        const [first] = group.members as [(typeof list)[number]];
        const way = readWay(first.learned.value);
        const byTime = [...group.members].sort((a, b) => a.learned.firstNs - b.learned.firstNs);
        const lastOf = group.members.reduce((a, b) => (b.learned.lastNs > a.learned.lastNs ? b : a));
        return {
          holder: names[holder] ?? "",
          prefix: group.text,
          addresses: [...new Set(group.members.map((m) => m.address))],
          mac: way.mac,
          nextHop: hopOf(first, ownersOf),
          point: way.point,
          packets: group.members.reduce((n, m) => n + m.learned.count, 0),
          firstMark: (byTime[0] as (typeof list)[number]).learned.firstMark,
          lastMark: lastOf.learned.lastMark,
          moved: group.members.find((m) => m.learned.before !== null || m.learned.disputed)?.learned ?? null,
        };
      }),
    );
  }
}

export function readWay(value: string): Way {
  const [point, mac, tunnelTo] = value.split(" ") as [string, string, string];
  return { point: Number(point), mac, tunnelTo };
}

function hopOf(
  { address, learned }: { readonly address: string; readonly learned: Learned },
  ownersOf: ReadonlyMap<string, ReadonlySet<string>>,
): string | null {
  const way = readWay(learned.value);
  if (way.tunnelTo !== "") return `tunnel to ${way.tunnelTo}`;
  const owners = ownersOf.get(way.mac);
  if (!owners) return null;
  if (owners.has(address)) return "direct";
  return owners.size > 2 ? null : [...owners].join(" or ");
}

interface Member {
  readonly address: string;
  readonly bytes: Uint8Array;
}

interface Group<T> {
  readonly text: string;
  readonly members: readonly T[];
}

/** Shortest prefix told: of IPv4, of IPv6. */
const SHORTEST = { 4: 16, 16: 48 } as const;

/** Addresses of one way each, as prefixes that hold no address of another way. */
export function prefixes<T extends Member>(list: readonly T[], wayOf: (member: T) => string): readonly Group<T>[] {
  const sorted = [...list].sort((a, b) => compareAddresses(a.bytes, b.bytes));
  const byWay = new Map<string, T[]>();
  for (const member of sorted) {
    const way = wayOf(member);
    const own = byWay.get(way);
    if (own) own.push(member);
    else byWay.set(way, [member]);
  }
  const groups: Group<T>[] = [];
  for (const own of byWay.values()) cover(own, sorted, groups);
  return groups;
}

/**
 * `own` and `all` sorted: split where the first bit differs until nothing foreign is inside. A prefix holds something foreign where
 * more of `all` is inside than of `own`: two binary searches. Looking at all others took 40 s for 4,000 pods behind one interface.
 */
function cover<T extends Member>(own: readonly T[], all: readonly Member[], groups: Group<T>[]): void {
  const first = own[0];
  const last = own[own.length - 1];
  if (!first || !last) return;
  const bits = first.bytes.length * 8;
  const common = first.bytes.length === last.bytes.length ? commonBits(first.bytes, last.bytes) : 0;
  const shortest = first.bytes.length === 4 ? SHORTEST[4] : SHORTEST[16];
  if (common === bits || (common >= shortest && countInside(all, first.bytes, common) === own.length)) {
    groups.push({
      text: common === bits ? first.address : `${prefixText(first.bytes, common)}/${common}`,
      members: own,
    });
    return;
  }
  // Families differ: there is no bit to split at.
  const inFirst = (m: T): boolean =>
    m.bytes.length === first.bytes.length &&
    (first.bytes.length !== last.bytes.length || commonBits(m.bytes, first.bytes) > common);
  cover(own.filter(inFirst), all, groups);
  cover(
    own.filter((m) => !inFirst(m)),
    all,
    groups,
  );
}

/** How many of the sorted addresses begin with the first `bits` of `bytes`. */
function countInside(all: readonly Member[], bytes: Uint8Array, bits: number): number {
  const low = prefixBytes(bytes, bits);
  const high = low.map((byte, i) => byte | (0xff >> Math.min(8, Math.max(0, bits - i * 8))));
  const before = (holds: (address: Uint8Array) => boolean): number => {
    let [from, to] = [0, all.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (holds((all[middle] as Member).bytes)) from = middle + 1;
      else to = middle;
    }
    return from;
  };
  return (
    before((address) => compareAddresses(address, high) <= 0) - before((address) => compareAddresses(address, low) < 0)
  );
}

function commonBits(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) {
    const differs = (a[i] as number) ^ (b[i] as number);
    if (differs !== 0) return i * 8 + Math.clz32(differs) - 24;
  }
  return a.length * 8;
}

function prefixText(bytes: Uint8Array, length: number): string {
  return formatAddress(prefixBytes(bytes, length));
}

/** All bits behind the first `length` are 0. */
function prefixBytes(bytes: Uint8Array, length: number): Uint8Array {
  return bytes.map((byte, i) => byte & (0xff00 >> Math.min(8, Math.max(0, length - i * 8))));
}

/** IPv4 before IPv6. */
function compareAddresses(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return a.length - b.length;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return (a[i] as number) - (b[i] as number);
  return 0;
}
