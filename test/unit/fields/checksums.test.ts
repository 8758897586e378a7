/** Checksums: right, wrong, left to the device (offload), absent, and those that cannot be verified. */
import { describe, expect, it } from "vitest";
import { fieldRows } from "../../builders/run-engine";
import { parseTraffic, trafficToPcapng } from "../../builders/traffic";

/** status, "bad" and "partial" of each packet, for the protocol. */
async function states(protocol: string, text: string, verify: boolean): Promise<string[]> {
  const names = ["status", "bad", "partial"].filter((n) => n !== "partial" || protocol === "tcp" || protocol === "udp");
  const rows = await fieldRows(
    trafficToPcapng(parseTraffic(text)),
    names.map((n) => `${protocol}.checksum.${n}`),
    "streams",
    {},
    verify,
  );
  return rows.map(([status, bad, partial]) => [status, bad && "bad", partial && "partial"].filter(Boolean).join(" "));
}

const KINDS = ["right", "wrong", "partial"];
const each = (line: (checksum: string) => string): string => KINDS.map((c, i) => `0.${i} ${line(c)}`).join("\n");

describe("TCP", () => {
  const four = each((c) => `10.0.0.1:1 > 10.0.0.2:2 tcp ACK "odd length" checksum=${c}`);
  const six = each((c) => `[fd00::1]:1 > [fd00::2]:2 tcp ACK "x" checksum=${c}`);

  it("is good, bad, or good because the device will do it", async () => {
    for (const text of [four, six]) expect(await states("tcp", text, true)).toEqual(["1", "0 bad", "1 partial"]);
  });

  it("is not verified unless asked for, as in tshark; bad and partial can be filtered all the same", async () => {
    expect(await states("tcp", four, false)).toEqual(["2", "2 bad", "2 partial"]);
  });

  it("inside a tunnel is told for each layer", async () => {
    expect(
      await states(
        "tcp",
        "0.0 10.0.0.1:1 > 10.0.0.2:2 vxlan(vni=1, 192.168.1.1 > 192.168.1.2) tcp SYN checksum=partial",
        true,
      ),
    ).toEqual(["1 partial"]);
  });

  it("cannot be verified where bytes are missing", async () => {
    expect(await states("tcp", `0.0 10.0.0.1:1 > 10.0.0.2:2 tcp ACK len=200 checksum=wrong snap=100`, true)).toEqual([
      "2",
    ]);
  });
});

describe("UDP", () => {
  it("may have none over IPv4, and must have one over IPv6", async () => {
    expect(
      await states(
        "udp",
        each((c) => `10.0.0.1:1 > 10.0.0.2:2 udp "abc" checksum=${c}`),
        true,
      ),
    ).toEqual(["1", "0 bad", "1 partial"]);
    expect(await states("udp", `0.0 10.0.0.1:1 > 10.0.0.2:2 udp "abc" checksum=none`, true)).toEqual(["3"]);
    expect(await states("udp", `0.0 [fd00::1]:1 > [fd00::2]:2 udp "abc" checksum=none`, true)).toEqual(["4"]);
  });

  it("covers a datagram that was rebuilt, and none of its pieces", async () => {
    expect(await states("udp", `0.0 10.0.0.1:1 > 10.0.0.2:2 udp len=3000 checksum=wrong frag=1480`, true)).toEqual([
      "2",
      "",
      "0 bad",
    ]);
  });
});

describe("ICMP", () => {
  it("is always verified, as tshark does; what an error quotes is not", async () => {
    const text = `0.0 10.0.0.1 > 10.0.0.2 icmp request ident=1 seq=1 checksum=right
      0.1 10.0.0.1 > 10.0.0.2 icmp request ident=1 seq=2 checksum=wrong`;
    expect(await states("icmp", text, false)).toEqual(["1", "0 bad"]);
    const six = `0.0 fd00::1 > fd00::2 icmp request ident=1 seq=1 checksum=right
      0.1 fd00::1 > fd00::2 icmp request ident=1 seq=2 checksum=wrong`;
    expect(await states("icmpv6", six, false)).toEqual(["1", "0 bad"]);
  });
});
