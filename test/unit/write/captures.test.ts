/** Capture files as they are written: pcap and pcapng, byte for byte. */
import { describe, expect, test } from "vitest";
import { collectChunks } from "../../../src-shared/wire/write/capture-chunks";
import {
  MICROSECONDS,
  NANOSECONDS,
  type Resolution,
  ticksOf,
  timeFromNanoseconds,
  timeToNanoseconds,
} from "../../../src-shared/wire/write/capture-time";
import { PcapWriter } from "../../../src-shared/wire/write/pcap";
import { PcapngWriter } from "../../../src-shared/wire/write/pcapng";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const time = { seconds: 0x65e1a5c0, nanoseconds: 123_456_789 };
const bytes = Uint8Array.of(1, 2, 3, 4, 5);

describe("ticks", () => {
  const exact = (ns: bigint, resolution: Resolution): bigint => {
    const perSecond = BigInt(resolution.base) ** BigInt(resolution.exponent);
    const scaled = ns * perSecond;
    const down = ((scaled % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
    return BigInt.asUintN(64, (scaled - down) / 1_000_000_000n);
  };

  test("are exact for every resolution, far and near, before and after 1970", () => {
    const resolutions: Resolution[] = [0, 3, 6, 7, 9, 12].map((exponent): Resolution => ({ base: 10, exponent }));
    resolutions.push(...[0, 1, 10, 20, 22, 23, 32].map((exponent): Resolution => ({ base: 2, exponent })));
    for (const resolution of resolutions) {
      for (const ns of [
        0n,
        1n,
        999_999_999n,
        1_709_287_200_123_456_789n,
        4_294_967_295_999_999_999n,
        9_000_000_000_000_000_001n,
        -1n,
        -1_500_000_000n,
      ]) {
        const ticks = ticksOf(timeFromNanoseconds(ns), resolution);
        expect(
          (BigInt(ticks.high) << 32n) | BigInt(ticks.low),
          `${ns} at ${resolution.base}^${resolution.exponent}`,
        ).toBe(exact(ns, resolution));
      }
    }
  });

  test("times survive nanoseconds and back", () => {
    for (const ns of [0n, -1n, 1_709_287_200_123_456_789n]) expect(timeToNanoseconds(timeFromNanoseconds(ns))).toBe(ns);
  });
});

describe("pcap", () => {
  test("little-endian microseconds, every byte", () => {
    const file = collectChunks((sink) => {
      const writer = new PcapWriter(sink, { linkType: 1, snapLength: 4 });
      writer.packet({ time, bytes, originalLength: 99 });
      writer.flush();
    });
    expect(hex(file)).toBe(
      "d4c3b2a1" +
        "02000400" +
        "00".repeat(8) +
        "04000000" +
        "01000000" +
        "c0a5e165" +
        "40e20100" +
        "04000000" +
        "63000000" +
        "01020304",
    );
  });

  test("big-endian nanoseconds, FCS length in the link-type word", () => {
    const file = collectChunks((sink) => {
      const writer = new PcapWriter(sink, { linkType: 1, resolution: "ns", bigEndian: true, fcsLength: 4 });
      writer.packet({ time, bytes });
      writer.flush();
    });
    expect(hex(file)).toBe(
      "a1b23c4d" +
        "00020004" +
        "00".repeat(8) +
        "00040000" +
        "24000001" +
        "65e1a5c0" +
        "075bcd15" +
        "00000005" +
        "00000005" +
        "0102030405",
    );
  });

  test("comes in chunks of about the asked size", () => {
    const sizes: number[] = [];
    const writer = new PcapWriter((chunk) => sizes.push(chunk.length), { linkType: 1, chunkLength: 50 });
    for (let i = 0; i < 5; i++) writer.packet({ time, bytes });
    writer.flush();
    expect(sizes).toEqual([66, 63]);
  });
});

describe("pcapng", () => {
  const write = (fill: (writer: PcapngWriter) => void): string =>
    hex(
      collectChunks((sink) => {
        const writer = new PcapngWriter(sink);
        fill(writer);
        writer.flush();
      }),
    );
  /** What `fill` writes after a section and an interface. */
  const block = (fill: (writer: PcapngWriter) => void, bigEndian = true): string => {
    const before = (writer: PcapngWriter): void => {
      writer.beginSection({ bigEndian });
      writer.addInterface({ linkType: 1, resolution: NANOSECONDS });
    };
    const all = write((writer) => {
      before(writer);
      fill(writer);
    });
    return all.slice(write(before).length);
  };

  test("section and interface, both byte orders", () => {
    expect(
      write((w) => {
        w.beginSection();
        w.addInterface({ linkType: 1 });
      }),
    ).toBe(
      "0a0d0d0a" +
        "1c000000" +
        "4d3c2b1a" +
        "01000000" +
        "ff".repeat(8) +
        "1c000000" +
        "01000000" +
        "14000000" +
        "01000000" +
        "00000000" +
        "14000000",
    );
    expect(
      write((w) => {
        w.beginSection({ bigEndian: true, comments: ["hi"] });
      }),
    ).toBe(
      "0a0d0d0a" +
        "00000028" +
        "1a2b3c4d" +
        "00010000" +
        "ff".repeat(8) +
        "00010002" +
        "68690000" +
        "00000000" +
        "00000028",
    );
  });

  test("interface options", () => {
    const options = write((w) => {
      w.beginSection({ bigEndian: true });
      w.addInterface({
        linkType: 276,
        snapLength: 96,
        name: "eth0",
        description: "NIC",
        resolution: { base: 2, exponent: 20 },
        timeOffsetSeconds: -1,
        mac: "02:00:00:00:00:01",
        speed: 1e10,
        filter: "tcp",
      });
    }).slice(56);
    expect(options).toBe(
      "00000001" +
        "0000005c" +
        "01140000" +
        "00000060" +
        "00020004" +
        "65746830" +
        "00030003" +
        "4e494300" +
        "00060006" +
        "020000000001" +
        "0000" +
        "00080008" +
        "00000002540be400" +
        "00090001" +
        "94000000" +
        "000b0004" +
        "00746370" +
        "000e0008" +
        "ffffffffffffffff" +
        "00000000" +
        "0000005c",
    );
  });

  test("enhanced packet with every option", () => {
    expect(
      block((w) => {
        w.packet({
          time,
          bytes,
          originalLength: 99,
          comments: ["a", "bcde"],
          flags: { direction: "outbound", reception: "broadcast", fcsLength: 4, linkErrors: 0x8000 },
          hashes: [{ algorithm: 2, value: Uint8Array.of(1, 2, 3, 4) }],
          dropCount: 5,
          packetId: 0x0102030405060708n,
          queue: 9,
          verdicts: [{ kind: "ebpf-xdp", data: 2n }],
          customOptions: [{ enterprise: 32473, value: "x" }],
          rawOptions: [{ code: 0x7777, data: Uint8Array.of(1) }],
        });
      }),
    ).toBe(
      "00000006" +
        "00000094" +
        "00000000" +
        "17b89b55" +
        "09a54d15" +
        "00000005" +
        "00000063" +
        "0102030405000000" +
        "00010001" +
        "61000000" +
        "00010004" +
        "62636465" +
        "00020004" +
        "8000008e" +
        "00030005" +
        "0201020304000000" +
        "00040008" +
        "0000000000000005" +
        "00050008" +
        "0102030405060708" +
        "00060004" +
        "00000009" +
        "00070009" +
        "020000000000000002000000" +
        "0bac0005" +
        "00007ed9" +
        "78000000" +
        "77770001" +
        "01000000" +
        "00000000" +
        "00000094",
    );
  });

  test("the time's high word comes first in either byte order", () => {
    expect(
      block((w) => {
        w.packet({ time, bytes });
      }, false).slice(24, 40),
    ).toBe("559bb817" + "154da509");
  });

  test("other blocks", () => {
    expect(
      block((w) => {
        w.simplePacket({ bytes, originalLength: 7 });
      }),
    ).toBe("00000003" + "00000018" + "00000007" + "0102030405000000" + "00000018");
    expect(
      block((w) => {
        w.obsoletePacket({ time: { seconds: 0, nanoseconds: 1 }, bytes, dropCount: 3 });
      }),
    ).toBe(
      "00000002" +
        "00000028" +
        "00000003" +
        "00000000" +
        "00000001" +
        "00000005" +
        "00000005" +
        "0102030405000000" +
        "00000028",
    );
    expect(
      block((w) => {
        w.nameResolution({ records: [{ address: "10.0.0.1", names: ["a", "bc"] }], dnsName: "d" });
      }),
    ).toBe(
      "00000004" +
        "0000002c" +
        "00010009" +
        "0a000001" +
        "6100" +
        "626300" +
        "000000" +
        "00000000" +
        "00020001" +
        "64000000" +
        "00000000" +
        "0000002c",
    );
    expect(
      block((w) => {
        w.statistics({
          interfaceId: 0,
          time: { seconds: 0, nanoseconds: 5 },
          received: 9,
          startTime: { seconds: 0, nanoseconds: 1 },
        });
      }),
    ).toBe(
      "00000005" +
        "00000034" +
        "00000000" +
        "0000000000000005" +
        "00020008" +
        "0000000000000001" +
        "00040008" +
        "0000000000000009" +
        "00000000" +
        "00000034",
    );
    expect(
      block((w) => {
        w.decryptionSecrets({ type: 0x544c534b, data: Uint8Array.of(1) });
      }),
    ).toBe("0000000a" + "00000018" + "544c534b" + "00000001" + "01000000" + "00000018");
    expect(
      block((w) => {
        w.custom({ enterprise: 32473, data: Uint8Array.of(1), copy: false });
      }),
    ).toBe("40000bad" + "00000014" + "00007ed9" + "01000000" + "00000014");
    expect(
      block((w) => {
        w.unknownBlock(0x0f00, Uint8Array.of(1));
      }),
    ).toBe("00000f00" + "00000010" + "01000000" + "00000010");
  });

  test("packets are cut to their interface's snap length", () => {
    const file = write((w) => {
      w.beginSection({ bigEndian: true });
      w.addInterface({ linkType: 1, snapLength: 2, resolution: MICROSECONDS });
      w.packet({ time, bytes });
    });
    expect(file.slice(-24)).toBe("00000005" + "01020000" + "00000024");
  });

  test("what is not there cannot be referred to", () => {
    expect(() =>
      write((w) => {
        w.addInterface({ linkType: 1 });
      }),
    ).toThrow("begin a section first");
    expect(() =>
      block((w) => {
        w.packet({ interfaceId: 1, time, bytes });
      }),
    ).toThrow("interface 1 is not one of the 1 of this section");
    expect(() =>
      block((w) => {
        w.beginSection();
        w.packet({ time, bytes });
      }),
    ).toThrow("interface 0 is not one of the 0");
  });
});
