/** What is said of filters that are wrong, and under which characters. */
import { describe, expect, it } from "vitest";

import { compileFilter } from "../../../src-main/engine/filter/compile";
import { FilterError, formatFilterError } from "../../../src-main/engine/filter/filter-error";
import { MAX_NESTING } from "../../../src-main/engine/filter/parse";
import { REGISTRY } from "./notation";

function errorOf(source: string): FilterError {
  try {
    compileFilter(source, REGISTRY);
  } catch (error) {
    if (error instanceof FilterError) return error;
    throw error;
  }
  throw new Error(`nothing wrong with: ${source}`);
}

/** Source, carets, message. */
const TABLES: Readonly<Record<string, readonly (readonly [source: string, carets: string, message: string])[]>> = {
  "unknown names": [
    ["ip.sorc == 10.0.0.1", "^~~~~~~", 'unknown field "ip.sorc"; did you mean "ip.src"?'],
    ["tcp.port == 80 and htp", "                   ^~~", 'unknown field "htp"; did you mean "http"?'],
    ["nonsense.and.more", "^~~~~~~~~~~~~~~~~", 'unknown field "nonsense.and.more"'],
    [".tcpp", "^~~~~", 'unknown field "tcpp"; did you mean "tcp"?'],
    ["ip.src == ip.dts", "          ^~~~~~", 'ip.src is an IPv4 address: "ip.dts" is not one; did you mean "ip.dst"?'],
    ["tcp.srcport-1 == 80", "^~~~~~~~~~~~~", 'unknown field "tcp.srcport-1"; to subtract, put a space before "-"'],
    ["lne(tcp.options) == 1", "^~~", 'there is no function "lne"; did you mean "len"?'],
    [
      "UPPER(http.host) == 1",
      "^~~~~",
      'there is no function "UPPER": there are upper, lower, len, count, string, max, min, abs',
    ],
    ["foo[0] == 1", "^~~", 'unknown field "foo"'],
    ["foo#1 == 1", "^~~", 'unknown field "foo"'],
    ["tcp.port + foo == 1", "           ^~~", 'tcp.port is an unsigned integer: "foo" is not one'],
    // Too short to guess.
    ["x", "^", 'unknown field "x"'],
    ["__proto__", "^~~~~~~~~", 'unknown field "__proto__"'],
  ],
  "constants that do not fit": [
    ['ip.src == "abc"', "          ^~~~~", 'ip.src is an IPv4 address: "abc" is not one'],
    ["ip.src == abc", "          ^~~", 'ip.src is an IPv4 address: "abc" is not one'],
    ["ip.src == 1", "          ^", 'ip.src is an IPv4 address: "1" is not one'],
    ["ip.src == 10.0.0.256", "          ^~~~~~~~~~", 'ip.src is an IPv4 address: "10.0.0.256" is not one'],
    [
      "ip.src == 10.0.0.0/99",
      "          ^~~~~~~~~~~",
      'ip.src is an IPv4 address: "10.0.0.0/99" is not one (its prefix may have at most 32 bits)',
    ],
    ["ip.src == 10.0.0.0 /8", "          ^~~~~~~~~~~", 'ip.src is an IPv4 address: "/" cannot be used with it'],
    ["ip.src & 10.0.0.0/8", "         ^~~~~~~~~~", '"10.0.0.0/8" is a network: an address must stand here'],
    ["ipv6.src == fe80", "            ^~~~", 'ipv6.src is an IPv6 address: "fe80" is not one'],
    ["ipv6.src == 1::2::3", "            ^~~~~~~", 'ipv6.src is an IPv6 address: "1::2::3" is not one'],
    [
      "ipv6.src == 1:2:3:4:5:6:7::8",
      "            ^~~~~~~~~~~~~~~~",
      'ipv6.src is an IPv6 address: "1:2:3:4:5:6:7::8" is not one',
    ],
    [
      "ipv6.src == fe80::/129",
      "            ^~~~~~~~~~",
      'ipv6.src is an IPv6 address: "fe80::/129" is not one (its prefix may have at most 128 bits)',
    ],
    [
      "eth.src == 02:00:00",
      "           ^~~~~~~~",
      'eth.src is a MAC address: "02:00:00" is not one (it has 3 bytes, not 6)',
    ],
    [
      'eth.src == "02:00:00:00:00:01"',
      "           ^~~~~~~~~~~~~~~~~~~",
      'eth.src is a MAC address: "02:00:00:00:00:01" is not one',
    ],
    ['eth.src contains "02"', "                 ^~~~", 'eth.src is a MAC address: "02" is not one'],
    ["tcp.port == abc", "            ^~~", 'tcp.port is an unsigned integer: "abc" is not one'],
    ['tcp.port == "80"', "            ^~~~", 'tcp.port is an unsigned integer: "80" is not one'],
    ["tcp.port == 80x", "            ^~~", 'tcp.port is an unsigned integer: "80x" is not one'],
    ["tcp.port == 089", "            ^~~", 'tcp.port is an unsigned integer: "089" is not one'],
    ["tcp.port == 0x", "            ^~", 'tcp.port is an unsigned integer: "0x" is not one'],
    ["tcp.port == 80.0", "            ^~~~", 'tcp.port is an unsigned integer: "80.0" is not one'],
    ["tcp.port in {80, 65536}", "                 ^~~~~", '"65536" is too big for tcp.port: the most is 65535'],
    [
      "tcp.seq_raw == 9007199254740992",
      "               ^~~~~~~~~~~~~~~~",
      'tcp.seq_raw is an unsigned integer: "9007199254740992" is not one (it is more than 9007199254740991)',
    ],
    [
      "ip.flags.df == yes",
      "               ^~~",
      'ip.flags.df is a boolean: "yes" is not one (write True, False, 1 or 0)',
    ],
    [
      "tcp.options == GET",
      "               ^~~",
      'tcp.options is a byte string: "GET" is not one (bytes are pairs of hex digits, as in 0a:1f or 0x1f; text needs quotes)',
    ],
    [
      "frame.time_epoch > abc",
      "                   ^~~",
      'frame.time_epoch is a time: "abc" is not one (write seconds, as in 1795177371.846294151, or a date, as in "2026-11-20 16:00:00")',
    ],
    [
      "frame.time_epoch > 1.0123456789",
      "                   ^~~~~~~~~~~~",
      'frame.time_epoch is a time: "1.0123456789" is not one (a second has nine decimals)',
    ],
    [
      'frame.time_epoch > "2026-02-30"',
      "                   ^~~~~~~~~~~~",
      'frame.time_epoch is a time: "2026-02-30" is not one (there is no such day)',
    ],
    [
      'frame.time_epoch > "2026-13-01"',
      "                   ^~~~~~~~~~~~",
      'frame.time_epoch is a time: "2026-13-01" is not one (there is no such day)',
    ],
    [
      'frame.time_epoch > "2026-11-20 24:00"',
      "                   ^~~~~~~~~~~~~~~~~~",
      'frame.time_epoch is a time: "2026-11-20 24:00" is not one (there is no such time of day)',
    ],
    ["ip.ttl == 1 / 0", "          ^~~~~", "there is no such value"],
  ],
  "kinds that do not go together": [
    [
      "ip.src == tcp.port",
      "          ^~~~~~~~",
      "tcp.port is an unsigned integer and ip.src is an IPv4 address: they cannot be compared",
    ],
    [
      "ip.src in {ip.dst, tcp.port}",
      "                   ^~~~~~~~",
      "tcp.port is an unsigned integer and ip.src is an IPv4 address: they cannot be compared",
    ],
    ["tcp.port contains 80", "^~~~~~~~", "tcp.port is an unsigned integer: only text and bytes can contain something"],
    ['ip.src matches "10"', "^~~~~~", "ip.src is an IPv4 address: only text and bytes can match; try string(ip.src)"],
    ["http.host matches abc", "                  ^~~", "a regular expression must be in double quotes"],
    ['http.host matches "a(b"', "                  ^~~~~", "not a regular expression: a parenthesis is never closed"],
    ["tcp.port[0] == 1", "^~~~~~~~", "tcp.port is an unsigned integer: only text, bytes and addresses have slices"],
    ["tcp == 1", "^~~", "tcp is a flag without a value: it is there or not, but compares with nothing"],
    [
      "tcp.port == tcp",
      "            ^~~",
      "tcp is a flag without a value: it is there or not, but compares with nothing",
    ],
    ["ip.src + 1 == 10.0.0.2", "^~~~~~", 'ip.src is an IPv4 address: "+" cannot be used with it'],
    ["frame.time_delta * 2 > 1", "^~~~~~~~~~~~~~~~", 'frame.time_delta is a time: "*" cannot be used with it'],
    ["ip.flags.df & 1", "^~~~~~~~~~~", 'ip.flags.df is a boolean: "&" cannot be used with it'],
    ["ip.flags.df == -1", "               ^~", 'ip.flags.df is a boolean: "-" cannot be used with it'],
    ["upper(tcp.port) == 80", "      ^~~~~~~~", "tcp.port is an unsigned integer: upper() takes text"],
    ["string(http.host) == 80", "       ^~~~~~~~~", "http.host is text: string() takes numbers and addresses"],
    [
      "len(frame.number) == 2",
      "    ^~~~~~~~~~~~",
      "frame.number is an unsigned integer: len() takes text, bytes and addresses",
    ],
    ["count(http.host[0]) == 2", "      ^~~~~~~~~~~~", "count() takes a field"],
    ["count(1) == 2", "      ^", '"1" is not a field: count() needs one'],
    ["len() == 1", "^~~~~", "len() takes one argument"],
    ["len(http.host, tcp) == 1", "               ^~~", "len() takes one argument"],
    ["max(1, 2) == 1", "^~~~~~~~~", "max() needs a field"],
    [
      "max(tcp.port, ip.src) == 1",
      "              ^~~~~~",
      "ip.src is an IPv4 address and tcp.port is an unsigned integer: they cannot be compared",
    ],
    ["max(eth.src, tcp.options) == 1", "             ^~~~~~~~~~~", "the arguments of max() must be of one kind"],
  ],
  "tests that are none": [
    ["1", "^", '"1" is neither a field nor a protocol'],
    ['"tcp"', "^~~~~", '"tcp" is neither a field nor a protocol'],
    ["1 + 1", "^~~~~", '"1 + 1" is neither a field nor a protocol'],
    ["80 == tcp.port", "^~", '"80" cannot be on the left of "==": a field or a function must be there'],
    ["0 < ip.ttl < 65", "^", '"0" cannot be on the left of "<": a field or a function must be there'],
    ["ip.ttl < 65 < 100", "         ^~", '"65" cannot be on the left of "<": a field or a function must be there'],
    ["1 in {tcp.port}", "^", '"1" cannot be on the left of "in": a field or a function must be there'],
    ["len(http.host)", "^~~", "a function alone is no test: compare its result, as in len(…) > 0"],
  ],
  grammar: [
    ["tcp &&", "      ^", 'the filter ends where a field or a test should follow "&&"'],
    ["tcp.port ==", "           ^", 'the filter ends where a value should follow "=="'],
    ["tcp.port == ", "            ^", 'the filter ends where a value should follow "=="'],
    ["tcp.port +", "          ^", 'the filter ends where a value should follow "+"'],
    ["not", "   ^", 'the filter ends where a field or a test should follow "not"'],
    ["any", "   ^", 'the filter ends where a field should follow "any"'],
    [
      "all tcp.port",
      "            ^",
      'the filter ends where a comparison ("all" quantifies one) should follow "tcp.port"',
    ],
    ["any (tcp.port == 80)", "    ^", '"(" was unexpected: a field should follow "any"'],
    ["== 80", "^~", '"==" was unexpected: a field or a test should stand here'],
    ["tcp and and udp", "        ^~~", '"and" was unexpected: a field or a test should follow "and"'],
    ["()", " ^", '")" was unexpected: a field or a test should follow "("'],
    ["tcp udp", "    ^~~", '"udp" was unexpected'],
    ["tcp.port == 80 80", "               ^~", '"80" was unexpected'],
    ["tcp AND udp", "    ^~~", '"AND" was unexpected: operators are lower case, "and"'],
    ["tcp)", "   ^", '")" without a "("'],
    ["(tcp or (udp)", "^", '"(" is never closed'],
    ["(tcp udp)", "     ^~~", '"udp" was unexpected'],
    ["{tcp.flags & 2", "^", '"{" is never closed'],
    [
      "(tcp.flags & 2) == 2",
      "                ^~",
      '"==" was unexpected: arithmetic is grouped by braces, as in {tcp.flags & 2} == 2',
    ],
    ["len(http.host == 1", "              ^~", '"==" was unexpected'],
    ["len(http.host", "   ^", '"(" is never closed'],
    ["tcp.port in 80", "            ^~", '"80" was unexpected: a set in braces, as in {80, 443} should follow "in"'],
    ["tcp.port in {}", "             ^", '"}" was unexpected: a value should follow "{"'],
    ["tcp.port in {80,}", "                ^", '"}" was unexpected: a value should follow ","'],
    ["tcp.port in {80 == 90}", "                ^~", '"==" was unexpected; "," separates values'],
    ["tcp.port in {80", "            ^", '"{" is never closed'],
    ["tcp.port in {1..}", "                ^", '"}" was unexpected: the end of the range should follow ".."'],
    ["tcp.port = 80", "         ^", '"=" was unexpected; to compare, write "=="'],
    ["tcp | udp", "    ^", '"|" was unexpected; for "or", write "||"'],
    ["tcp ^ udp", "    ^", '"^" was unexpected; for "xor", write "^^"'],
    ["tcp § udp", "    ^", '"§" was unexpected'],
    ["--ip.ttl == 1", " ^", '"-" was unexpected: a value should follow "-"'],
    ['http.host == "abc', "             ^~~~", "the string is never closed"],
    ["http.host == 'a", "             ^~", "the character constant is never closed"],
    ["http.host == ''", "             ^~", "the character constant is empty"],
    ["http.host == 'ab'", "             ^~~~", "'ab' is more than one character"],
    [
      'http.host == "a\\q"',
      "               ^~",
      '"\\q" is not an escape sequence; for a regular expression write "\\\\q" or r"\\q"',
    ],
    ['http.host == "\\400"', "              ^~~~", '"\\400" is more than a byte'],
    ['http.host == "\\ud800"', "              ^~~~~~", '"\\ud800" is not a universal character name'],
    ["eth.src[", "       ^", '"[" is never closed'],
    ["eth.src[] == 1", "        ^", "a range is missing, such as 2, 0:3, 2-4, :3 or 2:"],
    ["eth.src[0,] == 1", "          ^", "a range is missing, such as 2, 0:3, 2-4, :3 or 2:"],
    ["eth.src[0, a ] == 1", "           ^", '"a" is not a range, such as 2, 0:3, 2-4, :3 or 2:'],
    ["eth.src[2-1] == 1", "        ^~~", '"2-1" ends before it starts'],
    ["eth.src[-2-5] == 1", "        ^~~~", 'the ends of "-2-5" have different signs'],
    ["eth.src[1:0] == 1", "        ^~~", 'the length in "1:0" must be positive'],
    ["ip.src#x", "       ^", 'a layer number or "[" must follow "#"'],
    ["ip.src#", "       ^", 'a layer number or "[" must follow "#"'],
    ["ip.src#[1-] == 1", "        ^~", '"1-" is not a range, such as 2, 2-4, 1:2 or -1'],
    ["ip.src[0:1]#2 == 1", "           ^", '"#" was unexpected'],
    ["ip.ttl == 64 matches 64", "             ^~~~~~~", '"matches" was unexpected'],
  ],
};

for (const [name, rows] of Object.entries(TABLES)) {
  describe(name, () => {
    it.each(rows)("%s", (source, carets, message) => {
      const error = errorOf(source);
      expect(formatFilterError(source, error)).toBe(`${message}\n    ${source}\n    ${carets}`);
      expect(error.source).toBe(source);
    });
  });
}

describe("offsets", () => {
  it("count UTF-16 units, carets count characters", () => {
    const source = 'http.host == "😀é" and ip.src == x';
    const error = errorOf(source);
    expect(source.slice(error.start, error.end)).toBe("x");
    expect(formatFilterError(source, error).split("\n")[2]).toBe(`    ${" ".repeat(32)}^`);
  });

  it("are right below tabs and line ends, which are shown as spaces", () => {
    const source = "tcp\n\tand\tx";
    expect(formatFilterError(source, errorOf(source))).toBe('unknown field "x"\n    tcp  and x\n             ^');
  });

  it("leave the far parts of a long filter out", () => {
    const source = `${"tcp or ".repeat(100)}xyz.abcdef${" or tcp".repeat(100)}`;
    const [, line = "", carets = ""] = formatFilterError(source, errorOf(source)).split("\n");
    expect(line).toHaveLength(4 + 1 + 60 + 10 + 60 + 1);
    expect(line).toMatch(/^ {4}….*….?$/);
    expect(line.slice(carets.indexOf("^"), carets.length)).toBe("xyz.abcdef");
  });
});

describe("nesting", () => {
  const deep = (open: string, inner: string, close: string, times: number): string =>
    open.repeat(times) + inner + close.repeat(times);

  it.each([
    ["parentheses", (n: number) => deep("(", "tcp", ")", n)],
    ["negated parentheses", (n: number) => deep("not (", "tcp", ")", n)],
    ["braces", (n: number) => `${deep("{", "ip.ttl", "}", n)} == 1`],
    ["calls", (n: number) => `${deep("abs(", "ip.ttl", ")", n)} == 1`],
    ["slices", (n: number) => `eth.src${"[:]".repeat(n)} == 02`],
    ["sums", (n: number) => `ip.ttl${" + 1".repeat(n)} == 65`],
    ["open parentheses", (n: number) => (n > MAX_NESTING ? "(".repeat(n) : "tcp")],
  ])("of %s is bounded", (_, make) => {
    expect(() => compileFilter(make(MAX_NESTING - 2), REGISTRY)).not.toThrow();
    for (const times of [MAX_NESTING + 1, 100_000])
      expect(errorOf(make(times)).message).toBe(`nested more than ${MAX_NESTING} deep`);
  });
});
