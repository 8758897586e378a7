/** Following streams: order, what was sent again, gaps, both directions, one capture point. */
import { describe, expect, test } from "vitest";
import { followStream } from "../../../src-main/engine/follow/follow-stream";
import type { FollowedStream } from "../../../src-shared/contract/results";
import { UNHURRIED, withCaptures } from "../../builders/open-captures";
import { type Traffic, traffic, trafficToPcapng } from "../../builders/traffic";

async function follow(recorded: Traffic, packet = 0, maxBytes = 1_000_000): Promise<FollowedStream> {
  return withCaptures([trafficToPcapng(recorded)], (captures) => followStream(captures, packet, maxBytes, UNHURRIED));
}

/** "> hello" from the client, "< hi" from the server, "> (gap 5) x" after missing bytes. */
function spoken(stream: FollowedStream): string[] {
  return stream.segments.map((s) => {
    const gap = s.gap > 0 ? `(gap ${s.gap}) ` : "";
    return `${s.fromServer ? "<" : ">"} ${gap}${new TextDecoder().decode(s.bytes)}`;
  });
}

describe("following TCP", () => {
  test("both directions in order of time, counted from the SYN", async () => {
    const stream = await follow(traffic`
      client = 10.0.0.1:40000   server = 10.0.0.2:80
      0.0 client > server tcp SYN
      0.1 server > client tcp SYN,ACK
      0.2 client > server tcp ACK
      0.3 client > server tcp PSH,ACK "question"
      0.4 server > client tcp PSH,ACK "answer"
      0.5 client > server tcp PSH,ACK "thanks"
    `);
    expect(spoken(stream)).toEqual(["> question", "< answer", "> thanks"]);
    expect(stream).toMatchObject({
      protocol: "tcp",
      client: "10.0.0.1:40000",
      server: "10.0.0.2:80",
      filter: "tcp.stream == 0",
      clientBytes: 14,
      serverBytes: 6,
      truncated: false,
    });
  });

  test("a segment that comes early waits; what is sent again is shown once; overlaps are cut", async () => {
    const stream = await follow(traffic`
      client = 10.0.0.1:40000   server = 10.0.0.2:80
      0.0 client > server tcp SYN seq=1000
      0.1 server > client tcp SYN,ACK seq=5000 ack=1001
      0.2 client > server tcp ACK seq=1006 ack=5001 " world"
      0.3 client > server tcp ACK seq=1001 ack=5001 "hello"
      0.4 client > server tcp ACK seq=1001 ack=5001 "hello"
      0.5 client > server tcp ACK seq=1004 ack=5001 "lo world, bye"
    `);
    expect(spoken(stream)).toEqual(["> hello", ">  world", "> , bye"]);
  });

  test("bytes that were acknowledged but not captured are a gap", async () => {
    const stream = await follow(traffic`
      client = 10.0.0.1:40000   server = 10.0.0.2:80
      0.0 client > server tcp ACK seq=1000 ack=5000 "one"
      0.1 client > server tcp ACK seq=1103 ack=5000 "three"
      0.2 server > client tcp ACK seq=5000 ack=1108 "ok"
      0.3 client > server tcp ACK seq=1200 ack=5002 "five"
    `);
    // The last gap is never acknowledged: it is told when the stream ends.
    expect(spoken(stream)).toEqual(["> one", "> (gap 100) three", "< ok", "> (gap 92) five"]);
  });

  test("sequence numbers run over", async () => {
    const stream = await follow(traffic`
      client = 10.0.0.1:40000   server = 10.0.0.2:80
      0.0 client > server tcp SYN seq=4294967290
      0.1 client > server tcp ACK seq=4294967291 ack=1 "12345"
      0.2 client > server tcp ACK seq=0 ack=1 "6789"
    `);
    expect(spoken(stream)).toEqual(["> 12345", "> 6789"]);
  });

  test("another capture point's sightings are left out", async () => {
    const stream = await follow(traffic`
      client = 10.0.0.1:40000   server = 10.0.0.2:80
      @veth = ethernet
      @eth0 = ethernet
      one: 0.0 @veth client > server tcp PSH,ACK "question"
           0.1 @eth0 seen one hops=1
      two: 0.2 @eth0 server > client tcp PSH,ACK "answer"
           0.3 @veth seen two hops=1
    `);
    expect(spoken(stream)).toEqual(["> question", "< answer"]);
    expect(stream.segments.map((s) => s.packet)).toEqual([0, 3]);
  });

  test("more bytes than asked for are left out, and said so", async () => {
    const stream = await follow(
      traffic`
        0.0 10.0.0.1:1 > 10.0.0.2:2 tcp ACK "0123456789"
        0.1 10.0.0.1:1 > 10.0.0.2:2 tcp ACK "abcdefghij"
      `,
      0,
      15,
    );
    expect(spoken(stream)).toEqual(["> 0123456789", "> abcde"]);
    expect(stream.truncated).toBe(true);
  });
});

describe("following UDP", () => {
  test("datagrams in order", async () => {
    const stream = await follow(traffic`
      0.0 10.0.0.1:4000 > 10.0.0.2:5000 udp "ping"
      0.1 10.0.0.2:5000 > 10.0.0.1:4000 udp "pong"
      0.2 10.0.0.9:4000 > 10.0.0.2:5000 udp "another stream"
      0.3 10.0.0.1:4000 > 10.0.0.2:5000 udp "ping"
    `);
    expect(spoken(stream)).toEqual(["> ping", "< pong", "> ping"]);
  });

  test("a packet without a stream says so", async () => {
    await expect(follow(traffic`0.0 10.0.0.1 > 10.0.0.2 icmp request`)).rejects.toThrow(
      "belongs to no TCP or UDP stream",
    );
  });
});
