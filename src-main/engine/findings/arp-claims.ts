/**
 * Who said to have which IPv4 address (RFC 826): the sender fields of every ARP packet are a claim.
 *
 * ```
 *  hardware type 2 | protocol type 2 | 6 | 4 | opcode 2 | sender MAC 6 | sender IP 4 | target MAC 6 | target IP 4
 *  0                 2                 4   5   6          8              14            18             24
 * ```
 * Kept per capture point and address: every change of the claiming MAC, not every claim. A sender address of 0.0.0.0 claims
 * nothing (RFC 5227 probe).
 */
import { formatIpv4, formatMac } from "../../../src-shared/model/address";
import type { ObservedPacket } from "./observed-packet";

export interface ArpClaim {
  readonly mac: string;
  readonly atNs: number;
  readonly packet: number;
  /** An answer, not a question or an announcement. */
  readonly reply: boolean;
}

export interface ArpAddress {
  readonly point: number;
  readonly address: string;
  /** First claim, then one at every change of MAC; at most MAX_CHANGES. */
  readonly claims: readonly ArpClaim[];
}

export interface ArpQuestion {
  readonly point: number;
  readonly address: string;
  asked: number;
  answered: number;
  readonly firstPacket: number;
}

/** Enough to show a conflict; a flapping address must not cost memory. */
const MAX_CHANGES = 64;
/** A scan asks for millions of addresses: beyond this many, questions are no longer counted. */
const MAX_QUESTIONS = 1 << 18;

export class ArpClaims {
  readonly #claims = new Map<string, { address: ArpAddress; claims: ArpClaim[] }>();
  /** By address, then by point. */
  readonly #questions = new Map<string, ArpQuestion[]>();
  readonly #addressesOfMac = new Map<string, Set<string>>();

  take({ batch, point, packet, atNs }: ObservedPacket, layer: number): void {
    const at = batch.layerPtr[layer] as number;
    const { view, bytes } = batch;
    if ((batch.layerEnd[layer] as number) - at < 28) return;
    // Ethernet and IPv4 only.
    if (view.getUint16(at + 2) !== 0x0800 || bytes[at + 4] !== 6 || bytes[at + 5] !== 4) return;
    const opcode = view.getUint16(at + 6);
    const sender = view.getUint32(at + 14);
    const target = view.getUint32(at + 24);
    if (sender !== 0) {
      const address = formatIpv4(sender);
      const mac = formatMac(bytes, at + 8);
      this.#claim(point, address, { mac, atNs, packet, reply: opcode === 2 });
      if (opcode === 2) {
        const question = this.#questions.get(address)?.find((q) => q.point === point);
        if (question) question.answered++;
      }
    }
    if (opcode === 1 && target !== sender) this.#ask(point, formatIpv4(target), packet);
  }

  /** Every address claimed at a point. */
  *addresses(): Iterable<ArpAddress> {
    for (const { address } of this.#claims.values()) yield address;
  }

  /** Addresses that a MAC said to have, at any point: a proxy has many. */
  addressesOf(mac: string): number {
    return this.#addressesOfMac.get(mac)?.size ?? 0;
  }

  /** Questions for an address, at any point. */
  questionsFor(address: string): readonly ArpQuestion[] {
    return this.#questions.get(address) ?? [];
  }

  #claim(point: number, address: string, claim: ArpClaim): void {
    const key = `${point}/${address}`;
    let known = this.#claims.get(key);
    if (!known) {
      const claims: ArpClaim[] = [];
      known = { address: { point, address, claims }, claims };
      this.#claims.set(key, known);
    }
    if (known.claims.at(-1)?.mac === claim.mac || known.claims.length >= MAX_CHANGES) return;
    known.claims.push(claim);
    const addresses = this.#addressesOfMac.get(claim.mac);
    if (addresses) addresses.add(address);
    else this.#addressesOfMac.set(claim.mac, new Set([address]));
  }

  #ask(point: number, address: string, packet: number): void {
    const known = this.#questions.get(address);
    const here = known?.find((q) => q.point === point);
    if (here) here.asked++;
    else if (known) known.push({ point, address, asked: 1, answered: 0, firstPacket: packet });
    else if (this.#questions.size < MAX_QUESTIONS)
      this.#questions.set(address, [{ point, address, asked: 1, answered: 0, firstPacket: packet }]);
  }
}
