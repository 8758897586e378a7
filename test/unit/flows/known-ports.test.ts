/**
 * A port only proposes what a UDP payload is: tunnels on the ports of other protocols are known by their bytes, and real packets of these
 * protocols stay what they are.
 */
import { describe, expect, it } from "vitest";
import { fieldRows, flowLines } from "../../builders/run-engine";
import { parseTraffic, trafficToPcapng } from "../../builders/traffic";

const ENDS = `a = 10.244.1.2:1000  b = 10.244.2.2:80  n1 = 192.168.0.1  n2 = 192.168.0.2
              a6 = [fd00:1::2]:1000  b6 = [fd00:2::2]:80  m1 = fd00:9::1  m2 = fd00:9::2\n`;
const bytesOf = (text: string): Uint8Array => trafficToPcapng(parseTraffic(ENDS + text));
const flows = (text: string): Promise<string[]> => flowLines(bytesOf(text));
const protocols = async (text: string): Promise<string> =>
  (await fieldRows(bytesOf(text), ["frame.protocols"])).map(([path]) => path).join(" ");

/** Every UDP port that the decoder knows. */
const KNOWN = [53, 67, 68, 2152, 4341, 4342, 4789, 4790, 5353, 5355, 6081, 6635, 8472, 51820, 51871];
const TCP4 = "tcp 10.244.1.2:1000 > 10.244.2.2:80 1/0 S0 S in";

describe.each(KNOWN)("a tunnel on port %i", (port) => {
  it("raw IP inside UDP, both ways, IPv4 and IPv6 inside and outside", async () => {
    expect(await flows(`0.0 a > b ipudp(n1:${port} > n2:${port}) tcp SYN`)).toContain(`${TCP4} ip-udp`);
    const both = await flows(`0.0 a6 > b6 ipudp(m1:777 > m2:${port}) tcp SYN
                              0.1 b6 > a6 ipudp(m2:${port} > m1:777) tcp SYN,ACK`);
    expect(both).toContain("tcp fd00:1::2:1000 > fd00:2::2:80 1/1 S1 Sh in ip-udp");
  });
  it("raw IP that carries VXLAN, and a fragmented carrier", async () => {
    expect(await flows(`0.0 a > b ipudp(n1:777 > n2:${port}) vxlan(vni=9, n1 > n2, dport=4444) tcp SYN`)).toContain(
      `${TCP4} vxlan/9`,
    );
    const big = await flowLines(bytesOf(`0.0 a > b ipudp(n1:777 > n2:${port}) udp len=3000 frag=1480`));
    expect(big.some((line) => line.startsWith("udp 10.244.1.2:1000 > 10.244.2.2:80"))).toBe(true);
  });
  it("VXLAN and Geneve", async () => {
    expect(await flows(`0.0 a > b vxlan(vni=9, n1 > n2, dport=${port}) tcp SYN`)).toContain(`${TCP4} vxlan/9`);
    const geneve = await flows(`0.0 a > b geneve(vni=9, n1 > n2, dport=${port}) tcp SYN`);
    expect(geneve).toContain(`${TCP4} geneve/9`);
  });
  it("a tunnel whose source port, a hash, is this one", async () => {
    expect(await flows(`0.0 a > b vxlan(vni=9, n1 > n2, sport=${port}, dport=12345) tcp SYN`)).toContain(
      `${TCP4} vxlan/9`,
    );
  });
  it("a person's word stands above the bytes, and the switch that asks for ports alone too", async () => {
    const bytes = bytesOf(`0.0 a > b ipudp(n1:777 > n2:${port}) tcp SYN`);
    const told = await flowLines(bytes, { udpPorts: [[port, "dns"]] });
    expect(told.filter((line) => line.startsWith("tcp"))).toEqual([]);
    expect((await flowLines(bytes, { byBytes: false })).filter((line) => line.includes("ip-udp"))).toEqual([]);
  });
});

describe("what stays what its port says", () => {
  it("DNS, also where an answer reads like the head of an IPv6 header (version 6, length 1, next header 0)", async () => {
    // id 0x6001, one question, one answer: 12 + 13 + 16 = 41 bytes, and an IPv6 header would say payload length 1.
    const name = "03616263 03636f6d 00";
    const answer = `6001 8180 0001 0001 0000 0000 ${name} 0001 0001 c00c 0001 0001 00000e10 0004 0a000001`;
    expect(await protocols(`0.0 10.0.0.1:53 > 10.0.0.2:40000 udp hex:${answer.replaceAll(" ", "")}`)).toBe(
      "eth:ethertype:ip:udp:dns",
    );
  });
  it("a DNS answer to a client whose port is VXLAN's", async () => {
    expect(await protocols(`0.0 10.0.0.1:53 > 10.0.0.2:4789 dns answer 7 A a.example 10.9.9.9`)).toBe(
      "eth:ethertype:ip:udp:dns",
    );
  });
  it("damaged DNS, VXLAN with bits that mean nothing, Geneve with reserved flags", async () => {
    expect(await protocols(`0.0 10.0.0.1:4000 > 10.0.0.2:53 udp "no question at all"`)).toBe(
      "eth:ethertype:ip:udp:dns",
    );
    const frame = "02000000000202000000000108004500001400010000400166e50a0000010a000002";
    expect(await protocols(`0.0 10.0.0.1:4000 > 10.0.0.2:4789 udp hex:4800000000000901${frame}`)).toContain(
      "udp:vxlan:eth",
    );
    expect(await protocols(`0.0 10.0.0.1:4000 > 10.0.0.2:6081 udp hex:0001655800000901${frame}`)).toContain(
      "udp:geneve:eth",
    );
  });
  it("words to a client whose port is a tunnel's are no tunnel", async () => {
    for (const port of [2152, 4341, 4342, 4789, 4790, 6081, 6635, 8472]) {
      const lines = await flows(`0.0 10.0.0.1:9999 > 10.0.0.2:${port} udp "hello, 1234567890 is what you asked for"
                                 0.1 10.0.0.2:${port} > 10.0.0.1:9999 udp "0123456789 thank you, and good bye then"`);
      expect(lines, String(port)).toHaveLength(1);
    }
  });
});
