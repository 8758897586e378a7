/**
 * Checksums of TCP, UDP, ICMP and ICMPv6, verified, with the offload case told apart.
 *
 * A sender whose device computes checksums leaves a *partial* one: the pseudo header's sum, folded but not inverted (Linux,
 * CHECKSUM_PARTIAL). A capture at its veth or tunnel device shows that; the segment is sound.
 *
 * ```
 * pseudo header   IPv4: source 4 │ destination 4 │ 0 │ protocol │ length 2        IPv6: 16 │ 16 │ length 4 │ protocol 4
 * good            sum(pseudo header, header with its checksum, payload) = ffff    (RFC 1071, RFC 8200 section 8.1)
 * partial         checksum = sum(pseudo header), the length in it 0 where the device splits the segment
 * ```
 *
 * `*.checksum.status` reads as tshark prints it: of TCP and UDP 2 (not verified) unless verification is asked for, of ICMP
 * always verified; a partial one is good, as in Wireshark from 4.2 on. `*.checksum.bad` and `*.checksum.partial` are
 * computed whenever a filter or a column names them.
 */
import {
  LAYER_ICMP,
  LAYER_ICMPV6,
  LAYER_IPV4,
  LAYER_IPV6,
  LAYER_IPV6_ROUTING,
  LAYER_TCP,
  LAYER_UDP,
} from "../../../src-shared/model/layer-kind";
import { appendValue } from "../../../src-shared/tables/value-column";
import { LAYER_FLAG_FRAGMENT, LAYER_FLAG_QUOTED } from "../kernel/assembly/abi";
import type { Batch } from "../kernel/batch";
import type { KernelExports } from "../kernel/kernel";
import { type Available, type Field, captured, readUint, rowField } from "./field";
import { tcpRest, udpChecksum } from "./transport-fields";

export const CHECKSUM_BAD = 0;
export const CHECKSUM_GOOD = 1;
/** Not all that it covers is here, or it was not asked for. */
const CHECKSUM_UNVERIFIED = 2;
/** UDP: 0 means that the sender computed none. */
export const CHECKSUM_NOT_PRESENT = 3;
/** UDP over IPv6 must have one (RFC 8200 section 8.1). */
export const CHECKSUM_ILLEGAL = 4;
/** Left to the device; not among Wireshark's numbers. */
export const CHECKSUM_PARTIAL = 5;

const PROTOCOL_TCP = 6;
const PROTOCOL_UDP = 17;
const PROTOCOL_ICMPV6 = 58;
const ALL_ONES = 0xffff;

/** Sums are of words as they lie in memory: a number's bytes are swapped to join them. */
const inMemoryOrder = (word: number): number => ((word & 0xff) << 8) | ((word >>> 8) & 0xff);

/** CHECKSUM_* of the transport layer `row`: computed, whatever the setting. */
export function verifyChecksum(batch: Batch, row: number, kernel: KernelExports): number {
  switch (batch.layerKind[row]) {
    case LAYER_TCP:
      return verify(batch, row, kernel, PROTOCOL_TCP, 16);
    case LAYER_UDP: {
      const p = batch.layerPtr[row] as number;
      if (captured(batch, row) < 8) return CHECKSUM_UNVERIFIED;
      if (readUint(batch.bytes, p + 6, 2) !== 0) return verify(batch, row, kernel, PROTOCOL_UDP, 6);
      return batch.layerKind[batch.layerAux[row] as number] === LAYER_IPV6 ? CHECKSUM_ILLEGAL : CHECKSUM_NOT_PRESENT;
    }
    case LAYER_ICMP:
      return verify(batch, row, kernel, 0, 2);
    case LAYER_ICMPV6:
      return verify(batch, row, kernel, PROTOCOL_ICMPV6, 2);
    default:
      return CHECKSUM_UNVERIFIED;
  }
}

/** `protocol` is 0 where no pseudo header is covered; the checksum lies at `offset`. */
function verify(batch: Batch, row: number, kernel: KernelExports, protocol: number, offset: number): number {
  const p = batch.layerPtr[row] as number;
  const here = captured(batch, row);
  const length = batch.layerLength[row] as number;
  const flags = batch.layerFlags[row] as number;
  if (here < length || here < offset + 2 || flags & (LAYER_FLAG_QUOTED | LAYER_FLAG_FRAGMENT))
    return CHECKSUM_UNVERIFIED;
  if (protocol === 0) return kernel.sum16(p, length, 0) === ALL_ONES ? CHECKSUM_GOOD : CHECKSUM_BAD;

  const network = batch.layerAux[row] as number;
  const kind = batch.layerKind[network];
  const known = kind === LAYER_IPV4 || (kind === LAYER_IPV6 && !hasRoute(batch, network, row));
  if (!known) return CHECKSUM_UNVERIFIED;
  const header = batch.layerPtr[network] as number;
  const [addresses, bytes] = kind === LAYER_IPV4 ? [header + 12, 8] : [header + 8, 32];
  const pseudo = (stated: number): number =>
    kernel.sum16(addresses, bytes, inMemoryOrder(protocol) + inMemoryOrder(stated >>> 16) + inMemoryOrder(stated));
  const whole = pseudo(length);
  if (kernel.sum16(p, length, whole) === ALL_ONES) return CHECKSUM_GOOD;
  const sent = inMemoryOrder(readUint(batch.bytes, p + offset, 2));
  return sent === whole || sent === pseudo(0) ? CHECKSUM_PARTIAL : CHECKSUM_BAD;
}

/** A routing header in between that is not used up: the pseudo header has its last address, not the header's. */
function hasRoute(batch: Batch, network: number, transport: number): boolean {
  for (let row = network + 1; row < transport; row++)
    if (batch.layerKind[row] === LAYER_IPV6_ROUTING && batch.bytes[(batch.layerPtr[row] as number) + 3] !== 0)
      return true;
  return false;
}

const status = (protocol: string, layer: number, available: Available, bytes: number, always: boolean): Field =>
  rowField(
    {
      name: `${protocol}.checksum.status`,
      label: "Checksum status (0 bad, 1 good, 2 not verified, 3 not present)",
      kind: "uint",
      protocol,
    },
    layer,
    (batch, row, packet, ordinal, out, context) => {
      if (available(batch, row) < bytes) return;
      let value = verifyChecksum(batch, row, context.kernel);
      const computed = value === CHECKSUM_GOOD || value === CHECKSUM_BAD || value === CHECKSUM_PARTIAL;
      if (computed && !always && !context.verifyChecksums) value = CHECKSUM_UNVERIFIED;
      appendValue(out, packet, ordinal, value === CHECKSUM_PARTIAL ? CHECKSUM_GOOD : value);
    },
  );

const is = (name: string, label: string, wanted: number, protocol: string, layer: number): Field =>
  rowField({ name, label, kind: "none", protocol }, layer, (batch, row, packet, ordinal, out, context) => {
    if (verifyChecksum(batch, row, context.kernel) === wanted) appendValue(out, packet, ordinal, 1);
  });

const bad = (protocol: string, layer: number): Field =>
  is(`${protocol}.checksum.bad`, "Checksum is wrong", CHECKSUM_BAD, protocol, layer);
const partial = (protocol: string, layer: number): Field =>
  is(`${protocol}.checksum.partial`, "Checksum left to the device (offload)", CHECKSUM_PARTIAL, protocol, layer);

export const CHECKSUM_FIELDS: readonly Field[] = [
  status("tcp", LAYER_TCP, tcpRest, 18, false),
  bad("tcp", LAYER_TCP),
  partial("tcp", LAYER_TCP),
  status("udp", LAYER_UDP, udpChecksum, 8, false),
  bad("udp", LAYER_UDP),
  partial("udp", LAYER_UDP),
  status("icmp", LAYER_ICMP, captured, 4, true),
  bad("icmp", LAYER_ICMP),
  status("icmpv6", LAYER_ICMPV6, captured, 4, true),
  bad("icmpv6", LAYER_ICMPV6),
];
