/** What the readers tell about a capture besides its packets. Plain data: it crosses from the decode thread as it is. */
import type { Problem } from "../../../src-shared/model/problem";

export type CaptureFormat = "pcap" | "pcapng";

export interface CaptureInterface {
  /** Index over all interfaces of the file, sections counted through. */
  readonly index: number;
  /** Number within its section, as packets refer to it. */
  readonly numberInSection: number;
  readonly section: number;
  /** Index over all interfaces of all files of the workspace: what the POINT column holds. */
  readonly point: number;
  readonly linkType: number;
  readonly snapLength: number;
  readonly name: string | undefined;
  readonly description: string | undefined;
  readonly filter: string | undefined;
  readonly operatingSystem: string | undefined;
  readonly comments: readonly string[];
  /** "10^-6" or "2^-10": seconds in a unit of time. */
  readonly resolution: string;
  /** Seconds added to every time. */
  readonly offsetSeconds: number;
  /** Bytes of frame check sequence the link-type word speaks of, 0 if none. */
  readonly fcsLength: number;
}

export interface CaptureSection {
  readonly index: number;
  readonly bigEndian: boolean;
  readonly major: number;
  readonly minor: number;
  readonly hardware: string | undefined;
  readonly operatingSystem: string | undefined;
  readonly application: string | undefined;
  readonly comments: readonly string[];
}

export interface NameRecord {
  readonly address: string;
  readonly names: readonly string[];
}

export interface InterfaceStatistics {
  /** Index over all interfaces of the file. */
  readonly interface: number;
  readonly received: number | undefined;
  readonly dropped: number | undefined;
  readonly osDropped: number | undefined;
  readonly filterAccepted: number | undefined;
  readonly delivered: number | undefined;
  readonly comments: readonly string[];
}

/** A pcapng block that is not a packet: its place, for exports that keep it. */
export interface BlockRecord {
  readonly type: number;
  readonly offset: number;
  readonly length: number;
  /** Packets of the file before it. */
  readonly packetsBefore: number;
  readonly bigEndian: boolean;
  /** The whole block, for blocks that were read while the pipeline keeps them. */
  readonly bytes?: Uint8Array;
}

export type CaptureEvent =
  | {
      readonly kind: "open";
      readonly file: number;
      readonly name: string;
      readonly format: CaptureFormat;
      readonly bigEndian: boolean;
      readonly nanoseconds: boolean;
    }
  | { readonly kind: "section"; readonly file: number; readonly section: CaptureSection }
  | { readonly kind: "interface"; readonly file: number; readonly interface: CaptureInterface }
  | {
      readonly kind: "names";
      readonly file: number;
      readonly records: readonly NameRecord[];
      readonly comments: readonly string[];
    }
  | { readonly kind: "statistics"; readonly file: number; readonly statistics: InterfaceStatistics }
  | { readonly kind: "block"; readonly file: number; readonly block: BlockRecord }
  | { readonly kind: "problem"; readonly file: number; readonly problem: Problem }
  | { readonly kind: "end"; readonly file: number; readonly bytes: number; readonly packets: number };

/** Everything known of one file, built from its events. */
export interface CaptureFile {
  readonly index: number;
  readonly name: string;
  /** As much of the name's end as tells it from the other files: "n1.pcapng", "n1/eth0.pcap". */
  readonly label: string;
  readonly format: CaptureFormat | undefined;
  readonly bigEndian: boolean;
  readonly nanoseconds: boolean;
  readonly sections: CaptureSection[];
  readonly interfaces: CaptureInterface[];
  readonly names: NameRecord[];
  readonly nameComments: string[];
  readonly statistics: InterfaceStatistics[];
  readonly blocks: BlockRecord[];
  readonly problems: Problem[];
  bytes: number;
  packets: number;
}
