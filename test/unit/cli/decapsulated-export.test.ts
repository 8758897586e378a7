/** `hopscope export --decapsulate`: what tunnels carry, as packets of their own. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { UsageError } from "../../../src-main/hosts/cli/usage";
import { exportFile } from "../../builders/export-file";
import { fieldRows } from "../../builders/run-engine";
import { parseTraffic, trafficToPcapng } from "../../builders/traffic";

const folder = mkdtempSync(join(tmpdir(), "hopscope-decapsulate-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Exports the traffic; each packet as "protocols | source > destination | comments". */
async function exported(traffic: string, tunnels = Infinity, filter?: string): Promise<string[]> {
  const input = join(folder, "in.pcapng");
  const to = join(folder, "out.pcapng");
  writeFileSync(input, trafficToPcapng(parseTraffic(traffic)));
  await exportFile([input], to, { filter, decapsulate: tunnels });
  const names = ["frame.interface_name", "frame.protocols", "ip.src", "ip.dst", "frame.comment", "frame.time_epoch"];
  const rows = await fieldRows(readFileSync(to), names);
  return rows.map(
    ([at, protocols, src, dst, comment]) =>
      `${at ?? ""} ${protocols ?? ""} | ${src ?? ""} > ${dst ?? ""} | ${comment ?? ""}`,
  );
}

const NAMES = `
  @eth0 = ethernet resolution=ns
  n1 = 192.168.0.1   n2 = 192.168.0.2   a = 10.1.0.5:1000   b = 10.1.1.9:80
`;

test("VXLAN and Geneve carry Ethernet, IP in IP, GRE and IP over UDP carry IP: each has its own link type", async () => {
  expect(
    await exported(`${NAMES}
      0 @eth0 a > b vxlan(vni=7, n1 > n2) udp "x"
      1 @eth0 a > b geneve(vni=9, n1 > n2) udp "x"
      2 @eth0 a > b ipip(n1 > n2) udp "x"
      3 @eth0 a > b gre(n1 > n2) udp "x"
      4 @eth0 a > b ipudp(192.168.0.1:9000 > 192.168.0.2:9000) udp "x"
      5 @eth0 a > b udp "x"
    `),
  ).toEqual([
    "eth0 eth:ethertype:ip:udp:data | 10.1.0.5 > 10.1.1.9 | hopscope: inside VXLAN VNI 7, 192.168.0.1 > 192.168.0.2 UDP 4789",
    "eth0 eth:ethertype:ip:udp:data | 10.1.0.5 > 10.1.1.9 | hopscope: inside Geneve VNI 9, 192.168.0.1 > 192.168.0.2 UDP 6081",
    "eth0 raw:ip:udp:data | 10.1.0.5 > 10.1.1.9 | hopscope: inside IP in IP, 192.168.0.1 > 192.168.0.2",
    "eth0 raw:ip:udp:data | 10.1.0.5 > 10.1.1.9 | hopscope: inside GRE, 192.168.0.1 > 192.168.0.2",
    "eth0 raw:ip:udp:data | 10.1.0.5 > 10.1.1.9 | hopscope: inside IP over UDP, 192.168.0.1 > 192.168.0.2 UDP 9000",
    "eth0 eth:ethertype:ip:udp:data | 10.1.0.5 > 10.1.1.9 | ",
  ]);
});

const NESTED = `${NAMES}
  0 @eth0 a > b ipip(n1 > n2) vxlan(vni=7, 172.16.0.1 > 172.16.0.2) udp "x" comment="seen by hand"
`;

test("tunnels in tunnels: all of them off, or only so many, from the outermost", async () => {
  expect(await exported(NESTED)).toEqual([
    "eth0 eth:ethertype:ip:udp:data | 10.1.0.5 > 10.1.1.9 | seen by hand,hopscope: inside IP in IP, 192.168.0.1 > 192.168.0.2,hopscope: inside VXLAN VNI 7, 172.16.0.1 > 172.16.0.2 UDP 4789",
  ]);
  expect(await exported(NESTED, 1)).toEqual([
    "eth0 raw:ip:udp:vxlan:eth:ethertype:ip:udp:data | 172.16.0.1,10.1.0.5 > 172.16.0.2,10.1.1.9 | seen by hand,hopscope: inside IP in IP, 192.168.0.1 > 192.168.0.2",
  ]);
});

test("cut packets stay cut, their length on the wire is the inner one's; what an ICMP error quotes is no inner packet", async () => {
  await exported(`${NAMES}
    q: 0 @eth0 a > b vxlan(vni=7, n1 > n2) udp len=400 snap=120
    1 @eth0 n2 > n1 icmp unreachable port quoting q
  `);
  const rows = await fieldRows(readFileSync(join(folder, "out.pcapng")), [
    "frame.len",
    "frame.cap_len",
    "frame.protocols",
  ]);
  expect(rows).toEqual([
    ["442", "70", "eth:ethertype:ip:udp:data"],
    [rows[1]?.[0], rows[1]?.[1], expect.stringMatching(/^eth:ethertype:ip:icmp:ip/)],
  ]);
});

test("a filter chooses packets as they were captured; other targets refuse", async () => {
  expect(await exported(NESTED, Infinity, "vxlan")).toHaveLength(1);
  expect(await exported(NESTED, Infinity, "geneve")).toHaveLength(0);
  await expect(exportFile([join(folder, "in.pcapng")], join(folder, "x.csv"), { decapsulate: 1 })).rejects.toThrow(
    UsageError,
  );
});
