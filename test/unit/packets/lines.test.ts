/** Protocol and Info of packets, as Wireshark 4.0 words them: one line of traffic, one line of the list. */
import { describe, expect, it } from "vitest";
import { CellPrinter } from "../../../src-main/engine/service/row-cells";
import { sortRows } from "../../../src-main/engine/service/sort-rows";
import { Breather } from "../../../src-main/engine/service/breather";
import { type Layer, buildPacket } from "../../../src-shared/wire/write/layer";
import { ethernet } from "../../../src-shared/wire/write/ethernet";
import { payload } from "../../../src-shared/wire/write/payload";
import { PcapWriter } from "../../../src-shared/wire/write/pcap";
import { withCaptures } from "../../builders/open-captures";
import { linesOfList, list } from "../../builders/packet-lines";
import { parseTraffic, trafficToPcapng } from "../../builders/traffic";

const LINKTYPE_ETHERNET = 1;
const LINKTYPE_WLAN = 105;

/** A file of packets of one link type. */
function pcap(linkType: number, ...packets: readonly Uint8Array[]): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = new PcapWriter((chunk) => void chunks.push(chunk.slice()), { linkType });
  packets.forEach((bytes, i) => writer.packet({ time: { seconds: 1000 + i, nanoseconds: 0 }, bytes }));
  writer.flush();
  return Buffer.concat(chunks);
}

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replace(/\s+/g, ""), "hex"));

/** A frame whose payload has an EtherType. */
const frame = (etherType: number, bytes: string): Uint8Array =>
  buildPacket([
    ethernet({ src: "02:00:00:00:00:01", dst: "01:80:c2:00:00:0e" }),
    payload(hex(bytes), { etherType }) satisfies Layer,
  ]);

const MARKER = "ff".repeat(16);
/** identifier, flags, counts; "a" IN as question. */
const QUESTION = "0161 00";

describe("protocols that ports tell", () => {
  it("BGP: every message of a segment", async () => {
    expect(await list(`0.0 10.0.0.1:40000 > 10.0.0.2:179 tcp PSH,ACK hex:${MARKER}001304${MARKER}001302`)).toEqual([
      "BGP | KEEPALIVE Message, UPDATE Message",
    ]);
  });

  it("NTP, SSH and PostgreSQL, from either side", async () => {
    expect(
      await list(`a = 10.0.0.1:40000
        0.0 a > 10.0.0.2:123 udp hex:23000000${"00".repeat(44)}
        0.1 10.0.0.2:123 > a udp hex:24000000${"00".repeat(44)}
        0.2 a > 10.0.0.2:22 tcp PSH,ACK "SSH-2.0-OpenSSH_9.6\\r\\n"
        0.3 10.0.0.2:22 > a tcp PSH,ACK hex:0000000c0a15${"00".repeat(10)}
        0.4 a > 10.0.0.2:22 tcp PSH,ACK hex:f1e2d3c4b5a6978869${"5a".repeat(27)}
        0.5 a > 10.0.0.2:5432 tcp PSH,ACK hex:510000000d53454c45435420313b00
        0.6 10.0.0.2:5432 > a tcp PSH,ACK hex:540000000443000000045a0000000549`),
    ).toEqual([
      "NTP | NTP Version 4, client",
      "NTP | NTP Version 4, server",
      "SSHv2 | Client: Protocol (SSH-2.0-OpenSSH_9.6)",
      "SSHv2 | Server: New Keys",
      "SSHv2 | Client: Encrypted packet (len=36)",
      "PGSQL | >Q",
      "PGSQL | <T/C/Z",
    ]);
  });

  it("DHCPv6 and PTP", async () => {
    expect(
      await list(`0.0 [fe80::1]:546 > [ff02::1:2]:547 udp hex:011008740001000a00030001001122334455
        0.1 10.0.0.1:319 > 224.0.1.129:319 udp hex:0002002c${"00".repeat(40)}`),
    ).toEqual(["DHCPv6 | Solicit XID: 0x100874 CID: 00030001001122334455", "PTPv2 | Sync Message"]);
  });

  it("keep TCP's or UDP's line where nothing is known but the name", async () => {
    expect(await list(`0.0 10.0.0.1:40000 > 10.0.0.2:1883 tcp PSH,ACK hex:c000`)).toEqual([
      "MQTT | 40000 → 1883 [PSH, ACK] Seq=1 Ack=1 Win=64240 Len=2",
    ]);
  });

  it("but not a client's port, nor bytes that are another protocol's", async () => {
    // 44818 is EtherNet/IP's, but here a client got it; SIP begins with a request line.
    expect(
      (
        await list(`0.0 10.0.0.1:44818 > 10.0.0.2:9999 tcp PSH,ACK "hello"
        0.1 10.0.0.1:5060 > 10.0.0.2:5060 udp hex:0102030405060708`)
      ).map((line) => line.split(" | ")[0]),
    ).toEqual(["TCP", "UDP"]);
  });

  it("QUIC on port 443, if the bytes can be", async () => {
    expect(
      await list(`0.0 10.0.0.1:40000 > 10.0.0.2:443 udp hex:c00000000108${"a1".repeat(8)}02b1b2${"00".repeat(30)}
        0.1 10.0.0.1:40000 > 10.0.0.2:443 udp hex:4142${"00".repeat(40)}
        0.2 10.0.0.1:40000 > 10.0.0.2:443 udp "hello"`),
    ).toEqual([
      "QUIC | Initial, DCID=a1a1a1a1a1a1a1a1, SCID=b1b2",
      "QUIC | Protected Payload (KP0)",
      "UDP | 40000 → 443 Len=5",
    ]);
  });
});

describe("protocols that other numbers tell", () => {
  it("OSPF and VRRP by IP's", async () => {
    expect(
      await list(`0.0 10.0.0.1 > 224.0.0.5 ip proto=89 hex:0201002c${"00".repeat(40)}
        0.1 10.0.0.1 > 224.0.0.18 ip proto=112 hex:21010101${"00".repeat(8)}
        0.2 10.0.0.1 > 10.0.0.2 ip proto=253 hex:0000`),
    ).toEqual(["OSPF | Hello Packet", "VRRP | Announcement (v2)", "IPv4 | Unknown (253)"]);
  });

  it("LLDP, PPPoE discovery and unknown ones by EtherType", async () => {
    const lldp = frame(0x88cc, "0207 04 020000000001 0405 05 65746830 0602 0078 0a03 737731 0000");
    const padi = frame(0x8863, "1109 0000 0004 0101 0000");
    const pado = frame(0x8863, "1107 0000 000c 0101 0000 0102 0004 42524153");
    expect(await linesOfList(pcap(LINKTYPE_ETHERNET, lldp, padi, pado, frame(0x1234, "00 01")))).toEqual([
      "LLDP | MA/02:00:00:00:00:01 IN/eth0 120 SysN=sw1",
      "PPPoED | Active Discovery Initiation (PADI)",
      "PPPoED | Active Discovery Offer (PADO) AC-Name='BRAS'",
      "0x1234 | Ethernet II",
    ]);
  });

  it("802.11: management, control, and data that is encrypted", async () => {
    const [a, b, c] = ["020000000001", "020000000002", "020000000003"];
    const beacon = `8000 0000 ffffffffffff ${a} ${a} 2010 ${"00".repeat(8)} 6400 0104 0004 686f6d65`;
    const file = pcap(
      LINKTYPE_WLAN,
      hex(beacon),
      hex(`d400 0000 ${b}`),
      hex(`8842 0000 ${b} ${a} ${c} 3000 0000 ${"5a".repeat(20)}`),
    );
    const cells = await withCaptures([file], (captures) =>
      new CellPrinter(captures, ["source", "destination", "protocol", "info"]).print([0, 1, 2], -1),
    );
    expect(cells).toEqual([
      [
        "02:00:00:00:00:01",
        "ff:ff:ff:ff:ff:ff",
        "802.11",
        'Beacon frame, SN=258, FN=0, Flags=........, BI=100, SSID="home"',
      ],
      ["", "02:00:00:00:00:02 (RA)", "802.11", "Acknowledgement, Flags=........"],
      ["02:00:00:00:00:03", "02:00:00:00:00:02", "802.11", "QoS Data, SN=3, FN=0, Flags=.p....F."],
    ]);
  });
});

describe("ICMP", () => {
  it("a reply names its request, at the same capture point; the TTL and hop limit are told", async () => {
    expect(
      await list(`@a = ethernet
        @b = ethernet
        0.0 @a 10.0.0.1 > 10.0.0.2 icmp request ident=7 seq=1
        0.1 @b 10.0.0.1 > 10.0.0.2 icmp request ident=7 seq=1
        0.2 @a 10.0.0.2 > 10.0.0.1 icmp reply ident=7 seq=1
        0.3 @a 10.0.0.2 > 10.0.0.1 icmp reply ident=8 seq=1
        0.4 @b fd00::1 > fd00::2 icmp request ident=9 seq=3
        0.5 @b fd00::2 > fd00::1 icmp reply ident=9 seq=3`),
    ).toEqual([
      "ICMP | Echo (ping) request  id=0x0007, seq=1/256, ttl=64",
      "ICMP | Echo (ping) request  id=0x0007, seq=1/256, ttl=64",
      "ICMP | Echo (ping) reply    id=0x0007, seq=1/256, ttl=64 (request in 1)",
      "ICMP | Echo (ping) reply    id=0x0008, seq=1/256, ttl=64",
      "ICMPv6 | Echo (ping) request id=0x0009, seq=3, hop limit=64",
      "ICMPv6 | Echo (ping) reply id=0x0009, seq=3, hop limit=64 (request in 5)",
    ]);
  });

  it("a router solicitation tells the MAC address in it", async () => {
    const message = "8500 0000 00000000 0101 020000000001";
    const [line] = await list(`0.0 fe80::1 > ff02::2 ip proto=58 hex:${message.replace(/ /g, "")}`);
    expect(line).toBe("ICMPv6 | Router Solicitation from 02:00:00:00:00:01");
  });
});

describe("DNS", () => {
  it("lists the records of all sections, OPT too, and types beyond the common ones", async () => {
    // A question for SSHFP with EDNS; an answer "no such name" with an authority's SOA.
    const query = `0001 0100 0001 0000 0000 0001 ${QUESTION} 002c 0001 00 0029 1000 00000000 0000`;
    const answer = `0001 8183 0001 0000 0001 0000 ${QUESTION} 0001 0001 00 0006 0001 00000e10 0016 0000 ${"00".repeat(20)}`;
    const bytes = (text: string): string => text.replace(/\s/g, "");
    expect(
      await list(`0.0 10.0.0.1:40000 > 10.0.0.53:53 udp hex:${bytes(query)}
        0.1 10.0.0.53:53 > 10.0.0.1:40000 udp hex:${bytes(answer)}`),
    ).toEqual([
      "DNS | Standard query 0x0001 SSHFP a OPT",
      "DNS | Standard query response 0x0001 No such name A a SOA <Root>",
    ]);
  });
});

describe("TLS", () => {
  /** A ServerHello that chooses 1.3 by its extension. */
  const body = `0303${"00".repeat(32)}00 1301 00 0006 002b 0002 0304`.replace(/ /g, "");
  const hello = `02${(body.length / 2).toString(16).padStart(6, "0")}${body}`;
  const record = (type: string, bytes: string): string =>
    `${type}0303${(bytes.length / 2).toString(16).padStart(4, "0")}${bytes}`;
  const data = record("17", "00".repeat(24));
  const TRAFFIC = `client = 10.0.0.1:40000   server = 10.0.0.2:443
    0.0 client > server tcp SYN
    0.1 server > client tcp SYN,ACK
    0.2 client > server tcp PSH,ACK tls hello sni=example.com
    0.3 server > client tcp PSH,ACK hex:${record("16", hello)}${record("14", "01")}${data}${data}
    0.4 client > server tcp PSH,ACK hex:${data}
    0.5 client > server tcp PSH,ACK hex:${record("15", "0228")}
    0.6 10.0.0.3:40000 > server tcp PSH,ACK hex:${record("16", `a1b2c3d4${"5a".repeat(8)}`)}`;

  it("every record by name, and the version that the server has chosen from there on", async () => {
    expect((await list(TRAFFIC)).slice(2)).toEqual([
      expect.stringMatching(/^TLSv1(\.2)? \| Client Hello \(SNI=example\.com\)$/),
      "TLSv1.3 | Server Hello, Change Cipher Spec, Application Data, Application Data",
      "TLSv1.3 | Application Data",
      "TLSv1.3 | Alert (Level: Fatal, Description: Handshake Failure)",
      "TLSv1.2 | Encrypted Handshake Message",
    ]);
  });

  it("is told alike for one row alone, whatever was shown before", async () => {
    await withCaptures([trafficToPcapng(parseTraffic(TRAFFIC))], (captures) => {
      const one = (id: number): string | undefined => new CellPrinter(captures, ["protocol"]).print([id], -1)[0]?.[0];
      expect([6, 4, 3, 2].map(one)).toEqual(["TLSv1.2", "TLSv1.3", "TLSv1.3", expect.stringMatching(/^TLSv1(\.2)?$/)]);
    });
  });
});

describe("order by protocol", () => {
  it("is that of the names shown, those included that only the bytes tell", () =>
    withCaptures(
      [
        trafficToPcapng(
          parseTraffic(`0.0 10.0.0.1:40000 > 10.0.0.2:9 udp "x"
            0.1 10.0.0.1:40000 > 10.0.0.2:123 udp hex:23${"00".repeat(47)}
            0.2 10.0.0.1 > 224.0.0.5 ip proto=89 hex:0201002c${"00".repeat(40)}
            0.3 10.0.0.1:40000 > 10.0.0.2:179 tcp PSH,ACK hex:${MARKER}001304
            0.4 10.0.0.1:40000 > 10.0.0.2:179 tcp ACK
            0.5 10.0.0.1:40000 > 10.0.0.2:443 udp "no quic"
            0.6 10.0.0.1:40000 > 10.0.0.2:443 udp hex:41${"00".repeat(40)}`),
        ),
      ],
      async (captures) => {
        const ids = Uint32Array.from({ length: captures.index.count }, (_, id) => id);
        const order = [{ column: "protocol", descending: false }];
        await sortRows(captures, ids, order, new Breather(), () => undefined);
        const names = new CellPrinter(captures, ["protocol"]).print(ids, -1).map(([name]) => name);
        expect(names).toEqual(["BGP", "NTP", "OSPF", "QUIC", "TCP", "UDP", "UDP"]);
      },
    ));
});
