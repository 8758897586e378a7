/** `Sightings` over the kernel's rows: what everybody outside this folder reads. */
import type { EncapsulationKind, Sightings } from "../../../src-shared/reconstruct/result";
import {
  SIGHTING_CARRIED,
  SIGHTING_CARRIES,
  SIGHTING_DF,
  SIGHTING_FRAGMENT,
  SIGHTING_NO_TRANSPORT,
  SIGHTING_QUOTED,
} from "../kernel/assembly/abi";
import { encapsulationKind, hasNetworkIdentifier } from "./encapsulation";
import type { Joined } from "./join";

import {
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  type SightingColumns,
  W_ACK,
  W_EXTRA,
  W_ID,
  W_IP_LENGTH,
  W_LENGTH,
  W_PACKET,
  W_SEQ,
} from "./sighting-columns";

const STRIDE = 16;

export class SightingRows implements Sightings {
  readonly count: number;

  constructor(
    private readonly columns: SightingColumns,
    private readonly joined: Joined,
    private readonly files: { readonly fileOfPoint: readonly number[]; readonly firstPacketOfFile: readonly number[] },
    /** Place of a connection in the order of time, by row of the table. */
    private readonly positionOf: Uint32Array,
  ) {
    this.count = columns.count;
  }

  private bits(row: number): number {
    return this.columns.word(row, W_ID) & 255;
  }

  packet(row: number): number {
    return this.columns.word(row, W_PACKET);
  }
  file(row: number): number {
    return this.files.fileOfPoint[this.point(row)] ?? 0;
  }
  frameNumber(row: number): number {
    return this.packet(row) - (this.files.firstPacketOfFile[this.file(row)] ?? 0) + 1;
  }
  point(row: number): number {
    return this.joined.pointOfFlow[this.columns.flow(row)] as number;
  }
  seconds(row: number): number {
    return this.columns.seconds(row);
  }
  nanoseconds(row: number): number {
    return this.columns.nanoseconds(row);
  }
  alignedNs(row: number): number {
    return this.joined.matcher.alignedNs(row);
  }
  depth(row: number): number {
    return this.columns.depth(this.columns.flow(row));
  }
  carrier(row: number): number {
    return this.bits(row) & SIGHTING_CARRIED ? row - 1 : -1;
  }
  quoted(row: number): boolean {
    return (this.bits(row) & SIGHTING_QUOTED) !== 0;
  }
  carries(row: number): boolean {
    return (this.bits(row) & SIGHTING_CARRIES) !== 0;
  }
  ipVersion(row: number): 4 | 6 {
    return this.columns.v6(this.columns.flow(row)) ? 6 : 4;
  }
  private address(row: number, which: number): string {
    const flow = this.columns.flow(row);
    return this.columns.addressText(
      this.columns.address(flow, this.columns.direction(row) ^ which),
      this.columns.v6(flow),
    );
  }
  source(row: number): string {
    return this.address(row, 0);
  }
  destination(row: number): string {
    return this.address(row, 1);
  }
  sourcePort(row: number): number {
    const flow = this.columns.flow(row);
    return this.columns.port(flow, this.columns.direction(row));
  }
  destinationPort(row: number): number {
    const flow = this.columns.flow(row);
    return this.columns.port(flow, this.columns.direction(row) ^ 1);
  }
  protocol(row: number): number {
    return this.columns.protocol(this.columns.flow(row));
  }
  ttl(row: number): number {
    return (this.columns.word(row, W_ID) >>> 8) & 255;
  }
  identification(row: number): number {
    return this.columns.word(row, W_ID) >>> 16;
  }
  dontFragment(row: number): boolean {
    return (this.bits(row) & SIGHTING_DF) !== 0;
  }
  fragment(row: number): boolean {
    return (this.bits(row) & SIGHTING_FRAGMENT) !== 0;
  }
  ipLength(row: number): number {
    return this.columns.word(row, W_IP_LENGTH);
  }
  payloadLength(row: number): number {
    return this.columns.word(row, W_LENGTH) >>> 8;
  }
  private tcp(row: number): boolean {
    return this.protocol(row) === PROTOCOL_TCP && !(this.bits(row) & SIGHTING_NO_TRANSPORT);
  }
  tcpFlags(row: number): number {
    return this.tcp(row) ? this.columns.word(row, W_LENGTH) & 255 : 0;
  }
  tcpSeq(row: number): number {
    return this.tcp(row) ? this.columns.word(row, W_SEQ) : 0;
  }
  tcpAck(row: number): number {
    return this.tcp(row) ? this.columns.word(row, W_ACK) : 0;
  }
  tcpTsval(row: number): number {
    return this.tcp(row) ? this.columns.word(row, W_EXTRA) : 0;
  }
  icmpTypeCode(row: number): number {
    if (!this.columns.isIcmp(this.columns.flow(row)) || this.bits(row) & SIGHTING_NO_TRANSPORT) return -1;
    return this.columns.word(row, W_EXTRA) >>> 16;
  }
  tunnel(
    row: number,
  ): { readonly kind: EncapsulationKind; readonly vni: number | null; readonly port: number | null } | null {
    if (!(this.bits(row) & SIGHTING_CARRIED)) return null;
    const flow = this.columns.flow(row);
    const outer = this.columns.flow(row - 1);
    const kind = encapsulationKind(this.columns.tunnelKind(flow), this.columns.v6(flow), this.columns.v6(outer));
    return {
      kind,
      vni: hasNetworkIdentifier(kind) ? this.columns.vni(flow) : null,
      port: this.columns.protocol(outer) === PROTOCOL_UDP ? this.destinationPort(row - 1) : null,
    };
  }
  /** Row of the innermost sighting of each packet that is in a connection, -1: none. Packets in ascending order, as rows are. */
  rowsOf(packets: { readonly length: number; at(index: number): number }): Int32Array {
    const { columns, count } = this;
    const rows = new Int32Array(packets.length);
    /** First row behind the packet. */
    let row = 0;
    for (let i = 0; i < packets.length; i++) {
      const packet = packets.at(i);
      // Most packets are not asked for: passed over in strides.
      while (row + STRIDE < count && columns.word(row + STRIDE, W_PACKET) <= packet) row += STRIDE;
      while (row < count && columns.word(row, W_PACKET) <= packet) row++;
      let found = row - 1;
      while (found >= 0 && this.packet(found) === packet && (this.quoted(found) || this.connection(found) < 0)) found--;
      rows[i] = found >= 0 && this.packet(found) === packet ? found : -1;
    }
    return rows;
  }

  connection(row: number): number {
    const c = this.joined.connectionOfFlow[this.columns.flow(row)] as number;
    return c < 0 ? -1 : (this.positionOf[c] as number);
  }
}
