/** What `hopscope info` tells of a capture: counted while it is read, then put into one object. */
import { linkTypeName } from "../../../src-shared/model/link-type";
import { TextWriter } from "../../../src-shared/base/text-writer";
import { visitOptions } from "../fields/frame-fields";
import { PACKET_NO_TIME, PACKET_OBSOLETE, STOP_NONE, STOP_FRAGMENT, STOP_PROTOCOL } from "../kernel/assembly/abi";
import type { Batch } from "../kernel/batch";
import { blockName } from "../readers/pcapng-blocks";
import type { Workspace } from "./workspace";

interface PointCount {
  packets: number;
  bytes: number;
  captured: number;
  first: Time | undefined;
  last: Time | undefined;
}

type Time = readonly [seconds: number, nanoseconds: number];

function isEarlier(a: Time, b: Time): boolean {
  return a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);
}

/** Sequences longer than this are told by their counts only. */
const MAX_SEQUENCE = 2000;

export class CaptureCounter {
  private readonly points: PointCount[] = [];
  private readonly packetBlocks: string[][] = [];
  private readonly commented: number[] = [];
  private readonly dropped: number[] = [];
  private readonly undecoded: number[] = [];
  private readonly outOfOrder: number[] = [];
  /** By file: the latest time so far, whatever the interface. */
  private readonly latest: Time[] = [];

  take(batch: Batch, pcapng: boolean): void {
    const { file } = batch;
    const blocks = (this.packetBlocks[file] ??= []);
    for (let i = 0; i < batch.packetCount; i++) {
      if (batch.isCustomBlock(i)) {
        // Listed as Wireshark does, but no packet; its block is told like the others that hold none.
        if (blocks.length <= MAX_SEQUENCE) blocks.push("");
        continue;
      }
      const at = batch.point[i] as number;
      const p = (this.points[at] ??= { packets: 0, bytes: 0, captured: 0, first: undefined, last: undefined });
      p.packets++;
      p.bytes += batch.length[i] as number;
      p.captured += batch.captured[i] as number;
      const flags = batch.packetFlags(i);
      if (!(flags & PACKET_NO_TIME)) {
        const s = batch.seconds(i);
        const ns = batch.nanoseconds(i);
        const time = [s, ns] as const;
        if (!p.first || isEarlier(time, p.first)) p.first = time;
        if (!p.last || isEarlier(p.last, time)) p.last = time;
        const latest = this.latest[file];
        if (!latest || isEarlier(latest, time)) this.latest[file] = time;
        else if (isEarlier(time, latest)) this.outOfOrder[file] = (this.outOfOrder[file] ?? 0) + 1;
      }
      if (pcapng && blocks.length <= MAX_SEQUENCE)
        blocks.push(flags & PACKET_NO_TIME ? "SPB" : flags & PACKET_OBSOLETE ? "PB" : "EPB");
      const stop = batch.stopReason(i);
      if (stop !== STOP_NONE && stop !== STOP_FRAGMENT && stop !== STOP_PROTOCOL)
        this.undecoded[file] = (this.undecoded[file] ?? 0) + 1;
      if (batch.options[i]) this.countOptions(batch, i);
    }
  }

  private countOptions(batch: Batch, packet: number): void {
    visitOptions(batch, packet, (code, start, length, little) => {
      if (code === 1) this.commented[batch.file] = (this.commented[batch.file] ?? 0) + 1;
      else if (code === 4 && length === 8)
        this.dropped[batch.file] = (this.dropped[batch.file] ?? 0) + Number(batch.view.getBigUint64(start, little));
    });
  }

  summary(workspace: Workspace): WorkspaceSummary {
    const writer = new TextWriter(32);
    const time = (t: Time | undefined): string | null => {
      if (!t) return null;
      writer.clear();
      writer.time(t[0], t[1]);
      return writer.toString();
    };
    const files = workspace.files.map((file): FileSummary => {
      const counts = file.interfaces.map((i) => this.points[i.point]);
      let first: Time | undefined;
      let last: Time | undefined;
      for (const c of counts) {
        if (c?.first && (!first || isEarlier(c.first, first))) first = c.first;
        if (c?.last && (!last || isEarlier(last, c.last))) last = c.last;
      }
      const sum = (key: "packets" | "bytes" | "captured"): number => counts.reduce((n, c) => n + (c?.[key] ?? 0), 0);
      return {
        file: file.name,
        format: file.format ?? null,
        byteOrder: file.format ? (file.bigEndian ? "big" : "little") : null,
        fileBytes: file.bytes,
        packets: sum("packets"),
        bytes: sum("bytes"),
        capturedBytes: sum("captured"),
        firstTime: time(first),
        lastTime: time(last),
        packetComments: this.commented[file.index] ?? 0,
        packetDrops: this.dropped[file.index] ?? 0,
        packetsOutOfOrder: this.outOfOrder[file.index] ?? 0,
        packetsCutOrMalformed: this.undecoded[file.index] ?? 0,
        sections: file.sections.map((s) => ({
          index: s.index,
          byteOrder: s.bigEndian ? ("big" as const) : ("little" as const),
          version: `${s.major}.${s.minor}`,
          hardware: s.hardware ?? null,
          os: s.operatingSystem ?? null,
          application: s.application ?? null,
          comments: s.comments,
        })),
        interfaces: file.interfaces.map((i) => {
          const c = this.points[i.point];
          const s = file.statistics.filter((x) => x.interface === i.index).at(-1);
          return {
            id: workspace.pointId(i.point),
            index: i.index,
            name: i.name ?? null,
            description: i.description ?? null,
            linkType: i.linkType,
            linkTypeName: linkTypeName(i.linkType),
            snapLength: i.snapLength,
            resolution: i.resolution,
            offsetSeconds: i.offsetSeconds,
            filter: i.filter ?? null,
            os: i.operatingSystem ?? null,
            comments: i.comments,
            packets: c?.packets ?? 0,
            bytes: c?.bytes ?? 0,
            firstTime: time(c?.first),
            lastTime: time(c?.last),
            received: s?.received ?? null,
            dropped: s?.dropped ?? null,
          };
        }),
        names: file.names,
        blocks: this.blockCounts(workspace, file.index),
        blockSequence: this.blockSequence(workspace, file.index),
        problems: file.problems,
      };
    });
    return { version: 1, files };
  }

  /** Names of all blocks in file order; null if there are too many, or it is no pcapng. */
  private blockSequence(workspace: Workspace, file: number): string[] | null {
    const f = workspace.files[file];
    const packets = this.packetBlocks[file] ?? [];
    if (f?.format !== "pcapng" || packets.length > MAX_SEQUENCE) return null;
    const sequence: string[] = [];
    let at = 0;
    for (const b of f.blocks) {
      while (at < b.packetsBefore && at < packets.length) {
        const packet = packets[at++] as string;
        if (packet) sequence.push(packet);
      }
      sequence.push(blockName(b.type));
    }
    sequence.push(...packets.slice(at).filter(Boolean));
    return sequence;
  }

  private blockCounts(workspace: Workspace, file: number): Record<string, number> {
    const counts: Record<string, number> = {};
    const f = workspace.files[file];
    if (f?.format !== "pcapng") return counts;
    const add = (name: string): void => {
      counts[name] = (counts[name] ?? 0) + 1;
    };
    for (const b of f.blocks) add(blockName(b.type));
    const packets = this.packetBlocks[file] ?? [];
    if (packets.length <= MAX_SEQUENCE) packets.filter(Boolean).forEach(add);
    else counts["packets"] = f.packets;
    return counts;
  }
}

export interface FileSummary {
  readonly file: string;
  readonly format: string | null;
  readonly byteOrder: "big" | "little" | null;
  readonly fileBytes: number;
  readonly packets: number;
  readonly bytes: number;
  readonly capturedBytes: number;
  readonly firstTime: string | null;
  readonly lastTime: string | null;
  readonly packetComments: number;
  readonly packetDrops: number;
  readonly packetsOutOfOrder: number;
  readonly packetsCutOrMalformed: number;
  readonly sections: readonly {
    readonly index: number;
    readonly byteOrder: "big" | "little";
    readonly version: string;
    readonly hardware: string | null;
    readonly os: string | null;
    readonly application: string | null;
    readonly comments: readonly string[];
  }[];
  readonly interfaces: readonly {
    readonly id: string;
    readonly index: number;
    readonly name: string | null;
    readonly description: string | null;
    readonly linkType: number;
    readonly linkTypeName: string;
    readonly snapLength: number;
    readonly resolution: string;
    readonly offsetSeconds: number;
    readonly filter: string | null;
    readonly os: string | null;
    readonly comments: readonly string[];
    readonly packets: number;
    readonly bytes: number;
    readonly firstTime: string | null;
    readonly lastTime: string | null;
    readonly received: number | null;
    readonly dropped: number | null;
  }[];
  readonly names: readonly { readonly address: string; readonly names: readonly string[] }[];
  readonly blocks: Readonly<Record<string, number>>;
  readonly blockSequence: readonly string[] | null;
  readonly problems: readonly {
    readonly offset: number;
    readonly code: string;
    readonly message: string;
    readonly fatal: boolean;
  }[];
}

export interface WorkspaceSummary {
  readonly version: 1;
  readonly files: readonly FileSummary[];
}
