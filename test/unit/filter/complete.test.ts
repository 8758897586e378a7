/** Help with writing filters: "|" is the cursor. */
import { describe, expect, test } from "vitest";
import { type ValuesOf, checkFilter, completeFilter, sampleValues } from "../../../src-main/engine/filter/complete";
import type { OpenCaptures } from "../../../src-main/engine/service/handlers";
import { findField } from "../../../src-main/engine/fields/registry";
import { withCaptures } from "../../builders/open-captures";
import { traffic, trafficToPcapng } from "../../builders/traffic";
import { PcapngWriter } from "../../../src-shared/wire/write/pcapng";

const OCCURRING: ValuesOf = (field) => ({
  isWhole: true,
  values:
    field.name === "ip.src"
      ? [
          { literal: "10.0.0.1", count: 7 },
          { literal: "192.168.1.1", count: 1 },
        ]
      : field.name === "http.host"
        ? [{ literal: '"web.example"', count: 1 }]
        : [],
});

/** What is offered, and the filter after taking the first item. */
function complete(marked: string): { texts: string[]; kinds: string[]; taken: string } {
  const cursor = marked.indexOf("|");
  const filter = marked.replace("|", "");
  const { from, to, items } = completeFilter(filter, cursor, OCCURRING);
  const first = items[0];
  return {
    texts: items.map((i) => i.text),
    kinds: [...new Set(items.map((i) => i.kind))],
    taken: first ? filter.slice(0, from) + first.text + filter.slice(to) : filter,
  };
}

describe("completion", () => {
  test("fields that begin with what is typed come first", () => {
    const { texts, kinds } = complete("tcp.po|");
    expect(texts[0]).toBe("tcp.port");
    expect(kinds).toEqual(["field"]);
    expect(complete("srcport|").texts).toEqual(expect.arrayContaining(["tcp.srcport", "udp.srcport"]));
  });

  test("nothing typed: protocols", () => {
    const { texts, kinds } = complete("|");
    expect(kinds).toEqual(["protocol"]);
    expect(texts).toEqual(expect.arrayContaining(["arp", "dns", "ip", "tcp", "vxlan"]));
    expect(complete("ip and |").kinds).toEqual(["protocol"]);
    expect(complete("!(|").kinds).toEqual(["protocol"]);
  });

  test("the whole word at the cursor is replaced", () => {
    expect(complete("ip.s|rc == 10.0.0.1").taken).toBe("ip.src == 10.0.0.1");
  });

  test("behind an operator: values that occur, those alone that hold what is typed", () => {
    expect(complete("ip.src == |").texts).toEqual(["10.0.0.1", "192.168.1.1"]);
    expect(complete("ip.src#2 != 192|").texts).toEqual(["192.168.1.1"]);
    expect(complete("ip.src in {10.0.0.1, |").texts).toEqual(["10.0.0.1", "192.168.1.1"]);
    expect(complete('http.host == "web|').taken).toBe('http.host == "web.example"');
    expect(complete("nonsense == |").texts).toEqual([]);
  });

  test("a value tells how many packets have it, or that there are at least so many", () => {
    const labels = (valuesOf: ValuesOf): string[] =>
      completeFilter("ip.src == ", 10, valuesOf).items.map((i) => i.label);
    expect(labels(OCCURRING)).toEqual(["7 packets", "1 packet"]);
    expect(labels((field) => ({ ...OCCURRING(field), isWhole: false }))).toEqual(["≥ 7 packets", "≥ 1 packet"]);
  });

  test("behind a field: operators that fit its kind; behind a test: what joins tests", () => {
    expect(complete("ip.src |").texts).toEqual(expect.arrayContaining(["==", "!=", "in", "and", "or"]));
    expect(complete("ip.src |").texts).not.toContain("matches");
    expect(complete("http.host |").texts).toContain("contains");
    expect(complete("ip.src == 10.0.0.1 |").texts).toEqual(["and", "or", "xor"]);
    expect(complete("(tcp) o|").taken).toBe("(tcp) or");
  });

  test("functions and quantifiers", () => {
    expect(complete("lo|").texts).toContain("lower(");
    expect(complete("an|").texts).toContain("any");
  });

  test("what cannot be read completes nothing", () => {
    expect(complete("ip.src == 'x and |").texts).toEqual([]);
    expect(completeFilter("ip", 99, OCCURRING).to).toBe(2);
  });
});

describe("checking", () => {
  test("valid, invalid with the place, and perhaps not what was meant", () => {
    expect(checkFilter("tcp.port == 80")).toEqual({ valid: true, problem: null, warning: null });
    expect(checkFilter("")).toMatchObject({ valid: true });
    const { valid, problem } = checkFilter("tcp.port == eighty");
    expect(valid).toBe(false);
    expect(problem).toMatchObject({ from: 12, to: 18 });
    expect(checkFilter("arp or ip and tcp").warning).toContain("parentheses");
    expect(checkFilter("arp or (ip and tcp)").warning).toBeNull();
  });
});

/** What is offered for a field, the most frequent first: "10.0.0.1 7"; "…" behind it where others were not looked at. */
function occurring(captures: OpenCaptures, name: string): string {
  const field = findField(name);
  if (!field) throw new Error(name);
  const { values, isWhole } = sampleValues(captures, field);
  return [...values.map((v) => `${v.literal} ${v.count}`), ...(isWhole ? [] : ["…"])].join(", ");
}

test("values are taken from the packets, the most frequent first", async () => {
  const recorded = traffic`
    0.0 10.0.0.1:4000 > 10.0.0.2:53 udp dns query 1 A a.example
    0.1 10.0.0.1:4000 > 10.0.0.2:53 udp dns query 2 A b.example
    0.2 10.0.0.3:4000 > 10.0.0.2:53 udp dns query 3 A b.example
  `;
  await withCaptures([trafficToPcapng(recorded)], (captures) => {
    expect(occurring(captures, "ip.src")).toBe("10.0.0.1 2, 10.0.0.3 1");
    expect(occurring(captures, "dns.qry.name")).toBe('"b.example" 2, "a.example" 1');
    expect(occurring(captures, "tcp.port")).toBe("");
  });
});

test("a packet that holds a value twice is one packet, and those of points that are switched off are none", async () => {
  const recorded = traffic`
    0.0 @veth 10.0.0.1:53 > 10.0.0.2:53 udp "same port on both sides"
    0.1 @bridge 10.0.0.1:53 > 10.0.0.2:54 udp "seen elsewhere"
  `;
  await withCaptures([trafficToPcapng(recorded)], (captures) => {
    expect(occurring(captures, "udp.port")).toBe("53 2, 54 1");
    captures.enabledPoints[1] = false;
    expect(occurring(captures, "udp.port")).toBe("53 1");
  });
});

test("of many packets only some are looked at, which is told", async () => {
  const chunks: Uint8Array[] = [];
  const writer = new PcapngWriter((chunk) => chunks.push(chunk.slice()));
  writer.beginSection();
  writer.addInterface({ linkType: 1 });
  for (let n = 0; n < 5000; n++)
    writer.packet({ interfaceId: 0, time: { seconds: n, nanoseconds: 0 }, bytes: new Uint8Array(60) });
  writer.flush();
  await withCaptures([Buffer.concat(chunks)], (captures) => {
    expect(occurring(captures, "eth.src")).toMatch(/^00:00:00:00:00:00 \d+, …$/);
  });
});
