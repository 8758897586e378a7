/**
 * Names a connection's traffic kind and locality from where its ends live and what was asked.
 *
 * | client | asked a Service (translated, or its address) | server pod | server node | server elsewhere |
 * |---|---|---|---|---|
 * | pod | pod-to-service | pod-to-pod, container-to-container on one address | pod-to-node | egress |
 * | node | node-to-service | node-to-pod | node-to-node | egress |
 * | elsewhere | external-to-service | external-to-pod | external | external |
 */
import type { AddressPlace, ConnectionKind } from "../../../src-shared/reconstruct/result";

export interface EndsSeen {
  readonly client: AddressPlace | null;
  readonly server: AddressPlace | null;
  readonly requested: AddressPlace | null;
  /** The destination was changed on the way. */
  readonly translated: boolean;
  /** What the client asked for is not shown, only that its own address was changed before the first sighting. */
  readonly requestHidden: boolean;
  /** Client and server have one address, and nothing was translated. */
  readonly sameAddress: boolean;
  readonly group: boolean;
  /** What is no pod and no node is outside; false: it may be one that nobody tells of. */
  readonly knowsInside: boolean;
}

export function kindOf(ends: EndsSeen): ConnectionKind {
  const { client, server, requested } = ends;
  if (ends.sameAddress) return "container-to-container";
  if (ends.group || !client || !server) return "unknown";
  const service = ends.translated || requested?.network === "service" || ends.requestHidden;
  if (client.network === "pod") {
    if (service && server.network !== "outside") return "pod-to-service";
    if (server.network === "pod") return "pod-to-pod";
    if (server.network === "node") return "pod-to-node";
    return service ? "pod-to-service" : "egress";
  }
  if (client.network === "node") {
    if (service) return "node-to-service";
    if (server.network === "pod") return "node-to-pod";
    if (server.network === "node") return "node-to-node";
    return "egress";
  }
  if (client.network === "outside") {
    if (service && (server.network === "pod" || server.network === "node" || server.network === "service"))
      return "external-to-service";
    if (server.network === "pod") return "external-to-pod";
    return ends.knowsInside ? "external" : "unknown";
  }
  return "unknown";
}

export interface HasMachine extends AddressPlace {
  readonly machine: number;
}

/** `beyondCard`: of one end is known that it is on the other side of the other end's card (machine-steps.ts). */
export function localityOf(
  client: HasMachine | null,
  server: HasMachine | null,
  knowsInside: boolean,
  beyondCard: () => boolean,
): "same-node" | "cross-node" | "outside" | "unknown" {
  if (!client || !server) return "unknown";
  if (client.network === "outside" || server.network === "outside") return knowsInside ? "outside" : "unknown";
  if (client.node !== null && server.node !== null) return client.node === server.node ? "same-node" : "cross-node";
  if (client.machine >= 0 && client.machine === server.machine) return "same-node";
  return beyondCard() ? "cross-node" : "unknown";
}
