/** Filters that Wireshark's users type: names of values, sets without commas, experts, columns of the list, times within a stream. */
import { describe, expect, it } from "vitest";
import { compileFilter } from "../../../src-main/engine/filter/compile";
import { FILTER_REGISTRY } from "../../../src-main/engine/filter/engine-registry";
import { matchesByPass, withCaptures } from "../../builders/open-captures";
import { withClient } from "../../builders/service-client";
import { parseTraffic, trafficToPcapng } from "../../builders/traffic";

const TRAFFIC = `client = 10.0.0.1:40000   server = 10.0.0.2:80
  @a = ethernet
  @b = ethernet
  syn: 0.00 @a client > server tcp SYN
  0.01 @b seen syn
  0.02 @a server > client tcp SYN,ACK
  0.03 @a client > server tcp ACK
  0.04 @a client > server tcp PSH,ACK http GET / host=a
  0.50 @a server > client tcp ACK
  0.60 @a 10.0.0.1 > 10.0.0.2 icmp request ident=1 seq=1
  0.70 @a 10.0.0.2 > 10.0.0.1 icmp reply ident=1 seq=1
  0.80 @a 10.0.0.1:40000 > 10.0.0.53:53 dns query 1 A example.com
`;

/** Numbers of the packets that each filter finds: by reading from the beginning, and the same in the window. */
async function found(...filters: readonly string[]): Promise<string[]> {
  const capture = trafficToPcapng(parseTraffic(TRAFFIC));
  const marks = await withCaptures([capture], (captures) => matchesByPass(captures, filters));
  const numbers = marks.map((m) => [...m].flatMap((hit, i) => (hit ? [i + 1] : [])).join(" "));
  await withClient(async (client) => {
    await client.open(client.write("t.pcapng", TRAFFIC));
    for (const [i, filter] of filters.entries())
      expect((await client.column("number", filter)).join(" "), filter).toBe(numbers[i]);
  });
  return numbers;
}

const refusal = (filter: string): string => {
  try {
    compileFilter(filter, FILTER_REGISTRY);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
};

describe("names of values", () => {
  it("stand for numbers, whatever their capitals, in quotes or not", async () => {
    expect(
      await found(
        "ip.proto == TCP",
        'ip.proto == "icmp"',
        "ip.proto in {UDP, ICMP}",
        'icmp.type == "Echo (ping) reply"',
        "eth.type != IPv4",
        "dns.qry.type == A",
      ),
    ).toEqual(["1 2 3 4 5 6", "7 8", "7 8 9", "8", "", "9"]);
  });

  it("that a field does not have are refused, and so are names beside fields without any", () => {
    expect(refusal("ip.proto == TPC")).toContain('"TPC" is not one');
    expect(refusal("tcp.srcport == TCP")).toContain('"TCP" is not one');
    expect(refusal("ip.proto == 6")).toBe("");
  });
});

describe("sets", () => {
  it("need no commas, and may have some", async () => {
    expect(await found("tcp.port in {80 443}", "udp.port in {53, 67 68}", "tcp.port in {1..10 80}")).toEqual([
      "1 2 3 4 5 6",
      "9",
      "1 2 3 4 5 6",
    ]);
  });

  it("that are not whole are still refused", () => {
    expect(refusal("tcp.port in {80 443")).toContain("never closed");
    expect(refusal("tcp.port in {80 ==}")).not.toBe("");
    expect(refusal("tcp.port in {}")).not.toBe("");
  });
});

describe("_ws.expert", () => {
  it("is what the details mark, by gravity, group and text", async () => {
    expect(
      await found(
        "_ws.expert",
        "_ws.expert.severity >= Note",
        '_ws.expert.message contains "SYN+ACK"',
        "_ws.expert.group == Sequence",
        "_ws.malformed",
      ),
    ).toEqual(["1 2 3 5", "", "3", "1 2 3 5", ""]);
  });
});

describe("columns of the list", () => {
  it("can be asked for as they are shown, in either spelling", async () => {
    expect(
      await found(
        '_ws.col.protocol == "HTTP"',
        '_ws.col.Protocol == "ICMP"',
        '_ws.col.info contains "(request in 7)"',
        '_ws.col.Info matches "^Standard query"',
      ),
    ).toEqual(["5", "7 8", "8", "9"]);
  });
});

describe("times within a TCP stream", () => {
  it("are counted at one capture point", async () => {
    expect(await found("tcp.time_delta > 0.4", "tcp.time_relative >= 0.04", "tcp.time_relative == 0")).toEqual([
      "6",
      "5 6",
      "1 2",
    ]);
  });
});
