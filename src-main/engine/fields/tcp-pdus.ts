/**
 * Lengths of the messages of protocols that go over TCP as a sequence of them. tshark keeps, without reassembly, where a
 * message that is longer than its segment ends, and skips the bytes up to there in the segments that follow.
 */
export interface PduFormat {
  /** Bytes needed to know the length. */
  readonly header: number;
  /** Bytes of the whole message, header included. */
  length(bytes: Uint8Array, at: number): number;
}

const u16 = (b: Uint8Array, at: number): number => ((b[at] as number) << 8) | (b[at + 1] as number);
const u16le = (b: Uint8Array, at: number): number => ((b[at + 1] as number) << 8) | (b[at] as number);
const u24 = (b: Uint8Array, at: number): number => ((b[at] as number) << 16) | u16(b, at + 1);
const u24le = (b: Uint8Array, at: number): number => ((b[at + 2] as number) << 16) | u16le(b, at);
const u32 = (b: Uint8Array, at: number): number => (b[at] as number) * 0x1000000 + u24(b, at + 1);

const format = (header: number, length: PduFormat["length"]): PduFormat => ({ header, length });

export const TCP_PDUS: ReadonlyMap<string, PduFormat> = new Map([
  ["amqp", format(8, (b, at) => (b[at] === 0x41 ? 8 : (b[at] as number) <= 8 ? 8 + u32(b, at + 3) : u32(b, at)))],
  ["bgp", format(19, (b, at) => u16(b, at + 16))],
  ["couchbase", format(12, (b, at) => 24 + u32(b, at + 8))],
  ["cql", format(9, (b, at) => 9 + u32(b, at + 5))],
  ["diameter", format(4, (b, at) => u24(b, at + 1))],
  ["dns", format(2, (b, at) => 2 + u16(b, at))],
  ["doip", format(8, (b, at) => 8 + u32(b, at + 4))],
  ["enip", format(24, (b, at) => 24 + u16le(b, at + 2))],
  ["hart_ip", format(8, (b, at) => u16(b, at + 6))],
  ["kafka", format(4, (b, at) => 4 + u32(b, at))],
  ["ldp", format(4, (b, at) => 4 + u16(b, at + 2))],
  ["mbtcp", format(6, (b, at) => 6 + u16(b, at + 4))],
  ["msdp", format(3, (b, at) => u16(b, at + 1))],
  ["mysql", format(4, (b, at) => 4 + u24le(b, at))],
  ["nbss", format(4, (b, at) => 4 + (u24(b, at + 1) & 0x1ffff))],
  ["openflow", format(8, (b, at) => u16(b, at + 2))],
  ["pcep", format(4, (b, at) => u16(b, at + 2))],
  ["pptp", format(2, (b, at) => u16(b, at))],
  ["rpkirtr", format(8, (b, at) => u32(b, at + 4))],
  ["tns", format(4, (b, at) => u16(b, at))],
  ["tpkt", format(4, (b, at) => u16(b, at + 2))],
  ["zebra", format(2, (b, at) => u16(b, at))],
]);
