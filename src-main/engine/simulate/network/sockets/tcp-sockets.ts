/** TCP of one namespace: listeners, connections by their four numbers, and what is refused. */
import type { Endpoint } from "../api/addresses";
import type { SocketError, TcpConnectOptions, TcpConnection, TcpListenOptions, TcpListener } from "../api/namespaces";
import { ipNumber, ipText } from "../addresses";
import { u16 } from "../bytes";
import type { Packet } from "../packet";
import type { NetDevice, NetStack, QuotedPacket } from "../parts";
import { EphemeralPorts } from "./ephemeral-ports";
import { TcpConnectionImpl, type TcpOwner } from "./tcp/connection";
import type { TcpIdentity } from "./tcp/segment-writer";
import { ACK, RST, Segment, SYN } from "./tcp/segment";

const DEFAULT_BACKLOG = 4096;

class Listener implements TcpListener {
  readonly namespace: NetStack;
  readonly port: number;
  readonly address: number;
  readonly options: TcpListenOptions;
  /** Open, and waiting to be accepted. */
  readonly waiting: TcpConnectionImpl[] = [];
  readonly #close: (listener: Listener) => void;
  #accepting = true;

  constructor(stack: NetStack, options: TcpListenOptions, close: (listener: Listener) => void) {
    this.namespace = stack;
    this.options = options;
    this.port = options.port;
    this.address = options.address === undefined ? 0 : ipNumber(options.address);
    this.#close = close;
  }

  get local(): Endpoint {
    return { address: ipText(this.address), port: this.port };
  }
  get accepting(): boolean {
    return this.#accepting;
  }
  set accepting(value: boolean) {
    this.#accepting = value;
    while (this.#accepting && this.waiting.length > 0) this.#accept(this.waiting.shift() as TcpConnectionImpl);
  }
  get isFull(): boolean {
    return this.waiting.length >= (this.options.backlog ?? DEFAULT_BACKLOG);
  }

  opened(connection: TcpConnectionImpl): void {
    if (this.#accepting) this.#accept(connection);
    else this.waiting.push(connection);
  }

  #accept(connection: TcpConnectionImpl): void {
    connection.accept(this.options.onConnection(connection));
  }

  close(): void {
    this.#close(this);
  }
}

export class TcpSockets implements TcpOwner {
  readonly stack: NetStack;
  readonly random;
  readonly #listeners = new Map<number, Listener[]>();
  /** By remote end, then by local end; each is address * 65536 + port. */
  readonly #connections = new Map<number, Map<number, TcpConnectionImpl>>();
  readonly #listenerOf = new Map<TcpConnectionImpl, Listener>();
  readonly #ports: EphemeralPorts;
  readonly #segment = new Segment();

  constructor(stack: NetStack) {
    this.stack = stack;
    this.random = stack.world.random(`tcp ${stack.name}`);
    this.#ports = new EphemeralPorts(stack, "tcp");
  }

  get connections(): readonly TcpConnection[] {
    return [...this.#connections.values()].flatMap((byLocal) => [...byLocal.values()]);
  }

  listen(options: TcpListenOptions): TcpListener {
    const address = options.address === undefined ? 0 : ipNumber(options.address);
    const others = this.#listeners.get(options.port) ?? [];
    if (others.some((other) => other.address === 0 || address === 0 || other.address === address))
      throw new RangeError(`TCP port ${options.port} of ${this.stack.name} is in use`);
    const listener = new Listener(this.stack, options, (closed) => {
      this.#listeners.set(
        closed.port,
        (this.#listeners.get(closed.port) ?? []).filter((other) => other !== closed),
      );
    });
    this.#listeners.set(options.port, [...others, listener]);
    return listener;
  }

  connect(options: TcpConnectOptions): TcpConnection {
    const { stack } = this;
    const remoteAddress = ipNumber(options.to.address);
    const path = stack.findPath(remoteAddress);
    const localAddress = options.from === undefined ? (path?.source ?? 0) : ipNumber(options.from);
    const remote = endKey(remoteAddress, options.to.port);
    const isFree = (port: number): boolean =>
      this.#connections.get(remote)?.has(endKey(localAddress, port)) !== true && !this.#isListening(port);
    if (options.fromPort !== undefined && this.#connections.get(remote)?.has(endKey(localAddress, options.fromPort)))
      throw new RangeError(`TCP port ${options.fromPort} of ${stack.name} is in use to ${options.to.address}`);
    const localPort = options.fromPort ?? this.#ports.draw(isFree);
    const identity = { localAddress, localPort, remoteAddress, remotePort: options.to.port };
    const connection = new TcpConnectionImpl(this, identity, options, options, false);
    this.#add(connection);
    // After the caller has it: its handlers may ask for it.
    stack.world.queue.schedule(stack.world.nowNs, TcpSockets.#begin, { sockets: this, connection });
    return connection;
  }

  static readonly #begin = ({
    sockets,
    connection,
  }: {
    readonly sockets: TcpSockets;
    readonly connection: TcpConnectionImpl;
  }): void => {
    // Without a way the first SYN goes nowhere; it is tried again, a route may come.
    if (!sockets.stack.removed) connection.connect();
  };

  #isListening(port: number): boolean {
    return (this.#listeners.get(port) ?? []).length > 0;
  }

  #add(connection: TcpConnectionImpl): void {
    const { remote, local } = keysOf(connection.identity);
    const byLocal = this.#connections.get(remote) ?? new Map<number, TcpConnectionImpl>();
    this.#connections.set(remote, byLocal);
    byLocal.set(local, connection);
  }

  forget(connection: TcpConnectionImpl): void {
    const { remote, local } = keysOf(connection.identity);
    const byLocal = this.#connections.get(remote);
    if (byLocal?.get(local) === connection) byLocal.delete(local);
    if (byLocal?.size === 0) this.#connections.delete(remote);
    const listener = this.#listenerOf.get(connection);
    this.#listenerOf.delete(connection);
    const at = listener?.waiting.indexOf(connection) ?? -1;
    if (at >= 0) listener?.waiting.splice(at, 1);
  }

  opened(connection: TcpConnectionImpl): void {
    this.#listenerOf.get(connection)?.opened(connection);
  }

  receive(packet: Packet, device: NetDevice): void {
    const { stack } = this;
    const segment = this.#segment;
    if (!segment.read(packet)) {
      stack.world.drop(stack, device, "malformed", packet);
      return;
    }
    const at = packet.transportAt;
    const { source, destination, buffer } = packet;
    const sourcePort = u16(buffer, at);
    const port = u16(buffer, at + 2);
    const connection = this.#connections.get(endKey(source, sourcePort))?.get(endKey(destination, port));
    if (connection !== undefined && !connection.yieldsTo(segment)) {
      connection.receive(segment, packet);
      return;
    }
    const listener = (this.#listeners.get(port) ?? []).find(({ address }) => address === 0 || address === destination);
    if (listener === undefined || (segment.flags & (SYN | ACK | RST)) !== SYN) {
      stack.sendTcpReset(packet);
      return;
    }
    // An overloaded server keeps silent; the client will try again.
    if (listener.isFull) return;
    const identity = {
      localAddress: destination,
      localPort: port,
      remoteAddress: source,
      remotePort: sourcePort,
    };
    if (connection !== undefined) {
      connection.kill();
      this.forget(connection);
    }
    const opening = new TcpConnectionImpl(this, identity, listener.options, {}, true);
    this.#listenerOf.set(opening, listener);
    this.#add(opening);
    opening.receiveSyn(segment);
  }

  error(quoted: QuotedPacket, error: SocketError): void {
    this.#find(quoted)?.icmpError(error, true);
  }

  /** The path to that destination takes less than was thought. */
  pathMtuChanged(destination: number): void {
    for (const byLocal of this.#connections.values())
      for (const connection of byLocal.values())
        if (connection.identity.remoteAddress === destination) connection.pathMtuChanged();
  }

  #find(quoted: QuotedPacket): TcpConnectionImpl | undefined {
    return this.#connections
      .get(endKey(quoted.destination, quoted.destinationPort))
      ?.get(endKey(quoted.source, quoted.sourcePort));
  }

  clear(): void {
    for (const byLocal of this.#connections.values()) for (const connection of byLocal.values()) connection.kill();
    this.#connections.clear();
    this.#listeners.clear();
    this.#listenerOf.clear();
  }
}

function endKey(address: number, port: number): number {
  return address * 65536 + port;
}

function keysOf(identity: TcpIdentity): { readonly remote: number; readonly local: number } {
  return {
    remote: endKey(identity.remoteAddress, identity.remotePort),
    local: endKey(identity.localAddress, identity.localPort),
  };
}
