/** What the record itself tells: numbers, times, comments, interfaces; and blocks that Wireshark lists though they hold no packet. */
import { describe, expect, it } from "vitest";
import { collectChunks } from "../../../src-shared/wire/write/capture-chunks";
import { PcapngWriter } from "../../../src-shared/wire/write/pcapng";
import { fieldRows } from "../../builders/run-engine";

const FRAME = Uint8Array.from([...new Array<number>(12).fill(2), 0x88, 0xb5, 1, 2, 3, 4]);

const capture = (write: (w: PcapngWriter) => void): Uint8Array =>
  collectChunks((sink) => {
    const w = new PcapngWriter(sink);
    write(w);
    w.flush();
  });

const at = (seconds: number): { time: { seconds: number; nanoseconds: number }; bytes: Uint8Array } => ({
  time: { seconds, nanoseconds: 0 },
  bytes: FRAME,
});

describe("custom blocks", () => {
  it("are numbered with the packets, as Wireshark does, and have neither time nor interface", async () => {
    const bytes = capture((w) => {
      w.beginSection();
      w.addInterface({ linkType: 1, name: "eth0" });
      w.packet(at(1));
      w.custom({ enterprise: 32473, data: Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]) });
      w.packet(at(2));
    });
    const names = ["frame.number", "frame.time_epoch", "frame.cap_len", "frame.interface_name", "frame.protocols"];
    expect(await fieldRows(bytes, names)).toEqual([
      ["1", "1.000000000", "18", "eth0", "eth:ethertype:data"],
      ["2", "", "8", "", "data"],
      ["3", "2.000000000", "18", "eth0", "eth:ethertype:data"],
    ]);
  });

  it("may be all that a file has", async () => {
    const bytes = capture((w) => {
      w.beginSection();
      w.custom({ enterprise: 1, data: Uint8Array.from([9, 9, 9, 9]) });
    });
    expect(await fieldRows(bytes, ["frame.number", "frame.len", "frame.protocols"])).toEqual([["1", "4", "data"]]);
  });
});

describe("interfaces", () => {
  it("are numbered within their section", async () => {
    const bytes = capture((w) => {
      w.beginSection();
      w.addInterface({ linkType: 1, name: "a" });
      w.addInterface({ linkType: 1, name: "b" });
      w.packet({ ...at(1), interfaceId: 1 });
      w.beginSection();
      w.addInterface({ linkType: 1, name: "c" });
      w.packet(at(2));
    });
    expect(await fieldRows(bytes, ["frame.interface_id", "frame.interface_name"])).toEqual([
      ["1", "b"],
      ["0", "c"],
    ]);
  });
});

describe("options of an interface", () => {
  it("that are there twice count once: the first", async () => {
    const bytes = capture((w) => {
      w.beginSection();
      const milliseconds = { code: 9, data: Uint8Array.from([3]) };
      const microseconds = { code: 9, data: Uint8Array.from([6]) };
      w.addInterface({ linkType: 1, resolution: { base: 10, exponent: 3 }, rawOptions: [milliseconds, microseconds] });
      w.packet(at(7));
    });
    expect(await fieldRows(bytes, ["frame.time_epoch"])).toEqual([["7.000000000"]]);
  });
});

describe("times", () => {
  it("that 64 bits of seconds and nanoseconds do not hold are printed as the record says", async () => {
    // 2^63 microseconds: the year 294,247. The writer takes no such time, so the file is changed.
    const bytes = capture((w) => {
      w.beginSection();
      w.addInterface({ linkType: 1, resolution: { base: 10, exponent: 6 } });
      w.packet(at(1));
    });
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const packet = Array.from({ length: bytes.length / 4 }, (_, i) => i * 4).find(
      (p) => view.getUint32(p, true) === 6 && view.getUint32(p + 4, true) >= 32,
    ) as number;
    view.setUint32(packet + 12, 0x80000000, true);
    view.setUint32(packet + 16, 0, true);
    expect(await fieldRows(bytes, ["frame.time_epoch"])).toEqual([["9223372036854.775808000"]]);
  });
});

describe("comments", () => {
  it("end at a zero byte: what some writers leave behind it is not text", async () => {
    const bytes = capture((w) => {
      w.beginSection();
      w.addInterface({ linkType: 1 });
      w.packet({ ...at(1), rawOptions: [{ code: 1, data: Uint8Array.from([0x68, 0x69, 0, 0x78, 0xff]) }] });
    });
    expect(await fieldRows(bytes, ["frame.comment"])).toEqual([["hi"]]);
  });
});
