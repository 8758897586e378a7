/**
 * A packet is described as the list of its layers, outermost first:
 *
 * ```ts
 * buildPacket([
 *   ethernet({ src: "02:00:00:00:00:01", dst: "02:00:00:00:00:02" }),
 *   ipv4({ src: "192.168.1.1", dst: "192.168.1.2" }),   // total length, protocol and header checksum: filled in
 *   udp({ sport: 51000 }),                              // length, checksum, destination port 4789: filled in
 *   vxlan({ vni: 1 }),
 *   ethernet({ src: "0e:00:00:00:00:01", dst: "0e:00:00:00:00:02" }),
 *   ipv4({ src: "10.244.1.11", dst: "10.244.2.5" }),
 *   icmpEchoRequest({ identifier: 1, sequence: 1 }),
 *   text("ping"),
 * ]);
 * ```
 *
 * Headers are appended outermost first, each knowing what follows it (next-protocol fields). Then they are finished
 * innermost first: lengths, padding, checksums, each over bytes that no longer change.
 */
import { ByteBuilder } from "./byte-builder";

/** The numbers by which the layer below announces a layer. */
export interface CarriedAs {
  readonly etherType?: number;
  /** IPv4 protocol and IPv6 next header: one number space. */
  readonly ipProtocol?: number;
  readonly pppProtocol?: number;
  /** The port it is expected on: the default destination port of a UDP or TCP header before it. */
  readonly port?: number;
}

/** A layer that was appended to a packet: where its header lies. */
export interface PlacedLayer {
  readonly layer: Layer;
  readonly start: number;
  readonly headerEnd: number;
}

/** What a layer sees of the packet while it is finished: all layers, and which one it is. Its payload reaches to the builder's end. */
export interface PacketFrame {
  readonly layers: readonly PlacedLayer[];
  readonly index: number;
}

/** Addresses as the L4 checksum counts them. */
export interface AddressPair {
  readonly src: Uint8Array;
  readonly dst: Uint8Array;
}

export interface Layer {
  /** For error messages: "ipv4", "vxlan". */
  readonly name: string;
  readonly carriedAs: CarriedAs;
  /** Appends the header; `next` is the layer that follows, if any. */
  append(out: ByteBuilder, next: Layer | undefined): void;
  /** Fills in what depends on the payload. Trailers may be appended. */
  finish?(out: ByteBuilder, placed: PlacedLayer, frame: PacketFrame): void;
  /** IP only: the addresses of the header placed there. */
  addresses?(out: ByteBuilder, placed: PlacedLayer): AddressPair;
  /** IPv6 extension headers only: true, and for a routing header the address the packet ends up at. */
  readonly extension?: { readonly finalDestination?: Uint8Array };
}

/** The bytes of a packet. Throws a RangeError that names the layer if something cannot be filled in. */
export function buildPacket(layers: readonly Layer[]): Uint8Array {
  const out = new ByteBuilder();
  appendPacket(out, layers);
  return out.take();
}

/** As buildPacket, appended to a builder that must be empty (offsets count from its start). */
function appendPacket(out: ByteBuilder, layers: readonly Layer[]): void {
  if (out.length !== 0) throw new RangeError("a packet starts at the start of its builder");
  const placed: PlacedLayer[] = [];
  layers.forEach((layer, i) => {
    const start = out.length;
    layer.append(out, layers[i + 1]);
    placed.push({ layer, start, headerEnd: out.length });
  });
  for (let index = placed.length - 1; index >= 0; index--) {
    const at = placed[index];
    at?.layer.finish?.(out, at, { layers: placed, index });
  }
}

/** The number announcing `next`, or an error that says which option would set it by hand. */
export function announce(
  by: string,
  option: string,
  kind: "etherType" | "ipProtocol" | "pppProtocol" | "port",
  given: number | undefined,
  next: Layer | undefined,
): number {
  const value = given ?? next?.carriedAs[kind];
  if (value === undefined) throw new RangeError(`${by} before ${next?.name ?? "nothing"}: give ${option}`);
  return value;
}

/** Sum of the pseudo-header for the layer being finished (RFC 793, RFC 8200 section 8.1): addresses of the IP header around it. */
export function pseudoHeaderSum(out: ByteBuilder, frame: PacketFrame, protocol: number, length: number): number {
  const name = frame.layers[frame.index]?.layer.name ?? "?";
  let finalDestination: Uint8Array | undefined;
  for (let i = frame.index - 1; i >= 0; i--) {
    const around = frame.layers[i];
    if (around === undefined) break;
    if (around.layer.extension !== undefined) {
      finalDestination ??= around.layer.extension.finalDestination;
    } else if (around.layer.addresses !== undefined) {
      const { src, dst } = around.layer.addresses(out, around);
      let sum = protocol + (length >>> 16) + (length & 0xffff);
      for (const address of [src, finalDestination ?? dst]) {
        for (let j = 0; j < address.length; j += 2) sum += ((address[j] ?? 0) << 8) | (address[j + 1] ?? 0);
      }
      return sum;
    } else {
      break;
    }
  }
  throw new RangeError(`${name} needs an IP header right before it for its checksum`);
}

/** Throws unless `value` is an integer that fits the field. */
export function checkField(layer: string, field: string, value: number, max: number): number {
  if (!Number.isInteger(value) || value < 0 || value > max)
    throw new RangeError(`${layer}: ${field} ${value} is not within 0..${max}`);
  return value;
}
