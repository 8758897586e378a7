/** Headers that lead to an IP packet: link types with a header of their own, tags, tunnels, compression. Names are tshark's. */
import { deflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { collectChunks } from "../../../src-shared/wire/write/capture-chunks";
import { parseHex } from "../../../src-shared/wire/write/address";
import { PcapWriter } from "../../../src-shared/wire/write/pcap";
import { STOP_NONE } from "../../../src-main/engine/kernel/assembly/abi";
import { fieldRows, runEngine } from "../../builders/run-engine";
import { parseTraffic, trafficToPcapng } from "../../builders/traffic";

/** 10.0.0.1:40000 > 10.0.0.2:514, UDP, "hi". */
const IP = "4500001e0001000040110000 0a000001 0a000002 9c40 0202 000a 0000 6869";
const MACS = "020000000002 020000000001";
const DATA_FRAME = "0801 0000 020000000001 020000000002 020000000003 1000";

const FIELDS = ["frame.protocols", "ip.src", "udp.dstport"];

const capture = (linkType: number, hex: string): Uint8Array =>
  collectChunks((sink) => {
    const w = new PcapWriter(sink, { linkType });
    w.packet({ time: { seconds: 1, nanoseconds: 0 }, bytes: parseHex(hex.replaceAll(/\s/g, "")) });
    w.flush();
  });

async function decoded(linkType: number, hex: string): Promise<string> {
  return ((await fieldRows(capture(linkType, hex), FIELDS))[0] ?? []).join(" ");
}

describe("link types", () => {
  it.each([
    ["NFLOG", 239, `02 00 0007  0800 0a00 64726f70  2200 0900 ${IP}`, "nflog:ip:udp:syslog"],
    ["NFLOG, big-endian", 239, `02 00 0007  0022 0009 ${IP}`, "nflog:ip:udp:syslog"],
    ["802.11", 105, `${DATA_FRAME} aaaa03 000000 0800 ${IP}`, "wlan:llc:ip:udp:syslog"],
    [
      "802.11 QoS in radiotap",
      127,
      `00 00 0a00 02000000 0000  88${DATA_FRAME.slice(2)} 0000 aaaa03 000000 0800 ${IP}`,
      "radiotap:wlan_radio:wlan:llc:ip:udp:syslog",
    ],
    [
      "PPI with 802.11",
      192,
      `00 00 0800 69000000 ${DATA_FRAME} aaaa03 000000 0800 ${IP}`,
      "ppi:wlan_radio:wlan:llc:ip:udp:syslog",
    ],
    [
      "PKTAP",
      258,
      `6c000000 01000000 01000000 ${"00".repeat(96)} ${MACS} 0800 ${IP}`,
      "pktap:pcap_pktdata:eth:ethertype:ip:udp:syslog",
    ],
    ["null with an EtherType", 0, `0f000800 ${IP}`, "null:ip:udp:syslog"],
    ["Frame Relay, three bytes of address", 107, `80 ea 9d 0800 ${IP}`, "fr:ip:udp:syslog"],
    ["Juniper Ethernet", 178, `4d4743 80 0002 0000 ${MACS} 0800 ${IP}`, "juniper:eth:ethertype:ip:udp:syslog"],
  ])("%s", async (_name, linkType, hex, protocols) => {
    expect(await decoded(linkType, hex)).toBe(`${protocols} 10.0.0.1 514`);
  });

  it("802.11 that is encrypted ends there", async () => {
    expect(await decoded(105, `0841${DATA_FRAME.slice(4)} 00112233445566778899`)).toBe("wlan:data  ");
  });
});

describe("packets without a byte", () => {
  it.each([0, 1, 9, 50, 101, 104, 105, 107, 113, 127, 178, 192, 228, 239, 258])(
    "of link type %i say why there is no more",
    async (linkType) => {
      const stops: number[] = [];
      await runEngine(capture(linkType, ""), "streams", {}, (batch) => stops.push(batch.stopReason(0)));
      expect(stops).toHaveLength(1);
      expect(stops).not.toContain(STOP_NONE);
    },
  );
});

describe("tags behind Ethernet", () => {
  it.each([
    [
      "MACsec without encryption",
      `88e5 20 00 00000044 0200000000010001 0800 ${IP} ${"00".repeat(16)}`,
      "macsec:ethertype:ip",
    ],
    ["Arista's timestamp", `d28b 0001 0010 5ceeed57384f59c8 0800 ${IP}`, "avsp:ethertype:ip"],
    ["network service header", `894f 0fc2 01 01 00000107 ${IP}`.replace("0fc2", "0002"), "nsh:ip"],
    ["Cisco metadata", `8909 01 01 0001 0010 0800 ${IP}`, "cmd:ip"],
  ])("%s", async (_name, hex, protocols) => {
    expect(await decoded(1, `${MACS} ${hex}`)).toBe(`eth:ethertype:${protocols}:udp:syslog 10.0.0.1 514`);
  });

  it("encrypted MACsec shows nothing of what it holds", async () => {
    expect(await decoded(1, `${MACS} 88e5 2c 00 00000044 0200000000010001 0800 ${IP} ${"00".repeat(16)}`)).toBe(
      "eth:ethertype:macsec:data  ",
    );
  });
});

/** An IPv4 header around a payload of `protocol`. */
const around = (protocol: string, payload: string): string => {
  const bytes = parseHex(payload.replaceAll(/\s/g, ""));
  const total = (20 + bytes.length).toString(16).padStart(4, "0");
  return (
    `45000000000100004000 0000 c0a80001 c0a80002`
      .replace("45000000", `4500${total}`)
      .replace("4000 0000", `40${protocol} 0000`) + payload
  );
};

describe("IP protocols", () => {
  const packed = deflateRawSync(parseHex(IP.replaceAll(/\s/g, "").slice(40))).toString("hex");

  it("IPComp is inflated", async () => {
    expect(await decoded(228, around("6c", `11 00 0002 ${packed}`))).toBe("ip:ipcomp:data:udp:syslog 192.168.0.1 514");
  });

  it("IPComp that is no deflate stream stays what it is", async () => {
    expect(await decoded(228, around("6c", "11 00 0002 ffffffffff"))).toBe("ip:ipcomp:data 192.168.0.1 ");
  });

  it("an Ethernet frame (143) and EtherIP (97)", async () => {
    expect(await decoded(228, around("8f", `${MACS} 0800 ${IP}`))).toBe(
      "ip:eth:ethertype:ip:udp:syslog 192.168.0.1,10.0.0.1 514",
    );
    expect(await decoded(228, around("61", `3000 ${MACS} 0800 ${IP}`))).toBe(
      "ip:etherip:eth:ethertype:ip:udp:syslog 192.168.0.1,10.0.0.1 514",
    );
  });

  it("Cisco metadata in GRE, whose EtherType comes first", async () => {
    expect(await decoded(228, around("2f", `0000 8909 0800 01 01 0001 0010 ${IP}`))).toBe(
      "ip:gre:cmd:ip:udp:syslog 192.168.0.1,10.0.0.1 514",
    );
  });

  it("what calls itself IPv6 and has another version is no IPv6 header", async () => {
    expect(await decoded(1, `${MACS} 86dd 30303030${"30".repeat(40)}`)).toBe("eth:ethertype:data  ");
  });
});

describe("UDP", () => {
  const udp = (port: string, payload: string): string => {
    const bytes = parseHex(payload.replaceAll(/\s/g, ""));
    return around("11", `9c40 ${port} ${(8 + bytes.length).toString(16).padStart(4, "0")} 0000 ${payload}`);
  };

  it("VXLAN-GPE names what it carries", async () => {
    expect(await decoded(228, udp("12b6", `0c 0000 01 000007 00 ${IP}`))).toBe(
      "ip:udp:ip:udp:syslog 192.168.0.1,10.0.0.1 4790,514",
    );
  });

  it("LISP data, and the control message that carries a packet", async () => {
    expect(await decoded(228, udp("10f5", `c0 000001 00000001 ${IP}`))).toBe(
      "ip:udp:lisp-data:ip:udp:syslog 192.168.0.1,10.0.0.1 4341,514",
    );
    expect(await decoded(228, udp("10f6", `80 000000 ${IP}`))).toBe(
      "ip:udp:lisp:ip:udp:syslog 192.168.0.1,10.0.0.1 4342,514",
    );
  });
});

describe("IPv6 fragments as tshark shows them with ip.defragment:FALSE", () => {
  it("only the one that completes the datagram has the ports, whatever the interface", async () => {
    const bytes = trafficToPcapng(
      parseTraffic(`0.0 [fd00::1]:40000 > [fd00::2]:514 udp len=2000 frag=1232
                    0.1 10.0.0.1:40000 > 10.0.0.2:514 udp len=2000 frag=1480`),
    );
    const ports = (await fieldRows(bytes, ["udp.dstport"], "streams", { reassemble: "ipv6" })).map((r) => r[0]);
    expect(ports).toEqual(["", "514", "514", ""]);
    const all = (await fieldRows(bytes, ["udp.dstport"], "streams", { reassemble: true })).map((r) => r[0]);
    expect(all).toEqual(["514", "514", "514", "514"]);
  });
});

describe("decode as", () => {
  it("gives a port the name of what it is decoded as, in either direction", async () => {
    const bytes = trafficToPcapng(
      parseTraffic(`0.0 10.0.0.1:40000 > 10.0.0.2:9999 udp "x"
                    0.1 10.0.0.2:9999 > 10.0.0.1:40000 udp "x"
                    0.2 10.0.0.1:40000 > 10.0.0.2:514 udp "x"
                    0.3 10.0.0.1:40000 > 10.0.0.2:8443 tcp ACK hex:1703030001ff`),
    );
    const names = async (
      udpPorts: [number, "dns" | "data"][],
      tcpPorts: [number, "tls" | "data"][],
    ): Promise<string[]> =>
      (await fieldRows(bytes, ["frame.protocols"], "streams", { udpPorts, tcpPorts })).map((r) =>
        (r[0] as string).replace("eth:ethertype:ip:", ""),
      );
    expect(await names([], [])).toEqual(["udp:data", "udp:data", "udp:syslog", "tcp:tls"]);
    expect(
      await names(
        [
          [9999, "dns"],
          [514, "data"],
        ],
        [[8443, "data"]],
      ),
    ).toEqual(["udp:dns", "udp:dns", "udp:data", "tcp:data"]);
  });
});
