/** `hopscope export --decapsulate`: what tunnels carry, as packets of their own. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { visitOptions } from "../../../src-main/engine/fields/frame-fields";
import type { Workspace } from "../../../src-main/engine/session/workspace";
import { UsageError } from "../../../src-main/hosts/cli/usage";
import { exportFile } from "../../builders/export-file";
import { readSightings } from "../../builders/join-files";
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

/** What a pcapng file says beside the packets' bytes: of the file, and the numbers in each packet's options by their code. */
async function capturedOptions(
  path: string,
): Promise<{ readonly workspace: Workspace; readonly options: readonly Readonly<Record<number, bigint>>[] }> {
  const options: Record<number, bigint>[] = [];
  const { workspace } = await readSightings([path], (batch) => {
    for (let packet = 0; packet < batch.packetCount; packet++) {
      const own: Record<number, bigint> = {};
      visitOptions(batch, packet, (code, start, length, little) => {
        if (length === 8) own[code] = batch.view.getBigUint64(start, little);
        else if (length === 4) own[code] = BigInt(batch.view.getUint32(start, little));
      });
      options.push(own);
    }
  });
  return { workspace, options };
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

test("direction, packet id, names and the comment of the capture are kept", async () => {
  const input = join(folder, "told.pcapng");
  const to = join(folder, "told-out.pcapng");
  const traffic = parseTraffic(`${NAMES}
    host 10.1.0.5 client
    0 @eth0 a > b vxlan(vni=7, n1 > n2) udp "x" dir=out packetid=77 drops=3
    1 @eth0 b > a udp "y" dir=in`);
  writeFileSync(input, trafficToPcapng(traffic, { comment: "before the upgrade" }));
  await exportFile([input], to, { decapsulate: Infinity, plain: true });
  const { workspace, options } = await capturedOptions(to);
  // epb_flags (2): outbound, inbound; epb_dropcount (4), epb_packetid (5).
  expect(options).toEqual([{ 2: 2n, 4: 3n, 5: 77n }, { 2: 1n }]);
  expect(workspace.files[0]?.names).toEqual([{ address: "10.1.0.5", names: ["client"] }]);
  expect(workspace.files[0]?.sections.map(({ comments }) => comments)).toEqual([["before the upgrade"]]);
});

test("several captures are one section, with interfaces of their own", async () => {
  const inputs = ["n1", "n2"].map((name, i) => {
    const path = join(folder, `${name}.pcapng`);
    writeFileSync(
      path,
      trafficToPcapng(
        parseTraffic(
          `${NAMES} ${i} @eth0 a > b vxlan(vni=7, n1 > n2) udp "x"`.replace(/ (\d) @eth0 a/, "\n$1 @eth0 a"),
        ),
        { comment: `of ${name}` },
      ),
    );
    return path;
  });
  const to = join(folder, "both.pcapng");
  await exportFile(inputs, to, { decapsulate: Infinity });
  const { workspace } = await capturedOptions(to);
  expect(workspace.files[0]?.sections).toHaveLength(1);
  expect(workspace.files[0]?.interfaces.map((i) => i.description)).toEqual([
    "inside the tunnels of n1.pcapng#0",
    "inside the tunnels of n2.pcapng#0",
  ]);
});

test("a filter chooses packets as they were captured; other targets refuse", async () => {
  expect(await exported(NESTED, Infinity, "vxlan")).toHaveLength(1);
  expect(await exported(NESTED, Infinity, "geneve")).toHaveLength(0);
  await expect(exportFile([join(folder, "in.pcapng")], join(folder, "x.csv"), { decapsulate: 1 })).rejects.toThrow(
    UsageError,
  );
});
