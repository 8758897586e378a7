/**
 * A Service, or the address it leads to, that nobody answers for.
 *
 * ```
 * no ready endpoint    told by the cluster, or a Service address is answered with ICMP port unreachable, as kube-proxy's rules do
 * rejected             ICMP port unreachable for any other address, or prohibited: some rule rejects, and whose is not seen
 * no such port         the Service is there, the port is not one of its
 * dead endpoint        translated to a pod address that nobody has any more: ARP or Neighbour Discovery is not answered, or host unreachable
 * refused              the endpoint answers RST, to UDP ICMP port unreachable: nothing listens
 * ```
 * Of UDP and pings what one client asks of one address and port is looked at together (silent-questions.ts).
 */
import type { ServiceMatch } from "../../../src-shared/model/cluster";
import type { Finding } from "../../../src-shared/model/finding";
import { objectName } from "../../../src-shared/model/kubernetes";
import { endpointText } from "../../../src-shared/model/endpoint-text";
import type { Connection, Endpoint, Journey } from "../../../src-shared/reconstruct/result";
import type { AddressQuestion } from "./address-questions";
import { addressesInConflict } from "./arp-conflict";
import { type Attempt, type Complaint, failedAttempt, rowsOf, sentText, timesText } from "./attempts";
import {
  count,
  type FindingContext,
  type FindingDraft,
  type FindingFamily,
  firstRow,
  hostText,
  placeText,
  upsert,
} from "./context";
import { isHostUnreachable, isNetworkUnreachable, isPortUnreachable, isProhibited } from "./icmp-errors";
import { kubectl, kubectlEndpointSlices, kubectlExec, onNode, shellWord, tcpdump } from "./shell";
import type { SilentQuestions } from "./silent-questions";

type Told = Pick<FindingDraft, "title" | "text" | "severity" | "evidence" | "fits" | "ruledOut" | "check" | "where"> & {
  readonly key: string;
  readonly inference?: boolean;
  /** Of a dead endpoint: the address and port it was translated from. */
  readonly deadBehind?: string;
  /** Where one client asks many addresses: what goes for all of them. */
  readonly all?: { readonly cause: string; readonly place: string };
};

interface Group {
  readonly draft: Told;
  readonly connections: Connection[];
  readonly rows: number[];
}

/** From so many on, what one client meets everywhere for the same cause is one finding: a scan. */
const MANY = 5;
const MOST_LISTED = 20;

export function noEndpoints(context: FindingContext, questions: SilentQuestions): FindingFamily {
  const groups = new Map<string, Group>();
  const add = (draft: Told, { syns, resets, complaints }: Attempt, connections: readonly Connection[]): void => {
    const group = upsert(groups, draft.key, () => ({ draft, connections: [], rows: [] }));
    group.connections.push(...connections);
    group.rows.push(...rowsOf([...syns, ...resets]), ...complaints.map((c) => c.row));
  };
  return {
    visit(connection, journeys, claimed) {
      const attempt = failedAttempt(context, connection, journeys);
      if (!attempt) return;
      const draft = explain(context, connection, attempt);
      if (!draft) return;
      add(draft, attempt, [connection]);
      for (const journey of [...attempt.syns, ...attempt.resets]) claimed.add(journey.index);
    },
    finish(): readonly Finding[] {
      for (const group of questions.groups()) {
        const draft = group.isExplained ? null : explain(context, group.first, group.attempt);
        if (!draft) continue;
        group.isExplained = true;
        add({ ...draft, key: `${group.first.protocol} ${draft.key}` }, group.attempt, group.connections);
      }
      return scansAsOne(withTheDead([...groups.values()])).map(({ draft, connections, rows }) => {
        const { key, deadBehind: _, all: __, ...rest } = draft;
        return context.finding({
          ...rest,
          kind: "no-endpoint",
          about: key,
          text: `${rest.text} ${count(connections.length, "connection")} failed so.`,
          inference: rest.inference ?? false,
          rows,
          connections,
        });
      });
    },
  };
}

/** Connections to a Service whose translation is not seen go with those that show which dead address it leads to, if there is one only. */
function withTheDead(groups: readonly Group[]): readonly Group[] {
  return groups.filter((group) => {
    const { key, deadBehind } = group.draft;
    if (deadBehind === undefined || key !== behind(deadBehind)) return true;
    const [shown, ...others] = groups.filter((g) => g !== group && g.draft.deadBehind === deadBehind);
    if (!shown || others.length > 0) return true;
    shown.connections.push(...group.connections);
    shown.rows.push(...group.rows);
    return false;
  });
}

function behind(requested: string): string {
  return `dead behind ${requested}`;
}

/** A client that meets the same everywhere: one finding with the list. What several meet goes with the one that asks most. */
function scansAsOne(groups: readonly Group[]): readonly Group[] {
  const asked = new Map<string, number>();
  const keysOf = ({ draft, connections }: Group): string[] =>
    draft.all ? [...new Set(connections.map((c) => `${draft.all?.cause ?? ""} from ${c.client.ip}`))] : [];
  for (const group of groups) for (const key of keysOf(group)) asked.set(key, (asked.get(key) ?? 0) + 1);
  const scans = new Map<string, Group[]>();
  for (const group of groups) {
    const most = keysOf(group).reduce<string | undefined>(
      (best, key) => (best !== undefined && (asked.get(best) ?? 0) >= (asked.get(key) ?? 0) ? best : key),
      undefined,
    );
    const isScan = most !== undefined && (asked.get(most) ?? 0) >= MANY;
    upsert(scans, isScan ? most : group.draft.key, () => []).push(group);
  }
  return [...scans].flatMap(([key, scan]) => (scan.length < MANY ? scan : [asScan(key, scan)]));
}

function asScan(key: string, scan: readonly Group[]): Group {
  const [{ draft }] = scan as readonly [Group, ...Group[]];
  const { cause = "" } = draft.all ?? {};
  const connections = scan.flatMap((g) => g.connections);
  const clients = [...new Set(connections.map((c) => hostText(c.client)))];
  const who =
    clients.length > 2
      ? `${clients.length} clients ask`
      : `${clients.join(" and ")} ${clients.length > 1 ? "ask" : "asks"}`;
  const places = scan.map((g) => g.draft.all?.place ?? "");
  return {
    connections,
    rows: scan.flatMap((g) => g.rows),
    draft: {
      ...draft,
      key,
      title: `${cause} at ${scan.length} addresses and ports that ${who}`,
      text: `${who} ${scan.length} addresses and ports, with the same outcome at each. At the first one: ${draft.text}`,
      where: [...new Set(scan.flatMap((g) => g.draft.where))].slice(0, MOST_LISTED),
      evidence: [
        `${places.slice(0, MOST_LISTED).join(", ")}${places.length > MOST_LISTED ? ` and ${places.length - MOST_LISTED} more` : ""}`,
        ...draft.evidence,
      ],
      fits: ["a scan: one client tries many addresses or ports", ...draft.fits],
    },
  };
}

function explain(context: FindingContext, connection: Connection, attempt: Attempt): Told | null {
  const { requested } = connection;
  const silent = attempt.syns.length >= 2 && attempt.resets.length === 0;
  const translated = connection.translations.some((t) => t.kind === "dnat");
  const rejection = attempt.complaints.find((c) => isRule(connection, c));
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
  // Of UDP the complaint of the address itself: about one packet it may be the last of a traceroute.
  const complains =
    connection.protocol === "udp" && attempt.syns.length >= 2 && attempt.complaints.some(isPortUnreachable);
  const refused = attempt.resets.length > 0 || complains;
  const stale = translated && (silent || refused) ? staleEndpoint(context, connection, attempt) : null;
  if (stale) return stale;
  if (!refused) return null;
  const { server } = connection;
  const sent = sentText(connection);
  const answer = complains ? "ICMP port unreachable" : "RST";
  const isTwice = addressesInConflict(context).has(server.ip);
  return {
    key: `refused ${endpointText(server)}`,
    all: { cause: "Nothing listens", place: endpointText(server) },
    severity: "warn",
    title: isTwice
      ? `${placeText(server)} refuses: one of two machines that say to have the address`
      : `Nothing listens on ${placeText(server)}`,
    text: `${sent} to ${endpointText(server)} are answered with ${answer}: ${complains ? "what they ask" : "the connection"} is refused.`,
    where: [context.pointId(attempt.lastSeen), ...(server.pod === null ? [] : [server.pod])],
    evidence: [
      complains
        ? `ICMP port unreachable from the address itself for ${count(attempt.syns.length, "packet")}, and no answer`
        : `${count(attempt.resets.length, "RST")} from the server's side, none of its packets has SYN and ACK`,
    ],
    fits: [
      ...(isTwice ? [`the other machine with this address gets the ${sent}: see the address conflict`] : []),
      "the program does not run, or listens on another port or address",
      ...(translated ? ["the Service's targetPort is not the port the pod listens on"] : []),
      `a firewall rule rejects with ${complains ? "the same message" : "a TCP reset"}`,
    ],
    ruledOut: ["loss, MTU, a rule that drops: there is an answer"],
    check: [
      ...(server.pod === null ? [] : [kubectlExec(server.pod, complains ? "ss -lun" : "ss -ltn")]),
      ...(connection.service === null ? [] : [kubectl("get", "service", connection.service, " -o yaml")]),
      onNode(server.node, tcpdump(null, server.ip, server.port, complains ? "udp" : "tcp")),
    ],
  };
}

/**
 * A TCP stack answers RST, a UDP stack complains from the address that was asked, of pings none does: other such messages come from a
 * rule, kube-proxy's for Services among them.
 */
function isRule({ protocol, server, requested }: Connection, complaint: Complaint): boolean {
  if (isProhibited(complaint)) return true;
  if (!isPortUnreachable(complaint)) return false;
  return protocol !== "udp" || (complaint.from !== server.ip && complaint.from !== requested?.ip);
}

/**
 * A rule answers in place of the address. Whose it is, the packets do not show: kube-proxy rejects so what is asked of a Service without
 * endpoints, and any firewall may.
 */
function rejected(context: FindingContext, connection: Connection, rejection: Complaint): Told {
  const asked = connection.requested ?? connection.server;
  const wanted = endpointText(asked);
  const at = context.atMs(connection);
  const sent = sentText(connection);
  const error = isProhibited(rejection) ? "ICMP administratively prohibited" : "ICMP port unreachable";
  const isItself = rejection.from === asked.ip || rejection.from === connection.server.ip;
  const isService =
    !isPing(connection) &&
    (context.cluster.networkOf(asked.ip, at) === "service" ||
      serviceAt(context, connection, asked) !== null ||
      context.join.topology.services.some((s) => s.endpoint.ip === asked.ip && s.endpoint.port === asked.port));
  const place = context.join.topology.place(asked.ip);
  const isOther = place !== null && (place.network === "pod" || place.pod !== null);
  return {
    key: `rejected ${wanted}`,
    all: { cause: "Rejected by a rule", place: wanted },
    severity: isService ? "error" : "warn",
    inference: isService,
    title: isService ? `${wanted} is rejected: no endpoint behind it` : `${wanted} is rejected by a rule`,
    text: `${rejection.from} answers ${sent} to ${wanted} with ${error}.`,
    where: [context.pointId(context.join.sightings.point(rejection.row))],
    evidence: [
      `${error} from ${rejection.from}${isItself ? "" : ", which is not the address that was asked"}`,
      isProhibited(rejection)
        ? "only rules answer so"
        : connection.protocol === "tcp"
          ? "a host that takes the packet but has no listener answers RST, not ICMP: this is a rule"
          : connection.protocol === "udp"
            ? "a host that takes the packet but has no listener answers from its own address: this is a rule"
            : "a host answers pings, or is silent: this is a rule",
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

function isPing({ protocol }: Connection): boolean {
  return protocol === "icmp" || protocol === "icmpv6";
}

function serviceAt(context: FindingContext, connection: Connection, { ip, port }: Endpoint): ServiceMatch | null {
  const { protocol } = connection;
  if (protocol !== "tcp" && protocol !== "udp") return null;
  return context.cluster.serviceAt(ip, port, protocol, context.atMs(connection));
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
  const match = serviceAt(context, connection, requested);
  if (!match) return null;
  const name = objectName(match.service);
  const wanted = `${name} (${endpointText(requested)})`;
  const what = attempt.complaints.length
    ? "rejected with ICMP"
    : attempt.resets.length
      ? "answered with RST"
      : `not answered (${sentText(connection)} at ${timesText(context, attempt.syns)})`;
  const answered = attempt.complaints.length + attempt.resets.length > 0;
  const common = {
    severity: "error" as const,
    ruledOut: answered
      ? ["loss, a rule that drops: there is an answer"]
      : [
          `MTU: the lost packets are ${sentText(connection)} of ${context.join.sightings.ipLength(firstRow(attempt.syns[0] as Journey))} bytes`,
        ],
    where: [context.pointId(attempt.lastSeen), name],
    check: [kubectl("get", "service", name, " -o yaml"), kubectlEndpointSlices(name)],
  };
  if (match.port === null)
    return {
      ...common,
      key: `no port ${wanted}`,
      title: `Service ${name} has no port ${requested.port}`,
      text: `Connections to ${wanted} are ${what}: its ports are ${match.service.ports.map((p) => p.port).join(", ") || "none"}.`,
      evidence: [
        `the imported Service ${name} does not list ${connection.protocol.toUpperCase()} port ${requested.port}`,
      ],
      fits: ["the client uses another port than the Service has"],
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
  const unanswered = silent || unreachable ? unansweredDuring(context, attempt, server.ip) : [];
  if (!unreachable && unanswered.length === 0) return null;
  const [question] = unanswered;
  const isBehind = !translated && isTranslatedUnseen(context, connection, unreachable);
  const wanted = isBehind
    ? endpointText(server)
    : connection.requested && translated
      ? endpointText(connection.requested)
      : null;
  const name = placeText(server);
  return {
    key: isBehind ? behind(endpointText(server)) : `dead ${endpointText(server)}`,
    ...(wanted === null
      ? { all: { cause: "Nobody has the address", place: endpointText(server) } }
      : { deadBehind: wanted }),
    severity: "error",
    title: isBehind
      ? `Dead endpoint: ${name} leads to an address that nobody has`
      : wanted === null
        ? `Nobody has the address ${server.ip}`
        : `Dead endpoint: ${wanted} leads to ${name}, which nobody has`,
    text: `${sentText(connection)} to ${name} are ${unreachable ? `answered by ${unreachable.from} with ICMP host unreachable` : "not answered"}${wanted === null || isBehind ? "" : ` after translation from ${wanted}`}.`,
    where: [context.pointId(attempt.lastSeen), ...(question ? [context.pointId(question.point)] : [])],
    evidence: [
      ...unanswered.map((q) => questionText(context, q)),
      ...(unreachable ? [`ICMP host unreachable from ${unreachable.from}`] : []),
      ...(isBehind
        ? [`${server.ip} is a Service's address, or says so itself: it is there, and what it leads to is not`]
        : []),
      `${sentText(connection)} at ${timesText(context, attempt.syns)}`,
    ],
    fits: [
      ...(wanted === null
        ? []
        : ["the pod is gone and the node's rules still lead to it (EndpointSlice or kube-proxy late)"]),
      "the pod or host is down",
    ],
    ruledOut: ["NetworkPolicy: the packet does not get as far as an address that exists"],
    check: [
      ...(connection.service === null ? [] : [kubectl("describe", "service", connection.service)]),
      ...(isBehind ? [] : [`kubectl get pods -A -o wide --field-selector status.podIP=${server.ip}`]),
      onNode(server.node, isBehind ? "ip neigh show nud failed" : `ip neigh show ${server.ip}`),
    ],
  };
}

/** Translated to an address that is there, but that the imported cluster does not list for the Service. */
function staleEndpoint(context: FindingContext, connection: Connection, attempt: Attempt): Told | null {
  const { requested, server } = connection;
  if (!requested) return null;
  const { cluster } = context;
  const at = context.atMs(connection);
  const match = serviceAt(context, connection, requested);
  if (!match?.port) return null;
  // A load balancer leads to a node's port, which is the Service again.
  if (cluster.nodeAt(server.ip, at) || serviceAt(context, connection, server)) return null;
  const name = objectName(match.service);
  const endpoints = cluster
    .endpointsOf(name, match.port, at)
    .filter((e) => e.address.includes(":") === server.ip.includes(":"));
  if (!cluster.knowsEndpointsOf(name) || endpoints.length === 0 || endpoints.some((e) => e.address === server.ip))
    return null;
  const wanted = `${name} (${endpointText(requested)})`;
  const refused = attempt.resets.length > 0;
  const translation = connection.translations.find((t) => t.kind === "dnat");
  return {
    key: `stale ${wanted} ${endpointText(server)}`,
    severity: "error",
    inference: true,
    title: `Service ${name} leads to ${placeText(server)}, which is not one of its endpoints`,
    text: `${endpointText(requested)} is translated to ${placeText(server)}, which ${refused ? "refuses the connection" : "does not answer"}; the imported EndpointSlices of ${name} do not list it.`,
    where: [context.pointId(attempt.lastSeen), name, ...(server.pod === null ? [] : [server.pod])],
    evidence: [
      ...(translation ? [`DNAT ${endpointText(translation.from)} to ${endpointText(translation.to)}`] : []),
      `the imported EndpointSlices of ${name} list ${endpoints.map((e) => e.address).join(", ")}`,
      refused
        ? `${count(attempt.resets.length, "RST")} from ${server.ip}: it is there, and nothing listens`
        : `${sentText(connection)} at ${timesText(context, attempt.syns)}`,
    ],
    fits: [
      "the node's rules are old: kube-proxy or its EndpointSlice is late, and the address is another pod's now",
      "a rule set by hand leads there",
      "the cluster's objects were read at another time than the packets were",
    ],
    ruledOut: [
      `a Service without endpoints: ${count(endpoints.length, "endpoint")} of ${name} ${endpoints.length === 1 ? "is" : "are"} listed`,
      "a wrong targetPort: the address is none of the Service's",
      ...(refused ? ["loss, a rule that drops: there is an answer"] : []),
    ],
    check: [
      kubectlEndpointSlices(name),
      onNode(connection.client.node, `iptables-save -t nat | grep -- ${shellWord(server.ip)}`),
      `kubectl get pods -A -o wide --field-selector status.podIP=${server.ip}`,
    ],
  };
}

/** A Service's address, or one that says itself that it is unreachable: what it is translated to is meant. */
function isTranslatedUnseen(
  context: FindingContext,
  connection: Connection,
  unreachable: Complaint | undefined,
): boolean {
  const { ip } = connection.server;
  return (
    unreachable?.from === ip ||
    context.cluster.networkOf(ip, context.atMs(connection)) === "service" ||
    context.join.topology.services.some((s) => s.endpoint.ip === ip)
  );
}

/** Questions who has the address that nobody answered while SYNs were sent to it. */
function unansweredDuring(context: FindingContext, attempt: Attempt, address: string): readonly AddressQuestion[] {
  const times = attempt.syns.map((syn) => context.startNs(syn));
  return context.unanswered(address, Math.min(...times), Math.max(...times));
}

function questionText(context: FindingContext, { address, asked, point }: AddressQuestion): string {
  return `${resolver(address)} asks ${asked} times who has ${address} at ${context.pointText(point)}, and nobody answers`;
}

/** No translation is seen, and one of the endpoints that the Service may lead to does not answer ARP or Neighbour Discovery meanwhile. */
function deadCandidate(context: FindingContext, connection: Connection, attempt: Attempt): Told | null {
  const { requested } = connection;
  const at = context.atMs(connection);
  if (!requested) return null;
  const match = serviceAt(context, connection, requested);
  if (!match?.port) return null;
  const name = objectName(match.service);
  for (const { address, port } of context.cluster.endpointsOf(name, match.port, at)) {
    // A Service of both families leads each to its own.
    if (address.includes(":") !== requested.ip.includes(":")) continue;
    const questions = unansweredDuring(context, attempt, address);
    if (questions.length === 0) continue;
    return {
      key: `dead ${endpointText({ ip: address, port: port ?? 0 })} perhaps`,
      severity: "error",
      inference: true,
      title: `Dead endpoint: ${endpointText(requested)} may lead to ${address}, which nobody has`,
      text: `${sentText(connection)} to ${name} (${endpointText(requested)}) are not answered, and ${address}, one of its endpoints, does not answer ${resolver(address)}.`,
      where: [context.pointId(attempt.lastSeen), ...questions.map((q) => context.pointId(q.point)), name],
      evidence: [
        ...questions.map((q) => questionText(context, q)),
        `${sentText(connection)} at ${timesText(context, attempt.syns)}, seen before the translation only`,
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
    all: { cause: `${error.from} has no route`, place: endpointText(server) },
    severity: "error",
    title: `${error.from} has no route to ${placeText(server)}`,
    text: `${sentText(connection)} to ${endpointText(server)} are answered by ${error.from} with ICMP network unreachable.`,
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
