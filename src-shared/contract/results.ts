/** What the engine answers with: plain data, documented field by field. */
import type { PointRole } from "../model/point-role";

/** Index of a packet over all files of the workspace, in the order they were read. Stable while the workspace is open. */
export type PacketId = number;

export interface AppInfo {
  readonly name: string;
  readonly version: string;
  readonly host: "electron" | "browser";
  /** "linux" "darwin" "win32" */
  readonly platform: string;
  readonly node: string;
  /** The host has native open and save dialogs (files.pick, export to a path). */
  readonly dialogs: boolean;
  readonly recent: readonly RecentFile[];
  /** Captures the window should open at its start. A host that opens what it was started with itself gives none. */
  readonly startFiles: readonly string[];
}

export interface RecentFile {
  readonly path: string;
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly openedMs: number;
  readonly exists: boolean;
}

export interface FolderEntry {
  readonly name: string;
  readonly path: string;
  readonly kind: "folder" | "capture" | "file";
  readonly bytes: number;
  readonly modifiedMs: number;
}

export interface PointState {
  /** Index over all interfaces of all files: the packet's capture point. */
  readonly point: number;
  /** "n1.pcapng#2" */
  readonly id: string;
  readonly file: number;
  /** Name given by a person, else by the capture, else "interface 2". */
  readonly name: string;
  readonly capturedName: string | null;
  readonly description: string | null;
  readonly linkType: number;
  readonly linkTypeName: string;
  readonly role: PointRole;
  /** Set by a person (true) or inferred. */
  readonly roleTold: boolean;
  readonly node: string | null;
  readonly pod: string | null;
  readonly enabled: boolean;
  readonly packets: number;
  readonly bytes: number;
  /** Packets in each of 48 equal parts of the workspace's time span. */
  readonly sparkline: readonly number[];
  /** Told by the capture's statistics; null if it does not say. */
  readonly dropped: number | null;
}

export interface FileState {
  readonly file: number;
  readonly path: string;
  readonly name: string;
  readonly format: "pcap" | "pcapng" | null;
  /** "gzip" "zstd" "lz4" or null */
  readonly compression: string | null;
  readonly bytes: number;
  readonly packets: number;
  readonly state: "waiting" | "loading" | "done" | "failed" | "live";
  /** Bytes read, of `bytes`. */
  readonly read: number;
  readonly problems: readonly ProblemInfo[];
  /** Seconds added to this file's times when joining; null: estimated. */
  readonly clockOffset: number | null;
  readonly comments: readonly string[];
  readonly application: string | null;
  readonly operatingSystem: string | null;
}

export interface ProblemInfo {
  readonly message: string;
  readonly offset: number;
  readonly fatal: boolean;
}

export interface WorkspaceState {
  /** Changes with every open and close: what was asked of an older one is gone. */
  readonly workspace: number;
  readonly state: "empty" | "loading" | "ready" | "cancelled";
  readonly files: readonly FileState[];
  readonly points: readonly PointState[];
  readonly packets: number;
  readonly bytes: number;
  /** Of the bytes to read. */
  readonly read: number;
  readonly total: number;
  /** [seconds, nanoseconds] of the earliest and latest packet; null while there is none. */
  readonly firstTime: TimeValue | null;
  readonly lastTime: TimeValue | null;
  readonly decodeAs: readonly DecodeAs[];
  readonly clusterFiles: readonly string[];
  /** Imported output of conntrack. */
  readonly conntrackFiles: readonly string[];
}

/** Whole seconds since the epoch, nanoseconds 0 … 999,999,999. */
export type TimeValue = readonly [seconds: number, nanoseconds: number];

export interface DecodeAs {
  /** "udp.port" "tcp.port", or a point's id. */
  readonly what: string;
  readonly value: number;
  /** vxlan geneve ip wireguard gtpu dns dhcp http tls data mpls */
  readonly as: string;
}

export interface FilterProblem {
  readonly message: string;
  /** Character range in the filter's text. */
  readonly from: number;
  readonly to: number;
}

export interface FilterCheck {
  readonly valid: boolean;
  readonly problem: FilterProblem | null;
  /** Valid, but perhaps not what was meant. */
  readonly warning: string | null;
}

export interface Completion {
  readonly text: string;
  readonly label: string;
  readonly kind: "field" | "protocol" | "value" | "operator" | "function" | "annotation";
}

/** A list of packets: filtered, sorted, kept by the engine; the window asks for row ranges. */
export interface ViewState {
  readonly view: number;
  /** Rows there are so far. */
  readonly rows: number;
  /** Packets looked at, of all there are (a filter that has to read the file again works its way through it). */
  readonly scanned: number;
  readonly packets: number;
  readonly complete: boolean;
  /** What it waits for, or, if it failed, why no more rows will come. */
  readonly problem: string | null;
  readonly failed: boolean;
}

export interface PacketRow {
  readonly packet: PacketId;
  /** frame.number in its file. */
  readonly number: number;
  readonly file: number;
  readonly point: number;
  readonly time: TimeValue;
  /** One text a column asked for. */
  readonly cells: readonly string[];
  /** Index into COLOUR_RULES (contract/colours.ts), -1 none. */
  readonly colour: number;
  /** Stream of the innermost transport layer over the workspace, -1 none: related packets have the same. */
  readonly stream: number;
  /** false: from the originator of the stream. */
  readonly reply: boolean;
  readonly comments: number;
}

export interface DetailNode {
  /** What the tree shows, complete: "Time to Live: 63". */
  readonly text: string;
  /** Filter name, "ip.ttl"; null for text that has none. */
  readonly field: string | null;
  /** The value as a filter literal: `ip.ttl == 63` is field == literal. */
  readonly literal: string | null;
  /** Byte view and range in it; length 0: generated, in [brackets]. */
  readonly source: number;
  readonly offset: number;
  readonly length: number;
  /** For a field smaller than its bytes, or for the packet diagram: bits from `offset` on, and how many; null: whole bytes. */
  readonly bitOffset: number | null;
  readonly bitLength: number | null;
  readonly generated: boolean;
  readonly severity: "chat" | "note" | "warn" | "error" | null;
  readonly children: readonly DetailNode[];
}

export interface ByteSource {
  /** "Frame (98 bytes)", "Reassembled IPv4 (2000 bytes)" */
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface PacketDetails {
  readonly packet: PacketId;
  readonly number: number;
  readonly file: number;
  readonly point: number;
  readonly time: TimeValue;
  readonly length: number;
  readonly captured: number;
  readonly summary: string;
  readonly sources: readonly ByteSource[];
  /** One node a protocol, frame first. */
  readonly tree: readonly DetailNode[];
  /** Request and response, retransmitted, quoted … */
  readonly related: readonly RelatedPacket[];
  readonly comments: readonly string[];
}

export interface RelatedPacket {
  readonly packet: PacketId;
  readonly number: number;
  readonly relation: "request" | "response" | "first-of-stream" | "last-of-stream" | "acknowledged" | "same-journey";
}

/** A table kept by the engine: flows, conversations, endpoints, hierarchy, connections, findings. */
export interface TableColumn {
  readonly id: string;
  readonly label: string;
  /** "identifier": a number that counts nothing (a port). */
  readonly kind: "text" | "number" | "identifier" | "bytes" | "time" | "duration" | "address" | "severity" | "percent";
  /** Field that holds the cell's value as it is; null: none, or the filter is made otherwise (TableRow.filters). */
  readonly field: string | null;
  readonly hint: string;
}

export interface TableState {
  readonly table: number;
  readonly name: string;
  readonly columns: readonly TableColumn[];
  readonly rows: number;
  readonly total: number;
}

/** Times as [s, ns]; durations in seconds. */
export type Cell = string | number | TimeValue | null;

export interface TableRow {
  readonly key: string;
  readonly cells: readonly Cell[];
  /** Display filter that selects the row's packets; null: none. */
  readonly filter: string | null;
  /** By cell: the display filter its value stands for; null: none. */
  readonly filters: readonly (string | null)[];
  /** Nesting, for trees (hierarchy). */
  readonly level: number;
}

export interface StreamSegment {
  readonly packet: PacketId;
  readonly time: TimeValue;
  /** false: from the client (who opened the stream). */
  readonly fromServer: boolean;
  readonly bytes: Uint8Array;
  /** Bytes of the stream missing before this segment. */
  readonly gap: number;
}

export interface FollowedStream {
  readonly title: string;
  readonly protocol: "tcp" | "udp";
  readonly filter: string;
  readonly client: string;
  readonly server: string;
  readonly segments: readonly StreamSegment[];
  readonly clientBytes: number;
  readonly serverBytes: number;
  /** More bytes than were asked for. */
  readonly truncated: boolean;
}

/** Packets and bytes in equal parts of a time range, one series a filter or point. */
export interface Timeline {
  readonly from: TimeValue;
  readonly to: TimeValue;
  readonly buckets: number;
  readonly series: readonly {
    readonly label: string;
    /** Finds its packets; null: no filter does by itself (all of them, a protocol as the list names it). */
    readonly filter: string | null;
    /** Float64Array bytes, little-endian, `buckets` numbers each. */
    readonly packets: Uint8Array;
    readonly bytes: Uint8Array;
  }[];
}

export interface Written {
  readonly path: string;
  readonly packets: number;
  readonly bytes: number;
}
