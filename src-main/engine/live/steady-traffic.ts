/**
 * A generator of even traffic: two machines ping each other, `rate` packets a second. For measuring the way of a packet from a
 * source to the window, and for tests; it says nothing about networks.
 */
import { LINKTYPE_ETHERNET } from "../../../src-shared/model/link-type";
import { ethernet } from "../../../src-shared/wire/write/ethernet";
import { icmpEchoReply, icmpEchoRequest } from "../../../src-shared/wire/write/icmp";
import { ipv4 } from "../../../src-shared/wire/write/ipv4";
import { buildPacket } from "../../../src-shared/wire/write/layer";
import { filler } from "../../../src-shared/wire/write/payload";
import { PcapngWriter } from "../../../src-shared/wire/write/pcapng";
import { NANOSECONDS } from "../../../src-shared/wire/write/capture-time";
import type { GeneratedRecording, Generator, GeneratorOptions } from "./generated-recording";

const MOST_PER_SECOND = 1_000_000;
const BURST_PACKETS = 100;
const PAYLOAD_BYTES = 56;

const A = { mac: "02:00:00:00:00:01", ip: "192.0.2.1" } as const;
const B = { mac: "02:00:00:00:00:02", ip: "192.0.2.2" } as const;

export const STEADY_TRAFFIC: Generator = {
  name: "steady-traffic",
  title: "Steady traffic",
  text: "Two machines ping each other at an even rate: to try the window, and to measure it.",
  setting: { name: "rate", label: "Packets per second", value: 20 },
  create: (options, startSeconds) => new SteadyTraffic(rateOf(options), startSeconds),
};

function rateOf(options: GeneratorOptions): number {
  const rate = options["rate"] ?? 20;
  if (typeof rate !== "number" || !(rate > 0 && rate <= MOST_PER_SECOND))
    throw new Error(`rate is packets a second, more than 0 and at most ${MOST_PER_SECOND}, not ${String(rate)}`);
  return rate;
}

class SteadyTraffic implements GeneratedRecording {
  readonly choices = [{ id: "burst", title: `Burst of ${BURST_PACKETS} packets`, group: "Traffic" }];
  private chunks: Uint8Array[] = [];
  private readonly writer = new PcapngWriter((chunk) => this.chunks.push(chunk));
  private made = 0;
  private dueNs = 0;
  private nowNs = 0;

  constructor(
    private readonly rate: number,
    private readonly startSeconds: number,
  ) {
    this.writer.beginSection({ application: "Hopscope, steady traffic" });
    this.writer.addInterface({
      linkType: LINKTYPE_ETHERNET,
      name: "steady0",
      description: "steady traffic",
      resolution: NANOSECONDS,
    });
  }

  nextNs(): number {
    return this.dueNs;
  }

  advance(toNs: number): readonly Uint8Array[] {
    while (this.dueNs <= toNs) {
      this.packet(this.dueNs);
      this.dueNs += 1e9 / this.rate;
    }
    this.nowNs = toNs;
    this.writer.flush();
    const { chunks } = this;
    this.chunks = [];
    return chunks;
  }

  inject(choice: string): void {
    if (choice !== "burst") throw new Error(`there is nothing called "${choice}" to inject`);
    for (let i = 0; i < BURST_PACKETS; i++) this.packet(this.nowNs);
  }

  private packet(atNs: number): void {
    const isReply = this.made % 2 === 1;
    const [from, to] = isReply ? [B, A] : [A, B];
    const echo = { identifier: 1, sequence: (this.made >>> 1) & 0xffff };
    const at = Math.floor(atNs);
    this.writer.packet({
      time: { seconds: this.startSeconds + Math.floor(at / 1e9), nanoseconds: at % 1e9 },
      bytes: buildPacket([
        ethernet({ src: from.mac, dst: to.mac }),
        ipv4({ src: from.ip, dst: to.ip, identification: this.made & 0xffff }),
        isReply ? icmpEchoReply(echo) : icmpEchoRequest(echo),
        filler(PAYLOAD_BYTES),
      ]),
    });
    this.made++;
  }
}
