/**
 * The node that translated, where capture points do not tell their machines (merged recordings): by whose addresses these are, as a cluster file
 * tells.
 *
 * ```
 *   SNAT  … → 192.0.2.11          a node's own address, or its bridge's: that node put it there
 *   DNAT  192.0.2.11:30080 → …    a node's port: that node answers to it
 *   DNAT  10.96.0.10:80 → …       a Service's address leads nowhere: the client's own node translates it
 * ```
 * A gateway's address is no node's: nothing is told of it.
 */
import type { AtMs, Cluster } from "../../../../src-shared/model/cluster";
import type { Translation } from "../../../../src-shared/reconstruct/result";
import type { Place } from "../topology/address-places";

export function toldNode(
  { kind, from, to }: Pick<Translation, "kind" | "from" | "to">,
  client: Place | null,
  cluster: Cluster | undefined,
  atMs: AtMs,
): string | null {
  if (!cluster) return null;
  const owner = (ip: string): string | null =>
    cluster.podAt(ip, atMs)
      ? null
      : ((cluster.nodeAt(ip, atMs) ?? cluster.nodeOfPodRange(ip, atMs))?.meta.name ?? null);
  if (kind === "snat") return owner(to.ip);
  if (kind !== "dnat") return null;
  const isService = cluster.networkOf(from.ip, atMs) === "service";
  return isService ? (client?.source === "told" ? client.node : null) : owner(from.ip);
}
