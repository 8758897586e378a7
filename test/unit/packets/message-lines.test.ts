/** What the list says of segments and messages beyond their names, as Wireshark 4.0 words it: one line of traffic, one line of the list. */
import { describe, expect, it } from "vitest";
import { type Layer, buildPacket } from "../../../src-shared/wire/write/layer";
import { ethernet } from "../../../src-shared/wire/write/ethernet";
import { payload } from "../../../src-shared/wire/write/payload";
import { PcapWriter } from "../../../src-shared/wire/write/pcap";
import { matchesByPass, withCaptures } from "../../builders/open-captures";
import { linesOfList, linesOfPass, list } from "../../builders/packet-lines";
import { fieldRows } from "../../builders/run-engine";
import { parseTraffic, trafficToPcapng } from "../../builders/traffic";

const LINKTYPE_ETHERNET = 1;
const hex = (text: string): string => text.replace(/\s+/g, "");

/** A file of one frame with an EtherType. */
function frame(etherType: number, bytes: string): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = new PcapWriter((chunk) => void chunks.push(chunk.slice()), { linkType: LINKTYPE_ETHERNET });
  const content = payload(new Uint8Array(Buffer.from(hex(bytes), "hex")), { etherType }) satisfies Layer;
  const layers = [ethernet({ src: "02:00:00:00:00:01", dst: "01:80:c2:00:00:02" }), content];
  writer.packet({ time: { seconds: 1000, nanoseconds: 0 }, bytes: buildPacket(layers) });
  writer.flush();
  return Buffer.concat(chunks);
}

/** The info alone, without Protocol. */
const infos = async (traffic: string): Promise<string[]> =>
  (await list(traffic)).map((line) => line.slice(line.indexOf("|") + 2));

describe("duplicate acknowledgments", () => {
  const traffic = `client = 10.0.0.1:40000   server = 10.0.0.2:80
    @a = ethernet
    @b = ethernet
    0.0 @a client > server tcp ACK seq=100 ack=500 win=100
    0.1 @a client > server tcp ACK seq=100 ack=500 win=100
    0.2 @b client > server tcp ACK seq=100 ack=500 win=100
    0.3 @a server > client tcp ACK seq=600 ack=100 win=100 "data"
    0.4 @a client > server tcp ACK seq=100 ack=500 win=100
    0.5 @b client > server tcp ACK seq=100 ack=500 win=100
    0.6 @a client > server tcp ACK seq=100 ack=700 win=100
    0.7 @a client > server tcp ACK seq=100 ack=700 win=100`;
  const notes = (lines: readonly string[]): string[] =>
    lines.map((line) => /\[TCP Dup ACK[^\]]*\]/.exec(line)?.[0] ?? "");
  const expected = ["", "[TCP Dup ACK 1#1]", "", "", "[TCP Dup ACK 1#2]", "[TCP Dup ACK 3#1]", "", "[TCP Dup ACK 7#1]"];

  it("name the first of their kind and are counted, at each capture point by itself", async () => {
    expect(notes(await list(traffic))).toEqual(expected);
  });

  it("are the same for packets that pass in order", async () => {
    expect(notes(await linesOfPass(trafficToPcapng(parseTraffic(traffic))))).toEqual(expected);
  });
});

describe("a segment that was there before", () => {
  it("is told as a segment, and sorted and filtered as one: its message is listed once", async () => {
    const traffic = `client = 10.0.0.1:40000   server = 10.0.0.2:80
      get: 0.0 client > server tcp PSH,ACK "GET / HTTP/1.1\\r\\n\\r\\n"
      1.0 again get`;
    expect((await list(traffic)).map((line) => line.split(" ").slice(0, 4).join(" "))).toEqual([
      "HTTP | GET /",
      "TCP | [TCP Retransmission]",
    ]);
  });
});

describe("HTTP", () => {
  const body = (type: string, text: string): string =>
    `0.0 10.0.0.2:80 > 10.0.0.1:40000 tcp PSH,ACK "HTTP/1.1 200 OK\\r\\nContent-Type: ${type}\\r\\nContent-Length: ${text.replace(/\\x../g, "x").length}\\r\\n\\r\\n${text}"`;

  it.each([
    ["text/html; charset=utf-8", "<p>", "HTTP | HTTP/1.1 200 OK  (text/html)"],
    ["application/json", "{}", "HTTP/JSON | HTTP/1.1 200 OK , JavaScript Object Notation (application/json)"],
    ["application/xml", "<a/>", "HTTP/XML | HTTP/1.1 200 OK"],
    ["image/gif", "GIF89a\\x01\\x00\\x01\\x00", "HTTP | HTTP/1.1 200 OK  (GIF89a)"],
    ["application/octet-stream", "abc", "HTTP | HTTP/1.1 200 OK"],
    ["text/plain", "", "HTTP | HTTP/1.1 200 OK"],
  ])("tells what a body of type %s is", async (type, text, line) => {
    expect(await list(body(type, text))).toEqual([line]);
  });
});

describe("HTTP/2, gRPC's too", () => {
  const empty = "000000 04 00 00000000";
  const windowUpdate = "000004 08 00 00000000 0000ffff";
  const headers = "000001 01 04 00000001 82";
  const data = "000005 00 01 00000001 0000000000";
  const segment = (bytes: string): string => `0.0 10.0.0.1:40000 > 10.0.0.2:50051 tcp PSH,ACK hex:${hex(bytes)}`;
  const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").toString("hex");

  it("is told by the client's preface, and by segments of whole frames, on any port", async () => {
    expect(await list(segment(preface + empty + windowUpdate))).toEqual([
      "HTTP2 | Magic, SETTINGS[0], WINDOW_UPDATE[0]",
    ]);
    expect(await list(segment(headers + data))).toEqual(["HTTP2 | HEADERS[1], DATA[1]"]);
  });

  it.each([
    ["a frame that is longer than the segment", "0000ff 01 04 00000001 82"],
    ["data on stream 0", "000001 00 00 00000000 00"],
    ["a kind that nobody knows", "000001 20 00 00000001 00"],
    ["a ping of a length that pings have not", "000004 06 00 00000000 00000000"],
    ["zeros", "00".repeat(18)],
  ])("but not %s", async (_what, bytes) => {
    expect((await list(segment(bytes)))[0]).toMatch(/^TCP \| 40000 → 50051 /);
  });
});

describe("stores", () => {
  it("Redis: commands, answers by their values, arrays of answers by their sizes", async () => {
    expect(
      await infos(`client = 10.0.0.1:40000   redis = 10.0.0.2:6379
        0.0 client > redis tcp PSH,ACK "*3\\r\\n$3\\r\\nSET\\r\\n$1\\r\\nk\\r\\n$5\\r\\nhello\\r\\n"
        0.1 redis > client tcp PSH,ACK "+OK\\r\\n:42\\r\\n-ERR no\\r\\n"
        0.2 redis > client tcp PSH,ACK "*2\\r\\n$1\\r\\na\\r\\n*1\\r\\n:7\\r\\n+PONG\\r\\n"
        0.3 client > redis tcp PSH,ACK "*2\\r\\n$3\\r\\nGET\\r\\n$400\\r\\nkkk"`),
    ).toEqual([
      "Request: SET k hello",
      "Response: OK 42 Error: ERR no",
      "Response: Array(2) PONG",
      "Request: GET [continuation]",
    ]);
  });

  it("MySQL: the handshake, commands, and what the first packet of an answer says", async () => {
    const login = `28000001 85a60f00 00000001 21 ${"00".repeat(23)} 726f6f7400`;
    expect(
      await infos(`client = 10.0.0.1:40000   db = 10.0.0.2:3306
        0.0 db > client tcp PSH,ACK hex:${hex("0b000000 0a 382e302e3336 00 01000000")}
        0.1 client > db tcp PSH,ACK hex:${hex(login)}
        0.2 db > client tcp PSH,ACK hex:${hex("07000002 00000002000000")}
        0.3 client > db tcp PSH,ACK hex:${hex("09000000 03 53454c4543542031")}
        0.4 db > client tcp PSH,ACK hex:${hex("01000001 01")}
        0.5 db > client tcp PSH,ACK hex:${hex("09000001 ff 2804 233432303030")}`),
    ).toEqual([
      "Server Greeting  proto=10 version=8.0.36",
      "Login Request user=root",
      "Response  OK",
      "Request Query",
      "Response TABULAR Response",
      "Response  Error 1064",
    ]);
  });

  it("Kafka: requests by name and version; an answer, which has no name, keeps TCP's line", async () => {
    const [request, answer] = await infos(`client = 10.0.0.1:40000   broker = 10.0.0.2:9092
      0.0 client > broker tcp PSH,ACK hex:${hex("0000000c 0003 0009 00000001 0002 636c")}
      0.1 broker > client tcp PSH,ACK hex:${hex("0000000a 00000001 0000 00000000")}`);
    expect(request).toBe("Kafka Metadata v9 Request");
    expect(answer).toMatch(/^9092 → 40000 /);
  });
});

describe("routers that stand in for each other", () => {
  it("BFD, HSRP of both versions, GLBP, RIP, EIGRP", async () => {
    const hsrp2 = `0128 02 00 06 04 ${"00".repeat(36)}`;
    const glbp = `01 00 0001 0000 020202020202 011c 00 20 00 64 0000 00000bb8 00002710 0258 3840 0000 01 04 0a0000fe`;
    expect(
      await list(`a = 10.0.0.1
        0.0 a:49152 > 10.0.0.2:3784 udp hex:${hex(`20 c8 05 18 ${"00".repeat(20)}`)}
        0.1 a:1985 > 224.0.0.2:1985 udp hex:${hex(`00 00 10 03 0a 78 01 00 ${"00".repeat(12)}`)}
        0.2 a:1985 > 224.0.0.102:1985 udp hex:${hex(hsrp2)}
        0.3 a:3222 > 224.0.0.102:3222 udp hex:${hex(glbp)}
        0.4 a:520 > 224.0.0.9:520 udp hex:${hex(`02 02 0000 ${"00".repeat(20)}`)}
        0.5 a > 224.0.0.10 ip proto=88 hex:${hex(`02 05 0000 00000000 00000000 00000007 00000001`)}`),
    ).toEqual([
      "BFD Control | Diag: No Diagnostic, State: Up, Flags: 0x08",
      "HSRP | Hello (state Active)",
      "HSRPv2 | Hello (state Active)",
      "GLBP | G: 1, Hello, IPv4",
      "RIPv2 | Response",
      "EIGRP | Hello (Ack)",
    ]);
  });

  it("LACP by its ports' state, CDP by device and port", async () => {
    const port = (system: string, state: string): string => `14 8000 ${system} 000d 8000 0016 ${state} 000000`;
    const lacp = `01 01 01 ${port("0013c4120f00", "3d")} 02 ${port("000e8316f500", "85")} ${"00".repeat(68)}`;
    expect(await linesOfList(frame(0x8809, lacp))).toEqual([
      "LACP | v1 ACTOR 00:13:c4:12:0f:00 P: 22 K: 13 **DCSG*A PARTNER 00:0e:83:16:f5:00 P: 22 K: 13 E****G*A",
    ]);
    // Behind LLC and SNAP, the type is the frame's length.
    const cdp = "aaaa03 00000c 2000 02 b4 0000 0001 0006 5331 0003 0008 65746830";
    expect(await linesOfList(frame(26, cdp))).toEqual(["CDP | Device ID: S1  Port ID: eth0"]);
  });
});

describe("IPsec", () => {
  it("IKE by its exchange; on port 4500 ESP, IKE behind a marker, and what keeps a NAT open", async () => {
    const ike = (exchange: string, flags: string, id: string): string =>
      `${"a1".repeat(8)} ${"b2".repeat(8)} 00 20 ${exchange} ${flags} ${id} 0000001c`;
    expect(
      await list(`a = 10.0.0.1   b = 10.0.0.2
        0.0 a:500 > b:500 udp hex:${hex(ike("22", "08", "00000000"))}
        0.1 b:500 > a:500 udp hex:${hex(ike("25", "20", "00000003"))}
        0.2 a:4500 > b:4500 udp hex:${hex(`00000000 ${ike("23", "08", "00000001")}`)}
        0.3 a:4500 > b:4500 udp hex:${hex(`c0ffee01 00000001 ${"5a".repeat(32)}`)}
        0.4 a:4500 > b:4500 udp hex:ff`),
    ).toEqual([
      "ISAKMP | IKE_SA_INIT MID=00 Initiator Request",
      "ISAKMP | INFORMATIONAL MID=03 Responder Response",
      "ISAKMP | IKE_AUTH MID=01 Initiator Request",
      "ESP | ESP (SPI=0xc0ffee01)",
      "UDPENCAP | NAT-keepalive",
    ]);
  });
});

describe("SCTP", () => {
  it("lists the chunks of a packet", async () => {
    expect(
      await list(
        `0.0 10.0.0.1:7 > 10.0.0.2:7 sctp vtag=1 hex:${hex("03000010 00000005 0000e000 00000000 00030011 00000007 00000001 00000000 41000000")}`,
      ),
    ).toEqual(["SCTP | SACK (Ack=5, Arwnd=57344) DATA (TSN=7)"]);
  });
});

describe("headers", () => {
  it("TCP: urgent data, flags beyond the eight, a fast open cookie", async () => {
    expect(await infos(`0.0 10.0.0.1:1 > 10.0.0.2:2 tcp ACK,URG seq=1 ack=1 win=9 urg=5 "x"`)).toEqual([
      "1 → 2 [ACK, URG] Seq=1 Ack=1 Win=9 Urg=5 Len=1",
    ]);
  });

  it("UDP without the checksum that IPv6 asks for, and with a length that cannot be", async () => {
    expect(
      await infos(`0.0 fd00::1 > fd00::2 ip proto=17 hex:${hex("ee47 8235 000b 0000 616263")}
        0.1 10.0.0.1 > 10.0.0.2 ip proto=17 hex:${hex("ee47 8235 0100 0000 616263")}`),
    ).toEqual([
      "60999 → 33333 Len=3 [ILLEGAL CHECKSUM (0)]",
      "60999 → 33333 [BAD UDP LENGTH 256 > IP PAYLOAD LENGTH] Len=248",
    ]);
  });

  it("ARP: an announcement asks for no MAC address; addresses of other lengths are read", async () => {
    const arp = (bytes: string): Promise<string[]> => linesOfList(frame(0x0806, bytes));
    const own = "0a000001";
    expect(await arp(`0001 0800 06 04 0001 020000000001 ${own} 000000000000 ${own}`)).toEqual([
      "ARP | ARP Announcement for 10.0.0.1",
    ]);
    expect(await arp(`0001 0800 06 04 0001 020000000001 ${own} ffffffffffff ${own}`)).toEqual([
      "ARP | Gratuitous ARP for 10.0.0.1 (Request)",
    ]);
    expect(await arp(`0007 0800 01 04 0002 50 ${own} 51 0a000002`)).toEqual(["ARP | 10.0.0.1 is at 50"]);
    expect(await arp(`0001 0800 86 04 0001 020000000001 ${own} 000000000000 0a000002`)).toEqual(["ARP | ARP"]);
  });
});

describe("captures that keep headers only", () => {
  it("say so of messages that are cut, not of every segment with data", async () => {
    expect(
      await infos(`@eth0 = ethernet snap=72
        0.0 10.0.0.1:40000 > 10.0.0.2:9999 tcp ACK seq=1 ack=1 win=9 "0123456789012345678901234"
        0.1 10.0.0.1:40000 > 10.0.0.2:80 tcp ACK "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"`),
    ).toEqual([
      "40000 → 9999 [ACK] Seq=1 Ack=1 Win=9 Len=25",
      expect.stringMatching(/\[Packet size limited during capture\]$/),
    ]);
  });
});

describe("_ws.expert", () => {
  const traffic = `client = 10.0.0.1:40000   server = 10.0.0.2:80
    0.0 client > server tcp ACK seq=100 ack=500 win=100
    0.1 client > server tcp ACK seq=100 ack=500 win=100
    0.2 client > server tcp FIN,ACK seq=100 ack=500 win=100
    0.3 server > client tcp FIN,ACK seq=500 ack=101 win=100
    0.4 client > server tcp ACK seq=101 ack=501 win=100 sack=400-450
    0.5 client > server tcp ACK seq=101 ack=501 win=100 sack=600-700`;

  it("tells who closes first, acknowledgments said again, and bytes that came twice", async () => {
    const rows = await fieldRows(trafficToPcapng(parseTraffic(traffic)), ["_ws.expert.message"]);
    const texts = rows.map(([text = ""]) => text);
    expect(texts[1]).toBe("Duplicate ACK (#1)");
    expect(texts[2]).toBe("Connection finish (FIN),This frame initiates the connection closing");
    expect(texts[3]).toBe("Connection finish (FIN),This frame undergoes the connection closing");
    expect(texts[4]).toContain("D-SACK Sequence");
    expect(texts[5]).not.toContain("D-SACK Sequence");
  });

  it("can be filtered for", async () => {
    await withCaptures([trafficToPcapng(parseTraffic(traffic))], async (captures) => {
      const filters = ['_ws.expert.message contains "initiates"', '_ws.expert.message == "D-SACK Sequence"'];
      const all = await matchesByPass(captures, filters);
      expect(all.map((matches) => matches.indexOf(1))).toEqual([2, 4]);
    });
  });
});
