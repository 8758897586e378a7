/** tshark as the judge: it decodes what the writers wrote, and finds nothing wrong that is not meant to be. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { FIXTURES } from "../../../fixtures/make";
import { type Traffic, traffic, trafficToPcapng } from "../../builders/traffic";

const version = spawnSync("tshark", ["--version"], { encoding: "utf8" });
const hasTshark = version.status === 0;
if (!hasTshark) console.log("skipped: tshark is not installed, nobody judges the bytes written");

const CHECKED = ["ip.check_checksum", "tcp.check_checksum", "udp.check_checksum"].flatMap((name) => [
  "-o",
  `${name}:TRUE`,
]);
const directory = mkdtempSync(join(tmpdir(), "hopscope-write-"));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

/** Rows of fields, one row a packet; several values of one field are joined by commas. */
function tshark(file: Uint8Array, fields: readonly string[], args: readonly string[] = []): string[] {
  const path = join(directory, "capture");
  writeFileSync(path, file);
  const run = spawnSync(
    "tshark",
    ["-r", path, ...CHECKED, ...args, "-T", "fields", ...fields.flatMap((field) => ["-e", field])],
    { encoding: "utf8" },
  );
  return run.stdout
    .split("\n")
    .slice(0, -1)
    .map((row) => row.replaceAll("\t", " ").trim());
}

const decode = (given: Traffic, fields: readonly string[], args: readonly string[] = []): string[] =>
  tshark(trafficToPcapng(given), fields, args);

describe.skipIf(!hasTshark)("tshark", { timeout: 60_000 }, () => {
  test.each(Object.keys(FIXTURES).filter((name) => name !== "damaged-truncated.pcapng"))(
    "finds nothing malformed in %s",
    (name) => {
      // Not TCP within ICMP: tshark 4.0 counts the quoted part of a segment as all of it.
      const bad = ["ip", "udp", "icmp", "icmpv6"].map((protocol) => `${protocol}.checksum.status == 0`).join(" || ");
      const filter = `_ws.malformed || ${bad} || (tcp.checksum.status == 0 && !icmp)`;
      const rows = tshark(FIXTURES[name]?.() ?? new Uint8Array(0), ["frame.number", "frame.comment"], ["-Y", filter]);
      // Where a checksum is not right, the packet's comment says so.
      expect(rows.filter((row) => !/partial|wrong/.test(row))).toEqual([]);
      if (name === "checksums.pcapng") expect(rows).toHaveLength(8);
    },
  );

  test("calls every tunnel by its name", () => {
    const given = traffic`
      a = 10.0.0.1:1000   b = 10.0.0.2:2000   n1 = 192.0.2.1   n2 = 192.0.2.2
      0.0 a > b vxlan(vni=7, n1 > n2)                     udp "payload"
      0.1 a > b geneve(vni=7, n1 > n2, option=0102:1:aabbccdd) udp "payload"
      0.2 a > b gre(n1 > n2, csum, key=1, seq=2)          udp "payload"
      0.3 a > b erspan(n1 > n2, session=3)                udp "payload"
      0.4 a > b ipip(n1 > n2)                             udp "payload"
      0.5 a > b qinq(5, 6) mpls(16, 17)                   udp "payload"
      0.6 a > b vlan(5) pppoe(9)                          udp "payload"
      0.7 n1 > n2 wireguard counter=5 len=84
      0.8 a > b vxlan(vni=1, n1 > n2) vlan(9) gre(n1 > n2) udp "payload"
    `;
    expect(decode(given, ["frame.protocols"])).toEqual([
      "eth:ethertype:ip:udp:vxlan:eth:ethertype:ip:udp:data",
      "eth:ethertype:ip:udp:geneve:eth:ethertype:ip:udp:data",
      "eth:ethertype:ip:gre:ip:udp:data",
      "eth:ethertype:ip:gre:erspan:eth:ethertype:ip:udp:data",
      "eth:ethertype:ip:ip:udp:data",
      "eth:ethertype:ieee8021ad:ethertype:vlan:ethertype:mpls:ip:udp:data",
      "eth:ethertype:vlan:ethertype:pppoes:ppp:ip:udp:data",
      "eth:ethertype:ip:udp:wg",
      "eth:ethertype:ip:udp:vxlan:eth:ethertype:vlan:ethertype:ip:gre:ip:udp:data",
    ]);
    expect(decode(given, ["gre.checksum.status", "gre.key", "gre.sequence_number"], ["-Y", "gre.key"])).toEqual([
      "1 0x00000001 2",
    ]);
  });

  test("reads names, leases and servers as written", () => {
    const given = traffic`
      pod = 10.0.0.1:40000   dns = 10.96.0.10:53   web = 203.0.113.5:443   c = 0.0.0.0:68   s = 255.255.255.255:67
      0.0 pod > dns dns query 7 AAAA web.demo
      0.1 dns > pod dns answer 7 A web.demo 10.0.0.9 10.0.0.8 cname=edge.demo
      0.2 dns > pod dns nxdomain 7 A web.demo
      0.3 pod > web tcp PSH,ACK tls hello sni=web.demo alpn=h2,http/1.1
      0.4 c > s dhcp request xid=9 for=c requested=10.0.0.9 host=vm1
    `;
    expect(
      decode(given, ["dns.qry.name", "dns.qry.type", "dns.cname", "dns.a", "dns.flags.rcode"]).slice(0, 3),
    ).toEqual(["web.demo 28", "web.demo 1 edge.demo 10.0.0.9,10.0.0.8 0", "web.demo 1   3"]);
    expect(
      decode(given, ["tls.handshake.extensions_server_name", "tls.handshake.extensions_alpn_str"], ["-Y", "tls"]),
    ).toEqual(["web.demo h2,http/1.1"]);
    expect(
      decode(given, ["dhcp.option.dhcp", "dhcp.option.requested_ip_address", "dhcp.option.hostname"], ["-Y", "dhcp"]),
    ).toEqual(["3 10.0.0.9 vm1"]);
  });

  test("puts fragments together again, and reads quotes", () => {
    const given = traffic`
      a = 10.0.0.1:1000   b = 10.0.0.2:2000   a6 = [fd00::1]:1000   b6 = [fd00::2]:2000
      big:  0.0 a > b   udp len=3000 frag=1480
            0.1 a6 > b6 udp len=3000 frag=1400 ext=hop
            0.2 b > a   icmp unreachable port quoting big
    `;
    expect(
      decode(given, ["udp.length", "ip.reassembled.length", "ipv6.reassembled.length"], ["-Y", "udp && !icmp"]),
    ).toEqual(["3008 3008", "3008  3008"]);
    expect(decode(given, ["icmp.code", "udp.dstport"], ["-Y", "icmp"])).toEqual(["3 2000"]);
  });

  test("reads pcapng options as written", () => {
    const given = traffic`
      @eth0 = sll2 index=9 resolution=2^20 description="a NIC"
      0.5 @eth0 10.0.0.1:1 > 10.0.0.2:2 udp "x" dir=out comment="why" packetid=77 drops=3 queue=2
    `;
    for (const bigEndian of [false, true]) {
      expect(
        tshark(trafficToPcapng(given, { bigEndian }), [
          "frame.interface_name",
          "frame.interface_description",
          "frame.comment",
          "frame.packet_id",
          "frame.drop_count",
          "frame.interface_queue",
          "frame.packet_flags_direction",
          "sll.ifindex",
        ]),
      ).toEqual(["eth0 a NIC why 77 3 2 0x00000002 9"]);
    }
  });
});
