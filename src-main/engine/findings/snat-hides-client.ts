/**
 * The server sees a node's address in place of the client's: a NodePort or load balancer under externalTrafficPolicy Cluster,
 * or a masquerade rule that matches too much.
 *
 * Not a finding: egress (that is what SNAT is for), hairpin (a pod must not get its own address as the peer's), and a node
 * that only changes between addresses of its own.
 */
import { endpointText } from "../../../src-shared/model/endpoint-text";
import type { Connection, Translation } from "../../../src-shared/reconstruct/result";
import { count, type FindingContext, type FindingFamily, firstRow, hostText, placeText, upsert } from "./context";
import { isIcmpReport } from "./echo";
import { kubectl, onNode } from "./shell";

interface Group {
  readonly first: Connection;
  readonly snat: Translation;
  readonly clients: Set<string>;
  /** Addresses the server saw. */
  readonly seen: Set<string>;
  readonly connections: Connection[];
  readonly rows: number[];
}

/** Not pod-to-node: many networks masquerade that on purpose, and the model's rules tell it (model-rules/). */
const INSIDE = new Set(["pod-to-pod", "pod-to-service", "node-to-pod", "node-to-service"]);
const FROM_OUTSIDE = new Set(["external-to-service", "external-to-pod"]);

export function snatHidesClient(context: FindingContext): FindingFamily {
  const groups = new Map<string, Group>();
  return {
    visit(connection, journeys) {
      const { seenByServerAs: seen, client, hairpin, kind } = connection;
      if (!seen || hairpin || seen.ip === client.ip || isIcmpReport(context.join, connection)) return;
      if (!FROM_OUTSIDE.has(kind) && !INSIDE.has(kind)) return;
      const snat = connection.translations.find((t) => t.kind === "snat" && t.from.ip !== t.to.ip);
      if (!snat) return;
      if (INSIDE.has(kind) && ownAddressChange(context, connection, seen.ip)) return;
      const target = connection.service ?? endpointText(connection.requested ?? connection.server);
      const group = upsert(groups, INSIDE.has(kind) ? `${target} inside` : target, () => ({
        first: connection,
        snat,
        clients: new Set<string>(),
        seen: new Set<string>(),
        connections: [],
        rows: [],
      }));
      group.clients.add(client.ip);
      group.seen.add(seen.ip);
      group.connections.push(connection);
      const opening = journeys.find((j) => j.direction === "to-server");
      if (opening) group.rows.push(...opening.sightings);
      else if (journeys[0]) group.rows.push(firstRow(journeys[0]));
    },
    finish: () =>
      [...groups].map(([key, { first, snat, clients, seen: addresses, connections, rows }]) => {
        const inside = INSIDE.has(first.kind);
        const seen = [...addresses].join(", ");
        const at = context.atMs(first);
        const service = first.service === null ? null : context.cluster.service(first.service, at);
        const node = snat.node;
        const target = first.service ?? endpointText(first.requested ?? first.server);
        return context.finding({
          kind: "snat-hides-client",
          about: key,
          severity: inside ? "warn" : "note",
          title: `${target}: the server sees ${seen} in place of ${clients.size === 1 ? first.client.ip : count(clients.size, "client")}`,
          text: `${count(connections.length, "connection")} from ${clients.size > 1 ? count(clients.size, "client") : connections.length > 1 ? hostText(first.client) : placeText(first.client)} ${connections.length === 1 ? "reaches" : "reach"} the server from ${seen}, for example ${placeText(first.server)}${node === null ? "" : `, translated on ${node}`}: logs, rate limits and policies by address see the node, not the client.`,
          inference: false,
          where: [
            ...snat.between.flatMap((p) => (p === null ? [] : [context.pointId(p)])),
            ...(node === null ? [] : [node]),
          ],
          evidence: [
            `SNAT ${endpointText(snat.from)} to ${endpointText(snat.to)}, by ${snat.evidence.join(", ") || "the packets on both sides"}`,
            ...(service ? [`the imported Service says externalTrafficPolicy: ${service.externalTrafficPolicy}`] : []),
          ],
          fits: inside
            ? [
                "a masquerade rule that also matches traffic inside the cluster (cluster range not told to kube-proxy or the CNI)",
              ]
            : service?.externalTrafficPolicy === "Local"
              ? ["a proxy or load balancer in front translates"]
              : ["externalTrafficPolicy Cluster: kube-proxy masquerades, so that the answer comes back over this node"],
          ruledOut: [
            "an HTTP proxy: the TCP connection is the same one, sequence numbers go through",
            ...(service?.externalTrafficPolicy === "Local"
              ? ["externalTrafficPolicy Cluster: the Service says Local"]
              : []),
          ],
          rows,
          connections,
          check: [
            ...(first.service === null
              ? []
              : [kubectl("get", "service", first.service, " -o jsonpath={.spec.externalTrafficPolicy}")]),
            onNode(node, "iptables-save -t nat | grep -E 'MASQUERADE|SNAT'"),
            onNode(node, `conntrack -L -p ${first.protocol === "udp" ? "udp" : "tcp"} --orig-src ${first.client.ip}`),
          ],
        });
      }),
  };
}

/** The client is a node and is seen under another address of the same node. */
function ownAddressChange(context: FindingContext, connection: Connection, seen: string): boolean {
  const { node } = connection.client;
  const place = context.join.topology.place(seen);
  return (
    connection.kind.startsWith("node-") &&
    ((node !== null && place?.node === node) ||
      context.join.topology.machines.some(
        (m) => m.addresses.includes(seen) && m.addresses.includes(connection.client.ip),
      ))
  );
}
