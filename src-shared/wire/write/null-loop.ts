/**
 * BSD loopback captures: four bytes of address family, then the IP packet.
 *
 * ```
 * null (link type 0)     family in the byte order of the capturing host
 * loop (link type 108)   family in network byte order (OpenBSD)
 * ```
 */
import type { Layer } from "./layer";

export const AF_INET = 2;
export const AF_INET6_DARWIN = 30;

export interface LoopbackOptions {
  /** Default: AF_INET, or AF_INET6 as macOS counts it, by what follows. */
  readonly family?: number;
}

export function nullLoopback(options: LoopbackOptions & { readonly bigEndian?: boolean } = {}): Layer {
  return {
    name: "null",
    carriedAs: {},
    append(out, next) {
      const family = familyOf(options, next);
      if (options.bigEndian === true) out.u32(family);
      else
        out
          .u8(family)
          .u8(family >>> 8)
          .u8(family >>> 16)
          .u8(family >>> 24);
    },
  };
}

export function openBsdLoopback(options: LoopbackOptions = {}): Layer {
  return {
    name: "loop",
    carriedAs: {},
    append(out, next) {
      out.u32(familyOf(options, next));
    },
  };
}

function familyOf(options: LoopbackOptions, next: Layer | undefined): number {
  const family =
    options.family ?? (next?.name === "ipv4" ? AF_INET : next?.name === "ipv6" ? AF_INET6_DARWIN : undefined);
  if (family === undefined) throw new RangeError(`loopback header before ${next?.name ?? "nothing"}: give family`);
  return family;
}
