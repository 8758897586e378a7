/**
 * Reads sources into slots of decoded packets. One stage, used in the decode thread and, for small inputs, in the caller's.
 *
 * ```
 * source ─► raw bytes of the slot ─► kernel.readBlocks ─► packet and layer rows
 *                 ▲                        │ a block that is no packet
 *                 └── rest of the last ────┴──► read here, told as an event
 * ```
 */
import type { Problem } from "../../../src-shared/model/problem";
import {
  FORMAT_PCAP,
  FORMAT_PCAPNG,
  FRAGMENT_MEMORY,
  H_EVENTS,
  H_FILE,
  H_FILE_OFFSET,
  H_FIRST_NUMBER,
  H_LAYERS,
  H_PACKETS,
  H_RAW_DONE,
  H_RAW_USED,
  H_REASSEMBLED_USED,
  H_STATUS_AT,
  H_STATUS_VALUE,
  MAX_RECORD_BYTES,
  READ_BLOCK,
  READ_BYTES,
  READ_FULL,
  SLOT_TARGET_BYTES,
  SLOT_TARGET_PACKETS,
  S_RAW,
} from "../kernel/assembly/abi";
import type { KernelExports, KernelMemory } from "../kernel/kernel";
import type { CaptureEvent } from "../readers/capture-file";
import {
  BLOCK_CUSTOM,
  BLOCK_CUSTOM_NO_COPY,
  BLOCK_INTERFACE,
  BLOCK_NAME_RESOLUTION,
  BLOCK_SECTION,
  BLOCK_STATISTICS,
} from "../../../src-shared/model/header-numbers";
import {
  type InterfaceDescription,
  blockName,
  readInterface,
  readNames,
  readSection,
  readStatistics,
} from "../readers/pcapng-blocks";
import { linkTypeName, linkTypeSupported } from "../../../src-shared/model/link-type";
import type { ByteSource } from "../sources/source";
import { CompressionError } from "../sources/compression-error";
import { BLOCK_HEAD_BYTES, readBlockHead } from "./block-head";
import { PCAP_HEAD_BYTES, PCAP_LINK_TYPE_OFFSET, readCaptureHead } from "./capture-head";
import { type DecodeOptions, fillPortTables } from "./decode-options";
import { INTERFACE_TABLE_BYTES, InterfaceTable } from "./interface-table";
import { type Damage, badTrailer, recordDamage } from "./record-damage";

const SMALLEST_CUSTOM_BLOCK = 16;

/** Where the stage keeps what it needs in kernel memory; allocated by the thread that owns the arena. */
export interface StageMemory {
  readonly interfaces: number;
  readonly udpPorts: number;
  readonly tcpPorts: number;
  readonly fragments: number;
}

export function allocateStage(arena: KernelMemory): StageMemory {
  return {
    interfaces: arena.allocate(INTERFACE_TABLE_BYTES),
    udpPorts: arena.allocate(65536),
    tcpPorts: arena.allocate(65536),
    fragments: arena.allocate(FRAGMENT_MEMORY),
  };
}

export class DecodeStage {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private source: ByteSource | undefined;
  private name = "";
  private file = -1;
  private packets = 0;
  private ended = true;
  private inputEnded = true;
  /** The source gave an error: it was told. */
  private failed = false;
  /** The file's head was read. */
  private started = false;
  /** Where the raw bytes of the slot begin. */
  private rawAt = 0;
  /** Rest of the last slot: position in memory and length. */
  private carryAt = 0;
  private carryLength = 0;
  /** File offset of the carried bytes. */
  private position = 0;
  private skip = 0;
  /** Bytes the last read gave. */
  private lastRead = 0;
  private pcapng = false;
  private bigEndian = false;
  private section = -1;
  private readonly interfaces: InterfaceTable;

  /** `memory` must not move: all of the slots and of `stage` lie below its current length. */
  constructor(
    private readonly kernel: KernelExports,
    memory: WebAssembly.Memory,
    private readonly stage: StageMemory,
    options: DecodeOptions,
    private readonly emit: (event: CaptureEvent) => void,
    /** Tell the bytes of blocks that are no packets. */
    private readonly keepBlocks = false,
  ) {
    this.bytes = new Uint8Array(memory.buffer);
    this.view = new DataView(memory.buffer);
    this.interfaces = new InterfaceTable(this.view, stage.interfaces, options.interfaces);
    fillPortTables(
      options,
      this.bytes.subarray(stage.udpPorts, stage.udpPorts + 65536),
      this.bytes.subarray(stage.tcpPorts, stage.tcpPorts + 65536),
    );
    kernel.configureDecoder(
      stage.udpPorts,
      stage.tcpPorts,
      options.reassemble ? stage.fragments : 0,
      options.byBytes,
      options.reassemble === "ipv6",
    );
  }

  /** Begins the next file of the workspace. */
  open(source: ByteSource, file: number, name = source.name): void {
    this.source = source;
    this.name = name;
    this.file = file;
    this.packets = 0;
    this.ended = false;
    this.inputEnded = false;
    this.carryLength = 0;
    this.position = 0;
    this.skip = 0;
    this.section = -1;
    this.interfaces.beginFile();
    this.started = false;
    this.failed = false;
  }

  /** Makes the slot an empty batch of file `file`. */
  clear(slot: number, file: number): void {
    for (const at of [H_PACKETS, H_LAYERS, H_EVENTS, H_REASSEMBLED_USED, H_RAW_USED, H_RAW_DONE])
      this.view.setUint32(slot + at, 0, true);
    this.view.setUint32(slot + H_FILE, file, true);
  }

  /**
   * Fills the slot at `slot` with the next packets of the file. False when the file has ended and the slot is empty.
   * A slot holds packets of one file.
   */
  async fill(slot: number): Promise<boolean> {
    const raw = slot + S_RAW;
    this.rawAt = raw;
    const set = (at: number, value: number): void => this.view.setUint32(slot + at, value, true);
    this.clear(slot, this.file);
    this.view.setFloat64(slot + H_FIRST_NUMBER, this.packets, true);
    this.view.setFloat64(slot + H_FILE_OFFSET, this.position, true);
    if (this.ended) return false;
    let used = this.carryLength;
    if (used) this.bytes.copyWithin(raw, this.carryAt, this.carryAt + used);
    set(H_RAW_USED, used);

    let need = used === 0;
    for (;;) {
      if (need) {
        const got = await this.readMore(raw + used);
        if (got === 0) {
          this.finishFile(slot, used);
          break;
        }
        used += got;
        this.lastRead = got;
        set(H_RAW_USED, used);
        // Passing over a block moved it; there is no packet in the slot then.
        this.view.setFloat64(slot + H_FILE_OFFSET, this.position, true);
        need = false;
      }
      if (!this.started && !this.start(slot, used)) {
        if (this.ended) break;
        need = true;
        continue;
      }
      const status = this.kernel.readBlocks(slot);
      const at = this.view.getUint32(slot + H_STATUS_AT, true);
      if (status === READ_FULL) break;
      if (status === READ_BLOCK) {
        // READ_MORE within the block: more bytes, or hand over what there is.
        if (this.readBlock(slot, at, used)) continue;
        if (this.ended) break;
      } else if (status !== 0 && !this.survive(status, slot, at)) break;
      else if (status !== 0) continue;
      // READ_MORE: whole records are used up. Take more while the source gives full reads and the slot has room; what a live
      // source gave is handed over at once.
      const packets = this.view.getUint32(slot + H_PACKETS, true);
      need = true;
      if (packets > 0) {
        if (
          this.skip === 0 &&
          this.lastRead === READ_BYTES &&
          packets < SLOT_TARGET_PACKETS &&
          used < SLOT_TARGET_BYTES
        )
          continue;
        break;
      }
      const done = this.view.getUint32(slot + H_RAW_DONE, true);
      if (done > 0) {
        // Only blocks without packets so far: make room.
        this.bytes.copyWithin(raw, raw + done, raw + used);
        used -= done;
        this.position += done;
        this.view.setFloat64(slot + H_FILE_OFFSET, this.position, true);
        set(H_RAW_USED, used);
        set(H_RAW_DONE, 0);
      }
    }

    const done = this.view.getUint32(slot + H_RAW_DONE, true);
    this.carryAt = raw + done;
    this.carryLength = used - done;
    this.position += done;
    const count = this.view.getUint32(slot + H_PACKETS, true);
    this.packets += count;
    if (this.ended) this.emitEnd();
    return count > 0 || !this.ended;
  }

  private emitEnd(): void {
    this.emit({ kind: "end", file: this.file, bytes: this.position + this.carryLength, packets: this.packets });
    this.source?.close();
    this.source = undefined;
  }

  private async readMore(at: number): Promise<number> {
    if (this.inputEnded || !this.source) return 0;
    try {
      for (;;) {
        const answer = this.source.read(this.bytes, at, READ_BYTES);
        const got = typeof answer === "number" ? answer : await answer;
        if (got === 0) {
          this.inputEnded = true;
          return 0;
        }
        if (!this.skip) return got;
        // Inside a block too long to keep: drop its bytes.
        const drop = Math.min(this.skip, got);
        this.skip -= drop;
        this.position += drop;
        if (drop < got) {
          this.bytes.copyWithin(at, at + drop, at + got);
          return got - drop;
        }
      }
    } catch (error) {
      this.inputEnded = true;
      if (!(error instanceof Error)) throw error;
      const code = error instanceof CompressionError ? "compression" : "cannot-open";
      this.failed = true;
      this.problem(code, this.position + (at - this.rawAt), error.message, true);
      return 0;
    }
  }

  private problem(code: Problem["code"], offset: number, message: string, fatal: boolean): void {
    this.tell({ code, offset, message, fatal });
  }

  private tell({ code, offset, message, fatal }: Damage): void {
    this.emit({ kind: "problem", file: this.file, problem: { file: this.name, offset, code, message, fatal } });
  }

  /** Reads the file's head. False if more bytes are needed or it is no capture (then `ended`). */
  private start(slot: number, used: number): boolean {
    const head = readCaptureHead(this.view, slot + S_RAW, used);
    if (head.format === "unknown") return false;
    if (head.format === "none") {
      this.tell({ ...head.problem, fatal: true });
      this.ended = true;
      return false;
    }
    const { format, bigEndian } = head;
    const isPcapng = format === "pcapng";
    const nanoseconds = isPcapng || head.nanoseconds;
    this.started = true;
    this.pcapng = isPcapng;
    this.bigEndian = bigEndian;
    const table = this.stage.interfaces;
    if (isPcapng) this.kernel.beginFile(FORMAT_PCAPNG, bigEndian, true, 0, 0, 0, table);
    else {
      const { lengthOrder, extraBytes, interface: described } = head;
      this.kernel.beginFile(FORMAT_PCAP, bigEndian, nanoseconds, lengthOrder, extraBytes, described.snapLength, table);
    }
    this.emit({ kind: "open", file: this.file, name: this.name, format, bigEndian, nanoseconds });
    if (!isPcapng) {
      this.section = 0;
      this.addInterface(head.interface, PCAP_LINK_TYPE_OFFSET);
      this.view.setUint32(slot + H_RAW_DONE, PCAP_HEAD_BYTES, true);
    }
    return true;
  }

  private addInterface(description: InterfaceDescription, offset: number): void {
    const told = this.interfaces.add(description, this.name, this.section);
    this.kernel.setInterfaceCount(this.interfaces.known);
    this.emit({ kind: "interface", file: this.file, interface: told });
    const { linkType } = told;
    if (!linkTypeSupported(linkType)) {
      this.problem(
        "unsupported-link-type",
        offset,
        `link type ${linkType} (${linkTypeName(linkType)}) is not decoded; its packets are kept`,
        false,
      );
    }
  }

  /** Reads the block at `at` (in RAW). True if it was consumed; false if more bytes are needed or the file ended. */
  private readBlock(slot: number, at: number, used: number): boolean {
    const start = slot + S_RAW + at;
    const left = used - at;
    if (left < BLOCK_HEAD_BYTES) return false;
    const offset = this.position + at;
    const head = readBlockHead(this.view, start, offset, this.bigEndian);
    if ("message" in head) {
      this.tell(head);
      this.ended = true;
      return false;
    }
    this.bigEndian = head.bigEndian;
    const { type, total, padded } = head;
    if (padded > MAX_RECORD_BYTES) {
      // No packet is in it; its bytes are passed over as they come.
      this.tellBlock(this.packetsBefore(slot), type, offset, padded, undefined);
      this.problem(
        "block-skipped",
        offset,
        `${blockName(type)} of ${total} bytes passed over (longer than ${MAX_RECORD_BYTES})`,
        false,
      );
      const here = Math.min(left, padded);
      this.skip = padded - here;
      this.view.setUint32(slot + H_RAW_DONE, at + here, true);
      return this.skip === 0;
    }
    if (left < padded) return false;
    const trailer = this.view.getUint32(start + padded - 4, !this.bigEndian);
    if (trailer !== total && this.view.getUint32(start + total - 4, !this.bigEndian) !== total) {
      this.tell(badTrailer(offset + padded - 4, total, trailer));
      this.ended = true;
      return false;
    }
    const packetsBefore = this.packetsBefore(slot);
    if (type === BLOCK_CUSTOM || type === BLOCK_CUSTOM_NO_COPY) {
      // Wireshark lists it among the packets: so do we, or every later number would differ.
      const point = this.interfaces.latestPoint;
      if (total >= SMALLEST_CUSTOM_BLOCK && !this.kernel.customBlock(slot, at, total, point)) return false;
    }
    this.tellBlock(
      packetsBefore,
      type,
      offset,
      padded,
      this.keepBlocks ? this.bytes.slice(start, start + padded) : undefined,
    );
    switch (type) {
      case BLOCK_SECTION: {
        const s = readSection(this.bytes, start, total, this.bigEndian);
        this.section++;
        this.interfaces.beginSection();
        this.kernel.beginSection(this.bigEndian);
        this.emit({
          kind: "section",
          file: this.file,
          section: { index: this.section, bigEndian: this.bigEndian, ...s },
        });
        if (s.major !== 1 || (s.minor !== 0 && s.minor !== 2))
          this.problem(
            "unsupported-version",
            offset + 12,
            `expected pcapng version 1.0, found ${s.major}.${s.minor}; read as if it were 1.0`,
            false,
          );
        break;
      }
      case BLOCK_INTERFACE:
        this.addInterface(readInterface(this.bytes, start, total, this.bigEndian), offset);
        break;
      case BLOCK_NAME_RESOLUTION: {
        const { records, comments } = readNames(this.bytes, start, total, this.bigEndian);
        this.emit({ kind: "names", file: this.file, records, comments });
        break;
      }
      case BLOCK_STATISTICS: {
        const s = readStatistics(this.bytes, start, total, this.bigEndian);
        this.emit({
          kind: "statistics",
          file: this.file,
          statistics: { ...s, interface: this.interfaces.inFileNumber(s.interface) },
        });
        break;
      }
      default:
        break; // secrets, custom and unknown blocks are kept for export by their place
    }
    this.view.setUint32(slot + H_RAW_DONE, at + padded, true);
    return true;
  }

  private packetsBefore(slot: number): number {
    return this.packets + this.view.getUint32(slot + H_PACKETS, true);
  }

  private tellBlock(
    packetsBefore: number,
    type: number,
    offset: number,
    length: number,
    bytes: Uint8Array | undefined,
  ): void {
    const block = { type, offset, length, packetsBefore, bigEndian: this.bigEndian, ...(bytes && { bytes }) };
    this.emit({ kind: "block", file: this.file, block });
  }

  /** Tells what is wrong with the record at `at`; true if the reader can go on behind it. */
  private survive(status: number, slot: number, at: number): boolean {
    const value = this.view.getUint32(slot + H_STATUS_VALUE, true);
    const total = this.pcapng ? this.view.getUint32(slot + S_RAW + at + 4, !this.bigEndian) : undefined;
    const damage = recordDamage(status, this.position + at, value, total, this.interfaces.count);
    this.tell(damage);
    if (damage.fatal) this.ended = true;
    else this.view.setUint32(slot + H_RAW_DONE, at + (((total ?? 0) + 3) & ~3), true);
    return !damage.fatal;
  }

  /** The input is used up with `used` bytes in the slot. */
  private finishFile(slot: number, used: number): void {
    const done = this.view.getUint32(slot + H_RAW_DONE, true);
    const rest = used - done;
    this.ended = true;
    if (this.failed) return;
    if (this.skip)
      this.problem(
        "truncated",
        this.position + used,
        `the file ends ${this.skip} bytes before the end of a block`,
        true,
      );
    else if (!this.started) {
      if (used === 0) this.problem("unknown-format", 0, "the file is empty", true);
      else this.problem("unknown-format", 0, `expected the head of a capture (24 bytes), found only ${used}`, true);
    } else if (rest > 0) {
      const start = slot + S_RAW + done;
      const head = this.pcapng ? 8 : 16;
      const needed =
        rest < head
          ? head
          : this.pcapng
            ? this.view.getUint32(start + 4, !this.bigEndian)
            : 16 + this.view.getUint32(start + 8, !this.bigEndian);
      this.problem(
        "truncated",
        this.position + done,
        `the file was cut short: a ${this.pcapng ? "block" : "packet"} of ${needed} bytes begins here, ${rest} are left`,
        true,
      );
    }
  }
}
