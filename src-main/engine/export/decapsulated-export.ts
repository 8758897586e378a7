/**
 * Writes what tunnels carry as packets of their own, in one pcapng section: each capture point keeps its name, and has an
 * interface more for every link type that comes out of its tunnels.
 *
 * ```
 * n1.pcapng#0 eth0  Ethernet          packets that are in no tunnel
 * n1.pcapng#0 eth0  Ethernet, inside  "inside the tunnels of n1.pcapng#0": inner frames of VXLAN and Geneve
 * n1.pcapng#0 eth0  raw IP, inside    inner packets of IP in IP, GRE, IP over UDP
 * ```
 * Times are kept (nanoseconds), comments too; a comment more names each carrier that was taken off.
 */
import { decodeUtf8, oneLine } from "../../../src-shared/base/text";
import { NANOSECONDS } from "../../../src-shared/wire/write/capture-time";
import { PcapngWriter } from "../../../src-shared/wire/write/pcapng";
import { visitOptions } from "../fields/frame-fields";
import type { Batch } from "../kernel/batch";
import type { Workspace } from "../session/workspace";
import { innerPacket } from "./inner-packet";
import type { PacketMark } from "./pcapng-export";

const OPTION_COMMENT = 1;
/** Nothing may be cut here: as much as a packet can have. */
const SNAP_LENGTH = 262144;

export class DecapsulatedExport {
  private readonly writer: PcapngWriter;
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
    this.writer.beginSection({ application: "Hopscope" });
  }

  /** Takes a batch; `keep` has one byte a packet, 0 to leave it out. */
  take(batch: Batch, keep: Uint8Array | undefined): void {
    for (let packet = 0; packet < batch.packetCount; packet++) {
      if ((keep && !keep[packet]) || batch.isCustomBlock(packet)) continue;
      const inner = innerPacket(batch, packet, this.tunnels);
      const point = batch.point[packet] as number;
      const mark = this.markOf?.(batch.file, batch.numberBefore + packet + 1);
      const start = inner ? inner.start : (batch.data[packet] as number);
      const end = inner ? inner.end : start + (batch.captured[packet] as number);
      const comments: string[] = [];
      visitOptions(batch, packet, (code, from, length) => {
        if (code === OPTION_COMMENT) comments.push(decodeUtf8(batch.bytes, from, from + length));
      });
      for (const carrier of inner?.carriers ?? []) comments.push(`hopscope: inside ${carrier}`);
      if (mark?.comment !== undefined) comments.push(mark.comment);
      this.writer.packet({
        interfaceId: this.interfaceOf(point, inner?.linkType),
        bytes: batch.bytes.subarray(start, end),
        originalLength: inner?.length ?? (batch.length[packet] as number),
        time: batch.hasTime(packet)
          ? { seconds: batch.seconds(packet), nanoseconds: batch.nanoseconds(packet) }
          : { seconds: 0, nanoseconds: 0 },
        ...(comments.length > 0 && { comments }),
        ...(mark && { packetId: mark.packetId }),
      });
    }
  }

  end(): void {
    this.writer.flush();
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
