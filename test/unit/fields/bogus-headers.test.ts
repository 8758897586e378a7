/** Headers that cannot be: nothing is told of them that is not there, and what comes behind is counted as if they were not. */
import { describe, expect, it } from "vitest";
import { fieldRows } from "../../builders/run-engine";
import { parseTraffic, trafficToPcapng } from "../../builders/traffic";

/** Where the fixed Ethernet head of each frame lies: the notation's MAC of the first address begins it. */
function eachFrame(
  capture: Uint8Array,
  destination: readonly number[],
  change: (frame: number, view: DataView) => void,
): Uint8Array {
  const view = new DataView(capture.buffer, capture.byteOffset, capture.byteLength);
  for (let i = 0; i + 14 < capture.length; i++)
    if (destination.every((byte, k) => capture[i + k] === byte)) change(i, view);
  return capture;
}

describe("a UDP length below 8", () => {
  it("gives the datagram no stream and no payload; those behind it are numbered without it", async () => {
    const capture = trafficToPcapng(
      parseTraffic(`a = 10.0.0.1:1001   b = 10.0.0.2:53   c = 10.0.0.1:1002
        0.0 a > b udp "bad"
        0.1 c > b udp "good"
        0.2 a > b udp "good"`),
    );
    const lengths = [0, 12, 12];
    let n = 0;
    eachFrame(capture, [2, 0, 10, 0, 0, 2], (frame, view) =>
      view.setUint16(frame + 14 + 20 + 4, lengths[n++] as number),
    );
    const rows = await fieldRows(capture, ["udp.length", "udp.stream", "udp.checksum", "frame.protocols"]);
    expect(rows.map((r) => [r[0], r[1], r[3]])).toEqual([
      ["0", "", "eth:ethertype:ip:udp"],
      ["12", "0", "eth:ethertype:ip:udp:dns"],
      ["12", "1", "eth:ethertype:ip:udp:dns"],
    ]);
    expect(rows[0]?.[2]).toBe("");
  });
});

describe("an IP version that is none", () => {
  it("is told, and nothing behind it", async () => {
    const capture = eachFrame(
      trafficToPcapng(parseTraffic("0.0 10.0.0.1:1 > 10.0.0.2:2 udp")),
      [2, 0, 10, 0, 0, 2],
      (frame, view) => view.setUint8(frame + 14, 0x95),
    );
    const names = ["ip.version", "ip.hdr_len", "ip.dsfield.dscp", "ip.len", "ip.ttl", "ip.src", "ip.dst"];
    expect(await fieldRows(capture, names)).toEqual([["9", "", "", "", "", "", ""]]);
  });
});
