/**
 * Who is asked for over IPv6, and whether anybody answers: Neighbour Discovery (RFC 4861 sections 4.3 and 4.4), as arp-claims.ts counts
 * for IPv4.
 *
 * ```
 *  type 135 solicitation, 136 advertisement | code 1 | checksum 2 | flags 4 | target address 16
 *  0                                          1        2            4         8
 * ```
 * A solicitation from the unspecified address asks whether an address is free (RFC 4862): no answer is the good one.
 */
import { formatIpv6 } from "../../../src-shared/model/address";
import { LAYER_IPV6 } from "../../../src-shared/model/layer-kind";
import { type ArpQuestion, linkOf, MAX_QUESTIONS } from "./arp-claims";
import type { ObservedPacket } from "./observed-packet";

const SOLICITATION = 135;
const ADVERTISEMENT = 136;

export class NeighbourQuestions {
  /** By address, then by link. */
  readonly #questions = new Map<string, ArpQuestion[]>();

  /** `layer`: an ICMPv6 header. */
  take(observed: ObservedPacket, layer: number): void {
    const { batch, point, packet } = observed;
    const at = batch.layerPtr[layer] as number;
    const type = batch.bytes[at];
    if ((type !== SOLICITATION && type !== ADVERTISEMENT) || (batch.layerEnd[layer] as number) - at < 24) return;
    const link = linkOf(observed, layer);
    const address = formatIpv6(batch.bytes, at + 8);
    const known = this.#questions.get(address);
    const here = known?.find((q) => q.link === link);
    if (type === ADVERTISEMENT) {
      if (here) here.answered++;
      return;
    }
    if (isFromNobody(observed, layer)) return;
    const first = { point, link, address, asked: 1, answered: 0, firstPacket: packet };
    if (here) here.asked++;
    else if (known) known.push(first);
    else if (this.#questions.size < MAX_QUESTIONS) this.#questions.set(address, [first]);
  }

  /** Questions for an address, on any link. */
  questionsFor(address: string): readonly ArpQuestion[] {
    return this.#questions.get(address) ?? [];
  }
}

/** The IPv6 header before it has the source address ::. */
function isFromNobody({ batch, row }: ObservedPacket, layer: number): boolean {
  for (let i = layer - 1; i >= (batch.firstLayer[row] as number); i--) {
    if (batch.layerKind[i] !== LAYER_IPV6) continue;
    const at = (batch.layerPtr[i] as number) + 8;
    return batch.bytes.subarray(at, at + 16).every((byte) => byte === 0);
  }
  return false;
}
