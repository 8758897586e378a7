/**
 * What the readers of TCP and UDP payloads share: the payload they are given, how they answer, and small helpers.
 */
import { readUint } from "./field";

/** What a payload was taken for, if it has fields. */
export const MESSAGE_NONE = 0;
export const MESSAGE_DNS = 1;
export const MESSAGE_DNS_OVER_TCP = 2;
export const MESSAGE_DHCP = 3;
export const MESSAGE_HTTP = 4;
export const MESSAGE_TLS = 5;
export const MESSAGE_MDNS = 6;
export const MESSAGE_LLMNR = 7;
export const MESSAGE_SSDP = 8;
/** TLS handshake messages that QUIC carries: they lie in ApplicationLayers.unpacked, not in the batch. */
export const MESSAGE_QUIC = 9;

/** Stands for the names of an HTTP segment: its bodies are not looked into before someone asks. */
export const HTTP_AND_BODIES = "http+";

/** The payload of a TCP or UDP layer. */
export interface Segment {
  readonly bytes: Uint8Array;
  /** Of the transport layer. */
  readonly row: number;
  readonly start: number;
  readonly end: number;
  /** Where it would end if it were all captured. */
  readonly statedEnd: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
}

/** Says that a payload, or a part of it, is a message with fields: MESSAGE_*. `unpacked`: bytes that lie in no batch. */
export type TakeMessage = (message: number, segment: Segment, unpacked?: Uint8Array) => void;

export function latin1(bytes: Uint8Array, from: number, to: number): string {
  let text = "";
  for (let i = from; i < to; i++) text += String.fromCharCode(bytes[i] as number);
  return text;
}

/** An ONC RPC call (RFC 5531 section 9) of a program that can be. */
export function isRpc(bytes: Uint8Array, at: number): boolean {
  if (readUint(bytes, at + 4, 4) !== 0 || readUint(bytes, at + 8, 4) !== 2) return false;
  const program = readUint(bytes, at + 12, 4);
  return program >= 100000 && program < 400000;
}
