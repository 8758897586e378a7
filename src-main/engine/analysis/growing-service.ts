/**
 * A Service while its connections are counted, one after the other.
 *
 * ```
 * begin ── what a cluster file tells of it ──► count, count, count … ──► clients, entries, endpoints, calls between them
 * ```
 * Entries are the addresses it was asked under; a call is a client, an entry and an endpoint, by their positions.
 */
import type { CallEnd, ServiceErrors, ServiceKind } from "../../../src-shared/contract/map";
import type { Cluster } from "../../../src-shared/model/cluster";
import { endpointText } from "../../../src-shared/model/endpoint-text";
import type { Service } from "../../../src-shared/model/kubernetes";
import type { Connection, Endpoint } from "../../../src-shared/reconstruct/result";
import { serviceKind } from "./map-places";
import type { ServiceEnds } from "./service-ends";
import type { Measured } from "./service-latency";

interface Errors {
  refused: number;
  reset: number;
  unanswered: number;
  http5xx: number;
}

interface GrowingEndpoint extends Endpoint, CallEnd {
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

export interface Growing {
  readonly id: string;
  readonly name: string | null;
  readonly kind: ServiceKind;
  readonly service: Service | null;
  protocol: string;
  readonly entries: (Endpoint & { readonly by: string; connections: number })[];
  readonly entryNumbers: Map<string, number>;
  readonly clients: (CallEnd & { name: string; pod: string | null; ip: string; connections: number })[];
  readonly clientNumbers: Map<string, number>;
  readonly endpoints: GrowingEndpoint[];
  readonly endpointNumbers: Map<string, number>;
  readonly calls: Map<string, { client: number; entry: number; endpoint: number; connections: number; failed: number }>;
  connections: number;
  readonly errors: Errors;
  measured: number;
}

/** A Service without calls yet, with what the cluster files tell of its addresses and endpoints; `service` null: inferred. */
export function beginService(id: string, service: Service | null, cluster: Cluster, ends: ServiceEnds): Growing {
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
      endpoint(one, { ip, port }, { pod, node, told: true, ready, ...ends.of({ ip, port, pod, node }) });
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

type KnownEndpoint = CallEnd & Pick<GrowingEndpoint, "pod" | "node" | "told" | "ready">;

function endpoint(one: Growing, at: Endpoint, known: KnownEndpoint): number {
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

/** Counts one connection. `facts` null: its packets were not looked at. */
export function countCall(one: Growing, c: Connection, facts: Measured | null, ends: ServiceEnds): void {
  one.protocol ||= c.protocol;
  one.connections++;
  const errors = errorsOf(c, facts);
  const failed = errors.refused + errors.reset + errors.unanswered + errors.http5xx > 0;
  addErrors(one.errors, errors);
  const clientKey = c.client.pod ?? c.client.ip;
  let client = one.clientNumbers.get(clientKey);
  if (client === undefined) {
    client =
      one.clients.push({
        name: c.client.pod ?? c.client.ip,
        pod: c.client.pod,
        ip: c.client.ip,
        ...ends.of(c.client),
        connections: 0,
      }) - 1;
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
    to = endpoint(one, c.server, { pod, node, told: false, ready: true, ...ends.of(c.server) });
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
