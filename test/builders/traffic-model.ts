/** What the traffic notation (traffic.ts) is read into: interfaces, packets as bytes, host names, counters. */
import {
  LINKTYPE_ETHERNET,
  LINKTYPE_LINUX_SLL,
  LINKTYPE_LINUX_SLL2,
  LINKTYPE_LOOP,
  LINKTYPE_NULL,
  LINKTYPE_PPP,
  LINKTYPE_RAW,
} from "../../src-shared/model/link-type";
import type { CaptureTime, Resolution } from "../../src-shared/wire/write/capture-time";
import type { Layer } from "../../src-shared/wire/write/layer";
import type { PacketFlags } from "../../src-shared/wire/write/pcapng";

/** Link types by their words. */
export const LINKS = {
  ethernet: LINKTYPE_ETHERNET,
  ppp: LINKTYPE_PPP,
  raw: LINKTYPE_RAW,
  sll: LINKTYPE_LINUX_SLL,
  sll2: LINKTYPE_LINUX_SLL2,
  null: LINKTYPE_NULL,
  loop: LINKTYPE_LOOP,
} as const;
export type TrafficLink = keyof typeof LINKS;

export interface TrafficInterface {
  /** Without the @; undefined for the one that no line names. */
  readonly name: string | undefined;
  readonly link: TrafficLink;
  readonly linkType: number;
  readonly resolution: Resolution;
  readonly timeOffsetSeconds: number | undefined;
  /** 0 = no limit. */
  readonly snapLength: number;
  /** For SLL2. */
  readonly index: number;
  readonly description: string | undefined;
}

export interface TrafficPacket {
  /** The line it was written on, from 1; fragments share one. */
  readonly line: number;
  readonly label: string | undefined;
  /** Position in `interfaces`. */
  readonly interfaceId: number;
  readonly time: CaptureTime;
  readonly layers: readonly Layer[];
  /** As on the wire. */
  readonly bytes: Uint8Array;
  /** Bytes the capture kept, from `snap=` or the interface. */
  readonly capturedLength: number;
  readonly comment: string | undefined;
  readonly flags: PacketFlags | undefined;
  readonly drops: number | undefined;
  readonly packetId: bigint | undefined;
  readonly queue: number | undefined;
}

export interface TrafficCounts {
  readonly interfaceId: number;
  readonly time: CaptureTime;
  readonly received: number | undefined;
  readonly dropped: number | undefined;
}

export interface Traffic {
  readonly interfaces: readonly TrafficInterface[];
  readonly packets: readonly TrafficPacket[];
  readonly hosts: readonly { readonly address: string; readonly names: readonly string[] }[];
  readonly counts: readonly TrafficCounts[];
}

/** { key: value }, or nothing if there is no value: an optional property is left out rather than set to undefined. */
export function defined<K extends string, T>(key: K, value: T | undefined): { [P in K]?: T } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: T });
}
