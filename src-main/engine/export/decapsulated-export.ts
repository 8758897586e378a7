/**
 * Writes what tunnels carry as packets of their own, in one pcapng section: each capture point keeps its name, and has an
 * interface more for every link type that comes out of its tunnels.
 *
 * ```
 * n1.pcapng#0 eth0  Ethernet          packets that are in no tunnel
 * n1.pcapng#0 eth0  Ethernet, inside  "inside the tunnels of n1.pcapng#0": inner frames of VXLAN and Geneve
 * n1.pcapng#0 eth0  raw IP, inside    inner packets of IP in IP, GRE, IP over UDP
 * ```
 * Times are kept (nanoseconds), and so are comments of packets and of the first file, names of addresses, directions, drops and packet ids;
 * a comment more names each carrier that was taken off. One section for all files: tshark 4.0 looks for an interface's description in the
 * first one only.
 */
import { decodeUtf8, oneLine } from "../../../src-shared/base/text";
import { NANOSECONDS } from "../../../src-shared/wire/write/capture-time";
import { type PacketFlags, PcapngWriter } from "../../../src-shared/wire/write/pcapng";
import { visitOptions } from "../fields/frame-fields";
import type { Batch } from "../kernel/batch";
import type { Workspace } from "../session/workspace";
import { innerPacket } from "./inner-packet";
import { type PacketMark, isHopComment } from "./pcapng-export";

const OPTION_COMMENT = 1;
const OPTION_FLAGS = 2;
const OPTION_DROPS = 4;
const OPTION_PACKET_ID = 5;
/** epb_flags (draft-ietf-opsawg-pcapng section 4.3.1): bits 0-1 direction, 2-4 how it was received. */
const DIRECTIONS = [undefined, "inbound", "outbound", undefined] as const;
const RECEPTIONS = [undefined, "unicast", "multicast", "broadcast", "promiscuous"] as const;
/** Nothing may be cut here: as much as a packet can have. */
const SNAP_LENGTH = 262144;

/** What the options of a packet say that holds for what it carries, too. */
interface KeptOptions {
  comments: string[];
  flags?: PacketFlags;
  dropCount?: bigint;
  packetId?: bigint;
}

export class DecapsulatedExport {
  private readonly writer: PcapngWriter;
  private isBegun = false;
  /** Number of the interface by point, link type and whether it is inside. */
  private readonly interfaces = new Map<string, number>();

  /** `tunnels`: how many to take off each packet; Infinity: all. */
  constructor(
    private readonly workspace: Workspace,
    write: (bytes: Uint8Array) => void,
    private readonly tunnels: number,
    private readonly markOf?: (file: number, frameNumber: number) => PacketMark | undefined,
  ) {
    this.writer = new PcapngWriter(write);
  }

  /** Takes a batch; `keep` has one byte a packet, 0 to leave it out. */
  take(batch: Batch, keep: Uint8Array | undefined): void {
    this.begin();
    for (let packet = 0; packet < batch.packetCount; packet++) {
      if ((keep && !keep[packet]) || batch.isCustomBlock(packet)) continue;
      const inner = innerPacket(batch, packet, this.tunnels);
      const point = batch.point[packet] as number;
      const mark = this.markOf?.(batch.file, batch.numberBefore + packet + 1);
      const start = inner ? inner.start : (batch.data[packet] as number);
      const end = inner ? inner.end : start + (batch.captured[packet] as number);
      const kept = this.keptOptions(batch, packet, mark);
      const { comments } = kept;
      for (const carrier of inner?.carriers ?? []) comments.push(`hopscope: inside ${carrier}`);
      if (mark?.comment !== undefined) comments.push(mark.comment);
      this.writer.packet({
        interfaceId: this.interfaceOf(point, inner?.linkType),
        bytes: batch.bytes.subarray(start, end),
        originalLength: inner?.length ?? (batch.length[packet] as number),
        time: batch.hasTime(packet)
          ? { seconds: batch.seconds(packet), nanoseconds: batch.nanoseconds(packet) }
          : { seconds: 0, nanoseconds: 0 },
        ...kept,
        ...(mark && { packetId: mark.packetId }),
      });
    }
  }

  end(): void {
    this.begin();
    // Names come last: by then all of them are known.
    const records = this.workspace.files.flatMap((file) => file.names);
    if (records.length > 0) this.writer.nameResolution({ records });
    this.writer.flush();
  }

  /** The section: with the first packet the comments of its file are known. */
  private begin(): void {
    if (this.isBegun) return;
    this.isBegun = true;
    const comments = this.workspace.files.flatMap((file) => file.sections.flatMap((section) => section.comments));
    this.writer.beginSection({ application: "Hopscope", comments });
  }

  private keptOptions(batch: Batch, packet: number, mark: PacketMark | undefined): KeptOptions {
    const kept: KeptOptions = { comments: [] };
    visitOptions(batch, packet, (code, from, length, little) => {
      if (code === OPTION_COMMENT) {
        const isOfExportBefore = mark?.comment !== undefined && isHopComment(batch.bytes.subarray(from, from + length));
        if (!isOfExportBefore) kept.comments.push(decodeUtf8(batch.bytes, from, from + length));
      } else if (code === OPTION_FLAGS && length === 4) {
        const bits = batch.view.getUint32(from, little);
        const direction = DIRECTIONS[bits & 3];
        const reception = RECEPTIONS[(bits >>> 2) & 7];
        if (direction ?? reception) kept.flags = { ...(direction && { direction }), ...(reception && { reception }) };
      } else if (code === OPTION_DROPS && length === 8) kept.dropCount = batch.view.getBigUint64(from, little);
      // Ids of another counting would be mistaken for those of joining.
      else if (code === OPTION_PACKET_ID && length === 8 && !this.markOf)
        kept.packetId = batch.view.getBigUint64(from, little);
    });
    return kept;
  }

  private interfaceOf(point: number, innerLinkType: number | undefined): number {
    const described = this.workspace.points[point];
    const linkType = innerLinkType ?? described?.linkType ?? 1;
    const key = `${point} ${linkType} ${innerLinkType === undefined ? "" : "inside"}`;
    let number = this.interfaces.get(key);
    if (number === undefined) {
      const id = oneLine(this.workspace.pointId(point));
      number = this.writer.addInterface({
        linkType,
        snapLength: SNAP_LENGTH,
        resolution: NANOSECONDS,
        ...(described?.name !== undefined && { name: described.name }),
        description: innerLinkType === undefined ? id : `inside the tunnels of ${id}`,
        ...(innerLinkType === undefined && described?.fcsLength && { fcsLength: described.fcsLength }),
      });
      this.interfaces.set(key, number);
    }
    return number;
  }
}
