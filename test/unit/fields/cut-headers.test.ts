/** What is shown of headers that a short snap length cut, and of others that say more than their first bytes: as tshark 4.0. */
import { describe, expect, it } from "vitest";
import { parseHex } from "../../../src-shared/wire/write/address";
import { collectChunks } from "../../../src-shared/wire/write/capture-chunks";
import { PcapWriter } from "../../../src-shared/wire/write/pcap";
import { fieldRows } from "../../builders/run-engine";
import { parseTraffic, trafficToPcapng } from "../../builders/traffic";

const rowsOf = (text: string, names: readonly string[]): Promise<string[][]> =>
  fieldRows(trafficToPcapng(parseTraffic(text)), names);

/** One packet of raw IP, given in hex. */
function rawPacket(hex: string): Uint8Array {
  return collectChunks((sink) => {
    const writer = new PcapWriter(sink, { linkType: 101 });
    writer.packet({ time: { seconds: 1, nanoseconds: 0 }, bytes: parseHex(hex.replace(/\s/g, "")) });
    writer.flush();
  });
}

describe("a header cut by the snap length", () => {
  it("names the layer that would follow, as soon as the one before is whole", async () => {
    const rows = await rowsOf(
      `0.0 10.0.0.1:1 > 10.0.0.2:2 tcp SYN snap=13
       0.1 10.0.0.1:1 > 10.0.0.2:2 tcp SYN snap=14
       0.2 10.0.0.1:1 > 10.0.0.2:2 tcp SYN snap=34
       0.3 10.0.0.1:1 > 10.0.0.2:2 udp len=9 snap=34`,
      ["frame.protocols", "eth.src"],
    );
    expect(rows.map(([protocols]) => protocols)).toEqual([
      "eth",
      "eth:ethertype:ip",
      "eth:ethertype:ip:tcp",
      "eth:ethertype:ip:udp",
    ]);
    // Both addresses are there in the first packet; shown are they with the type.
    expect(rows.map(([, source]) => source !== "")).toEqual([false, true, true, true]);
  });

  it("shows no port before both are there, no flag of IPv4 before the fragment offset", async () => {
    const rows = await rowsOf(
      `0.0 10.0.0.1:1 > 10.0.0.2:2 tcp SYN snap=37
       0.1 10.0.0.1:1 > 10.0.0.2:2 tcp SYN snap=38
       0.2 10.0.0.1:1 > 10.0.0.2:2 udp len=9 snap=37
       0.3 10.0.0.1:1 > 10.0.0.2:2 udp len=9 snap=21
       0.4 10.0.0.1:1 > 10.0.0.2:2 udp len=9 snap=22`,
      ["tcp.srcport", "udp.srcport", "ip.flags.df"],
    );
    expect(rows).toEqual([
      ["", "", "1"],
      ["1", "", "1"],
      ["", "", "1"],
      ["", "", ""],
      ["", "", "1"],
    ]);
  });

  it("shows the analysis of a segment only where all of its options are there", async () => {
    const data = `a = 10.0.0.1:1000   b = 10.0.0.2:80
      0.0 a > b tcp ACK ts=1,2 "hello"
      x: 0.5 a > b tcp ACK ts=3,2 "there"`;
    const repeated = async (snap: string): Promise<string | undefined> =>
      (await rowsOf(`${data}\n 2.0 again x ${snap}`, ["tcp.analysis.retransmission"]))[2]?.[0];
    expect(await repeated("")).toBe("1");
    expect(await repeated("snap=66")).toBe("1");
    expect(await repeated("snap=65")).toBe("");
  });
});

describe("headers that say more than their fixed part", () => {
  it("takes the last address of a source route for the destination, while there are hops to go", async () => {
    const routed = (pointer: string): string =>
      `48000020 00000000 40fd0000 0a000001 0a000002  83 0b ${pointer} 0a000003 0a000004 00`;
    expect(await fieldRows(rawPacket(routed("04")), ["ip.dst"])).toEqual([["10.0.0.4"]]);
    expect(await fieldRows(rawPacket(routed("0c")), ["ip.dst"])).toEqual([["10.0.0.2"]]);
  });

  it("decodes the packet that an ICMPv6 redirect quotes", async () => {
    const a = "20010db8000000000000000000000001";
    const b = "20010db8000000000000000000000002";
    const quoted = `60000000 0008 11 40 ${a} ${b}  0035 0035 0008 0000`;
    const redirect = `89000000 00000000 ${a} ${b}  04 07 0000 00000000 ${quoted}`;
    const rows = await fieldRows(rawPacket(`60000000 0060 3a ff ${b} ${a} ${redirect}`), [
      "frame.protocols",
      "udp.dstport",
    ]);
    expect(rows).toEqual([["raw:ipv6:icmpv6:ipv6:udp", "53"]]);
  });

  it("shows one byte of flags where VXLAN's fourth byte names a protocol", async () => {
    const inner = "45000014 00000000 40fd0000 0a000003 0a000004";
    const gpe = `45000038 00000000 40110000 0a000001 0a000002  1000 12b6 0024 0000  0c000001 00000500 ${inner}`;
    expect(await fieldRows(rawPacket(gpe), ["vxlan.flags", "vxlan.vni"])).toEqual([["0x0c", "5"]]);
  });

  it("ends at a UDP length of 0 over IPv4, but for a datagram too long to say its length", async () => {
    const udp = "4500001e 00000000 40110000 0a000001 0a000002  0001 0035 0000 1234  0102";
    expect(await fieldRows(rawPacket(udp), ["udp.length", "udp.checksum", "dns.id"])).toEqual([["0", "", ""]]);
  });
});
