/**
 * IP fragmentation: one list of layers in, the packets a router or host would send instead out.
 *
 * ```
 * [ethernet, ipv4, udp, payload 3000]  limit 1480  ->  [ethernet, ipv4 MF, 0..1479]
 *                                                      [ethernet, ipv4 MF, 1480..2959]
 *                                                      [ethernet, ipv4,    2960..3007]
 * ```
 * The L4 checksum is computed over the whole, before it is cut. IPv6 gets a fragment header, behind the extension headers
 * every hop must read (hop-by-hop, routing).
 */
import { buildPacket, type Layer } from "./layer";
import { ipv4, type Ipv4Layer } from "./ipv4";
import { ipv6Fragment, type Ipv6Layer } from "./ipv6";
import { payload } from "./payload";

export interface FragmentOptions {
  /** Most bytes of IP payload in one fragment; rounded down to a multiple of 8 for all but the last. */
  readonly maxPayload: number;
  /** Position of the IP layer to cut, default the innermost one. */
  readonly index?: number;
  /** IPv6 only: the fragment header's identification. IPv4 takes the one of its header. */
  readonly identification?: number;
}

/** The fragments as layer lists, in order; the list itself if it fits. */
export function fragmentLayers(layers: readonly Layer[], options: FragmentOptions): (readonly Layer[])[] {
  const index = options.index ?? layers.findLastIndex((layer) => layer.addresses !== undefined);
  const ip = layers[index];
  if (ip === undefined || !(isIpv4(ip) || isIpv6(ip))) throw new RangeError("nothing to fragment: no IP layer there");
  const size = options.maxPayload & ~7;
  if (size <= 0) throw new RangeError(`fragments of ${options.maxPayload} bytes are not possible: at least 8`);

  let cut = index + 1;
  if (isIpv6(ip)) {
    while (layers[cut]?.name === "ipv6 hop-by-hop" || layers[cut]?.name === "ipv6 routing") cut++;
  }
  const first = layers[cut];
  // Built as a whole, so that checksums see the addresses; then all before the cut is taken off again.
  const whole = buildPacket(layers.slice(index));
  const body = whole.subarray(headerLength(layers.slice(index, cut), first));
  if (body.length <= options.maxPayload) return [layers];

  const fragments: Layer[][] = [];
  for (let offset = 0; offset < body.length; offset += size) {
    const moreFragments = offset + size < body.length;
    const slice = payload(body.slice(offset, offset + size), first?.carriedAs);
    const before = layers.slice(0, index);
    if (isIpv4(ip)) {
      const base = ip.options.fragmentOffset ?? 0;
      fragments.push([
        ...before,
        ipv4({
          ...ip.options,
          fragmentOffset: base + offset,
          moreFragments: moreFragments || ip.options.moreFragments === true,
        }),
        slice,
      ]);
    } else {
      const header = ipv6Fragment({ identification: options.identification ?? 1, offset, moreFragments });
      fragments.push([...before, ...layers.slice(index, cut), header, slice]);
    }
  }
  return fragments;
}

function headerLength(headers: readonly Layer[], next: Layer | undefined): number {
  return buildPacket([...headers, payload(new Uint8Array(0), next?.carriedAs)]).length;
}

function isIpv4(layer: Layer): layer is Ipv4Layer {
  return layer.name === "ipv4";
}

function isIpv6(layer: Layer): layer is Ipv6Layer {
  return layer.name === "ipv6";
}
