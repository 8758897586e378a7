/** Help with writing filters: "|" is the cursor. */
import { describe, expect, test } from "vitest";
import { type ValuesOf, checkFilter, completeFilter, sampleValues } from "../../../src-main/engine/filter/complete";
import { findField } from "../../../src-main/engine/fields/registry";
import { withCaptures } from "../../builders/open-captures";
import { traffic, trafficToPcapng } from "../../builders/traffic";

const OCCURRING: ValuesOf = (field) =>
  field.name === "ip.src"
    ? [
        { literal: "10.0.0.1", count: 7 },
        { literal: "192.168.1.1", count: 2 },
      ]
    : field.name === "http.host"
      ? [{ literal: '"web.example"', count: 1 }]
      : [];

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

test("values are taken from the packets, the most frequent first", async () => {
  const recorded = traffic`
    0.0 10.0.0.1:4000 > 10.0.0.2:53 udp dns query 1 A a.example
    0.1 10.0.0.1:4000 > 10.0.0.2:53 udp dns query 2 A b.example
    0.2 10.0.0.3:4000 > 10.0.0.2:53 udp dns query 3 A b.example
  `;
  await withCaptures([trafficToPcapng(recorded)], (captures) => {
    const values = (name: string): string[] => {
      const field = findField(name);
      if (!field) throw new Error(name);
      return sampleValues(captures, field).map((v) => `${v.literal} ${v.count}`);
    };
    expect(values("ip.src")).toEqual(["10.0.0.1 2", "10.0.0.3 1"]);
    expect(values("dns.qry.name")).toEqual(['"b.example" 2', '"a.example" 1']);
    expect(values("tcp.port")).toEqual([]);
  });
});
