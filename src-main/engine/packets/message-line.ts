/**
 * What the lines about application messages share: the bytes they are told from, and how messages of one segment are joined.
 */
import { readUint } from "../fields/field";

/** The payload of a transport or link layer. */
export interface MessageBytes {
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly end: number;
  /** Where it would end if it were all captured. */
  readonly statedEnd: number;
  /** The source port is the protocol's: a server speaks. */
  readonly fromServer: boolean;
}

/** One line about a message, "" where it says nothing that the carrier's line does not. */
export type MessageLine = (m: MessageBytes) => string;

export const u8 = (m: MessageBytes, at: number): number => (at < m.end ? (m.bytes[at] as number) : -1);
export const u16 = (m: MessageBytes, at: number): number => (at + 2 <= m.end ? readUint(m.bytes, at, 2) : -1);
export const u24 = (m: MessageBytes, at: number): number => (at + 3 <= m.end ? readUint(m.bytes, at, 3) : -1);
export const u32 = (m: MessageBytes, at: number): number => (at + 4 <= m.end ? readUint(m.bytes, at, 4) : -1);

/** Names are told of so many messages of a packet: hostile ones can hold thousands. */
export const MOST_MESSAGES = 64;

/** Bytes as hex digits without separators, at most `most` of them. */
export function hexDigits(bytes: Uint8Array, from: number, to: number, most = 64): string {
  let text = "";
  for (let at = from; at < Math.min(to, from + most); at++) text += (bytes[at] as number).toString(16).padStart(2, "0");
  return to - from > most ? `${text}…` : text;
}
