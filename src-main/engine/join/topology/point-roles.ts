/** In which role each point is: by its name, its link type, what it shares with its neighbours, what passes it. */
import { isIpOnly, LINKTYPE_LOOP, LINKTYPE_NULL } from "../../../../src-shared/model/link-type";
import { isCardName, namedRole } from "../point-names";
import { trafficRoles } from "../traffic-roles";
import { bridgePorts } from "./bridge-ports";
import type { KnownNetwork } from "./known-network";
import { routedVeths } from "./routed-veths";
import { evenly } from "./sample";

/** Connections whose steps are looked at for roles. */
const ROLE_SAMPLE = 1000;

export function findRoles(network: KnownNetwork, sample: readonly number[]): void {
  const { table, roles } = network;
  const { points, joined, columns } = network.input;
  const perFile: number[][] = network.input.groups.map(() => []);
  points.forEach((p, i) => perFile[p.group]?.push(i));
  const give = network.giveRole.bind(network);
  points.forEach((p, i) => {
    const named = p.isContainers ? undefined : namedRole(p.name);
    if (p.isContainers) give(i, "pod-nic", "told");
    else if (named) give(i, named, "name");
    else if (p.linkType === LINKTYPE_NULL || p.linkType === LINKTYPE_LOOP) give(i, "loopback", "link type");
    else if (isIpOnly(p.linkType)) give(i, "tunnel-device", "link type");
    else if (joined.bridges.has(i)) give(i, "bridge", "shares stamps with its ports");
  });
  // A file that shows a packet both in a tunnel and out of it is of a tunnel's end: a node.
  const carried = new Uint8Array(points.length);
  const isEnd = new Uint8Array(network.input.groups.length);
  for (const c of sample) {
    // By file and tuple: a router that passes on both a call and, later, its tunnelled and translated continuation is no end.
    const from = table.flowStart[c] as number;
    const to = table.flowStart[c + 1] as number;
    for (let i = from; i < to; i++) {
      const f = table.flows[i] as number;
      if (columns.depth(f) < 2) continue;
      const p = joined.pointOfFlow[f] as number;
      const file = network.fileOf(p);
      carried[p] = 1;
      for (let k = from; k < to && !isEnd[file]; k++) {
        const g = table.flows[k] as number;
        if (
          joined.match.tuple[g] === joined.match.tuple[f] &&
          columns.depth(g) < 2 &&
          sentBoth(network, f, g) &&
          network.fileOf(joined.pointOfFlow[g] as number) === file
        )
          isEnd[file] = 1;
      }
    }
  }
  const forwards = forwardingFiles(network, sample);
  const traffic = trafficRoles(columns, joined, (p) => network.fileOf(p), evenly(sample, ROLE_SAMPLE));
  const routed = routedVeths(network, sample, traffic, isEnd);
  for (const [file, list] of perFile.entries()) {
    for (const p of list) {
      if (roles[p] !== "unknown") continue;
      if (traffic.tunnelDevices.has(p) && !carried[p] && isEnd[file])
        give(p, "tunnel-device", "plain before it is carried");
      else if (traffic.bridges.has(p) && !isCardName(points[p]?.name))
        give(p, "bridge", "switches before a routed step");
      else if (traffic.veths.has(p)) give(p, "host-veth", "one address behind it");
      else if (routed.has(p) && !carried[p]) give(p, "host-veth", "one address behind it, on a node");
    }
  }
  for (const p of bridgePorts(network, sample))
    if (!carried[p]) give(p, "host-veth", "one address behind it, at a bridge");
  for (const [file, list] of perFile.entries()) {
    const given = new Set(list.map((p) => roles[p]));
    const node = isEnd[file] === 1 || given.has("host-veth") || (given.has("bridge") && !forwards.has(file));
    for (const p of list) {
      if (roles[p] !== "unknown") continue;
      if (carried[p] && isEnd[file]) give(p, "node-nic", "carries tunnels that end here");
      else if (node && list.length > 1) give(p, "node-nic", isCardName(points[p]?.name) ? "name" : "traffic");
      else if (list.length > 1 && forwards.has(file)) give(p, "router-port", "forwards");
    }
  }
}

/** Both flows show one direction: an answer may come back outside of the tunnel, past a machine that is no end of it. */
function sentBoth({ input: { columns, joined } }: KnownNetwork, f: number, g: number): boolean {
  const isSent = (flow: number, side: number): boolean =>
    columns.sentBy(flow, side ^ joined.match.sets.swapped(flow)) > 0;
  return [0, 1].some((side) => isSent(f, side) && isSent(g, side));
}

/** Files two of whose points see the same packets with nothing in between: they route or switch. */
function forwardingFiles(network: KnownNetwork, sample: readonly number[]): Set<number> {
  const files = new Set<number>();
  for (const c of sample)
    for (const path of network.pathsOf(c))
      for (let i = 1; i < path.length; i++) {
        const a = network.fileOf(path[i - 1] as number);
        if (a === network.fileOf(path[i] as number)) files.add(a);
      }
  return files;
}
