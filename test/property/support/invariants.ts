/** What holds for every row of every batch, whatever the bytes. The first thing that does not is told in words. */
import type { Batch } from "../../../src-main/engine/kernel/batch";
import {
  E_FRAME_LENGTH,
  E_IP_LENGTH,
  E_KEY,
  E_NETWORK,
  E_PACKET,
  E_TIME,
  E_TRANSPORT,
  EVENT_BYTES,
  EVENTS_PER_PACKET,
  H_EVENTS,
  H_RAW_DONE,
  H_RAW_USED,
  H_REASSEMBLED_USED,
  LAYER_FLAG_BY_BYTES,
  LAYER_FLAG_CUT,
  LAYER_FLAG_FRAGMENT,
  LAYER_FLAG_QUOTED,
  LAYER_FLAG_REASSEMBLED,
  TAG_IPCOMP,
  LAYERS_PER_PACKET,
  MAX_DEPTH,
  MAX_EVENTS,
  MAX_LAYERS,
  MAX_PACKETS,
  NO_ROW,
  RAW_BYTES,
  REASSEMBLED_BYTES,
  S_EVENTS,
  S_RAW,
  S_REASSEMBLED,
  STOP_FRAGMENT,
  STOP_HEADER,
  STOP_LENGTH,
  STOP_NONE,
} from "../../../src-main/engine/kernel/assembly/abi";
import {
  LAYER_ETHERNET,
  LAYER_GRE,
  LAYER_ICMP,
  LAYER_ICMPV6,
  LAYER_GENEVE,
  LAYER_IP_OVER_UDP,
  LAYER_IPV4,
  LAYER_IPV6,
  LAYER_IPV6_FRAGMENT,
  LAYER_MPLS,
  LAYER_PAYLOAD,
  LAYER_PPPOE,
  LAYER_TAG,
  LAYER_UDP,
  LAYER_VLAN,
  LAYER_VXLAN,
  LAYER_WIREGUARD,
} from "../../../src-shared/model/layer-kind";
import { TRANSPORT_KINDS } from "./engine";

const ALL_FLAGS =
  LAYER_FLAG_QUOTED | LAYER_FLAG_FRAGMENT | LAYER_FLAG_REASSEMBLED | LAYER_FLAG_BY_BYTES | LAYER_FLAG_CUT;

/** Kinds whose header length is what its bytes say, so that LAYER_FLAG_CUT is told exactly when it is not all there. */
const EXACT_HEADERS: ReadonlySet<number> = new Set([
  LAYER_ETHERNET,
  LAYER_VLAN,
  LAYER_MPLS,
  LAYER_PPPOE,
  LAYER_IPV4,
  LAYER_IPV6,
  LAYER_UDP,
  LAYER_VXLAN,
  LAYER_GRE,
]);

const BY_BYTES_KINDS: ReadonlySet<number> = new Set([LAYER_GENEVE, LAYER_IP_OVER_UDP, LAYER_VXLAN, LAYER_WIREGUARD]);

/** The first broken invariant of a batch; undefined if all hold. `events`: the decode stage made flow events. */
export function brokenInvariant(batch: Batch, events: boolean): string | undefined {
  const { slot, view } = batch;
  const word = (at: number): number => view.getUint32(slot + at, true);
  const packets = batch.packetCount;
  if (packets > MAX_PACKETS) return `${packets} packets`;
  if (batch.layerCount > MAX_LAYERS) return `${batch.layerCount} layers`;
  if (word(H_RAW_USED) > RAW_BYTES) return `${word(H_RAW_USED)} raw bytes used`;
  if (word(H_RAW_DONE) > word(H_RAW_USED)) return `${word(H_RAW_DONE)} of ${word(H_RAW_USED)} raw bytes done`;
  if (word(H_REASSEMBLED_USED) > REASSEMBLED_BYTES) return `${word(H_REASSEMBLED_USED)} reassembled bytes`;
  let next = 0;
  for (let packet = 0; packet < packets; packet++) {
    if (batch.firstLayer[packet] !== next)
      return `packet ${packet}: first layer ${batch.firstLayer[packet]}, not ${next}`;
    next += batch.layersOf(packet);
    const broken = brokenPacket(batch, packet);
    if (broken) return `packet ${packet}: ${broken}`;
  }
  if (next !== batch.layerCount) return `${batch.layerCount} layers, packets have ${next}`;
  return events ? brokenEvents(batch) : undefined;
}

function brokenPacket(batch: Batch, packet: number): string | undefined {
  const { slot, view } = batch;
  const raw = slot + S_RAW;
  const used = view.getUint32(slot + H_RAW_USED, true);
  const data = batch.data[packet] as number;
  const captured = batch.captured[packet] as number;
  if (data < raw || data + captured > raw + used) return `data ${data - raw}+${captured} outside of ${used} raw bytes`;
  const options = batch.options[packet] as number;
  const optionsEnd = options + (batch.optionsLength[packet] as number);
  if (options && (options < data + captured || optionsEnd > raw + used))
    return `options ${options - data} to ${optionsEnd - data}`;
  return brokenLayers(batch, packet, data, data + captured);
}

/** Layers of a packet whose captured bytes are [data, end). */
function brokenLayers(batch: Batch, packet: number, data: number, end: number): string | undefined {
  const rebuiltStart = batch.slot + S_REASSEMBLED;
  const rebuiltEnd = rebuiltStart + batch.view.getUint32(batch.slot + H_REASSEMBLED_USED, true);
  const first = batch.firstLayer[packet] as number;
  const count = batch.layersOf(packet);
  const stop = batch.stopReason(packet);
  const stopAt = batch.stopAt[packet] as number;
  if (count > LAYERS_PER_PACKET || count >= 255) return `${count} layers`;
  if (stop > STOP_FRAGMENT) return `stop reason ${stop}`;
  let depth = 0;
  let rebuilt = false;
  let above = -1;
  for (let row = first; row < first + count; row++) {
    const kind = batch.layerKind[row] as number;
    const flags = batch.layerFlags[row] as number;
    const header = batch.layerHeader[row] as number;
    const ptr = batch.layerPtr[row] as number;
    const length = batch.layerLength[row] as number;
    const layerEnd = batch.layerEnd[row] as number;
    const aux = batch.layerAux[row] as number;
    const here = layerEnd - ptr;
    const last = row === first + count - 1;
    const name = `layer ${row - first} (kind ${kind})`;
    if (kind < 1 || kind > LAYER_PAYLOAD) return `${name}: no such kind`;
    if (flags & ~ALL_FLAGS) return `${name}: flags ${flags}`;

    // Bytes that were put together from fragments, or unpacked: those of a packed layer lie behind those it came in.
    const unpacked = above >= 0 && batch.layerKind[above] === LAYER_TAG && batch.layerAux[above] === TAG_IPCOMP;
    const begins = (flags & LAYER_FLAG_REASSEMBLED) !== 0 && (!rebuilt || (unpacked && ptr >= rebuiltStart));
    if (rebuilt && !(flags & LAYER_FLAG_REASSEMBLED)) return `${name}: not reassembled inside reassembled bytes`;
    if (begins) rebuilt = true;
    const low = rebuilt ? rebuiltStart : data;
    const high = rebuilt ? rebuiltEnd : end;
    if (ptr < low || ptr > high) return `${name}: begins ${ptr - low} of ${high - low} bytes`;
    if (layerEnd < ptr || layerEnd > high)
      return `${name}: ends ${layerEnd - low}, begins ${ptr - low}, of ${high - low} bytes`;
    if (here > length) return `${name}: ${here} bytes there, ${length} stated`;
    if (above >= 0 && !begins) {
      const upper = batch.layerPtr[above] as number;
      if (ptr < upper) return `${name}: begins before the layer above`;
      if (ptr < upper + (batch.layerHeader[above] as number)) return `${name}: begins inside the header above`;
      if (layerEnd > (batch.layerEnd[above] as number)) return `${name}: ends behind the layer above`;
      if (ptr + length > upper + (batch.layerLength[above] as number))
        return `${name}: states more than the layer above`;
    }
    if (!last && !(begins && row === first) && header > here)
      return `${name}: header of ${header} in ${here} bytes, and a layer follows`;

    if (flags & LAYER_FLAG_CUT) {
      if (!last) return `${name}: cut, and a layer follows`;
      if (stop === STOP_NONE) return `${name}: cut, and no stop reason`;
      if (header <= here && stop !== STOP_HEADER && stop !== STOP_LENGTH)
        return `${name}: cut, with its ${header} bytes of header there`;
    } else if (EXACT_HEADERS.has(kind) && header > here)
      return `${name}: header of ${header} in ${here} bytes, not marked cut`;
    if (flags & LAYER_FLAG_BY_BYTES && !BY_BYTES_KINDS.has(kind)) return `${name}: recognised by bytes`;
    if (
      above >= 0 &&
      (batch.layerFlags[above] as number) & LAYER_FLAG_QUOTED &&
      !(flags & LAYER_FLAG_QUOTED) &&
      !begins
    )
      return `${name}: not quoted inside a quote`;
    if (flags & LAYER_FLAG_QUOTED && (above < 0 || !((batch.layerFlags[above] as number) & LAYER_FLAG_QUOTED))) {
      const carrier = above < 0 ? 0 : (batch.layerKind[above] as number);
      if (carrier !== LAYER_ICMP && carrier !== LAYER_ICMPV6) return `${name}: quoted by kind ${carrier}`;
    }
    if (flags & LAYER_FLAG_FRAGMENT) {
      const broken = brokenFragment(batch, first, row, name);
      if (broken) return broken;
    }

    if (kind === LAYER_IPV4 || kind === LAYER_IPV6) depth++;
    if (TRANSPORT_KINDS.has(kind)) {
      const network = batch.layerKind[aux];
      if (aux < first || aux >= row || (network !== LAYER_IPV4 && network !== LAYER_IPV6))
        return `${name}: network layer in row ${aux - first}`;
    }
    above = row;
  }
  if (depth > MAX_DEPTH) return `${depth} network layers`;

  const low = rebuilt ? rebuiltStart : data;
  const high = rebuilt ? rebuiltEnd : end;
  if (stop === STOP_NONE) {
    if (stopAt !== 0) return `no stop reason, but a place ${stopAt - data}`;
    if (count === 0) return batch.isCustomBlock(packet) ? undefined : "no layers, and no stop reason";
    // Ended by itself: nothing of the innermost layer is missing. (PPPoE's own length is no part of its row: 0 ends it.)
    const here = (batch.layerEnd[above] as number) - (batch.layerPtr[above] as number);
    if (here < (batch.layerLength[above] as number) && batch.layerKind[above] !== LAYER_PPPOE)
      return `${here} bytes of ${batch.layerLength[above]} in the last layer (kind ${batch.layerKind[above]}), and no stop reason`;
  } else if (stopAt < low || stopAt > high) return `stopped (${stop}) at ${stopAt - low} of ${high - low} bytes`;
  if (stop !== STOP_FRAGMENT) return undefined;
  for (let row = first; row < first + count; row++)
    if ((batch.layerFlags[row] as number) & LAYER_FLAG_FRAGMENT) return undefined;
  return "stopped at a fragment, and no layer is one";
}

/** The flag begins at an IP header that says so. */
function brokenFragment(batch: Batch, first: number, row: number, name: string): string | undefined {
  for (let r = row; r >= first; r--) {
    const kind = batch.layerKind[r] as number;
    const ptr = batch.layerPtr[r] as number;
    if (!((batch.layerFlags[r] as number) & LAYER_FLAG_FRAGMENT)) continue;
    if (kind === LAYER_IPV4 && batch.view.getUint16(ptr + 6) & 0x3fff) return undefined;
    if (kind === LAYER_IPV6)
      for (let k = r + 1, n = batch.layerCount; k < n; k++)
        if (batch.layerKind[k] === LAYER_IPV6_FRAGMENT) return undefined;
  }
  return `${name}: fragment of nothing`;
}

function brokenEvents(batch: Batch): string | undefined {
  const { slot, view } = batch;
  const n = view.getUint32(slot + H_EVENTS, true);
  if (n > MAX_EVENTS) return `${n} events`;
  let before = -1;
  let ofPacket = 0;
  for (let i = 0; i < n; i++) {
    const e = slot + S_EVENTS + i * EVENT_BYTES;
    const packet = view.getUint32(e + E_PACKET, true);
    const network = view.getUint32(e + E_NETWORK, true);
    const transport = view.getUint32(e + E_TRANSPORT, true);
    const name = `event ${i} of packet ${packet}`;
    if (packet < before || packet >= batch.packetCount) return `${name}: after one of packet ${before}`;
    ofPacket = packet === before ? ofPacket + 1 : 1;
    if (ofPacket > EVENTS_PER_PACKET) return `${name}: its ${ofPacket}th`;
    before = packet;
    const first = batch.firstLayer[packet] as number;
    const end = first + batch.layersOf(packet);
    const kind = batch.layerKind[network];
    if (network < first || network >= end || (kind !== LAYER_IPV4 && kind !== LAYER_IPV6))
      return `${name}: network row`;
    if ((batch.layerFlags[network] as number) & LAYER_FLAG_CUT) return `${name}: of a header that is cut`;
    if (
      transport !== NO_ROW &&
      (transport <= network || transport >= end || !TRANSPORT_KINDS.has(batch.layerKind[transport] as number))
    )
      return `${name}: transport row`;
    if (view.getUint32(e + E_KEY, true) > view.getUint32(e + E_KEY + 4, true)) return `${name}: endpoints out of order`;
    if (view.getUint32(e + E_TIME, true) !== batch.time[packet * 2]) return `${name}: time`;
    if (view.getUint32(e + E_FRAME_LENGTH, true) !== batch.length[packet]) return `${name}: frame length`;
    if (view.getUint32(e + E_IP_LENGTH, true) !== batch.layerLength[network]) return `${name}: IP length`;
  }
  return undefined;
}
