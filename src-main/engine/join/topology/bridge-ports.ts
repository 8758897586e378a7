/**
 * Ports of a node's bridge whose pods only call: everything they send crosses the bridge twice (to a pod of the same bridge through a
 * Service or a node's port), so the steps between points tell no port (traffic-roles.ts). What is left is who is behind it:
 *
 * ```
 *   pod (H, one address) ── port ┐ frames from H show up at the port first, then at the bridge, with H still
 *   pod ──────────────────  port ┤ bridge ── node ── card (many addresses, routed before)
 * ```
 * every frame at the port is from H or to it, H has one address of a family, sends what was not routed before, and gets its own only.
 */
import { isCardName } from "../point-names";
import { firstAt, INITIAL_TTLS } from "../traffic-roles";
import { W_ID } from "../sighting-columns";
import { type KnownNetwork, isV6, keyOf } from "./known-network";

interface Frame {
  readonly from: string;
  readonly to: string;
  readonly source: number;
  readonly destination: number;
  /** No router passed it on before. */
  readonly isFresh: boolean;
  /** The port was the first of its machine to see it, a bridge saw the same frame after it. */
  readonly entersHere: boolean;
}

/** Points without a role yet that are such ports. */
export function bridgePorts(network: KnownNetwork, sample: readonly number[]): ReadonlySet<number> {
  const { roles } = network;
  const { points, mixed } = network.input;
  const filesWithBridge = new Set(points.flatMap((point, p) => (roles[p] === "bridge" ? [point.group] : [])));
  const open = points.flatMap((point, p) =>
    roles[p] === "unknown" && filesWithBridge.has(point.group) && !mixed.has(point.group) && !isCardName(point.name)
      ? [p]
      : [],
  );
  if (open.length === 0) return new Set();
  const frames = new Map<number, Frame[]>(open.map((p) => [p, []]));
  for (const c of sample)
    network.pathsOf(c).forEach((path, back) => {
      path.forEach((p, i) => {
        const list = frames.get(p);
        if (!list) return;
        const frame = frameAt(network, c, p, back === 0);
        if (!frame) return;
        const file = network.fileOf(p);
        const isFirst = path.findIndex((other) => network.fileOf(other) === file) === i;
        const atBridge = path.slice(i + 1).some((other) => {
          if (roles[other] !== "bridge" || network.fileOf(other) !== file) return false;
          const same = frameAt(network, c, other, back === 0);
          return same?.from === frame.from && same.to === frame.to;
        });
        list.push({ ...frame, entersHere: isFirst && atBridge });
      });
    });
  const ports = new Set([...frames].flatMap(([p, list]) => (hasOneBehind(list) ? [p] : [])));
  // A machine has a way out: where all are alike nothing says that they are pods'.
  return new Set(
    [...ports].filter((p) =>
      points.some((point, other) => point.group === network.fileOf(p) && !ports.has(other) && isWayOut(roles[other])),
    ),
  );
}

function isWayOut(role: string | undefined): boolean {
  return role === "unknown" || role === "node-nic" || role === "tunnel-device";
}

/** One link address is in every frame, of one network address of a family, which only it sends and only it gets. */
function hasOneBehind(frames: readonly Frame[]): boolean {
  const macs = new Set(frames.filter((frame) => frame.entersHere).map((frame) => frame.from));
  const [mac, another] = macs;
  if (mac === undefined || another !== undefined) return false;
  const own = new Set<number>();
  for (const { from, to, source, destination, isFresh } of frames) {
    if (from === mac && isFresh) own.add(source);
    else if (from !== mac && to === mac) own.add(destination);
    else return false;
  }
  const v6 = [...own].filter(isV6).length;
  return v6 < 2 && own.size - v6 < 2;
}

/** The first frame of a connection's direction at a point; undefined: none, in a tunnel, or not of one link address each. */
function frameAt(
  network: KnownNetwork,
  c: number,
  point: number,
  toServer: boolean,
): Omit<Frame, "entersHere"> | undefined {
  const { columns, joined } = network.input;
  const row = firstAt(columns, joined, c, point, toServer);
  if (row < 0) return undefined;
  const flow = columns.flow(row);
  const side = columns.direction(row);
  const v6 = network.v6(c);
  const source = keyOf(columns.address(flow, side), v6);
  const destination = keyOf(columns.address(flow, side ^ 1), v6);
  if (columns.depth(flow) > 1 || columns.macSeen(flow, side) !== 1) return undefined;
  if (!network.isPlain(source) || !network.isPlain(destination)) return undefined;
  const mac = (offset: number): string => {
    const start = columns.macsAt(flow, side) + offset;
    return columns.bytes.subarray(start, start + 6).join();
  };
  return {
    from: mac(0),
    to: mac(6),
    source,
    destination,
    isFresh: INITIAL_TTLS.has((columns.word(row, W_ID) >>> 8) & 255),
  };
}
