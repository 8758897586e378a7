/**
 * What joining says of packets, as columns: made once when the captures are joined (join/joined-columns.ts), read by the fields
 * `k8s.*`, `journey.*`, `connection.*`, `nat.kind`, `point.role`. Plain data, so that it can go from thread to thread.
 *
 * ```
 * file, frame.number ─► packet ─► connection ─► texts: id, kind, pods, Service, translations
 *                            └──► journey number, hop
 * ```
 * 11 bytes a packet, 24 a connection. Of several network layers in a packet the innermost one that is in a connection counts.
 */
export interface JoinedColumns {
  /** Packets before each file's first. */
  readonly firstOfFile: readonly number[];
  /** By packet: index of its connection, -1 none. */
  readonly connection: Int32Array;
  /** Number of its journey, counted over all connections from 1 (as `epb_packetid` in exports); 0 none. */
  readonly journey: Uint32Array;
  /** Which sighting of the journey it is, from 1; 65535: that or later. */
  readonly hop: Uint16Array;
  /** 1: sent by the server. */
  readonly toClient: Uint8Array;
  /** By connection: its id. */
  readonly ids: readonly string[];
  /** By connection: numbers of texts. */
  readonly kind: Uint32Array;
  readonly clientPod: Uint32Array;
  readonly serverPod: Uint32Array;
  readonly service: Uint32Array;
  /** By connection: NAT_* bits. */
  readonly nat: Uint8Array;
  /** Number 0 is the empty text: not known. */
  readonly texts: readonly string[];
  /** By capture point. */
  readonly points: readonly { readonly role: string; readonly node: string | null }[];
}

export const NAT_DNAT = 1;
export const NAT_SNAT = 2;
export const NAT_ICMP_ID = 4;
const NAT_KINDS = ["dnat", "snat", "icmp-id"] as const;

export class JoinedFacts {
  constructor(private readonly columns: JoinedColumns) {}

  /** Index of a packet; -1: joining did not see it. */
  private packet(file: number, frameNumber: number): number {
    const first = this.columns.firstOfFile[file];
    const packet = first === undefined ? -1 : first + frameNumber - 1;
    return packet < this.columns.connection.length ? packet : -1;
  }

  private connectionOf(file: number, frameNumber: number): number {
    return this.columns.connection[this.packet(file, frameNumber)] ?? -1;
  }

  private text(column: Uint32Array, connection: number): string {
    return connection < 0 ? "" : (this.columns.texts[column[connection] as number] ?? "");
  }

  connectionId(file: number, frameNumber: number): string {
    return this.columns.ids[this.connectionOf(file, frameNumber)] ?? "";
  }
  connectionKind(file: number, frameNumber: number): string {
    return this.text(this.columns.kind, this.connectionOf(file, frameNumber));
  }
  service(file: number, frameNumber: number): string {
    return this.text(this.columns.service, this.connectionOf(file, frameNumber));
  }
  /** Pod of the packet's sender (0) or receiver (1). */
  pod(file: number, frameNumber: number, which: 0 | 1): string {
    const { toClient, clientPod, serverPod } = this.columns;
    const packet = this.packet(file, frameNumber);
    const isServer = (toClient[packet] ?? 0) !== which;
    return this.text(isServer ? serverPod : clientPod, this.columns.connection[packet] ?? -1);
  }
  natKinds(file: number, frameNumber: number): readonly string[] {
    const bits = this.columns.nat[this.connectionOf(file, frameNumber)] ?? 0;
    return NAT_KINDS.filter((_, bit) => bits & (1 << bit));
  }
  /** 0: none. */
  journey(file: number, frameNumber: number): number {
    return this.columns.journey[this.packet(file, frameNumber)] ?? 0;
  }
  hop(file: number, frameNumber: number): number {
    return this.columns.hop[this.packet(file, frameNumber)] ?? 0;
  }
  role(point: number): string {
    return this.columns.points[point]?.role ?? "";
  }
  node(point: number): string {
    return this.columns.points[point]?.node ?? "";
  }
}
