/**
 * What filters mean. Construct by construct this is what tshark 4.0.17 does with real packets; where it is not, or goes
 * beyond, it says "ours".
 */
import { describe, expect, it } from "vitest";

import { compileFilter } from "../../../src-main/engine/filter/compile";
import { REGISTRY, matching, packets } from "./notation";

/**
 * 1 ARP   2 TCP, plain   3 TCP in VXLAN   4 HTTP   5 IPv6   6 an empty frame
 */
const DATA = packets(`
  eth frame.number=1 frame.time_epoch=1795177370.5 eth.src=02:00:00:00:00:01 eth.dst=ff:ff:ff:ff:ff:ff eth.addr=02:00:00:00:00:01+ff:ff:ff:ff:ff:ff arp arp.src.proto_ipv4=10.0.0.1
  eth frame.number=2 frame.time_epoch=1795177371.846294151 frame.time_delta=1.346294151 eth.src=02:00:00:00:00:02 eth.dst=02:00:00:00:00:01 eth.addr=02:00:00:00:00:02+02:00:00:00:00:01 ip ip.src=10.0.0.1 ip.dst=10.0.0.2 ip.addr=10.0.0.1+10.0.0.2 ip.ttl=64 ip.flags.df=1 tcp tcp.port=47004+80 tcp.srcport=47004 tcp.dstport=80 tcp.flags=2 tcp.options=02:04:05:b4 tcp.seq_raw=4294967295
  eth eth frame.number=3 frame.time_epoch=1795177372 frame.time_delta=0.153705849 eth.src=02:00:00:00:00:03,0a:58:0a:f4:01:0b ip ip ip.src=192.168.61.11,10.244.1.11 ip.dst=192.168.62.12,10.244.2.10 ip.addr=192.168.61.11+192.168.62.12,10.244.1.11+10.244.2.10 ip.ttl=64,63 ip.flags.df=0,1 udp vxlan vxlan.vni=1 tcp tcp.port=47004+8080 tcp.srcport=47004 tcp.dstport=8080 tcp.flags=18 tcp.options=01:01:08:0a tcp.analysis.retransmission
  eth frame.number=4 frame.time_epoch=1795177373.000000001 frame.time_delta=1.000000001 eth.src=02:00:00:00:00:01 ip ip.src=10.0.0.2 ip.dst=10.0.0.2 ip.ttl=128 tcp tcp.port=80+80 tcp.srcport=80 tcp.dstport=80 tcp.flags=24 http http.request.method="GET" http.host="Wéb.example" k8s.src.pod="default/client-a"
  eth frame.number=5 frame.time_epoch=-1.5 frame.time_delta=-0.5 ipv6 ipv6.src=fe80::1 ipv6.dst=ff02::16 frame.comment="one"+"two"
  frame.number=6
`);

function table(rows: readonly (readonly [filter: string, packets: string])[]): void {
  it.each(rows)("%s → %s", (filter, expected) => {
    expect(matching(filter, DATA).join(" ")).toBe(expected);
  });
}

describe("existence", () => {
  table([
    ["", "1 2 3 4 5 6"],
    ["  \t\n", "1 2 3 4 5 6"],
    ["tcp", "2 3 4"],
    [".tcp", "2 3 4"],
    ["vxlan", "3"],
    ["ip.src", "2 3 4"],
    ["tcp.analysis.retransmission", "3"],
    ["ip.flags.df", "2 3"],
    ["not ip", "1 5 6"],
    ["{tcp}", "2 3 4"],
  ]);
});

describe("comparisons of a field with several values", () => {
  table([
    ["ip.ttl == 64", "2 3"],
    ["ip.ttl eq 64", "2 3"],
    ["ip.ttl any_eq 64", "2 3"],
    ["ip.ttl != 64", "4"],
    ["ip.ttl ne 64", "4"],
    ["ip.ttl all_ne 64", "4"],
    ["not ip.ttl == 64", "1 4 5 6"],
    ["ip.ttl === 64", "2"],
    ["ip.ttl all_eq 64", "2"],
    ["ip.ttl !== 64", "3 4"],
    ["ip.ttl ~= 64", "3 4"],
    ["ip.ttl any_ne 64", "3 4"],
    ["ip.ttl > 63", "2 3 4"],
    ["ip.ttl gt 63", "2 3 4"],
    ["ip.ttl >= 64", "2 3 4"],
    ["ip.ttl ge 65", "4"],
    ["ip.ttl < 64", "3"],
    ["ip.ttl lt 65", "2 3"],
    ["ip.ttl <= 63", "3"],
    ["ip.ttl le 64", "2 3"],
    ["any ip.ttl != 64", "3 4"],
    ["all ip.ttl == 64", "2"],
    ["all ip.ttl !== 64", "4"],
    ["any ip.ttl === 64", "2 3"],
    ["all ip.ttl > 63", "2 4"],
    ["all ip.ttl >= 63", "2 3 4"],
    ["not any ip.ttl == 64", "1 4 5 6"],
  ]);
});

describe("comparisons of fields", () => {
  table([
    ["ip.src == ip.dst", "4"],
    ["ip.src != ip.dst", "2 3"],
    ["ip.src === ip.dst", "4"],
    ["ip.src !== ip.dst", "2 3"],
    ["ip.ttl == ip.ttl", "2 3 4"],
    ["all ip.ttl == ip.ttl", "2 4"],
    ["ip.ttl !== ip.ttl", "3"],
    ["ip.ttl > ip.ttl", "3"],
    ["all ip.ttl >= ip.ttl", "2 4"],
    ["ip.src != arp.src.proto_ipv4", ""],
    ["tcp.srcport > tcp.dstport", "2 3"],
    ["eth.src < eth.dst", "1"],
    ["http.host == http.request.method", ""],
    ["http.request.method < http.host", "4"],
    ["frame.time_delta < frame.time_epoch", "2 3 4"],
    ["ip.ttl#1 == ip.ttl#2 == 64", ""],
    ["ip.ttl <= ip.ttl <= 64", "2 3"],
    ["ipv6.src == ipv6.src", "5"],
  ]);
});

describe("logic", () => {
  table([
    ["arp or tcp and udp", "1 3"],
    ["tcp and udp or arp", "1 3"],
    ["(arp or tcp) and udp", "3"],
    ["arp||tcp&&udp", "1 3"],
    ["not tcp and ip", ""],
    ["not (tcp and ip)", "1 5 6"],
    ["!!tcp", "2 3 4"],
    ["not not not tcp", "1 5 6"],
    ["!tcp.port==80", "1 3 5 6"],
    ["tcp.port==80&&ip.ttl==64||arp", "1 2"],
    ["((((tcp))))", "2 3 4"],
    // Ours, as in later versions: Wireshark 4.0 has no xor.
    ["tcp xor udp", "2 4"],
    ["tcp ^^ ip ^^ eth", "1 2 3 4 5"],
    ["arp or tcp xor udp and tcp", "1 2 4"],
    ["arp xor tcp and http", "1 4"],
  ]);
});

describe("sets", () => {
  table([
    ["tcp.port in {80, 443, 4430..4434}", "2 4"],
    ["tcp.port in {443,8000..9000}", "3"],
    ["tcp.port in {80 , 8000 .. 9000}", "2 3 4"],
    ["tcp.port in {5680..5678}", ""],
    ["tcp.port in {1,2,3,5,7,70..79,81..47003,47004,50000}", "2 3"],
    ["tcp.port in {70..79, 60..100, 90..95}", "2 4"],
    ["tcp.port in {'A'..'Z', 0x50}", "2 4"],
    ["tcp.port not in {80}", "1 3 5 6"],
    ["tcp.port ! in {80}", "1 3 5 6"],
    ["not tcp.port in {80}", "1 3 5 6"],
    ["any tcp.port not in {80}", "1 3 5 6"],
    ["all tcp.port in {80}", "4"],
    ["all tcp.port in {80..60000}", "2 3 4"],
    // One element must hold all.
    ["all tcp.port in {80, 47004}", "4"],
    ["ip.addr in {10.0.0.0/24, 192.168.62.0..192.168.62.255}", "2 3"],
    ["ip.src in {ip.dst}", "4"],
    ["ip.src in {ip.dst, 10.0.0.1}", "2 4"],
    ["tcp.port in {tcp.srcport..tcp.dstport}", "4"],
    ["tcp.port in {tcp.dstport..tcp.srcport}", "2 3 4"],
    ["tcp.port in {8000..tcp.dstport}", "3"],
    ['http.request.method in {"GET", "POST"}', "4"],
    ["http.request.method in {GET}", "4"],
    ['http.request.method in {"A".."H"}', "4"],
    ["eth.src in {02:00:00:00:00:02..02:00:00:00:00:03}", "2 3"],
    ["eth.src in {eth.dst, 02:00:00:00:00:03}", "3"],
    ["ipv6.src in {fe80::/10}", "5"],
    ["ipv6.src in {::..fe80::}", ""],
    ["frame.time_delta in {0.1 .. 1}", "3"],
    ["frame.time_delta in {-1 .. 0.2, 1.000000001}", "3 4 5"],
    // Ours: only fields may be in a set in Wireshark 4.0.
    ["tcp.options[0:2] in {01:01, 02:05}", "3"],
    ["len(http.request.method) in {3}", "4"],
  ]);
});

describe("slices", () => {
  table([
    ["eth.src[0:3] == 02:00:00", "1 2 3 4"],
    ["eth.src[0:2] == 0a:58", "3"],
    ["eth.src[-1] == 03", "3"],
    ["eth.src[-2:] == 01:0b", "3"],
    ["eth.src[-2--1] == 01:0b", "3"],
    ["eth.src[1-2] == 58:0a", "3"],
    ["eth.src[:2] == 0a:58", "3"],
    ["eth.src[0x1:2] == 58:0a", "3"],
    ["eth.src[ 0 : 2 , 5 ] == 0a:58:0b", "3"],
    ["eth.src[0,2-3,5:] == 0a:0a:f4:0b", "3"],
    ["eth.src[:]", "1 2 3 4"],
    ["eth.src[0:3][1] == 58", "3"],
    ["eth.src#2[0] == 0a", "3"],
    ["eth.src[5:]", "1 2 3 4"],
    // Beyond the end: empty, which is not equal to anything, and shorter than all.
    ["eth.src[6:]", ""],
    ["eth.src[4:10]", ""],
    ["eth.src[-7:2] == 02", ""],
    ["eth.src[10] == 01", ""],
    ["eth.src[10] != 01", "1 2 3 4"],
    ['eth.src[10] == ""', "1 2 3 4"],
    ["eth.src[10] < 00", "1 2 3 4"],
    ["eth.src[0,10] == 0a", "3"],
    ["eth.src[10,0] == 0a", ""],
    ["ip.src[0:2] == c0:a8", "3"],
    ["ip.src[-1] == 0x0b", "3"],
    ["ipv6.dst[0:2] == ff02", "5"],
    ['http.request.method[0:2] == "GE"', "4"],
    ["http.request.method[0:2] == 47:45", "4"],
    // "é" is two bytes.
    ["http.host[1:2] == c3:a9", "4"],
    ["eth.src[0:3] == eth.dst[0:3]", "2"],
    ["tcp.options[0] & 0x02", "2"],
    ["tcp.options[0:2] & 00:ff == 00:04", "2"],
    ["tcp.options[0:2] & 0x02", ""],
    ["eth.src & 08:00:00:00:00:00", "3"],
    ["eth.src & ff:ff:00:00:00:00 == 0a:58:00:00:00:00", "3"],
  ]);
});

describe("arithmetic", () => {
  table([
    ["tcp.flags & 2", "2 3"],
    ["tcp.flags & 0x10", "3 4"],
    ["tcp.flags bitwise_and 2", "2 3"],
    ["tcp.flags & 2 == 2", "2 3"],
    ["tcp.flags&2==2", "2 3"],
    ["tcp.flags & 2 != 0", "2 3"],
    ["tcp.flags & 2 == tcp.flags", "2"],
    ["tcp.flags & 1 + 1 == 2", "2 3"],
    ["tcp.flags & {1 + 1} == 2", "2 3"],
    ["{tcp.flags & 2} == 2", "2 3"],
    ["not {tcp.flags & 2}", "1 4 5 6"],
    ["tcp.seq_raw & 0x80000000 == 2147483648", "2"],
    ["tcp.srcport + 1 == 47005", "2 3"],
    ["tcp.srcport+1 == 47005", "2 3"],
    ["tcp.srcport - 47000 == 4", "2 3"],
    ["tcp.srcport -47000 == 4", "2 3"],
    ["tcp.dstport * 2 == 160", "2 4"],
    ["tcp.srcport >= 4 * {tcp.dstport + 3}", "2 3"],
    ["tcp.srcport / 10 == 4700", "2 3"],
    ["tcp.srcport % 10 == 4", "2 3"],
    ["tcp.srcport + tcp.dstport * 2 == 240", "4"],
    ["ip.ttl - 64", "3 4"],
    ["ip.ttl - 128 == -64", "2 3"],
    ["ip.ttl - 128 < 0", "2 3"],
    ["-ip.ttl == -63", "3"],
    ["+ip.ttl == 63", "3"],
    ["ip.ttl == 32 + 32", "2 3"],
    ["ip.ttl / 0 == 1", ""],
    ["ip.ttl % {ip.ttl - 64} == 0", "3 4"],
    ["ip.src & 255.255.0.0 == 192.168.0.0", "3"],
    ["ipv6.src & ffff:: == fe80::", "5"],
    ["frame.time_delta + 1 == 2.000000001", "4"],
    ["frame.time_epoch - frame.time_delta == 1795177372", "4"],
    ["frame.time_epoch - frame.time_delta == -1", "5"],
    ["-frame.time_delta == 0.5", "5"],
    ["-frame.time_delta > 0", "5"],
    // Ours: in Wireshark 4.0 a negative number compares with nothing.
    ["ip.ttl > -1", "2 3 4"],
  ]);
});

describe("layers", () => {
  table([
    ["ip#2", "3"],
    ["ip.src#1 == 192.168.61.11", "3"],
    ["ip.src#2 == 10.244.1.11", "3"],
    ["ip.src #2", "3"],
    ["ip.src#3", ""],
    ["ip.src#0", ""],
    ["ip.addr#2 == 10.244.2.10", "3"],
    ["ip.addr#1 == 10.244.2.10", ""],
    ["ip.src#[1-2]", "2 3 4"],
    ["ip.src#[1,2] == 10.244.1.11", "3"],
    ["ip.src#[2:] == 10.244.1.11", "3"],
    ["ip.src#[2-4]", "3"],
    ["ip.src#[-1] == 10.244.1.11", "3"],
    ["ip.src#[-1] == 192.168.61.11", ""],
    ["ip.src#[-1] == 10.0.0.1", "2"],
    ["ip.src#[-2]", "3"],
    ["ip.src#[-2:2]", "2 3 4"],
    ["ip.src#[:1]", ""],
    ["ip.ttl#1 != ip.ttl#2", "3"],
    ["all ip.ttl#[1-2] == 64", "2"],
  ]);
});

describe("functions", () => {
  table([
    ['upper(http.host) contains "EXAMPLE"', "4"],
    ['lower(http.request.method) == "get"', "4"],
    // Letters of ASCII only.
    ['upper(http.host) contains "WéB"', "4"],
    ["len(http.request.method) == 3", "4"],
    ["len(http.host) == 12", "4"],
    ["len(tcp.options) == 4", "2 3"],
    ["len(ip.src) == 4", "2 3 4"],
    ["len(eth.src) == 6", "1 2 3 4"],
    ["len(tcp.port) == 2", "2 3 4"],
    ["count(ip.src) > 1", "3"],
    ["count(ip) == 1", "2 4"],
    ["count(ip.src#2) == 1", "3"],
    ["count(arp) == 0", ""],
    ["count(ip.addr) + 1 == 5", "3"],
    ['string(frame.number) matches "[135]$"', "1 3 5"],
    ['string(ip.src) matches r"\\.2$"', "4"],
    ['string(eth.src) == "0a:58:0a:f4:01:0b"', "3"],
    ['string(ipv6.src) == "fe80::1"', "5"],
    ['string(tcp.flags) == "18"', "3"],
    ['string(tcp.port)[0] == "8"', "2 3 4"],
    ["max(tcp.srcport, tcp.dstport) == 80", "4"],
    ["min(tcp.srcport, tcp.dstport) == 80", "2 4"],
    ["max(ip.ttl) == 64", "2 3"],
    ["min(ip.ttl) == 63", "3"],
    // Constants take part where the field is missing.
    ["max(tcp.port, 81) == 81", "1 4 5 6"],
    ["max(ip.src, ip.dst) == 192.168.62.12", "3"],
    ['max(http.request.method, http.host) matches "^w"', "4"],
    ["min(eth.src, eth.dst) == 02:00:00:00:00:01", "1 2 4"],
    ["max(frame.time_delta, 0.2) == 0.2", "1 3 5 6"],
    ["max(tcp.dstport, frame.number) == 6", "6"],
    ["abs(ip.ttl - 128) == 64", "2 3"],
    ["abs(frame.time_delta) == 0.5", "5"],
    ["abs(frame.time_delta) >= 1.000000001", "2 4"],
  ]);
});

describe("contains and matches", () => {
  table([
    ['http.request.method contains "E"', "4"],
    ["http.request.method contains 'E'", "4"],
    ["http.request.method contains ET", "4"],
    ['http.request.method contains "e"', ""],
    ['http.request.method contains ""', ""],
    ["tcp.options contains 04:05", "2"],
    ["tcp.options contains 0405", "2"],
    ["tcp.options contains 1", "3"],
    ["tcp.options contains 0x08", "3"],
    ["tcp.options contains '\\n'", "3"],
    ['tcp.options contains "\\x05\\264"', "2"],
    ["eth.src contains 58:0a", "3"],
    ["eth.src contains eth.src[1:2]", "1 2 3 4"],
    ["eth.src contains eth.src#2[1:2]", "3"],
    ["http.host contains http.request.method", ""],
    ["all frame.comment contains o", "5"],
    ["all frame.comment contains n", ""],
    ['http.request.method matches "^g.t$"', "4"],
    ['http.request.method ~ "g"', "4"],
    ['http.request.method matches "(?-i)g"', ""],
    ['http.request.method matches r"^\\w++$"', "4"],
    ['http.host matches "w..b"', "4"],
    ['http.host matches "w.b"', ""],
    ['http.host matches "é"', "4"],
    ['http.host matches "É"', ""],
    ['tcp.options matches "^\\x01\\x01\\x08\\x0a$"', "3"],
    ['tcp.options matches r"^\\x01{2}"', "3"],
    ['eth.src matches "\\x58"', "3"],
    ['any frame.comment matches "w"', "5"],
    ['all frame.comment matches "w"', ""],
  ]);
});

describe("constants", () => {
  table([
    ["tcp.port == 0x50", "2 4"],
    ["tcp.port == 0X50", "2 4"],
    ["tcp.port == 0120", "2 4"],
    ["tcp.port == 0b1010000", "2 4"],
    ["tcp.port == 'P'", "2 4"],
    ["tcp.port == '\\x50'", "2 4"],
    ["tcp.port == '\\120'", "2 4"],
    ["tcp.port == {80}", "2 4"],
    ["tcp.port == +80", "2 4"],
    ["ip.flags.df == 1", "2 3"],
    ["ip.flags.df == 2", "2 3"],
    ["ip.flags.df == True", "2 3"],
    ["ip.flags.df == TRUE", "2 3"],
    ["ip.flags.df == False", "3"],
    ["ip.flags.df == 0", "3"],
    ["ip.flags.df < 1", "3"],
    // Ours: lower case, too.
    ["ip.flags.df == true", "2 3"],
    ["ip.src == 10.0.0.0/8", "2 3 4"],
    ["ip.src == 10.0.0.99/24", "2 4"],
    ["ip.src == 0.0.0.0/0", "2 3 4"],
    ["ip.src == 10.0.0.1/32", "2"],
    ["ip.src === 10.0.0.0/8", "2 4"],
    ["ip.src != 10.0.0.0/8", ""],
    ["ip.src !== 10.0.0.0/8", "3"],
    ["ip.src > 10.0.0.0/8", "3"],
    ["ip.src >= 10.0.0.0/8", "2 3 4"],
    ["ip.src < 192.168.0.0/16", "2 3 4"],
    ["ip.src < 10.0.0.0/8", ""],
    ["ip.src <= 10.0.0.0/24", "2 4"],
    ["ipv6.src == fe80::1", "5"],
    ["ipv6.src == FE80:0:0:0::1", "5"],
    ["ipv6.src == fe80::0.0.0.1", "5"],
    ["ipv6.src == fe80::/10", "5"],
    ["ipv6.src == fec0::/10", ""],
    ["ipv6.src == ::/0", "5"],
    ["ipv6.dst > fe80::/10", "5"],
    ["ipv6.dst >= ff00::/8", "5"],
    ["ipv6.dst > ff00::/8", ""],
    ["ipv6.dst < ff00::/8", ""],
    ["eth.src == 02:00:00:00:00:02", "2"],
    ["eth.src == 02-00-00-00-00-02", "2"],
    ["eth.src == 0200.0000.0002", "2"],
    ["eth.src == 02.0.0.0.0.2", "2"],
    ["eth.src == 020000000002", "2"],
    ["eth.src == 0A:58:0A:F4:01:0B", "3"],
    ["eth.src > 02:00:00:00:00:02", "3"],
    ["eth.src <= 02:00:00:00:00:02", "1 2 4"],
    ["tcp.options == 02:04:05:b4", "2"],
    ["tcp.options == 020405b4", "2"],
    ["tcp.options == 2.4.5.b4", "2"],
    ["tcp.options == :02:04:05:b4", "2"],
    ["tcp.options[0] == :02", "2"],
    // Shorter is less.
    ["tcp.options > 02", "2 3"],
    ["tcp.options < 02", ""],
    ["tcp.options < 02:04:05:b4", "3"],
    ['http.request.method == "GET"', "4"],
    ["http.request.method == GET", "4"],
    ["http.request.method == get", ""],
    ['http.request.method == r"GET"', "4"],
    ['http.request.method == "\\x47\\105T"', "4"],
    ['http.request.method > "GES"', "4"],
    ['http.request.method <= "GET"', "4"],
    ['http.request.method < "GET"', ""],
    ['http.host == "W\\u00e9b.example"', "4"],
    ['http.host == "W\\xc3\\xa9b.example"', "4"],
    ['k8s.src.pod == "default/client-a"', "4"],
    ['frame.comment == "two"', "5"],
    ["frame.time_epoch == 1795177371.846294151", "2"],
    ["frame.time_epoch == 1795177371.8462941510", "2"],
    ["frame.time_epoch == 1795177371.84629415", ""],
    ["frame.time_epoch > 1795177371.846294151", "3 4"],
    ["frame.time_epoch >= 1795177371.846294151", "2 3 4"],
    ["frame.time_epoch < 1795177372", "1 2 5"],
    ["frame.time_epoch <= 1795177372", "1 2 3 5"],
    ["frame.time_epoch != 1795177372", "1 2 4 5"],
    ["frame.time_epoch == -1.5", "5"],
    ["frame.time_delta > -0.5", "2 3 4"],
    // Ours: without quotes.
    ["frame.time_epoch == 2026-11-20T12:22:52Z", "3"],
    ['frame.time_epoch == "2026-11-20 12:22:52Z"', "3"],
    ['frame.time_epoch == "2026-11-20T12:22:52 UTC"', "3"],
    ['frame.time_epoch == "2026-11-20 13:22:52+01:00"', "3"],
    ['frame.time_epoch == "2026-11-20 10:52:52-0130"', "3"],
    ['frame.time_epoch == "2026-11-20 12:22:51.846294151Z"', "2"],
    ['frame.time_epoch == "Nov 20, 2026 12:22:51.846294151 UTC"', "2"],
    ['frame.time_epoch > "2026-11-20Z"', "1 2 3 4"],
    ["frame.time_epoch < 2026-11-18", "5"],
  ]);

  it("takes a date without a zone as local time", () => {
    const date = new Date(1795177372_000);
    const two = (n: number): string => String(n).padStart(2, "0");
    const text = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
    expect(matching(`frame.time_epoch == "${text}"`, DATA)).toEqual([3]);
  });
});

describe("a compiled filter", () => {
  it("names its fields once each, in order", () => {
    const filter = compileFilter(
      "tcp.port == 80 and ip.src == ip.dst or tcp.port in {ip.ttl} and len(http.host) > 1",
      REGISTRY,
    );
    expect(filter.fields).toEqual(["tcp.port", "ip.src", "ip.dst", "ip.ttl", "http.host"]);
    expect(filter.source).toBe("tcp.port == 80 and ip.src == ip.dst or tcp.port in {ip.ttl} and len(http.host) > 1");
  });

  it("asks for a column once a batch", () => {
    const data = packets("tcp.port=80 ip.src=10.0.0.1\ntcp.port=443");
    const filter = compileFilter("tcp.port == 80 or tcp.port == 443 or tcp.port + 1 == 5 or ip.src", REGISTRY);
    const out = new Uint8Array(2);
    expect(filter.evaluate(data, out)).toBe(2);
    expect(data.asked).toEqual(["tcp.port"]);
    filter.evaluate(data, out);
    expect(data.asked).toEqual(["tcp.port", "tcp.port"]);
  });

  it("does not ask for columns that cannot change the result", () => {
    const data = packets("tcp.port=80 ip.src=10.0.0.1\ntcp.port=443");
    const filter = compileFilter("tcp.port == 1 and ip.src == 10.0.0.1", REGISTRY);
    expect(filter.evaluate(data, new Uint8Array(2))).toBe(0);
    expect(data.asked).toEqual(["tcp.port"]);
  });

  it("forgets one batch in the next, larger or smaller", () => {
    const filter = compileFilter(
      'max(tcp.port) == 80 and not (string(ip.src)[0:2] == "10" xor upper(http.host) == "A") and count(tcp.port) == 1',
      REGISTRY,
    );
    const run = (notation: string): string => {
      const data = packets(notation);
      const out = new Uint8Array(data.packetCount);
      filter.evaluate(data, out);
      return out.join("");
    };
    const one = 'tcp.port=80 ip.src=10.0.0.1 http.host="a"';
    expect(run(one)).toBe("1");
    expect(run(`${one}\ntcp.port=81 ip.src=10.0.0.1 http.host="a"\n${one}\nip`)).toBe("1010");
    expect(run("tcp.port=80 ip.src=11.0.0.1")).toBe("1");
    expect(run("tcp.port=80 ip.src=10.0.0.1")).toBe("0");
    expect(run("")).toBe("");
  });

  it("refuses a bitmap shorter than the batch", () => {
    expect(() => compileFilter("tcp", REGISTRY).evaluate(DATA, new Uint8Array(3))).toThrow(RangeError);
  });

  it("reads columns in shared memory", () => {
    const data = packets("tcp.options=02:04:05:b4 eth.src=02:00:00:00:00:01");
    for (const name of ["tcp.options", "eth.src"]) {
      const column = data.column(name);
      const shared = new Uint8Array(new SharedArrayBuffer(column.bytes.length));
      shared.set(column.bytes);
      column.bytes = shared;
    }
    expect(matching('tcp.options matches "\\x04" and tcp.options[1] == 04 and eth.src[0] == 02', data)).toEqual([1]);
  });

  it("takes long chains of operators", () => {
    const many = Array.from({ length: 20_000 }, (_, i) => `tcp.port == ${i + 1}`);
    expect(matching(many.join(" or "), DATA)).toEqual([2, 3, 4]);
    expect(matching(`tcp.port in {${Array.from({ length: 20_000 }, (_, i) => i * 2 + 1).join(",")}}`, DATA)).toEqual(
      [],
    );
    expect(matching(`${"not ".repeat(100_001)}tcp`, DATA)).toEqual([1, 5, 6]);
  });
});
