/**
 * Connection tracking of one namespace: a connection is known by two tuples, that of its first packet and that of the answers; NAT changes
 * the second one only.
 *
 * ```
 *  observe   PREROUTING, OUTPUT       whose packet is it? NEW, ESTABLISHED, RELATED, INVALID
 *  confirm   POSTROUTING, INPUT end   the first packet got through: the connection is in the table, events are told
 * ```
 */
import type { Conntrack, ConntrackEntry, ConntrackEvent, ConntrackTimeouts } from "../api/netfilter";
import { ipText } from "../addresses";
import { u16 } from "../bytes";
import { isIcmpv6Error } from "../icmpv6";
import { isIpv6 } from "../ipv6-addresses";
import { Timer } from "../event-queue";
import { mix } from "../flow-hash";
import {
  isIcmp,
  Packet,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  TRACK_ESTABLISHED,
  TRACK_INVALID,
  TRACK_NEW,
  TRACK_NONE,
  TRACK_RELATED,
  TRACK_UNTRACKED,
} from "../packet";
import type { World } from "../world";
import {
  DEFAULT_TIMEOUTS,
  nextTcpState,
  TCP_CLOSE,
  TCP_ESTABLISHED,
  TCP_IGNORE,
  TCP_INVALID,
  TCP_NONE,
  TCP_STATE_NAMES,
  TCP_SYN_SENT,
  TCP_TIME_WAIT,
  TCP_TIMEOUTS,
} from "./conntrack-states";
import {
  ECHO_REPLY_V6,
  ECHO_REQUEST,
  ECHO_REQUEST_V6,
  inverseIcmp,
  TrackedConnection,
  type TrackTuple,
} from "./tracked-connection";

const COLLECT_NS = 5e9;
const CLASH_NS = 1e9;
/** A UDP connection that answers for longer than this is a stream. */
const STREAM_AFTER_NS = 2e9;

export class ConntrackTable implements Conntrack {
  enabled = false;
  onEvent: ((event: ConntrackEvent) => void) | undefined = undefined;
  resolveClashes = true;
  readonly #world: World;
  readonly #table = new Map<number, TrackTuple>();
  readonly #connections = new Set<TrackedConnection>();
  readonly #collector: Timer;
  #timeouts: ConntrackTimeouts = DEFAULT_TIMEOUTS;
  #ids = 0;

  constructor(world: World) {
    this.#world = world;
    this.#collector = new Timer(world.queue, () => {
      this.#collect();
    });
  }

  get entries(): readonly ConntrackEntry[] {
    return [...this.#connections].map((connection) => connection.entry());
  }

  setTimeouts(seconds: Partial<ConntrackTimeouts>): void {
    this.#timeouts = { ...this.#timeouts, ...seconds };
  }

  flush(matches?: (entry: ConntrackEntry) => boolean): number {
    const gone = [...this.#connections].filter((connection) => matches === undefined || matches(connection.entry()));
    for (const connection of gone) this.#destroy(connection);
    return gone.length;
  }

  /** Says whose packet it is; `packet.start` is at the IP header of a whole datagram. */
  observe(packet: Packet): void {
    // Known from the way out, when it comes back in by loopback.
    if (packet.trackState !== TRACK_NONE) return;
    const { buffer, protocol } = packet;
    const at = packet.transportAt;
    if (packet.end - at < 8) {
      packet.trackState = TRACK_INVALID;
      return;
    }
    if (protocol === PROTOCOL_ICMP) {
      const type = buffer[at] as number;
      if (type === 3 || type === 11 || type === 12 || type === 4 || type === 5) {
        this.#observeError(packet, at + 8);
        return;
      }
      const typeAndCode = u16(buffer, at);
      this.#assign(packet, u16(buffer, at + 4), typeAndCode, typeAndCode === ECHO_REQUEST);
    } else if (protocol === PROTOCOL_ICMPV6) {
      const typeAndCode = u16(buffer, at);
      if (isIcmpv6Error(typeAndCode >> 8)) this.#observeError(packet, at + 8);
      else if (typeAndCode >= ECHO_REQUEST_V6 && typeAndCode <= ECHO_REPLY_V6)
        this.#assign(packet, u16(buffer, at + 4), typeAndCode, typeAndCode === ECHO_REQUEST_V6);
      else packet.trackState = TRACK_UNTRACKED;
    } else if (protocol === PROTOCOL_TCP || protocol === PROTOCOL_UDP)
      this.#assign(packet, u16(buffer, at), u16(buffer, at + 2), true);
    else this.#assign(packet, 0, 0, true);
  }

  #assign(packet: Packet, sourcePort: number, destinationPort: number, mayBegin: boolean): void {
    const { source, destination, protocol } = packet;
    let tuple = this.find(protocol, source, destination, sourcePort, destinationPort);
    if (tuple?.connection.protocol === PROTOCOL_TCP && this.#isReopened(tuple, packet)) {
      this.#destroy(tuple.connection);
      tuple = undefined;
    }
    if (tuple === undefined) {
      if (!mayBegin) {
        packet.trackState = TRACK_INVALID;
        return;
      }
      const id = ++this.#ids;
      tuple = new TrackedConnection(id, this.#world.nowNs, protocol, source, destination, sourcePort, destinationPort)
        .original;
    }
    const { connection, isReply } = tuple;
    if (!this.#advance(connection, isReply, packet)) {
      packet.trackState = TRACK_INVALID;
      return;
    }
    packet.track = connection;
    packet.isReply = isReply;
    packet.trackState = isReply || connection.replied ? TRACK_ESTABLISHED : TRACK_NEW;
    if (isReply && !connection.replied) {
      connection.replied = true;
      connection.changed = true;
    }
  }

  #isReopened(tuple: TrackTuple, packet: Packet): boolean {
    const flags = packet.buffer[packet.transportAt + 13] as number;
    const { tcpState } = tuple.connection;
    return (flags & 0x17) === 0x02 && (tcpState === TCP_TIME_WAIT || tcpState === TCP_CLOSE);
  }

  /** The connection's state and timeout after that packet; false: the packet does not belong there. */
  #advance(connection: TrackedConnection, isReply: boolean, packet: Packet): boolean {
    const { protocol } = connection;
    if (protocol === PROTOCOL_TCP) {
      const flags = packet.buffer[packet.transportAt + 13] as number;
      const before = connection.tcpState;
      const after = nextTcpState(before, flags, isReply);
      if (after === TCP_INVALID || (before === TCP_NONE && after !== TCP_SYN_SENT && after !== TCP_ESTABLISHED))
        return false;
      if (after === TCP_IGNORE) return true;
      connection.tcpState = after;
      if (after !== before) connection.changed = true;
      if (after === TCP_ESTABLISHED && !connection.assured && connection.replied) connection.assured = true;
      this.#setTimeout(connection, TCP_TIMEOUTS[after] ?? "generic");
      return true;
    }
    if (protocol === PROTOCOL_UDP) {
      const isStream = connection.replied && this.#world.nowNs - connection.createdNs > STREAM_AFTER_NS;
      if (isStream && !connection.assured) {
        connection.assured = true;
        connection.changed = true;
      }
      this.#setTimeout(connection, isStream ? "udpStream" : "udp");
    } else this.#setTimeout(connection, isIcmp(protocol) ? "icmp" : "generic");
    return true;
  }

  #setTimeout(connection: TrackedConnection, name: keyof ConntrackTimeouts): void {
    connection.timeoutSeconds = this.#timeouts[name];
    connection.expiresNs = this.#world.nowNs + connection.timeoutSeconds * 1e9;
  }

  /** An ICMP error is related to the connection whose packet it quotes. */
  #observeError(packet: Packet, quotedAt: number): void {
    const { buffer, end } = packet;
    packet.trackState = TRACK_INVALID;
    const quoted = new Packet(buffer, quotedAt, end);
    const { protocol, source, destination, transportAt: transport } = quoted;
    if (transport + 8 > end || quoted.isIpv6 !== packet.isIpv6) return;
    // The error goes the way of answers to what it quotes.
    const tuple = isIcmp(protocol)
      ? this.find(protocol, destination, source, u16(buffer, transport + 4), inverseIcmp(u16(buffer, transport)))
      : protocol === PROTOCOL_TCP || protocol === PROTOCOL_UDP
        ? this.find(protocol, destination, source, u16(buffer, transport + 2), u16(buffer, transport))
        : this.find(protocol, destination, source, 0, 0);
    if (tuple === undefined) return;
    packet.track = tuple.connection;
    packet.isReply = tuple.isReply;
    packet.trackState = TRACK_RELATED;
  }

  /** The packet got through. False: it must be dropped, because another connection has taken one of the tuples meanwhile. */
  confirm(packet: Packet): boolean {
    const connection = packet.track;
    if (connection === undefined || packet.trackState === TRACK_RELATED) return true;
    if (connection.confirmed) {
      if (connection.changed && !connection.dead) this.#tell("UPDATE", connection);
      connection.changed = false;
      return true;
    }
    const { original, reply } = connection;
    const same = this.#findLike(original);
    const taken = this.#findLike(reply);
    if (same !== undefined || taken !== undefined) return this.#resolveClash(packet, connection, same, taken);
    connection.confirmed = true;
    connection.changed = false;
    this.#insert(original);
    this.#insert(reply);
    this.#connections.add(connection);
    if (!this.#collector.armed) this.#collector.set(this.#world.nowNs + COLLECT_NS);
    this.#tell("NEW", connection);
    return true;
  }

  /**
   * Two first packets of one flow at once (A and AAAA questions by one socket): the second joins the first if NAT decided the same; if it chose
   * another server, its answers get an entry of their own for a second (nf_ct_resolve_clash_harder).
   */
  #resolveClash(
    packet: Packet,
    connection: TrackedConnection,
    same: TrackTuple | undefined,
    taken: TrackTuple | undefined,
  ): boolean {
    if (!this.resolveClashes || connection.protocol !== PROTOCOL_UDP || same === undefined || same.isReply)
      return false;
    if (taken?.connection === same.connection) {
      packet.track = same.connection;
      return true;
    }
    if (taken !== undefined) return false;
    connection.confirmed = true;
    connection.expiresNs = this.#world.nowNs + CLASH_NS;
    this.#insert(connection.reply);
    this.#connections.add(connection);
    return true;
  }

  find(
    protocol: number,
    source: number,
    destination: number,
    sourcePort: number,
    destinationPort: number,
  ): TrackTuple | undefined {
    let tuple = this.#table.get(hashOf(protocol, source, destination, sourcePort, destinationPort));
    while (
      tuple !== undefined &&
      (tuple.source !== source ||
        tuple.destination !== destination ||
        tuple.sourcePort !== sourcePort ||
        tuple.destinationPort !== destinationPort ||
        tuple.protocol !== protocol)
    )
      tuple = tuple.next;
    if (tuple !== undefined && tuple.connection.expiresNs <= this.#world.nowNs) {
      this.#destroy(tuple.connection);
      return undefined;
    }
    return tuple;
  }

  #findLike(tuple: TrackTuple): TrackTuple | undefined {
    return this.find(tuple.protocol, tuple.source, tuple.destination, tuple.sourcePort, tuple.destinationPort);
  }

  #insert(tuple: TrackTuple): void {
    const hash = hashOfTuple(tuple);
    tuple.next = this.#table.get(hash);
    this.#table.set(hash, tuple);
  }

  #remove(tuple: TrackTuple): void {
    const hash = hashOfTuple(tuple);
    const first = this.#table.get(hash);
    if (first === tuple) {
      if (tuple.next === undefined) this.#table.delete(hash);
      else this.#table.set(hash, tuple.next);
      return;
    }
    for (let other = first; other !== undefined; other = other.next)
      if (other.next === tuple) {
        other.next = tuple.next;
        return;
      }
  }

  #destroy(connection: TrackedConnection): void {
    if (!connection.confirmed || connection.dead) return;
    connection.dead = true;
    this.#remove(connection.original);
    this.#remove(connection.reply);
    this.#connections.delete(connection);
    this.#tell("DESTROY", connection);
  }

  #collect(): void {
    const { nowNs } = this.#world;
    for (const connection of this.#connections) if (connection.expiresNs <= nowNs) this.#destroy(connection);
    if (this.#connections.size > 0) this.#collector.set(nowNs + COLLECT_NS);
  }

  #tell(type: ConntrackEvent["type"], connection: TrackedConnection): void {
    if (this.onEvent === undefined) return;
    const timeNs = this.#world.nowNs;
    const unixNs = this.#world.startTimeNs + BigInt(Math.round(timeNs));
    this.onEvent({ type, timeNs, entry: connection.entry(), text: eventText(type, unixNs, connection) });
  }
}

function hashOf(
  protocol: number,
  source: number,
  destination: number,
  sourcePort: number,
  destinationPort: number,
): number {
  return mix(mix(mix(protocol, source), destination), (sourcePort << 16) | destinationPort);
}

function hashOfTuple(tuple: TrackTuple): number {
  return hashOf(tuple.protocol, tuple.source, tuple.destination, tuple.sourcePort, tuple.destinationPort);
}

const PROTOCOL_NAMES: ReadonlyMap<number, string> = new Map([
  [PROTOCOL_ICMP, "icmp"],
  [PROTOCOL_ICMPV6, "icmpv6"],
  [PROTOCOL_TCP, "tcp"],
  [PROTOCOL_UDP, "udp"],
]);

/** As `conntrack -E -o timestamp,extended` prints it. */
function eventText(type: ConntrackEvent["type"], unixNs: bigint, connection: TrackedConnection): string {
  const { protocol, original, reply } = connection;
  const micros = unixNs / 1000n;
  const family = isIpv6(original.source) ? "ipv6     10" : "ipv4     2";
  const name = PROTOCOL_NAMES.get(protocol) ?? "unknown";
  const parts = [
    `[${micros / 1000000n}.${String(micros % 1000000n).padStart(6, "0")}]\t${`[${type}]`.padStart(9)} ${family} ${name.padEnd(8)} ${protocol}`,
  ];
  if (type !== "DESTROY") {
    parts.push(String(connection.timeoutSeconds));
    if (protocol === PROTOCOL_TCP) parts.push(TCP_STATE_NAMES[connection.tcpState] ?? "NONE");
  }
  parts.push(tupleText(original));
  if (!connection.replied) parts.push("[UNREPLIED]");
  parts.push(tupleText(reply));
  if (connection.assured) parts.push("[ASSURED]");
  return parts.join(" ");
}

function tupleText(tuple: TrackTuple): string {
  const { protocol, sourcePort, destinationPort } = tuple;
  const addresses = `src=${ipText(tuple.source)} dst=${ipText(tuple.destination)}`;
  if (isIcmp(protocol))
    return `${addresses} type=${destinationPort >> 8} code=${destinationPort & 255} id=${sourcePort}`;
  if (protocol === PROTOCOL_TCP || protocol === PROTOCOL_UDP)
    return `${addresses} sport=${sourcePort} dport=${destinationPort}`;
  return addresses;
}
