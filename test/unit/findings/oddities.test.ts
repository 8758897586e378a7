/** ARP conflicts, strange TTLs, copies, ways that differ. */
import { describe, expect, test } from "vitest";
import { findingLines, search } from "../../builders/find-in-traffic";
import { splitByNode, TwoNodes } from "../../builders/two-nodes";
import { parseTraffic } from "../../builders/traffic";

describe("ARP conflict", () => {
  const arp = (lines: string): Promise<readonly string[]> =>
    search({
      "n1.pcapng": `@cni0 = ethernet\nasker = 10.1.0.1\nx = 10.1.0.7 mac=02:00:00:00:00:0a\ny = 10.1.0.7 mac=02:00:00:00:00:0b\n${lines}`,
    }).then((found) => findingLines({ ...found, findings: found.of("arp-conflict") }));

  test("two answers to one question", async () => {
    expect(
      await arp(`0.0 @cni0 asker > x arp request
                 0.001 @cni0 x > asker arp reply
                 0.002 @cni0 y > asker arp reply`),
    ).toEqual([
      "error arp-conflict: Address conflict: 02:00:00:00:00:0a and 02:00:00:00:00:0b both say to have 10.1.0.7",
    ]);
  });

  test("an owner that changes back and forth", async () => {
    expect(
      await arp(`0 @cni0 x > x arp request
                 5 @cni0 y > y arp request
                 9 @cni0 x > x arp request`),
    ).toHaveLength(1);
  });

  test("not: an address that moved once to another pod", async () => {
    expect(
      await arp(`0 @cni0 x > asker arp reply
                 60 @cni0 y > y arp request
                 61 @cni0 y > asker arp reply`),
    ).toEqual([]);
  });

  test("not Calico's: every interface answers as ee:ee:ee:ee:ee:ee", async () => {
    const found = await search({
      "n1.pcapng": `@cali1 = ethernet
        pod = 10.1.0.7   gw = 169.254.1.1 mac=ee:ee:ee:ee:ee:ee   gw2 = 169.254.1.1 mac=02:00:00:00:00:99   other = 10.1.0.8 mac=ee:ee:ee:ee:ee:ee   real = 10.1.0.8
        0 @cali1 pod > gw arp request
        0.001 @cali1 gw > pod arp reply
        0.002 @cali1 gw2 > pod arp reply
        0.003 @cali1 other > pod arp reply
        0.004 @cali1 real > pod arp reply`,
    });
    expect(findingLines(found)).toEqual([]);
  });

  test("not: a proxy that answers for a whole network beside the owner", async () => {
    const others = Array.from({ length: 10 }, (_, i) => `0.${i + 10} @cni0 p${i} > asker arp reply`).join("\n");
    const names = Array.from({ length: 10 }, (_, i) => `p${i} = 10.1.0.${i + 50} mac=02:00:00:00:00:0b`).join("\n");
    expect(await arp(`${names}\n${others}\n1 @cni0 x > asker arp reply\n1.1 @cni0 y > asker arp reply`)).toEqual([]);
  });
});

describe("TTL", () => {
  test("a routing loop: the same packet at one point with less TTL each time", async () => {
    const nodes = new TwoNodes().send("client", 0, "tcp SYN seq=3000000000 id=101 ts=5000,0", {
      reaches: 3,
      label: "s",
    });
    for (let i = 1; i < 5; i++) {
      nodes.line(`${(0.0001 * i + 0.00002).toFixed(6)} @n1/eth0 seen s hops=${2 * i + 1}`);
      nodes.line(`${(0.0001 * i + 0.00004).toFixed(6)} @n2/eth0 seen s hops=${2 * i + 1}`);
    }
    const loops = (await search(nodes.captures())).of("ttl").filter((f) => f.severity === "error");
    expect(loops.map((f) => f.title)).toContain("Routing loop: packets cross eth0 of n1 again and again");
  });

  describe("no loop is", () => {
    const errors = async (files: Readonly<Record<string, string>>): Promise<readonly string[]> =>
      (await search(files)).of("ttl").flatMap((f) => (f.severity === "error" ? [f.title] : []));
    const question = (id: number, sightings: string): string =>
      `a = 10.1.0.7   b = 10.2.0.9\nq: 0 @any a:4000 > b:53 udp id=${id} "which one is it" ttl=64\n${sightings}`;

    test("a way over four routers in a capture of all interfaces", async () => {
      const seen = Array.from({ length: 8 }, (_, i) => `${(i + 1) / 1e5} @any seen q hops=${(i + 2) >> 1}`).join("\n");
      expect(await errors({ "r.pcapng": `@any = sll2\n${question(77, seen)}` })).toEqual([]);
    });

    test("one identification used for other packets, whose TTLs do not fall", async () => {
      const seen = [54, 34, 1, 60, 2, 50].map((hops, i) => `${(i + 1) / 1e3} @any seen q hops=${hops}`).join("\n");
      expect(await errors({ "r.pcapng": `@any = ethernet\n${question(78, seen)}` })).toEqual([]);
    });

    test("but in a capture of all interfaces what goes on falling is one", async () => {
      const seen = Array.from({ length: 12 }, (_, i) => `${(i + 1) / 1e5} @any seen q hops=${i + 1}`).join("\n");
      expect(await errors({ "r.pcapng": `@any = sll2\n${question(79, seen)}` })).toHaveLength(1);
    });
  });

  test("SYNs that a router with one card sends back once, and nobody answers: silence, no loop", async () => {
    const found = await search({
      "r1.pcapng": `@eth0 = ethernet
        a: 0.0 @eth0 10.20.0.5:4000 > 10.27.0.9:80 tcp SYN seq=1000 id=7 ttl=64
           0.0001 @eth0 seen a hops=1
        b: 1.0 @eth0 10.20.0.5:4000 > 10.27.0.9:80 tcp SYN seq=1000 id=8 ttl=64
           1.0001 @eth0 seen b hops=1
           9.0 @eth0 10.20.0.5:1 > 10.27.0.1:2 udp "later"`,
    });
    expect(found.findings.map((f) => f.kind)).toEqual(["policy-silence"]);
  });

  test("a RST with a TTL that is not the server's", async () => {
    const talk = (ttl: string): TwoNodes => {
      const nodes = new TwoNodes().handshake(0);
      for (let i = 0; i < 4; i++)
        nodes
          .send("client", 0.1 + i * 0.01, `tcp PSH,ACK id=${110 + i} ts=${5100 + i},7000 "q${i}"`)
          .send("server", 0.101 + i * 0.01, `tcp PSH,ACK id=${510 + i} ts=${7100 + i},${5100 + i} "a${i}"`);
      return nodes
        .line(`r: 0.3 @n1/eth0 10.1.1.9:8080 > 10.1.0.5:40000 tcp RST id=0 ${ttl}`)
        .line("0.300020 @n1/veth1 seen r hops=1");
    };
    const titles = async (ttl: string): Promise<string[]> =>
      (await search(talk(ttl).captures())).of("ttl").map((f) => f.title);
    expect(await titles("ttl=250")).toEqual([
      "A RST in the name of 10.1.1.9:8080, seen at eth0 of n1, was written by somebody else",
    ]);
    // As all others have it there: 64 at the pod, one hop behind it.
    expect(await titles("ttl=63")).toEqual([]);
  });

  test("time exceeded about ordinary packets, not about a traceroute's", async () => {
    const expired = (ttl: string): TwoNodes =>
      new TwoNodes()
        .send("client", 0, `tcp SYN seq=3000000000 id=101 ts=5000,0 ${ttl}`, { reaches: 2, label: "s" })
        .line("0.01 @n1/eth0 192.168.0.254 > 10.1.0.5 icmp time-exceeded quoting s");
    expect((await search(expired("ttl=64").captures())).of("ttl").map((f) => f.title)).toEqual([
      "192.168.0.254 says: time to live exceeded",
    ]);
    expect((await search(expired("ttl=3").captures())).of("ttl")).toEqual([]);
  });
});

describe("duplicate delivery", () => {
  /** `copies`: questions that the receiver's NIC has twice; `doubled`: exchanges that the wire between the nodes doubles. */
  const talk = (copies: (i: number) => boolean, doubled: readonly number[] = []): TwoNodes => {
    const nodes = new TwoNodes().handshake(0);
    const again = (label: string, at: number, points: readonly string[]): void => {
      points.forEach((point, i) => nodes.line(`${(at + i * 2e-5).toFixed(6)} @${point} seen ${label} hops=${i + 1}`));
    };
    for (let i = 0; i < 10; i++) {
      const at = 0.1 + i * 0.01;
      nodes.send("client", at, `tcp PSH,ACK id=${110 + i} ts=${5100 + i},7000 "question ${i}"`, { label: `q${i}` });
      if (copies(i)) nodes.line(`${(at + 0.0002).toFixed(6)} @n2/veth2 seen q${i} hops=2`);
      nodes.send("server", at + 0.001, `tcp PSH,ACK id=${510 + i} ts=${7100 + i},${5100 + i} "answer ${i}"`, {
        label: `a${i}`,
      });
      if (doubled.includes(i)) {
        again(`q${i}`, at + 0.0002, ["n2/eth0", "n2/veth2"]);
        again(`a${i}`, at + 0.0012, ["n1/eth0", "n1/veth1"]);
      }
    }
    return nodes;
  };

  test("some packets come twice at the receiver", async () => {
    const [twice, ...more] = (await search(talk((i) => i % 4 === 0).captures())).of("duplicate-delivery");
    expect(more).toEqual([]);
    expect(twice?.title).toBe("3 packets delivered twice: the copies begin between eth0 of n2 and veth2 of n2");
    expect(twice?.fits[0]).toMatch(/^a rule that copies packets/);
  });

  test("a wire that doubles both ways is one finding, about the wire and not about every point behind it", async () => {
    const [twice, ...more] = (await search(talk(() => false, [1, 2, 5]).captures())).findings;
    expect(more).toEqual([]);
    expect(twice).toMatchObject({
      kind: "duplicate-delivery",
      title: "6 packets delivered twice: the copies begin between eth0 of n1 and eth0 of n2",
      where: ["n1.pcapng#1", "n2.pcapng#0", "n1", "n2"],
      packetCount: 12,
    });
    // Between two machines it is no rule of one of them.
    expect(twice?.fits[0]).toMatch(/^a bridge loop/);
  });

  test("not a protocol that says the same every second with one identification", async () => {
    const lines = Array.from(
      { length: 12 },
      (_, i) => `${i} @eth0 10.0.0.1 > 224.0.0.18 ip proto=112 hex:2101640100ba52 id=7`,
    );
    expect(findingLines(await search({ "n1.pcapng": `@eth0 = ethernet\n${lines.join("\n")}` }))).toEqual([]);
  });

  test("not where the sender repeats: another identification", async () => {
    const nodes = talk(() => false)
      .send("client", 0.5, 'tcp PSH,ACK id=300 ts=5300,7109 "once"', { label: "x" })
      .send("client", 0.7, "again x");
    expect((await search(nodes.captures())).of("duplicate-delivery")).toEqual([]);
  });
});

describe("asymmetric path", () => {
  /** Questions from n1 by way of the gateway g to n2; answers from n2 to n1 directly, or by the gateway, too. */
  const talk = (back: readonly string[], firstBack = back): Readonly<Record<string, Uint8Array>> => {
    const lines = ["n1/veth1", "n1/eth0", "g/lan", "g/wan", "n2/eth0", "n2/veth2"].map(
      (p) => `@${p} = ethernet resolution=ns`,
    );
    lines.push("a = 10.1.0.5:40000   b = 10.1.1.9:8080");
    const walk = (label: string, at: number, what: string, points: readonly string[]): void => {
      points.forEach((point, i) => {
        const hops = points
          .slice(1, i + 1)
          .filter((p) => !p.endsWith("/lan") && !(p.startsWith("n2/eth0") && points[0] === "n1/veth1")).length;
        lines.push(
          `${i === 0 ? `${label}: ` : ""}${(at + i * 2e-5).toFixed(6)} @${point} ${i === 0 ? what : `seen ${label} hops=${hops}`}`,
        );
      });
    };
    const there = ["n1/veth1", "n1/eth0", "g/lan", "g/wan", "n2/eth0", "n2/veth2"];
    walk("s", 0, "a > b tcp SYN seq=3000000000 id=100 ts=5000,0", there);
    walk("sa", 0.001, "b > a tcp SYN,ACK seq=2000000000 id=0 ts=7000,5000", firstBack);
    for (let i = 0; i < 5; i++) {
      walk(`q${i}`, 0.01 + i * 0.01, `a > b tcp PSH,ACK id=${110 + i} ts=${5100 + i},7000 "question ${i}"`, there);
      walk(`r${i}`, 0.015 + i * 0.01, `b > a tcp PSH,ACK id=${510 + i} ts=${7100 + i},${5100 + i} "answer ${i}"`, back);
    }
    return splitByNode(parseTraffic(lines.join("\n")));
  };

  test("answers leave the gateway out", async () => {
    const [one, ...more] = (await search(talk(["n2/veth2", "n2/eth0", "n1/eth0", "n1/veth1"]))).of("asymmetric-path");
    expect(more).toEqual([]);
    expect(one).toMatchObject({ severity: "note", where: ["g.pcapng#0", "g.pcapng#1"] });
  });

  test("not where they take the same way", async () => {
    const found = await search(talk(["n2/veth2", "n2/eth0", "g/wan", "g/lan", "n1/eth0", "n1/veth1"]));
    expect(found.of("asymmetric-path")).toEqual([]);
  });

  test("not where some of them take the same way: what the gateway did not show of the others was cut or in fragments", async () => {
    const found = await search(
      talk(
        ["n2/veth2", "n2/eth0", "n1/eth0", "n1/veth1"],
        ["n2/veth2", "n2/eth0", "g/wan", "g/lan", "n1/eth0", "n1/veth1"],
      ),
    );
    expect(found.of("asymmetric-path")).toEqual([]);
  });
});

test("text from captures and cluster files never makes a second line or a second command", async () => {
  const nodes = new TwoNodes({ server: "10.96.0.10:81" })
    .send("client", 0, "tcp SYN id=101 ts=5000,0", { reaches: 1, label: "s" })
    .send("client", 1, "again s", { reaches: 1 });
  const hostile = "web'; rm -rf ~; echo \\n\\u202e";
  const found = await search(nodes.captures(), {
    cluster: `{ kind: Service, metadata: { name: "${hostile}", namespace: "a b" }, spec: { clusterIP: 10.96.0.10, ports: [{ port: 80 }] } }`,
  });
  const [finding] = found.findings;
  expect(finding?.check[0]).toBe(`kubectl -n 'a b' get service 'web'\\''; rm -rf ~; echo \\x0a\\x202e' -o yaml`);
  expect(JSON.stringify(found.findings)).not.toMatch(/\\n|\u202e/);
});
