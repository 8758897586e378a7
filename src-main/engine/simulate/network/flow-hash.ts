/** A hash over addresses, protocol and ports, as Linux uses one to choose the outer source port of a tunnel: each machine has its own secret. */
import { u16, u32 } from "./bytes";
import { PROTOCOL_TCP, PROTOCOL_UDP } from "./packet";

/** `at`: an IPv4 header. 32 bits, unsigned. */
export function flowHash(bytes: Uint8Array, at: number, secret: number): number {
  const protocol = bytes[at + 9] as number;
  const fragment = u16(bytes, at + 6) & 0x3fff;
  const hasPorts = (protocol === PROTOCOL_TCP || protocol === PROTOCOL_UDP) && fragment === 0;
  const ports = hasPorts ? u32(bytes, at + (((bytes[at] as number) & 15) << 2)) : 0;
  return mix(mix(mix(mix(secret, u32(bytes, at + 12)), u32(bytes, at + 16)), ports), protocol);
}

/** One round of a multiplying hash; unsigned. */
export function mix(state: number, value: number): number {
  let hash = Math.imul(state ^ value, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
