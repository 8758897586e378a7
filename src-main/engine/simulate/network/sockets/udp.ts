/** UDP sockets of one namespace (RFC 768). */
import type { Endpoint } from "../api/addresses";
import type { SocketError, UdpOptions, UdpSocket } from "../api/namespaces";
import { ipNumber, ipText } from "../addresses";
import { putU16, u16 } from "../bytes";
import { ipHeaderBytes } from "../ip-header";
import { newDatagram, sealDatagram, sealTransport, udpChecksumHolds } from "../icmp";
import { type Packet, PROTOCOL_UDP } from "../packet";
import { ICMP_PORT_UNREACHABLE, type NetDevice, type NetStack, type QuotedPacket, ROUTE_BROADCAST } from "../parts";
import { firstAddress } from "../routing-table";
import { EphemeralPorts } from "./ephemeral-ports";

const HEADER_BYTES = 8;
const MAX_PAYLOAD = 65_507;

class UdpSocketImpl implements UdpSocket {
  readonly namespace: NetStack;
  readonly port: number;
  readonly address: number;
  readonly options: UdpOptions;
  readonly remoteAddress: number;
  readonly remotePort: number;
  readonly #close: (socket: UdpSocketImpl) => void;
  #identification: number;
  closed = false;

  constructor(stack: NetStack, port: number, options: UdpOptions, close: (socket: UdpSocketImpl) => void) {
    this.namespace = stack;
    this.port = port;
    this.options = options;
    this.address = options.address === undefined ? 0 : ipNumber(options.address);
    this.remoteAddress = options.remote === undefined ? 0 : ipNumber(options.remote.address);
    this.remotePort = options.remote?.port ?? 0;
    this.#close = close;
    this.#identification = stack.nextIdentification(port, PROTOCOL_UDP);
  }

  get local(): Endpoint {
    return { address: ipText(this.address), port: this.port };
  }

  send(payload: Uint8Array, to: Endpoint, from?: string, journey?: number): void {
    if (this.closed) throw new RangeError(`UDP port ${this.port} of ${this.namespace.name} is closed`);
    if (payload.length > MAX_PAYLOAD)
      throw new RangeError(`a UDP datagram carries at most ${MAX_PAYLOAD} bytes, not ${payload.length}`);
    const stack = this.namespace;
    const destination = ipNumber(to.address);
    const device = this.options.device as NetDevice | undefined;
    const path = stack.findPath(destination);
    const source =
      from !== undefined
        ? ipNumber(from)
        : this.address !== 0
          ? this.address
          : device !== undefined && path?.device !== device
            ? firstAddress(device, destination)
            : (path?.source ?? 0);
    const bytes = HEADER_BYTES + payload.length;
    // Linux' default (IP_PMTUDISC_WANT): DF as long as it fits, fragments where it does not.
    const fits = path === undefined || bytes + ipHeaderBytes(destination) <= stack.pathMtu(path, destination);
    const isBroadcast = path?.kind === ROUTE_BROADCAST;
    const df = this.options.dontFragment !== false && fits && !isBroadcast;
    const packet = newDatagram(PROTOCOL_UDP, source, destination, this.options.ttl ?? stack.defaultTtl, bytes, df);
    const { buffer, transportAt: at } = packet;
    putU16(buffer, at, this.port);
    putU16(buffer, at + 2, to.port);
    putU16(buffer, at + 4, bytes);
    buffer.set(payload, at + HEADER_BYTES);
    sealTransport(packet);
    if (this.remotePort !== 0) this.#identification = (this.#identification + 1) & 0xffff;
    sealDatagram(
      packet,
      this.remotePort !== 0 ? this.#identification : df ? 0 : stack.nextIdentification(destination, PROTOCOL_UDP),
    );
    if (journey !== undefined && journey !== 0) {
      packet.journey = journey;
      packet.depth = 1;
    }
    if (!stack.outputIp(packet, device)) this.options.onError?.("no-route", this);
  }

  hears(address: number, device: NetDevice, from: number, fromPort: number): boolean {
    return (
      (this.address === 0 || this.address === address) &&
      (this.options.device === undefined || this.options.device === device) &&
      (this.remotePort === 0 || (this.remoteAddress === from && this.remotePort === fromPort))
    );
  }

  /** Bound more precisely: heard first. */
  get precision(): number {
    return (this.remotePort === 0 ? 0 : 4) + (this.address === 0 ? 0 : 2) + (this.options.device === undefined ? 0 : 1);
  }

  close(): void {
    this.#close(this);
  }
}

export class UdpSockets {
  readonly #stack: NetStack;
  readonly #sockets = new Map<number, UdpSocketImpl[]>();
  readonly #ports: EphemeralPorts;

  constructor(stack: NetStack) {
    this.#stack = stack;
    this.#ports = new EphemeralPorts(stack, "udp");
  }

  open(options: UdpOptions): UdpSocket {
    const port = options.port ?? this.#ports.draw((candidate) => !this.#sockets.has(candidate));
    const others = this.#sockets.get(port) ?? [];
    const address = options.address === undefined ? 0 : ipNumber(options.address);
    if (
      others.some(
        (other) =>
          other.options.device === options.device &&
          (other.address === 0 || address === 0 || other.address === address) &&
          other.remotePort === (options.remote?.port ?? 0),
      )
    )
      throw new RangeError(`UDP port ${port} of ${this.#stack.name} is in use`);
    const socket = new UdpSocketImpl(this.#stack, port, options, (closed) => {
      this.#remove(closed);
    });
    this.#sockets.set(
      port,
      [...others, socket].sort((a, b) => b.precision - a.precision),
    );
    return socket;
  }

  #remove(socket: UdpSocketImpl): void {
    socket.closed = true;
    const rest = (this.#sockets.get(socket.port) ?? []).filter((other) => other !== socket);
    if (rest.length === 0) this.#sockets.delete(socket.port);
    else this.#sockets.set(socket.port, rest);
  }

  receive(packet: Packet, device: NetDevice): void {
    const stack = this.#stack;
    const { buffer, source, destination } = packet;
    const at = packet.transportAt;
    const bytes = packet.end - at < HEADER_BYTES ? 0 : u16(buffer, at + 4);
    if (bytes < HEADER_BYTES || at + bytes > packet.end) {
      stack.world.drop(stack, device, "malformed", packet);
      return;
    }
    if (!udpChecksumHolds(packet)) {
      stack.world.drop(stack, device, "bad-checksum", packet);
      return;
    }
    const sourcePort = u16(buffer, at);
    const port = u16(buffer, at + 2);
    const hearing = (this.#sockets.get(port) ?? []).filter((socket) =>
      socket.hears(destination, device, source, sourcePort),
    );
    const isBroadcast = stack.findPath(destination)?.kind === ROUTE_BROADCAST;
    if (hearing.length === 0) {
      if (!isBroadcast) stack.sendIcmpError(packet, ICMP_PORT_UNREACHABLE);
      return;
    }
    const datagram = {
      payload: buffer.slice(at + HEADER_BYTES, at + bytes),
      from: { address: ipText(source), port: sourcePort },
      to: { address: ipText(destination), port },
      journey: packet.journey,
    };
    for (const socket of isBroadcast ? hearing : hearing.slice(0, 1)) socket.options.onDatagram?.(datagram, socket);
  }

  error(quoted: QuotedPacket, error: SocketError): void {
    for (const socket of this.#sockets.get(quoted.sourcePort) ?? [])
      if (socket.address === 0 || socket.address === quoted.source) {
        socket.options.onError?.(error, socket);
        return;
      }
  }

  clear(): void {
    for (const sockets of this.#sockets.values()) for (const socket of sockets) socket.closed = true;
    this.#sockets.clear();
  }
}
