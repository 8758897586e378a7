/** DNS messages and their names, read and printed as tshark 4.0 does, also where they are cut, looping or hostile. */
import { describe, expect, it } from "vitest";
import { countReads } from "../../builders/counted-reads";
import {
  DNS_OPCODE_UPDATE,
  DNS_TYPE_A,
  DNS_TYPE_AAAA,
  DNS_TYPE_CNAME,
  type DnsVisitor,
  visitDns,
  visitDnsOverTcp,
} from "../../../src-shared/wire/dns";
import { dnsName, dnsNameEnd } from "../../../src-shared/wire/dns-name";

/** Numbers are bytes, strings their characters' codes. */
type Part = number | string | Uint8Array;

function bytesOf(...parts: Part[]): Uint8Array {
  const out: number[] = [];
  for (const part of parts) {
    if (typeof part === "number") out.push(part);
    else if (typeof part === "string") out.push(...Buffer.from(part, "latin1"));
    else out.push(...part);
  }
  return Uint8Array.from(out);
}

function u16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 255);
}

/** A label's text may hold any characters up to U+00FF: they are bytes. */
function name(...labels: string[]): Uint8Array {
  return bytesOf(...labels.flatMap((label) => [label.length, label]), 0);
}

function pointer(to: number): Uint8Array {
  return u16(0xc000 | to);
}

function header(counts: number[] = [1], flags = 0x0100): Uint8Array {
  return bytesOf(u16(0x1234), u16(flags), ...[0, 1, 2, 3].map((i) => u16(counts[i] ?? 0)));
}

function question(encoded: Uint8Array, type = DNS_TYPE_A): Uint8Array {
  return bytesOf(encoded, u16(type), u16(1));
}

function record(owner: Uint8Array, type: number, data: Uint8Array, length = data.length): Uint8Array {
  return bytesOf(owner, u16(type), u16(1), 0, 0, 0, 60, u16(length), data);
}

const OWNER = pointer(12);

function read(message: Uint8Array, overTcp = false, claimedEnd?: number) {
  const seen = { ids: [] as number[], names: [] as string[], types: [] as number[], values: [] as string[] };
  const counts: number[] = [];
  const visitor: DnsVisitor = {
    message(m) {
      seen.ids.push(m.id);
      counts.push(m.answerCount);
    },
    question(q, m) {
      seen.names.push(dnsName(message, q.name, m));
      seen.types.push(q.type);
    },
    record(r, m) {
      if (!r.hasValue) return;
      if (r.type === DNS_TYPE_A) seen.values.push(message.subarray(r.data, r.data + 4).join("."));
      if (r.type === DNS_TYPE_AAAA)
        seen.values.push(Buffer.from(message.subarray(r.data, r.data + 16)).toString("hex"));
      if (r.type === DNS_TYPE_CNAME) seen.values.push(dnsName(message, r.data, m));
    },
  };
  const complete = overTcp
    ? visitDnsOverTcp(message, 0, message.length, visitor)
    : visitDns(message, 0, message.length, visitor, claimedEnd);
  return { ...seen, counts, complete };
}

function nameOf(encoded: Uint8Array, ...rest: Part[]): string | undefined {
  return read(bytesOf(header(), question(encoded), ...rest)).names[0];
}

describe("messages", () => {
  it("reads addresses and aliases of all sections in order", () => {
    const message = bytesOf(
      header([1, 2, 1, 2], 0x8180),
      question(name("www", "example")),
      record(OWNER, DNS_TYPE_CNAME, bytesOf(1, "z", pointer(16))),
      record(OWNER, DNS_TYPE_A, bytesOf(10, 0, 0, 1)),
      record(OWNER, 2, name("ns")),
      record(OWNER, DNS_TYPE_A, bytesOf(10, 0, 0, 2)),
      record(OWNER, DNS_TYPE_AAAA, bytesOf(0x20, 1, new Uint8Array(13), 9)),
    );
    const got = read(message);
    expect(got.values).toEqual(["z.example", "10.0.0.1", "10.0.0.2", "20010000000000000000000000000009"]);
    expect(got).toMatchObject({ names: ["www.example"], types: [1], counts: [2], complete: true });
  });

  it("gives flags, counts and positions", () => {
    const message = bytesOf(header([1, 1], 0x8183), question(name("a")), record(OWNER, 1, bytesOf(1, 2, 3, 4)));
    visitDns(message, 0, message.length, {
      message: (m) => expect(m).toMatchObject({ isResponse: true, rcode: 3, opcode: 0, start: 0, answerCount: 1 }),
      question: (q, m) => {
        expect(q).toMatchObject({ name: 12, typeAt: 15, class: 1 });
        expect(dnsNameEnd(message, q.name, m)).toBe(15);
      },
      record: (r) => expect(r).toMatchObject({ section: 0, name: 19, typeAt: 21, ttl: 60, data: 31, dataLength: 4 }),
    });
    expect.assertions(4);
  });

  it("tells dynamic updates, whose second count is not of answers", () => {
    const message = header([0, 2], DNS_OPCODE_UPDATE << 11);
    visitDns(message, 0, message.length, { message: (m) => expect(m.opcode).toBe(DNS_OPCODE_UPDATE) });
    expect.assertions(1);
  });

  it.each([
    [3, [], []],
    [4, [0x1234], [-1]],
    [7, [0x1234], [-1]],
    [8, [0x1234], [1]],
    [11, [0x1234], [1]],
  ])("shows what %i bytes of a header hold", (size, ids, counts) => {
    expect(read(header([1, 1]).slice(0, size))).toMatchObject({ ids, counts, complete: false });
  });

  it("reads nothing past its end, and works where the message is not at the start", () => {
    const message = bytesOf(header(), question(name("abc")));
    const shifted = bytesOf("....", message, 9, 9);
    visitDns(shifted, 4, 4 + message.length, {
      question: (q, m) => expect(dnsName(shifted, q.name, m)).toBe("abc"),
    });
    expect.assertions(1);
  });

  it("works on shared memory", () => {
    const message = bytesOf(header(), question(name("abc")));
    const shared = new Uint8Array(new SharedArrayBuffer(message.length));
    shared.set(message);
    expect(read(shared).names).toEqual(["abc"]);
  });
});

describe("names, printed as tshark prints them", () => {
  it.each([
    ["the root", name(), "<Root>"],
    ["controls", name("\0\x07\n\x1b\x7f"), "\\000\\a\\n\\033\\177"],
    ["quotes, commas and backslashes as they are", name('a,"\\ b'), 'a,"\\ b'],
    ["UTF-8", name("\xc3\xa9"), "é"],
    ["UTF-8 that breaks off", name("\xe2\x82", "x"), "\ufffd.x"],
    ["stray bytes", name("\xff\xfe"), "\ufffd\ufffd"],
    ["surrogates", name("\xed\xa0\x80"), "\ufffd"],
    ["over-long forms", name("\xc1\x81\xc0\x80"), "A\\u0000"],
    ["what cannot be printed", name("\xe2\x80\x8b", "\xf3\xa0\x80\x81"), "\\u200B.\\U000E0001"],
  ])("%s", (_what, encoded, text) => {
    expect(nameOf(encoded)).toBe(text);
  });

  it("is too long from 254 characters on", () => {
    const long = (last: number) => name("a".repeat(63), "a".repeat(63), "a".repeat(63), "b".repeat(last));
    expect(nameOf(long(61))).toHaveLength(253);
    expect(nameOf(long(62))).toBe("<Name too long>");
  });

  it("follows pointers, forwards too", () => {
    expect(nameOf(bytesOf(1, "a", pointer(20)), name("end"))).toBe("a.end");
  });

  it("finds loops", () => {
    expect(nameOf(pointer(12))).toBe("<Name contains a pointer that loops>");
    expect(nameOf(bytesOf(1, "a", pointer(12)))).toBe("<Name contains a pointer that loops>");
    expect(nameOf(pointer(18), pointer(12))).toBe("<Name contains a pointer that loops>");
  });

  it("shares tshark's opinion of a pointer to four bytes further on", () => {
    expect(nameOf(pointer(16), new Uint8Array(8))).toBe("<Name contains a pointer that loops>");
  });

  it("names a label of unknown kind, and stops at the other kind", () => {
    expect(nameOf(bytesOf(1, "a", 0x42), "....")).toBe("<Unknown extended label>");
    expect(nameOf(bytesOf(1, "a", 0x80), "....")).toBeUndefined();
  });
});

describe("messages cut short", () => {
  const whole = bytesOf(
    header([1, 2], 0x8180),
    question(name("abc")),
    record(OWNER, DNS_TYPE_A, bytesOf(1, 2, 3, 4)),
    record(OWNER, DNS_TYPE_CNAME, name("xyz")),
  );

  it("never shows more, and never throws, wherever the cut is", () => {
    const all = read(whole);
    for (let size = 0; size < whole.length; size++) {
      const part = read(whole.slice(0, size), false, whole.length);
      expect(part.complete).toBe(false);
      expect(all.names.slice(0, part.names.length)).toEqual(part.names);
      expect(all.values.slice(0, part.values.length)).toEqual(part.values);
    }
    expect(all).toMatchObject({ values: ["1.2.3.4", "xyz"], complete: true });
  });

  it("shows no question of which any byte is missing", () => {
    expect(read(bytesOf(header(), name("abc"), 0, 1, 0))).toMatchObject({ names: [], complete: false });
  });

  it("reads an address by its type, whatever the data length says", () => {
    const short = bytesOf(
      header([0, 2]),
      record(name(), DNS_TYPE_A, bytesOf(1), 1),
      record(name(), 1, bytesOf(5, 6, 7, 8)),
    );
    expect(read(short).values).toEqual(["1.0.0.1", "5.6.7.8"]);
    const none = bytesOf(header([0, 2]), record(name(), DNS_TYPE_A, bytesOf()), record(name(), 1, bytesOf(5, 6, 7, 8)));
    expect(read(none).values).toEqual(["5.6.7.8"]);
  });

  it("stops where data goes past the end, even of a record with no value to show", () => {
    const text = bytesOf(header([0, 2]), record(name(), 16, bytesOf(255, "x")), record(name(), 1, bytesOf(1, 2, 3, 4)));
    expect(read(text)).toMatchObject({ values: [], complete: false });
  });
});

describe("DNS over TCP", () => {
  const first = bytesOf(header(), question(name("one")));
  const second = bytesOf(header(), question(name("two")));

  it("reads several messages, each with its own pointers", () => {
    const alias = bytesOf(header([1, 1]), question(name("two")), record(OWNER, DNS_TYPE_CNAME, OWNER));
    const segment = bytesOf(u16(first.length), first, u16(alias.length), alias);
    expect(read(segment, true)).toMatchObject({ names: ["one", "two"], values: ["two"], complete: true });
  });

  it("shows what is there of a message cut by the segment's end", () => {
    const segment = bytesOf(u16(first.length), first, u16(second.length), second.slice(0, 14));
    expect(read(segment, true)).toMatchObject({ ids: [0x1234, 0x1234], names: ["one"], complete: false });
  });

  it("goes on behind a message that cannot be read, one of no length, and stops at half a length", () => {
    const segment = bytesOf(u16(0), u16(15), header(), 5, "ab", u16(first.length), first, 0);
    expect(read(segment, true)).toMatchObject({ names: ["one"], complete: false });
  });
});

describe("hostile messages", () => {
  it("are done with quickly when thousands of names go through one another", () => {
    // Each question is "a label, then the next question", as far as pointers reach: the names together are 4 million bytes long.
    const count = 2_000;
    const questions = Array.from({ length: count }, (_, i) => question(bytesOf(1, "a", pointer(12 + 8 * (i + 1)))));
    const message = bytesOf(header([count]), ...questions, 0);
    const counted = countReads(message);
    const got = read(counted.bytes);
    expect(got.names).toHaveLength(count);
    expect(got.names.slice(-2)).toEqual(["a.a", "a"]);
    expect(counted.count()).toBeLessThan(20 * message.length);
  });

  it("are done with quickly when every name loops", () => {
    const message = bytesOf(header([10_000]), ...Array.from({ length: 10_000 }, () => question(pointer(12))));
    const counted = countReads(message);
    const got = read(counted.bytes);
    expect(counted.count()).toBeLessThan(20 * message.length);
    expect(got.names).toHaveLength(10_000);
    expect(new Set(got.names)).toEqual(new Set(["<Name contains a pointer that loops>"]));
  });

  it("cannot claim more records than they hold", () => {
    const got = read(bytesOf(header([0, 65_535, 65_535, 65_535]), record(name(), 1, bytesOf(1, 2, 3, 4))));
    expect(got).toMatchObject({ values: ["1.2.3.4"], complete: false });
  });
});
