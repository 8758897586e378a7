/**
 * Network address translation over connection tracking, as Linux' nf_nat: the first packet decides, all others follow the two tuples.
 *
 * ```
 *              PREROUTING, OUTPUT         POSTROUTING, INPUT
 *  original    destination (DNAT)         source (SNAT)
 *  answers     SNAT undone                DNAT undone
 * ```
 *
 * A source port is kept if no other connection's answers would look the same, else a free one of its class is drawn; that also happens
 * to connections without any rule (Linux' "null binding").
 */
import { inverseIcmp, type TrackedConnection } from "./tracked-connection";
import type { ConntrackTable } from "./conntrack";
import { sealIcmp } from "../icmp";
import { setAddress } from "../ip-header";
import { isIcmp, type Packet, PROTOCOL_TCP, PROTOCOL_UDP } from "../packet";
import type { Random } from "../random";
import { rewriteEndpoint, rewriteQuoted } from "./rewrite";

export type Manipulation = "source" | "destination";

export interface NatRange {
  readonly address: number;
  /** Undefined: keep the port if that is possible. */
  readonly ports?: readonly [first: number, last: number];
  /** A random port even if the old one is free. */
  readonly randomPort?: boolean;
}

const ATTEMPTS = 128;

export class Nat {
  readonly #table: ConntrackTable;
  readonly #random: Random;

  constructor(table: ConntrackTable, random: Random) {
    this.#table = table;
    this.#random = random;
  }

  /** Decides for a connection that is not in the table yet; `range` undefined: no rule matched. */
  decide(connection: TrackedConnection, manipulation: Manipulation, range: NatRange | undefined): void {
    if (manipulation === "source") connection.sourceDecided = true;
    else connection.destinationDecided = true;
    if (connection.confirmed) return;
    const { reply, protocol } = connection;
    const isEcho = isIcmp(protocol);
    // How its packets look now: the inverse of how answers do.
    let source = reply.destination;
    let destination = reply.source;
    let sourcePort = isEcho ? reply.sourcePort : reply.destinationPort;
    let destinationPort = isEcho ? inverseIcmp(reply.destinationPort) : reply.sourcePort;
    const before = [source, destination, sourcePort, destinationPort];
    const hasPorts = isEcho || protocol === PROTOCOL_TCP || protocol === PROTOCOL_UDP;
    if (manipulation === "destination") {
      if (range === undefined) return;
      destination = range.address;
      if (range.ports !== undefined && !isEcho && hasPorts) destinationPort = this.#draw(range.ports);
    } else {
      source = range?.address ?? source;
      const isFree = (port: number): boolean => this.#isFree(connection, source, destination, port, destinationPort);
      const wanted = range?.ports;
      const keeps =
        range?.randomPort !== true &&
        (wanted === undefined || (sourcePort >= wanted[0] && sourcePort <= wanted[1])) &&
        isFree(sourcePort);
      if (!keeps && hasPorts) sourcePort = this.#freePort(wanted ?? portClass(sourcePort, isEcho), sourcePort, isFree);
    }
    reply.setInverseOf(source, destination, sourcePort, destinationPort);
    const after = [source, destination, sourcePort, destinationPort];
    if (before.every((value, i) => value === after[i])) return;
    if (manipulation === "source") connection.sourceTranslated = true;
    else connection.destinationTranslated = true;
  }

  #draw([first, last]: readonly [number, number]): number {
    return first === last ? first : first + this.#random.integer(last - first + 1);
  }

  #isFree(
    connection: TrackedConnection,
    source: number,
    destination: number,
    sourcePort: number,
    destinationPort: number,
  ): boolean {
    const isEcho = isIcmp(connection.protocol);
    const used = this.#table.find(
      connection.protocol,
      destination,
      source,
      isEcho ? sourcePort : destinationPort,
      isEcho ? inverseIcmp(destinationPort) : sourcePort,
    );
    // The same flow twice, before the first was confirmed: no reason for another port, that is settled when it is confirmed.
    return used === undefined || used.connection === connection || isSameFlow(used.connection, connection);
  }

  #freePort([first, last]: readonly [number, number], fallback: number, isFree: (port: number) => boolean): number {
    const count = last - first + 1;
    const offset = this.#random.integer(count);
    for (let i = 0; i < Math.min(count, ATTEMPTS); i++) {
      const port = first + ((offset + i) % count);
      if (isFree(port)) return port;
    }
    // All taken: the clash shows when the connection is confirmed.
    return fallback;
  }

  /** Translates a packet of a decided connection at that hook's side. */
  translate(packet: Packet, manipulation: Manipulation): void {
    const connection = packet.track;
    if (connection === undefined || !isTranslated(connection, manipulation, packet.isReply)) return;
    // What the packet looks like at the far side: the inverse of the other direction's tuple.
    const other = packet.isReply ? connection.original : connection.reply;
    const isEcho = isIcmp(connection.protocol);
    if (manipulation === "source")
      rewriteEndpoint(packet, "source", other.destination, isEcho ? other.sourcePort : other.destinationPort);
    else rewriteEndpoint(packet, "destination", other.source, other.sourcePort);
  }

  /** An ICMP error related to a connection: what it quotes, and its own address, are translated back. */
  translateError(packet: Packet, manipulation: Manipulation): void {
    const connection = packet.track;
    if (connection === undefined || !isTranslated(connection, manipulation, packet.isReply)) return;
    const other = packet.isReply ? connection.original : connection.reply;
    const isEcho = isIcmp(connection.protocol);
    const quoted = packet.transportAt + 8;
    // The quoted packet went the other way: its other end is the one that changes.
    if (manipulation === "source")
      rewriteQuoted(
        packet,
        quoted,
        "destination",
        other.destination,
        isEcho ? other.sourcePort : other.destinationPort,
      );
    else rewriteQuoted(packet, quoted, "source", other.source, other.sourcePort);
    // Its own addresses are no ports' business: the protocol is ICMP, but there is no identifier.
    setAddress(packet, manipulation, manipulation === "source" ? other.destination : other.source);
    sealIcmp(packet);
  }
}

function isSameFlow({ original: a }: TrackedConnection, { original: b }: TrackedConnection): boolean {
  return (
    a.source === b.source &&
    a.destination === b.destination &&
    a.sourcePort === b.sourcePort &&
    a.destinationPort === b.destinationPort
  );
}

/** Answers are translated at the other side. */
function isTranslated(connection: TrackedConnection, manipulation: Manipulation, isReply: boolean): boolean {
  return (manipulation === "source") !== isReply ? connection.sourceTranslated : connection.destinationTranslated;
}

/** A port stays in its class: below 512, below 1024, above (`nf_nat_l4proto_unique_tuple`). */
function portClass(port: number, isIcmp: boolean): readonly [number, number] {
  if (isIcmp) return [0, 65535];
  return port < 512 ? [1, 511] : port < 1024 ? [600, 1023] : [1024, 65535];
}
