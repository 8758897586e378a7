/**
 * WireGuard transport data, in shape only: nothing here is encrypted, it just cannot be read.
 *
 * ```
 *  0 type 4   1 zero (3)   4 receiver index, little-endian   8 counter, little-endian (8)   16 ciphertext, tag (16)
 * ```
 */
import type { Layer } from "./layer";

export const WIREGUARD_PORT = 51820;

export interface WireguardDataOptions {
  readonly receiver: number;
  readonly counter: number;
  /** Length of the packet inside, padded to 16 as WireGuard does; 0 is a keep-alive. */
  readonly innerLength: number;
}

export function wireguardData(options: WireguardDataOptions): Layer {
  return {
    name: "wireguard",
    carriedAs: { port: WIREGUARD_PORT },
    append(out) {
      out.u32(0x04000000);
      for (const value of [options.receiver, options.counter, Math.floor(options.counter / 0x100000000)]) {
        out
          .u8(value)
          .u8(value >>> 8)
          .u8(value >>> 16)
          .u8(value >>> 24);
      }
      // A small xorshift, seeded by the counter: the same bytes every time, without a pattern.
      let state = (options.counter + 0x9e3779b9) >>> 0 || 1;
      const length = Math.ceil(options.innerLength / 16) * 16 + 16;
      for (let i = 0; i < length; i++) {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        out.u8(state & 255);
      }
    },
  };
}
