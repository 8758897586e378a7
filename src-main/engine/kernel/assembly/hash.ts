/** The hash of every table here, and cleared memory for them. */
import { allocate } from "./host";

let seed: u64 = 0;

export function seedHash(value: u32): void {
  seed = value as u64;
}

// @ts-ignore: decorator
@inline
export function mix(a: u64, b: u64): u32 {
  // Both words are multiplied and their high halves folded in: pod addresses differ in a few low bits only, and a hash
  // that keeps them there ran 20 times slower.
  a = (a ^ seed) * 0xbf58476d1ce4e5b9;
  b *= 0x94d049bb133111eb;
  a ^= (a >> 32) ^ b ^ (b >> 29);
  return ((a * 0x9e3779b97f4a7c15) >> 32) as u32;
}

export function zeroed(bytes: u32): usize {
  const p = allocate(bytes);
  memory.fill(p, 0, bytes);
  return p;
}

/** Another word into a running hash of 32 bits. */
// @ts-ignore: decorator
@inline
export function stir(h: u32, value: u32): u32 {
  h = (h ^ value) * 0x9e3779b1;
  h ^= h >> 15;
  h *= 0x85ebca6b;
  return h ^ (h >> 13);
}
