/** A hash over addresses, protocol and ports, as Linux uses one to choose the outer source port of a tunnel: each machine has its own secret. */
import { u16, u32 } from "./bytes";
import { IPV6_BYTES, PROTOCOL_TCP, PROTOCOL_UDP } from "./packet";

/** `at`: an IPv4 or IPv6 header. 32 bits, unsigned. */
export function flowHash(bytes: Uint8Array, at: number, secret: number): number {
  if ((bytes[at] as number) >> 4 === 6) return ipv6FlowHash(bytes, at, secret);
  const protocol = bytes[at + 9] as number;
  const fragment = u16(bytes, at + 6) & 0x3fff;
  const hasPorts = (protocol === PROTOCOL_TCP || protocol === PROTOCOL_UDP) && fragment === 0;
  const ports = hasPorts ? u32(bytes, at + (((bytes[at] as number) & 15) << 2)) : 0;
  return mix(mix(mix(mix(secret, u32(bytes, at + 12)), u32(bytes, at + 16)), ports), protocol);
}

function ipv6FlowHash(bytes: Uint8Array, at: number, secret: number): number {
  const next = bytes[at + 6] as number;
  let hash = secret;
  for (let word = at + 8; word < at + IPV6_BYTES; word += 4) hash = mix(hash, u32(bytes, word));
  const ports = next === PROTOCOL_TCP || next === PROTOCOL_UDP ? u32(bytes, at + IPV6_BYTES) : 0;
  return mix(mix(hash, ports), next);
}

/** One round of a multiplying hash; unsigned. */
export function mix(state: number, value: number): number {
  let hash = Math.imul(state ^ value, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
