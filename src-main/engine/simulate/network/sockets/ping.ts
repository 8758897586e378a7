/** Ping sockets of one namespace: ICMP and ICMPv6 echo requests as iputils sends them. */
import type { PingOptions, PingSocket, SocketError } from "../api/namespaces";
import { ipNumber, ipText } from "../addresses";
import { putU16, u16 } from "../bytes";
import { newDatagram, sealDatagram, sealIcmp } from "../icmp";
import { ICMPV6_ECHO_REQUEST } from "../icmpv6";
import { ipHeaderBytes } from "../ip-header";
import { isIpv6 } from "../ipv6-addresses";
import { type Packet, PROTOCOL_ICMP, PROTOCOL_ICMPV6 } from "../packet";
import type { NetStack, QuotedPacket } from "../parts";
import type { Random } from "../random";

const HEADER_BYTES = 8;
/** Time of sending in front of the pattern: seconds and microseconds, 8 bytes each, little-endian. */
const TIME_BYTES = 16;

class PingSocketImpl implements PingSocket {
  readonly identifier: number;
  readonly #stack: NetStack;
  readonly #options: PingOptions;
  readonly #close: () => void;
  readonly #sentNs = new Map<number, number>();

  constructor(stack: NetStack, identifier: number, options: PingOptions, close: () => void) {
    this.#stack = stack;
    this.identifier = identifier;
    this.#options = options;
    this.#close = close;
  }

  get local(): string {
    const { from, to } = this.#options;
    return from ?? ipText(this.#stack.findPath(ipNumber(to))?.source ?? 0);
  }

  send(sequence: number, payloadBytes = 56): void {
    const stack = this.#stack;
    const destination = ipNumber(this.#options.to);
    const path = stack.findPath(destination);
    const source = this.#options.from === undefined ? (path?.source ?? 0) : ipNumber(this.#options.from);
    const protocol = isIpv6(destination) ? PROTOCOL_ICMPV6 : PROTOCOL_ICMP;
    const fits =
      path === undefined ||
      ipHeaderBytes(destination) + HEADER_BYTES + payloadBytes <= stack.pathMtu(path, destination);
    const packet = newDatagram(
      protocol,
      source,
      destination,
      this.#options.ttl ?? stack.defaultTtl,
      HEADER_BYTES + payloadBytes,
      this.#options.dontFragment ?? fits,
    );
    const { buffer, transportAt: at } = packet;
    buffer[at] = packet.isIpv6 ? ICMPV6_ECHO_REQUEST : 8;
    putU16(buffer, at + 4, this.identifier);
    putU16(buffer, at + 6, sequence);
    const payloadAt = at + HEADER_BYTES;
    for (let i = 0; i < payloadBytes; i++) buffer[payloadAt + i] = i & 255;
    if (payloadBytes >= TIME_BYTES) this.#writeTime(buffer, payloadAt);
    sealIcmp(packet);
    sealDatagram(packet, stack.nextIdentification(destination, protocol));
    this.#sentNs.set(sequence & 0xffff, stack.world.nowNs);
    if (!stack.outputIp(packet)) this.error("no-route", sequence, source);
  }

  #writeTime(buffer: Uint8Array, at: number): void {
    const { world } = this.#stack;
    const micros = (world.startTimeNs + BigInt(Math.floor(world.nowNs))) / 1000n;
    const view = new DataView(buffer.buffer, buffer.byteOffset);
    view.setBigUint64(at, micros / 1000000n, true);
    view.setBigUint64(at + 8, micros % 1000000n, true);
  }

  receive(packet: Packet): void {
    const at = packet.transportAt;
    const sequence = u16(packet.buffer, at + 6);
    this.#options.onReply?.({
      sequence,
      from: ipText(packet.source),
      ttl: packet.ttl,
      roundTripNs: this.#stack.world.nowNs - (this.#sentNs.get(sequence) ?? this.#stack.world.nowNs),
      bytes: packet.end - at,
    });
  }

  error(error: SocketError, sequence: number, by: number): void {
    this.#options.onError?.(error, sequence, ipText(by));
  }

  close(): void {
    this.#close();
  }
}

export class PingSockets {
  readonly #stack: NetStack;
  readonly #random: Random;
  readonly #sockets = new Map<number, PingSocketImpl>();

  constructor(stack: NetStack) {
    this.#stack = stack;
    this.#random = stack.world.random(`ping ${stack.name}`);
  }

  open(options: PingOptions): PingSocket {
    let { identifier } = options;
    if (identifier !== undefined && this.#sockets.has(identifier))
      throw new RangeError(`${this.#stack.name}: ping identifier ${identifier} is in use`);
    while (identifier === undefined || (options.identifier === undefined && this.#sockets.has(identifier)))
      identifier = 1 + this.#random.integer(65535);
    const chosen = identifier;
    const socket = new PingSocketImpl(this.#stack, chosen, options, () => {
      this.#sockets.delete(chosen);
    });
    this.#sockets.set(chosen, socket);
    return socket;
  }

  /** An echo reply came. */
  receive(packet: Packet): void {
    this.#sockets.get(u16(packet.buffer, packet.transportAt + 4))?.receive(packet);
  }

  error(quoted: QuotedPacket, error: SocketError, by: number): void {
    this.#sockets.get(quoted.sourcePort)?.error(error, quoted.destinationPort, by);
  }

  clear(): void {
    this.#sockets.clear();
  }
}
