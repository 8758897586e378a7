/**
 * What a node's bridge shows where the pods' own wires were not recorded. Bridge netfilter translates answers back before the bridge shows
 * them, a promiscuous bridge shows copies late, and nobody's veth tells who is a pod.
 */
import { describe, expect, test } from "vitest";
import { connectionLines, connectionsOf, joinTraffic } from "../../builders/join-files";

const POINTS = "@cni0 = ethernet resolution=ns\n@eth0 = ethernet resolution=ns\n@veth1 = ethernet resolution=ns\n";
const GATE = "02:aa:00:00:00:01";
const POD = "02:bb:00:00:00:09";
const CLIENT = "02:bb:00:00:00:05";

/** From the bridge to the pod, and back. */
const toPod = `smac=${GATE} dmac=${POD}`;
const fromPod = `smac=${POD} dmac=${GATE}`;

describe("the server's veth is missing", () => {
  test("a node port's call: what goes to the pod says as whom it sees the client", async () => {
    const result = await joinTraffic({
      "n1.pcapng": `${POINTS}
        o = 198.51.100.9:41000   node = 192.0.2.10:31000   pod = 10.1.0.9:8080   hidden = 10.1.0.1:41000
        q1: 0.000000 @eth0 o > node tcp SYN seq=3000000000 id=4660 ts=900000001,0 ttl=63
            0.000030 @cni0 seen q1 src=hidden dst=pod hops=1 ${toPod}
        r1: 0.000060 @cni0 pod > o tcp SYN,ACK seq=2000000000 ack=3000000001 id=0 ts=700000001,900000001 ${fromPod}
            0.000064 @eth0 seen r1 src=node hops=1
        q2: 0.000100 @eth0 o > node tcp PSH,ACK seq=3000000001 ack=2000000001 id=4661 ts=900000002,700000001 "GET / HTTP/1.1\\r\\n\\r\\n" ttl=63
            0.000130 @cni0 seen q2 src=hidden dst=pod hops=1 ${toPod}
        r2: 0.000160 @cni0 pod > o tcp PSH,ACK seq=2000000001 ack=3000000019 id=99 ts=700000004,900000002 "HTTP/1.1 200 OK\\r\\n\\r\\n" ${fromPod}
            0.000164 @eth0 seen r2 src=node hops=1`,
    });
    expect(connectionLines(result)).toEqual([
      "tcp 198.51.100.9:41000 > 192.0.2.10:31000 = 10.1.0.9:8080 as 10.1.0.1:41000 | n1@eth0 n1@cni0 | dnat n1@eth0..n1@cni0, snat n1@eth0..n1@cni0",
    ]);
  });

  test("a call on the same node: a copy of the answer that comes late turns nothing round", async () => {
    const result = await joinTraffic({
      "n1.pcapng": `${POINTS}
        c = 10.1.0.5:40000   svc = 10.96.0.10:80   pod = 10.1.0.9:8080
        q1: 0.000000 @veth1 c > svc tcp SYN seq=3000000000 id=4660 ts=900000001,0 smac=${CLIENT} dmac=${GATE}
            0.000050 @cni0 seen q1 dst=pod smac=${CLIENT} dmac=${GATE}
            0.000053 @cni0 seen q1 dst=pod hops=1 ${toPod}
        r1: 0.000090 @veth1 svc > c tcp SYN,ACK seq=2000000000 ack=3000000001 id=0 ts=700000001,900000001 smac=${POD} dmac=${CLIENT}
            0.000091 @cni0 seen r1 src=pod smac=${POD} dmac=${CLIENT}
        q2: 0.000100 @veth1 c > svc tcp PSH,ACK seq=3000000001 ack=2000000001 id=4661 ts=900000002,700000001 "GET / HTTP/1.1\\r\\n\\r\\n" smac=${CLIENT} dmac=${GATE}
            0.000106 @cni0 seen q2 dst=pod smac=${CLIENT} dmac=${GATE}
            0.000107 @cni0 seen q2 dst=pod hops=1 ${toPod}
        r2: 0.000160 @veth1 svc > c tcp PSH,ACK seq=2000000001 ack=3000000019 id=99 ts=700000004,900000002 "HTTP/1.1 200 OK\\r\\n\\r\\n" smac=${POD} dmac=${CLIENT}
            0.000161 @cni0 seen r2 src=pod smac=${POD} dmac=${CLIENT}`,
    });
    expect(connectionLines(result)[0]).toMatch(/^tcp 10\.1\.0\.5:40000 > 10\.96\.0\.10:80 = 10\.1\.0\.9:8080 /);
    expect(connectionsOf(result).map((c) => c.translations.map((t) => t.kind))).toEqual([["dnat"]]);
  });

  /** A node's own call: the request goes out translated, the answer is for the node itself. Nothing is seen twice. */
  const ownCall = (client: string, port: number, isn: number): string => `
    ${port - 40999}.000000 @cni0 10.1.0.1:${port} > ${client}:8080 tcp SYN seq=${isn} id=4660 ts=900000001,0 ${toPod}
    ${port - 40999}.000050 @cni0 ${client}:8080 > 192.0.2.10:${port} tcp SYN,ACK seq=${isn - 1e9} ack=${isn + 1} id=0 ts=700000001,900000001 ${fromPod}
    ${port - 40999}.000090 @cni0 10.1.0.1:${port} > ${client}:8080 tcp PSH,ACK seq=${isn + 1} ack=${isn - 1e9 + 1} id=4661 ts=900000002,700000001 "GET / HTTP/1.1\\r\\n\\r\\n" ${toPod}
    ${port - 40999}.000150 @cni0 ${client}:8080 > 192.0.2.10:${port} tcp PSH,ACK seq=${isn - 1e9 + 1} ack=${isn + 19} id=99 ts=700000004,900000002 "HTTP/1.1 200 OK\\r\\n\\r\\n" ${fromPod}`;

  test("a node's own call: what each side acknowledges is what the other sent", async () => {
    const result = await joinTraffic({ "n1.pcapng": POINTS + ownCall("10.1.0.9", 41000, 3000000000) });
    expect(connectionLines(result)).toEqual([
      "tcp 192.0.2.10:41000 > * = 10.1.0.9:8080 as 10.1.0.1:41000 | n1@cni0 | snat n1@cni0..n1@cni0",
    ]);
    expect(connectionsOf(result)[0]?.translations[0]?.evidence).toEqual(["tcp-ack"]);
  });

  test("numbers that several share tie nothing together", async () => {
    const result = await joinTraffic({
      "n1.pcapng": POINTS + ownCall("10.1.0.9", 41000, 3000000000) + ownCall("10.1.0.9", 41001, 3000000000),
    });
    expect(connectionsOf(result).flatMap((c) => c.translations)).toEqual([]);
  });

  test("a pod that reaches itself: on a bridge it asked for another address, whatever that was", async () => {
    const result = await joinTraffic({
      "n1.pcapng": `${POINTS}
        a = 10.1.0.9:40000   b = 10.1.0.9:8080
        1.000000 @cni0 a > b tcp SYN seq=3000000000 id=4660 ${fromPod}
        1.000040 @cni0 b > a tcp SYN,ACK seq=2000000000 ack=3000000001 id=0 ${fromPod}
        2.000000 @cni0 10.1.0.5:40001 > 203.0.113.7:80 udp "something" id=7 smac=${CLIENT} dmac=${GATE}
        2.000100 @cni0 203.0.113.7:80 > 10.1.0.5:40001 udp "and more" id=8 ttl=50 smac=${GATE} dmac=${CLIENT}`,
    });
    const [call] = connectionsOf(result);
    expect([call?.kind, call?.hairpin, call?.requested, call?.seenByServerAs]).toEqual([
      "pod-to-service",
      true,
      null,
      null,
    ]);
  });
});

describe("only the bridge and the card are recorded", () => {
  /** Two pods and what they say to each other and to the world, on a bridge of this name. */
  const recorded = (bridge: string): string => `
    @${bridge} = ethernet resolution=ns
    @eth0 = ethernet resolution=ns
    1.000 @${bridge} 10.1.0.5:4000 > 10.1.0.9:53 udp "first question" id=11 smac=${CLIENT} dmac=${POD}
    1.001 @${bridge} 10.1.0.9:53 > 10.1.0.5:4000 udp "first answer" id=12 smac=${POD} dmac=${CLIENT}
    p: 2.000 @${bridge} 10.1.0.5:4001 > 203.0.113.7:53 udp "second question" id=13 smac=${CLIENT} dmac=${GATE}
    2.00001 @eth0 seen p src=192.0.2.10:4001 hops=1 smac=02:cc:00:00:00:01 dmac=02:cc:00:00:00:02
    q: 2.001 @eth0 203.0.113.7:53 > 192.0.2.10:4001 udp "second answer" id=14 ttl=52 smac=02:cc:00:00:00:02 dmac=02:cc:00:00:00:01
    2.00101 @${bridge} seen q dst=10.1.0.5:4001 hops=1 smac=${GATE} dmac=${CLIENT}`;
  const kinds = async (bridge: string): Promise<string[]> =>
    connectionsOf(await joinTraffic({ "n1.pcapng": recorded(bridge) })).map((c) => `${c.kind} ${c.locality}`);

  test("what has a MAC of its own behind a container bridge is a pod", async () => {
    expect(await kinds("cni0")).toEqual(["pod-to-pod same-node", "egress outside"]);
  });

  test("behind a bridge of any other name it may be a host", async () => {
    expect(await kinds("br0")).toEqual(["unknown unknown", "unknown unknown"]);
  });
});

describe("all that a pod sends crosses its bridge twice", () => {
  const ROUTER = "02:cc:00:00:00:02";
  const [NODE, OUT] = ["192.0.2.10", "02:cc:00:00:00:01"];
  /** A caller behind a device of the bridge asks an address that leads back to this node and to the pod behind `kwv`. */
  const recorded = (device: string, words = ""): string => {
    const [up, down] = [`smac=${CLIENT} dmac=${GATE} ${words}`, `smac=${GATE} dmac=${CLIENT}`];
    const [out, back] = [`smac=${OUT} dmac=${ROUTER}`, `smac=${ROUTER} dmac=${OUT}`];
    return `
      @${device} = ethernet resolution=ns
      @kb0 = ethernet resolution=ns
      @kwv = ethernet resolution=ns
      @ens9 = ethernet resolution=ns
      s: 1.0000 @ens9 198.51.100.9:999 > ${NODE}:31000 udp "from far away" id=7 ttl=60 ${back}
      1.0001 @kb0 seen s dst=10.1.0.9:53 hops=1 ${toPod}
      1.0002 @kwv seen s dst=10.1.0.9:53 hops=1 ${toPod}
      t: 1.0003 @kwv 10.1.0.9:53 > 198.51.100.9:999 udp "to far away" id=8 ${fromPod}
      1.0004 @kb0 seen t ${fromPod}
      1.0005 @ens9 seen t src=${NODE}:31000 hops=1 ${out}
      q: 2.0000 @${device} 10.1.0.6:4000 > 100.64.5.2:8080 udp "ask" id=11 ${up}
      2.0001 @kb0 seen q ${up}
      2.0002 @ens9 seen q src=${NODE}:4000 hops=1 ${out}
      2.0003 @ens9 seen q src=${NODE}:4000 dst=${NODE}:31000 hops=2 ${back}
      2.0004 @kb0 seen q src=${NODE}:4000 dst=10.1.0.9:53 hops=3 ${toPod}
      2.0005 @kwv seen q src=${NODE}:4000 dst=10.1.0.9:53 hops=3 ${toPod}
      r: 2.0010 @kwv 10.1.0.9:53 > ${NODE}:4000 udp "told" id=12 ${fromPod}
      2.0011 @kb0 seen r ${fromPod}
      2.0012 @ens9 seen r src=${NODE}:31000 hops=1 ${out}
      2.0013 @ens9 seen r src=100.64.5.2:8080 hops=2 ${back}
      2.0014 @kb0 seen r src=100.64.5.2:8080 dst=10.1.0.6:4000 hops=3 ${down}
      2.0015 @${device} seen r src=100.64.5.2:8080 dst=10.1.0.6:4000 hops=3 ${down}`;
  };
  const roleOf = async (text: string): Promise<string | undefined> =>
    (await joinTraffic({ "n1.pcapng": text })).points[0]?.role;

  test("the port with one MAC and one address behind it is the pod's veth", async () => {
    const result = await joinTraffic({ "n1.pcapng": recorded("qzl") });
    expect(result.points.map((p) => `${p.interface ?? ""} ${p.role}`)).toEqual([
      "qzl host-veth",
      "kb0 bridge",
      "kwv host-veth",
      "ens9 node-nic",
    ]);
    expect(connectionsOf(result).map((c) => `${c.client.ip} ${c.kind} ${c.locality}`)).toContain(
      "10.1.0.6 pod-to-service same-node",
    );
  });

  test("a port for others is not: what comes over it was routed, more than one sends there, it has a card's name", async () => {
    expect(await roleOf(recorded("qzl", "ttl=63"))).toBe("node-nic");
    expect(await roleOf(recorded("enp3s0"))).toBe("node-nic");
    const another = `3.0 @qzl 10.1.0.7:4000 > 10.1.0.9:53 udp "another" id=21 smac=02:bb:00:00:00:07 dmac=${POD}`;
    expect(await roleOf(`${recorded("qzl")}\n${another}`)).toBe("node-nic");
  });
});

describe("a bridge that translates and changes nothing else", () => {
  const macs = `smac=${CLIENT} dmac=${GATE}`;
  /** `nested`: answers are seen before they are translated back; else behind it, as two conversations that look alike would be. */
  const conversation = (nested: boolean): string => {
    const lines = ["@e = ethernet resolution=ns"];
    for (let i = 0; i < 3; i++) {
      const at = (n: number): string => (1 + i / 100 + n / 1e6).toFixed(6);
      const [mine, yours] = [3123456789 + i * 4, 2123456789 + i * 4];
      const [asked, told] = [`seq=${mine} ack=${yours} id=${500 + i}`, `seq=${yours} ack=${mine + 4} id=${900 + i}`];
      const [first, second] = nested ? [100, 103] : [103, 100];
      lines.push(
        `q${i}: ${at(0)} @e 10.1.0.5:4000 > 10.96.0.10:80 tcp PSH,ACK ${asked} ts=${9e8 + i},${8e8 + i} "ask${i}" ${macs}`,
        `${at(3)} @e seen q${i} dst=10.1.0.9:8080 ${macs}`,
        `r${i}: ${at(first)} @e 10.1.0.9:8080 > 10.1.0.5:4000 tcp PSH,ACK ${told} ts=${8e8 + i + 1},${9e8 + i} "told" ${macs}`,
        `${at(second)} @e seen r${i} src=10.96.0.10:80 ${macs}`,
      );
    }
    return lines.join("\n");
  };

  test("joins what lies one within the other without exception", async () => {
    const result = await joinTraffic({ "n1.pcapng": conversation(true) });
    expect(connectionLines(result)).toHaveLength(1);
    expect(connectionsOf(result)[0]?.translations.map((t) => t.kind)).toEqual(["dnat"]);
  });

  test("leaves apart what follows the other both ways", async () => {
    expect(connectionLines(await joinTraffic({ "n1.pcapng": conversation(false) }))).toHaveLength(2);
  });
});

test("pods recorded by tcpdump -i any, beside nodes recorded so: what a node puts into its tunnel for them tells", async () => {
  const any = "@any = sll resolution=ns\n";
  const [NODE1, NODE2] = ["192.0.2.11", "192.0.2.12"];
  const call = (i: number): readonly string[] => {
    const at = (n: number): string => (1 + i + n / 1e5).toFixed(6);
    const line = `10.1.0.5:${4000 + i} > 10.2.0.9:53 udp "question ${i} of some" id=${100 + i}`;
    const answer = `10.2.0.9:53 > 10.1.0.5:${4000 + i} udp "answer ${i} to that" id=${300 + i}`;
    const [there, back] = [`vxlan(vni=9, ${NODE1} > ${NODE2})`, `vxlan(vni=9, ${NODE2} > ${NODE1})`];
    return [
      `${at(0)} @any ${line}\n${at(90)} @any ${answer} ttl=62`,
      `${at(1)} @any ${line}\n${at(2)} @any ${line.replace("udp", `${there} udp`)} ttl=63
       ${at(88)} @any ${answer.replace("udp", `${back} udp`)} ttl=63\n${at(89)} @any ${answer} ttl=62`,
      `${at(3)} @any ${line.replace("udp", `${there} udp`)} ttl=63\n${at(4)} @any ${line} ttl=62
       ${at(86)} @any ${answer}\n${at(87)} @any ${answer.replace("udp", `${back} udp`)} ttl=63`,
      `${at(5)} @any ${line} ttl=62\n${at(85)} @any ${answer}`,
    ];
  };
  const calls = [call(0), call(1)];
  const file = (n: number): string => any + calls.map((c) => c[n] ?? "").join("\n");
  const result = await joinTraffic({
    "pod-a.pcapng": file(0),
    "n1.pcapng": file(1),
    "n2.pcapng": file(2),
    "pod-b.pcapng": file(3),
  });
  expect(connectionsOf(result).map((c) => `${c.kind} ${c.locality} ${c.client.node} ${c.server.node}`)).toEqual([
    "pod-to-pod cross-node n1 n2",
    "pod-to-pod cross-node n1 n2",
  ]);
});

test("a file out of order: a SYN that lies behind the end of its own connection begins no other", async () => {
  const line = (at: string, what: string): string => `${at} @e ${what}`;
  const [c, s] = ["10.1.0.5:4000", "10.1.0.9:80"];
  const result = await joinTraffic({
    "n1.pcapng": [
      "@e = ethernet resolution=ns",
      line("1.003", `${c} > ${s} tcp FIN,ACK seq=3000000011 ack=2000000001 id=14`),
      line("1.002", `${c} > ${s} tcp PSH,ACK seq=3000000001 ack=2000000001 id=13 "ten bytes."`),
      line("1.000", `${c} > ${s} tcp SYN seq=3000000000 id=11`),
      line("1.001", `${s} > ${c} tcp SYN,ACK seq=2000000000 ack=3000000001 id=0`),
      line("1.004", `${s} > ${c} tcp FIN,ACK seq=2000000001 ack=3000000012 id=21`),
      // The same ports once more, later: another one.
      line("9.000", `${c} > ${s} tcp SYN seq=3500000000 id=31`),
      line("9.001", `${s} > ${c} tcp SYN,ACK seq=2700000000 ack=3500000001 id=0`),
    ].join("\n"),
  });
  expect(connectionsOf(result).map((one) => [one.client.port, one.sightings])).toEqual([
    [4000, 5],
    [4000, 2],
  ]);
});
