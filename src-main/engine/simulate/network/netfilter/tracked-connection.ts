/** What connection tracking remembers of one connection. */
import type { ConntrackEntry, ConntrackTuple } from "../api/netfilter";
import { ipText } from "../addresses";

const ICMP = 1;
const ICMPV6 = 58;

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
      destinationPort: isIcmp(this.protocol) ? this.sourcePort : this.destinationPort,
    };
  }

  /** Makes it the inverse of what is given: what an answer to such a packet looks like. */
  setInverseOf(source: number, destination: number, sourcePort: number, destinationPort: number): void {
    this.source = destination;
    this.destination = source;
    this.sourcePort = isIcmp(this.protocol) ? sourcePort : destinationPort;
    this.destinationPort = isIcmp(this.protocol) ? inverseIcmp(destinationPort) : sourcePort;
  }
}

function isIcmp(protocol: number): boolean {
  return protocol === ICMP || protocol === ICMPV6;
}

/** Type * 256 + code of echo, the only ICMP messages that have an answer here. */
export const ECHO_REQUEST = 0x0800;
export const ECHO_REPLY = 0;
export const ECHO_REQUEST_V6 = 0x8000;
export const ECHO_REPLY_V6 = 0x8100;

/** Type and code of the answer. */
export function inverseIcmp(typeAndCode: number): number {
  switch (typeAndCode) {
    case ECHO_REQUEST:
      return ECHO_REPLY;
    case ECHO_REPLY:
      return ECHO_REQUEST;
    case ECHO_REQUEST_V6:
      return ECHO_REPLY_V6;
    case ECHO_REPLY_V6:
      return ECHO_REQUEST_V6;
    default:
      return typeAndCode;
  }
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
