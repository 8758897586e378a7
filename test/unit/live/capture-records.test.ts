/** Records of a capture that comes in pieces: what the pieces are makes no difference, and what cannot be read is said. */
import { describe, expect, it } from "vitest";
import { CaptureRecords, type RecordedPacket } from "../../../src-main/engine/live/capture-records";
import { parseTraffic, trafficToPcap, trafficToPcapng } from "../../builders/traffic";

const ONE_INTERFACE = `
  0.000000001 10.0.0.1:1 > 10.0.0.2:2 udp "first"
  1.500000999 10.0.0.2:2 > 10.0.0.1:1 udp "second, which is longer"
`;
const SEVERAL = `
  a = 10.0.0.1:40000   b = 10.0.0.2:5000
  @us   = ethernet resolution=us description="microseconds"
  @bin  = raw resolution=2^20 description="2^20 ticks a second"
  @late = ethernet resolution=us offset=3600
  host 10.0.0.1 client-0.demo
  0.000001 @us   a > b  udp "one" comment="a comment" dir=out
  0.500000 @bin  a > b  udp "two"
  1.250000 @late a > b  udp "three"
  counts @us received=1 dropped=2
`;

interface Told {
  readonly interfaces: string[];
  readonly packets: RecordedPacket[];
  readonly dropped: (number | undefined)[];
  readonly blocks: number[];
}

/** @param size of the pieces, bytes */
function read(bytes: Uint8Array, size: number): Told {
  const told: Told = { interfaces: [], packets: [], dropped: [], blocks: [] };
  const records = new CaptureRecords({
    interface: ({ linkType, description }) => told.interfaces.push(`${linkType} ${description ?? ""}`),
    packet: (packet) => told.packets.push(packet),
    statistics: ({ interface: number, dropped }) => (told.dropped[number] = dropped),
    block: (type) => told.blocks.push(type),
  });
  for (let at = 0; at < bytes.length; at += size) records.take(bytes.subarray(at, at + size));
  expect(records.waiting).toBe(0);
  return told;
}

const times = ({ packets }: Told): string[] =>
  packets.map(({ time }) => `${time.seconds}.${String(time.nanoseconds).padStart(9, "0")}`);
const said = ({ packets }: Told, text: string): boolean =>
  packets.some(({ bytes }) => Buffer.from(bytes).includes(text));

describe("a pcap file", () => {
  it("tells how long the frame check sequence is that each packet ends with", () => {
    const bytes = trafficToPcap(parseTraffic(ONE_INTERFACE));
    // libpcap: bit 26 says that the length is known, bits 28-31 tell it in units of 16 bits.
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(20, 0x24000001, true);
    const lengths: number[] = [];
    const records = new CaptureRecords({
      interface: ({ linkType, fcsLength }) => lengths.push(linkType, fcsLength),
      packet: () => undefined,
      statistics: () => undefined,
      block: () => undefined,
    });
    records.take(bytes);
    expect(lengths).toEqual([1, 4]);
  });

  const traffic = parseTraffic(ONE_INTERFACE);
  for (const bigEndian of [false, true])
    for (const resolution of ["us", "ns"] as const)
      it(`${bigEndian ? "big" : "little"}-endian, ${resolution}: is the same in whatever pieces it comes`, () => {
        const bytes = trafficToPcap(traffic, { resolution, bigEndian });
        const whole = read(bytes, bytes.length);
        expect(whole.interfaces).toEqual(["1 "]);
        expect(times(whole).map((time) => time.slice(time.indexOf(".")))).toEqual(
          resolution === "ns" ? [".000000001", ".500000999"] : [".000000000", ".500000000"],
        );
        expect(said(whole, "second, which is longer")).toBe(true);
        for (const size of [1, 7, 64]) expect(read(bytes, size)).toEqual(whole);
      });
});

describe("a pcapng file", () => {
  for (const bigEndian of [false, true])
    it(`${bigEndian ? "big" : "little"}-endian: keeps interfaces, times of every resolution, counts`, () => {
      const bytes = trafficToPcapng(parseTraffic(SEVERAL), { bigEndian });
      const whole = read(bytes, bytes.length);
      expect(whole.interfaces).toEqual(["1 microseconds", "101 2^20 ticks a second", "1 "]);
      expect(whole.packets.map((packet) => packet.interface)).toEqual([0, 1, 2]);
      const [first, second, third] = times(whole);
      expect(first?.endsWith(".000001000")).toBe(true);
      expect(second?.endsWith(".500000000")).toBe(true);
      expect(third?.endsWith(".250000000")).toBe(true);
      // The offset counts: all three are of one hour.
      expect(Number(third) - Number(first)).toBeCloseTo(1.249999, 5);
      expect(whole.dropped[0]).toBe(2);
      for (const size of [1, 13]) expect(read(bytes, size)).toEqual(whole);
    });

  it("counts interfaces through its sections, and hands comments and names on", () => {
    const one = trafficToPcapng(parseTraffic(SEVERAL));
    const told = read(Buffer.concat([one, trafficToPcapng(parseTraffic(SEVERAL), { bigEndian: true })]), 1000);
    expect(told.packets.map((packet) => packet.interface)).toEqual([0, 1, 2, 3, 4, 5]);
    const [first] = told.packets;
    expect(first?.options.map(({ code }) => code)).toEqual([1, 2]);
    expect(Buffer.from(first?.options[0]?.data ?? []).toString()).toBe("a comment");
    // Names of the little-endian section only: those of the other would have to be rewritten.
    expect(told.blocks).toEqual([4]);
  });
});

describe("what is no capture", () => {
  const nothing = { interface: () => 0, packet: () => 0, statistics: () => 0, block: () => 0 };

  it("is told with what was found", () => {
    const text = new TextEncoder().encode("a web page, not a capture at all");
    expect(() => new CaptureRecords(nothing).take(text)).toThrow(/expected a pcap or pcapng capture, found 61207765/);
  });

  it("a length that no record has: told with its byte, not waited for", () => {
    const pcap = trafficToPcap(parseTraffic(ONE_INTERFACE));
    new DataView(pcap.buffer).setUint32(24 + 8, 0x7fffffff, true);
    expect(() => new CaptureRecords(nothing).take(pcap)).toThrow(/byte 24: a packet of 2147483647 bytes/);
    const pcapng = trafficToPcapng(parseTraffic(ONE_INTERFACE));
    new DataView(pcapng.buffer).setUint32(4, 3, true);
    expect(() => new CaptureRecords(nothing).take(pcapng)).toThrow(/byte 4: expected a block length/);
  });

  it("a packet of an interface that was never described", () => {
    const bytes = trafficToPcapng(parseTraffic(ONE_INTERFACE));
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < bytes.length; at += view.getUint32(at + 4, true))
      if (view.getUint32(at, true) === 6) view.setUint32(at + 8, 9, true);
    expect(() => new CaptureRecords(nothing).take(bytes)).toThrow(/the section has no interface 9/);
  });
});
