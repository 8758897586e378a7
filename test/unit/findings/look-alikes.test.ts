/** What looks like a fault and is another one, or none: each finding beside its look-alike. */
import { describe, expect, test } from "vitest";
import { findingLines, search, type Searched } from "../../builders/find-in-traffic";
import { parseTraffic } from "../../builders/traffic";
import { splitByNode, TwoNodes } from "../../builders/two-nodes";

describe("large packets vanish", () => {
  /** A conversation whose last question is large and is sent four times, never to arrive. Then `after`. Both points in one file. */
  const searchStuck = (after: string): Promise<Searched> =>
    search({
      "all.pcapng": `@near = ethernet
        @far = ethernet
        c = 10.20.0.5:4000   s = 10.27.0.9:8080
        a: 0.000 @near c > s tcp SYN seq=1000 id=1 mss=1460
           0.001 @far  seen a hops=1
        b: 0.002 @far  s > c tcp SYN,ACK seq=5000 ack=1001 id=2 mss=1460
           0.003 @near seen b hops=1
        d: 0.004 @near c > s tcp ACK seq=1001 ack=5001 id=3
           0.005 @far  seen d hops=1
        e: 0.030 @near c > s tcp PSH,ACK seq=1001 ack=5001 id=4 "POST / HTTP/1.1\\r\\n\\r\\n"
           0.031 @far  seen e hops=1
        f: 0.040 @far  s > c tcp ACK seq=5001 ack=1020 id=5
           0.041 @near seen f hops=1
        g: 0.050 @near c > s tcp PSH,ACK seq=1020 ack=5001 id=6 len=1400
           0.250 @near again g
           0.650 @near again g
        ${after}
           1.450 @near again g`,
    });
  const stuck = (after: string): Promise<readonly string[]> => searchStuck(after).then(findingLines);
  /** Another client's connection: `what` of its packets arrive. */
  const other = (arrives: boolean, len: number): string => `
        k: 0.700 @near 10.20.0.6:4444 > s tcp SYN seq=100 id=11 mss=1460
        ${
          arrives
            ? `   0.701 @far  seen k hops=1
        l: 0.702 @far  s > 10.20.0.6:4444 tcp SYN,ACK seq=900 ack=101 id=12 mss=1460
           0.703 @near seen l hops=1
        m: 0.704 @near 10.20.0.6:4444 > s tcp PSH,ACK seq=101 ack=901 id=13 len=${len}
           0.705 @far  seen m hops=1
        n: 0.706 @far  s > 10.20.0.6:4444 tcp ACK seq=901 ack=${101 + len} id=14
           0.707 @near seen n hops=1`
            : `   1.700 @near again k
           3.700 @near again k`
        }`;

  test("a blackhole, though the last packet of the recording is the one that is stuck", async () => {
    expect(await stuck(other(true, 90))).toEqual([
      "error mtu-blackhole: MTU blackhole between near of all and far of all: 1440 bytes vanish, 59 pass",
    ]);
  });

  test("not where another connection's packets pass that are as large", async () => {
    expect(await stuck(other(true, 1400))).toEqual([
      "error lost-between: 3 packets lost between near of all and far of all",
    ]);
  });

  test("not where small ones vanish there, too: the link is dead", async () => {
    expect(await stuck(other(false, 0))).toEqual([
      "error lost-between: 4 packets lost between near of all and far of all",
      "warn policy-silence: No answer from 10.27.0.9:8080: SYNs vanish without a word",
    ]);
  });

  test("not where nothing at all is heard afterwards: the loss is told, and that size may be the cause", async () => {
    const found = await searchStuck('3.0 @far 10.27.0.1:1 > 10.27.0.2:2 udp "other"');
    expect(findingLines(found)).toEqual(["error lost-between: 4 packets lost between near of all and far of all"]);
    expect(found.findings[0]?.fits).toContain("an MTU below 1440 bytes: the largest packet that passed has 59");
  });

  test("not at one point, where a forgotten connection is stuck and another one of the same two delivers as much", async () => {
    const found = await search({
      "c.pcapng": `@eth0 = ethernet
        c = 10.20.0.5:4000   s = 10.27.0.9:8080   c2 = 10.20.0.5:4001
           0.00 @eth0 c > s tcp SYN seq=1000 mss=1460
           0.01 @eth0 s > c tcp SYN,ACK seq=5000 ack=1001 mss=1460
           0.02 @eth0 c > s tcp PSH,ACK seq=1001 ack=5001 len=100
           0.04 @eth0 s > c tcp ACK seq=5001 ack=1101
        b: 4000.0 @eth0 c > s tcp PSH,ACK seq=1101 ack=5001 len=1400
           4000.2 @eth0 again b
           4000.6 @eth0 again b
           4001.4 @eth0 again b
           4001.50 @eth0 c2 > s tcp SYN seq=77000 mss=1460
           4001.51 @eth0 s > c2 tcp SYN,ACK seq=85000 ack=77001 mss=1460
           4001.52 @eth0 c2 > s tcp PSH,ACK seq=77001 ack=85001 len=1400
           4001.54 @eth0 s > c2 tcp ACK seq=85001 ack=78401`,
    });
    expect(findingLines(found)).toEqual([]);
  });
});

describe("a packet is not at the next point", () => {
  test("and arrived: acknowledged there before it is sent again, so the capture has a gap", async () => {
    const nodes = new TwoNodes()
      .handshake(0)
      .send("client", 0.1, 'tcp PSH,ACK id=110 ts=6110,7000 "GET /a"', { reaches: 2, label: "q" })
      .send("server", 0.102, 'tcp PSH,ACK id=510 ts=8110,6110 ack=isn+7 "answer"')
      .send("client", 0.4, "again q")
      .send("server", 0.41, "tcp ACK id=511 ts=8410,6110 ack=isn+7");
    const found = await search(nodes.captures());
    expect(findingLines(found)).toEqual([
      "note lost-between: The capture at eth0 of n2 has a gap: 1 packet arrived and is not in it",
    ]);
    expect(found.findings[0]?.ruledOut).toEqual(["loss: the receiver acknowledged them"]);
  });

  test("and the capture there says that it lost as many itself: a note, an inference", async () => {
    const log = (dropped: number): Promise<readonly string[]> => {
      const nodes = new TwoNodes({ server: "10.1.1.9:514" });
      for (let i = 0; i < 40; i++)
        nodes.send("client", i * 0.05, `udp id=${100 + i} "message number ${i}"`, { reaches: i === 20 ? 2 : 4 });
      // Both points of the node miss it, as they would if it were lost: eth0 is the first.
      return search(nodes.line(`counts @n2/eth0 received=40 dropped=${dropped}`).captures()).then(findingLines);
    };
    expect(await log(1)).toEqual(["note lost-between: 1 packet not seen at eth0 of n2, whose capture lost 1 itself"]);
    expect(await log(0)).toEqual(["warn lost-between: 1 packet lost between eth0 of n1 and eth0 of n2"]);
  });
});

test("answers that are lost on their way back have no other way", async () => {
  const there = ["n1/veth1", "n1/eth0", "g/lan", "g/wan", "n2/eth0", "n2/veth2"];
  const lines = there.map((p) => `@${p} = ethernet resolution=ns`);
  lines.push("a = 10.1.0.5:40000   b = 10.1.1.9:8080");
  const walk = (label: string, at: number, what: string, points: readonly string[]): void => {
    points.forEach((point, i) =>
      lines.push(
        `${i === 0 ? `${label}: ` : ""}${(at + i * 2e-5).toFixed(6)} @${point} ${i === 0 ? what : `seen ${label} hops=${Math.ceil(i / 2)}`}`,
      ),
    );
  };
  // SYNs arrive, their answers end at the gateway each time.
  for (const [i, at] of [0, 1, 3].entries()) {
    walk(`s${i}`, at, `a > b tcp SYN seq=3000000000 id=${100 + i} ts=${5000 + i},0`, there);
    walk(`r${i}`, at + 0.01, `b > a tcp SYN,ACK seq=2000000000 ack=3000000001 id=${200 + i} ts=${7000 + i},5000`, [
      "n2/veth2",
      "n2/eth0",
      "g/wan",
    ]);
  }
  expect((await search(splitByNode(parseTraffic(lines.join("\n"))))).of("asymmetric-path")).toEqual([]);
});

describe("conntrack clash", () => {
  /** Two questions at once; the second one never comes out of n1, or out of the wire. */
  const clash = (second: number, reaches: number): Promise<readonly string[]> => {
    const nodes = new TwoNodes({ server: "10.1.1.3:5300", service: "10.96.0.10:5300" })
      .line('0.5 @n2/eth0 192.168.0.9:7000 > 192.168.0.2:7000 udp "this point records already"')
      .send("client", 1, 'udp id=1 "first question"')
      .send("client", 1 + second, 'udp id=2 "second question"', { reaches, label: "x" })
      .send("server", 1.001, 'udp id=3 "first answer"')
      .send("client", 6, 'udp id=4 "second question"')
      .send("server", 6.001, 'udp id=5 "second answer"');
    return search(nodes.captures()).then((found) => findingLines(found).filter((l) => !l.includes(" dns-stall")));
  };

  test("the second of two at once vanishes at the translation", async () => {
    expect(await clash(0.00001, 1)).toEqual([
      "warn conntrack-clash: Conntrack clash on n1: packets sent at once from one port, one is dropped at the translation",
    ]);
  });

  test("not where the first one was answered before: its entry was there", async () => {
    expect(await clash(0.013, 1)).toEqual(["warn lost-between: 1 packet lost between veth1 of n1 and eth0 of n1"]);
  });

  test("not where it vanishes between two machines", async () => {
    expect(await clash(0.00001, 2)).toEqual(["warn lost-between: 1 packet lost between eth0 of n1 and eth0 of n2"]);
  });
});

test("a rule that rejects is no Service without endpoints: an outside address, a pod's own", async () => {
  const outside = await search({
    "n1.pcapng": `@veth0 = ethernet
      @eth0 = ethernet
      pod = 10.1.0.5:47004   mx = 203.0.113.9:25   r = 192.168.0.254
      s: 0.0    @veth0 pod > mx tcp SYN seq=1000 id=7 mss=1460
      t: 0.0001 @eth0  seen s src=192.168.0.1:47004 hops=1
         0.0005 @eth0  r > 192.168.0.1 icmp unreachable port quoting t
         0.0006 @veth0 r > pod icmp unreachable port quoting s`,
  });
  expect(findingLines(outside)).toEqual(["warn no-endpoint: 203.0.113.9:25 is rejected by a rule"]);
  const pod = new TwoNodes()
    .send("client", 0, "tcp SYN id=101 ts=5000,0", { reaches: 2, label: "s" })
    .line("0.0005 @n1/veth1 192.168.0.2 > 10.1.0.5 icmp unreachable port quoting s");
  const [rejected, ...more] = (await search(pod.captures())).findings;
  expect(more).toEqual([]);
  expect(rejected).toMatchObject({ kind: "no-endpoint", title: "10.1.1.9:8080 is rejected by a rule" });
});

test("NetworkPolicies that are younger than the packets were imported, and do not apply", async () => {
  const nodes = new TwoNodes()
    .line("other = 10.1.1.77:9000   monitor = 10.1.1.1:50000")
    .send("client", 0, "tcp SYN id=101 ts=5000,0", { reaches: 3, label: "s" })
    .send("client", 1, "again s", { reaches: 3 });
  const [silence] = (
    await search(nodes.captures(), {
      cluster: `{ kind: NetworkPolicy, apiVersion: networking.k8s.io/v1, metadata: { name: late, namespace: shop, creationTimestamp: "2999-01-01T00:00:00Z" }, spec: { podSelector: {} } }`,
    })
  ).of("policy-silence");
  expect(silence?.fits[0]).toBe(
    "a NetworkPolicy or firewall rule that drops (the imported NetworkPolicies were not there yet when these packets were sent)",
  );
});
