/**
 * Several recordings that run at once, as one file that grows: two nodes recorded together. Each goes on writing its own file; what
 * comes is copied behind each other, in the order of time as far as it came together.
 *
 * ```
 * ssh node-1 ─► its spool ─┐                          interface 0  "machine node-1"
 * ssh node-2 ─► its spool ─┼─ every 5 ms, by time ─►  interface 1  "machine node-2"      one spool, nanoseconds
 * named pipe ─► its spool ─┘ (may come later)         interface 2  "machine gateway"
 * ```
 * The interfaces' descriptions tell machines apart, as `hopscope simulate` does with network namespaces (join/point-groups.ts): each
 * has its own name and its own clock.
 */
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import type { Resolution } from "../../../src-shared/wire/write/capture-time";
import { PcapngWriter } from "../../../src-shared/wire/write/pcapng";
import { CaptureRecords, type RecordedPacket } from "./capture-records";

const POLL_MS = 5;
/** Read of each input at a time. */
const READ_BYTES = 1 << 18;
const NANOSECONDS: Resolution = { base: 10, exponent: 9 };

export interface RecordedFrom {
  /** What its interfaces are told apart by. */
  readonly machine: string;
  /** What they are called where the file does not say. */
  readonly interface: string | undefined;
}

export interface TogetherListener {
  /** The input cannot be read on; the others go on. */
  failed(path: string, message: string): void;
  /** All inputs have ended: the file grows no more. */
  ended(): void;
}

export class RecordedTogether {
  private readonly descriptor: number;
  private readonly writer: PcapngWriter;
  private readonly inputs: Input[] = [];
  private readonly buffer = new Uint8Array(READ_BYTES);
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  /** Makes the file at `path`. @throws the system's error */
  constructor(
    readonly path: string,
    private readonly listener: TogetherListener,
  ) {
    this.descriptor = openSync(path, "w", 0o600);
    this.writer = new PcapngWriter((chunk) => {
      for (let done = 0; done < chunk.length;) done += writeSync(this.descriptor, chunk, done);
    });
    this.writer.beginSection({ application: "hopscope" });
    this.writer.flush();
    this.timer = setTimeout(() => this.poll(), 0);
  }

  /** The file at `path`, from its beginning on. */
  add(path: string, from: RecordedFrom): void {
    this.inputs.push(new Input(path, from, this.writer));
  }

  /** The file at `path` grows no more: the rest of it is still copied. */
  end(path: string): void {
    for (const input of this.inputs) if (input.path === path) input.growing = false;
  }

  /** Those files grow no more, and all of them is copied. */
  hasAllOf(paths: readonly string[]): boolean {
    return this.inputs.every(({ path, done }) => done || !paths.includes(path));
  }

  /** Packets of those files that were copied. */
  packetsOf(paths: readonly string[]): number {
    return this.inputs.reduce((n, { path, packets }) => (paths.includes(path) ? n + packets : n), 0);
  }

  /** Ends it at once. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    clearTimeout(this.timer);
    for (const input of this.inputs) input.close();
    closeSync(this.descriptor);
  }

  private poll(): void {
    const packets: (readonly [Input, RecordedPacket])[] = [];
    let full = false;
    for (const input of this.inputs) {
      if (input.done) continue;
      try {
        full = input.read(this.buffer, (packet) => packets.push([input, packet])) || full;
      } catch (error) {
        input.close();
        this.listener.failed(input.path, error instanceof Error ? error.message : String(error));
      }
    }
    // What one input gave stays in its own order.
    if (packets.some(([input]) => input !== packets[0]?.[0])) packets.sort(([, a], [, b]) => compareTimes(a, b));
    for (const [input, packet] of packets) input.write(packet);
    this.writer.flush();
    if (this.inputs.every((input) => input.done)) {
      this.close();
      this.listener.ended();
    } else this.timer = setTimeout(() => this.poll(), full ? 0 : POLL_MS);
  }
}

class Input {
  growing = true;
  /** All of it is copied, or no more can be. */
  done = false;
  /** Copied so far. */
  packets = 0;
  private readonly descriptor: number;
  private readonly records: CaptureRecords;
  /** By number in this input: the number in the merged file. */
  private readonly interfaces: number[] = [];
  private position = 0;
  private take: (packet: RecordedPacket) => void = () => undefined;

  constructor(
    readonly path: string,
    from: RecordedFrom,
    private readonly writer: PcapngWriter,
  ) {
    this.descriptor = openSync(path, "r");
    this.records = new CaptureRecords({
      interface: ({ linkType, name = from.interface, description, filter, operatingSystem, comments, fcsLength }) => {
        this.interfaces.push(
          writer.addInterface({
            linkType,
            // No snap length: packets are cut already, and a writer that says less than it writes is not to lose anything.
            description: describe(from.machine, description),
            resolution: NANOSECONDS,
            comments,
            ...(name !== undefined && { name }),
            ...(filter !== undefined && { filter }),
            ...(operatingSystem !== undefined && { os: operatingSystem }),
            ...(fcsLength > 0 && { fcsLength }),
          }),
        );
      },
      packet: (packet) => this.take(packet),
      statistics: ({ interface: number, received, dropped, filterAccepted, osDropped, delivered, comments }) => {
        const interfaceId = this.interfaces[number];
        if (interfaceId === undefined) return;
        writer.statistics({
          interfaceId,
          time: { seconds: 0, nanoseconds: 0 },
          comments,
          ...(received !== undefined && { received }),
          ...(dropped !== undefined && { dropped }),
          ...(filterAccepted !== undefined && { filterAccepted }),
          ...(osDropped !== undefined && { osDropped }),
          ...(delivered !== undefined && { delivered }),
        });
      },
      block: (type, body) => writer.unknownBlock(type, body),
    });
  }

  /** Hands on what came since. True: there is more already. @throws Error where the bytes are no capture */
  read(buffer: Uint8Array, take: (packet: RecordedPacket) => void): boolean {
    // Asked before reading: what is written until then belongs to it.
    const { growing } = this;
    this.take = take;
    const count = readSync(this.descriptor, buffer, 0, buffer.length, this.position);
    this.position += count;
    if (count > 0) this.records.take(buffer.subarray(0, count));
    else if (!growing) {
      const cut = this.records.waiting;
      this.close();
      if (cut > 0) throw new Error(`the recording was cut short: ${cut} bytes of its last record are there`);
    }
    return count === buffer.length;
  }

  write({ interface: number, time, bytes, originalLength, options }: RecordedPacket): void {
    this.packets++;
    this.writer.packet({
      interfaceId: this.interfaces[number] ?? 0,
      time,
      bytes,
      originalLength,
      ...(options.length > 0 && { rawOptions: options }),
    });
  }

  close(): void {
    if (this.done) return;
    this.done = true;
    closeSync(this.descriptor);
  }
}

/** What already tells its network namespace is told apart by that. */
function describe(machine: string, description: string | undefined): string {
  if (description?.startsWith("network namespace ")) return description;
  return `machine ${machine.replaceAll(/[\s,]+/g, "-")}${description === undefined ? "" : `, ${description}`}`;
}

function compareTimes({ time: a }: RecordedPacket, { time: b }: RecordedPacket): number {
  return a.seconds - b.seconds || a.nanoseconds - b.nanoseconds;
}
