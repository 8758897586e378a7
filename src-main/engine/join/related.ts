/**
 * Connections that belong together though no packet is the same: the DNS lookup before a connection, the hop of an Ingress behind
 * it; and what these tell of the Service that was asked for.
 *
 * ```
 * lookup of web.shop ─► 10.96.0.7         dns-lookup / dns-for
 * client ─► proxy ─► pod                  ingress-to / ingress-from
 * name of the answer: shop/web            service, kind: headless (an endpoint, no NAT), ExternalName (a CNAME, no NAT)
 * ```
 */
import { addToGroup } from "../../../src-shared/base/grouping";
import type { Cluster } from "../../../src-shared/model/cluster";
import type { IngressRule, Service } from "../../../src-shared/model/kubernetes";
import type { Connection, RelatedConnection } from "../../../src-shared/reconstruct/result";
import { findLookups, lookupText } from "./dns-lookups";
import { type IngressTie, findIngressHops, ingressText } from "./ingress-hops";
import { type LookupTie, tieLookups } from "./lookup-ties";
import type { RelatedSource } from "./related-source";

const NOTHING: readonly RelatedConnection[] = [];

/** What is related is looked for when it is first asked for: a list of connections asks for no Ingress (80 ms for 50,000). */
export class Relations {
  private foundLookups: ReadonlyMap<number, readonly LookupTie[]> | undefined;
  private foundHops: IngressHops | undefined;
  private foundRelated: ReadonlyMap<number, readonly RelatedConnection[]> | undefined;

  /** An Ingress of some time tells where requests go. */
  private readonly hasRules: boolean;

  constructor(
    private readonly source: RelatedSource,
    private readonly cluster: Cluster | undefined,
  ) {
    this.hasRules = (cluster?.ingresses(null).length ?? 0) > 0;
  }

  /** By the connection that was for it. */
  private get lookups(): ReadonlyMap<number, readonly LookupTie[]> {
    if (this.foundLookups) return this.foundLookups;
    const { source } = this;
    const found = new Map<number, LookupTie[]>();
    if (source.messages.dns.count > 0)
      for (const tie of tieLookups(source, findLookups(source))) addToGroup(found, tie.connection, tie);
    return (this.foundLookups = found);
  }

  private get hops(): IngressHops {
    if (this.foundHops) return this.foundHops;
    const ties = this.source.messages.http.count > 1 ? findIngressHops(this.source) : [];
    const behind = new Map<number, IngressTie[]>();
    for (const tie of ties) addToGroup(behind, tie.to, tie);
    return (this.foundHops = { ties, behind });
  }

  private get related(): ReadonlyMap<number, readonly RelatedConnection[]> {
    if (this.foundRelated) return this.foundRelated;
    const lists = new Map<number, RelatedConnection[]>();
    for (const ties of this.lookups.values())
      for (const { connection, lookup, ambiguous } of ties) {
        const { name, answeredAs, tried, types, aliases, addresses } = lookup;
        const shown = { name, answeredAs, tried, types, aliases, addresses };
        const detail = `${lookupText(lookup)}${ambiguous ? "; ambiguous: another name of this address was looked up too" : ""}`;
        addToGroup(lists, connection, {
          relation: "dns-lookup",
          connection: lookup.connections[0] ?? connection,
          detail,
          ambiguous,
          lookup: shown,
        });
        for (const c of lookup.connections)
          addToGroup(lists, c, { relation: "dns-for", connection, detail, ambiguous, lookup: shown });
      }
    for (const tie of this.hops.ties) {
      const { from, to, ambiguous } = tie;
      const detail = `${ingressText(tie)} (${tie.evidence.join(", ")})${ambiguous ? "; ambiguous: another request fits as well" : ""}`;
      addToGroup(lists, from, { relation: "ingress-to", connection: to, detail, ambiguous });
      addToGroup(lists, to, { relation: "ingress-from", connection: from, detail, ambiguous });
    }
    return (this.foundRelated = lists);
  }

  of(connection: number): readonly RelatedConnection[] {
    return this.related.get(connection) ?? NOTHING;
  }

  /** The connection with its relations, and with the Service that a name or an Ingress tells. */
  complete(c: Connection): Connection {
    const related = this.of(c.index);
    const named = this.withService(c);
    return related.length === 0 ? named : { ...named, related };
  }

  /** The connection with the Service that a name or an Ingress tells, and no relations. */
  withService(c: Connection): Connection {
    const told = c.service === null ? (this.byName(c) ?? this.byIngress(c) ?? this.byEndpoint(c)) : undefined;
    if (!told) return c;
    const inferred = [...c.inferred];
    if (told.inferred && !inferred.includes("service")) inferred.push("service");
    const kind = told.kind ?? c.kind;
    if (kind !== c.kind && !inferred.includes("kind")) inferred.push("kind");
    return { ...c, service: told.service, kind, inferred };
  }

  /** The name that was looked up is a Service's: web.shop.svc.cluster.local, or pod-0.web.shop.svc.cluster.local. */
  private byName(c: Connection): ToldService | undefined {
    const ties = this.lookups.get(c.index);
    if (!ties) return undefined;
    const found = new Map<string, ToldService>();
    for (const { lookup } of ties) {
      const named = serviceOfName(lookup.answeredAs);
      if (!named) continue;
      const object = this.cluster?.service(named, Number(c.firstTime) * 1000) ?? null;
      // A cluster that tells its Services and not this one: another cluster's, or gone.
      if (!object && this.cluster && this.cluster.services(null).length > 0) continue;
      const outside = lookup.aliases.length > 0;
      found.set(named, {
        service: named,
        inferred: object === null,
        kind: outside || object?.type === "ExternalName" ? null : this.serviceKind(c),
      });
    }
    const [only] = found.values();
    return found.size === 1 ? only : undefined;
  }

  /** Behind an Ingress: the Service its rule names for this host and path. */
  private byIngress(c: Connection): ToldService | undefined {
    const hops = this.hasRules ? this.hops.behind.get(c.index) : undefined;
    if (!hops) return undefined;
    const atMs = Number(c.firstTime) * 1000;
    const rules = (this.cluster?.ingresses(atMs) ?? []).flatMap((i) => i.rules.map((rule) => ({ rule, in: i })));
    const found = new Set<string>();
    for (const { request } of hops) {
      const [, host = "", path = ""] = /^\S+ (\S+) (.*)$/.exec(request) ?? [];
      const best = rules
        .filter(({ rule }) => matches(rule, host, path))
        .sort((a, b) => weight(b.rule) - weight(a.rule))[0];
      if (best && best.rule.service !== null) found.add(`${best.in.meta.namespace}/${best.rule.service}`);
    }
    const [only] = found;
    return found.size === 1 && only !== undefined ? { service: only, inferred: false, kind: null } : undefined;
  }

  /** Sent to an endpoint as it is: a headless Service, if that is the only one it answers for. */
  private byEndpoint(c: Connection): ToldService | undefined {
    const { cluster } = this;
    if (!cluster || c.translations.length > 0 || c.server.port === 0 || c.requested?.ip !== c.server.ip)
      return undefined;
    if (c.protocol !== "tcp" && c.protocol !== "udp" && c.protocol !== "sctp") return undefined;
    // The node's own probes go to endpoints too.
    if (c.kind !== "pod-to-pod") return undefined;
    const behind = cluster.servicesBehind(c.server.ip, c.server.port, c.protocol, Number(c.firstTime) * 1000);
    const services = new Map<string, Service | null>(behind.map((e) => [e.serviceName, e.service]));
    const [only] = services;
    if (services.size !== 1 || !only?.[1]?.headless) return undefined;
    return { service: only[0], inferred: true, kind: this.serviceKind(c) };
  }

  /** The kind of a connection whose client asked for a Service by name; null: as it is. */
  private serviceKind(c: Connection): Connection["kind"] | null {
    switch (c.kind) {
      case "pod-to-pod":
      case "pod-to-node":
        return "pod-to-service";
      case "node-to-pod":
      case "node-to-node":
        return "node-to-service";
      // The address belongs to no pod that is known: what was asked for is a Service all the same.
      case "egress":
        return this.source.client(c.index).network === "node" ? "node-to-service" : "pod-to-service";
      default:
        return null;
    }
  }
}

interface IngressHops {
  readonly ties: readonly IngressTie[];
  /** By the connection behind the proxy. */
  readonly behind: ReadonlyMap<number, readonly IngressTie[]>;
}

interface ToldService {
  readonly service: string;
  readonly inferred: boolean;
  /** Null: as it is. */
  readonly kind: Connection["kind"] | null;
}

/** "shop/web" of "web.shop.svc.cluster.local" and of "pod-0.web.shop.svc.cluster.local"; null: no Service's name. */
export function serviceOfName(name: string): string | null {
  const labels = name.split(".");
  const at = labels.indexOf("svc");
  const [service, namespace] = at === 2 ? labels : at === 3 ? labels.slice(1) : [];
  return service && namespace ? `${namespace}/${service}` : null;
}

function matches(rule: IngressRule, host: string, path: string): boolean {
  const name = host.replace(/:\d+$/, "");
  if (rule.host?.startsWith("*.")) {
    if (name.slice(name.indexOf(".") + 1) !== rule.host.slice(2).toLowerCase()) return false;
  } else if (rule.host !== null && rule.host.toLowerCase() !== name) return false;
  if (rule.path === null) return true;
  const plain = path.replace(/\?.*$/, "");
  if (rule.pathType === "Exact") return plain === rule.path;
  const prefix = rule.path.replace(/\/$/, "");
  return plain === prefix || plain.startsWith(`${prefix}/`);
}

/** An exact host and a longer path come first (networking/v1 IngressRule). */
function weight(rule: IngressRule): number {
  return (
    (rule.host === null ? 0 : rule.host.startsWith("*.") ? 1e5 : 2e5) +
    (rule.path?.length ?? 0) * 2 +
    (rule.pathType === "Exact" ? 1 : 0)
  );
}
