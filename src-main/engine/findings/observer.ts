/**
 * What findings need besides sightings: gathered from the batches while they pass, because nothing keeps the packets' bytes.
 *
 * ```
 * batch ─► ARP claims           who said to have which address            arp-claims.ts
 *       ├► Neighbour Discovery  who was asked for over IPv6               neighbour-questions.ts
 *       ├► DNS messages         question, answer or none, when            dns-messages.ts
 *       ├► outer UDP checksums  of tunnelled packets: right, wrong, none  tunnel-checksums.ts
 *       ├► MTU of "fragmentation needed"
 *       └► first and last time of every capture point
 * ```
 * Only packets with such layers cost more than a look at their layer kinds.
 */
import {
  LAYER_ARP,
  LAYER_DNS,
  LAYER_ICMP,
  LAYER_ICMPV6,
  LAYER_SLL,
  LAYER_SLL2,
  LAYER_UDP,
  LAYER_VXLAN,
  LAYER_GENEVE,
  LAYER_IP_OVER_UDP,
} from "../../../src-shared/model/layer-kind";
import { LAYER_FLAG_QUOTED, PACKET_NO_TIME, STOP_CAPTURE } from "../kernel/assembly/abi";
import type { Batch } from "../kernel/batch";
import type { AddressQuestion } from "./address-questions";
import { ArpClaims } from "./arp-claims";
import { NeighbourQuestions } from "./neighbour-questions";
import { DnsMessages } from "./dns-messages";
import type { ObservedPacket } from "./observed-packet";
import { TunnelChecksums } from "./tunnel-checksums";

export class PacketObserver {
  readonly arp = new ArpClaims();
  readonly neighbours = new NeighbourQuestions();
  readonly dns = new DnsMessages();
  readonly checksums = new TunnelChecksums();
  /** MTU that an ICMP "fragmentation needed" or "packet too big" told, by packet. */
  readonly toldMtu = new Map<number, number>();
  /** Time of the first and the last packet, by capture point; a point without packets has none. */
  readonly firstNs: (number | undefined)[] = [];
  readonly lastNs: (number | undefined)[] = [];
  /** Points that are Linux's "any" device: one packet is seen there once for every interface it passes. */
  readonly cookedPoints = new Set<number>();
  /** Packets by point whose headers lie behind the end of what was captured of them (a snap length): what they carry is not seen. */
  readonly cutPackets = new Map<number, number>();
  /** Index of what would be packet number 0 of a file, by file. */
  readonly #fileBase: number[] = [];
  #packets = 0;
  #baseSeconds: number | undefined;

  /** Whole seconds that all `atNs` count from. */
  get baseSeconds(): number {
    return this.#baseSeconds ?? 0;
  }

  /** Packets seen so far. */
  get packets(): number {
    return this.#packets;
  }

  /** frame.number of a packet of a file. */
  frameNumber(file: number, packet: number): number {
    return packet - (this.#fileBase[file] ?? 0);
  }

  /** Questions of ARP or of Neighbour Discovery for an address that nobody answers, on any link. */
  unanswered(address: string): readonly AddressQuestion[] {
    return (address.includes(":") ? this.neighbours : this.arp).questions.unanswered(address);
  }

  /** The questions for all such addresses. */
  *allUnanswered(): Generator<AddressQuestion> {
    yield* this.arp.questions.allUnanswered();
    yield* this.neighbours.questions.allUnanswered();
  }

  /** Sees one batch; to be called for every batch, in order. Packets of points in `off` are passed over. */
  observe(batch: Batch, off?: ReadonlySet<number>): void {
    const count = batch.packetCount;
    const { layerKind } = batch;
    this.#fileBase[batch.file] = this.#packets - batch.numberBefore - 1;
    for (let row = 0; row < count; row++) {
      const seconds = batch.seconds(row);
      this.#baseSeconds ??= seconds;
      const atNs = (seconds - this.#baseSeconds) * 1e9 + batch.nanoseconds(row);
      const point = batch.point[row] as number;
      if (off?.has(point)) continue;
      if (!(batch.packetFlags(row) & PACKET_NO_TIME)) this.#span(point, atNs);
      if (batch.stopReason(row) === STOP_CAPTURE) this.cutPackets.set(point, (this.cutPackets.get(point) ?? 0) + 1);
      const first = batch.firstLayer[row] as number;
      const end = first + batch.layersOf(row);
      const link = layerKind[first];
      if (link === LAYER_SLL || link === LAYER_SLL2) this.cookedPoints.add(point);
      // An object only for the few packets that are looked at.
      let observed: ObservedPacket | undefined;
      for (let layer = first; layer < end; layer++) {
        if (!LOOKED_AT[layerKind[layer] as number]) continue;
        observed ??= { batch, row, packet: this.#packets + row, point, atNs };
        this.#layer(observed, layer, end);
      }
    }
    this.#packets += count;
  }

  #span(point: number, atNs: number): void {
    const first = this.firstNs[point];
    const last = this.lastNs[point];
    if (first === undefined || atNs < first) this.firstNs[point] = atNs;
    if (last === undefined || atNs > last) this.lastNs[point] = atNs;
  }

  #layer(observed: ObservedPacket, layer: number, end: number): void {
    const { batch } = observed;
    const kind = batch.layerKind[layer];
    const quoted = ((batch.layerFlags[layer] as number) & LAYER_FLAG_QUOTED) !== 0;
    if (kind === LAYER_ARP) this.arp.take(observed, layer);
    else if (quoted) return;
    else if (kind === LAYER_DNS) this.dns.take(observed, layer);
    else if (kind === LAYER_ICMP || kind === LAYER_ICMPV6) {
      const mtu = toldMtu(batch, layer);
      if (mtu !== undefined) this.toldMtu.set(observed.packet, mtu);
      if (kind === LAYER_ICMPV6) this.neighbours.take(observed, layer);
    } else if (kind === LAYER_UDP && layer + 1 < end && TUNNELS.has(batch.layerKind[layer + 1] as number))
      this.checksums.take(observed, layer, end);
  }
}

const TUNNELS: ReadonlySet<number> = new Set([LAYER_VXLAN, LAYER_GENEVE, LAYER_IP_OVER_UDP]);
const LOOKED_AT = new Uint8Array(256);
for (const kind of [LAYER_ARP, LAYER_DNS, LAYER_ICMP, LAYER_ICMPV6, LAYER_UDP]) LOOKED_AT[kind] = 1;

/** RFC 1191 section 4: type 3, code 4, next-hop MTU at byte 6 (0 from old routers). RFC 4443 section 3.2: type 2, MTU at byte 4. */
function toldMtu(batch: Batch, layer: number): number | undefined {
  const at = batch.layerPtr[layer] as number;
  if ((batch.layerEnd[layer] as number) - at < 8) return undefined;
  const type = batch.bytes[at] as number;
  if (batch.layerKind[layer] === LAYER_ICMP)
    return type === 3 && batch.bytes[at + 1] === 4 ? batch.view.getUint16(at + 6) : undefined;
  return type === 2 ? batch.view.getUint32(at + 4) : undefined;
}
