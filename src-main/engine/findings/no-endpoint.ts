/**
 * A Service, or the address it leads to, that nobody answers for.
 *
 * ```
 * no ready endpoint    told by the cluster, or a Service address is answered with ICMP port unreachable, as kube-proxy's rules do
 * rejected             ICMP port unreachable for any other address: some rule rejects, and whose is not seen
 * no such port         the Service is there, the port is not one of its
 * dead endpoint        translated to a pod address that nobody has any more: ARP or Neighbour Discovery is not answered, or host unreachable
 * refused              the endpoint answers RST: nothing listens
 * ```
 */
import type { Finding } from "../../../src-shared/model/finding";
import { objectName } from "../../../src-shared/model/kubernetes";
import { endpointText } from "../../../src-shared/model/endpoint-text";
import type { Connection } from "../../../src-shared/reconstruct/result";
import { type Attempt, type Complaint, failedAttempt, rowsOf, timesText } from "./attempts";
import { count, type FindingContext, type FindingDraft, type FindingFamily, placeText } from "./context";
import { isHostUnreachable, isNetworkUnreachable, isPortUnreachable } from "./icmp-errors";
import { kubectl, kubectlEndpointSlices, kubectlExec, onNode, shellWord, tcpdump } from "./shell";

type Told = Pick<FindingDraft, "title" | "text" | "severity" | "evidence" | "fits" | "ruledOut" | "check" | "where"> & {
  readonly key: string;
  readonly inference?: boolean;
};

export function noEndpoints(context: FindingContext): FindingFamily {
  const groups = new Map<string, { draft: Told; connections: Connection[]; rows: number[] }>();
  return {
    visit(connection, journeys, claimed) {
      const attempt = failedAttempt(context, connection, journeys);
      if (!attempt) return;
      const told = explain(context, connection, attempt);
      if (!told) return;
      const group = groups.get(told.key) ?? { draft: told, connections: [], rows: [] };
      groups.set(told.key, group);
      group.connections.push(connection);
      group.rows.push(...rowsOf([...attempt.syns, ...attempt.resets]), ...attempt.complaints.map((c) => c.row));
      for (const journey of [...attempt.syns, ...attempt.resets]) claimed.add(journey.index);
    },
    finish: (): readonly Finding[] =>
      [...groups.values()].map(({ draft, connections, rows }) => {
        const { key, ...rest } = draft;
        return context.finding({
          ...rest,
          kind: "no-endpoint",
          about: key,
          text: `${rest.text} ${count(connections.length, "connection")} failed so.`,
          inference: rest.inference ?? false,
          rows,
          connections,
        });
      }),
  };
}

function explain(context: FindingContext, connection: Connection, attempt: Attempt): Told | null {
  const { requested } = connection;
  const silent = attempt.syns.length >= 2 && attempt.resets.length === 0;
  const translated = connection.translations.some((t) => t.kind === "dnat");
  const rejection = attempt.complaints.find(
    // A TCP stack answers RST: port unreachable for a SYN is a rule of some firewall, kube-proxy's for Services among them.
    (c) => isPortUnreachable(c) && c.from !== connection.server.ip,
  );
  if (requested && !translated && (silent || rejection || attempt.resets.length > 0)) {
    const told = byService(context, connection, attempt, requested);
    if (told) return told;
  }
  if (rejection) return rejected(context, connection, rejection);
  const dead =
    deadEndpoint(context, connection, attempt, silent, translated) ??
    noRoute(context, connection, attempt) ??
    (silent && !translated ? deadCandidate(context, connection, attempt) : null);
  if (dead) return dead;
  if (attempt.resets.length === 0) return null;
  const { server } = connection;
  return {
    key: `refused ${endpointText(server)}`,
    severity: "warn",
    title: `Nothing listens on ${placeText(server)}`,
    text: `SYNs to ${endpointText(server)} are answered with RST: the connection is refused.`,
    where: [context.pointId(attempt.lastSeen), ...(server.pod === null ? [] : [server.pod])],
    evidence: [`${count(attempt.resets.length, "RST")} from the server's side, none of its packets has SYN and ACK`],
    fits: [
      "the program does not run, or listens on another port or address",
      ...(translated ? ["the Service's targetPort is not the port the pod listens on"] : []),
      "a firewall rule rejects with a TCP reset",
    ],
    ruledOut: ["loss, MTU, a rule that drops: there is an answer"],
    check: [
      ...(server.pod === null ? [] : [kubectlExec(server.pod, "ss -ltn")]),
      ...(connection.service === null ? [] : [kubectl("get", "service", connection.service, " -o yaml")]),
      onNode(server.node, tcpdump(null, server.ip, server.port, "tcp")),
    ],
  };
}

/**
 * A rule answers in place of the address. Whose it is, the packets do not show: kube-proxy rejects so what is asked of a Service without
 * endpoints, and any firewall may.
 */
function rejected(context: FindingContext, connection: Connection, rejection: Complaint): Told {
  const asked = connection.requested ?? connection.server;
  const wanted = endpointText(asked);
  const at = context.atMs(connection);
  const isService =
    context.cluster.networkOf(asked.ip, at) === "service" ||
    context.cluster.serviceAt(asked.ip, asked.port, "tcp", at) !== null ||
    context.join.topology.services.some((s) => s.endpoint.ip === asked.ip && s.endpoint.port === asked.port);
  const place = context.join.topology.place(asked.ip);
  const isOther = place !== null && (place.network === "pod" || place.pod !== null);
  return {
    key: `rejected ${wanted}`,
    severity: isService ? "error" : "warn",
    inference: isService,
    title: isService ? `${wanted} is rejected: no endpoint behind it` : `${wanted} is rejected by a rule`,
    text: `${rejection.from} answers SYNs to ${wanted} with ICMP port unreachable.`,
    where: [context.pointId(context.join.sightings.point(rejection.row))],
    evidence: [
      `ICMP port unreachable from ${rejection.from}, which is not the address that was asked`,
      "a host that takes the packet but has no listener answers RST, not ICMP: this is a rule",
      ...(isService
        ? [`${asked.ip} is a Service address: kube-proxy sets such rules for Services without endpoints`]
        : []),
    ],
    fits: [
      ...(isService ? ["the Service has no ready endpoint"] : []),
      "a firewall rule rejects the connection (REJECT)",
      ...(isService || isOther ? [] : ["the address is a Service's, and it has no ready endpoint"]),
    ],
    ruledOut: [
      "loss: there is an answer",
      "a rule that drops: there is an answer",
      ...(isOther ? [`a Service without endpoints: ${asked.ip} is a pod's address`] : []),
    ],
    check: [
      ...(isOther ? [] : ["kubectl get services,endpointslices -A -o wide"]),
      onNode(connection.client.node, `iptables-save -c | grep -E 'REJECT|${shellWord(asked.ip)}'`),
    ],
  };
}

/** What the imported cluster says of the Service that was asked for. */
function byService(
  context: FindingContext,
  connection: Connection,
  attempt: Attempt,
  requested: { readonly ip: string; readonly port: number },
): Told | null {
  const { cluster } = context;
  const at = context.atMs(connection);
  const match = cluster.serviceAt(requested.ip, requested.port, "tcp", at);
  if (!match) return null;
  const name = objectName(match.service);
  const wanted = `${name} (${endpointText(requested)})`;
  const what = attempt.complaints.length
    ? "rejected with ICMP"
    : attempt.resets.length
      ? "answered with RST"
      : `not answered (SYNs at ${timesText(context, attempt.syns)})`;
  const common = {
    severity: "error" as const,
    where: [context.pointId(attempt.lastSeen), name],
    check: [kubectl("get", "service", name, " -o yaml"), kubectlEndpointSlices(name)],
  };
  if (match.port === null)
    return {
      ...common,
      key: `no port ${wanted}`,
      title: `Service ${name} has no port ${requested.port}`,
      text: `Connections to ${wanted} are ${what}: its ports are ${match.service.ports.map((p) => p.port).join(", ") || "none"}.`,
      evidence: [`the imported Service ${name} does not list TCP port ${requested.port}`],
      fits: ["the client uses another port than the Service has"],
      ruledOut: [],
    };
  const endpoints = cluster.endpointsOf(name, match.port, at);
  const ready = endpoints.filter((e) => e.ready || (e.serving && e.terminating));
  const known = cluster.knowsEndpointsOf(name);
  if (ready.length === 0 && known)
    return {
      ...common,
      key: `no endpoint ${wanted}`,
      title: `Service ${name} has no ready endpoint`,
      text: `Connections to ${wanted} are ${what}, and nothing is ready to answer for it.`,
      evidence: [
        endpoints.length === 0
          ? `the imported EndpointSlices of ${name} list no address`
          : `the imported EndpointSlices of ${name} list ${count(endpoints.length, "endpoint")}, none ready`,
        "no translation to an endpoint is seen",
      ],
      fits: [
        match.service.selector === null
          ? "nobody made endpoints for a Service without a selector"
          : "no pod matches the selector, or none is ready",
      ],
      ruledOut: [],
    };
  // externalTrafficPolicy Local: only endpoints of the node that was asked.
  const node = match.by === "cluster-ip" ? null : (cluster.nodeAt(requested.ip, at)?.meta.name ?? null);
  const outside = context.cluster.networkOf(connection.client.ip, at) === "outside";
  if (
    node !== null &&
    outside &&
    match.service.externalTrafficPolicy === "Local" &&
    known &&
    !ready.some((e) => e.node === node)
  )
    return {
      ...common,
      key: `no local endpoint ${wanted}`,
      title: `Node ${node} has no endpoint of Service ${name}, which takes local ones only`,
      text: `Connections to ${wanted} are ${what}: externalTrafficPolicy is Local, and the endpoints are on ${[...new Set(ready.map((e) => e.node ?? "unknown nodes"))].join(", ")}.`,
      evidence: [
        `the imported Service ${name} says externalTrafficPolicy: Local`,
        `none of its ready endpoints is on ${node}`,
      ],
      fits: ["the load balancer or the client does not heed the health check of the node"],
      ruledOut: [],
    };
  return null;
}

/** Translated to an address that is gone. */
function deadEndpoint(
  context: FindingContext,
  connection: Connection,
  attempt: Attempt,
  silent: boolean,
  translated: boolean,
): Told | null {
  const { server } = connection;
  const unreachable = attempt.complaints.find(isHostUnreachable);
  const unanswered = context.observer.questionsFor(server.ip).filter((q) => q.answered === 0 && q.asked > 1);
  if (!unreachable && !(silent && unanswered.length > 0)) return null;
  const [question] = unanswered;
  const wanted = connection.requested && translated ? endpointText(connection.requested) : null;
  const name = placeText(server);
  return {
    key: `dead ${endpointText(server)}`,
    severity: "error",
    title:
      wanted === null
        ? `Nobody has the address ${server.ip}`
        : `Dead endpoint: ${wanted} leads to ${name}, which nobody has`,
    text: `SYNs to ${name} are ${unreachable ? `answered by ${unreachable.from} with ICMP host unreachable` : "not answered"}${wanted === null ? "" : ` after translation from ${wanted}`}.`,
    where: [context.pointId(attempt.lastSeen), ...(question ? [context.pointId(question.point)] : [])],
    evidence: [
      ...unanswered.map(
        (q) =>
          `${resolver(server.ip)} asks ${q.asked} times who has ${server.ip} at ${context.pointText(q.point)}, and nobody answers`,
      ),
      ...(unreachable ? [`ICMP host unreachable from ${unreachable.from}`] : []),
      `SYNs at ${timesText(context, attempt.syns)}`,
    ],
    fits: [
      ...(translated
        ? ["the pod is gone and the node's rules still lead to it (EndpointSlice or kube-proxy late)"]
        : []),
      "the pod or host is down",
    ],
    ruledOut: ["NetworkPolicy: the packet does not get as far as an address that exists"],
    check: [
      ...(connection.service === null ? [] : [kubectl("describe", "service", connection.service)]),
      `kubectl get pods -A -o wide --field-selector status.podIP=${server.ip}`,
      onNode(server.node, `ip neigh show ${server.ip}`),
    ],
  };
}

/** No translation is seen, and one of the endpoints that the Service may lead to does not answer ARP or Neighbour Discovery meanwhile. */
function deadCandidate(context: FindingContext, connection: Connection, attempt: Attempt): Told | null {
  const { requested } = connection;
  const at = context.atMs(connection);
  if (!requested) return null;
  const match = context.cluster.serviceAt(requested.ip, requested.port, "tcp", at);
  if (!match?.port) return null;
  const name = objectName(match.service);
  for (const { address, port } of context.cluster.endpointsOf(name, match.port, at)) {
    // A Service of both families leads each to its own.
    if (address.includes(":") !== requested.ip.includes(":")) continue;
    const questions = context.observer.questionsFor(address).filter((q) => q.answered === 0 && q.asked > 1);
    if (questions.length === 0) continue;
    return {
      key: `dead ${endpointText({ ip: address, port: port ?? 0 })} perhaps`,
      severity: "error",
      inference: true,
      title: `Dead endpoint: ${endpointText(requested)} may lead to ${address}, which nobody has`,
      text: `SYNs to ${name} (${endpointText(requested)}) are not answered, and ${address}, one of its endpoints, does not answer ${resolver(address)}.`,
      where: [context.pointId(attempt.lastSeen), ...questions.map((q) => context.pointId(q.point)), name],
      evidence: [
        ...questions.map(
          (q) =>
            `${resolver(address)} asks ${q.asked} times who has ${address} at ${context.pointText(q.point)}, and nobody answers`,
        ),
        `SYNs at ${timesText(context, attempt.syns)}, seen before the translation only`,
      ],
      fits: ["the pod is gone and the node's rules still lead to it (EndpointSlice or kube-proxy late)"],
      ruledOut: [],
      check: [kubectlEndpointSlices(name), `kubectl get pods -A -o wide --field-selector status.podIP=${address}`],
    };
  }
  return null;
}

/** What asks who has an address. */
function resolver(address: string): string {
  return address.includes(":") ? "Neighbour Discovery" : "ARP";
}

/** A router on the way knows no route. */
function noRoute(context: FindingContext, connection: Connection, attempt: Attempt): Told | null {
  const error = attempt.complaints.find(isNetworkUnreachable);
  if (!error) return null;
  const { server } = connection;
  const point = context.point(context.join.sightings.point(error.row));
  return {
    key: `no route ${error.from} ${endpointText(server)}`,
    severity: "error",
    title: `${error.from} has no route to ${placeText(server)}`,
    text: `SYNs to ${endpointText(server)} are answered by ${error.from} with ICMP network unreachable.`,
    where: [point.id, ...(point.node === null ? [] : [point.node])],
    evidence: [`ICMP network unreachable from ${error.from}`],
    fits: [
      "a route is missing there, or the address belongs to nobody",
      "a Service address that no rule translates (no endpoints, kube-proxy not running) and no route covers",
    ],
    ruledOut: ["loss, a rule that drops: there is an answer"],
    check: [
      onNode(point.node, `ip route get ${server.ip}`),
      onNode(point.node, `iptables-save -t nat | grep -- ${shellWord(server.ip)}`),
    ],
  };
}
