/** frame.protocols: the names tshark 4.0 prints for the same packets. */
import { describe, expect, it } from "vitest";
import { fieldRows } from "../../builders/run-engine";
import { parseTraffic, trafficToPcapng } from "../../builders/traffic";

const ENDS = "client = 10.0.0.1:40000   server = 10.0.0.2:80   odd = 10.0.0.2:9999   secure = 10.0.0.2:443\n";

/** Protocols of each packet, without the link and network layers that all of them have. */
async function protocols(lines: string): Promise<string[]> {
  const rows = await fieldRows(trafficToPcapng(parseTraffic(ENDS + lines)), ["frame.protocols"]);
  return rows.map((row) => (row[0] as string).replace("eth:ethertype:ip:", ""));
}

describe("layers of a packet", () => {
  it("names tags, tunnels and what they carry", async () => {
    expect(
      await protocols(`
        0.0 client > server vlan(10) tcp SYN
        0.1 client > server mpls(16, 17) tcp SYN
        0.2 client > server vxlan(vni=1, 192.168.1.1 > 192.168.1.2) tcp SYN
        0.3 10.0.0.1 > 10.0.0.2 icmp request ident=1 seq=1 len=32
        0.4 10.0.0.1 > 10.0.0.2 ip proto=89 len=8
        0.5 10.0.0.1 > 10.0.0.2 ip proto=253 len=8
        0.6 client > server sctp vtag=7 hex:0400000812345678`),
    ).toEqual([
      "eth:ethertype:vlan:ethertype:ip:tcp",
      "eth:ethertype:mpls:ip:tcp",
      "udp:vxlan:eth:ethertype:ip:tcp",
      "icmp:data",
      "ospf",
      "data",
      "sctp",
    ]);
  });

  it("takes a payload for what the lower port says, and for data if no port says anything", async () => {
    expect(
      await protocols(`
        0.0 10.0.0.1:123 > 10.0.0.2:514 udp "x"
        0.1 10.0.0.1:40000 > 10.0.0.2:514 udp "x"
        0.2 10.0.0.1:40000 > 10.0.0.2:40001 udp "x"
        0.3 10.0.0.1:40000 > 10.0.0.2:514 udp`),
    ).toEqual(["udp:ntp", "udp:syslog", "udp:data", "udp"]);
  });

  it("knows DNS on any port, and its kin by theirs", async () => {
    expect(
      await protocols(`
        0.0 10.0.0.1:40000 > 10.0.0.2:9053 udp dns query 1 A a.example
        0.1 10.0.0.1:5353 > 224.0.0.251:5353 udp dns query 0 A a.local
        0.2 10.0.0.1:40000 > 224.0.0.252:5355 udp dns query 1 A a`),
    ).toEqual(["udp:dns", "udp:mdns", "udp:llmnr"]);
  });
});

describe("payloads of TCP", () => {
  it("shows HTTP with its body, and what follows a request in the stream", async () => {
    expect(
      await protocols(`
        0.0 server > client tcp ACK "stray"
        0.1 client > server tcp ACK "GET / HTTP/1.1\\r\\n\\r\\n"
        0.2 server > client tcp ACK "HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\n\\r\\n{\\"a\\":1}"
        0.3 server > client tcp ACK "HTTP/1.1 200 OK\\r\\nContent-Type: text/html\\r\\n\\r\\n<p>"
        0.4 server > client tcp ACK "more"`),
    ).toEqual(["tcp", "tcp:http", "tcp:http:json", "tcp:http:data-text-lines", "tcp:http:data"]);
  });

  it("recognises HTTP and TLS on other ports", async () => {
    expect(
      await protocols(`
        0.0 client > odd tcp ACK "hello"
        0.1 client > odd tcp ACK "GET / HTTP/1.1\\r\\n\\r\\n"
        0.2 odd > client tcp ACK "rest of an answer"
        0.3 10.0.0.1:40001 > odd tcp ACK tls hello sni=a.example
        0.4 10.0.0.1:40001 > odd tcp ACK "a text"`),
    ).toEqual(["tcp:data", "tcp:http", "tcp:http:data", "tcp:tls", "tcp:data"]);
  });

  it("gives way to what HTTP was upgraded to, or CONNECT asked for", async () => {
    expect(
      await protocols(`
        0.0 client > server tcp ACK "GET / HTTP/1.1\\r\\nUpgrade: websocket\\r\\n\\r\\n"
        0.1 server > client tcp ACK "HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\n\\r\\n"
        0.2 client > server tcp ACK hex:8105
        0.3 10.0.0.1:40001 > server tcp ACK "CONNECT a.example:443 HTTP/1.1\\r\\n\\r\\n"
        0.4 server > 10.0.0.1:40001 tcp ACK "HTTP/1.1 200 OK\\r\\n\\r\\n"
        0.5 10.0.0.1:40001 > server tcp ACK tls hello sni=a.example`),
    ).toEqual(["tcp:http", "tcp:http", "tcp:http:websocket", "tcp:http", "tcp:http", "tcp:http:tls"]);
  });

  it("is silent about retransmissions, resets and the rest of a long message", async () => {
    expect(
      await protocols(`
        ask: 0.0 client > server tcp ACK "GET / HTTP/1.1\\r\\n\\r\\n"
        0.9 again ask
        1.0 client > server tcp RST,ACK "why"
        2.0 10.0.0.1:40001 > 10.0.0.2:53 tcp ACK hex:00201234010000010000000000000161
        2.1 10.0.0.1:40001 > 10.0.0.2:53 tcp ACK hex:0000000000000000`),
    ).toEqual(["tcp:http", "tcp", "tcp", "tcp:dns", "tcp"]);
  });
});
