/** A followed stream as it is shown and saved: order, gaps, characters across segments, hostile bytes. */
import { describe, expect, it } from "vitest";
import type { StreamSegment } from "../../../src-shared/contract/results";
import {
  blocksWith,
  hexDump,
  hitParts,
  printable,
  streamBlocks,
  streamBytes,
} from "../../../src-renderer/viewmodel/follow";

const segment = (packet: number, side: "client" | "server", bytes: string | Uint8Array, gap = 0): StreamSegment => ({
  packet,
  time: [0, packet],
  fromServer: side === "server",
  bytes: typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes,
  gap,
});

const call = [
  segment(1, "client", "GET / HTTP/1.1\r\n\r\n"),
  segment(2, "server", "HTTP/1.1 200 OK\r\n"),
  segment(3, "server", "tail", 1448),
];

describe("a followed stream", () => {
  it("shows both directions in order, with what is missing", () => {
    expect(streamBlocks(call, "both", "text").map((b) => [b.fromServer, b.gap, b.offset, b.text])).toEqual([
      [false, 0, 0, "GET / HTTP/1.1\n\n"],
      [true, 0, 0, "HTTP/1.1 200 OK\n"],
      [true, 1448, 17 + 1448, "tail"],
    ]);
  });

  it("shows one direction, and its bytes alone are saved", () => {
    expect(streamBlocks(call, "server", "text").map((b) => b.packet)).toEqual([2, 3]);
    expect(new TextDecoder().decode(streamBytes(call, "client"))).toBe("GET / HTTP/1.1\r\n\r\n");
    expect(streamBytes(call, "both").length).toBe(18 + 17 + 4);
  });

  it("keeps a character whole that two segments share, but not across a gap", () => {
    const euro = new TextEncoder().encode("€");
    const cut = [segment(1, "client", euro.slice(0, 1)), segment(2, "client", euro.slice(1))];
    expect(
      streamBlocks(cut, "both", "text")
        .map((b) => b.text)
        .join(""),
    ).toBe("€");
    const gap = [segment(1, "client", euro.slice(0, 1)), segment(2, "client", "a", 5)];
    expect(streamBlocks(gap, "both", "text")[1]?.text).toBe("a");
  });

  it("never lets control characters of a capture through", () => {
    expect(printable("a\u001b[31mb\u202ec\r\nd\te")).toBe("a·[31mb·c\nd\te");
  });

  it("dumps bytes sixteen a line with their position", () => {
    const lines = hexDump(new TextEncoder().encode("ABCDEFGHIJKLMNOPQ"), 16).split("\n");
    expect(lines).toEqual([
      "00000010  41 42 43 44 45 46 47 48  49 4a 4b 4c 4d 4e 4f 50  ABCDEFGHIJKLMNOP",
      `00000020  51${" ".repeat(47)} Q`.replace("Q", "Q"),
    ]);
  });

  it("parts a text at what was found, and nothing gets lost", () => {
    expect(hitParts("GET / get", "get")).toEqual([
      { text: "GET", hit: true },
      { text: " / ", hit: false },
      { text: "get", hit: true },
    ]);
    expect(hitParts("abc", "")).toEqual([{ text: "abc", hit: false }]);
    // Lower case of U+0130 is two characters: no place would be right.
    expect(hitParts("\u0130x", "x")).toEqual([{ text: "\u0130x", hit: false }]);
  });

  it("finds text in any case", () => {
    expect(blocksWith(streamBlocks(call, "both", "text"), "http")).toEqual([0, 1]);
    expect(blocksWith(streamBlocks(call, "both", "text"), "")).toEqual([]);
  });
});
