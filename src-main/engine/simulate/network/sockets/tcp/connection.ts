/**
 * One end of a TCP connection (RFC 9293) as Linux behaves: its states, and what the application sees of it. The numbers are kept by
 * its halves: `sender.ts` (windows, congestion, sending again), `receiver.ts` (order, window); `segment-writer.ts` makes the packets.
 *
 * ```
 *  application ── write, end ──► sender ──┐                        onData ◄── receiver ◄── segment
 *                                         └─ transmit ─► SegmentWriter ─► IP            └─ acknowledgment ─► sender
 * ```
 */
import type { Endpoint } from "../../api/addresses";
import type { SocketError, TcpConnection, TcpHandlers, TcpState, TcpTuning } from "../../api/namespaces";
import { ipText } from "../../addresses";
import { type EventQueue, Timer } from "../../event-queue";
import { ipHeaderBytes } from "../../ip-header";
import type { Packet } from "../../packet";
import type { NetStack } from "../../parts";
import type { Random } from "../../random";
import { KeepAlive } from "./keep-alive";
import { Receiver } from "./receiver";
import { ACK, distance, FIN, isAfter, plus, RST, type Segment, SYN } from "./segment";
import { SegmentWriter, type TcpIdentity } from "./segment-writer";
import { Sender, type SendingConnection } from "./sender";

const MS = 1e6;
const DELAYED_ACK_NS = 40 * MS;
const TIME_WAIT_NS = 60e9;
const FIN_WAIT_2_NS = 60e9;
/** Segments acknowledged at once when a connection is young. */
const QUICK_ACKS = 16;
const LARGEST_MSS = 65_495;
/** Without options. */
const TCP_BYTES = 20;
const TIMESTAMP_BYTES = 12;

export interface TcpOwner {
  readonly stack: NetStack;
  readonly random: Random;
  /** It is closed for good: forget its ports. */
  forget(connection: TcpConnectionImpl): void;
  /** A connection of a listener is open: it is accepted now or later. */
  opened(connection: TcpConnectionImpl): void;
}

export class TcpConnectionImpl implements TcpConnection, SendingConnection {
  readonly namespace: NetStack;
  readonly identity: TcpIdentity;
  readonly isServer: boolean;
  context: unknown = undefined;
  state: TcpState = "CLOSED";
  readonly #owner: TcpOwner;
  readonly #tuning: TcpTuning;
  #handlers: TcpHandlers;

  readonly #sender: Sender;
  readonly #receiver: Receiver;
  readonly #writer: SegmentWriter;
  #paused = false;
  #endPending = false;
  #quickAcks = QUICK_ACKS;
  #unacknowledgedBytes = 0;
  #accepted: boolean;
  #closedTold = false;
  readonly #ackTimer: Timer;
  readonly #waitTimer: Timer;
  /** Only where it was asked for: most connections have none. */
  readonly #keepAlive: KeepAlive | undefined;

  constructor(owner: TcpOwner, identity: TcpIdentity, tuning: TcpTuning, handlers: TcpHandlers, isServer: boolean) {
    this.#owner = owner;
    this.namespace = owner.stack;
    this.identity = identity;
    this.#tuning = tuning;
    this.#handlers = handlers;
    this.isServer = isServer;
    this.#accepted = !isServer;
    const { random } = owner;
    const initialSequence = random.u32();
    this.#receiver = new Receiver(tuning.receiveBuffer);
    this.#writer = new SegmentWriter(owner.stack, identity, tuning, random);
    const { queue } = owner.stack.world;
    const { synRetries, dataRetries } = tuning;
    this.#sender = new Sender(this, queue, this.#writer, { initialSequence, synRetries, dataRetries });
    this.#ackTimer = new Timer(queue, () => {
      this.sendAck();
    });
    this.#waitTimer = new Timer(queue, () => {
      this.#finish(undefined);
    });
    const { keepAliveNs } = tuning;
    this.#keepAlive = keepAliveNs === undefined ? undefined : this.#newKeepAlive(queue, keepAliveNs);
  }

  #newKeepAlive(queue: EventQueue, idleNs: number): KeepAlive {
    return new KeepAlive(queue, {
      idleNs,
      nowNs: () => this.nowNs,
      probe: () => {
        this.#sender.probe();
      },
      dead: () => {
        this.timedOut();
      },
    });
  }

  get local(): Endpoint {
    return { address: ipText(this.identity.localAddress), port: this.identity.localPort };
  }
  get remote(): Endpoint {
    return { address: ipText(this.identity.remoteAddress), port: this.identity.remotePort };
  }
  get bytesSent(): number {
    return this.#sender.written;
  }
  get bytesReceived(): number {
    return this.#receiver.bytes;
  }
  get retransmissions(): number {
    return this.#sender.retransmissions;
  }
  get nowNs(): number {
    return this.namespace.world.nowNs;
  }
  get offload(): boolean {
    return this.namespace.world.offload;
  }
  get #isSynchronized(): boolean {
    return this.state !== "CLOSED" && this.state !== "SYN_SENT" && this.state !== "SYN_RECEIVED";
  }

  // ------------------------------------------------------------------------------------------------------- application

  connect(): void {
    this.state = "SYN_SENT";
    this.#sender.mss = this.#largestSegment();
    this.sendSyn();
    this.#sender.synSent();
  }

  write(bytes: Uint8Array): void {
    if (this.#sender.finQueued) throw new RangeError(`${this.#text}: write after end`);
    if (this.state === "CLOSED") return;
    this.#sender.append(bytes);
    this.#sender.trySend();
  }

  end(): void {
    if (this.#sender.finQueued || this.state === "CLOSED") return;
    this.#sender.finQueued = true;
    this.#sender.trySend();
  }

  abort(): void {
    if (this.#isSynchronized && this.state !== "TIME_WAIT") this.transmit(this.#sender.next, 0, RST | ACK);
    this.#finish("reset");
  }

  /** Gone without a word: its namespace was deleted. */
  kill(): void {
    this.#stopTimers();
    this.state = "CLOSED";
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#readUnread();
    if (this.#isSynchronized && this.#receiver.hasOpened(this.#sender.mss)) this.sendAck();
  }

  /** A listener takes it. */
  accept(handlers: TcpHandlers): void {
    this.#accepted = true;
    this.#handlers = handlers;
    handlers.onOpen?.(this);
    this.#readUnread();
  }

  get #text(): string {
    const { local, remote } = this;
    return `TCP ${local.address}:${local.port} to ${remote.address}:${remote.port}`;
  }

  // ---------------------------------------------------------------------------------------------------------- receiving

  /** A SYN for a listener. */
  receiveSyn(segment: Segment): void {
    this.#writer.agree(segment);
    this.#receiver.begin(plus(segment.sequence, 1));
    this.#sender.firstWindow(segment.window);
    this.state = "SYN_RECEIVED";
    this.#sender.mss = this.#largestSegment();
    this.sendSyn();
    this.#sender.synSent();
  }

  /** True if it may be replaced by a new connection with that SYN. */
  yieldsTo(segment: Segment): boolean {
    return (
      this.state === "TIME_WAIT" &&
      (segment.flags & (SYN | ACK | RST)) === SYN &&
      (isAfter(segment.sequence, this.#receiver.next) ||
        (segment.hasTimestamps && isAfter(segment.timestamp, this.#writer.recentTimestamp)))
    );
  }

  receive(segment: Segment, packet: Packet): void {
    this.#keepAlive?.heard();
    if (this.state === "SYN_SENT") {
      this.#receiveInSynSent(segment);
      return;
    }
    if (this.state === "CLOSED") return;
    const { flags, sequence, length } = segment;
    if (!this.#receiver.accepts(segment)) {
      if ((flags & RST) !== 0) return;
      // A SYN+ACK again means that our ACK was lost; a SYN again that our SYN+ACK was.
      if (this.state === "SYN_RECEIVED" && (flags & (SYN | ACK)) === SYN) this.sendSyn();
      else this.sendAck();
      return;
    }
    if ((flags & RST) !== 0) {
      this.#finish(this.state === "SYN_RECEIVED" ? "refused" : "reset");
      return;
    }
    if ((flags & SYN) !== 0) {
      // Challenge (RFC 5961 section 4).
      this.sendAck();
      return;
    }
    if ((flags & ACK) === 0) return;
    if (segment.hasTimestamps && !isAfter(sequence, this.#receiver.next))
      this.#writer.recentTimestamp = segment.timestamp;
    if (this.state === "SYN_RECEIVED") {
      if (segment.acknowledgment !== this.#sender.next) {
        this.namespace.sendTcpReset(packet);
        return;
      }
      this.#establish(segment);
      this.#owner.opened(this);
    }
    this.#sender.receiveAck(segment);
    // The application may have closed it meanwhile.
    if (!this.#isSynchronized) return;
    if (length > 0) this.#receiveData(segment, packet);
    if ((flags & FIN) !== 0) this.#receiveFin(plus(sequence, length));
  }

  #receiveInSynSent(segment: Segment): void {
    const { flags } = segment;
    const acknowledges = (flags & ACK) !== 0 && segment.acknowledgment === this.#sender.next;
    if ((flags & ACK) !== 0 && !acknowledges) return;
    if ((flags & RST) !== 0) {
      if (acknowledges) this.#finish("refused");
      return;
    }
    if ((flags & SYN) === 0 || !acknowledges) return;
    this.#writer.agree(segment);
    this.#receiver.begin(plus(segment.sequence, 1));
    this.#sender.una = segment.acknowledgment;
    this.#establish(segment);
    // The kernel answers before the application wakes.
    this.sendAck();
    this.#handlers.onOpen?.(this);
    this.#sender.trySend();
  }

  #establish(segment: Segment): void {
    this.state = "ESTABLISHED";
    // A SYN's window is never scaled.
    const scale = (segment.flags & SYN) !== 0 ? 0 : this.#writer.peerScale;
    this.#sender.establish(segment, this.#largestSegment(), scale);
    this.#keepAlive?.start();
  }

  /** What our FIN's acknowledgment leads to; and the application's `onDrain`. */
  acknowledged(): void {
    const { finAcknowledged, finQueued, buffer } = this.#sender;
    if (finAcknowledged) {
      if (this.state === "FIN_WAIT_1") {
        this.state = "FIN_WAIT_2";
        this.#waitTimer.set(this.nowNs + FIN_WAIT_2_NS);
      } else if (this.state === "CLOSING") this.#timeWait();
      else if (this.state === "LAST_ACK") this.#finish(undefined);
      return;
    }
    if (buffer.length === 0 && !finQueued) this.#handlers.onDrain?.(this);
  }

  #receiveData(segment: Segment, packet: Packet): void {
    let { sequence } = segment;
    let from = segment.payloadStart;
    const before = distance(this.#receiver.next, sequence);
    if (before > 0) {
      if (before >= segment.length) {
        this.sendAck();
        return;
      }
      from += before;
      sequence = this.#receiver.next;
    }
    const bytes = packet.buffer.slice(from, segment.payloadEnd);
    if (sequence !== this.#receiver.next) {
      // A hole: keep it, and say at once what is missing.
      this.#receiver.keep(sequence, bytes);
      this.sendAck();
      return;
    }
    const filledHole = this.#receiver.hasKept;
    const isHeld = this.#paused || !this.#accepted;
    const ready = this.#receiver.advance(bytes, isHeld);
    if (!this.#paused) this.#receiver.grow(bytes.length, this.#sender.mss);
    this.#unacknowledgedBytes += bytes.length;
    // The kernel acknowledges before the application wakes; unless it waits, then an answer may carry the acknowledgment.
    const quick = this.#tuning.quickAck === true || this.#quickAcks > 0;
    if (filledHole || quick || this.#unacknowledgedBytes >= 2 * this.#sender.mss) {
      if (this.#quickAcks > 0) this.#quickAcks--;
      this.sendAck();
    } else if (!this.#ackTimer.armed) this.#ackTimer.set(this.nowNs + DELAYED_ACK_NS);
    for (const piece of ready) this.#handOver(piece, isHeld);
  }

  #handOver(bytes: Uint8Array, isCounted: boolean): void {
    if (this.#paused || !this.#accepted) this.#receiver.hold(bytes, isCounted);
    else this.#handlers.onData?.(bytes, this);
  }

  #readUnread(): void {
    while (!this.#paused) {
      const bytes = this.#receiver.read();
      if (bytes === undefined) break;
      this.#handlers.onData?.(bytes, this);
    }
    if (this.#endPending && !this.#receiver.hasUnread && !this.#paused) {
      this.#endPending = false;
      this.#tellEnd();
    }
  }

  #receiveFin(sequence: number): void {
    if (sequence !== this.#receiver.next) return;
    if (this.state !== "ESTABLISHED" && this.state !== "FIN_WAIT_1" && this.state !== "FIN_WAIT_2") {
      if (this.state === "TIME_WAIT") this.#timeWait();
      this.sendAck();
      return;
    }
    this.#receiver.advanceFin();
    const wasWaiting = this.state;
    if (wasWaiting === "ESTABLISHED") this.state = "CLOSE_WAIT";
    else if (wasWaiting === "FIN_WAIT_1") this.state = "CLOSING";
    this.#unacknowledgedBytes += 1;
    // An application that closes soon sends its FIN with the acknowledgment.
    if (wasWaiting === "ESTABLISHED") this.#ackTimer.set(this.nowNs + DELAYED_ACK_NS);
    else this.sendAck();
    if (this.#receiver.hasUnread || !this.#accepted) this.#endPending = true;
    else if (wasWaiting === "ESTABLISHED") this.#tellEnd();
    else this.#handlers.onEnd?.(this);
    if (this.state === "FIN_WAIT_2") this.#timeWait();
  }

  #tellEnd(): void {
    if (this.#handlers.onEnd === undefined) this.end();
    else this.#handlers.onEnd(this);
  }

  #timeWait(): void {
    this.#stopTimers();
    this.state = "TIME_WAIT";
    this.#waitTimer.set(this.nowNs + TIME_WAIT_NS);
    this.#tellClosed(undefined);
  }

  #finish(error: SocketError | undefined): void {
    if (this.state === "CLOSED") return;
    this.#stopTimers();
    this.state = "CLOSED";
    this.#owner.forget(this);
    this.#tellClosed(error);
  }

  #tellClosed(error: SocketError | undefined): void {
    if (this.#closedTold) return;
    this.#closedTold = true;
    this.#handlers.onClose?.(error, this);
  }

  #stopTimers(): void {
    this.#sender.stop();
    this.#ackTimer.clear();
    this.#waitTimer.clear();
    this.#keepAlive?.stop();
  }

  // ------------------------------------------------------------------------------------------------------------ sending

  finSent(): void {
    if (this.state === "ESTABLISHED") this.state = "FIN_WAIT_1";
    else if (this.state === "CLOSE_WAIT") this.state = "LAST_ACK";
  }

  timedOut(): void {
    this.#finish("timed-out");
  }

  /** An ICMP error quotes a segment of ours. */
  icmpError(error: SocketError, isHard: boolean): void {
    // Later on, only time tells (RFC 1122 section 4.2.3.9).
    if (this.state === "SYN_SENT" && isHard) this.#finish(error);
  }

  /** What does not fit the path any more is sent again at once (RFC 1191). */
  pathMtuChanged(): void {
    const mss = this.#largestSegment();
    if (mss >= this.#sender.mss) return;
    this.#sender.mss = mss;
    if (this.#isSynchronized) this.#sender.sendSmaller();
  }

  /** IP and TCP without options. */
  get #headerBytes(): number {
    return ipHeaderBytes(this.identity.remoteAddress) + TCP_BYTES;
  }

  /** Bytes of payload that fit: what the peer takes, what the path takes, less the timestamps. */
  #largestSegment(): number {
    const { remoteAddress } = this.identity;
    const path = this.namespace.findPath(remoteAddress);
    const mtu = path === undefined ? 1500 : this.namespace.pathMtu(path, remoteAddress);
    const peer = this.#isSynchronized || this.state === "SYN_RECEIVED" ? this.#writer.peerMss : LARGEST_MSS;
    return Math.max(48, Math.min(peer, mtu - this.#headerBytes) - (this.#writer.timestamps ? TIMESTAMP_BYTES : 0));
  }

  /** SYN, or SYN+ACK of a server. */
  sendSyn(): void {
    const isAnswer = this.isServer;
    const { remoteAddress } = this.identity;
    const path = this.namespace.findPath(remoteAddress);
    const mtu = path === undefined ? 1500 : path.mtu === 0 ? path.device.mtu : path.mtu;
    const mss = Math.min(LARGEST_MSS, mtu - this.#headerBytes);
    const unit = mss - (isAnswer && this.#writer.timestamps ? TIMESTAMP_BYTES : 0);
    const window = this.#receiver.firstWindow(unit);
    this.#sender.synLeaves();
    const flags = isAnswer ? SYN | ACK : SYN;
    const fields = { sequence: this.#sender.initialSequence, acknowledgment: this.#receiver.next, flags, window };
    this.#writer.sendSyn(fields, mss, this.#receiver.scale);
  }

  sendAck(): void {
    // Behind all that was ever sent.
    this.transmit(this.#sender.max, 0, ACK);
  }

  transmit(sequence: number, bytes: number, flags: number): void {
    const { next, islands, scale } = this.#receiver;
    const { buffer, bufferStart, mss } = this.#sender;
    const window = this.#receiver.window(this.#writer.scaling ? scale : 0, mss);
    this.#ackTimer.clear();
    this.#unacknowledgedBytes = 0;
    this.#writer.send(
      { sequence, acknowledgment: next, flags, window },
      (flags & RST) === 0 ? islands : undefined,
      buffer,
      distance(sequence, bufferStart),
      bytes,
      mss,
    );
  }
}
