/**
 * Builds one Ethernet frame in place: the carrier (plain, VLAN, VXLAN, IP in IP) and the packet in it. Lengths and checksums
 * are right, so that no reader takes another path than with a real capture.
 *
 * ```
 * PLAIN, VLAN   Ethernet [802.1Q]                        │ IPv4, IPv6 │ TCP, UDP, ICMP │ payload
 * VXLAN         Ethernet │ IPv4 │ UDP │ VXLAN │ Ethernet │ …
 * IP_IN_IP      Ethernet │ IPv4                          │ …
 * ```
 *
 * A checksum is the complement of the sum of 16-bit words modulo 65535: parts are added up in any order, folded once.
 */
export const PLAIN = 0;
export const VLAN = 1;
export const VXLAN = 2;
export const IP_IN_IP = 3;

export const ICMP = 1;
export const TCP = 6;
export const UDP = 17;
const ICMPV6 = 58;

export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const PSH = 0x08;
export const ACK = 0x10;

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_ARP = 0x0806;
const ETHERTYPE_VLAN = 0x8100;
const ETHERTYPE_IPV6 = 0x86dd;
const SHORTEST_FRAME = 60;

/** fd00:10:f4::/96; the IPv4 address is the last 32 bits. */
const IPV6_PREFIX = [0xfd00, 0x0010, 0x00f4, 0, 0, 0];
const IPV6_PREFIX_SUM = 0xfd00 + 0x0010 + 0x00f4;

/** One IP packet, described; reused for each, so every field is always a number or a boolean. */
export class Packet {
  ipv6 = false;
  protocol = TCP;
  source = 0;
  destination = 0;
  sourcePort = 0;
  destinationPort = 0;
  ttl = 64;
  identification = 0;

  flags = 0;
  sequence = 0;
  acknowledgement = 0;
  /** A SYN then has all its usual options, other segments the time stamps. */
  tcpOptions = false;
  timestamp = 0;
  timestampEcho = 0;

  /** ICMP echo: a reply. Identifier and sequence number are sourcePort and sequence. */
  reply = false;

  payloadFrom = 0;
  payloadLength = 0;
  /** Written over the first two bytes of the payload, which are zeros in the pool: a DNS id. */
  id = 0;
  /** The payload begins with a TLS record header. */
  tls = false;
}

/** What is around it. A number of each device makes its MAC address. */
export class Carrier {
  kind = PLAIN;
  sourceDevice = 0;
  destinationDevice = 0;
  vlan = 0;

  outerSource = 0;
  outerDestination = 0;
  identification = 0;
  tunnelSourcePort = 0;
  tunnelPort = 0;
  vni = 0;
  innerSourceDevice = 0;
  innerDestinationDevice = 0;
}

/** @param {Packet} p */
export function tcpHeaderLength(p) {
  if (!p.tcpOptions) return 20;
  return p.flags & SYN ? 40 : 32;
}

/**
 * The position after the frame.
 * @param {Uint8Array} b
 * @param {number} start
 * @param {Packet} p
 * @param {Carrier} c
 * @param {import("./payloads.mjs").Payloads} payloads
 */
export function writeFrame(b, start, p, c, payloads) {
  const transportLength = (p.protocol === TCP ? tcpHeaderLength(p) : 8) + p.payloadLength;
  const length = transportLength + (p.ipv6 ? 40 : 20);
  const etherType = p.ipv6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4;
  let at;
  switch (c.kind) {
    case VXLAN: {
      const udpLength = 8 + 8 + 14 + length;
      at = writeEthernet(b, start, c.sourceDevice, c.destinationDevice, ETHERTYPE_IPV4);
      at = writeIpv4(b, at, UDP, c.outerSource, c.outerDestination, 64, c.identification, udpLength);
      // Over IPv4 the checksum may be left out (0), and the kernel does.
      at = writeUdp(b, at, c.tunnelSourcePort, c.tunnelPort, udpLength, 0);
      at = write32(b, at, 0x08000000);
      at = write32(b, at, c.vni << 8);
      at = writeEthernet(b, at, c.innerSourceDevice, c.innerDestinationDevice, etherType);
      break;
    }
    case IP_IN_IP:
      at = writeEthernet(b, start, c.sourceDevice, c.destinationDevice, ETHERTYPE_IPV4);
      at = writeIpv4(b, at, p.ipv6 ? 41 : 4, c.outerSource, c.outerDestination, 64, c.identification, length);
      break;
    case VLAN:
      at = writeEthernet(b, start, c.sourceDevice, c.destinationDevice, ETHERTYPE_VLAN);
      at = write16(b, at, c.vlan);
      at = write16(b, at, etherType);
      break;
    default:
      at = writeEthernet(b, start, c.sourceDevice, c.destinationDevice, etherType);
  }
  at = p.ipv6
    ? writeIpv6(b, at, p, transportLength)
    : writeIpv4(b, at, p.protocol, p.source, p.destination, p.ttl, p.identification, transportLength);
  at = writeTransport(b, at, p, transportLength, payloads);
  while (at < start + SHORTEST_FRAME) b[at++] = 0;
  return at;
}

/**
 * @param {Uint8Array} b
 * @param {number} start
 * @param {{ reply: boolean, device: number, address: number, peerDevice: number, peerAddress: number }} a
 */
export function writeArp(b, start, { reply, device, address, peerDevice, peerAddress }) {
  let at = writeMac(b, start, peerDevice);
  if (!reply) b.fill(0xff, start, start + 6);
  at = writeMac(b, at, device);
  at = write16(b, at, ETHERTYPE_ARP);
  at = write32(b, at, 0x00010800);
  at = write32(b, at, 0x06040000 | (reply ? 2 : 1));
  at = writeMac(b, at, device);
  at = write32(b, at, address);
  at = writeMac(b, at, peerDevice);
  if (!reply) b.fill(0, at - 6, at);
  at = write32(b, at, peerAddress);
  while (at < start + SHORTEST_FRAME) b[at++] = 0;
  return at;
}

/**
 * @param {Uint8Array} b
 * @param {number} at
 * @param {Packet} p
 * @param {number} length
 * @param {import("./payloads.mjs").Payloads} payloads
 */
function writeTransport(b, at, p, length, payloads) {
  const headerLength = length - p.payloadLength;
  const body = at + headerLength;
  let sum = payloads.copy(b, body, p.payloadFrom, p.payloadLength);
  if (p.tls) sum += writeTlsHeader(b, body, p.payloadLength);
  if (p.id) {
    write16(b, body, p.id);
    sum += p.id;
  }
  if (p.protocol === ICMP) {
    const type = p.ipv6 ? (p.reply ? 129 : 128) : p.reply ? 0 : 8;
    write16(b, at, type << 8);
    write16(b, at + 4, p.sourcePort);
    write16(b, at + 6, p.sequence);
    sum += (type << 8) + p.sourcePort + (p.sequence & 0xffff) + (p.ipv6 ? pseudoHeaderSum(p, ICMPV6, length) : 0);
    write16(b, at + 2, checksum(sum));
    return body + p.payloadLength;
  }
  sum += pseudoHeaderSum(p, p.protocol, length);
  if (p.protocol === UDP) {
    sum += p.sourcePort + p.destinationPort + length;
    writeUdp(b, at, p.sourcePort, p.destinationPort, length, checksum(sum) || 0xffff);
    return body + p.payloadLength;
  }
  const offsetAndFlags = (headerLength << 10) | p.flags;
  write16(b, at, p.sourcePort);
  write16(b, at + 2, p.destinationPort);
  write32(b, at + 4, p.sequence);
  write32(b, at + 8, p.acknowledgement);
  write16(b, at + 12, offsetAndFlags);
  write16(b, at + 14, 64240);
  write32(b, at + 16, 0);
  sum += p.sourcePort + p.destinationPort + words(p.sequence) + words(p.acknowledgement) + offsetAndFlags + 64240;
  if (headerLength === 40) {
    // Segment size 1460, selective acknowledgements, time stamps, nothing, window scale 7.
    sum += words(write32At(b, at + 20, 0x020405b4)) + words(write32At(b, at + 24, 0x0402080a));
    sum += words(write32At(b, at + 28, p.timestamp)) + words(write32At(b, at + 32, p.timestampEcho));
    sum += words(write32At(b, at + 36, 0x01030307));
  } else if (headerLength === 32) {
    sum += words(write32At(b, at + 20, 0x0101080a));
    sum += words(write32At(b, at + 24, p.timestamp)) + words(write32At(b, at + 28, p.timestampEcho));
  }
  write16(b, at + 16, checksum(sum));
  return body + p.payloadLength;
}

/**
 * One TLS record of application data fills the payload. What this changes in the sum.
 * @param {Uint8Array} b
 * @param {number} at
 * @param {number} length
 */
function writeTlsHeader(b, at, length) {
  const before = (b[at] << 8) + b[at + 1] + (b[at + 2] << 8) + b[at + 3] + (b[at + 4] << 8);
  const size = length - 5;
  b[at] = 23;
  b[at + 1] = 3;
  b[at + 2] = 3;
  b[at + 3] = size >>> 8;
  b[at + 4] = size;
  return 0x1703 + 0x0300 + (size >>> 8) + ((size & 0xff) << 8) - before;
}

/**
 * @param {Packet} p
 * @param {number} protocol
 * @param {number} length
 */
function pseudoHeaderSum(p, protocol, length) {
  return protocol + length + words(p.source) + words(p.destination) + (p.ipv6 ? 2 * IPV6_PREFIX_SUM : 0);
}

/**
 * @param {Uint8Array} b
 * @param {number} at
 * @param {number} source
 * @param {number} destination
 * @param {number} etherType
 */
function writeEthernet(b, at, source, destination, etherType) {
  at = writeMac(b, at, destination);
  at = writeMac(b, at, source);
  return write16(b, at, etherType);
}

/**
 * Locally administered: 02:42 and the number.
 * @param {Uint8Array} b
 * @param {number} at
 * @param {number} device
 */
function writeMac(b, at, device) {
  b[at] = 0x02;
  b[at + 1] = 0x42;
  return write32(b, at + 2, device);
}

/**
 * @param {Uint8Array} b
 * @param {number} at
 * @param {number} protocol
 * @param {number} source
 * @param {number} destination
 * @param {number} ttl
 * @param {number} identification
 * @param {number} payloadLength
 */
function writeIpv4(b, at, protocol, source, destination, ttl, identification, payloadLength) {
  const length = 20 + payloadLength;
  const ttlAndProtocol = (ttl << 8) | protocol;
  write32(b, at, 0x45000000 | length);
  write16(b, at + 4, identification);
  write16(b, at + 6, 0x4000);
  write16(b, at + 8, ttlAndProtocol);
  write32(b, at + 12, source);
  write32(b, at + 16, destination);
  const sum = 0x4500 + length + identification + 0x4000 + ttlAndProtocol + words(source) + words(destination);
  write16(b, at + 10, checksum(sum));
  return at + 20;
}

/**
 * @param {Uint8Array} b
 * @param {number} at
 * @param {Packet} p
 * @param {number} payloadLength
 */
function writeIpv6(b, at, p, payloadLength) {
  at = write32(b, at, 0x60000000);
  at = write16(b, at, payloadLength);
  at = write16(b, at, ((p.protocol === ICMP ? ICMPV6 : p.protocol) << 8) | p.ttl);
  for (const word of IPV6_PREFIX) at = write16(b, at, word);
  at = write32(b, at, p.source);
  for (const word of IPV6_PREFIX) at = write16(b, at, word);
  return write32(b, at, p.destination);
}

/**
 * @param {Uint8Array} b
 * @param {number} at
 * @param {number} sourcePort
 * @param {number} destinationPort
 * @param {number} length
 * @param {number} sum
 */
function writeUdp(b, at, sourcePort, destinationPort, length, sum) {
  at = write16(b, at, sourcePort);
  at = write16(b, at, destinationPort);
  at = write16(b, at, length);
  return write16(b, at, sum);
}

/**
 * @param {Uint8Array} b
 * @param {number} at
 * @param {number} value
 */
function write16(b, at, value) {
  b[at] = value >>> 8;
  b[at + 1] = value;
  return at + 2;
}

/**
 * @param {Uint8Array} b
 * @param {number} at
 * @param {number} value
 */
function write32(b, at, value) {
  b[at] = value >>> 24;
  b[at + 1] = value >>> 16;
  b[at + 2] = value >>> 8;
  b[at + 3] = value;
  return at + 4;
}

/**
 * Returns the value: for adding it to a sum.
 * @param {Uint8Array} b
 * @param {number} at
 * @param {number} value
 */
function write32At(b, at, value) {
  write32(b, at, value);
  return value;
}

/**
 * The two 16-bit words of a 32-bit number, added.
 * @param {number} value
 */
function words(value) {
  return (value >>> 16) + (value & 0xffff);
}

/**
 * Of a positive sum of 16-bit words.
 * @param {number} sum
 */
function checksum(sum) {
  return 0xffff - (((sum - 1) % 0xffff) + 1);
}
