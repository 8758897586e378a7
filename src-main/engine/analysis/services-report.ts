/**
 * The Services as the packets show them: who called which address of theirs, which endpoint answered, how long that took, what
 * went wrong, and which lookups went before. A cluster file adds what was never called: Services and endpoints without packets.
 *
 * ```
 * client ──► entry (ClusterIP, NodePort, load balancer, or the endpoint itself where the name resolves to it) ──► endpoint
 *    └ lookups of its name                              counted per call        latency, errors, balance ┘
 * ```
 * Latency is what the client's nearest point saw: SYN to SYN-ACK, first byte asked to first byte answered. Journeys of at most
 * MOST_MEASURED connections are made for it.
 */
import type {
  Latency,
  ServiceEntry,
  ServiceErrors,
  ServiceKind,
  ServiceLookup,
  ServiceReport,
} from "../../../src-shared/contract/map";
import type { Cluster } from "../../../src-shared/model/cluster";
import { objectName, type Service } from "../../../src-shared/model/kubernetes";
import type { Connection, Endpoint, JoinResult } from "../../../src-shared/reconstruct/result";
import type { DnsMessages } from "../findings/dns-messages";
import { dnsResultName, dnsTypeName } from "../layouts/dns-names";
import { endpointText } from "./connection-scope";
import { serviceLabel } from "./map-graph";
import { serviceKind } from "./map-places";

const MOST_MEASURED = 20_000;
/** More clients of one Service than a picture has room for are drawn as one. */
const MOST_CLIENTS = 200;
const MOST_LOOKUPS = 200;

const SYN = 2;
const ACK = 16;

export interface ServicesInput {
  readonly join: JoinResult;
  readonly cluster: Cluster;
  readonly dns: DnsMessages;
  /** HTTP status by packet (http-answers.ts). */
  readonly statusOf: ReadonlyMap<number, number>;
  /** Sightings of a packet: rows. */
  readonly rowsOf: (packet: number) => readonly number[];
}

interface Errors {
  refused: number;
  reset: number;
  unanswered: number;
  http5xx: number;
}

interface GrowingEndpoint extends Endpoint {
  readonly pod: string | null;
  readonly node: string | null;
  readonly told: boolean;
  readonly ready: boolean;
  connections: number;
  bytes: number;
  readonly errors: Errors;
  httpAnswers: number;
  readonly handshakeMs: number[];
  readonly firstByteMs: number[];
}

interface Growing {
  readonly id: string;
  readonly name: string | null;
  readonly kind: ServiceKind;
  readonly service: Service | null;
  protocol: string;
  readonly entries: (Endpoint & { readonly by: string; connections: number })[];
  readonly entryNumbers: Map<string, number>;
  readonly clients: { name: string; pod: string | null; ip: string; connections: number }[];
  readonly clientNumbers: Map<string, number>;
  readonly endpoints: GrowingEndpoint[];
  readonly endpointNumbers: Map<string, number>;
  readonly calls: Map<string, { client: number; entry: number; endpoint: number; connections: number; failed: number }>;
  connections: number;
  readonly errors: Errors;
  measured: number;
}

/** What one connection's packets tell: milliseconds, NaN: not shown. */
interface Measured {
  readonly handshakeMs: number;
  readonly firstByteMs: number;
  readonly statuses: readonly number[];
}

export class ServicesReport {
  readonly #found = new Map<string, Growing>();
  #measured = 0;
  /** Connections that were looked at. */
  #next = 0;
  #services: readonly ServiceReport[] | undefined;

  constructor(private readonly input: ServicesInput) {
    const { cluster } = input;
    for (const service of cluster.services(null)) begin(this.#found, objectName(service), service, cluster);
  }

  get progress(): { readonly done: number; readonly total: number } {
    return { done: this.#next, total: this.input.join.connectionCount };
  }

  /** Part of the work: 100,000 connections take 0.4 s. True: all is done. */
  work(connections: number): boolean {
    const { connectionCount } = this.input.join;
    const end = Math.min(connectionCount, this.#next + connections);
    while (this.#next < end) this.#add(this.#next++);
    return end === connectionCount;
  }

  /** Does what is left of the work. */
  get services(): readonly ServiceReport[] {
    return (this.#services ??= this.#finish());
  }

  #add(index: number): void {
    const { join, cluster } = this.input;
    const c = join.connection(index);
    const id = serviceOf(c, cluster);
    if (id === null) return;
    const service = id.includes("/") ? cluster.service(id, null) : null;
    const one = this.#found.get(id) ?? begin(this.#found, id, service, cluster);
    const facts = this.#measured < MOST_MEASURED ? measure(this.input, index, c) : null;
    if (facts) this.#measured++;
    count(one, c, facts);
  }

  #finish(): readonly ServiceReport[] {
    this.work(Infinity);
    const found = [...this.#found.values()];
    const lookups = lookupsOf(this.input, found);
    return found.map((one) => finish(one, this.input.cluster, lookups.get(one.id) ?? []));
  }
}

/** The Service a connection belongs to; a headless one's is called at its endpoints. */
function serviceOf(c: Connection, cluster: Cluster): string | null {
  const label = serviceLabel(c);
  if (label !== null) return label;
  if (cluster.empty || (c.protocol !== "tcp" && c.protocol !== "udp" && c.protocol !== "sctp")) return null;
  for (const behind of cluster.servicesBehind(c.server.ip, c.server.port, c.protocol, null))
    if (behind.service?.headless) return behind.serviceName;
  return null;
}

function begin(found: Map<string, Growing>, id: string, service: Service | null, cluster: Cluster): Growing {
  const one: Growing = {
    id,
    name: service ? id : null,
    kind: serviceKind(service),
    service,
    protocol: service?.ports[0]?.protocol ?? "",
    entries: [],
    entryNumbers: new Map(),
    clients: [],
    clientNumbers: new Map(),
    endpoints: [],
    endpointNumbers: new Map(),
    calls: new Map(),
    connections: 0,
    errors: noErrors(),
    measured: 0,
  };
  found.set(id, one);
  if (service) {
    for (const port of service.ports) {
      if (!service.headless)
        for (const ip of service.clusterIps)
          if (ip !== "None" && ip !== "") entry(one, { ip, port: port.port }, "cluster-ip");
      for (const ip of service.externalIps) entry(one, { ip, port: port.port }, "external-ip");
      for (const ip of service.loadBalancerIps) entry(one, { ip, port: port.port }, "load-balancer");
    }
    for (const told of cluster.endpointsOf(id, null, null)) {
      if (told.port === null) continue;
      const { address: ip, port, pod, node, ready } = told;
      endpoint(one, { ip, port }, { pod, node, told: true, ready });
    }
  }
  return one;
}

function noErrors(): Errors {
  return { refused: 0, reset: 0, unanswered: 0, http5xx: 0 };
}

function entry(one: Growing, at: Endpoint, by: string): number {
  const key = `${by} ${endpointText(at)}`;
  let number = one.entryNumbers.get(key);
  if (number === undefined) {
    number = one.entries.push({ ip: at.ip, port: at.port, by, connections: 0 }) - 1;
    one.entryNumbers.set(key, number);
  }
  return number;
}

function endpoint(one: Growing, at: Endpoint, known: Pick<GrowingEndpoint, "pod" | "node" | "told" | "ready">): number {
  const key = endpointText(at);
  let number = one.endpointNumbers.get(key);
  if (number === undefined) {
    const { ip, port } = at;
    number =
      one.endpoints.push({
        ip,
        port,
        ...known,
        connections: 0,
        bytes: 0,
        errors: noErrors(),
        httpAnswers: 0,
        handshakeMs: [],
        firstByteMs: [],
      }) - 1;
    one.endpointNumbers.set(key, number);
  }
  return number;
}

function count(one: Growing, c: Connection, facts: Measured | null): void {
  one.protocol ||= c.protocol;
  one.connections++;
  const errors = errorsOf(c, facts);
  const failed = errors.refused + errors.reset + errors.unanswered + errors.http5xx > 0;
  addErrors(one.errors, errors);
  const clientKey = c.client.pod ?? c.client.ip;
  let client = one.clientNumbers.get(clientKey);
  if (client === undefined) {
    client =
      one.clients.push({ name: c.client.pod ?? c.client.ip, pod: c.client.pod, ip: c.client.ip, connections: 0 }) - 1;
    one.clientNumbers.set(clientKey, client);
  }
  bump(one.clients[client]);
  const at = entryOf(one, c);
  bump(one.entries[at]);
  // Nobody answered, and no translation shows who was asked: the call ends at the entry.
  const nobody =
    c.requested !== null && c.server.ip === c.requested.ip && one.kind !== "headless" && c.server.pod === null;
  let to = -1;
  if (!nobody) {
    const { pod, node } = c.server;
    to = endpoint(one, c.server, { pod, node, told: false, ready: true });
    const target = one.endpoints[to];
    if (target) {
      target.connections++;
      target.bytes += c.bytesFromClient + c.bytesFromServer;
      addErrors(target.errors, errors);
      if (facts) {
        if (facts.handshakeMs >= 0) target.handshakeMs.push(facts.handshakeMs);
        if (facts.firstByteMs >= 0) target.firstByteMs.push(facts.firstByteMs);
        target.httpAnswers += facts.statuses.length;
      }
    }
  }
  if (facts) one.measured++;
  const key = `${client} ${at} ${to}`;
  let call = one.calls.get(key);
  if (!call) one.calls.set(key, (call = { client, entry: at, endpoint: to, connections: 0, failed: 0 }));
  call.connections++;
  if (failed) call.failed++;
}

function bump(what: { connections: number } | undefined): void {
  if (what) what.connections++;
}

function addErrors(to: Errors, more: ServiceErrors): void {
  to.refused += more.refused;
  to.reset += more.reset;
  to.unanswered += more.unanswered;
  to.http5xx += more.http5xx;
}

function entryOf(one: Growing, c: Connection): number {
  if (c.requested === null) return entry(one, { ip: "", port: 0 }, "unseen");
  for (const by of ["cluster-ip", "load-balancer", "external-ip"]) {
    const known = one.entryNumbers.get(`${by} ${endpointText(c.requested)}`);
    if (known !== undefined) return known;
  }
  if (one.kind === "headless") return entry(one, c.requested, "endpoint");
  const nodePort = one.service?.ports.some((port) => port.nodePort === c.requested?.port) ?? false;
  return entry(one, c.requested, nodePort ? "node-port" : one.service ? "external-ip" : "cluster-ip");
}

/** Zeek's states: REJ refused, S0 no answer, RST… ended by RST. */
function errorsOf(c: Connection, facts: Measured | null): ServiceErrors {
  const tcp = c.protocol === "tcp";
  return {
    refused: tcp && c.state === "REJ" ? 1 : 0,
    reset: tcp && c.state.startsWith("RST") ? 1 : 0,
    unanswered: (tcp && c.state === "S0") || (c.protocol === "udp" && c.state === "S0") ? 1 : 0,
    http5xx: facts?.statuses.filter((status) => status >= 500 && status < 600).length ?? 0,
  };
}

function measure({ join, statusOf }: ServicesInput, index: number, c: Connection): Measured {
  const s = join.sightings;
  const near = c.path[0];
  let synNs = NaN;
  let askedNs = NaN;
  let handshakeNs = NaN;
  let firstByteNs = NaN;
  const statuses: number[] = [];
  for (const journey of join.journeys(index)) {
    const row = journey.sightings.find((r) => s.point(r) === near);
    if (journey.direction === "to-client")
      for (const r of journey.sightings) {
        const status = statusOf.get(s.packet(r));
        if (status === undefined) continue;
        if (journey.retransmissionOf < 0) statuses.push(status);
        break;
      }
    if (row === undefined) continue;
    const ns = s.alignedNs(row);
    const flags = s.tcpFlags(row);
    if (journey.direction === "to-server") {
      if (c.protocol === "tcp" && (flags & (SYN | ACK)) === SYN && Number.isNaN(synNs)) synNs = ns;
      if (journey.payloadLength > 0 && Number.isNaN(askedNs)) askedNs = ns;
    } else {
      if ((flags & (SYN | ACK)) === (SYN | ACK) && Number.isNaN(handshakeNs)) handshakeNs = ns - synNs;
      if (journey.payloadLength > 0 && Number.isNaN(firstByteNs)) firstByteNs = ns - askedNs;
    }
  }
  return { handshakeMs: handshakeNs / 1e6, firstByteMs: firstByteNs / 1e6, statuses };
}

/** Median and 95th percentile by nearest rank. */
export function latencyOf(ms: readonly number[]): Latency {
  if (ms.length === 0) return { medianMs: null, p95Ms: null, count: 0 };
  const sorted = [...ms].sort((a, b) => a - b);
  const rank = (share: number): number => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
  return { medianMs: rank(0.5), p95Ms: rank(0.95), count: sorted.length };
}

/** Lookups whose name is a Service's: the Service's name and namespace, as they are or with a search list behind them. */
function lookupsOf({ join, dns, rowsOf }: ServicesInput, services: readonly Growing[]): Map<string, ServiceLookup[]> {
  interface Asked {
    readonly client: string;
    readonly name: string;
    readonly type: number;
    asked: number;
    answered: number;
    result: number | null;
    readonly ms: number[];
    readonly open: Map<number, number>;
  }
  const byName = new Map<string, Growing>();
  for (const one of services) {
    if (!one.service) continue;
    const { name, namespace } = one.service.meta;
    byName.set(`${name}.${namespace}`, one);
  }
  const found = new Map<Growing, Map<string, Asked>>();
  for (const message of byName.size === 0 ? [] : dns.rows) {
    const labels = message.name.split(".");
    const one =
      byName.get(labels.slice(0, 2).join(".")) ??
      // "_http._tcp.web.shop.svc …", "web-0.web.shop.svc …"
      byName.get(labels.slice(1, 3).join(".")) ??
      byName.get(labels.slice(2, 4).join("."));
    if (!one) continue;
    const row = rowsOf(message.packet).findLast((r) => join.sightings.connection(r) >= 0);
    if (row === undefined) continue;
    const c = join.connection(join.sightings.connection(row));
    if (c.path[0] !== message.point) continue;
    const client = c.client.pod ?? c.client.ip;
    const key = `${client} ${message.type} ${message.name}`;
    let own = found.get(one);
    if (!own) found.set(one, (own = new Map<string, Asked>()));
    let asked = own.get(key);
    if (!asked) {
      asked = {
        client,
        name: message.name,
        type: message.type,
        asked: 0,
        answered: 0,
        result: null,
        ms: [],
        open: new Map(),
      };
      own.set(key, asked);
    }
    const ns = join.sightings.alignedNs(row);
    if (!message.response) {
      asked.asked++;
      if (!asked.open.has(message.id)) asked.open.set(message.id, ns);
    } else {
      asked.answered++;
      asked.result = message.rcode;
      const since = asked.open.get(message.id);
      if (since !== undefined) asked.ms.push((ns - since) / 1e6);
      asked.open.delete(message.id);
    }
  }
  return new Map(
    [...found].map(([one, own]) => [
      one.id,
      [...own.values()]
        .sort((a, b) => b.asked - a.asked)
        .slice(0, MOST_LOOKUPS)
        .map(({ client, name, type, asked, answered, result, ms }) => ({
          client,
          name,
          type: dnsTypeName(type),
          asked,
          answered,
          result: result === null ? null : dnsResultName(result),
          latency: latencyOf(ms),
        })),
    ]),
  );
}

function finish(one: Growing, cluster: Cluster, lookups: readonly ServiceLookup[]): ServiceReport {
  // The busiest clients by name, all others as one.
  const order = one.clients.map((_, i) => i).sort((a, b) => connectionsOf(one, b) - connectionsOf(one, a));
  const kept = order.slice(0, MOST_CLIENTS);
  const numberOf = new Map(kept.map((old, now) => [old, now]));
  const rest = order.slice(MOST_CLIENTS);
  const clients = kept.flatMap((i) => one.clients[i] ?? []);
  if (rest.length > 0)
    clients.push({
      name: `${rest.length} more clients`,
      pod: null,
      ip: "",
      connections: rest.reduce((sum, i) => sum + connectionsOf(one, i), 0),
    });
  const calls = new Map<
    string,
    { client: number; entry: number; endpoint: number; connections: number; failed: number }
  >();
  for (const call of one.calls.values()) {
    const client = numberOf.get(call.client) ?? kept.length;
    const key = `${client} ${call.entry} ${call.endpoint}`;
    const known = calls.get(key);
    if (known) {
      known.connections += call.connections;
      known.failed += call.failed;
    } else calls.set(key, { ...call, client });
  }
  return {
    id: one.id,
    name: one.name,
    kind: one.kind,
    source: one.service ? "told" : "inferred",
    protocol: one.protocol,
    externalName: one.service?.externalName ?? null,
    sessionAffinity: one.service?.sessionAffinity === "ClientIP",
    localOnly: one.service?.externalTrafficPolicy === "Local",
    ingresses: ingressesOf(one, cluster),
    entries: one.entries.map((e): ServiceEntry => ({ ...e })),
    clients,
    moreClients: rest.length,
    endpoints: one.endpoints.map(({ handshakeMs, firstByteMs, ...rest }) => ({
      ...rest,
      handshake: latencyOf(handshakeMs),
      firstByte: latencyOf(firstByteMs),
    })),
    calls: [...calls.values()],
    lookups,
    connections: one.connections,
    errors: one.errors,
    measured: one.measured,
  };
}

function connectionsOf(one: Growing, client: number): number {
  return one.clients[client]?.connections ?? 0;
}

function ingressesOf(one: Growing, cluster: Cluster): ServiceReport["ingresses"] {
  if (!one.service) return [];
  const { name, namespace } = one.service.meta;
  return cluster
    .ingresses(null)
    .flatMap((ingress) =>
      ingress.meta.namespace !== namespace
        ? []
        : ingress.rules
            .filter((rule) => rule.service === name)
            .map((rule) => ({ name: objectName(ingress), rule: `${rule.host ?? "*"}${rule.path ?? ""}` })),
    );
}
