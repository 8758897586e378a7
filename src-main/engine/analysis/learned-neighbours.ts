/**
 * ARP and neighbour caches: which MAC a host takes for which address, as far as it was told.
 *
 * ```
 * reply         A is at M, told to T          T learns A
 * request       T asked by S (MAC M)          S is learned by T, if T answers        (Linux: arp_process)
 * announcement  A is at M, told to all        those who already know A learn it anew
 * ```
 * One host's word is seen at many points: that is one entry.
 */
import type { JoinResult } from "../../../src-shared/reconstruct/result";
import { type Learned, LearnedHistory } from "./learned-history";
import type { NeighbourClaim } from "./learned-observer";

export interface NeighbourEntry {
  /** Whose cache it is: an address of its own. */
  readonly owner: string;
  readonly address: string;
  readonly mac: string;
  readonly how: string;
  /** Points it was seen at. */
  readonly points: readonly number[];
  /** Marks are indices of the claims. */
  readonly learned: Learned;
}

export function learnNeighbours(
  join: JoinResult,
  claims: readonly NeighbourClaim[],
  nameOf: (address: string) => string | null,
): readonly NeighbourEntry[] {
  const history = new LearnedHistory();
  const how = new Map<string, Set<string>>();
  const points = new Map<string, Set<number>>();
  const answered = new Set(
    claims.filter((c) => c.how === "reply").map((c) => `${machineOf(join, c.point)} ${c.address}`),
  );
  /** Owners that know an address: they hear its announcements. */
  const knowing = new Map<string, Set<string>>();
  const note = (owner: string, claim: NeighbourClaim, at: number): void => {
    // Addresses of bridges are often the same on every node: their caches are told apart by the machine.
    const key = `${nameOf(owner) ?? `machine-${machineOf(join, claim.point)}`}\0${owner}\0${claim.address}`;
    const ns = (seconds: readonly [number, number]): number => alignedNs(join, claim.file, seconds);
    history.note(key, claim.mac, ns(claim.firstTime), at, claim.count);
    if (claim.count > 1) history.note(key, claim.mac, ns(claim.lastTime), at, 0);
    add(how, `${key} ${claim.mac}`, claim.how);
    add(points, `${key} ${claim.mac}`, claim.point);
    add(knowing, claim.address, owner);
  };
  claims.forEach((claim, at) => {
    if (claim.how === "reply") note(claim.to, claim, at);
    else if (claim.how === "request" && answered.has(`${machineOf(join, claim.point)} ${claim.to}`))
      note(claim.to, claim, at);
  });
  claims.forEach((claim, at) => {
    if (claim.how !== "announcement") return;
    for (const owner of [...(knowing.get(claim.address) ?? [])]) note(owner, claim, at);
  });
  return history.keys.flatMap((key) => {
    const [, owner, address] = key.split("\0") as [string, string, string];
    return history.of(key).map((learned): NeighbourEntry => ({
      owner,
      address,
      mac: learned.value,
      how: [...(how.get(`${key} ${learned.value}`) ?? [])].join(", "),
      points: [...(points.get(`${key} ${learned.value}`) ?? [])],
      learned,
    }));
  });
}

/** Nanoseconds on the common clock since the joining's base second. */
function alignedNs(join: JoinResult, file: number, [seconds, nanoseconds]: readonly [number, number]): number {
  const offset = join.clocks.find((clock) => clock.fileIndex === file)?.seconds ?? 0;
  return (seconds - join.baseSeconds) * 1e9 + nanoseconds + offset * 1e9;
}

function machineOf(join: JoinResult, point: number): number {
  return join.points[point]?.machine ?? -1;
}

/** Pod, node or machine that has an address; null: not known. */
export function placeName(join: JoinResult, address: string): string | null {
  const place = join.topology.place(address);
  if (place?.pod ?? place?.node) return place.pod ?? place.node;
  return join.topology.machines.find((machine) => machine.addresses.includes(address))?.name ?? null;
}

/**
 * Machines of addresses that the joining does not know, because nothing but ARP is sent to them (a gateway's own): who talks with
 * n1 and is heard at n1 and at r, is r.
 */
export function ownersByLink(join: JoinResult, claims: readonly NeighbourClaim[]): ReadonlyMap<string, string> {
  const machineNamed = (name: string | null): number =>
    name === null ? -1 : join.topology.machines.findIndex((machine) => machine.name === name);
  const heard = new Map<string, Set<number>>();
  for (const claim of claims) {
    add(heard, `${claim.address} ${claim.to}`, machineOf(join, claim.point));
    add(heard, `${claim.to} ${claim.address}`, machineOf(join, claim.point));
  }
  const candidates = new Map<string, readonly number[]>();
  for (const [pair, machines] of heard) {
    const [owner, other] = pair.split(" ") as [string, string];
    if (placeName(join, owner) !== null) continue;
    const others = [...machines].filter((machine) => machine >= 0 && machine !== machineNamed(placeName(join, other)));
    if (others.length === 0) continue;
    const known = candidates.get(owner);
    candidates.set(owner, known ? known.filter((machine) => others.includes(machine)) : others);
  }
  return new Map(
    [...candidates].flatMap(([owner, [only, ...more]]) => {
      const name = only === undefined || more.length > 0 ? undefined : join.topology.machines[only]?.name;
      return name === undefined ? [] : [[owner, name] as const];
    }),
  );
}

function add<T>(into: Map<string, Set<T>>, key: string, value: T): void {
  const set = into.get(key);
  if (set) set.add(value);
  else into.set(key, new Set([value]));
}
