/** communityid: the Community ID of the packet's innermost flow, as tshark's dissector of that name prints it. */
import {
  LAYER_ICMP,
  LAYER_ICMPV6,
  LAYER_IPV4,
  LAYER_IPV6,
  LAYER_SCTP,
  LAYER_TCP,
  LAYER_UDP,
} from "../../../src-shared/model/layer-kind";
import { appendString } from "../../../src-shared/tables/value-column";
import { LAYER_FLAG_CUT, LAYER_FLAG_QUOTED } from "../kernel/assembly/abi";
import type { Batch } from "../kernel/batch";
import { type Field, readUint } from "./field";
import type { FieldContext } from "./field-context";
import { finalDestination } from "./network-fields";

const SEED = 0;
const WORK_BYTES = 64;
const ID_BYTES = 20;
const NO_PORTS = 256;
const PROTOCOLS: ReadonlyMap<number, number> = new Map([
  [LAYER_TCP, 6],
  [LAYER_UDP, 17],
  [LAYER_SCTP, 132],
  [LAYER_ICMP, 1],
  [LAYER_ICMPV6, 58],
]);
/** Those Wireshark shows a type for. */
const ICMP_TYPES: ReadonlySet<number> = new Set([0, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 40, 42, 43]);

export const COMMUNITY_ID: Field = {
  name: "communityid",
  label: "Community ID of the innermost flow",
  kind: "string",
  protocol: "communityid",
  hexDigits: 0,
  needsStreams: false,
  collect(index, out, context) {
    const { batch } = index;
    for (let packet = 0, n = batch.packetCount; packet < n; packet++) {
      const id = communityId(batch, packet, context);
      if (id !== "") appendString(out, packet, 1, id);
    }
  },
};

function communityId(batch: Batch, packet: number, context: FieldContext): string {
  const { bytes, layerKind, layerPtr, layerEnd, layerFlags } = batch;
  const first = batch.firstLayer[packet] as number;
  const last = first + batch.layersOf(packet);
  let network = -1;
  let transport = -1;
  let outermost = -1;
  for (let row = first; row < last; row++) {
    const flags = layerFlags[row] as number;
    if (flags & LAYER_FLAG_QUOTED) break;
    const kind = layerKind[row] as number;
    if (kind === LAYER_IPV4 || kind === LAYER_IPV6) {
      if ((layerEnd[row] as number) - (layerPtr[row] as number) < (kind === LAYER_IPV4 ? 20 : 40)) break;
      network = row;
      transport = -1;
      if (outermost < 0 && kind === LAYER_IPV4) outermost = row;
    } else if ((kind >= LAYER_TCP && kind <= LAYER_SCTP) || kind === LAYER_ICMP || kind === LAYER_ICMPV6) {
      const size = (layerEnd[row] as number) - (layerPtr[row] as number);
      if (!(flags & LAYER_FLAG_CUT) || (kind === LAYER_TCP && size >= 4)) transport = row;
    }
  }
  if (network < 0) return "";
  const v4 = layerKind[network] === LAYER_IPV4;
  const header = layerPtr[network] as number;
  const { scratch, kernel } = context;
  // Without ports, whatever the protocol: the kernel looks at all bits of the number and hashes eight. tshark takes the
  // first protocol number of the packet then.
  let protocol = v4 ? (bytes[(layerPtr[outermost] as number) + 9] as number) | NO_PORTS : -1;
  let source = 0;
  let destination = 0;
  if (transport >= 0) {
    const p = layerPtr[transport] as number;
    const kind = layerKind[transport] as number;
    if (kind !== LAYER_ICMP || ICMP_TYPES.has(bytes[p] as number)) {
      protocol = PROTOCOLS.get(kind) as number;
      const width = kind === LAYER_ICMP || kind === LAYER_ICMPV6 ? 1 : 2;
      source = readUint(bytes, p, width);
      destination = readUint(bytes, p + width, width);
    }
  }
  if (protocol < 0) return "";
  const width = v4 ? 4 : 16;
  const from = header + (v4 ? 12 : 8);
  const to = v4 ? finalDestination(bytes, header, layerEnd[network] as number) : from + width;
  const at = scratch + WORK_BYTES;
  kernel.communityId(from, to, width, protocol, source, destination, SEED, scratch, at);
  return `1:${base64(bytes, at, ID_BYTES)}`;
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function base64(bytes: Uint8Array, from: number, length: number): string {
  let text = "";
  for (let i = 0; i < length; i += 3) {
    const left = length - i;
    const v =
      readUint(bytes, from + i, 1) * 65536 +
      (left > 1 ? (bytes[from + i + 1] as number) * 256 : 0) +
      (left > 2 ? (bytes[from + i + 2] as number) : 0);
    text += DIGITS.charAt(v >> 18) + DIGITS.charAt((v >> 12) & 63);
    text += (left > 1 ? DIGITS.charAt((v >> 6) & 63) : "=") + (left > 2 ? DIGITS.charAt(v & 63) : "=");
  }
  return text;
}
