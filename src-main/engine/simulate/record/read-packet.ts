/**
 * Tuple, payload length and carriers of a packet of the simulator's own: it knows which ports are tunnels, so nothing is guessed.
 */
import { formatIpv4, formatIpv6 } from "../../../../src-shared/model/address";
import { LINKTYPE_ETHERNET } from "../../../../src-shared/model/link-type";

export interface Tuple {
  readonly protocol: number;
  readonly source: string;
  readonly destination: string;
  /** ICMP echo: the identifier, in both. */
  readonly sourcePort: number;
  readonly destinationPort: number;
}

export interface Carrier {
  readonly kind: "vxlan" | "ipip" | "ip-udp";
  readonly vni: number | null;
  /** UDP destination port. */
  readonly port: number | null;
  readonly source: string;
  readonly destination: string;
}

export interface ReadPacket {
  readonly tuple: Tuple;
  readonly carriers: readonly Carrier[];
  /** Bytes behind the transport header. */
  readonly payload: number;
  /** FIN 1 SYN 2 RST 4 ACK 16; 0 for others. */
  readonly tcpFlags: number;
  readonly icmpType: number;
  readonly ttl: number;
  /** A fragment that is not the first has no ports. */
  readonly laterFragment: boolean;
}

export interface KnownTunnels {
  readonly vxlanPorts: ReadonlySet<number>;
  readonly ipUdpPorts: ReadonlySet<number>;
}

const IPIP = 4;
const ICMP = 1;
const TCP = 6;
const UDP = 17;
const FRAGMENT = 44;
const ICMPV6 = 58;

/** Undefined: no IP packet (ARP). */
export function readFrame(bytes: Uint8Array, linkType: number, tunnels: KnownTunnels): ReadPacket | undefined {
  let at = 0;
  if (linkType === LINKTYPE_ETHERNET) {
    if (!isIpType(((bytes[12] ?? 0) << 8) + (bytes[13] ?? 0))) return undefined;
    at = 14;
  }
  return readDatagram(bytes, at, tunnels, []);
}

export function readDatagram(
  bytes: Uint8Array,
  at: number,
  tunnels: KnownTunnels,
  carriers: readonly Carrier[],
): ReadPacket | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = readIpHeader(bytes, view, at);
  if (!header) return undefined;
  const { protocol, laterFragment, source, destination, ttl, body, length } = header;
  const result = (
    sourcePort: number,
    destinationPort: number,
    header: number,
    more?: Partial<ReadPacket>,
  ): ReadPacket => ({
    tuple: { protocol, source, destination, sourcePort, destinationPort },
    carriers,
    payload: Math.max(0, length - header),
    tcpFlags: 0,
    icmpType: -1,
    ttl,
    laterFragment,
    ...more,
  });
  if (laterFragment) return result(0, 0, 0);
  const carry = (kind: Carrier["kind"], vni: number | null, port: number | null): Carrier => ({
    kind,
    vni,
    port,
    source,
    destination,
  });
  if (protocol === IPIP) return readDatagram(bytes, body, tunnels, [...carriers, carry("ipip", null, null)]);
  if (protocol === UDP && length >= 8) {
    const port = view.getUint16(body + 2);
    if (tunnels.vxlanPorts.has(port) && length >= 16 + 14)
      return isIpType(view.getUint16(body + 16 + 12))
        ? readDatagram(bytes, body + 16 + 14, tunnels, [
            ...carriers,
            carry("vxlan", view.getUint32(body + 12) >>> 8, port),
          ])
        : undefined;
    if (tunnels.ipUdpPorts.has(port))
      return readDatagram(bytes, body + 8, tunnels, [...carriers, carry("ip-udp", null, port)]);
    return result(view.getUint16(body), port, 8);
  }
  if (protocol === TCP && length >= 20)
    return result(view.getUint16(body), view.getUint16(body + 2), ((bytes[body + 12] ?? 0) >>> 4) * 4, {
      tcpFlags: bytes[body + 13] ?? 0,
    });
  if (protocol === ICMP && length >= 8) {
    const icmpType = bytes[body] ?? 0;
    const identifier = icmpType === 8 || icmpType === 0 ? view.getUint16(body + 4) : 0;
    return result(identifier, identifier, 8, { icmpType });
  }
  if (protocol === ICMPV6 && length >= 8) {
    const icmpType = bytes[body] ?? 0;
    const identifier = icmpType === 128 || icmpType === 129 ? view.getUint16(body + 4) : 0;
    return result(identifier, identifier, 8, { icmpType });
  }
  return result(0, 0, 0);
}

function isIpType(ethertype: number): boolean {
  return ethertype === 0x0800 || ethertype === 0x86dd;
}

interface IpHeaderRead {
  readonly protocol: number;
  readonly laterFragment: boolean;
  readonly source: string;
  readonly destination: string;
  readonly ttl: number;
  /** Offset and length of what follows. */
  readonly body: number;
  readonly length: number;
}

function readIpHeader(bytes: Uint8Array, view: DataView, at: number): IpHeaderRead | undefined {
  const version = (bytes[at] ?? 0) >>> 4;
  if (version === 6 && bytes.length >= at + 40) {
    const isFragment = bytes[at + 6] === FRAGMENT;
    const extension = isFragment ? 8 : 0;
    return {
      protocol: bytes[isFragment ? at + 40 : at + 6] ?? 0,
      laterFragment: isFragment && view.getUint16(at + 42) >>> 3 !== 0,
      source: formatIpv6(bytes, at + 8),
      destination: formatIpv6(bytes, at + 24),
      ttl: bytes[at + 7] ?? 0,
      body: at + 40 + extension,
      length: view.getUint16(at + 4) - extension,
    };
  }
  if (version !== 4 || bytes.length < at + 20) return undefined;
  const headerLength = ((bytes[at] ?? 0) & 15) * 4;
  return {
    protocol: bytes[at + 9] ?? 0,
    laterFragment: (view.getUint16(at + 6) & 0x1fff) !== 0,
    source: formatIpv4(view.getUint32(at + 12)),
    destination: formatIpv4(view.getUint32(at + 16)),
    ttl: bytes[at + 8] ?? 0,
    body: at + headerLength,
    length: view.getUint16(at + 2) - headerLength,
  };
}
