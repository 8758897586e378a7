/** Flows: what counts as one, who began it, how it went in Zeek's words, what carries it. */
import { describe, expect, it } from "vitest";
import { flowLines } from "../../builders/run-engine";
import { parseTraffic, trafficToPcapng } from "../../builders/traffic";

const ENDS = "client = 10.0.0.1:1000   server = 10.0.0.2:80\n";
const flows = (text: string): Promise<string[]> => flowLines(trafficToPcapng(parseTraffic(text)));
const tcp = (lines: string): Promise<string[]> => flows(ENDS + lines);

describe("how a TCP flow went", () => {
  it("SF: handshake, data both ways, closed by both", async () => {
    expect(
      await tcp(`0.0 client > server tcp SYN
                 0.1 server > client tcp SYN,ACK
                 0.2 client > server tcp ACK
                 0.3 client > server tcp PSH,ACK "ask"
                 0.4 server > client tcp ACK
                 0.5 server > client tcp PSH,ACK "answer"
                 0.6 client > server tcp FIN,ACK
                 0.7 server > client tcp FIN,ACK
                 0.8 client > server tcp ACK`),
    ).toEqual(["tcp 10.0.0.1:1000 > 10.0.0.2:80 5/4 SF ShADadFf"]);
  });
  it("S0: a SYN, repeated, without answer", async () => {
    expect(
      await tcp(`first: 0.0 client > server tcp SYN
                 1.0 again first`),
    ).toEqual(["tcp 10.0.0.1:1000 > 10.0.0.2:80 2/0 S0 S"]);
  });
  it("S1: established and left open", async () => {
    expect(
      await tcp(`0.0 client > server tcp SYN
                 0.1 server > client tcp SYN,ACK
                 0.2 client > server tcp ACK`),
    ).toEqual(["tcp 10.0.0.1:1000 > 10.0.0.2:80 2/1 S1 ShA"]);
  });
  it("REJ: refused", async () => {
    expect(
      await tcp(`0.0 client > server tcp SYN
                 0.1 server > client tcp RST,ACK`),
    ).toEqual(["tcp 10.0.0.1:1000 > 10.0.0.2:80 1/1 REJ Sr"]);
  });
  it("RSTO: the originator resets an open connection", async () => {
    expect(
      await tcp(`0.0 client > server tcp SYN
                 0.1 server > client tcp SYN,ACK
                 0.2 client > server tcp ACK
                 0.3 client > server tcp RST`),
    ).toEqual(["tcp 10.0.0.1:1000 > 10.0.0.2:80 3/1 RSTO ShAR"]);
  });
  it("a SYN-ACK seen first: its receiver is the originator, marked ^", async () => {
    expect(await tcp(`0.0 server > client tcp SYN,ACK`)).toEqual(["tcp 10.0.0.1:1000 > 10.0.0.2:80 0/1 OTH ^h"]);
  });
  it("the same ports used again after the end are another flow", async () => {
    expect(
      await tcp(`0.0 client > server tcp SYN seq=100
                 0.1 server > client tcp RST,ACK
                 9.0 client > server tcp SYN seq=77777`),
    ).toEqual(["tcp 10.0.0.1:1000 > 10.0.0.2:80 1/1 REJ Sr", "tcp 10.0.0.1:1000 > 10.0.0.2:80 1/0 S0 S"]);
  });
  it("where only answers are seen, one with another number is of another flow; the same number is the same answer again", async () => {
    expect(
      await tcp(`first: 0.0 server > client tcp SYN,ACK seq=100
                 1.0 again first
                 1.1 server > client tcp ACK seq=101 len=5
                 9.0 server > client tcp SYN,ACK seq=77777`),
    ).toEqual(["tcp 10.0.0.1:1000 > 10.0.0.2:80 0/3 OTH ^hd", "tcp 10.0.0.1:1000 > 10.0.0.2:80 0/1 OTH ^h"]);
  });
  it("the answer to a SYN on used ports belongs to the new flow, wherever in the capture they come", async () => {
    // Rows are looked up for 256 packets at once: what was found then may have got a successor since.
    const between = Array.from({ length: 256 }, (_, i) => `${1 + i} 10.0.0.9:${2000 + i} > 10.0.0.8:53 udp len=4`);
    const lines = await tcp(`0.0 client > server tcp SYN seq=100
                             0.1 server > client tcp RST,ACK
                             ${between.join("\n")}
                             999.0 client > server tcp SYN seq=77777
                             999.1 server > client tcp SYN,ACK`);
    expect(lines.filter((line) => line.startsWith("tcp"))).toEqual([
      "tcp 10.0.0.1:1000 > 10.0.0.2:80 1/1 REJ Sr",
      "tcp 10.0.0.1:1000 > 10.0.0.2:80 1/1 S1 Sh",
    ]);
  });
});

describe("flows at every depth", () => {
  const NODES = "a = 10.244.1.2:1000  b = 10.244.2.2:80  n1 = 192.168.0.1  n2 = 192.168.0.2\n";
  it("the inner flow is one, whatever source ports its carriers chose", async () => {
    const lines = await flows(`${NODES}0.0 a > b vxlan(vni=7, n1 > n2, sport=40001) tcp SYN
                               0.1 b > a vxlan(vni=7, n2 > n1, sport=50002) tcp SYN,ACK`);
    expect(lines).toContain("tcp 10.244.1.2:1000 > 10.244.2.2:80 1/1 S1 Sh in vxlan/7");
    expect(lines.filter((l) => l.startsWith("udp"))).toHaveLength(2);
  });
  it("the same addresses in two VNIs are two flows", async () => {
    const lines = await flows(`${NODES}0.0 a > b vxlan(vni=1, n1 > n2) tcp SYN
                               0.1 a > b vxlan(vni=2, n1 > n2) tcp SYN`);
    expect(lines.filter((l) => l.startsWith("tcp"))).toEqual([
      "tcp 10.244.1.2:1000 > 10.244.2.2:80 1/0 S0 S in vxlan/1",
      "tcp 10.244.1.2:1000 > 10.244.2.2:80 1/0 S0 S in vxlan/2",
    ]);
  });
  it("sees a tunnel on any port by its bytes, and raw IP inside UDP", async () => {
    expect(await flows(`${NODES}0.0 a > b vxlan(vni=9, n1 > n2, dport=12345) tcp SYN`)).toContain(
      "tcp 10.244.1.2:1000 > 10.244.2.2:80 1/0 S0 S in vxlan/9",
    );
    expect(await flows(`${NODES}0.0 a > b ipudp(n1:777 > n2:777) tcp SYN`)).toContain(
      "tcp 10.244.1.2:1000 > 10.244.2.2:80 1/0 S0 S in ip-udp",
    );
  });
  it("sees it too where its source port, a hash, is WireGuard's", async () => {
    expect(await flows(`${NODES}0.0 a > b vxlan(vni=9, n1 > n2, sport=51820, dport=12345) tcp SYN`)).toContain(
      "tcp 10.244.1.2:1000 > 10.244.2.2:80 1/0 S0 S in vxlan/9",
    );
  });
  it("a flow seen at two capture points is one, counted where most of it was seen", async () => {
    expect(
      await flows(`@veth0 = ethernet
                   @eth0 = ethernet
                   a = 10.0.0.1:1000  b = 10.0.0.2:80
                   syn: 0.0 @veth0 a > b tcp SYN
                   0.001 @eth0 seen syn hops=1
                   0.1 @veth0 b > a tcp SYN,ACK`),
    ).toEqual(["tcp 10.0.0.1:1000 > 10.0.0.2:80 1/1 S1 Sh"]);
  });
});

describe("UDP, ICMP and fragments", () => {
  it("UDP answered is SF, unanswered S0", async () => {
    const ends = "a = 10.0.0.1:1000  b = 10.0.0.2:53\n";
    expect(await flows(`${ends}0.0 a > b udp "q"`)).toEqual(["udp 10.0.0.1:1000 > 10.0.0.2:53 1/0 S0 D"]);
    expect(
      await flows(`${ends}0.0 a > b udp "q"
                   0.1 b > a udp "r"`),
    ).toEqual(["udp 10.0.0.1:1000 > 10.0.0.2:53 1/1 SF Dd"]);
  });
  it("echo identifiers tell pings apart", async () => {
    const ends = "a = 10.0.0.1  b = 10.0.0.2\n";
    expect(
      await flows(`${ends}0.0 a > b icmp request ident=5 seq=1
                   0.1 b > a icmp reply ident=5 seq=1
                   0.2 a > b icmp request ident=6 seq=1`),
    ).toEqual(["icmp 10.0.0.1:5 > 10.0.0.2:0 1/1 OTH -", "icmp 10.0.0.1:6 > 10.0.0.2:0 1/0 OTH -"]);
  });
  it("fragments belong to the flow of their first one, reassembled or not", async () => {
    const bytes = trafficToPcapng(
      parseTraffic("a = 10.0.0.1:1000  b = 10.0.0.2:2000\n0.0 a > b udp len=3000 frag=1480"),
    );
    for (const reassemble of [true, false]) {
      const lines = await flowLines(bytes, { reassemble });
      expect(lines, `reassemble=${reassemble}`).toHaveLength(1);
      expect(lines[0]).toMatch(/^udp 10\.0\.0\.1:1000 > 10\.0\.0\.2:2000 3\/0 S0 D/);
    }
  });
});
