/**
 * pcapng files: sections of blocks, each block with a length before and after its body, all in the section's byte order.
 *
 * ```
 *  block:   0 type   4 total length   8 body …   options …   total length again
 *  option:  0 code   2 length   4 value, padded to 4        the list ends with code 0, length 0; no list at all if there are none
 *
 *  SHB 0a0d0d0a   byte-order magic, version 1.0, section length
 *  IDB 1          link type, snap length                        interfaces are numbered from 0 in each section
 *  EPB 6          interface, time high, time low, captured, original, data
 *  SPB 3          original, data                                interface 0, no time
 *  PB  2          interface (16), drops (16), then as EPB       obsolete
 *  NRB 4  ISB 5  DSB 0a  custom bad / 40000bad  anything else: `unknownBlock`
 * ```
 * https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html
 */
import {
  BLOCK_CUSTOM,
  BLOCK_CUSTOM_NO_COPY,
  BLOCK_DECRYPTION_SECRETS,
  BLOCK_ENHANCED_PACKET,
  BLOCK_INTERFACE,
  BLOCK_NAME_RESOLUTION,
  BLOCK_OBSOLETE_PACKET,
  BLOCK_SECTION,
  BLOCK_SIMPLE_PACKET,
  BLOCK_STATISTICS,
} from "../../model/header-numbers";
import { type Address, parseIp, parseIpv4, parseMac } from "./address";
import { type ByteBuilder, encodeUtf8 } from "./byte-builder";
import { CaptureChunks, type ChunkSink } from "./capture-chunks";
import { type CaptureTime, MICROSECONDS, type Resolution, ticksOf } from "./capture-time";
import { checkField } from "./layer";

/** Decryption secrets in the format of SSLKEYLOGFILE ("TLSK"). */
export const SECRETS_TLS_KEY_LOG = 0x544c534b;

/** An option as it is: its value in the section's byte order already. */
export interface RawOption {
  readonly code: number;
  readonly data: Uint8Array;
}

/** What every block may carry. */
export interface BlockOptions {
  /** `opt_comment`, one option each. */
  readonly comments?: readonly string[];
  /** `opt_custom` 2988 (text) and 2989 (binary), or 19372 and 19373 if not to be copied. */
  readonly customOptions?: readonly CustomOption[];
  /** Written after all others. */
  readonly rawOptions?: readonly RawOption[];
}

export interface CustomOption {
  /** IANA private enterprise number. */
  readonly enterprise: number;
  readonly value: string | Uint8Array;
  /** Default true: a program that rewrites the file may keep it. */
  readonly copy?: boolean;
}

export interface SectionOptions extends BlockOptions {
  readonly bigEndian?: boolean;
  readonly hardware?: string;
  readonly os?: string;
  readonly application?: string;
  /** Default -1, unknown: it would have to be known before the section is written. */
  readonly sectionLength?: number;
  /** Default 1.0. */
  readonly version?: readonly [major: number, minor: number];
}

export interface InterfaceOptions extends BlockOptions {
  readonly linkType: number;
  /** Packets are cut to it. Default 0: no limit. */
  readonly snapLength?: number;
  readonly name?: string;
  readonly description?: string;
  readonly ipv4?: readonly { readonly address: Address; readonly mask: Address }[];
  readonly ipv6?: readonly { readonly address: Address; readonly prefixLength: number }[];
  readonly mac?: Address;
  /** Bits a second. */
  readonly speed?: number;
  /** `if_tsresol`. Default microseconds, and then the option is not written. */
  readonly resolution?: Resolution;
  /** `if_tsoffset`, in seconds: what is to be added to the times written. Times are given without it. */
  readonly timeOffsetSeconds?: number;
  /** A capture filter in libpcap's syntax. */
  readonly filter?: string;
  readonly os?: string;
  readonly hardware?: string;
  readonly fcsLength?: number;
}

export interface PacketFlags {
  readonly direction?: "inbound" | "outbound";
  readonly reception?: "unicast" | "multicast" | "broadcast" | "promiscuous";
  /** Bytes, 0..15. */
  readonly fcsLength?: number;
  /** The top 16 bits: link-layer errors. */
  readonly linkErrors?: number;
}

export interface PacketVerdict {
  readonly kind: "hardware" | "ebpf-tc" | "ebpf-xdp";
  /** For eBPF, the program's return code as a 64-bit number. */
  readonly data: Uint8Array | bigint;
}

export interface PacketOptions extends BlockOptions {
  /** As returned by `addInterface`. Default 0. */
  readonly interfaceId?: number;
  readonly time: CaptureTime;
  readonly bytes: Uint8Array;
  /** Length on the wire. Default: that of `bytes`. */
  readonly originalLength?: number;
  /** `epb_flags`. */
  readonly flags?: PacketFlags;
  /** `epb_hash`. */
  readonly hashes?: readonly { readonly algorithm: number; readonly value: Uint8Array }[];
  /** `epb_dropcount`: packets lost between this one and the one before. */
  readonly dropCount?: number | bigint;
  /** `epb_packetid`: the same on every interface the packet was seen on. */
  readonly packetId?: bigint;
  readonly queue?: number;
  readonly verdicts?: readonly PacketVerdict[];
}

export interface NameRecord {
  readonly address: Address;
  readonly names: readonly string[];
}

export interface NameResolutionOptions extends BlockOptions {
  readonly records: readonly NameRecord[];
  readonly dnsName?: string;
  readonly dnsAddress?: Address;
}

export interface StatisticsOptions extends BlockOptions {
  readonly interfaceId: number;
  /** When these counts were taken. */
  readonly time: CaptureTime;
  readonly startTime?: CaptureTime;
  readonly endTime?: CaptureTime;
  readonly received?: number | bigint;
  readonly dropped?: number | bigint;
  readonly filterAccepted?: number | bigint;
  readonly osDropped?: number | bigint;
  readonly delivered?: number | bigint;
}

interface SectionInterface {
  readonly resolution: Resolution;
  readonly timeOffsetSeconds: number;
  readonly snapLength: number;
}

/** Begin a section, add interfaces, write packets, `flush` at the end. Each call writes one block. */
export class PcapngWriter {
  readonly #chunks: CaptureChunks;
  #interfaces: SectionInterface[] = [];
  #inSection = false;

  constructor(sink: ChunkSink, options: { readonly chunkLength?: number } = {}) {
    this.#chunks = new CaptureChunks(sink, options.chunkLength);
  }

  /** Byte offset in the file of the next block. */
  get offset(): number {
    return this.#chunks.offset;
  }

  /** Interfaces of the section before are forgotten; numbering starts again at 0. */
  beginSection(options: SectionOptions = {}): void {
    this.#chunks.setByteOrder(options.bigEndian !== true);
    this.#interfaces = [];
    this.#inSection = true;
    const [major, minor] = options.version ?? [1, 0];
    this.#block(BLOCK_SECTION, (out) => {
      out.u32(0x1a2b3c4d).u16(major).u16(minor);
      appendU64(out, BigInt(options.sectionLength ?? -1));
      appendOptions(out, options, [
        [2, options.hardware],
        [3, options.os],
        [4, options.application],
      ]);
    });
  }

  /** Returns the interface's number in this section. */
  addInterface(options: InterfaceOptions): number {
    const resolution = options.resolution ?? MICROSECONDS;
    checkField("pcapng", "resolution exponent", resolution.exponent, 127);
    this.#block(BLOCK_INTERFACE, (out) => {
      out
        .u16(checkField("pcapng", "link type", options.linkType, 0xffff))
        .u16(0)
        .u32(options.snapLength ?? 0);
      appendOptions(out, options, [
        [2, options.name],
        [3, options.description],
        ...(options.ipv4 ?? []).map(({ address, mask }): TypedOption => [
          4,
          Uint8Array.from([...parseIpv4(address), ...parseIpv4(mask)]),
        ]),
        ...(options.ipv6 ?? []).map(({ address, prefixLength }): TypedOption => [
          5,
          Uint8Array.from([...parseIp(address), prefixLength]),
        ]),
        [6, options.mac === undefined ? undefined : parseMac(options.mac)],
        [8, options.speed === undefined ? undefined : u64(options.speed)],
        [
          9,
          options.resolution === undefined
            ? undefined
            : Uint8Array.of((resolution.base === 2 ? 0x80 : 0) | resolution.exponent),
        ],
        // Code 0 in front: a filter string in libpcap's syntax.
        [11, options.filter === undefined ? undefined : Uint8Array.from([0, ...encodeUtf8(options.filter)])],
        [12, options.os],
        [13, options.fcsLength === undefined ? undefined : Uint8Array.of(options.fcsLength)],
        [14, options.timeOffsetSeconds === undefined ? undefined : u64(options.timeOffsetSeconds)],
        [15, options.hardware],
      ]);
    });
    this.#interfaces.push({
      resolution,
      timeOffsetSeconds: options.timeOffsetSeconds ?? 0,
      snapLength: options.snapLength ?? 0,
    });
    return this.#interfaces.length - 1;
  }

  /** An Enhanced Packet Block. */
  packet(options: PacketOptions): void {
    const interfaceId = options.interfaceId ?? 0;
    const captured = this.#cut(interfaceId, options.bytes);
    this.#block(BLOCK_ENHANCED_PACKET, (out) => {
      out.u32(interfaceId);
      this.#appendTime(out, interfaceId, options.time);
      appendData(out, captured, options);
      this.#appendPacketOptions(out, options);
    });
  }

  /** A Simple Packet Block: no time, no interface but the first, no options. */
  simplePacket(options: { readonly bytes: Uint8Array; readonly originalLength?: number }): void {
    const captured = this.#cut(0, options.bytes);
    this.#block(BLOCK_SIMPLE_PACKET, (out) => {
      out
        .u32(options.originalLength ?? options.bytes.length)
        .bytes(captured)
        .padTo(4);
    });
  }

  /** The Packet Block that the Enhanced one replaced: drops have their own 16-bit field. */
  obsoletePacket(options: PacketOptions): void {
    const interfaceId = options.interfaceId ?? 0;
    const captured = this.#cut(interfaceId, options.bytes);
    this.#block(BLOCK_OBSOLETE_PACKET, (out) => {
      out.u16(interfaceId).u16(options.dropCount === undefined ? 0xffff : Number(options.dropCount));
      this.#appendTime(out, interfaceId, options.time);
      appendData(out, captured, options);
      // Options beyond flags and hash are numbered differently here, or do not exist.
      appendOptions(out, options, [
        [2, options.flags === undefined ? undefined : u32(flagsWord(options.flags))],
        ...hashOptions(options),
      ]);
    });
  }

  nameResolution(options: NameResolutionOptions): void {
    this.#block(BLOCK_NAME_RESOLUTION, (out) => {
      for (const record of options.records) {
        const address = parseIp(record.address);
        const names = record.names.map(encodeUtf8);
        out
          .u16(address.length === 4 ? 1 : 2)
          .u16(names.reduce((sum, name) => sum + name.length + 1, address.length))
          .bytes(address);
        for (const name of names) out.bytes(name).u8(0);
        out.padTo(4);
      }
      out.u32(0);
      const dns = options.dnsAddress === undefined ? undefined : parseIp(options.dnsAddress);
      appendOptions(out, options, [
        [2, options.dnsName],
        [dns?.length === 16 ? 4 : 3, dns],
      ]);
    });
  }

  statistics(options: StatisticsOptions): void {
    this.#interface(options.interfaceId);
    this.#block(BLOCK_STATISTICS, (out) => {
      out.u32(options.interfaceId);
      this.#appendTime(out, options.interfaceId, options.time);
      const time = (value: CaptureTime | undefined): OptionValue =>
        value === undefined
          ? undefined
          : (o) => {
              this.#appendTime(o, options.interfaceId, value);
            };
      const count = (value: number | bigint | undefined): OptionValue => (value === undefined ? undefined : u64(value));
      appendOptions(out, options, [
        [2, time(options.startTime)],
        [3, time(options.endTime)],
        [4, count(options.received)],
        [5, count(options.dropped)],
        [6, count(options.filterAccepted)],
        [7, count(options.osDropped)],
        [8, count(options.delivered)],
      ]);
    });
  }

  decryptionSecrets(options: BlockOptions & { readonly type: number; readonly data: Uint8Array }): void {
    this.#block(BLOCK_DECRYPTION_SECRETS, (out) => {
      out.u32(options.type).u32(options.data.length).bytes(options.data).padTo(4);
      appendOptions(out, options, []);
    });
  }

  /** Options follow the data with no mark between them: only a reader that knows the data's length finds them. */
  custom(
    options: BlockOptions & { readonly enterprise: number; readonly data: Uint8Array; readonly copy?: boolean },
  ): void {
    this.#block(options.copy === false ? BLOCK_CUSTOM_NO_COPY : BLOCK_CUSTOM, (out) => {
      out.u32(options.enterprise).bytes(options.data).padTo(4);
      appendOptions(out, options, []);
    });
  }

  /** Any block, its body as given (padded to 4). */
  unknownBlock(type: number, body: Uint8Array): void {
    this.#block(type, (out) => {
      out.bytes(body).padTo(4);
    });
  }

  /** Hands on what is still held. */
  flush(): void {
    this.#chunks.flush();
  }

  #block(type: number, appendBody: (out: ByteBuilder) => void): void {
    if (!this.#inSection) throw new RangeError("pcapng: begin a section first");
    const out = this.#chunks.out;
    const start = out.length;
    out.u32(type).u32(0);
    appendBody(out);
    const length = out.length + 4 - start;
    out.u32(length).setU32(start + 4, length);
    this.#chunks.settle();
  }

  #interface(id: number): SectionInterface {
    const found = this.#interfaces[id];
    if (found === undefined)
      throw new RangeError(`pcapng: interface ${id} is not one of the ${this.#interfaces.length} of this section`);
    return found;
  }

  #cut(interfaceId: number, bytes: Uint8Array): Uint8Array {
    const { snapLength } = this.#interface(interfaceId);
    return snapLength !== 0 && bytes.length > snapLength ? bytes.subarray(0, snapLength) : bytes;
  }

  /** Two 32-bit words, high first in either byte order. */
  #appendTime(out: ByteBuilder, interfaceId: number, time: CaptureTime): void {
    const { resolution, timeOffsetSeconds } = this.#interface(interfaceId);
    const ticks = ticksOf({ seconds: time.seconds - timeOffsetSeconds, nanoseconds: time.nanoseconds }, resolution);
    out.u32(ticks.high).u32(ticks.low);
  }

  #appendPacketOptions(out: ByteBuilder, options: PacketOptions): void {
    // Most packets have none: skipping the empty lists took a simulation from 424,000 to 565,000 packets a second (bench/simulate.mjs).
    if (!hasPacketOptions(options)) return;
    appendOptions(out, options, [
      [2, options.flags === undefined ? undefined : u32(flagsWord(options.flags))],
      ...hashOptions(options),
      [4, options.dropCount === undefined ? undefined : u64(options.dropCount)],
      [5, options.packetId === undefined ? undefined : u64(options.packetId)],
      [6, options.queue === undefined ? undefined : u32(options.queue)],
      ...(options.verdicts ?? []).map((verdict): TypedOption => [7, verdictValue(verdict)]),
    ]);
  }
}

/** Captured length, length on the wire, the bytes: of a block that tells both. */
function appendData(out: ByteBuilder, captured: Uint8Array, { originalLength, bytes }: PacketOptions): void {
  out
    .u32(captured.length)
    .u32(originalLength ?? bytes.length)
    .bytes(captured)
    .padTo(4);
}

function hasPacketOptions(options: PacketOptions): boolean {
  return (
    options.flags !== undefined ||
    options.hashes !== undefined ||
    options.dropCount !== undefined ||
    options.packetId !== undefined ||
    options.queue !== undefined ||
    options.verdicts !== undefined ||
    options.comments !== undefined ||
    options.customOptions !== undefined ||
    options.rawOptions !== undefined
  );
}

/** Bytes, text, or a number that has to be written in the section's byte order; undefined: the option is left out. */
type OptionValue = string | Uint8Array | ((out: ByteBuilder) => void) | undefined;
type TypedOption = readonly [code: number, value: OptionValue];

/** Comments first, as other writers do, then the block's own, then custom and raw ones; the end mark only if there was any. */
function appendOptions(out: ByteBuilder, common: BlockOptions, own: readonly TypedOption[]): void {
  const all: TypedOption[] = [
    ...(common.comments ?? []).map((comment): TypedOption => [1, comment]),
    ...own,
    ...(common.customOptions ?? []).map((custom): TypedOption => {
      const bytes = typeof custom.value === "string" ? encodeUtf8(custom.value) : custom.value;
      const code = (custom.copy === false ? 19372 : 2988) + (typeof custom.value === "string" ? 0 : 1);
      return [code, (o) => o.u32(custom.enterprise).bytes(bytes)];
    }),
    ...(common.rawOptions ?? []).map((raw): TypedOption => [raw.code, raw.data]),
  ];
  let any = false;
  for (const [code, value] of all) {
    if (value === undefined) continue;
    any = true;
    out.u16(code).u16(0);
    const start = out.length;
    if (typeof value === "function") value(out);
    else out.bytes(typeof value === "string" ? encodeUtf8(value) : value);
    out.setU16(start - 2, checkField("pcapng", "option length", out.length - start, 0xffff));
    out.padTo(4, start);
  }
  if (any) out.u32(0);
}

function u32(value: number): OptionValue {
  return (out) => out.u32(value);
}

function u64(value: number | bigint): OptionValue {
  return (out) => {
    appendU64(out, BigInt(value));
  };
}

function appendU64(out: ByteBuilder, value: bigint): void {
  const unsigned = BigInt.asUintN(64, value);
  out.u64(Number(unsigned >> 32n), Number(unsigned & 0xffffffffn));
}

function hashOptions(options: PacketOptions): TypedOption[] {
  return (options.hashes ?? []).map(({ algorithm, value }) => [3, Uint8Array.from([algorithm, ...value])]);
}

function flagsWord(flags: PacketFlags): number {
  const direction = flags.direction === "inbound" ? 1 : flags.direction === "outbound" ? 2 : 0;
  const reception =
    flags.reception === undefined
      ? 0
      : ["unicast", "multicast", "broadcast", "promiscuous"].indexOf(flags.reception) + 1;
  return (((flags.linkErrors ?? 0) << 16) | ((flags.fcsLength ?? 0) << 5) | (reception << 2) | direction) >>> 0;
}

function verdictValue(verdict: PacketVerdict): OptionValue {
  const kind = ["hardware", "ebpf-tc", "ebpf-xdp"].indexOf(verdict.kind);
  const { data } = verdict;
  return (out) => {
    out.u8(kind);
    if (typeof data === "bigint") appendU64(out, data);
    else out.bytes(data);
  };
}
