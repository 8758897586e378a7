/**
 * Writes captures as pcapng. Blocks of a pcapng input are copied as they are, packets and all others, in their order and byte
 * order: comments, options, names, statistics, secrets and custom blocks stay what they were. A pcap input becomes a section
 * of its own. So several files become one file of several sections, each in its own byte order (draft-ietf-opsawg-pcapng
 * section 3: sections are concatenated), and a comment of each says which file it was (section-origin.ts).
 */
import { PcapngWriter } from "../../../src-shared/wire/write/pcapng";
import { MICROSECONDS, NANOSECONDS } from "../../../src-shared/wire/write/capture-time";
import {
  BLOCK_CUSTOM_NO_COPY,
  BLOCK_ENHANCED_PACKET,
  BLOCK_OBSOLETE_PACKET,
  BLOCK_SECTION,
} from "../../../src-shared/model/header-numbers";
import { OPTION_COMMENT } from "../readers/pcapng-blocks";
import type { Batch } from "../kernel/batch";
import { originComment, originOf } from "../session/section-origin";
import type { Workspace } from "../session/workspace";
import { type AddedOption, commentOptions, commentParts, withOptions } from "./block-options";

const FLUSH_BYTES = 1 << 18;
const OPTION_PACKET_ID = 5;
/** Bytes of the longest comment of journey-marks.ts, and more. */
const HOP_COMMENT_BYTES = 128;
const HOP_COMMENT = /^hopscope: connection [0-9a-f]{12}, packet \d+ to-(?:server|client), hop \d+ of \d+$/;
/** Of a section header block: type, length, magic, version, section length. */
const SECTION_OPTIONS_AT = 24;

/** Comments to write beside those that are there: a person's notes. */
export interface AddedComments {
  /** By file and frame.number. */
  readonly ofPacket: (file: number, frameNumber: number) => readonly string[];
  /** For the first section. */
  readonly ofFile: readonly string[];
}

/**
 * What joining says of a packet: written as its epb_packetid and, where there is one, a comment, after the options it has. A packet id
 * that was there goes (a packet has one, and ids of another counting would be mistaken for these), and so does what an export before said of
 * its hop.
 */
export interface PacketMark {
  /** The same for every sighting of one packet. */
  readonly packetId: bigint;
  readonly comment?: string;
}

export class PcapngExport {
  private file = -1;
  private nextBlock = 0;
  /** Of the file: sections begun. */
  private sections = 0;
  private converter: PcapngWriter | undefined;
  private readonly pending: Uint8Array;
  private used = 0;
  private readonly changed: boolean;
  private hasFileComments = false;
  /** Comments that found no place: a simple packet block has no options. */
  lostComments = 0;

  /** `write` gets the file's bytes in order; a piece is valid during the call. `filtered`: packets may be left out. */
  constructor(
    private readonly workspace: Workspace,
    private readonly write: (bytes: Uint8Array) => void,
    filtered: boolean,
    /** By file and frame.number; undefined: the packet is written as it is. */
    private readonly markOf?: (file: number, frameNumber: number) => PacketMark | undefined,
    private readonly added?: AddedComments,
  ) {
    this.pending = new Uint8Array(FLUSH_BYTES);
    this.changed = filtered || markOf !== undefined || added !== undefined;
  }

  /** Takes a batch; `keep` has one byte a packet, 0 to leave it out. */
  take(batch: Batch, keep: Uint8Array | undefined): void {
    if (batch.file !== this.file) this.beginFile(batch.file);
    const pcapng = this.workspace.files[this.file]?.format === "pcapng";
    for (let i = 0; i < batch.packetCount; i++) {
      if (pcapng) this.copyBlocks(batch.numberBefore + i);
      // A custom block is copied with the blocks that hold no packet.
      if (batch.isCustomBlock(i)) continue;
      if (keep && !keep[i]) continue;
      if (pcapng) this.copyPacket(batch, i);
      else this.convert(batch, i);
    }
  }

  end(): void {
    for (let file = Math.max(this.file, 0); file < this.workspace.files.length; file++) {
      if (file !== this.file) this.beginFile(file);
      this.copyBlocks(Infinity);
      this.converter?.flush();
      this.converter = undefined;
    }
    this.flush();
  }

  private beginFile(file: number): void {
    // Files without packets in between still have their blocks.
    for (let f = Math.max(this.file, 0); f < file; f++) {
      if (f !== this.file) this.enter(f);
      this.copyBlocks(Infinity);
      this.converter?.flush();
      this.converter = undefined;
    }
    this.enter(file);
  }

  private enter(file: number): void {
    this.file = file;
    this.nextBlock = 0;
    this.sections = 0;
    const capture = this.workspace.files[file];
    const described = capture?.interfaces[0];
    if (capture?.format !== "pcap" || !described) return;
    this.converter = new PcapngWriter((chunk) => this.put(chunk));
    this.converter.beginSection({ application: "Hopscope", comments: this.sectionComments() });
    this.converter.addInterface({
      linkType: described.linkType,
      // Some writers exceed the length their head states: nothing may be cut here.
      snapLength: Math.max(described.snapLength, 262144),
      resolution: capture.nanoseconds ? NANOSECONDS : MICROSECONDS,
    });
  }

  /** Copies the blocks that stand before packet number `before` (from 0) of the file. */
  private copyBlocks(before: number): void {
    const blocks = this.workspace.files[this.file]?.blocks ?? [];
    while (this.nextBlock < blocks.length) {
      const block = blocks[this.nextBlock];
      if (!block || block.packetsBefore > before) return;
      this.nextBlock++;
      if (!block.bytes) continue;
      // "Must not be copied by programs that change the file" (section 4.8).
      if (this.changed && block.type === BLOCK_CUSTOM_NO_COPY) continue;
      if (block.type === BLOCK_SECTION) {
        const copy = block.bytes.slice();
        // Its length, which does not count this block, is another now: -1, not known.
        if (this.changed) copy.fill(0xff, 16, 24);
        const comments = this.sectionComments().flatMap(commentOptions);
        this.put(withOptions(copy, SECTION_OPTIONS_AT, comments, !block.bigEndian));
      } else this.put(block.bytes);
    }
  }

  private copyPacket(batch: Batch, packet: number): void {
    const at = batch.recordAt(packet);
    const big = this.bigEndianAt(batch.numberBefore + packet);
    const total = batch.view.getUint32(at + 4, !big);
    const block = batch.bytes.subarray(at, at + ((total + 3) & ~3));
    const mark = this.markOf?.(batch.file, batch.numberBefore + packet + 1);
    const comments = this.added?.ofPacket(batch.file, batch.numberBefore + packet + 1) ?? [];
    const type = batch.view.getUint32(at, !big);
    const isEnhanced = type === BLOCK_ENHANCED_PACKET;
    if (!isEnhanced && type !== BLOCK_OBSOLETE_PACKET) {
      this.lostComments += comments.length;
      this.put(block);
      return;
    }
    const options = [...(mark && isEnhanced ? markOptions(mark, !big) : []), ...comments.flatMap(commentOptions)];
    const isReplaced =
      isEnhanced && this.markOf
        ? (code: number, value: Uint8Array) =>
            code === OPTION_PACKET_ID || (code === OPTION_COMMENT && mark?.comment !== undefined && isHopComment(value))
        : undefined;
    this.put(withOptions(block, packetOptionsAt(block, !big), options, !big, isReplaced));
  }

  /** What the section that begins is given: which of several files it was, unless it says so. */
  private sectionComments(): readonly string[] {
    const { files } = this.workspace;
    const file = files[this.file];
    const section = file?.sections[this.sections++];
    const isTold = files.length < 2 || !file || originOf(section?.comments ?? []) !== undefined;
    return [...(isTold ? [] : [originComment(file.label)]), ...this.fileComments()];
  }

  /** Once: the first section has them. */
  private fileComments(): readonly string[] {
    if (this.hasFileComments) return [];
    this.hasFileComments = true;
    return this.added?.ofFile ?? [];
  }

  private bigEndianAt(packet: number): boolean {
    const blocks = this.workspace.files[this.file]?.blocks ?? [];
    // The last block copied is the nearest before the packet; its section gives the byte order.
    const last = blocks[this.nextBlock - 1];
    return last && last.packetsBefore <= packet
      ? last.bigEndian
      : (this.workspace.files[this.file]?.bigEndian ?? false);
  }

  private convert(batch: Batch, packet: number): void {
    const at = batch.data[packet] as number;
    const mark = this.markOf?.(batch.file, batch.numberBefore + packet + 1);
    const comments = this.added?.ofPacket(batch.file, batch.numberBefore + packet + 1) ?? [];
    this.converter?.packet({
      ...(mark && { packetId: mark.packetId }),
      comments: [...(mark?.comment === undefined ? [] : [mark.comment]), ...comments]
        .flatMap(commentParts)
        .map(decodeText),
      bytes: batch.bytes.subarray(at, at + (batch.captured[packet] as number)),
      originalLength: batch.length[packet] as number,
      time: { seconds: batch.seconds(packet), nanoseconds: batch.nanoseconds(packet) },
    });
  }

  private put(bytes: Uint8Array): void {
    if (this.used + bytes.length > FLUSH_BYTES) {
      this.flush();
      if (bytes.length > FLUSH_BYTES) {
        this.write(bytes);
        return;
      }
    }
    this.pending.set(bytes, this.used);
    this.used += bytes.length;
  }

  private flush(): void {
    if (this.used) this.write(this.pending.subarray(0, this.used));
    this.used = 0;
  }
}

/** Where an enhanced (or obsolete) packet block's options begin. */
function packetOptionsAt(block: Uint8Array, little: boolean): number {
  const captured = new DataView(block.buffer, block.byteOffset, block.byteLength).getUint32(20, little);
  return 28 + ((captured + 3) & ~3);
}

function markOptions(mark: PacketMark, little: boolean): AddedOption[] {
  const id = new Uint8Array(8);
  new DataView(id.buffer).setBigUint64(0, mark.packetId, little);
  return [{ code: OPTION_PACKET_ID, value: id }, ...(mark.comment === undefined ? [] : commentOptions(mark.comment))];
}

/** A comment that JourneyMarks wrote. */
export function isHopComment(value: Uint8Array): boolean {
  return value.length <= HOP_COMMENT_BYTES && HOP_COMMENT.test(decodeText(value));
}

function decodeText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
