/** Fields of application messages, and the Community ID. */
import { describe, expect, it } from "vitest";
import { fieldRows } from "../../builders/run-engine";
import { parseTraffic, trafficToPcapng } from "../../builders/traffic";

const fields = (lines: string, ...names: string[]): Promise<string[][]> =>
  fieldRows(trafficToPcapng(parseTraffic(lines)), names);

describe("DNS fields", () => {
  const lines = `client = 10.0.0.1:40000   server = 10.0.0.2:53
    0.0 client > server dns query 7 AAAA www.example
    0.1 server > client dns answer 7 A www.example 192.0.2.1 192.0.2.2 cname=web.example
    0.2 server > client dns nxdomain 8 A none.example`;

  it("tells question and answers", async () => {
    expect(await fields(lines, "dns.id", "dns.qry.name", "dns.qry.type", "dns.a", "dns.cname")).toEqual([
      ["0x0007", "www.example", "28", "", ""],
      ["0x0007", "www.example", "1", "192.0.2.1,192.0.2.2", "web.example"],
      ["0x0008", "none.example", "1", "", ""],
    ]);
  });

  it("has a reply code in responses only", async () => {
    expect(await fields(lines, "dns.flags.response", "dns.flags.rcode", "dns.count.answers", "dns")).toEqual([
      ["0", "", "0", "Domain Name System"],
      ["1", "0", "3", "Domain Name System"],
      ["1", "3", "0", "Domain Name System"],
    ]);
  });
});

describe("HTTP and TLS fields", () => {
  it("reads requests and answers, but not twice what was sent twice", async () => {
    expect(
      await fields(
        `client = 10.0.0.1:40000   server = 10.0.0.2:8080
         ask: 0.0 client > server tcp ACK http GET /path host=a.example
         0.9 again ask
         1.0 server > client tcp ACK http 404`,
        "http.request.method",
        "http.host",
        "http.request.uri",
        "http.response.code",
        "http",
      ),
    ).toEqual([
      ["GET", "a.example", "/path", "", "Hypertext Transfer Protocol"],
      ["", "", "", "", ""],
      ["", "", "", "404", "Hypertext Transfer Protocol"],
    ]);
  });

  it("reads the server name of a ClientHello on any port", async () => {
    expect(
      await fields(
        "0.0 10.0.0.1:40000 > 10.0.0.2:6443 tcp ACK tls hello sni=api.example",
        "tls.handshake.extensions_server_name",
      ),
    ).toEqual([["api.example"]]);
  });
});

describe("DHCP fields", () => {
  it("tells requests from replies", async () => {
    expect(
      await fields(
        `0.0 0.0.0.0:68 > 255.255.255.255:67 udp dhcp discover xid=1 for=02:00:00:00:00:01
         0.1 10.0.0.1:67 > 10.0.0.9:68 udp dhcp offer xid=1 for=02:00:00:00:00:01 your=10.0.0.9`,
        "dhcp.type",
        "dhcp.ip.your",
      ),
    ).toEqual([
      ["1", "0.0.0.0"],
      ["2", "10.0.0.9"],
    ]);
  });
});

describe("communityid", () => {
  it("is that of the innermost flow, the same both ways", async () => {
    const [there, back, inTunnel] = await fields(
      `0.0 128.232.110.120:34855 > 66.35.250.204:80 tcp SYN
       0.1 66.35.250.204:80 > 128.232.110.120:34855 tcp SYN,ACK
       0.2 128.232.110.120:34855 > 66.35.250.204:80 vxlan(vni=1, 10.0.0.1 > 10.0.0.2) tcp ACK`,
      "communityid",
    );
    expect(there).toEqual(["1:LQU9qZlK+B5F3KDmev6m5PMibrg="]);
    expect(back).toEqual(there);
    expect(inTunnel).toEqual(there);
  });

  it("leaves out the ports where they are not known", async () => {
    const rows = await fields("0.0 10.0.0.1:1000 > 10.0.0.2:2000 udp len=64 frag=40", "communityid", "udp.srcport");
    expect(rows).toEqual([
      ["1:6B6jp9I9lU4mYqmbMP4dQYcpUn0=", "1000"],
      ["1:nyyyEkjQ5y7prMeFpclqssM1pYM=", ""],
    ]);
  });
});
