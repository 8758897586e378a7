/** The notation of traffic (test/builders/traffic.ts): what is tracked when left out, and what a line may say. */
import { describe, expect, test } from "vitest";
import { parseTraffic, traffic, TrafficError, trafficToPcap, trafficToPcapng } from "../../builders/traffic";

const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString("hex");
/** The TCP numbers of each packet over Ethernet and IPv4 without options. */
const tcpNumbers = (text: string): string[] =>
  parseTraffic(text).packets.map(({ bytes }) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    return `${view.getUint32(38)}/${view.getUint32(42)}`;
  });

describe("TCP numbers", () => {
  test("are tracked when left out", () => {
    expect(
      tcpNumbers(`
        a = 10.0.0.1:40000   b = 10.0.0.2:80
        0.0 a > b  tcp SYN
        0.1 b > a  tcp SYN,ACK
        0.2 a > b  tcp ACK
        0.3 a > b  tcp ACK,PSH "12345"
        0.4 b > a  tcp ACK len=10
        0.5 a > b  tcp FIN,ACK
        0.6 b > a  tcp ACK
      `),
    ).toEqual(["1000/0", "5000/1001", "1001/5001", "1001/5001", "5001/1006", "1006/5011", "5011/1007"]);
  });

  test("given ones are taken, and written relative to the first or the next", () => {
    expect(
      tcpNumbers(`
        a = 10.0.0.1:40000   b = 10.0.0.2:80
        0.0 a > b  tcp SYN seq=4294967290
        0.1 b > a  tcp SYN,ACK seq=7
        0.2 a > b  tcp ACK len=10               # wraps
        0.3 a > b  tcp ACK seq=isn+1 len=10     # sent again: the count stays
        0.4 a > b  tcp ACK seq=next-1 ack=isn+1
        0.5 a > b  tcp ACK seq=next+100 len=1
      `),
    ).toEqual(["4294967290/0", "7/4294967291", "4294967291/8", "4294967291/8", "4/8", "105/8"]);
  });

  test("go on through a translation", () => {
    expect(
      tcpNumbers(`
        a = 10.0.0.1:40000   service = 10.96.0.1:80   pod = 10.0.0.2:8080
        syn: 0.0 @v a > service  tcp SYN
             0.1 @e seen syn dst=pod
        ok:  0.2 @e pod > a  tcp SYN,ACK
             0.3 @v seen ok src=service
             0.4 @v a > service  tcp ACK
      `),
    ).toEqual(["1000/0", "1000/0", "5000/1001", "5000/1001", "1001/5001"]);
  });
});

describe("the same packet again", () => {
  const { packets, interfaces } = traffic`
    a = 10.0.0.1:40000   b = 10.0.0.2:80   c = 10.0.0.3:8080   n1 = 192.0.2.1   n2 = 192.0.2.2
    one: 1.000 @veth0 a > b  tcp SYN
         1.001 @eth0  seen one dst=c hops=1
         1.002 @eth0  seen one vxlan(vni=7, n1 > n2)
         +0.5  @veth0 again one
  `;
  const [original, translated, tunnelled, again] = packets.map((packet) => packet.bytes);

  test("seen keeps the identification, again does not", () => {
    expect(hex(translated?.subarray(18, 20))).toBe(hex(original?.subarray(18, 20)));
    expect(hex(again?.subarray(18, 20))).not.toBe(hex(original?.subarray(18, 20)));
    expect(hex(again?.subarray(34))).toBe(hex(original?.subarray(34)));
  });

  test("a translation changes address, port and TTL", () => {
    expect(hex(translated?.subarray(30, 38))).toBe("0a000003" + "9c40" + "1f90");
    expect([original?.[22], translated?.[22]]).toEqual([64, 63]);
  });

  test("a tunnel is wrapped around it", () => {
    expect(hex(tunnelled?.subarray(64))).toBe(hex(original?.subarray(14)));
    expect(hex(tunnelled?.subarray(36, 38))).toBe("12b5");
  });

  test("lines have interfaces and times", () => {
    expect(interfaces.map((one) => one.name)).toEqual(["veth0", "eth0"]);
    expect(packets.map((packet) => packet.interfaceId)).toEqual([0, 1, 1, 0]);
    expect(packets.map((packet) => packet.time.nanoseconds)).toEqual([0, 1_000_000, 2_000_000, 502_000_000]);
  });
});

describe("words", () => {
  test("snap cuts the capture, not the packet", () => {
    const [packet] = traffic`0.0 10.0.0.1:1 > 10.0.0.2:2 udp len=100 snap=60`.packets;
    expect([packet?.capturedLength, packet?.bytes.length]).toEqual([60, 142]);
  });

  test("escapes and comments", () => {
    const [packet] =
      traffic`0.0 10.0.0.1:1 > 10.0.0.2:2 udp "a\r\n\x00\"#\\é" hex:ff00 comment="not # a comment" # a comment`.packets;
    expect(hex(packet?.bytes.subarray(42))).toBe("610d0a0022235cc3a9ff00");
    expect(packet?.comment).toBe("not # a comment");
  });

  test("fragments", () => {
    const { packets } = traffic`0.0 10.0.0.1:1 > 10.0.0.2:2 udp len=3000 frag=1480 order=2,1`;
    expect(packets.map((packet) => hex(packet.bytes.subarray(20, 22)))).toEqual(["20b9", "2000"]);
  });

  test("MACs: from the address, from a definition, from the line", () => {
    const { packets } = traffic`
      a = 10.0.0.1:1 mac=ee:ee:ee:ee:ee:ee   b = 10.0.0.2:2   gw = 10.0.0.254
      0.0 a > b udp dmac=gw
      0.1 b > a udp smac=02:02:02:02:02:02
    `;
    expect(packets.map((packet) => hex(packet.bytes.subarray(0, 12)))).toEqual([
      "02000a0000fe" + "ee".repeat(6),
      "ee".repeat(6) + "02".repeat(6),
    ]);
  });

  test("the outer port of a tunnel is a hash of the inner flow, per direction", () => {
    const { packets } = traffic`
      a = 10.0.0.1:1   b = 10.0.0.2:2   n1 = 192.0.2.1   n2 = 192.0.2.2
      0.0 a > b vxlan(vni=1, n1 > n2) udp "1"
      0.1 a > b vxlan(vni=1, n1 > n2) udp "2"
      0.2 b > a vxlan(vni=1, n2 > n1) udp "3"
    `;
    const ports = packets.map((packet) => hex(packet.bytes.subarray(34, 36)));
    expect(ports[0]).toBe(ports[1]);
    expect(ports[0]).not.toBe(ports[2]);
  });

  test("start and decimals are exact", () => {
    const [packet] = traffic`
      start 2024-03-01T10:00:00.250Z
      0.750000001 10.0.0.1:1 > 10.0.0.2:2 udp "x"
    `.packets;
    expect(packet?.time).toEqual({ seconds: Date.UTC(2024, 2, 1, 10, 0, 1) / 1000, nanoseconds: 1 });
  });
});

describe("errors point at the spot", () => {
  test.each([
    ["0.0 10.0.0.1:1 > 10.0.0.2:2 udpp", 29, '"udpp" is none of tcp, udp'],
    ["0.0 10.0.0.1:1 > nobody udp", 18, '"nobody" is neither an address nor a name'],
    ["0.0 10.0.0.1 > 10.0.0.2:2 udp", 27, "the sender has no port"],
    ["0.0 10.0.0.1:1 > 10.0.0.2:2 tcp SIN", 33, '"SIN" is none of the flags'],
    ["0.0 10.0.0.1:1 > 10.0.0.2:2 udp colour=red", 33, '"colour=" means nothing here'],
    ["0.0 10.0.0.1:1 > 10.0.0.2:2 udp blue", 33, '"blue" means nothing here'],
    ["0.0 10.0.0.1:1 > 10.0.0.2:2 udp ttl=1 ttl=2", 39, '"ttl" is given twice'],
    ['0.0 10.0.0.1:1 > 10.0.0.2:2 udp "open', 33, "this string is not closed"],
    ["0.0 10.0.0.1:1 > 10.0.0.2:2 vxlan(vni=1 udp", 34, "this parenthesis is not closed"],
    ["0.0 10.0.0.1:1 > 10.0.0.2:2 vxlan(vni=1) udp", 29, "vxlan(…) needs A > B"],
    ["0.0 10.0.0.1:1 > 10.0.0.2:2 wormhole(1.1.1.1 > 2.2.2.2) udp", 29, '"wormhole" is none of vxlan'],
    ["0.0 10.0.0.1:1 > 10.0.0.2:2 tcp ACK ack=isn+1", 37, '"isn" is not known yet'],
    ["0.0 seen nothing", 10, 'no line before has the label "nothing"'],
    ["0.0 10.0.0.1:1 > [fd00::1]:2 udp", 18, "one address is IPv4, the other IPv6"],
    ["0.0 10.0.0.1:99999 > 10.0.0.2:2 udp", 5, "99999 is not a port"],
    ["soon 10.0.0.1:1 > 10.0.0.2:2 udp", 1, '"soon" is not a time'],
    ["0.0 10.0.0.1:1 10.0.0.2:2 udp", 5, "a packet line goes on with A > B"],
    ["@eth0 = token-ring", 9, '"token-ring" is none of the link types'],
    ["a = 10.0.0.256", 5, '"10.0.0.256" is not an IPv4 address'],
  ])("%s", (source, column, message) => {
    let error: unknown;
    try {
      parseTraffic(`# first line\n${source}`);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(TrafficError);
    if (!(error instanceof TrafficError)) return;
    expect(error.message).toContain(message);
    expect([error.line, error.column]).toEqual([2, column]);
    expect(error.message.split("\n")[1]).toBe(`  ${source}`);
  });

  test("an undeclared interface among declared ones", () => {
    expect(
      () => traffic`
      @eth0 = ethernet
      0.0 @eht0 10.0.0.1:1 > 10.0.0.2:2 udp
    `,
    ).toThrow("@eht0 is not declared (there are @eth0)");
  });
});

describe("files", () => {
  const mixed = traffic`
    @a = ethernet
    @b = raw
    0.0 @a 10.0.0.1:1 > 10.0.0.2:2 udp
    0.1 @b 10.0.0.1:1 > 10.0.0.2:2 udp
  `;

  test("pcapng takes any mix, pcap says why it does not", () => {
    expect(hex(trafficToPcapng(mixed).subarray(0, 4))).toBe("0a0d0d0a");
    expect(() => trafficToPcap(mixed)).toThrow("one link type, not 1 and 101");
  });

  test("the same text is the same bytes", () => {
    expect(hex(trafficToPcapng(mixed))).toBe(hex(trafficToPcapng(mixed)));
  });
});
