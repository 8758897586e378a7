/**
 * Who is asked for on a link, and whether anybody has the address: the counting behind ARP (arp-claims.ts) and Neighbour Discovery
 * (neighbour-questions.ts).
 *
 * ```
 * one asker   ?──1 s──?──1 s──?                  asked again: it got no answer, wherever an answer would be seen
 * its answer            !                        said at any point: somebody has the address
 * ```
 * A bridge floods questions to ports that no answer passes: that no answer is seen on a link says nothing. That the asker asks again does
 * (RFC 1122 section 2.3.2.1, RFC 4861 section 10: after one second).
 */

/** A question asked again within this is one that was not answered; before it, it is the same one seen twice. */
const LEAST_AGAIN_NS = 1e8;
const MOST_AGAIN_NS = 3e9;
/** A scan asks for millions of addresses: beyond this many, questions are no longer counted. */
const MAX_ADDRESSES = 1 << 18;
/** Of one address on one link: more are not told apart. */
const MAX_ASKERS = 16;

export interface AddressQuestion {
  readonly point: number;
  readonly link: string;
  readonly address: string;
  asked: number;
  /** First and last time that an asker asked again; Infinity and -Infinity: nobody did. */
  firstAgainNs: number;
  lastAgainNs: number;
  /** When each asker asked last. */
  readonly askers: { readonly asker: string; atNs: number }[];
}

export class AddressQuestions {
  /** By address, then by link. */
  readonly #questions = new Map<string, AddressQuestion[]>();
  readonly #answeredNs = new Map<string, number>();

  ask(link: string, point: number, address: string, asker: string, atNs: number): void {
    const known = this.#questions.get(address);
    let here = known?.find((q) => q.link === link);
    if (!here) {
      if (!known && this.#questions.size >= MAX_ADDRESSES) return;
      here = { point, link, address, asked: 0, firstAgainNs: Infinity, lastAgainNs: -Infinity, askers: [] };
      if (known) known.push(here);
      else this.#questions.set(address, [here]);
    }
    here.asked++;
    const before = here.askers.find((a) => a.asker === asker);
    if (!before) {
      if (here.askers.length < MAX_ASKERS) here.askers.push({ asker, atNs });
      return;
    }
    const afterNs = atNs - before.atNs;
    before.atNs = atNs;
    if (afterNs < LEAST_AGAIN_NS || afterNs > MOST_AGAIN_NS) return;
    here.firstAgainNs = Math.min(here.firstAgainNs, atNs);
    here.lastAgainNs = Math.max(here.lastAgainNs, atNs);
  }

  /** Somebody says to have the address. */
  answer(address: string, atNs: number): void {
    const known = this.#answeredNs.get(address);
    if (known === undefined && this.#answeredNs.size >= MAX_ADDRESSES) return;
    if (known === undefined || atNs > known) this.#answeredNs.set(address, atNs);
  }

  /** How often a link has asked for it so far. */
  askedOn(link: string, address: string): number {
    return this.#questions.get(address)?.find((q) => q.link === link)?.asked ?? 0;
  }

  /** Those of all addresses. */
  *allUnanswered(): Generator<AddressQuestion> {
    for (const address of this.#questions.keys()) yield* this.unanswered(address);
  }

  /** Questions for an address that were asked again, of each link whose last is later than any answer anywhere. */
  unanswered(address: string): readonly AddressQuestion[] {
    const answered = this.#answeredNs.get(address) ?? -Infinity;
    return (this.#questions.get(address) ?? []).filter((q) => q.lastAgainNs > answered);
  }
}
