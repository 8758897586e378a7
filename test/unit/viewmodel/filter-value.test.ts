/** Values that are pointed at outside of lists, and the filters they stand for. */
import { describe, expect, it } from "vitest";
import { anyOf, endpointValue, pointValue, valuesInText } from "../../../src-renderer/viewmodel/filter-value";
import { packetValue, placeValues } from "../../../src-renderer/viewmodel/findings";
import { nodeFilter } from "../../../src-renderer/viewmodel/packet-filter";
import type { WorkspaceState } from "../../../src-shared/contract/results";

const filters = (text: string): (string | null)[] => valuesInText(text).map(({ filter }) => filter);

describe("addresses in a sentence", () => {
  it.each([
    ["10.1.0.5:4000 was lost before 10.96.0.1.", ["ip.addr == 10.1.0.5", "ip.addr == 10.96.0.1"]],
    ["from fd00::1 to [fd00:1::2]:80", ["ipv6.addr == fd00::1", "ipv6.addr == fd00:1::2"]],
    ["02:00:00:00:00:0a answers for 10.0.0.1 and 10.0.0.1", ["eth.addr == 02:00:00:00:00:0a", "ip.addr == 10.0.0.1"]],
    ["10.244.0.0/16 is the pods' network", ["ip.addr == 10.244.0.0"]],
    ["at 12:30:45 version 1.2.3 of 300.1.1.1", []],
    ["std::string, n1.pcapng#2 and 1.2.3.4.5", []],
  ])("%s", (text, found) => {
    expect(filters(text)).toEqual(found);
  });
});

describe("a value's filter", () => {
  it("asks for address and port of an end, for the address alone where there is no port, for nothing by a name", () => {
    expect(endpointValue("", { ip: "10.0.0.1", port: 80 }, "tcp").filter).toBe("ip.addr == 10.0.0.1 && tcp.port == 80");
    expect(endpointValue("", { ip: "fd00::1", port: 53 }, "udp").filter).toBe("ipv6.addr == fd00::1 && udp.port == 53");
    expect(endpointValue("", { ip: "10.0.0.1", port: 0 }, "icmp").filter).toBe("ip.addr == 10.0.0.1");
    expect(endpointValue("", { ip: "default/web", port: 80 }, "tcp").filter).toBeNull();
  });

  it("keeps a hostile name of a capture point inside its quotes", () => {
    expect(pointValue({ id: 'a" or tcp#0', name: "x" }).filter).toBe('point.id == "a\\" or tcp#0"');
  });

  it("of several is any of them; too many are no filter at all, rather than a part of them", () => {
    expect(anyOf([])).toBeNull();
    expect(anyOf(["tcp", null, "tcp"])).toBe("tcp");
    expect(anyOf(["a == 1 && b == 2", "tcp"])).toBe("(a == 1 && b == 2) || tcp");
    expect(anyOf(Array.from({ length: 65 }, (_, i) => `tcp.port == ${i}`))).toBeNull();
  });

  it("of a header's field names the header where the packet has several", () => {
    const node = { field: "ip.dst", literal: "10.0.0.1" } as Parameters<typeof nodeFilter>[0];
    expect(nodeFilter(node)).toBe("ip.dst == 10.0.0.1");
    expect(nodeFilter(node, 2)).toBe("ip.dst#2 == 10.0.0.1");
    expect(nodeFilter({ ...node, field: null }, 2)).toBeNull();
  });
});

describe("a finding's places and packets", () => {
  const points = [
    { id: "n1.pcapng#0", name: "eth0", file: 0 },
    { id: "n2.pcapng#0", name: "eth0", file: 1 },
  ];

  it("capture points have a filter, names of nodes none", () => {
    const where = ["n2.pcapng#0", "node-a"];
    expect(placeValues({ where }, points).map(({ filter }) => filter)).toEqual(['point.id == "n2.pcapng#0"', null]);
  });

  it("a packet's number counts in its file: with several open the file's points go with it", () => {
    const state = (count: number): Pick<WorkspaceState, "files" | "points"> =>
      ({
        files: [
          { file: 0, name: "n1.pcapng" },
          { file: 1, name: "n2.pcapng" },
        ].slice(0, count),
        points: points.slice(0, count),
      }) as unknown as Pick<WorkspaceState, "files" | "points">;
    const packet = { packet: 7, file: "n1.pcapng", number: 5 };
    expect(packetValue(packet, state(1)).filter).toBe("frame.number == 5");
    expect(packetValue(packet, state(2)).filter).toBe('frame.number == 5 && (point.id == "n1.pcapng#0")');
  });
});
