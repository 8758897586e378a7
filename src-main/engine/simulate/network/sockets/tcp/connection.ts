/**
 * One end of a TCP connection (RFC 9293) as Linux behaves: options and windows, slow start and congestion avoidance (RFC 5681), selective
 * acknowledgments (RFC 2018, 6675 simplified), timestamps (RFC 7323), delayed acknowledgments, probes of a closed window.
 *
 * ```
 *  sndUna ──── in flight ──── sndNxt ──── not sent yet ──── end of buffer [FIN]
 *            sacked: ██  ██
 * ```
 *
 * Sent again after a time out: from sndUna on, without what was sacked; `sndMax` is the highest number ever sent.
 */
import type { Endpoint, SocketError, TcpConnection, TcpHandlers, TcpState, TcpTuning } from "../../api";
import { ipText } from "../../addresses";
import { Timer } from "../../event-queue";
import type { Packet } from "../../packet";
import type { NetStack } from "../../parts";
import type { Random } from "../../random";
import { Ranges } from "./ranges";
import { Receiver } from "./receiver";
import { RoundTrip } from "./round-trip";
import { ACK, distance, FIN, isAfter, plus, PSH, RST, type Segment, SYN } from "./segment";
import { SegmentWriter, type TcpIdentity } from "./segment-writer";
import { SendBuffer } from "./send-buffer";

const MS = 1e6;
const DELAYED_ACK_NS = 40 * MS;
const TIME_WAIT_NS = 60e9;
const FIN_WAIT_2_NS = 60e9;
const INITIAL_WINDOW_SEGMENTS = 10;
const DUPLICATE_ACKS = 3;
/** Segments acknowledged at once when a connection is young. */
const QUICK_ACKS = 16;
const LARGEST_SUPER_PACKET = 64_000;
const KEEP_ALIVE_PROBES = 9;
const KEEP_ALIVE_INTERVAL_NS = 75e9;

export interface TcpOwner {
  readonly stack: NetStack;
  readonly random: Random;
  /** It is closed for good: forget its ports. */
  forget(connection: TcpConnectionImpl): void;
  /** A connection of a listener is open: it is accepted now or later. */
  opened(connection: TcpConnectionImpl): void;
}

export class TcpConnectionImpl implements TcpConnection {
  readonly namespace: NetStack;
  readonly identity: TcpIdentity;
  readonly isServer: boolean;
  context: unknown = undefined;
  state: TcpState = "CLOSED";
  retransmissions = 0;
  readonly #owner: TcpOwner;
  readonly #tuning: TcpTuning;
  #handlers: TcpHandlers;

  // Sending.
  readonly #iss: number;
  #sndUna: number;
  #sndNxt: number;
  #sndMax: number;
  #sndWnd = 0;
  #sndWl1 = 0;
  #sndWl2 = 0;
  #mss = 536;
  readonly #buffer = new SendBuffer();
  /** Sequence number of the buffer's first byte. */
  #bufferStart: number;
  #written = 0;
  #finQueued = false;
  #congestionWindow = 0;
  #threshold = Infinity;
  #duplicateAcks = 0;
  #recoverUntil: number | undefined = undefined;
  #highestRetransmitted = 0;
  readonly #sacked = new Ranges();
  readonly #roundTrip = new RoundTrip();
  #measuredSequence: number | undefined = undefined;
  #measuredNs = 0;
  #attempts = 0;

  // Receiving.
  readonly #receiver: Receiver;
  readonly #writer: SegmentWriter;
  #paused = false;
  #endPending = false;
  #quickAcks = QUICK_ACKS;
  #unacknowledgedBytes = 0;
  #accepted: boolean;
  #closedTold = false;
  #lastHeardNs = 0;
  #probes = 0;

  readonly #retransmitTimer: Timer;
  readonly #ackTimer: Timer;
  readonly #waitTimer: Timer;
  readonly #keepAliveTimer: Timer;

  constructor(owner: TcpOwner, identity: TcpIdentity, tuning: TcpTuning, handlers: TcpHandlers, isServer: boolean) {
    this.#owner = owner;
    this.namespace = owner.stack;
    this.identity = identity;
    this.#tuning = tuning;
    this.#handlers = handlers;
    this.isServer = isServer;
    this.#accepted = !isServer;
    const { random } = owner;
    this.#iss = random.u32();
    this.#sndUna = this.#sndNxt = this.#sndMax = this.#iss;
    this.#bufferStart = plus(this.#iss, 1);
    this.#receiver = new Receiver(tuning.receiveBuffer);
    this.#writer = new SegmentWriter(owner.stack, identity, tuning, random);
    const { queue } = owner.stack.world;
    this.#retransmitTimer = new Timer(queue, () => {
      this.#retransmitTimeout();
    });
    this.#ackTimer = new Timer(queue, () => {
      this.#sendAck();
    });
    this.#waitTimer = new Timer(queue, () => {
      this.#finish(undefined);
    });
    this.#keepAliveTimer = new Timer(queue, () => {
      this.#keepAlive();
    });
  }

  get local(): Endpoint {
    return { address: ipText(this.identity.localAddress), port: this.identity.localPort };
  }
  get remote(): Endpoint {
    return { address: ipText(this.identity.remoteAddress), port: this.identity.remotePort };
  }
  get bytesSent(): number {
    return this.#written;
  }
  get bytesReceived(): number {
    return this.#receiver.bytes;
  }
  get #nowNs(): number {
    return this.namespace.world.nowNs;
  }
  /** One past everything to be sent, without FIN. */
  get #bufferEnd(): number {
    return plus(this.#bufferStart, this.#buffer.length);
  }
  get #isSynchronized(): boolean {
    return this.state !== "CLOSED" && this.state !== "SYN_SENT" && this.state !== "SYN_RECEIVED";
  }

  // ------------------------------------------------------------------------------------------------------- application

  connect(): void {
    this.state = "SYN_SENT";
    this.#mss = this.#largestSegment();
    this.#sendSyn();
    this.#retransmitTimer.set(this.#nowNs + this.#roundTrip.timeoutNs);
  }

  write(bytes: Uint8Array): void {
    if (this.#finQueued) throw new RangeError(`${this.#text}: write after end`);
    if (this.state === "CLOSED") return;
    this.#buffer.append(bytes);
    this.#written += bytes.length;
    this.#trySend();
  }

  end(): void {
    if (this.#finQueued || this.state === "CLOSED") return;
    this.#finQueued = true;
    this.#trySend();
  }

  abort(): void {
    if (this.#isSynchronized && this.state !== "TIME_WAIT") this.#transmit(this.#sndNxt, 0, RST | ACK);
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
    if (this.#isSynchronized && this.#receiver.hasOpened(this.#mss)) this.#sendAck();
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
    this.#sndWnd = segment.window;
    this.state = "SYN_RECEIVED";
    this.#mss = this.#largestSegment();
    this.#sendSyn();
    this.#retransmitTimer.set(this.#nowNs + this.#roundTrip.timeoutNs);
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
    this.#lastHeardNs = this.#nowNs;
    this.#probes = 0;
    if (this.state === "SYN_SENT") {
      this.#receiveInSynSent(segment);
      return;
    }
    if (this.state === "CLOSED") return;
    const { flags, sequence, length } = segment;
    if (!this.#receiver.accepts(segment)) {
      if ((flags & RST) !== 0) return;
      // A SYN+ACK again means that our ACK was lost; a SYN again that our SYN+ACK was.
      if (this.state === "SYN_RECEIVED" && (flags & (SYN | ACK)) === SYN) this.#sendSyn();
      else this.#sendAck();
      return;
    }
    if ((flags & RST) !== 0) {
      this.#finish(this.state === "SYN_RECEIVED" ? "refused" : "reset");
      return;
    }
    if ((flags & SYN) !== 0) {
      // Challenge (RFC 5961 section 4).
      this.#sendAck();
      return;
    }
    if ((flags & ACK) === 0) return;
    if (segment.hasTimestamps && !isAfter(sequence, this.#receiver.next))
      this.#writer.recentTimestamp = segment.timestamp;
    if (this.state === "SYN_RECEIVED") {
      if (segment.acknowledgment !== this.#sndNxt) {
        this.namespace.sendTcpReset(packet);
        return;
      }
      this.#establish(segment);
      this.#owner.opened(this);
    }
    this.#receiveAck(segment);
    // The application may have closed it meanwhile.
    if (!this.#isSynchronized) return;
    if (length > 0) this.#receiveData(segment, packet);
    if ((flags & FIN) !== 0) this.#receiveFin(plus(sequence, length));
  }

  #receiveInSynSent(segment: Segment): void {
    const { flags } = segment;
    const acknowledges = (flags & ACK) !== 0 && segment.acknowledgment === this.#sndNxt;
    if ((flags & ACK) !== 0 && !acknowledges) return;
    if ((flags & RST) !== 0) {
      if (acknowledges) this.#finish("refused");
      return;
    }
    if ((flags & SYN) === 0 || !acknowledges) return;
    this.#writer.agree(segment);
    this.#receiver.begin(plus(segment.sequence, 1));
    this.#sndUna = segment.acknowledgment;
    this.#establish(segment);
    // The kernel answers before the application wakes.
    this.#sendAck();
    this.#handlers.onOpen?.(this);
    this.#trySend();
  }

  #establish(segment: Segment): void {
    this.state = "ESTABLISHED";
    this.#retransmitTimer.clear();
    if (this.#attempts === 0) this.#roundTrip.measure(this.#nowNs - this.#measuredNs);
    this.#attempts = 0;
    this.#roundTrip.resetBackoff();
    this.#mss = this.#largestSegment();
    this.#congestionWindow = INITIAL_WINDOW_SEGMENTS * this.#mss;
    // A SYN's window is never scaled.
    const scale = (segment.flags & SYN) !== 0 ? 0 : this.#writer.peerScale;
    this.#sndWnd = segment.window << scale;
    this.#sndWl1 = segment.sequence;
    this.#sndWl2 = segment.acknowledgment;
    this.#startKeepAlive();
  }

  #receiveAck(segment: Segment): void {
    const { acknowledgment } = segment;
    if (isAfter(acknowledgment, this.#sndMax)) {
      this.#sendAck();
      return;
    }
    if (this.#writer.sack && segment.sack.length > 0) this.#takeSack(segment);
    const window = segment.window << this.#writer.peerScale;
    const advanced = distance(acknowledgment, this.#sndUna);
    const isDuplicate =
      advanced === 0 &&
      segment.length === 0 &&
      (segment.flags & FIN) === 0 &&
      window === this.#sndWnd &&
      this.#sndUna !== this.#sndMax;
    if (
      isAfter(segment.sequence, this.#sndWl1) ||
      (segment.sequence === this.#sndWl1 && !isAfter(this.#sndWl2, acknowledgment))
    ) {
      const hasOpened = this.#sndWnd === 0 && window > 0;
      this.#sndWnd = window;
      this.#sndWl1 = segment.sequence;
      this.#sndWl2 = acknowledgment;
      if (hasOpened) {
        this.#roundTrip.resetBackoff();
        this.#retransmitTimer.clear();
        if (this.#sndUna !== this.#sndMax) this.#retransmitTimer.set(this.#nowNs + this.#roundTrip.timeoutNs);
      }
    }
    // A probe of the closed window was answered: the peer is alive, however long it takes.
    if (this.#sndUna === this.#sndMax) this.#attempts = 0;
    if (advanced > 0) this.#acknowledged(segment, advanced);
    else if (isDuplicate || (advanced === 0 && segment.sack.length > 0 && this.#sndUna !== this.#sndMax))
      this.#duplicateAck();
    if (this.state !== "CLOSED") this.#trySend();
  }

  #acknowledged(segment: Segment, advanced: number): void {
    const { acknowledgment } = segment;
    const inFlightBefore = distance(this.#sndMax, this.#sndUna);
    this.#sndUna = acknowledgment;
    if (isAfter(acknowledgment, this.#sndNxt)) this.#sndNxt = acknowledgment;
    this.#sacked.trim(acknowledgment);
    const released = Math.min(distance(acknowledgment, this.#bufferStart), this.#buffer.length);
    if (released > 0) {
      this.#buffer.release(released);
      this.#bufferStart = plus(this.#bufferStart, released);
    }
    if (this.#writer.timestamps && segment.hasTimestamps && segment.timestampEcho !== 0) {
      const elapsedMs = (this.#writer.timestampNow() - segment.timestampEcho) | 0;
      // Milliseconds are coarse: the timer of the segment measured is used where it was not sent again.
      if (this.#measuredSequence !== undefined && !isAfter(this.#measuredSequence, acknowledgment))
        this.#roundTrip.measure(this.#nowNs - this.#measuredNs);
      else if (this.#measuredSequence === undefined && elapsedMs >= 0) this.#roundTrip.measure(elapsedMs * MS);
    } else if (this.#measuredSequence !== undefined && !isAfter(this.#measuredSequence, acknowledgment))
      this.#roundTrip.measure(this.#nowNs - this.#measuredNs);
    if (this.#measuredSequence !== undefined && !isAfter(this.#measuredSequence, acknowledgment))
      this.#measuredSequence = undefined;
    this.#roundTrip.resetBackoff();
    this.#attempts = 0;
    this.#duplicateAcks = 0;
    if (this.#recoverUntil !== undefined) {
      if (!isAfter(this.#recoverUntil, acknowledgment)) {
        this.#recoverUntil = undefined;
        this.#congestionWindow = this.#threshold;
      } else this.#retransmitHole();
    } else if (this.#congestionWindow < this.#threshold) this.#congestionWindow += Math.min(advanced, 2 * this.#mss);
    else if (inFlightBefore + 2 * this.#mss >= this.#congestionWindow)
      this.#congestionWindow += Math.max(1, Math.floor((this.#mss * advanced) / this.#congestionWindow));
    if (this.#sndUna === this.#sndMax) this.#retransmitTimer.clear();
    else this.#retransmitTimer.set(this.#nowNs + this.#roundTrip.timeoutNs);
    this.#afterAcknowledgment();
  }

  /** What our FIN's acknowledgment leads to; and the application's `onDrain`. */
  #afterAcknowledgment(): void {
    const finAcknowledged = this.#finQueued && this.#sndUna === plus(this.#bufferEnd, 1);
    if (finAcknowledged) {
      if (this.state === "FIN_WAIT_1") {
        this.state = "FIN_WAIT_2";
        this.#waitTimer.set(this.#nowNs + FIN_WAIT_2_NS);
      } else if (this.state === "CLOSING") this.#timeWait();
      else if (this.state === "LAST_ACK") this.#finish(undefined);
      return;
    }
    if (this.#buffer.length === 0 && !this.#finQueued) this.#handlers.onDrain?.(this);
  }

  #takeSack(segment: Segment): void {
    for (let i = 0; i + 1 < segment.sack.length; i += 2) {
      const start = segment.sack[i] as number;
      const end = segment.sack[i + 1] as number;
      if (isAfter(end, this.#sndUna) && !isAfter(end, this.#sndMax))
        this.#sacked.add(isAfter(this.#sndUna, start) ? this.#sndUna : start, end);
    }
  }

  #duplicateAck(): void {
    this.#duplicateAcks++;
    if (this.#recoverUntil !== undefined) {
      if (this.#writer.sack) this.#retransmitHole();
      else this.#congestionWindow += this.#mss;
      return;
    }
    if (this.#duplicateAcks < DUPLICATE_ACKS && this.#sacked.bytes <= DUPLICATE_ACKS * this.#mss) return;
    if (this.#sndNxt !== this.#sndMax) return;
    const inFlight = distance(this.#sndMax, this.#sndUna);
    this.#threshold = Math.max(Math.floor(inFlight / 2), 2 * this.#mss);
    this.#congestionWindow = this.#threshold + (this.#writer.sack ? 0 : DUPLICATE_ACKS * this.#mss);
    this.#recoverUntil = this.#sndMax;
    this.#highestRetransmitted = this.#sndUna;
    this.#retransmitHole();
  }

  /** In recovery: the next segment that is missing below what was sacked (without SACK: the first one). */
  #retransmitHole(): void {
    let from = this.#sndUna;
    if (this.#writer.sack && isAfter(this.#highestRetransmitted, from)) from = this.#highestRetransmitted;
    for (let range = this.#sacked.at(from); range !== undefined; range = this.#sacked.at(from)) from = range.end;
    const { highest } = this.#sacked;
    if (from !== this.#sndUna && (highest === undefined || !isAfter(highest, from))) return;
    const limit = this.#sacked.nextStart(from) ?? this.#sndMax;
    const bytes = Math.min(this.#mss, distance(limit, from));
    if (bytes <= 0) return;
    this.#resend(from, bytes);
    this.#highestRetransmitted = plus(from, bytes);
    this.#retransmitTimer.set(this.#nowNs + this.#roundTrip.timeoutNs);
  }

  /** Sends what has been sent before; FIN is its own number behind the data. */
  #resend(from: number, bytes: number): void {
    this.#measuredSequence = undefined;
    this.retransmissions++;
    const dataBytes = Math.min(bytes, Math.max(0, distance(this.#bufferEnd, from)));
    const withFin =
      this.#finQueued && plus(from, dataBytes) === this.#bufferEnd && (bytes > dataBytes || dataBytes < this.#mss);
    const isLast = plus(from, dataBytes) === this.#bufferEnd;
    this.#transmit(
      from,
      dataBytes,
      ACK | (dataBytes > 0 && isLast ? PSH : 0) | (withFin && isAfter(this.#sndMax, this.#bufferEnd) ? FIN : 0),
    );
  }

  #receiveData(segment: Segment, packet: Packet): void {
    let { sequence } = segment;
    let from = segment.payloadStart;
    const before = distance(this.#receiver.next, sequence);
    if (before > 0) {
      if (before >= segment.length) {
        this.#sendAck();
        return;
      }
      from += before;
      sequence = this.#receiver.next;
    }
    const bytes = packet.buffer.slice(from, segment.payloadEnd);
    if (sequence !== this.#receiver.next) {
      // A hole: keep it, and say at once what is missing.
      this.#receiver.keep(sequence, bytes);
      this.#sendAck();
      return;
    }
    const filledHole = this.#receiver.hasKept;
    const isHeld = this.#paused || !this.#accepted;
    const ready = this.#receiver.advance(bytes, isHeld);
    if (!this.#paused) this.#receiver.grow(bytes.length, this.#mss);
    this.#unacknowledgedBytes += bytes.length;
    // The kernel acknowledges before the application wakes; unless it waits, then an answer may carry the acknowledgment.
    const quick = this.#tuning.quickAck === true || this.#quickAcks > 0;
    if (filledHole || quick || this.#unacknowledgedBytes >= 2 * this.#mss) {
      if (this.#quickAcks > 0) this.#quickAcks--;
      this.#sendAck();
    } else if (!this.#ackTimer.armed) this.#ackTimer.set(this.#nowNs + DELAYED_ACK_NS);
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
      this.#sendAck();
      return;
    }
    this.#receiver.advanceFin();
    const wasWaiting = this.state;
    if (wasWaiting === "ESTABLISHED") this.state = "CLOSE_WAIT";
    else if (wasWaiting === "FIN_WAIT_1") this.state = "CLOSING";
    this.#unacknowledgedBytes += 1;
    // An application that closes soon sends its FIN with the acknowledgment.
    if (wasWaiting === "ESTABLISHED") this.#ackTimer.set(this.#nowNs + DELAYED_ACK_NS);
    else this.#sendAck();
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
    this.#waitTimer.set(this.#nowNs + TIME_WAIT_NS);
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
    this.#retransmitTimer.clear();
    this.#ackTimer.clear();
    this.#waitTimer.clear();
    this.#keepAliveTimer.clear();
  }

  // ------------------------------------------------------------------------------------------------------------ sending

  #trySend(): void {
    if (this.state === "CLOSED" || this.state === "SYN_SENT" || this.state === "SYN_RECEIVED") return;
    for (;;) {
      const sacked = this.#sndNxt === this.#sndMax ? undefined : this.#sacked.at(this.#sndNxt);
      if (sacked !== undefined) {
        this.#sndNxt = sacked.end;
        continue;
      }
      const unsent = distance(this.#bufferEnd, this.#sndNxt);
      const inFlight = distance(this.#sndNxt, this.#sndUna);
      if (unsent <= 0) break;
      const usable = Math.min(
        this.#sndWnd - inFlight,
        this.#congestionWindow - Math.max(0, inFlight - this.#sacked.bytes),
      );
      const largest = this.#superPacketBytes();
      let bytes = Math.min(largest, unsent, usable);
      if (bytes > this.#mss && bytes < unsent) bytes -= bytes % this.#mss;
      const isPartial = bytes < this.#mss && bytes < unsent;
      // No small pieces while a larger window is to be expected (RFC 9293 section 3.8.6.2.1).
      if (bytes <= 0 || (isPartial && inFlight > 0)) break;
      this.#sendNew(bytes, unsent);
    }
    this.#sendFinIfDue();
    // The window is closed with nothing under way: only probes can find out that it has opened.
    if (this.#sndUna === this.#sndMax && this.#buffer.length > 0 && !this.#retransmitTimer.armed)
      this.#retransmitTimer.set(this.#nowNs + this.#roundTrip.timeoutNs);
  }

  #sendNew(bytes: number, unsent: number): void {
    const isAgain = isAfter(this.#sndMax, this.#sndNxt);
    const isLast = bytes === unsent;
    const withFin = isLast && this.#finQueued;
    const flags = ACK | (isLast ? PSH : 0) | (withFin ? FIN : 0);
    const from = this.#sndNxt;
    this.#sndNxt = plus(from, bytes + (withFin ? 1 : 0));
    if (isAgain) {
      this.retransmissions++;
      this.#measuredSequence = undefined;
    } else if (this.#measuredSequence === undefined) {
      this.#measuredSequence = this.#sndNxt;
      this.#measuredNs = this.#nowNs;
    }
    if (isAfter(this.#sndNxt, this.#sndMax)) this.#sndMax = this.#sndNxt;
    this.#transmit(from, bytes, flags);
    if (withFin) this.#finSent();
    if (!this.#retransmitTimer.armed) this.#retransmitTimer.set(this.#nowNs + this.#roundTrip.timeoutNs);
  }

  #sendFinIfDue(): void {
    if (!this.#finQueued || this.#sndNxt !== this.#bufferEnd || this.#sndUna === plus(this.#bufferEnd, 1)) return;
    const from = this.#sndNxt;
    if (isAfter(this.#sndMax, from)) this.retransmissions++;
    this.#sndNxt = plus(from, 1);
    if (isAfter(this.#sndNxt, this.#sndMax)) this.#sndMax = this.#sndNxt;
    this.#transmit(from, 0, FIN | ACK);
    this.#finSent();
    if (!this.#retransmitTimer.armed) this.#retransmitTimer.set(this.#nowNs + this.#roundTrip.timeoutNs);
  }

  #finSent(): void {
    if (this.state === "ESTABLISHED") this.state = "FIN_WAIT_1";
    else if (this.state === "CLOSE_WAIT") this.state = "LAST_ACK";
  }

  #retransmitTimeout(): void {
    const isSyn = this.state === "SYN_SENT" || this.state === "SYN_RECEIVED";
    const limit = isSyn
      ? (this.#tuning.synRetries ?? (this.state === "SYN_SENT" ? 6 : 5))
      : (this.#tuning.dataRetries ?? 15);
    if (this.#attempts >= limit) {
      this.#finish("timed-out");
      return;
    }
    this.#attempts++;
    this.#roundTrip.backOff();
    if (isSyn) {
      this.retransmissions++;
      this.#sendSyn();
    } else if (this.#sndUna === this.#sndMax) {
      // A probe of the closed window: an empty segment that must be answered.
      this.#transmit(plus(this.#sndUna, -1), 0, ACK);
    } else {
      this.#threshold = Math.max(Math.floor(distance(this.#sndMax, this.#sndUna) / 2), 2 * this.#mss);
      this.#congestionWindow = this.#mss;
      this.#recoverUntil = undefined;
      this.#duplicateAcks = 0;
      this.#sndNxt = this.#sndUna;
      // Something must be sent even into a closed window.
      if (this.#sndWnd === 0) this.#resend(this.#sndUna, this.#mss);
      else this.#trySend();
    }
    this.#retransmitTimer.set(this.#nowNs + this.#roundTrip.timeoutNs);
  }

  /** An ICMP error quotes a segment of ours. */
  icmpError(error: SocketError, isHard: boolean): void {
    // Later on, only time tells (RFC 1122 section 4.2.3.9).
    if (this.state === "SYN_SENT" && isHard) this.#finish(error);
  }

  /** The path takes smaller packets than thought: what does not fit is sent again at once (RFC 1191). */
  pathMtuChanged(): void {
    const mss = this.#largestSegment();
    if (mss >= this.#mss) return;
    this.#mss = mss;
    if (!this.#isSynchronized || this.#sndUna === this.#sndMax) return;
    this.#sndNxt = this.#sndUna;
    this.#recoverUntil = undefined;
    this.#trySend();
  }

  /** Bytes of payload that fit: what the peer takes, what the path takes, less the timestamps. */
  #largestSegment(): number {
    const { remoteAddress } = this.identity;
    const path = this.namespace.findPath(remoteAddress);
    const mtu = path === undefined ? 1500 : this.namespace.pathMtu(path, remoteAddress);
    const peer = this.#isSynchronized || this.state === "SYN_RECEIVED" ? this.#writer.peerMss : 65_495;
    return Math.max(48, Math.min(peer, mtu - 40) - (this.#writer.timestamps ? 12 : 0));
  }

  #superPacketBytes(): number {
    if (!this.namespace.world.offload || this.#sndNxt !== this.#sndMax) return this.#mss;
    return Math.max(this.#mss, LARGEST_SUPER_PACKET - (LARGEST_SUPER_PACKET % this.#mss));
  }

  /** SYN, or SYN+ACK of a server. */
  #sendSyn(): void {
    const isAnswer = this.isServer;
    const { remoteAddress } = this.identity;
    const path = this.namespace.findPath(remoteAddress);
    const mtu = path === undefined ? 1500 : path.mtu === 0 ? path.device.mtu : path.mtu;
    const mss = Math.min(65_495, mtu - 40);
    const unit = mss - (isAnswer && this.#writer.timestamps ? 12 : 0);
    const window = this.#receiver.firstWindow(unit);
    this.#sndNxt = this.#sndMax = plus(this.#iss, 1);
    if (this.#attempts === 0) this.#measuredNs = this.#nowNs;
    const flags = isAnswer ? SYN | ACK : SYN;
    const fields = { sequence: this.#iss, acknowledgment: this.#receiver.next, flags, window };
    this.#writer.sendSyn(fields, mss, this.#receiver.scale);
  }

  #sendAck(): void {
    // Behind all that was ever sent.
    this.#transmit(this.#sndMax, 0, ACK);
  }

  #transmit(sequence: number, bytes: number, flags: number): void {
    const { next, islands, scale } = this.#receiver;
    const window = this.#receiver.window(this.#writer.scaling ? scale : 0, this.#mss);
    this.#ackTimer.clear();
    this.#unacknowledgedBytes = 0;
    this.#writer.send(
      { sequence, acknowledgment: next, flags, window },
      (flags & RST) === 0 ? islands : undefined,
      this.#buffer,
      distance(sequence, this.#bufferStart),
      bytes,
      this.#mss,
    );
  }

  #startKeepAlive(): void {
    const idleNs = this.#tuning.keepAliveNs;
    if (idleNs === undefined) return;
    this.#lastHeardNs = this.#nowNs;
    this.#keepAliveTimer.set(this.#nowNs + idleNs);
  }

  #keepAlive(): void {
    const idleNs = this.#tuning.keepAliveNs ?? Infinity;
    const dueNs = this.#lastHeardNs + idleNs;
    if (this.#probes === 0 && this.#nowNs < dueNs) {
      this.#keepAliveTimer.set(dueNs);
      return;
    }
    if (this.#probes >= KEEP_ALIVE_PROBES) {
      this.#finish("timed-out");
      return;
    }
    this.#probes++;
    this.#transmit(plus(this.#sndUna, -1), 0, ACK);
    this.#keepAliveTimer.set(this.#nowNs + Math.min(idleNs, KEEP_ALIVE_INTERVAL_NS));
  }
}
