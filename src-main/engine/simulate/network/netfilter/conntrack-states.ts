/**
 * TCP as connection tracking sees it: the tables of Linux' nf_conntrack_proto_tcp.c, without window checks.
 *
 * ```
 *  SYN_SENT ─ SYN+ACK ─► SYN_RECV ─ ACK ─► ESTABLISHED ─ FIN ─► FIN_WAIT ─ ACK ─► CLOSE_WAIT ─ FIN ─► LAST_ACK ─ ACK ─► TIME_WAIT
 *                                                                    └─ FIN of the other side ─────────►
 * ```
 */
import type { ConntrackTimeouts } from "../api/netfilter";

/** States are numbered as in TCP_STATE_NAMES; those that other files ask for by name. */
export const TCP_NONE = 0;
export const TCP_SYN_SENT = 1;
export const TCP_ESTABLISHED = 3;
export const TCP_TIME_WAIT = 7;
export const TCP_CLOSE = 8;
/** Not states but verdicts of `nextTcpState`. The packet is let through and changes nothing. */
export const TCP_IGNORE = 10;
export const TCP_INVALID = 11;

export const TCP_STATE_NAMES: readonly string[] = [
  "NONE",
  "SYN_SENT",
  "SYN_RECV",
  "ESTABLISHED",
  "FIN_WAIT",
  "CLOSE_WAIT",
  "LAST_ACK",
  "TIME_WAIT",
  "CLOSE",
  "SYN_SENT2",
];

export const TCP_TIMEOUTS: readonly (keyof ConntrackTimeouts)[] = [
  "tcpSynSent",
  "tcpSynSent",
  "tcpSynReceived",
  "tcpEstablished",
  "tcpFinWait",
  "tcpCloseWait",
  "tcpLastAck",
  "tcpTimeWait",
  "tcpClose",
  "tcpSynSent",
];

/** Linux' defaults, seconds. */
export const DEFAULT_TIMEOUTS: ConntrackTimeouts = {
  tcpSynSent: 120,
  tcpSynReceived: 60,
  tcpEstablished: 432_000,
  tcpFinWait: 120,
  tcpCloseWait: 60,
  tcpLastAck: 30,
  tcpTimeWait: 120,
  tcpClose: 10,
  udp: 30,
  udpStream: 120,
  icmp: 30,
  generic: 600,
};

const SYN = 0;
const SYN_ACK = 1;
const FIN = 2;
const ACK = 3;
const RST = 4;
const OTHER = 5;

// The states from SYN_SENT on, TCP_IGNORE and TCP_INVALID, in two letters so that the tables read like nf_conntrack's.
const [sS, sR, es, fw, cw, la, tw, cl, s2, ig, iv] = [1, 2, 3, 4, 5, 6, 7, 8, 9, TCP_IGNORE, TCP_INVALID] as const;
/** The next state, by direction (original, reply), kind of packet, and the state before: NONE to SYN_SENT2. */
const TRANSITIONS: readonly (readonly (readonly number[])[])[] = [
  [
    /* SYN     */ [sS, sS, ig, ig, ig, ig, ig, sS, sS, s2],
    /* SYN+ACK */ [iv, iv, sR, iv, iv, iv, iv, iv, iv, sR],
    /* FIN     */ [iv, iv, fw, fw, la, la, la, tw, cl, iv],
    /* ACK     */ [es, iv, es, es, cw, cw, tw, tw, cl, iv],
    /* RST     */ [iv, cl, cl, cl, cl, cl, cl, cl, cl, cl],
    /* other   */ [iv, iv, iv, iv, iv, iv, iv, iv, iv, iv],
  ],
  [
    /* SYN     */ [iv, s2, iv, iv, iv, iv, iv, sS, iv, s2],
    /* SYN+ACK */ [iv, sR, ig, ig, ig, ig, ig, ig, ig, sR],
    /* FIN     */ [iv, iv, fw, fw, la, la, la, tw, cl, iv],
    /* ACK     */ [iv, ig, sR, es, cw, cw, tw, tw, cl, ig],
    /* RST     */ [iv, cl, cl, cl, cl, cl, cl, cl, cl, cl],
    /* other   */ [iv, iv, iv, iv, iv, iv, iv, iv, iv, iv],
  ],
];

/** `flags`: byte 13 of the TCP header. */
export function nextTcpState(state: number, flags: number, isReply: boolean): number {
  const kind =
    (flags & 0x04) !== 0
      ? RST
      : (flags & 0x02) !== 0
        ? (flags & 0x10) !== 0
          ? SYN_ACK
          : SYN
        : (flags & 0x01) !== 0
          ? FIN
          : (flags & 0x10) !== 0
            ? ACK
            : OTHER;
  return TRANSITIONS[isReply ? 1 : 0]?.[kind]?.[state] ?? TCP_INVALID;
}
