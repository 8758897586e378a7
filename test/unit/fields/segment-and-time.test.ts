/** Times beside those of other packets, what segments carry, headers of HTTP, protocols that are known by name. */
import { describe, expect, it } from "vitest";
import { compileFilter } from "../../../src-main/engine/filter/compile";
import { FILTER_REGISTRY } from "../../../src-main/engine/filter/engine-registry";
import { CellPrinter } from "../../../src-main/engine/service/row-cells";
import { filterMatches } from "../../builders/filter-matches";
import { withCaptures } from "../../builders/open-captures";
import { fieldRows } from "../../builders/run-engine";
import { parseTraffic, trafficToPcapng } from "../../builders/traffic";

const fields = (lines: string, ...names: string[]): Promise<string[][]> =>
  fieldRows(trafficToPcapng(parseTraffic(lines)), names);

describe("times", () => {
  const lines = `a = 10.0.0.1:1   b = 10.0.0.2:2
    1.0  a > b udp "x"
    1.25 a > b udp "y"
    1.1  b > a udp "z"`;

  it("are told since the file's first packet and since the one before, which may be later", async () => {
    expect(await fields(lines, "frame.time_relative", "frame.time_delta")).toEqual([
      ["0.000000000", "0.000000000"],
      ["0.250000000", "0.250000000"],
      ["0.100000000", "-0.150000000"],
    ]);
  });

  it("are the same where packets are decoded alone, in any order, and in the second file of a workspace", async () => {
    const capture = trafficToPcapng(parseTraffic(lines));
    await withCaptures([capture, capture], (captures) => {
      const filters = [
        "frame.time_relative == 0",
        "frame.time_delta > 0.2",
        "frame.time_relative < 0.2 && frame.time_delta != 0",
      ];
      expect([...filterMatches(captures, filters).values()]).toEqual([
        [0, 3],
        [1, 4],
        [2, 5],
      ]);
    });
  });
});

describe("times of a TCP stream", () => {
  const lines = `a = 10.0.0.1:40000   b = 10.0.0.2:80   c = 10.0.0.3:50000
    1.0  a > b tcp SYN
    1.25 b > a tcp SYN,ACK
    1.5  c > b tcp SYN
    2.0  a > b tcp ACK
    2.1  a > b udp "x"
    3.5  b > c tcp SYN,ACK`;
  const names = ["tcp.time_relative", "tcp.time_delta"];
  const expected = [
    ["0.000000000", "0.000000000"],
    ["0.250000000", "0.250000000"],
    ["0.000000000", "0.000000000"],
    ["1.000000000", "0.750000000"],
    ["", ""],
    ["2.000000000", "2.000000000"],
  ];

  it("are told since its first packet and since its packet before", async () => {
    expect(await fields(lines, ...names)).toEqual(expected);
  });

  it("are the same as columns of the packet list, whichever rows are shown, and in every file of a workspace", async () => {
    const capture = trafficToPcapng(parseTraffic(lines));
    await withCaptures([capture, capture], (captures) => {
      const ids = [11, 3, 9, 1, 0, 4, 6, 5];
      expect(new CellPrinter(captures, names).print(ids, -1)).toEqual(ids.map((id) => expected[id % 6]));
    });
  });
});

describe("what segments carry", () => {
  const lines = `client = 10.0.0.1:40000   server = 10.0.0.2:9000
    0.0 client > server tcp SYN mss=1460 ws=7 sackok
    0.1 client > server tcp PSH,ACK "abc"
    0.2 client > server udp hex:0102`;

  it("is bytes, as hex digits", async () => {
    expect(await fields(lines, "tcp.payload", "udp.payload")).toEqual([
      ["", ""],
      ["616263", ""],
      ["", "0102"],
    ]);
  });

  it("options are there or not", async () => {
    expect(
      await fields(lines, "tcp.options.mss", "tcp.options.wscale", "tcp.options.sack_perm", "tcp.options.sack"),
    ).toEqual([
      ["1", "1", "1", ""],
      ["", "", "", ""],
      ["", "", "", ""],
    ]);
  });
});

describe("a SYN that is sent again", () => {
  it("is a retransmission, and no new connection on old ports", async () => {
    const lines = `a = 10.0.0.1:40000   b = 10.0.0.2:80
      syn: 0.0 a > b tcp SYN seq=100
      1.0 again syn
      2.0 a > b tcp SYN seq=900`;
    const names = ["tcp.analysis.retransmission", "tcp.analysis.reused_ports", "tcp.analysis.flags"];
    expect(await fields(lines, ...names)).toEqual([
      ["", "", ""],
      ["1", "", "1"],
      ["", "1", "1"],
    ]);
  });
});

describe("HTTP", () => {
  it("tells requests from responses, and what headers say", async () => {
    const lines = `client = 10.0.0.1:40000   server = 10.0.0.2:8080
      0.0 client > server tcp ACK "GET /a HTTP/1.1\\r\\nHost: x\\r\\nUser-Agent: curl/8\\r\\nCookie: k=v\\r\\n\\r\\n"
      0.1 server > client tcp ACK "HTTP/1.1 200 OK\\r\\nServer: s\\r\\nContent-Type: text/plain\\r\\nContent-Length: 2\\r\\n\\r\\nhi"`;
    const start = ["http.request", "http.response", "http.request.version", "http.user_agent", "http.cookie"];
    expect(await fields(lines, ...start, "http.server", "http.content_type", "http.content_length")).toEqual([
      ["1", "", "HTTP/1.1", "curl/8", "k=v", "", "", ""],
      ["", "1", "", "", "", "s", "text/plain", "2"],
    ]);
  });
});

describe("TLS", () => {
  it("names records and handshake messages", async () => {
    const lines = `client = 10.0.0.1:40000   server = 10.0.0.2:443
      0.0 client > server tcp PSH,ACK tls hello sni=a.example`;
    const [row] = await fields(lines, "tls.record.content_type", "tls.record.version", "tls.handshake.type");
    expect(row).toEqual(["22", "0x0301", "1"]);
  });
});

describe("names", () => {
  it("of protocols that are only named can be asked for, and so can the names of before", async () => {
    const lines = `a = 10.0.0.1:40000   b = 10.0.0.2:22   c = 10.0.0.2:123
      0.0 a > b tcp PSH,ACK "SSH-2.0-x\\r\\n"
      0.1 a > c udp len=48
      0.2 a > b ip proto=89 len=24`;
    await withCaptures([trafficToPcapng(parseTraffic(lines))], (captures) => {
      expect([...filterMatches(captures, ["ssh", "ntp", "ospf", "ssl || bootp", "ssh || ospf"]).values()]).toEqual([
        [0],
        [1],
        [2],
        [],
        [0, 2],
      ]);
    });
  });

  it("that nobody knows are told", () => {
    expect(() => compileFilter("sshh", FILTER_REGISTRY)).toThrow('unknown field "sshh"');
    expect(() => compileFilter("ssl.handshake.tipe == 1", FILTER_REGISTRY)).toThrow(
      'unknown field "ssl.handshake.tipe"',
    );
  });
});

describe("numbers that can never be", () => {
  it.each([
    ["tcp.port == 99999", '"99999" is too big for tcp.port: the most is 65535'],
    ["vxlan.vni in {1, 16777216}", '"16777216" is too big for vxlan.vni: the most is 16777215'],
    ["ip.ttl < 0x100", '"0x100" is too big for ip.ttl: the most is 255'],
  ])("%s", (filter, message) => {
    expect(() => compileFilter(filter, FILTER_REGISTRY)).toThrow(message);
  });
});
