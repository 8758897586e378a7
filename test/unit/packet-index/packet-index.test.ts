/** The packet index: a row for every packet, one path for what packets of a flow have in common. */
import { describe, expect, it } from "vitest";
import { LAYER_UDP } from "../../../src-shared/model/layer-kind";
import { mergeOrder } from "../../../src-main/engine/packet-index/merge-order";
import { SEGMENT_ROWS } from "../../../src-main/engine/packet-index/packet-index";
import { manyPackets } from "../../builders/many-packets";
import { withCaptures } from "../../builders/open-captures";
import { parseTraffic, trafficToPcapng } from "../../builders/traffic";

const bytesOf = (text: string): Uint8Array => trafficToPcapng(parseTraffic(text));

describe("paths", () => {
  it("are one for each direction of a flow, whatever changes from packet to packet", () =>
    withCaptures(
      [
        bytesOf(`client = 10.0.0.1:1000   server = 10.0.0.2:80
          0.0 client > server tcp SYN
          0.1 server > client tcp SYN,ACK
          0.2 client > server tcp ACK
          0.3 client > server tcp PSH,ACK http GET / host=a
          0.4 server > client tcp PSH,ACK http 200 "body"
          0.5 client > server tcp ACK ttl=63`),
      ],
      ({ index }) => {
        const pathOf = (id: number): number => index.segmentOf(id).path[id] as number;
        expect(pathOf(2)).toBe(pathOf(0));
        expect(pathOf(3)).toBe(pathOf(0));
        expect(pathOf(4)).toBe(pathOf(1));
        // Another TTL is another path: it tells of another hop.
        expect(new Set([0, 1, 5].map(pathOf)).size).toBe(3);
        expect(index.paths.count).toBe(3);
      },
    ));

  it("know the streams of all carriers", () =>
    withCaptures(
      [
        bytesOf(`0.0 10.0.0.1:1111 > 10.0.0.2:2222 vxlan(vni=1, 192.0.2.1 > 192.0.2.2, sport=5555) udp "inner"
          0.1 192.0.2.9:5353 > 192.0.2.2:5353 udp "plain"`),
      ],
      ({ index, reader }) => {
        const [outer, inner] = index.paths.udpStreams(index.segmentOf(0).path[0] as number);
        expect(new Set([outer, inner]).size).toBe(2);
        expect(index.streamOf(0)).toBe((inner as number) * 2 + 1);
        const { batch } = reader.decode(0);
        const streams = [...batch.stream.subarray(0, batch.layerCount)].filter((s) => s !== 0xffffffff);
        expect(streams).toEqual([outer, inner]);
      },
    ));
});

describe("rows", () => {
  it("go on over segments, and are read again by id", { timeout: 60_000 }, () => {
    const count = SEGMENT_ROWS + 5000;
    return withCaptures([manyPackets({ count })], ({ index, reader }) => {
      expect(index.count).toBe(count);
      expect(index.segments).toHaveLength(2);
      expect(index.paths.count).toBe(600);
      for (const id of [0, SEGMENT_ROWS - 1, SEGMENT_ROWS, count - 1]) {
        const { batch, packet, number } = reader.decode(id);
        expect(number).toBe(id + 1);
        // The IP identification counts packets.
        const p = batch.data[packet] as number;
        expect(((batch.bytes[p + 18] as number) << 8) | (batch.bytes[p + 19] as number)).toBe(id & 0xffff);
        expect(batch.seconds(packet)).toBe(index.seconds(id));
      }
      const seen: number[] = [];
      reader.decodeAll(
        Array.from({ length: 9000 }, (_, i) => SEGMENT_ROWS - 4500 + i),
        (run, at) => seen.push(at, run.from),
      );
      // Runs are cut where a slot is full, never within a packet.
      expect(seen[0]).toBe(0);
      expect(seen[1]).toBe(SEGMENT_ROWS - 4500);
      const stream = index.streamOf(7);
      const rows = index.rowsOfStream(stream);
      expect([...rows].every((id) => index.streamOf(id) === stream)).toBe(true);
      expect(rows.length).toBe([...Array(count).keys()].filter((i) => i % 200 === 7 && i % 3 === 7 % 3).length);
    });
  });

  it("of datagrams made of fragments show the whole datagram on the last fragment", () =>
    withCaptures(
      [bytesOf(`0.0 10.0.0.1:1111 > 10.0.0.2:2222 udp len=3000 frag=1480\n0.2 10.0.0.3:1 > 10.0.0.4:2 udp "x"`)],
      ({ index, reader }) => {
        expect(index.count).toBe(4);
        expect([...index.fragments.array()]).toEqual([0, 1, 2]);
        const udpLength = (id: number): number => {
          const { batch } = reader.decode(id);
          return batch.layerLength[batch.layerKind.subarray(0, batch.layerCount).indexOf(LAYER_UDP)] as number;
        };
        // In any order of asking: nothing is remembered of other packets.
        expect(udpLength(2)).toBe(3008);
        expect(udpLength(0)).toBe(1480);
        expect(udpLength(3)).toBe(9);
        expect(udpLength(2)).toBe(3008);
      },
    ));

  it("of packets that do not exist are an error", () =>
    withCaptures([bytesOf(`0.0 10.0.0.1 > 10.0.0.2 icmp request`)], ({ reader }) => {
      for (const id of [-1, 1, 1e12, 0.5, NaN])
        expect(() => reader.decode(id)).toThrow(expect.objectContaining({ code: "gone" }) as Error);
    }));
});

describe("order of several files", () => {
  it("is by time; where time runs backwards inside a file, its order stays", () =>
    withCaptures(
      [
        bytesOf(
          `0.0 10.0.0.1 > 10.0.0.2 icmp request\n5.0 10.0.0.1 > 10.0.0.2 icmp request\n1.0 10.0.0.1 > 10.0.0.2 icmp request`,
        ),
        bytesOf(
          `2.0 10.0.0.3 > 10.0.0.2 icmp request\n5.0 10.0.0.3 > 10.0.0.2 icmp request\n6.0 10.0.0.3 > 10.0.0.2 icmp request`,
        ),
        bytesOf(""),
      ],
      async ({ index }) => {
        const order = await mergeOrder(index, () => Promise.resolve());
        expect([...(order ?? [])]).toEqual([0, 3, 1, 2, 4, 5]);
      },
    ));

  it("needs no list where ids are in order already", () =>
    withCaptures(
      [manyPackets({ count: 10 }), manyPackets({ count: 10, seconds: 1_800_000_000 })],
      async ({ index }) => {
        expect(await mergeOrder(index, () => Promise.resolve())).toBeUndefined();
      },
    ));
});
