/**
 * One connection in the words of docs/CLI.md, from what its sockets sent and what the capture points saw of that.
 *
 * ```
 * journeys ─┬─ first: who asked whom       ─► client, requested, service, kind
 *           ├─ delivered: who got it       ─► server, seenByServerAs
 *           └─ sightings, in their order   ─► path, translations, encapsulations
 * ```
 */
import type { AddressOwner } from "../world/world";
import type { CapturePoint } from "./capture-points";
import type { ReadPacket } from "./read-packet";
import { zeekState } from "./zeek-state";

export interface TruthEndpoint {
  readonly ip: string;
  readonly port: number;
}

export interface TruthPlace extends TruthEndpoint {
  readonly pod: string | null;
  readonly node: string | null;
}

/** In the words of docs/CLI.md's schema. */
export interface TruthConnection {
  readonly protocol: "tcp" | "udp" | "icmp" | "icmpv6" | "other";
  readonly kind: string;
  readonly locality: "same-node" | "cross-node" | "outside" | "unknown";
  readonly hairpin: boolean;
  readonly client: TruthPlace;
  readonly requested: TruthEndpoint;
  readonly server: TruthPlace;
  readonly seenByServerAs: TruthEndpoint | null;
  readonly service: string | null;
  readonly translations: readonly {
    readonly kind: "dnat" | "snat" | "icmp-id";
    readonly from: TruthEndpoint;
    readonly to: TruthEndpoint;
    readonly between: readonly [string, string];
    readonly node: string | null;
  }[];
  readonly encapsulations: readonly {
    readonly kind: string;
    readonly vni: number | null;
    readonly port: number | null;
    readonly outer: { readonly src: string; readonly dst: string };
  }[];
  readonly path: readonly string[];
  readonly returnPath: readonly string[];
  readonly firstTime: string;
  readonly lastTime: string;
  readonly packets: { readonly sightings: number; readonly distinct: number };
  readonly bytes: { readonly fromClient: number; readonly fromServer: number };
  readonly state: string;
}

/** A packet at a capture point, as it was there. */
export interface Sighting {
  readonly point: CapturePoint;
  readonly timeNs: number;
  readonly packet: ReadPacket;
}

/** A packet that a socket made, and what became of it. */
export interface Sent {
  readonly journey: number;
  readonly packet: ReadPacket;
  readonly key: string;
  readonly source: AddressOwner;
  readonly destination: AddressOwner;
  readonly service: string | null;
  /** Whose the addresses were that it was translated to on the way. */
  readonly owners: Map<string, AddressOwner>;
  readonly sightings: Sighting[];
  delivered: { readonly packet: ReadPacket; readonly key: string; readonly owner: AddressOwner } | undefined;
}

/** @param list packets of one connection. @param idOf names points as the written files do */
export function trueConnection(
  list: readonly Sent[],
  startTimeNs: bigint,
  idOf: (point: CapturePoint) => string,
): TruthConnection {
  return new Conversation(list, startTimeNs, idOf).truth();
}

/** An address that many listen to. */
export function isGroup(address: string): boolean {
  return address === "255.255.255.255" || /^(2(2[4-9]|3\d)\.|ff)/.test(address);
}

const PROTOCOLS: ReadonlyMap<number, TruthConnection["protocol"]> = new Map([
  [1, "icmp"],
  [6, "tcp"],
  [17, "udp"],
  [58, "icmpv6"],
]);

function isIcmp(protocol: number): boolean {
  return protocol === 1 || protocol === 58;
}

class Conversation {
  private readonly first: Sent;
  private readonly toServer: readonly Sent[];
  private readonly toClient: readonly Sent[];

  constructor(
    list: readonly Sent[],
    private readonly startTimeNs: bigint,
    private readonly idOf: (point: CapturePoint) => string,
  ) {
    const byTime = [...list].sort((a, b) => a.journey - b.journey);
    this.first = byTime[0] as Sent;
    this.toServer = byTime.filter((s) => s.key === this.first.key);
    this.toClient = byTime.filter((s) => s.key !== this.first.key);
  }

  truth(): TruthConnection {
    const { first, toServer, toClient } = this;
    const { tuple } = first.packet;
    const there = usualWay(toServer);
    const back = usualWay(toClient);
    const arrived = toServer.find((s) => s.delivered)?.delivered;
    const last = there?.sightings.at(-1)?.packet.tuple ?? tuple;
    const serverEnd = arrived?.packet.tuple ?? last;
    const icmp = isIcmp(tuple.protocol);
    const server: TruthEndpoint = { ip: serverEnd.destination, port: icmp ? 0 : serverEnd.destinationPort };
    const requested: TruthEndpoint = { ip: tuple.destination, port: icmp ? 0 : tuple.destinationPort };
    const serverOwner = arrived?.owner ?? this.ownerThen(server.ip);
    const translations = this.translations(there, back);
    const hairpin = tuple.source === server.ip && translations.some((t) => t.kind === "dnat");
    const all = [...toServer, ...toClient].flatMap((s) => s.sightings).map((s) => s.timeNs);
    const kind = this.kind(serverOwner, translations.length > 0, requested, server);
    const sameHost = kind === "container-to-container";
    return {
      protocol: PROTOCOLS.get(tuple.protocol) ?? "other",
      kind,
      locality: sameHost ? "same-node" : isGroup(server.ip) ? "unknown" : locality(first.source, serverOwner),
      hairpin,
      client: { ip: tuple.source, port: tuple.sourcePort, pod: first.source.pod, node: first.source.node },
      requested,
      server: { ...server, pod: serverOwner.pod, node: serverOwner.node },
      seenByServerAs:
        arrived && !isGroup(server.ip)
          ? { ip: arrived.packet.tuple.source, port: arrived.packet.tuple.sourcePort }
          : null,
      service: first.service,
      translations,
      encapsulations: this.encapsulations(),
      path: this.ids(there),
      returnPath: this.ids(back),
      firstTime: this.time(Math.min(...all)),
      lastTime: this.time(Math.max(...all)),
      packets: { sightings: all.length, distinct: toServer.length + toClient.length },
      bytes: { fromClient: payload(toServer), fromServer: payload(toClient) },
      state: zeekState(
        tuple.protocol,
        toServer.map((s) => s.packet.tcpFlags),
        toClient.map((s) => s.packet.tcpFlags),
      ),
    };
  }

  /** Nobody got it: whose address it was when the conversation began. */
  private ownerThen(address: string): AddressOwner {
    return this.toServer.find((s) => s.owners.has(address))?.owners.get(address) ?? this.first.destination;
  }

  /** docs/CLI.md's kinds, by where both ends live and whether a Service was asked. */
  private kind(server: AddressOwner, translated: boolean, requested: TruthEndpoint, end: TruthEndpoint): string {
    const { source, service, packet } = this.first;
    if (packet.tuple.source === end.ip && !translated) return "container-to-container";
    if (isGroup(end.ip)) return "unknown";
    const asked = service !== null || this.first.destination.network === "service" || requested.ip !== end.ip;
    if (source.network === "pod") {
      if (asked && server.network !== "outside") return "pod-to-service";
      if (server.network === "pod") return "pod-to-pod";
      if (server.network === "node") return "pod-to-node";
      // An ExternalName is only a name: the call goes straight outside.
      return requested.ip !== end.ip ? "pod-to-service" : "egress";
    }
    if (source.network === "node") {
      if (asked) return "node-to-service";
      if (server.network === "pod") return "node-to-pod";
      return server.network === "node" ? "node-to-node" : "egress";
    }
    if (asked && server.network !== "outside") return "external-to-service";
    return server.network === "pod" ? "external-to-pod" : "external";
  }

  private ids(sent: Sent | undefined): readonly string[] {
    return sent ? pointsOf(sent).map(this.idOf) : [];
  }

  private time(ns: number): string {
    const total = this.startTimeNs + BigInt(ns);
    return `${total / 1_000_000_000n}.${String(total % 1_000_000_000n).padStart(9, "0")}`;
  }

  /** Each address's first change along the way there, then what only the way back shows. */
  private translations(there: Sent | undefined, back: Sent | undefined): TruthConnection["translations"] {
    const out: {
      kind: "dnat" | "snat" | "icmp-id";
      from: TruthEndpoint;
      to: TruthEndpoint;
      between: [string, string];
      node: string | null;
    }[] = [];
    const icmp = isIcmp(this.first.packet.tuple.protocol);
    for (const [sent, isBack] of [
      [there, false],
      [back, true],
    ] as const) {
      if (!sent) continue;
      for (const side of ["server", "client"] as const) {
        const values: TruthEndpoint[] = [];
        let before: Sighting | undefined;
        for (const sighting of sent.sightings) {
          const { tuple } = sighting.packet;
          // Towards the client the server is the source.
          const isSource = (side === "client") !== isBack;
          const port = icmp
            ? side === "client"
              ? tuple.sourcePort
              : 0
            : isSource
              ? tuple.sourcePort
              : tuple.destinationPort;
          const end: TruthEndpoint = { ip: isSource ? tuple.source : tuple.destination, port };
          const last = values.at(-1);
          if (!values.some((v) => v.ip === end.ip && v.port === end.port)) {
            values.push(end);
            if (last && before) {
              const [from, to] = isBack ? [end, last] : [last, end];
              const [a, b] = isBack ? [sighting, before] : [before, sighting];
              const kind = side === "server" ? "dnat" : icmp && from.ip === to.ip ? "icmp-id" : "snat";
              const known = out.some((t) => t.kind === kind && same(t.from, from) && same(t.to, to));
              if (!known)
                out.push({
                  kind,
                  from,
                  to,
                  between: [this.idOf(a.point), this.idOf(b.point)],
                  node: a.point.namespace === b.point.namespace ? a.point.namespace : null,
                });
            }
          }
          before = sighting;
        }
      }
    }
    return out;
  }

  private encapsulations(): TruthConnection["encapsulations"] {
    const found: TruthConnection["encapsulations"][number][] = [];
    for (const [list, back] of [
      [this.toServer, false],
      [this.toClient, true],
    ] as const)
      for (const { sightings } of list)
        for (const { packet } of sightings)
          for (const carrier of packet.carriers) {
            const outer = back
              ? { src: carrier.destination, dst: carrier.source }
              : { src: carrier.source, dst: carrier.destination };
            if (
              !found.some(
                (e) =>
                  e.kind === carrier.kind &&
                  e.vni === carrier.vni &&
                  e.port === carrier.port &&
                  e.outer.src === outer.src &&
                  e.outer.dst === outer.dst,
              )
            )
              found.push({ kind: carrier.kind, vni: carrier.vni, port: carrier.port, outer });
          }
    return found;
  }
}

function same(a: TruthEndpoint, b: TruthEndpoint): boolean {
  return a.ip === b.ip && a.port === b.port;
}

function payload(list: readonly Sent[]): number {
  return list.reduce((sum, s) => sum + s.packet.payload, 0);
}

/** Points in order, each once in a row. What the network doubles goes on twice from there, which is no longer way. */
function pointsOf(sent: Sent): readonly CapturePoint[] {
  const points: CapturePoint[] = [];
  sent.sightings.forEach(({ point, packet }, i) => {
    const isCopy = sent.sightings.slice(0, i).some((s) => s.point === point && isSameHere(s.packet, packet));
    if (points.at(-1) !== point && !isCopy) points.push(point);
  });
  return points;
}

/** Nothing that a hop changes differs. */
function isSameHere(a: ReadPacket, b: ReadPacket): boolean {
  return (
    a.ttl === b.ttl && a.carriers.length === b.carriers.length && JSON.stringify(a.tuple) === JSON.stringify(b.tuple)
  );
}

/**
 * A packet that went the way most data packets went; without data, most of all. What got lost on its way says nothing of where it
 * would have gone: only where nothing arrived is the furthest taken.
 */
function usualWay(list: readonly Sent[]): Sent | undefined {
  const arrived = list.filter((s) => s.delivered);
  const dataArrived = arrived.filter((s) => s.packet.payload > 0);
  if (arrived.length > 0) return mostFrequentWay(dataArrived.length > 0 ? dataArrived : arrived);
  return list.reduce<Sent | undefined>(
    (best, sent) => (best && best.sightings.length >= sent.sightings.length ? best : sent),
    undefined,
  );
}

function mostFrequentWay(list: readonly Sent[]): Sent | undefined {
  const counts = new Map<string, { readonly sent: Sent; n: number }>();
  for (const sent of list) {
    const way = pointsOf(sent)
      .map((p) => p.index)
      .join(" ");
    const known = counts.get(way);
    if (known) known.n++;
    else counts.set(way, { sent, n: 1 });
  }
  let best: { readonly sent: Sent; n: number } | undefined;
  for (const one of counts.values())
    if (!best || one.n > best.n || (one.n === best.n && one.sent.sightings.length > best.sent.sightings.length))
      best = one;
  return best?.sent;
}

function locality(client: AddressOwner, server: AddressOwner): "same-node" | "cross-node" | "outside" | "unknown" {
  if (client.network === "outside" || server.network === "outside") return "outside";
  if (client.node === null || server.node === null) return "unknown";
  return client.node === server.node ? "same-node" : "cross-node";
}
