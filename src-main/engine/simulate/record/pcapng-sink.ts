/**
 * A simulation's recording as pcapng: one interface a point, nanoseconds, names of pods and Services in a name resolution block.
 * One file for all points, or one file for each namespace as dumpcap in every namespace would write.
 */
import { PcapngWriter, type NameRecord } from "../../../../src-shared/wire/write/pcapng";
import type { CapturePoint, CaptureSink } from "./capture-points";

const NANOSECONDS = { base: 10, exponent: 9 } as const;
const NS_PER_SECOND = 1_000_000_000n;

export interface PcapngSinkOptions {
  readonly startTimeNs: bigint;
  /** Shown as the writing application's scenario. */
  readonly comment: string;
  readonly names: readonly NameRecord[];
  /** Hands on every packet at once, for live streams. */
  readonly flushEach?: boolean;
}

export class PcapngSink implements CaptureSink {
  readonly #writer: PcapngWriter;
  readonly #interfaces = new Map<CapturePoint, number>();
  readonly #baseSeconds: number;
  readonly #baseNs: number;

  constructor(
    sink: (chunk: Uint8Array) => void,
    private readonly options: PcapngSinkOptions,
  ) {
    this.#writer = new PcapngWriter(sink);
    this.#baseSeconds = Number(options.startTimeNs / NS_PER_SECOND);
    this.#baseNs = Number(options.startTimeNs % NS_PER_SECOND);
    this.#writer.beginSection({ application: "hopscope simulate", comments: [options.comment] });
    if (options.names.length > 0) this.#writer.nameResolution({ records: options.names });
  }

  point(point: CapturePoint): void {
    const index = this.#writer.addInterface({
      linkType: point.linkType,
      name: point.interface,
      description: point.description,
      resolution: NANOSECONDS,
    });
    this.#interfaces.set(point, index);
  }

  packet(point: CapturePoint, timeNs: number, bytes: Uint8Array): void {
    const interfaceId = this.#interfaces.get(point);
    if (interfaceId === undefined) return;
    const ns = this.#baseNs + timeNs;
    const seconds = Math.floor(ns / 1e9);
    this.#writer.packet({
      interfaceId,
      time: { seconds: this.#baseSeconds + seconds, nanoseconds: ns - seconds * 1e9 },
      bytes,
    });
    if (this.options.flushEach === true) this.#writer.flush();
  }

  /** Names learned later (a pod made while recording). */
  names(records: readonly NameRecord[]): void {
    if (records.length > 0) this.#writer.nameResolution({ records });
  }

  flush(): void {
    this.#writer.flush();
  }

  /** Index of the point's interface in the file. */
  interfaceOf(point: CapturePoint): number | undefined {
    return this.#interfaces.get(point);
  }
}

/** One file for each namespace. */
export class SplitSink implements CaptureSink {
  readonly #sinks = new Map<string, PcapngSink>();

  constructor(private readonly open: (namespace: string) => PcapngSink) {}

  point(point: CapturePoint): void {
    let sink = this.#sinks.get(point.namespace);
    if (!sink) this.#sinks.set(point.namespace, (sink = this.open(point.namespace)));
    sink.point(point);
  }

  packet(point: CapturePoint, timeNs: number, bytes: Uint8Array): void {
    this.#sinks.get(point.namespace)?.packet(point, timeNs, bytes);
  }

  flush(): void {
    for (const sink of this.#sinks.values()) sink.flush();
  }

  interfaceOf(point: CapturePoint): number | undefined {
    return this.#sinks.get(point.namespace)?.interfaceOf(point);
  }
}
