/**
 * Who said to have which IPv4 address (RFC 826): the sender fields of every ARP packet are a claim.
 *
 * ```
 *  hardware type 2 | protocol type 2 | 6 | 4 | opcode 2 | sender MAC 6 | sender IP 4 | target MAC 6 | target IP 4
 *  0                 2                 4   5   6          8              14            18             24
 * ```
 * Kept per link and address: every change of the claiming MAC, not every claim. A sender address of 0.0.0.0 claims nothing (RFC 5227
 * probe). One capture point sees many links where it is a trunk's or a tunnel's end: one for every VLAN and virtual network.
 */
import { formatIpv4, formatMac } from "../../../src-shared/model/address";
import { LAYER_GENEVE, LAYER_VLAN, LAYER_VXLAN } from "../../../src-shared/model/layer-kind";
import { AddressQuestions } from "./address-questions";
import { ArpWaits } from "./arp-waits";
import type { ObservedPacket } from "./observed-packet";

export interface ArpClaim {
  readonly mac: string;
  readonly atNs: number;
  readonly packet: number;
  /** An answer, not a question or an announcement. */
  readonly reply: boolean;
  /** Of this owner's claims in a row, the time of the last, and how often the link had asked for the address before it. */
  lastNs: number;
  lastQuestion: number;
  /** The same before the first. */
  readonly question: number;
}

export interface ArpAddress {
  readonly point: number;
  readonly address: string;
  /** First claim, then one at every change of MAC; at most MAX_CHANGES. */
  readonly claims: readonly ArpClaim[];
}

/** Enough to show a conflict; a flapping address must not cost memory. */
const MAX_CHANGES = 64;

export class ArpClaims {
  /** Questions that were answered late. */
  readonly waits = new ArpWaits();
  readonly #claims = new Map<string, { address: ArpAddress; claims: ArpClaim[] }>();
  readonly questions = new AddressQuestions();
  readonly #addressesOfMac = new Map<string, Set<string>>();

  take(observed: ObservedPacket, layer: number): void {
    const { batch, point, packet, atNs } = observed;
    const at = batch.layerPtr[layer] as number;
    const { view, bytes } = batch;
    if ((batch.layerEnd[layer] as number) - at < 28) return;
    // Ethernet and IPv4 only.
    if (view.getUint16(at + 2) !== 0x0800 || bytes[at + 4] !== 6 || bytes[at + 5] !== 4) return;
    const opcode = view.getUint16(at + 6);
    const sender = view.getUint32(at + 14);
    const target = view.getUint32(at + 24);
    const link = linkOf(observed, layer);
    if (sender !== 0) {
      const address = formatIpv4(sender);
      const mac = formatMac(bytes, at + 8);
      const question = this.questions.askedOn(link, address);
      const reply = opcode === 2;
      this.#claim(link, point, address, { mac, atNs, packet, reply, question, lastNs: atNs, lastQuestion: question });
      // Whoever says so in a question has it, too.
      this.questions.answer(address, atNs);
      if (reply) this.waits.answer(link, point, address, atNs, packet);
    }
    if (opcode !== 1 || target === sender) return;
    const asked = formatIpv4(target);
    const asker = sender === 0 ? formatMac(bytes, at + 8) : formatIpv4(sender);
    this.questions.ask(link, point, asked, asker, atNs);
    this.waits.ask(link, asked, atNs, packet);
  }

  /** Every address claimed on a link. */
  *addresses(): Iterable<ArpAddress> {
    for (const { address } of this.#claims.values()) yield address;
  }

  /** Addresses that a MAC said to have, at any point: a proxy has many. */
  addressesOf(mac: string): number {
    return this.#addressesOfMac.get(mac)?.size ?? 0;
  }

  #claim(link: string, point: number, address: string, claim: ArpClaim): void {
    const key = `${link}/${address}`;
    let known = this.#claims.get(key);
    if (!known) {
      const claims: ArpClaim[] = [];
      known = { address: { point, address, claims }, claims };
      this.#claims.set(key, known);
    }
    const last = known.claims.at(-1);
    if (last?.mac === claim.mac) {
      last.lastNs = claim.atNs;
      last.lastQuestion = claim.question;
      return;
    }
    if (known.claims.length >= MAX_CHANGES) return;
    known.claims.push(claim);
    const addresses = this.#addressesOfMac.get(claim.mac);
    if (addresses) addresses.add(address);
    else this.#addressesOfMac.set(claim.mac, new Set([address]));
  }
}

/** The capture point, and what tells its links apart: VLAN (IEEE 802.1Q), VNI (RFC 7348, RFC 8926), outermost first. */
export function linkOf({ batch, row, point }: ObservedPacket, layer: number): string {
  let link = String(point);
  for (let i = batch.firstLayer[row] as number; i < layer; i++) {
    const kind = batch.layerKind[i];
    const at = batch.layerPtr[i] as number;
    if (kind === LAYER_VLAN) link += `.${batch.view.getUint16(at) & 0xfff}`;
    else if (kind === LAYER_VXLAN || kind === LAYER_GENEVE) link += `/${batch.view.getUint32(at + 4) >>> 8}`;
  }
  return link;
}
