/** "Conversation filter" of a packet, and what "Decode as" proposes for it: read from the packet taken apart. */
import { describe, expect, it } from "vitest";
import type { DetailNode } from "../../../src-shared/contract/results";
import { conversationFilters } from "../../../src-renderer/viewmodel/conversation-filter";
import { firstRule } from "../../../src-renderer/viewmodel/decode-rule";

function node(field: string, literal: string | null, children: readonly DetailNode[] = []): DetailNode {
  const place = { source: 0, offset: 0, length: 1, bitOffset: null, bitLength: null };
  return { text: field, field, literal, ...place, generated: false, severity: null, children };
}

/** One header: its protocol, and the fields that hold its ends. */
function header(
  protocol: string,
  source: readonly [string, string],
  destination: readonly [string, string],
): DetailNode {
  return node(protocol, null, [
    node(`${protocol}.${source[0]}`, source[1]),
    node(`${protocol}.${destination[0]}`, destination[1]),
  ]);
}

const ends = (protocol: string, from: string, to: string): DetailNode => header(protocol, ["src", from], ["dst", to]);
const ports = (protocol: string, from: string, to: string): DetailNode =>
  header(protocol, ["srcport", from], ["dstport", to]);

const VXLAN = [
  node("frame", null),
  ends("eth", "02:00:00:00:00:01", "02:00:00:00:00:02"),
  ends("ip", "192.0.2.1", "192.0.2.2"),
  ports("udp", "50001", "4789"),
  node("vxlan", null),
  ends("eth", "02:00:00:00:00:0a", "02:00:00:00:00:0b"),
  ends("ip", "10.1.0.5", "10.2.0.7"),
  ports("tcp", "40000", "8080"),
];

describe("conversation filters", () => {
  it("are of the innermost header of each kind, and begin with the innermost", () => {
    expect(conversationFilters(VXLAN)).toEqual([
      {
        label: "TCP",
        filter: "(ip.addr == 10.1.0.5 && ip.addr == 10.2.0.7) && (tcp.port == 40000 && tcp.port == 8080)",
      },
      { label: "IPv4", filter: "ip.addr == 10.1.0.5 && ip.addr == 10.2.0.7" },
      { label: "Ethernet", filter: "eth.addr == 02:00:00:00:00:0a && eth.addr == 02:00:00:00:00:0b" },
      {
        label: "UDP",
        filter: "(ip.addr == 192.0.2.1 && ip.addr == 192.0.2.2) && (udp.port == 50001 && udp.port == 4789)",
      },
    ]);
  });

  it("tell ports by IPv6 addresses where those carry them", () => {
    const [first] = conversationFilters([ends("ipv6", "fd00::1", "fd00::2"), ports("udp", "53", "40001")]);
    expect(first?.filter).toBe(
      "(ipv6.addr == fd00::1 && ipv6.addr == fd00::2) && (udp.port == 53 && udp.port == 40001)",
    );
  });

  it("are none where a header has only one end, or there is no such header", () => {
    expect(
      conversationFilters([node("frame", null), node("eth", null, [node("eth.dst", "02:00:00:00:00:02")])]),
    ).toEqual([]);
    expect(conversationFilters([])).toEqual([]);
  });
});

describe("the first rule of decode as", () => {
  it("is for the smaller port of the innermost header that has ports", () => {
    expect(firstRule(VXLAN)).toEqual({ what: "tcp.port", value: 8080, as: "http" });
    expect(firstRule([ports("udp", "39999", "5555")])).toEqual({ what: "udp.port", value: 5555, as: "vxlan" });
  });

  it("is an example for a packet without ports", () => {
    expect(firstRule([ends("eth", "a", "b")])).toEqual({ what: "udp.port", value: 8472, as: "vxlan" });
  });
});
