/** TCP analysis: the flags Wireshark gives, and the rule that a second sighting is no retransmission. */
import { describe, expect, it } from "vitest";
import { fieldRows } from "../../builders/run-engine";
import { parseTraffic, trafficToPcapng } from "../../builders/traffic";
import type { FlowMode } from "../../../src-main/engine/decode/pipeline";

const bytesOf = (text: string): Uint8Array => trafficToPcapng(parseTraffic(text));
const HANDSHAKE = `client = 10.0.0.1:1000   server = 10.0.0.2:80
  0.00 client > server tcp SYN
  0.01 server > client tcp SYN,ACK
  0.02 client > server tcp ACK
`;
const FLAGS = [
  "retransmission",
  "fast_retransmission",
  "out_of_order",
  "lost_segment",
  "duplicate_ack",
  "zero_window",
  "keep_alive",
  "window_update",
];

/** Flags of each packet by name. */
async function flags(text: string, mode: FlowMode = "streams"): Promise<string[]> {
  const rows = await fieldRows(
    bytesOf(text),
    FLAGS.map((f) => `tcp.analysis.${f}`),
    mode,
  );
  return rows.map((row) => FLAGS.filter((_, i) => row[i]).join(" "));
}

describe("analysis flags", () => {
  it("marks a retransmission after a timeout", async () => {
    expect(
      (
        await flags(`${HANDSHAKE}data: 0.1 client > server tcp PSH,ACK "hello"
                     0.9 again data`)
      ).slice(3),
    ).toEqual(["", "retransmission"]);
  });
  it("marks a hole, and the late segment that fills it", async () => {
    expect(
      (
        await flags(`${HANDSHAKE}0.100 client > server tcp ACK "aaaa"
                     0.101 client > server tcp ACK seq=isn+9 "cccc"
                     0.102 client > server tcp ACK seq=isn+5 "bbbb"`)
      ).slice(3),
    ).toEqual(["", "lost_segment", "out_of_order"]);
  });
  it("marks duplicate acknowledgments, zero windows and keep-alives", async () => {
    expect(
      (
        await flags(`${HANDSHAKE}0.1 server > client tcp ACK win=500
                     0.2 server > client tcp ACK win=500
                     0.3 server > client tcp ACK win=0
                     9.0 client > server tcp ACK seq=next-1`)
      ).slice(4),
    ).toEqual(["duplicate_ack", "zero_window", "keep_alive"]);
  });
});

describe("numbers", () => {
  it("counts from the initial sequence numbers, and scales windows", async () => {
    const rows = await fieldRows(
      bytesOf(`client = 10.0.0.1:1000   server = 10.0.0.2:80
               0.0 client > server tcp SYN seq=4000000000 win=1000 ws=7
               0.1 server > client tcp SYN,ACK ws=2 win=900
               0.2 client > server tcp ACK win=10
               0.3 client > server tcp PSH,ACK "12345" win=10`),
      ["tcp.seq", "tcp.ack", "tcp.window_size", "tcp.len", "tcp.stream"],
    );
    expect(rows).toEqual([
      ["0", "0", "1000", "0", "0"],
      ["0", "1", "900", "0", "0"],
      ["1", "1", "1280", "0", "0"],
      ["1", "1", "1280", "5", "0"],
    ]);
  });
});

describe("a second sighting", () => {
  const TWICE = `@veth0 = ethernet
    @eth0 = ethernet
    client = 10.0.0.1:1000   server = 10.0.0.2:80
    a: 0.000 @veth0 client > server tcp SYN
       0.001 @eth0 seen a hops=1
    b: 0.010 @eth0 server > client tcp SYN,ACK
       0.011 @veth0 seen b hops=1
    c: 0.020 @veth0 client > server tcp PSH,ACK "hello"
       0.021 @eth0 seen c hops=1
`;
  it("is never a retransmission where analysis is per capture point", async () => {
    expect(await flags(TWICE, "point-streams")).toEqual(["", "", "", "", "", ""]);
  });
  it("is one to tshark, which takes all interfaces of a file together; stream numbers are the same in both", async () => {
    expect(
      (await flags(TWICE, "streams")).some((f) => f.includes("retransmission") || f.includes("out_of_order")),
    ).toBe(true);
    const streams = async (mode: FlowMode): Promise<string[]> =>
      (await fieldRows(bytesOf(TWICE), ["tcp.stream"], mode)).flat();
    expect(await streams("point-streams")).toEqual(await streams("streams"));
  });
});

describe("a tuple that is used again", () => {
  it("begins a stream of its own, though the kernel looked its row up before the SYN came", async () => {
    // Look-ups are made for 256 events at a time: the first connection lies in the pass before, the second within one.
    const others = Array.from({ length: 300 }, () => "0.05 10.0.0.3:5000 > 10.0.0.4:5001 udp").join("\n");
    const text = `${HANDSHAKE}0.03 client > server tcp RST,ACK
      ${others}
      0.10 client > server tcp SYN seq=70000
      0.11 server > client tcp SYN,ACK seq=90000 ack=70001
      0.12 client > server tcp ACK seq=70001 ack=90001`;
    const rows = await fieldRows(bytesOf(text), ["tcp.stream", "tcp.seq", "tcp.ack"]);
    expect(rows.slice(-3)).toEqual([
      ["1", "0", "0"],
      ["1", "0", "1"],
      ["1", "1", "1"],
    ]);
  });
});
