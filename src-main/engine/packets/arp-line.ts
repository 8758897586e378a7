/** A line about ARP (RFC 826), whatever the lengths of its addresses; announcements and probes as RFC 5227 has them. */
import { formatIpv4, formatMac } from "../../../src-shared/model/address";
import { captured, readUint } from "../fields/field";
import type { Batch } from "../kernel/batch";
import { hexDigits } from "./message-line";

const ETHERNET = 1;
const IPV4 = 0x0800;
const REQUEST = 1;
const REPLY = 2;

/** hardware(2) protocol(2) lengths(1, 1) operation(2), then hardware and protocol address of sender and target. "ARP" where one is cut. */
export function arpLine(batch: Batch, row: number): string {
  const { bytes } = batch;
  const p = batch.layerPtr[row] as number;
  const here = captured(batch, row);
  if (here < 8) return "ARP";
  const hardware = readUint(bytes, p, 2);
  const protocol = readUint(bytes, p + 2, 2);
  const macLength = bytes[p + 4] as number;
  const addressLength = bytes[p + 5] as number;
  const operation = readUint(bytes, p + 6, 2);
  const senderAt = p + 8 + macLength;
  const targetMacAt = senderAt + addressLength;
  const targetAt = targetMacAt + macLength;
  if (targetAt + addressLength > p + here) return "ARP";
  const address = (at: number): string =>
    protocol === IPV4 && addressLength === 4
      ? formatIpv4(readUint(bytes, at, 4))
      : hexDigits(bytes, at, at + addressLength);
  const sender = address(senderAt);
  const target = address(targetAt);
  if (operation === REQUEST) {
    if (sender === target)
      return isZero(bytes, targetMacAt, targetAt)
        ? `ARP Announcement for ${sender}`
        : `Gratuitous ARP for ${sender} (Request)`;
    return `Who has ${target}? ${sender === "0.0.0.0" ? "(ARP Probe)" : `Tell ${sender}`}`;
  }
  if (operation !== REPLY) return `ARP opcode ${operation}`;
  if (sender === target) return `Gratuitous ARP for ${sender} (Reply)`;
  const isMac = hardware === ETHERNET && macLength === 6;
  return `${sender} is at ${isMac ? formatMac(bytes, p + 8) : hexDigits(bytes, p + 8, senderAt)}`;
}

function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] !== 0) return false;
  return true;
}
