/** Packets as they are written: addresses, checksums, every protocol's header byte for byte. */
import { describe, expect, test } from "vitest";
import { parseHex, parseIpv4, parseIpv6, parseMac } from "../../../src-shared/wire/write/address";
import { ARP_REQUEST, arp } from "../../../src-shared/wire/write/arp";
import { ByteBuilder, encodeUtf8 } from "../../../src-shared/wire/write/byte-builder";
import { checksumValue, crc32, crc32c, foldSum, sumWords } from "../../../src-shared/wire/write/checksum";
import { dnsQuery, dnsResponse } from "../../../src-shared/wire/write/dns";
import { ethernet, qinq } from "../../../src-shared/wire/write/ethernet";
import { fragmentLayers } from "../../../src-shared/wire/write/fragment";
import { geneve } from "../../../src-shared/wire/write/geneve";
import { erspan, gre } from "../../../src-shared/wire/write/gre";
import { icmpEchoRequest, icmpFragmentationNeeded } from "../../../src-shared/wire/write/icmp";
import { ipv4 } from "../../../src-shared/wire/write/ipv4";
import { destinationOptions, hopByHop, ipv6, routing } from "../../../src-shared/wire/write/ipv6";
import { buildPacket, type Layer } from "../../../src-shared/wire/write/layer";
import { sll2 } from "../../../src-shared/wire/write/linux-cooked";
import { mpls } from "../../../src-shared/wire/write/mpls";
import { filler, payload, text } from "../../../src-shared/wire/write/payload";
import { ppp, pppoe } from "../../../src-shared/wire/write/pppoe";
import { sctp } from "../../../src-shared/wire/write/sctp";
import { tcp } from "../../../src-shared/wire/write/tcp";
import { udp } from "../../../src-shared/wire/write/udp";
import { vxlan } from "../../../src-shared/wire/write/vxlan";
import { wireguardData } from "../../../src-shared/wire/write/wireguard";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const a = "10.0.0.1";
const b = "10.0.0.2";
const frame = (): Layer => ethernet({ src: "02:00:00:00:00:01", dst: "02:00:00:00:00:02" });

describe("addresses", () => {
  test("are read as people write them", () => {
    expect([...parseIpv4("10.0.0.1")]).toEqual([10, 0, 0, 1]);
    expect(hex(parseIpv6("fd00::1"))).toBe("fd000000000000000000000000000001");
    expect(hex(parseIpv6("::"))).toBe("00".repeat(16));
    expect(hex(parseIpv6("::ffff:10.0.0.1"))).toBe("00000000000000000000ffff0a000001");
    expect(hex(parseMac("02:0A:0b-0c:0d:0e".replace("-", ":")))).toBe("020a0b0c0d0e");
  });

  test.each(["10.0.0", "10.0.0.256", "a.b.c.d"])("%s is no IPv4 address", (bad) => {
    expect(() => parseIpv4(bad)).toThrow(`"${bad}"`);
  });

  test.each(["1:2", "::1::", "1:2:3:4:5:6:7:8:9", "g::"])("%s is no IPv6 address", (bad) => {
    expect(() => parseIpv6(bad)).toThrow(RangeError);
  });
});

describe("bytes", () => {
  test("grow while they are written", () => {
    const out = new ByteBuilder({ capacity: 1 });
    out.u8(1).u16(0x0203).u24(0x040506).u32(0x0708090a).u64(0x0b0c0d0e, 0x0f101112).bytes([0x13]).zeros(1);
    expect(hex(out.take())).toBe("0102030405060708090a0b0c0d0e0f1011121300");
    expect(out.length).toBe(0);
  });

  test("little-endian", () => {
    expect(hex(new ByteBuilder({ littleEndian: true }).u16(0x0102).u24(0x030405).u64(1, 2).take())).toBe(
      "0201" + "050403" + "0200000001000000",
    );
  });

  test("UTF-8 is what Node writes", () => {
    const all = "aé€😀\u0000";
    expect(hex(encodeUtf8(all))).toBe(hex(Buffer.from(all)));
  });
});

describe("checksums", () => {
  test("RFC 1071 section 3", () => {
    expect(foldSum(sumWords(parseHex("0001f203f4f5f6f7")))).toBe(0xddf2);
  });

  test("check values of both CRCs", () => {
    expect(crc32(encodeUtf8("123456789"))).toBe(0xcbf43926);
    expect(crc32c(encodeUtf8("123456789"))).toBe(0xe3069283);
  });

  test("modes", () => {
    expect(checksumValue("right", 0x1234, 0x1111)).toBe(0xdcba);
    expect(checksumValue("partial", 0x1234, 0x1111)).toBe(0x1234);
    expect(checksumValue("none", 0x1234, 0x1111)).toBe(0);
    expect(checksumValue(7, 0x1234, 0x1111)).toBe(7);
    expect(checksumValue("right", 0, 0xffff)).toBe(0);
    expect(checksumValue("right", 0, 0xffff, true)).toBe(0xffff);
    for (let sum = 0; sum < 0x10000; sum += 7) {
      const wrong = checksumValue("wrong", 0x1234, sum, true);
      expect([0, 0x1234, checksumValue("right", 0x1234, sum, true)]).not.toContain(wrong);
    }
  });
});

describe("headers", () => {
  test("IPv4: total length, protocol and checksum filled in", () => {
    // The worked example of the Wikipedia article on the header checksum, 0xb861.
    const packet = buildPacket([
      ipv4({ src: "192.168.0.1", dst: "192.168.0.199", dontFragment: true, protocol: 17 }),
      payload(new Uint8Array(95)),
    ]);
    expect(hex(packet.subarray(0, 20))).toBe("45000073000040004011b861c0a80001c0a800c7");
  });

  test("IPv4 options are padded", () => {
    const packet = buildPacket([ipv4({ src: a, dst: b, protocol: 17, options: parseHex("9404000001") })]);
    expect(hex(packet.subarray(0, 1))).toBe("47");
    expect(hex(packet.subarray(20))).toBe("9404000001000000");
  });

  test("ARP, every byte", () => {
    const packet = buildPacket([
      frame(),
      arp({ operation: ARP_REQUEST, senderMac: "02:00:00:00:00:01", senderIp: a, targetIp: b }),
    ]);
    expect(hex(packet)).toBe(
      "0200000000020200000000010806" + "0001080006040001" + "0200000000010a000001" + "0000000000000a000002",
    );
  });

  test("TCP options keep 32-bit alignment", () => {
    const packet = buildPacket([
      ipv4({ src: a, dst: b }),
      tcp({
        sport: 1,
        dport: 2,
        seq: 3,
        flags: ["SYN"],
        options: [
          { kind: "mss", value: 1460 },
          { kind: "sack-permitted" },
          { kind: "timestamps", value: 9, echo: 8 },
          { kind: "nop" },
          { kind: "window-scale", shift: 7 },
        ],
      }),
    ]);
    expect(hex(packet.subarray(32, 34))).toBe("a002");
    expect(hex(packet.subarray(40))).toBe("020405b4" + "0402080a" + "00000009" + "00000008" + "01030307");
    const ack = buildPacket([
      ipv4({ src: a, dst: b }),
      tcp({
        sport: 1,
        dport: 2,
        flags: ["ACK"],
        options: [
          { kind: "timestamps", value: 9, echo: 8 },
          { kind: "sack", blocks: [[1, 2]] },
        ],
      }),
    ]);
    expect(hex(ack.subarray(40))).toBe("0101080a0000000900000008" + "0101050a0000000100000002");
  });

  test("partial checksum: the folded pseudo-header, not inverted", () => {
    const packet = buildPacket([
      ipv4({ src: a, dst: b }),
      tcp({ sport: 1, dport: 2, flags: ["SYN"], checksum: "partial" }),
    ]);
    // 0a00 + 0001 + 0a00 + 0002 + 6 + 20
    expect(hex(packet.subarray(36, 38))).toBe("141d");
  });

  test("right checksum: the sum over everything comes out as ffff", () => {
    const packet = buildPacket([
      ipv6({ src: "fd00::1", dst: "fd00::2" }),
      hopByHop(),
      udp({ sport: 5, dport: 6 }),
      text("odd"),
    ]);
    const pseudo = sumWords(packet.subarray(8, 40)) + 17 + 11;
    expect(foldSum(pseudo + sumWords(packet.subarray(48)))).toBe(0xffff);
  });

  test("a routing header's last segment counts as destination while segments are left", () => {
    const last = "fd00::9";
    const layers = (segmentsLeft: number): Layer[] => [
      ipv6({ src: "fd00::1", dst: "fd00::2" }),
      routing({ segmentsLeft, segments: [last, "fd00::2"] }),
      udp({ sport: 5, dport: 6 }),
    ];
    const direct = buildPacket([ipv6({ src: "fd00::1", dst: last }), udp({ sport: 5, dport: 6 })]);
    expect(hex(buildPacket(layers(1)).subarray(-8))).toBe(hex(direct.subarray(-8)));
    expect(hex(buildPacket(layers(0)).subarray(-8))).not.toBe(hex(direct.subarray(-8)));
  });

  test("IPv6 headers are chained by what follows", () => {
    const packet = buildPacket([
      ipv6({ src: "::1", dst: "::2", flowLabel: 0x12345, trafficClass: 0xab }),
      hopByHop(),
      destinationOptions(),
      tcp({ sport: 1, dport: 2, flags: ["RST"] }),
    ]);
    expect(hex(packet.subarray(0, 8))).toBe("6ab12345" + "0024" + "00" + "40");
    expect(hex(packet.subarray(40, 56))).toBe("3c00010400000000" + "0600010400000000");
    expect(hex(buildPacket([ipv6({ src: "::1", dst: "::2" })]).subarray(6, 7))).toBe("3b");
  });

  test("tunnels fill in the layer before them", () => {
    const inner = (): Layer[] => [frame(), ipv4({ src: a, dst: b }), icmpEchoRequest({ identifier: 1, sequence: 2 })];
    const outer = (): Layer[] => [frame(), ipv4({ src: "192.0.2.1", dst: "192.0.2.2" })];
    const inVxlan = buildPacket([...outer(), udp({ sport: 50000 }), vxlan({ vni: 0x123456 }), ...inner()]);
    expect(hex(inVxlan.subarray(36, 40))).toBe("12b5003a");
    expect(hex(inVxlan.subarray(42, 50))).toBe("0800000012345600");
    const inGeneve = buildPacket([
      ...outer(),
      udp({ sport: 50000 }),
      geneve({ vni: 5, options: [{ class: 0x0102, type: 1, critical: true, data: Uint8Array.of(1, 2) }] }),
      ...inner(),
    ]);
    expect(hex(inGeneve.subarray(36, 38))).toBe("17c1");
    expect(hex(inGeneve.subarray(42, 58))).toBe("0240655800000500" + "0102810101020000");
    const inGre = buildPacket([
      ...outer(),
      gre({ key: 7, sequence: 8 }),
      ipv4({ src: a, dst: b }),
      icmpEchoRequest({ identifier: 1, sequence: 1 }),
    ]);
    expect(hex(inGre.subarray(23, 24))).toBe("2f");
    expect(hex(inGre.subarray(34, 46))).toBe("300008000000000700000008");
    const mirrored = buildPacket([...outer(), gre({ sequence: 1 }), erspan({ session: 3, vlan: 10 }), ...inner()]);
    expect(hex(mirrored.subarray(34, 50))).toBe("100088be00000001" + "100a000300000000");
    const ipip = buildPacket([...outer(), ipv4({ src: a, dst: b }), icmpEchoRequest({ identifier: 1, sequence: 1 })]);
    expect(hex(ipip.subarray(23, 24))).toBe("04");
  });

  test("tags", () => {
    const packet = buildPacket([
      frame(),
      ...qinq(100, 10),
      mpls({ label: 16 }),
      mpls({ label: 17, ttl: 9 }),
      ipv4({ src: a, dst: b, protocol: 17 }),
    ]);
    expect(hex(packet.subarray(12, 30))).toBe("88a80064" + "8100000a" + "8847" + "00010040" + "00011109");
    const dial = buildPacket([frame(), pppoe({ session: 7 }), ppp(), ipv4({ src: a, dst: b, protocol: 17 })]);
    expect(hex(dial.subarray(12, 22))).toBe("8864" + "11000007" + "0016" + "0021");
  });

  test("SLL2", () => {
    const packet = buildPacket([
      sll2({ interfaceIndex: 7, packetType: 4, address: "02:00:00:00:00:01" }),
      ipv4({ src: a, dst: b, protocol: 17 }),
    ]);
    expect(hex(packet.subarray(0, 20))).toBe("08000000" + "00000007" + "00010406" + "0200000000010000");
  });

  test("DNS: the answer's name points at the question", () => {
    const query = buildPacket([dnsQuery({ id: 0x1234, name: "a.bc", type: "AAAA" })]);
    expect(hex(query)).toBe("123401000001000000000000" + "0161026263" + "00" + "001c0001");
    const answer = buildPacket([
      dnsResponse({ id: 0x1234, name: "a.bc", type: "A", answers: [{ name: "a.bc", type: "A", address: a, ttl: 5 }] }),
    ]);
    expect(hex(answer.subarray(-16))).toBe("c00c00010001" + "00000005" + "0004" + "0a000001");
  });

  test("SCTP: the checksum that Wireshark calls good, least significant byte first", () => {
    const heartbeat = payload(parseHex("0400000812345678"));
    const packet = buildPacket([
      ipv4({ src: a, dst: b }),
      sctp({ sport: 36412, dport: 36412, verificationTag: 7 }),
      heartbeat,
    ]);
    expect(hex(packet.subarray(20, 32))).toBe("8e3c8e3c" + "00000007" + "4b01ebbf");
  });

  test("WireGuard looks like itself", () => {
    const packet = buildPacket([wireguardData({ receiver: 0x01020304, counter: 5, innerLength: 84 })]);
    expect(hex(packet.subarray(0, 16))).toBe("04000000" + "04030201" + "0500000000000000");
    expect(packet.length).toBe(16 + 96 + 16);
  });

  test("an ICMP quote is cut", () => {
    const quote = buildPacket([ipv4({ src: a, dst: b }), udp({ sport: 1, dport: 2 }), filler(2000)]);
    const packet = buildPacket([ipv4({ src: b, dst: a }), icmpFragmentationNeeded({ mtu: 1450, quote })]);
    expect(packet.length).toBe(576);
    expect(hex(packet.subarray(20, 22)) + hex(packet.subarray(26, 28))).toBe("0304" + "05aa");
  });

  test("Ethernet padding and FCS come after the IP length was taken", () => {
    const packet = buildPacket([
      ethernet({ src: "02:00:00:00:00:01", dst: "02:00:00:00:00:02", minLength: 60, fcs: "right" }),
      ipv4({ src: a, dst: b }),
      udp({ sport: 1, dport: 2 }),
    ]);
    expect(packet.length).toBe(64);
    expect(hex(packet.subarray(16, 18))).toBe("001c");
    // The residue of a frame with its own CRC behind it.
    expect(crc32(packet)).toBe(0x2144df1c);
  });
});

describe("fragments", () => {
  test("put together they are the whole", () => {
    const layers = [frame(), ipv4({ src: a, dst: b, identification: 9 }), udp({ sport: 1, dport: 2 }), filler(3000)];
    const pieces = fragmentLayers(layers, { maxPayload: 1483 }).map(buildPacket);
    expect(pieces.map((piece) => piece.length)).toEqual([1514, 1514, 14 + 20 + 48]);
    expect(pieces.map((piece) => hex(piece.subarray(18, 22)))).toEqual(["00092000", "000920b9", "00090172"]);
    const body = Buffer.concat(pieces.map((piece) => piece.subarray(34)));
    expect(hex(body)).toBe(hex(buildPacket(layers).subarray(34)));
  });

  test("a packet that fits stays as it is", () => {
    const layers = [ipv4({ src: a, dst: b }), udp({ sport: 1, dport: 2 }), filler(10)];
    expect(fragmentLayers(layers, { maxPayload: 18 })).toEqual([layers]);
  });
});

describe("what cannot be filled in is said", () => {
  test.each<[string, Layer[], string]>([
    ["unknown payload", [ipv4({ src: a, dst: b }), text("x")], "ipv4 before payload: give protocol"],
    ["no port", [ipv4({ src: a, dst: b }), udp({ sport: 1 }), text("x")], "udp before payload: give dport"],
    ["no IP", [frame(), ipv4({ src: a, dst: b }), vxlan({ vni: 1 }), udp({ sport: 1, dport: 2 })], "ipv4 before vxlan"],
    ["checksum without IP", [udp({ sport: 1, dport: 2 })], "udp needs an IP header right before it"],
    [
      "too large a field",
      [ipv4({ src: a, dst: b, ttl: 256 }), udp({ sport: 1, dport: 2 })],
      "ipv4: ttl 256 is not within 0..255",
    ],
    [
      "too long",
      [ipv4({ src: a, dst: b }), tcp({ sport: 1, dport: 2, flags: [] }), filler(70000)],
      "give totalLength (0 for BIG TCP)",
    ],
  ])("%s", (_, layers, message) => {
    expect(() => buildPacket(layers)).toThrow(message);
  });

  test("BIG TCP is possible when asked for", () => {
    const packet = buildPacket([
      ipv4({ src: a, dst: b, totalLength: 0 }),
      tcp({ sport: 1, dport: 2, flags: [] }),
      filler(70000),
    ]);
    expect(hex(packet.subarray(2, 4))).toBe("0000");
    expect(packet.length).toBe(70040);
  });
});
