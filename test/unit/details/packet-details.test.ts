/** The details tree of single packets, line by line. */
import { describe, expect, test } from "vitest";
import type { DetailNode } from "../../../src-shared/contract/results";
import { packetDetails } from "../../../src-main/engine/details/details-handlers";
import { detailLines, drawCapture } from "../../builders/detail-lines";
import { withCaptures } from "../../builders/open-captures";
import { type Traffic, traffic, trafficToPcapng } from "../../builders/traffic";

/** All lines of the first packet, the frame's own left out. */
async function lines(recorded: Traffic, packet = 0): Promise<string[]> {
  return (await detailLines(trafficToPcapng(recorded)))[packet] ?? [];
}

/** The protocols' lines of each packet. */
const outline = (recorded: Traffic): Promise<string[][]> => detailLines(trafficToPcapng(recorded), false);

function find(nodes: readonly DetailNode[], field: string): DetailNode | undefined {
  for (const node of nodes) {
    if (node.field === field) return node;
    const below = find(node.children, field);
    if (below) return below;
  }
  return undefined;
}

/** A field's node of the first packet. */
async function field(recorded: Traffic, name: string): Promise<DetailNode> {
  let found: DetailNode | undefined;
  await drawCapture(trafficToPcapng(recorded), ({ tree }) => (found ??= find(tree, name)));
  if (!found) throw new Error(`no ${name}`);
  return found;
}

describe("headers", () => {
  test("every header of every nesting is a protocol of its own", async () => {
    const [protocols] = await outline(traffic`
      0.0 10.244.1.5:4000 > 10.244.2.6:5000 vxlan(vni=7, 192.168.1.1 > 192.168.1.2) udp "hello"
    `);
    expect(protocols).toEqual([
      "Ethernet II, Src: 02:00:c0:a8:01:01, Dst: 02:00:c0:a8:01:02",
      "Internet Protocol Version 4, Src: 192.168.1.1, Dst: 192.168.1.2",
      expect.stringMatching(/^User Datagram Protocol, Src Port: \d+, Dst Port: 4789$/),
      "Virtual eXtensible Local Area Network",
      "Ethernet II, Src: 02:00:0a:f4:01:05, Dst: 02:00:0a:f4:02:06",
      "Internet Protocol Version 4, Src: 10.244.1.5, Dst: 10.244.2.6",
      "User Datagram Protocol, Src Port: 4000, Dst Port: 5000",
      "Data (5 bytes)",
    ]);
  });

  test("bits are drawn, flags told one by one", async () => {
    const all = await lines(traffic`0.0 10.0.0.1:1 > 10.0.0.2:2 udp "x" tos=46`);
    expect(all).toEqual(
      expect.arrayContaining([
        "  0100 .... = Version: 4",
        "  .... 0101 = Header Length: 20 bytes (5)",
        "  010. .... = Flags: 0x2, Don't fragment",
        "    .1.. .... = Don't fragment: Set",
        "  ...0 0000 0000 0000 = Fragment Offset: 0",
      ]),
    );
  });

  test("where a field lies: source, bytes, bits", async () => {
    const recorded = traffic`0.0 10.0.0.1:1 > 10.0.0.2:2 udp "x"`;
    expect(await field(recorded, "ip.ttl")).toMatchObject({
      text: "Time to Live: 64",
      literal: "64",
      source: 0,
      offset: 22,
      length: 1,
      bitOffset: null,
    });
    expect(await field(recorded, "ip.flags.df")).toMatchObject({
      literal: "1",
      offset: 20,
      length: 1,
      bitOffset: 1,
      bitLength: 1,
    });
  });

  test("TCP: relative numbers, options, what the analysis found", async () => {
    const recorded = traffic`
      client = 10.0.0.1:40000   server = 10.0.0.2:80
           0.0 client > server tcp SYN mss=1460 ws=7 sackok
           0.1 server > client tcp SYN,ACK
      one: 0.2 client > server tcp PSH,ACK "hello"
           1.2 again one
    `;
    expect(await lines(recorded, 0)).toEqual(
      expect.arrayContaining([
        "    .... .... ..1. = Syn: Set",
        "      [Expert Info (Chat/Sequence): Connection establish request (SYN): server port 80]",
        "    TCP Option - Maximum segment size: 1460 bytes",
        "      MSS Value: 1460",
        "    TCP Option - Window scale: 7 (multiply by 128)",
      ]),
    );
    expect(await lines(recorded, 3)).toEqual(
      expect.arrayContaining([
        "  Sequence Number: 1    (relative sequence number)",
        "  Sequence Number (raw): 1001",
        "  [TCP Segment Len: 5]",
        "      [Expert Info (Note/Sequence): This frame is a (suspected) retransmission]",
      ]),
    );
  });

  test("a packet that an error quotes lies below the error", async () => {
    const recorded = traffic`
      one: 0.0 10.0.0.1:4000 > 10.0.0.2:5000 udp "x"
           0.1 10.0.0.2 > 10.0.0.1 icmp unreachable port quoting one
    `;
    const [, protocols] = await outline(recorded);
    expect(protocols?.slice(-1)).toEqual(["Internet Control Message Protocol"]);
    expect(await lines(recorded, 1)).toEqual(
      expect.arrayContaining([
        "  Code: 3 (Port unreachable)",
        "  Internet Protocol Version 4, Src: 10.0.0.1, Dst: 10.0.0.2",
        "  User Datagram Protocol, Src Port: 4000, Dst Port: 5000",
      ]),
    );
  });

  test("a datagram rebuilt from fragments is a byte source of its own", async () => {
    const sources: string[][] = [];
    const recorded = traffic`0.0 10.0.0.1:4000 > 10.0.0.2:5000 udp len=2000 frag=1480`;
    await drawCapture(trafficToPcapng(recorded), (d) => sources.push(d.sources.map((s) => s.name)));
    expect(sources.map((s) => s.slice(1))).toEqual([[], ["Reassembled IPv4 (2008 bytes)"]]);
  });
});

describe("messages", () => {
  test("DNS: questions and records", async () => {
    const all = await lines(traffic`
      0.0 10.0.0.53:53 > 10.0.0.1:4000 udp dns answer 7 A web.example 10.0.0.9 rttl=30
    `);
    expect(all).toEqual(
      expect.arrayContaining([
        "Domain Name System (response)",
        "    web.example: type A, class IN, addr 10.0.0.9",
        "      Time to live: 30 (30 seconds)",
        "      Address: 10.0.0.9",
      ]),
    );
  });

  test("HTTP: lines and headers", async () => {
    const all = await lines(traffic`
      0.0 10.0.0.1:4000 > 10.0.0.2:80 tcp PSH,ACK http GET /status host=web.example
    `);
    expect(all).toEqual(
      expect.arrayContaining([
        "  GET /status HTTP/1.1\\r\\n",
        "    Request Method: GET",
        "    Request URI: /status",
        "  Host: web.example\\r\\n",
      ]),
    );
  });

  test("TLS: the ClientHello's extensions", async () => {
    const all = await lines(traffic`0.0 10.0.0.1:4000 > 10.0.0.2:443 tcp PSH,ACK tls hello sni=api.example alpn=h2`);
    expect(all.map((l) => l.trim())).toEqual(
      expect.arrayContaining(["Server Name: api.example", "ALPN Next Protocol: h2"]),
    );
  });
});

describe("what stopped decoding", () => {
  test("the capture's limit", async () => {
    const [protocols] = await outline(traffic`0.0 10.0.0.1:1 > 10.0.0.2:2 tcp SYN snap=40`);
    expect(protocols?.at(-1)).toBe("[Packet size limited during capture: Transmission Control Protocol truncated]");
  });

  test("text from captures stays on its line and is never more than text", async () => {
    const all = await lines(traffic`
      0.0 10.0.0.1:4000 > 10.0.0.2:80 tcp PSH,ACK "GET /<img\tsrc=x> HTTP/1.1\r\nHost: a\x1b[31m\r\n\r\n"
    `);
    expect(all.join("")).not.toMatch(/\p{Cc}/u);
    expect(all).toContain("  Host: a\\x1b[31m\\r\\n");
  });
});

describe("packet.details", () => {
  const related = (recorded: Traffic, packet: number): Promise<string[]> =>
    withCaptures([trafficToPcapng(recorded)], (captures) =>
      packetDetails(captures, packet).related.map((r) => `${r.relation} ${r.number}`),
    );

  test("request and response, of DNS and of echo", async () => {
    const recorded = traffic`
      0.0 10.0.0.1:4000 > 10.0.0.53:53 udp dns query 7 A web.example
      0.1 10.0.0.1 > 10.0.0.2 icmp request ident=5 seq=1
      0.2 10.0.0.53:53 > 10.0.0.1:4000 udp dns answer 7 A web.example 10.0.0.9
      0.3 10.0.0.2 > 10.0.0.1 icmp reply ident=5 seq=1
    `;
    expect(await related(recorded, 0)).toContain("response 3");
    expect(await related(recorded, 2)).toContain("request 1");
    expect(await related(recorded, 1)).toEqual(["response 4"]);
    expect(await related(recorded, 3)).toEqual(["request 2"]);
  });

  test("the segment an acknowledgment is for, and the ends of the stream", async () => {
    const recorded = traffic`
      client = 10.0.0.1:40000   server = 10.0.0.2:80
      0.0 client > server tcp SYN
      0.1 server > client tcp SYN,ACK
      0.2 client > server tcp PSH,ACK "hello"
      0.3 server > client tcp ACK
    `;
    expect(await related(recorded, 3)).toEqual(["acknowledged 3", "first-of-stream 1"]);
    expect(await related(recorded, 1)).toEqual(["acknowledged 1", "first-of-stream 1", "last-of-stream 4"]);
  });

  test("comments, and a packet that is not there", async () => {
    await withCaptures(
      [trafficToPcapng(traffic`0.0 10.0.0.1 > 10.0.0.2 icmp request comment="look here"`)],
      (captures) => {
        const details = packetDetails(captures, 0);
        expect(details.comments).toEqual(["look here"]);
        expect(details.sources[0]?.bytes.length).toBe(details.captured);
        expect(() => packetDetails(captures, 9)).toThrow("there is no packet 9");
      },
    );
  });
});
