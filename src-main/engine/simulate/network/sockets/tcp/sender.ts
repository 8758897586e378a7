/**
 * The sending half of a connection: what is written and not acknowledged, the peer's window, slow start and congestion avoidance
 * (RFC 5681), loss told by duplicate or selective acknowledgments (RFC 2018, 6675 simplified) or by time (RFC 6298).
 *
 * ```
 *  una ──── in flight ──── next ──── not sent yet ──── end of buffer [FIN]
 *         sacked: ██  ██
 * ```
 *
 * Sent again after a time out: from `una` on, without what was sacked; `max` is the highest number ever sent.
 */
import type { TcpState } from "../../api/namespaces";
import { type EventQueue, Timer } from "../../event-queue";
import { Ranges } from "./ranges";
import { RoundTrip } from "./round-trip";
import { ACK, distance, FIN, isAfter, plus, PSH, type Segment } from "./segment";
import type { SegmentWriter } from "./segment-writer";
import { SendBuffer } from "./send-buffer";

const MS = 1e6;
const INITIAL_WINDOW_SEGMENTS = 10;
const DUPLICATE_ACKS = 3;
const LARGEST_SUPER_PACKET = 64_000;

/** What the sender asks of its connection. */
export interface SendingConnection {
  readonly state: TcpState;
  readonly nowNs: number;
  /** Super-packets may leave. */
  readonly offload: boolean;
  /** Puts a segment on the way; what the receiving half has to say goes with it. */
  transmit(sequence: number, bytes: number, flags: number): void;
  sendSyn(): void;
  sendAck(): void;
  /** Our FIN is on the way. */
  finSent(): void;
  /** More was acknowledged. */
  acknowledged(): void;
  /** Sent as often as one may. */
  timedOut(): void;
}

export interface SenderOptions {
  readonly initialSequence: number;
  readonly synRetries: number | undefined;
  readonly dataRetries: number | undefined;
}

export class Sender {
  una: number;
  next: number;
  max: number;
  /** Bytes of payload in a segment; the connection knows the path. */
  mss = 536;
  written = 0;
  finQueued = false;
  retransmissions = 0;
  readonly buffer = new SendBuffer();
  /** Sequence number of the buffer's first byte. */
  bufferStart: number;
  readonly #connection: SendingConnection;
  readonly #writer: SegmentWriter;
  readonly #options: SenderOptions;
  #window = 0;
  /** Sequence and acknowledgment numbers of the segment that told the window. */
  #windowSequence = 0;
  #windowAcknowledgment = 0;
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
  readonly #timer: Timer;

  constructor(connection: SendingConnection, queue: EventQueue, writer: SegmentWriter, options: SenderOptions) {
    this.#connection = connection;
    this.#writer = writer;
    this.#options = options;
    this.una = this.next = this.max = options.initialSequence;
    this.bufferStart = plus(options.initialSequence, 1);
    this.#timer = new Timer(queue, () => {
      this.#timeout();
    });
  }

  get initialSequence(): number {
    return this.#options.initialSequence;
  }
  /** One past everything to be sent, without FIN. */
  get bufferEnd(): number {
    return plus(this.bufferStart, this.buffer.length);
  }
  get finAcknowledged(): boolean {
    return this.finQueued && this.una === plus(this.bufferEnd, 1);
  }

  append(bytes: Uint8Array): void {
    this.buffer.append(bytes);
    this.written += bytes.length;
  }

  stop(): void {
    this.#timer.clear();
  }

  #startTimer(): void {
    this.#timer.set(this.#connection.nowNs + this.#roundTrip.timeoutNs);
  }

  // ---------------------------------------------------------------------------------------------------------- handshake

  /** A SYN is about to leave; the first one's way there and back is measured. */
  synLeaves(): void {
    this.next = this.max = plus(this.#options.initialSequence, 1);
    if (this.#attempts === 0) this.#measuredNs = this.#connection.nowNs;
  }

  /** The first SYN has left. */
  synSent(): void {
    this.#startTimer();
  }

  /** The window of a peer's SYN, which is never scaled. */
  firstWindow(window: number): void {
    this.#window = window;
  }

  /** @param scale of the segment's window: 0 if it is a SYN */
  establish(segment: Segment, mss: number, scale: number): void {
    this.#timer.clear();
    if (this.#attempts === 0) this.#roundTrip.measure(this.#connection.nowNs - this.#measuredNs);
    this.#attempts = 0;
    this.#roundTrip.resetBackoff();
    this.mss = mss;
    this.#congestionWindow = INITIAL_WINDOW_SEGMENTS * mss;
    this.#window = segment.window << scale;
    this.#windowSequence = segment.sequence;
    this.#windowAcknowledgment = segment.acknowledgment;
  }

  // ---------------------------------------------------------------------------------------------------- acknowledgments

  receiveAck(segment: Segment): void {
    const { acknowledgment } = segment;
    if (isAfter(acknowledgment, this.max)) {
      this.#connection.sendAck();
      return;
    }
    if (this.#writer.sack && segment.sack.length > 0) this.#takeSack(segment);
    const window = segment.window << this.#writer.peerScale;
    const advanced = distance(acknowledgment, this.una);
    const isDuplicate =
      advanced === 0 &&
      segment.length === 0 &&
      (segment.flags & FIN) === 0 &&
      window === this.#window &&
      this.una !== this.max;
    if (
      isAfter(segment.sequence, this.#windowSequence) ||
      (segment.sequence === this.#windowSequence && !isAfter(this.#windowAcknowledgment, acknowledgment))
    ) {
      const hasOpened = this.#window === 0 && window > 0;
      this.#window = window;
      this.#windowSequence = segment.sequence;
      this.#windowAcknowledgment = acknowledgment;
      if (hasOpened) {
        this.#roundTrip.resetBackoff();
        this.#timer.clear();
        if (this.una !== this.max) this.#startTimer();
      }
    }
    // A probe of the closed window was answered: the peer is alive, however long it takes.
    if (this.una === this.max) this.#attempts = 0;
    if (advanced > 0) this.#acknowledged(segment, advanced);
    else if (isDuplicate || (advanced === 0 && segment.sack.length > 0 && this.una !== this.max)) this.#duplicateAck();
    if (this.#connection.state !== "CLOSED") this.trySend();
  }

  #acknowledged(segment: Segment, advanced: number): void {
    const { acknowledgment } = segment;
    const inFlightBefore = distance(this.max, this.una);
    this.una = acknowledgment;
    if (isAfter(acknowledgment, this.next)) this.next = acknowledgment;
    this.#sacked.trim(acknowledgment);
    const released = Math.min(distance(acknowledgment, this.bufferStart), this.buffer.length);
    if (released > 0) {
      this.buffer.release(released);
      this.bufferStart = plus(this.bufferStart, released);
    }
    this.#measure(segment);
    this.#roundTrip.resetBackoff();
    this.#attempts = 0;
    this.#duplicateAcks = 0;
    if (this.#recoverUntil !== undefined) {
      if (!isAfter(this.#recoverUntil, acknowledgment)) {
        this.#recoverUntil = undefined;
        this.#congestionWindow = this.#threshold;
      } else this.#retransmitHole();
    } else if (this.#congestionWindow < this.#threshold) this.#congestionWindow += Math.min(advanced, 2 * this.mss);
    else if (inFlightBefore + 2 * this.mss >= this.#congestionWindow)
      this.#congestionWindow += Math.max(1, Math.floor((this.mss * advanced) / this.#congestionWindow));
    if (this.una === this.max) this.#timer.clear();
    else this.#startTimer();
    this.#connection.acknowledged();
  }

  /** The round trip that an acknowledgment tells of. */
  #measure({ acknowledgment, hasTimestamps, timestampEcho }: Segment): void {
    const isMeasured = this.#measuredSequence !== undefined && !isAfter(this.#measuredSequence, acknowledgment);
    // Milliseconds are coarse: the timer of the segment measured is used where it was not sent again.
    if (isMeasured) {
      this.#roundTrip.measure(this.#connection.nowNs - this.#measuredNs);
      this.#measuredSequence = undefined;
    } else if (
      this.#measuredSequence === undefined &&
      this.#writer.timestamps &&
      hasTimestamps &&
      timestampEcho !== 0
    ) {
      const elapsedMs = (this.#writer.timestampNow() - timestampEcho) | 0;
      if (elapsedMs >= 0) this.#roundTrip.measure(elapsedMs * MS);
    }
  }

  #takeSack(segment: Segment): void {
    for (let i = 0; i + 1 < segment.sack.length; i += 2) {
      const start = segment.sack[i] as number;
      const end = segment.sack[i + 1] as number;
      if (isAfter(end, this.una) && !isAfter(end, this.max))
        this.#sacked.add(isAfter(this.una, start) ? this.una : start, end);
    }
  }

  // --------------------------------------------------------------------------------------------------------------- loss

  #duplicateAck(): void {
    this.#duplicateAcks++;
    if (this.#recoverUntil !== undefined) {
      if (this.#writer.sack) this.#retransmitHole();
      else this.#congestionWindow += this.mss;
      return;
    }
    if (this.#duplicateAcks < DUPLICATE_ACKS && this.#sacked.bytes <= DUPLICATE_ACKS * this.mss) return;
    if (this.next !== this.max) return;
    this.#halve();
    this.#congestionWindow = this.#threshold + (this.#writer.sack ? 0 : DUPLICATE_ACKS * this.mss);
    this.#recoverUntil = this.max;
    this.#highestRetransmitted = this.una;
    this.#retransmitHole();
  }

  #halve(): void {
    this.#threshold = Math.max(Math.floor(distance(this.max, this.una) / 2), 2 * this.mss);
  }

  /** In recovery: the next segment that is missing below what was sacked (without SACK: the first one). */
  #retransmitHole(): void {
    let from = this.una;
    if (this.#writer.sack && isAfter(this.#highestRetransmitted, from)) from = this.#highestRetransmitted;
    for (let range = this.#sacked.at(from); range !== undefined; range = this.#sacked.at(from)) from = range.end;
    const { highest } = this.#sacked;
    if (from !== this.una && (highest === undefined || !isAfter(highest, from))) return;
    const limit = this.#sacked.nextStart(from) ?? this.max;
    const bytes = Math.min(this.mss, distance(limit, from));
    if (bytes <= 0) return;
    this.#resend(from, bytes);
    this.#highestRetransmitted = plus(from, bytes);
    this.#startTimer();
  }

  /** Sends what has been sent before; FIN is its own number behind the data. */
  #resend(from: number, bytes: number): void {
    this.#measuredSequence = undefined;
    this.retransmissions++;
    const dataBytes = Math.min(bytes, Math.max(0, distance(this.bufferEnd, from)));
    const isLast = plus(from, dataBytes) === this.bufferEnd;
    const withFin = this.finQueued && isLast && (bytes > dataBytes || dataBytes < this.mss);
    this.#connection.transmit(
      from,
      dataBytes,
      ACK | (dataBytes > 0 && isLast ? PSH : 0) | (withFin && isAfter(this.max, this.bufferEnd) ? FIN : 0),
    );
  }

  #timeout(): void {
    const { state } = this.#connection;
    const { synRetries, dataRetries } = this.#options;
    const isSyn = state === "SYN_SENT" || state === "SYN_RECEIVED";
    const limit = isSyn ? (synRetries ?? (state === "SYN_SENT" ? 6 : 5)) : (dataRetries ?? 15);
    if (this.#attempts >= limit) {
      this.#connection.timedOut();
      return;
    }
    this.#attempts++;
    this.#roundTrip.backOff();
    if (isSyn) {
      this.retransmissions++;
      this.#connection.sendSyn();
    } else if (this.una === this.max) this.probe();
    else {
      this.#halve();
      this.#congestionWindow = this.mss;
      this.#recoverUntil = undefined;
      this.#duplicateAcks = 0;
      this.next = this.una;
      // Something must be sent even into a closed window.
      if (this.#window === 0) this.#resend(this.una, this.mss);
      else this.trySend();
    }
    this.#startTimer();
  }

  /** An empty segment that must be answered: of a closed window, or of a silent peer. */
  probe(): void {
    this.#connection.transmit(plus(this.una, -1), 0, ACK);
  }

  /** The path takes smaller packets than thought: what does not fit is sent again at once (RFC 1191). */
  sendSmaller(): void {
    if (this.una === this.max) return;
    this.next = this.una;
    this.#recoverUntil = undefined;
    this.trySend();
  }

  // ------------------------------------------------------------------------------------------------------------ sending

  trySend(): void {
    const { state } = this.#connection;
    if (state === "CLOSED" || state === "SYN_SENT" || state === "SYN_RECEIVED") return;
    for (;;) {
      const sacked = this.next === this.max ? undefined : this.#sacked.at(this.next);
      if (sacked !== undefined) {
        this.next = sacked.end;
        continue;
      }
      const unsent = distance(this.bufferEnd, this.next);
      const inFlight = distance(this.next, this.una);
      if (unsent <= 0) break;
      const usable = Math.min(
        this.#window - inFlight,
        this.#congestionWindow - Math.max(0, inFlight - this.#sacked.bytes),
      );
      let bytes = Math.min(this.#superPacketBytes(), unsent, usable);
      if (bytes > this.mss && bytes < unsent) bytes -= bytes % this.mss;
      const isPartial = bytes < this.mss && bytes < unsent;
      // No small pieces while a larger window is to be expected (RFC 9293 section 3.8.6.2.1).
      if (bytes <= 0 || (isPartial && inFlight > 0)) break;
      this.#sendNew(bytes, unsent);
    }
    this.#sendFinIfDue();
    // The window is closed with nothing under way: only probes can find out that it has opened.
    if (this.una === this.max && this.buffer.length > 0 && !this.#timer.armed) this.#startTimer();
  }

  #superPacketBytes(): number {
    if (!this.#connection.offload || this.next !== this.max) return this.mss;
    return Math.max(this.mss, LARGEST_SUPER_PACKET - (LARGEST_SUPER_PACKET % this.mss));
  }

  #sendNew(bytes: number, unsent: number): void {
    const isAgain = isAfter(this.max, this.next);
    const isLast = bytes === unsent;
    const withFin = isLast && this.finQueued;
    const from = this.next;
    this.next = plus(from, bytes + (withFin ? 1 : 0));
    if (isAgain) {
      this.retransmissions++;
      this.#measuredSequence = undefined;
    } else if (this.#measuredSequence === undefined) {
      this.#measuredSequence = this.next;
      this.#measuredNs = this.#connection.nowNs;
    }
    this.#send(from, bytes, ACK | (isLast ? PSH : 0) | (withFin ? FIN : 0));
  }

  #sendFinIfDue(): void {
    if (!this.finQueued || this.next !== this.bufferEnd || this.finAcknowledged) return;
    const from = this.next;
    if (isAfter(this.max, from)) this.retransmissions++;
    this.next = plus(from, 1);
    this.#send(from, 0, FIN | ACK);
  }

  #send(from: number, bytes: number, flags: number): void {
    if (isAfter(this.next, this.max)) this.max = this.next;
    this.#connection.transmit(from, bytes, flags);
    if ((flags & FIN) !== 0) this.#connection.finSent();
    if (!this.#timer.armed) this.#startTimer();
  }
}
