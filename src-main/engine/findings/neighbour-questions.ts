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
import { AddressQuestions } from "./address-questions";
import { linkOf } from "./arp-claims";
import type { ObservedPacket } from "./observed-packet";

const SOLICITATION = 135;
const ADVERTISEMENT = 136;

export class NeighbourQuestions {
  readonly questions = new AddressQuestions();

  /** `layer`: an ICMPv6 header. */
  take(observed: ObservedPacket, layer: number): void {
    const { batch, point, atNs } = observed;
    const at = batch.layerPtr[layer] as number;
    const type = batch.bytes[at];
    if ((type !== SOLICITATION && type !== ADVERTISEMENT) || (batch.layerEnd[layer] as number) - at < 24) return;
    const address = formatIpv6(batch.bytes, at + 8);
    if (type === ADVERTISEMENT) {
      this.questions.answer(address, atNs);
      return;
    }
    const asker = askerOf(observed, layer);
    if (asker !== null) this.questions.ask(linkOf(observed, layer), point, address, asker, atNs);
  }
}

/** Source address of the IPv6 header before it; null where it is :: */
function askerOf({ batch, row }: ObservedPacket, layer: number): string | null {
  for (let i = layer - 1; i >= (batch.firstLayer[row] as number); i--) {
    if (batch.layerKind[i] !== LAYER_IPV6) continue;
    const asker = formatIpv6(batch.bytes, (batch.layerPtr[i] as number) + 8);
    return asker === "::" ? null : asker;
  }
  return null;
}
