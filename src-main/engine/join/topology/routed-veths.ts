/**
 * Pods without a bridge: each on a veth of its own, to which the node routes. By shape that is a router with one host at each port,
 *
 * ```
 *   pod ── veth ┐                         host ── port ┐
 *   pod ── veth ┤ node ── card            host ── port ┤ router ── port
 * ```
 * so it takes more: the machine translates what its neighbours ask of an address that nobody has (a Service), or ends tunnels, and
 * passes nothing from one neighbour network to another.
 */
import { isCardName } from "../point-names";
import type { TrafficRoles } from "../traffic-roles";
import { type KnownNetwork, keyOf } from "./known-network";

/** Points that are veths of a routing node. `tunnelEnds`: by file, whether tunnels end there. */
export function routedVeths(
  network: KnownNetwork,
  sample: readonly number[],
  traffic: TrafficRoles,
  tunnelEnds: Uint8Array,
): ReadonlySet<number> {
  const perFile = network.input.groups.map((_, f) => network.input.points.filter((p) => p.group === f).length);
  const outside = masquerading(network, sample);
  const leavesOf = new Map<number, number[]>();
  for (const point of traffic.leaves.keys()) {
    const file = network.fileOf(point);
    if (network.roles[point] !== "unknown" || isCardName(network.input.points[point]?.name)) continue;
    if ((perFile[file] as number) < 2 || network.input.mixed.has(file) || outside.has(point)) continue;
    leavesOf.set(file, [...(leavesOf.get(file) ?? []), point]);
  }
  if (leavesOf.size === 0) return new Set();
  const passing = passingFiles(network, traffic);
  const services = serviceCalls(network, sample);
  const nodes = new Set<number>();
  for (const [file, leaves] of leavesOf) {
    if (passing.has(file)) continue;
    const own = new Set(leaves.flatMap((point) => traffic.leaves.get(point) ?? []));
    const calls = services.filter((call) => call.file === file && own.has(call.client));
    // A gateway may do this for its neighbour as well: on nodes it is for several pods, or on several of them for one Service.
    const isService = calls.some(
      (call) => leaves.length > 1 || services.some((other) => other.asked === call.asked && other.file !== file),
    );
    if (isService || tunnelEnds[file] === 1) nodes.add(file);
  }
  // Nodes whose pods only answer.
  const backends = new Set(services.filter((call) => nodes.has(call.file)).map((call) => call.backend));
  for (const [file, leaves] of leavesOf)
    if (!passing.has(file) && leaves.some((point) => traffic.leaves.get(point)?.some((own) => backends.has(own))))
      nodes.add(file);
  return new Set([...nodes].flatMap((file) => leavesOf.get(file) ?? []));
}

export interface ServiceCall {
  readonly file: number;
  readonly client: number;
  readonly asked: string;
  readonly backend: number;
}

/** Calls of addresses that nobody has, and where they were translated. */
export function serviceCalls(network: KnownNetwork, sample: readonly number[]): readonly ServiceCall[] {
  const { table } = network;
  const real = new Set<number>();
  for (const c of sample) {
    const v6 = network.v6(c);
    for (const list of [table.clientAddress, table.serverAddress, table.seenAsAddress])
      real.add(keyOf(list[c] as number, v6));
  }
  const calls: ServiceCall[] = [];
  for (const c of sample) {
    const v6 = network.v6(c);
    for (const t of table.translations[table.changes[c] as number] ?? []) {
      const file = network.fileOf(t.before);
      if (t.kind !== "dnat" || file !== network.fileOf(t.after) || real.has(keyOf(t.fromAddress, v6))) continue;
      calls.push({
        file,
        client: keyOf(table.clientAddress[c] as number, v6),
        asked: `${keyOf(t.fromAddress, v6)}:${t.fromPort}`,
        backend: keyOf(t.toAddress, v6),
      });
    }
  }
  return calls;
}

/** Points behind which calls have another client's address, and ask for the same as before: it is not the pods' network there. */
function masquerading(network: KnownNetwork, sample: readonly number[]): ReadonlySet<number> {
  const { table } = network;
  const points = new Set<number>();
  for (const c of sample) {
    const changes = table.translations[table.changes[c] as number] ?? [];
    if (changes.some((t) => t.kind === "dnat")) continue;
    for (const t of changes) if (t.kind === "snat") points.add(t.after);
  }
  return points;
}

/** Files that route between two points with more than one neighbour, neither of them a tunnel's device: routers. */
function passingFiles(network: KnownNetwork, traffic: TrafficRoles): ReadonlySet<number> {
  const isInside = (p: number): boolean =>
    traffic.leaves.has(p) || traffic.tunnelDevices.has(p) || network.roles[p] !== "unknown";
  return new Set(traffic.routedSteps.filter(([a, b]) => !isInside(a) && !isInside(b)).map(([a]) => network.fileOf(a)));
}
