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
import type { ServiceEntry, ServiceLookup, ServiceReport } from "../../../src-shared/contract/map";
import type { Cluster } from "../../../src-shared/model/cluster";
import { objectName, type Service } from "../../../src-shared/model/kubernetes";
import type { Connection } from "../../../src-shared/reconstruct/result";
import { beginService, countCall, type Growing } from "./growing-service";
import { serviceLabel } from "./map-graph";
import { ServiceEnds } from "./service-ends";
import { latencyOf, measure } from "./service-latency";
import { type LookupsInput, lookupsOf } from "./service-lookups";

const MOST_MEASURED = 20_000;
/** More clients of one Service than a picture has room for are drawn as one. */
const MOST_CLIENTS = 200;

export interface ServicesInput extends LookupsInput {
  readonly cluster: Cluster;
  /** HTTP status by packet (http-answers.ts). */
  readonly statusOf: ReadonlyMap<number, number>;
}

export class ServicesReport {
  readonly #found = new Map<string, Growing>();
  readonly #ends: ServiceEnds;
  #measured = 0;
  /** Connections that were looked at. */
  #next = 0;
  #services: readonly ServiceReport[] | undefined;

  constructor(private readonly input: ServicesInput) {
    const { join, cluster } = input;
    this.#ends = new ServiceEnds(join, cluster);
    for (const service of cluster.services(null)) this.#begin(objectName(service), service);
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

  #begin(id: string, service: Service | null): Growing {
    const one = beginService(id, service, this.input.cluster, this.#ends);
    this.#found.set(id, one);
    return one;
  }

  #add(index: number): void {
    const { join, cluster, statusOf } = this.input;
    const c = join.connection(index);
    const id = serviceOf(c, cluster);
    if (id === null) return;
    const service = id.includes("/") ? cluster.service(id, null) : null;
    const one = this.#found.get(id) ?? this.#begin(id, service);
    const facts = this.#measured < MOST_MEASURED ? measure(join, statusOf, index, c) : null;
    if (facts) this.#measured++;
    countCall(one, c, facts, this.#ends);
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
      kind: "unknown",
      host: null,
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
