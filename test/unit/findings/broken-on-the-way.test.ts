/** A tunnel's outer checksum that is right where the sender is captured and wrong from the next point on: a NIC or a machine between broke it. */
import { describe, expect, test } from "vitest";
import { search, type Searched } from "../../builders/find-in-traffic";
import { TwoNodes } from "../../builders/two-nodes";

const NAME = "web.shop.svc.cluster.local";

/** The same packet at the pod's veth and inside the tunnel at both NICs; `at` are seconds, the sums are those at n1 and at n2. */
function sent(
  at: readonly number[],
  what: string,
  sums: readonly [string, string],
  more: readonly string[] = [],
): TwoNodes {
  const nodes = new TwoNodes();
  at.forEach((seconds, i) => {
    const time = (micros: number): string => (seconds + micros / 1e6).toFixed(6);
    const first = i === 0 || what.startsWith("dns");
    nodes
      .line(`p${i}: ${time(0)} @n1/veth1 ${first ? `10.1.0.5:40000 > 10.1.1.9:53 ${what}` : "again p0"}`)
      .line(`${time(20)} @n1/eth0 seen p${i} vxlan(vni=1, n1 > n2, checksum=${sums[0]}) hops=1`)
      .line(`${time(40)} @n2/eth0 seen p${i} vxlan(vni=1, n1 > n2, checksum=${sums[1]}) hops=1`);
  });
  for (const line of more) nodes.line(line);
  return nodes
    .line('29.0 @n1/eth0 192.168.0.1:6000 > 192.168.0.2:6001 udp "tick"')
    .line('29.0 @n2/eth0 192.168.0.1:6000 > 192.168.0.2:6001 udp "tick"');
}

const syns = (sums: readonly [string, string]): TwoNodes =>
  sent([0, 1, 3, 7], "tcp SYN seq=1000 id=101 ts=5000,0", sums);
const of = async (nodes: TwoNodes, file?: "n2.pcapng"): Promise<Searched> => {
  const captures = nodes.captures();
  return search(file ? { [file]: captures[file] as Uint8Array } : captures);
};

describe("an outer checksum that is wrong from some point on", () => {
  test.each(["right", "partial", "none"])("%s at the sender, wrong behind it: between the two", async (sound) => {
    const found = await of(syns([sound, "wrong"]));
    expect(found.findings.map((f) => f.kind)).toEqual(["broken-outer-checksum"]);
    const [broken] = found.findings;
    expect(broken?.title).toBe("Wrong outer UDP checksum: connections through the tunnel from n1 stall");
    expect(broken?.where).toEqual(["n1.pcapng#1", "n2.pcapng#0", "n1"]);
    expect(broken?.fits[0]).toBe(
      "what lies between eth0 of n1 and eth0 of n2 rewrites the packet and not its checksum",
    );
    expect(broken?.check[0]).toMatch(/^ethtool -K .* # on n1$/);
  });

  test("the receiver's file alone: the sender is who the outer source is, not who recorded", async () => {
    const [broken] = (await of(syns(["right", "wrong"]), "n2.pcapng")).of("broken-outer-checksum");
    expect(broken?.title).toBe(
      "Wrong outer UDP checksum: connections through the tunnel from 192.168.0.1 to 192.168.0.2 stall",
    );
    expect(broken?.check[0]).toMatch(/# on 192\.168\.0\.1$/);
  });

  test("not where it is wrong at the sender only: what arrives is right, the silence has another cause", async () => {
    const found = await of(syns(["wrong", "right"]));
    expect(found.findings.map((f) => f.kind)).toEqual(["policy-silence"]);
  });
});

describe("what is asked through the tunnel in UDP", () => {
  const dns = (sums: readonly [string, string], more: readonly string[] = []): TwoNodes =>
    sent([0, 5], `dns query 1 A ${NAME}`, sums, more);

  test("DNS that is never answered is the tunnel's", async () => {
    const found = await of(dns(["right", "wrong"]));
    expect(found.findings.map((f) => f.kind)).toEqual(["broken-outer-checksum", "dns-stall"]);
    expect(found.findings[0]?.title).toBe(
      "Wrong outer UDP checksum: UDP packets through the tunnel from n1 are not answered",
    );
  });

  test("not where another question with a wrong sum is answered, nor what need not be answered", async () => {
    const other = [
      `o: 0.5 @n1/eth0 10.1.0.7:7000 > 10.1.1.9:53 vxlan(vni=1, n1 > n2, checksum=wrong) dns query 7 A ${NAME}`,
      `0.501 @n1/eth0 10.1.1.9:53 > 10.1.0.7:7000 vxlan(vni=1, n2 > n1) dns answer 7 A ${NAME} 10.96.0.10`,
    ];
    expect((await of(dns(["wrong", "wrong"], other))).of("broken-outer-checksum")).toEqual([]);
    const oneWay = await of(sent([0, 1, 2], 'udp "line"', ["wrong", "wrong"]));
    expect(oneWay.findings).toEqual([]);
  });
});
