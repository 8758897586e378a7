/** What connection tracking remembers of one connection. */
import type { ConntrackEntry, ConntrackTuple } from "../api/netfilter";
import { ipText } from "../addresses";

const ICMP = 1;

/**
 * One direction: addresses and ports as its packets have them in that namespace. For ICMP echo `sourcePort` is the identifier and
 * `destinationPort` type * 256 + code.
 */
export class TrackTuple {
  source: number;
  destination: number;
  sourcePort: number;
  destinationPort: number;
  readonly protocol: number;
  readonly isReply: boolean;
  readonly connection: TrackedConnection;
  /** Next of the same hash. */
  next: TrackTuple | undefined = undefined;

  constructor(
    connection: TrackedConnection,
    isReply: boolean,
    protocol: number,
    source: number,
    destination: number,
    sourcePort: number,
    destinationPort: number,
  ) {
    this.connection = connection;
    this.isReply = isReply;
    this.protocol = protocol;
    this.source = source;
    this.destination = destination;
    this.sourcePort = sourcePort;
    this.destinationPort = destinationPort;
  }

  text(): ConntrackTuple {
    return {
      source: ipText(this.source),
      destination: ipText(this.destination),
      sourcePort: this.sourcePort,
      destinationPort: this.protocol === ICMP ? this.sourcePort : this.destinationPort,
    };
  }

  /** Makes it the inverse of what is given: what an answer to such a packet looks like. */
  setInverseOf(source: number, destination: number, sourcePort: number, destinationPort: number): void {
    this.source = destination;
    this.destination = source;
    this.sourcePort = this.protocol === ICMP ? sourcePort : destinationPort;
    this.destinationPort = this.protocol === ICMP ? inverseIcmp(destinationPort) : sourcePort;
  }
}

/** Type and code of the answer: only echo (8 and 0) has one here. */
export function inverseIcmp(typeAndCode: number): number {
  return typeAndCode === 0x0800 ? 0 : typeAndCode === 0 ? 0x0800 : typeAndCode;
}

export class TrackedConnection {
  readonly id: number;
  readonly protocol: number;
  readonly original: TrackTuple;
  readonly reply: TrackTuple;
  confirmed = false;
  dead = false;
  replied = false;
  assured = false;
  /** One of the TCP_* states of conntrack-states.ts. */
  tcpState = 0;
  expiresNs = Infinity;
  timeoutSeconds = 0;
  /** A change that is told once the packet that made it has passed. */
  changed = false;
  sourceTranslated = false;
  destinationTranslated = false;
  /** NAT has decided, for either side: rules are asked once. */
  sourceDecided = false;
  destinationDecided = false;
  readonly createdNs: number;

  constructor(
    id: number,
    createdNs: number,
    protocol: number,
    source: number,
    destination: number,
    sourcePort: number,
    destinationPort: number,
  ) {
    this.id = id;
    this.createdNs = createdNs;
    this.protocol = protocol;
    this.original = new TrackTuple(this, false, protocol, source, destination, sourcePort, destinationPort);
    this.reply = new TrackTuple(this, true, protocol, 0, 0, 0, 0);
    this.reply.setInverseOf(source, destination, sourcePort, destinationPort);
  }

  entry(): ConntrackEntry {
    return {
      id: this.id,
      protocol: this.protocol,
      original: this.original.text(),
      reply: this.reply.text(),
      assured: this.assured,
      replied: this.replied,
      sourceTranslated: this.sourceTranslated,
      destinationTranslated: this.destinationTranslated,
    };
  }
}
